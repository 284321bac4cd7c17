"""Entries at rest, and their way through assessing: open until they are judged."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from alerts.feeds.entry import Entry, Source
from alerts.feeds.merge import Known
from alerts.feeds.parsed import Item
from alerts.store import leases
from alerts.store.leases import table_of
from alerts.store.tables import EntryRow
from alerts.store.values import document, value

_ENTRY = table_of(EntryRow)
_BATCH = 500
_VALUES = (
    _ENTRY.c.id, _ENTRY.c.source, _ENTRY.c.url, _ENTRY.c.title, _ENTRY.c.summary,
    _ENTRY.c.published, _ENTRY.c.language, _ENTRY.c.outlet,
)  # fmt: skip

LEASE = timedelta(minutes=5)
"""How long a batch may be assessed before another worker may take it over."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry with what its way through the pipeline needs. `baseline` ones came with a feed's first poll and never alert."""

    entry: Entry
    first_seen: datetime
    baseline: bool


def insert_new(connection: Connection, items: Iterable[Item], *, feed: str, now: datetime, baseline: bool) -> int:
    """Keep new entries, open for assessing; return how many."""
    rows = [
        {
            "id": item.entry.id,
            "feed": feed,
            "source": _source(item.entry.source),
            "url": item.entry.url,
            "title": item.entry.title,
            "summary": item.entry.summary,
            "outlet": item.entry.outlet,
            "language": item.entry.language,
            "published": item.entry.published,
            "first_seen": now,
            "content_hash": item.content_hash,
            "baseline": baseline,
            "due": now,
            "open": True,
        }
        for item in items
    ]
    if rows:
        connection.execute(insert(_ENTRY), rows)
    return len(rows)


def update_edited(connection: Connection, items: Iterable[Item], *, now: datetime) -> int:
    """Take over the new wording of edited entries and open them for assessing again; return how many.

    The date moves only forward, to one the feed states: then even a baseline entry is news.
    """
    count = 0
    for item in items:
        entry = item.entry
        texts = {
            "title": entry.title,
            "summary": entry.summary,
            "url": entry.url,
            "language": entry.language,
            "content_hash": item.content_hash,
            "open": True,
            "due": now,
            "worker": None,
            "lease_until": None,
        }
        connection.execute(update(_ENTRY).where(_ENTRY.c.id == entry.id).values(texts))
        if item.dated not in {"missing", "future"}:
            later = update(_ENTRY).where(_ENTRY.c.id == entry.id, _ENTRY.c.published < entry.published)
            connection.execute(later.where(_ENTRY.c.first_seen < entry.published).values(baseline=False))
            connection.execute(later.values(published=entry.published))
        count += 1
    return count


def known(connection: Connection, ids: Sequence[str]) -> dict[str, Known]:
    """Return stored entries for comparing, by id; an unknown id is left out."""
    found: dict[str, Known] = {}
    for start in range(0, len(ids), _BATCH):
        rows = connection.execute(_known().where(_ENTRY.c.id.in_(ids[start : start + _BATCH])))
        found.update((row.id, Known(*row)) for row in rows)
    return found


def recent(connection: Connection, feed: str, *, limit: int = 1000) -> list[Known]:
    """Return the last entries of a feed for comparing, the newest first."""
    rows = connection.execute(_known().where(_ENTRY.c.feed == feed).order_by(_ENTRY.c.first_seen.desc()).limit(limit))
    return [Known(*row) for row in rows]


def claim(connection: Connection, *, worker: str, now: datetime, limit: int = _BATCH) -> list[str]:
    """Lease up to `limit` entries that are to be assessed; return their ids, the oldest first."""
    return leases.claim(connection, _ENTRY, worker=worker, now=now, lease=LEASE, limit=limit)


def load(connection: Connection, ids: Sequence[str]) -> list[Stored]:
    """Return entries in the order of `ids`; an unknown id is left out."""
    found: dict[str, Stored] = {}
    for start in range(0, len(ids), _BATCH):
        statement = select(*_VALUES, _ENTRY.c.first_seen, _ENTRY.c.baseline).where(_ENTRY.c.id.in_(ids[start : start + _BATCH]))
        for row in connection.execute(statement):
            found[row.id] = Stored(_entry(row), row.first_seen, row.baseline)
    return [found[id] for id in ids if id in found]


def close(connection: Connection, ids: Sequence[str], *, worker: str, now: datetime) -> list[str]:
    """Mark entries as assessed; return those that this worker still held: the others are somebody else's by now."""
    done: list[str] = []
    for start in range(0, len(ids), _BATCH):
        part = update(_ENTRY).where(_ENTRY.c.id.in_(ids[start : start + _BATCH]), _ENTRY.c.worker == worker, _ENTRY.c.open)
        done += connection.scalars(part.values(open=False, worker=None, lease_until=None, assessed_at=now).returning(_ENTRY.c.id))
    return done


def release(connection: Connection, ids: Sequence[str], *, worker: str) -> None:
    """Give back entries that were claimed and not assessed."""
    leases.release(connection, _ENTRY, ids, worker=worker)


def put_off(connection: Connection, ids: Sequence[str], *, worker: str, until: datetime) -> int:
    """Leave claimed entries that could not be assessed for later, so that the others go on; return how many were still held."""
    ours = update(_ENTRY).where(_ENTRY.c.id.in_(ids), _ENTRY.c.worker == worker, _ENTRY.c.open)
    return connection.execute(ours.values(due=until, worker=None, lease_until=None)).rowcount


def all_stored(connection: Connection, *, since: datetime | None = None, batch: int = 2000) -> Iterator[Stored]:
    """Give every stored entry (first seen at or after `since`), the oldest first: for backtests."""
    last: tuple[datetime, str] | None = None
    while True:
        statement = select(*_VALUES, _ENTRY.c.first_seen, _ENTRY.c.baseline).order_by(_ENTRY.c.first_seen, _ENTRY.c.id).limit(batch)
        if since is not None:
            statement = statement.where(_ENTRY.c.first_seen >= since)
        if last is not None:
            later = (_ENTRY.c.first_seen > last[0]) | ((_ENTRY.c.first_seen == last[0]) & (_ENTRY.c.id > last[1]))
            statement = statement.where(later)
        rows = connection.execute(statement).all()
        yield from (Stored(_entry(row), row.first_seen, row.baseline) for row in rows)
        if len(rows) < batch:
            return
        last = rows[-1].first_seen, rows[-1].id


def count(connection: Connection, *, feed: str | None = None, since: datetime | None = None) -> int:
    """Count stored entries, of one feed or of all, perhaps only those first seen at or after a moment."""
    statement = select(func.count()).select_from(_ENTRY)
    if since is not None:
        statement = statement.where(_ENTRY.c.first_seen >= since)
    return connection.scalar(statement if feed is None else statement.where(_ENTRY.c.feed == feed)) or 0


def prune(connection: Connection, *, before: datetime, limit: int = 1000) -> int:
    """Delete up to `limit` assessed entries first seen before a moment, with their assessments; return how many.

    What still stands in a feed does not come back as new: the feed's health remembers it.
    """
    old = select(_ENTRY.c.id).where(_ENTRY.c.first_seen < before, ~_ENTRY.c.open).order_by(_ENTRY.c.first_seen).limit(limit)
    return connection.execute(delete(_ENTRY).where(_ENTRY.c.id.in_(old))).rowcount


@functools.lru_cache(maxsize=1000)
def _source(source: Source) -> Any:
    """Return a source as a JSON value; a document has many entries and one source."""
    return document(source)


def _known() -> Any:
    return select(_ENTRY.c.id, _ENTRY.c.url, _ENTRY.c.title, _ENTRY.c.published, _ENTRY.c.content_hash)


def _entry(row: Any) -> Entry:
    return Entry(row.id, value(Source, row.source), row.url, row.title, row.summary, row.published, row.language, row.outlet)
