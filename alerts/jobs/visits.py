"""One visit to one feed: what it brings, and how that is kept."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

import httpx
import structlog
from sqlalchemy import Connection

from alerts.clock import Clock
from alerts.errors import FeedError
from alerts.feeds import health
from alerts.feeds.catalog import Feed
from alerts.feeds.fetch import Fetched, Validators, fetch
from alerts.feeds.merge import merge, unknown
from alerts.feeds.pace import Pace
from alerts.feeds.parsed import Parsed
from alerts.feeds.pool import ParsePool, parse
from alerts.feeds.robots import Robots
from alerts.feeds.state import FeedState
from alerts.store import entries as entry_store
from alerts.store import feeds as feed_store
from alerts.store.bodies import Bodies
from alerts.store.db import Database

_LOG = structlog.get_logger(__name__)


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


async def visit(
    feed: Feed, state: FeedState, *, client: httpx.AsyncClient, pool: ParsePool, robots: Robots, pace: Pace, bodies: Bodies, now: datetime
) -> Visit:
    """Fetch and parse a feed. A failure is part of the answer and never raised."""
    found = Visit(feed, state)
    body = b""
    try:
        if feed.format == "html-list":
            await robots.check(client, feed, state.url, now, pace)
        fetched = await fetch(client, feed, Validators(state.etag, state.last_modified), url=state.url, pace=pace)
        found = replace(found, fetched=fetched)
        if fetched.body is None:
            return found
        body = fetched.body
        body_hash = hashlib.sha256(body).hexdigest()
        if body_hash == state.body_hash:
            return found
        parsed = await pool.call(
            parse,
            body,
            content_type=fetched.content_type,
            url=fetched.url,
            feed_source=feed.source,
            timezone=feed.timezone,
            now=now,
            format=feed.format,
            selection=feed.selection,
        )
        await asyncio.to_thread(bodies.keep, feed.id, body, read=True, now=now)
        # The bytes have done their work; a queue of visits must not keep them.
        return replace(found, fetched=replace(fetched, body=b""), parsed=parsed, body_hash=body_hash)
    except FeedError as error:
        await asyncio.to_thread(bodies.keep, feed.id, body, read=False, now=now)
        return replace(found, error=error)
    except Exception as error:  # whatever nobody thought of costs this feed alone: the others are visited
        _LOG.exception("feed.stumbled", feed=feed.id)
        return replace(found, error=FeedError("unforeseen", f"a visit ended in {type(error).__name__}; the log has the details"))


def keep(connection: Connection, found: Visit, *, now: datetime) -> tuple[FeedState, Saved]:
    """Keep the entries of a visit, in the caller's transaction; return the feed's new state, to be kept in the same one."""
    feed, state = found.feed, found.state
    if found.error is not None:
        return health.after_failure(state, feed, found.error, now), Saved()
    assert found.fetched is not None
    if found.parsed is None:
        return health.after_unchanged(state, feed, found.fetched, now), Saved()
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
        fast=feed.fast,
    )
    new = entry_store.insert_new(connection, merged.new, feed=feed.id, now=now, baseline=merged.quiet)
    edited = entry_store.update_edited(connection, merged.edited, now=now)
    held = len(merged.held.ids) if merged.held else 0
    saved = Saved(new=0 if merged.quiet else new, baseline=new if merged.quiet else 0, edited=edited, held=held)
    return health.after_read(state, feed, health.Reading(found.fetched, found.parsed, merged, found.body_hash), now), saved


class Keeper:
    """Keeps visits in groups: all that end while one transaction is under way share the next. Whoever brings one waits until it is kept."""

    def __init__(self, database: Database, clock: Clock, worker: str) -> None:
        self._database = database
        self._clock = clock
        self._worker = worker
        self._waiting: list[tuple[Visit, asyncio.Future[Saved]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def save(self, found: Visit) -> Saved:
        """Return when entries, health, validators and the next visit are committed together. Raises StoreError."""
        done: asyncio.Future[Saved] = asyncio.get_running_loop().create_future()
        self._waiting.append((found, done))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        return await asyncio.shield(done)

    async def _write(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            if not await self._written(group):
                for one in group:
                    await self._written([one], last=True)
        self._writer = None

    async def finish(self) -> None:
        """Wait until everything that was brought is kept."""
        if self._writer is not None:
            await self._writer

    async def _written(self, group: list[tuple[Visit, asyncio.Future[Saved]]], *, last: bool = False) -> bool:
        """Commit a group and tell those who wait; False if it failed and each is to be tried alone, so that one cannot spoil the others."""
        group = [(found, done) for found, done in group if not done.done()]
        if not group:
            return True
        try:
            results = await asyncio.to_thread(self._commit, [found for found, _ in group])
        except Exception as error:
            if not last:
                return False
            for _, done in group:
                done.set_exception(error)
            return False
        for (_, done), saved in zip(group, results, strict=True):
            done.set_result(saved)
        return True

    def _commit(self, group: list[Visit]) -> list[Saved]:
        with self._database.write() as connection:
            ours = feed_store.still_held(connection, [found.feed.id for found in group], worker=self._worker)
            now = self._clock.now()
            kept = [keep(connection, found, now=now) if found.feed.id in ours else None for found in group]
            feed_store.save_visited(connection, [each[0] for each in kept if each])
        return [each[1] if each else Saved() for each in kept]
