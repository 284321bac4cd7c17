"""What is remembered of feeds, at rest."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from alerts.feeds.state import FeedState, Health
from alerts.store import leases
from alerts.store.leases import table_of
from alerts.store.tables import FeedRow
from alerts.store.values import document, value

_FEED = table_of(FeedRow)
_FIELDS = tuple(each.name for each in dataclasses.fields(FeedState))
_COLUMNS = tuple(_FEED.c[name] for name in _FIELDS)

_SAVE = update(_FEED).where(_FEED.c.id == bindparam("key")).values({name: bindparam(name) for name in _FIELDS if name != "id"})
_SAVE_VISITED = _SAVE.values(worker=None, lease_until=None)

LEASE = timedelta(minutes=2)
"""How long after its last sign of life a worker's feeds are another's to visit. Whoever lives renews its leases, however long it takes."""


def load_all(connection: Connection) -> dict[str, FeedState]:
    """Return every feed that is remembered, by id."""
    return {row.id: _state(row) for row in connection.execute(select(*_COLUMNS))}


def load(connection: Connection, ids: Sequence[str]) -> dict[str, FeedState]:
    """Return feeds by id; an unknown id is left out."""
    return {row.id: _state(row) for row in connection.execute(select(*_COLUMNS).where(_FEED.c.id.in_(ids)))}


@dataclasses.dataclass(frozen=True, slots=True)
class Figures:
    """What is counted of one feed."""

    id: str
    last_success: datetime | None
    last_new_entry: datetime | None
    error_streak: int


def figures(connection: Connection) -> list[Figures]:
    """Return the figures of every feed that is visited, by id."""
    columns = (_FEED.c[each.name] for each in dataclasses.fields(Figures))
    return [Figures(*row) for row in connection.execute(select(*columns).where(_FEED.c.open).order_by(_FEED.c.id))]


def save(connection: Connection, states: Iterable[FeedState], *, new: bool = False) -> None:
    """Keep the state of feeds; `new` ones are inserted."""
    rows = [_row(state) for state in states]
    if not rows:
        return
    if new:
        connection.execute(insert(_FEED), rows)
        return
    connection.execute(_SAVE, [{**row, "key": row["id"]} for row in rows])


def save_visited(connection: Connection, states: Iterable[FeedState]) -> None:
    """Keep the state of feeds after a visit, and give them back."""
    rows = [{**_row(state), "key": state.id} for state in states]
    if rows:
        connection.execute(_SAVE_VISITED, rows)


def claim(connection: Connection, *, worker: str, now: datetime, limit: int) -> list[str]:
    """Lease up to `limit` feeds that are due; return their ids, the longest overdue first."""
    return leases.claim(connection, _FEED, worker=worker, now=now, lease=LEASE, limit=limit)


def visited_by_others(connection: Connection, *, worker: str, now: datetime) -> list[str]:
    """Return the addresses of feeds that other workers hold just now."""
    held = (_FEED.c.open, _FEED.c.worker.is_not(None), _FEED.c.worker != worker, _FEED.c.lease_until > now)
    return list(connection.scalars(select(_FEED.c.url).where(*held)))


def still_held(connection: Connection, ids: Sequence[str], *, worker: str) -> set[str]:
    """Return those of `ids` that this worker still holds."""
    return leases.still_held(connection, _FEED, ids, worker=worker)


def renew(connection: Connection, ids: Sequence[str], *, worker: str, now: datetime) -> None:
    """Keep feeds that were claimed and are not visited yet."""
    leases.extend(connection, _FEED, ids, worker=worker, until=now + LEASE)


def release(connection: Connection, ids: Sequence[str], *, worker: str) -> None:
    """Give back feeds that were claimed."""
    leases.release(connection, _FEED, ids, worker=worker)


def postpone(connection: Connection, ids: Sequence[str], until: datetime) -> None:
    """Put off the next visit of feeds to `until`, where it would be earlier."""
    connection.execute(update(_FEED).where(_FEED.c.id.in_(ids), _FEED.c.due < until).values(due=until))


def close_unlisted(connection: Connection, listed: Sequence[str]) -> None:
    """Stop visiting feeds that feeds.yaml no longer lists; what is known of them stays."""
    known = set(connection.scalars(select(_FEED.c.id).where(_FEED.c.open)))
    gone = sorted(known.difference(listed))
    for start in range(0, len(gone), 500):
        connection.execute(update(_FEED).where(_FEED.c.id.in_(gone[start : start + 500])).values(open=False))


def _state(row: Any) -> FeedState:
    fields = dict(row._mapping)
    fields["health"] = value(Health, fields["health"] or {})
    return FeedState(**fields)


def _row(state: FeedState) -> dict[str, Any]:
    fields = {name: getattr(state, name) for name in _FIELDS}
    fields["health"] = document(state.health)
    return fields
