"""Entries that wait to be assessed, leased like all work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from alerts.feeds.entry import Entry, Source
from alerts.store.leases import claim, still_held, table_of
from alerts.store.tables import EntryRow
from alerts.store.values import value

LEASE = timedelta(minutes=10)
"""Far longer than a batch takes; shorter than anybody would wait after a crash."""

_ENTRY = table_of(EntryRow)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry with what decides whether it may alert: came with the feed's first poll; when we first saw it."""

    entry: Entry
    baseline: bool
    first_seen: datetime


def claim_waiting(connection: Connection, *, worker: str, now: datetime, limit: int) -> list[Waiting]:
    """Lease up to `limit` entries that were not assessed yet, in the order in which they became due."""
    ids = claim(connection, _ENTRY, worker=worker, now=now, lease=LEASE, limit=limit)
    if not ids:
        return []
    found = {row.id: row for row in connection.execute(select(_ENTRY).where(_ENTRY.c.id.in_(ids)))}
    return [_waiting(found[each]) for each in ids]


def held(connection: Connection, ids: Sequence[str], *, worker: str) -> set[str]:
    """Return those of `ids` that are still ours: a lease that ran out may have been taken by another worker."""
    return still_held(connection, _ENTRY, ids, worker=worker)


def close_entries(connection: Connection, ids: Sequence[str], *, now: datetime) -> None:
    """Mark entries as assessed."""
    done = update(_ENTRY).where(_ENTRY.c.id.in_(ids))
    connection.execute(done.values(open=False, assessed_at=now, worker=None, lease_until=None))


def put_off(connection: Connection, ids: Sequence[str], *, until: datetime) -> None:
    """Leave entries that could not be assessed for later, so that the others go on."""
    connection.execute(update(_ENTRY).where(_ENTRY.c.id.in_(ids)).values(due=until, worker=None, lease_until=None))


def _waiting(row: object) -> Waiting:
    names = ("id", "url", "title", "summary", "published", "language", "outlet")
    fields = {name: getattr(row, name) for name in names}
    return Waiting(Entry(source=value(Source, row.source), **fields), row.baseline, row.first_seen)  # type: ignore[attr-defined]
