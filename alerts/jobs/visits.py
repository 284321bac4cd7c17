"""One visit to one feed: what it brings, and how that is kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

import httpx
from sqlalchemy import Connection

from alerts.errors import FeedError
from alerts.feeds import health
from alerts.feeds.catalog import Feed
from alerts.feeds.fetch import Fetched, Validators, fetch
from alerts.feeds.merge import merge, unknown
from alerts.feeds.parse import Parsed, parse
from alerts.feeds.pool import ParsePool
from alerts.feeds.state import FeedState
from alerts.store import entries as entry_store
from alerts.store import feeds as feed_store


@dataclass(frozen=True, slots=True)
class Visit:
    """What came of a visit: an error, a document that has not changed (`parsed` is None), or one that was read."""

    feed: Feed
    state: FeedState
    fetched: Fetched | None = None
    parsed: Parsed | None = None
    body_hash: str = ""
    error: FeedError | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """How many entries were kept, and how."""

    new: int = 0
    baseline: int = 0
    edited: int = 0
    held: int = 0


async def visit(feed: Feed, state: FeedState, *, client: httpx.AsyncClient, pool: ParsePool, now: datetime) -> Visit:
    """Fetch and parse a feed. A failure is part of the answer and never raised."""
    found = Visit(feed, state)
    try:
        fetched = await fetch(client, feed, Validators(state.etag, state.last_modified), url=state.url)
        found = replace(found, fetched=fetched)
        if fetched.body is None:
            return found
        body_hash = hashlib.sha256(fetched.body).hexdigest()
        if body_hash == state.body_hash:
            return found
        parsed = await pool.call(
            parse,
            fetched.body,
            content_type=fetched.content_type,
            url=fetched.url,
            feed_source=feed.source,
            timezone=feed.timezone,
            now=now,
            format=feed.format,
            selection=feed.selection,
        )
        # The bytes have done their work; a queue of visits must not keep them.
        return replace(found, fetched=replace(fetched, body=b""), parsed=parsed, body_hash=body_hash)
    except FeedError as error:
        return replace(found, error=error)


def save_visit(connection: Connection, found: Visit, *, now: datetime) -> Saved:
    """Keep the entries and the feed's new state, in the caller's transaction."""
    feed, state = found.feed, found.state
    if found.error is not None:
        feed_store.save(connection, [health.after_failure(state, feed, found.error, now)])
        return Saved()
    assert found.fetched is not None
    if found.parsed is None:
        feed_store.save(connection, [health.after_unchanged(state, feed, found.fetched, now)])
        return Saved()
    ids = [item.entry.id for item in found.parsed.items]
    stored = entry_store.known(connection, [*ids, *state.health.renamed.values()])
    look = state.last_success is not None and unknown(found.parsed.items, stored, state.health)
    merged = merge(
        found.parsed.items,
        stored=stored,
        recent=entry_store.recent(connection, feed.id) if look else (),
        health=state.health,
        now=now,
        last_success=state.last_success,
    )
    new = entry_store.insert_new(connection, merged.new, feed=feed.id, now=now, baseline=merged.quiet)
    edited = entry_store.update_edited(connection, merged.edited, now=now)
    reading = health.Reading(found.fetched, found.parsed, merged, found.body_hash)
    feed_store.save(connection, [health.after_read(state, feed, reading, now)])
    held = len(merged.held.ids) if merged.held else 0
    return Saved(new=0 if merged.quiet else new, baseline=new if merged.quiet else 0, edited=edited, held=held)
