"""Visit the feeds that are due: claim → fetch → parse → compare → save, many hosts at once, one connection per host.

What may go wrong and what follows: one feed fails: its health says why, it is tried again later, the others go on. A host turns us away
(429, or 403 with nothing let in): its other feeds wait too. The process dies: the leases run out and the feeds are visited again; as
validators and entries are saved together, nothing is missed. Cancelled: what was read is saved, the rest is given back.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib import metadata
from typing import TypedDict
from urllib.parse import urlsplit

import httpx
import structlog

from alerts.errors import FeedError, StoreError
from alerts.feeds.catalog import Feed
from alerts.feeds.health import set_up
from alerts.feeds.network import make_client, networks, user_agent
from alerts.feeds.pace import Pace
from alerts.feeds.pool import ParsePool
from alerts.feeds.robots import Robots
from alerts.feeds.state import FeedState
from alerts.jobs.context import Context
from alerts.jobs.visits import Keeper, Saved, Visit, visit
from alerts.settings import Settings
from alerts.store import feeds as feed_store
from alerts.store.bodies import Bodies
from alerts.store.db import exclusive

HOSTS_AT_ONCE = 32
"""Hosts that are visited side by side; more only fills queues."""
BUSY = timedelta(seconds=30)
"""How long a feed waits whose host another machine is visiting."""
BATCH = 500
ROUND_SECONDS = 20.0
"""After this a batch is not gone on with: what is left of it is claimed anew, together with all that has become due, so that a host that
lets each of its feeds run into the timeout keeps nobody waiting but itself."""
RENEW_SECONDS = 30.0
"""Between two signs of life of a worker, a quarter of its lease."""
STOP_SECONDS = 6.0

_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PollCount:
    """What one call did. `new` are entries that may alert, `baseline` those of first visits, `held` those kept back as a redesign."""

    visited: int = 0
    unchanged: int = 0
    read: int = 0
    failed: int = 0
    new: int = 0
    baseline: int = 0
    edited: int = 0
    held: int = 0
    postponed: int = 0


async def poll(
    context: Context,
    *,
    pool: ParsePool | None = None,
    client: httpx.AsyncClient | None = None,
    robots: Robots | None = None,
    pace: Pace | None = None,
) -> PollCount:
    """Visit every feed that is due, once. A pool or client that is given is used and stays open. Raises StoreError."""
    round = _Round(context)
    await asyncio.to_thread(round.set_up)
    async with open_tools(context.settings, pool, client, robots, pace) as tools:
        while await round.claim():
            await round.visit_all(tools)
    return PollCount(**round.counts)


class Tools(TypedDict):
    """What a visit needs and what is worth keeping between visits."""

    pool: ParsePool
    client: httpx.AsyncClient
    robots: Robots
    pace: Pace


@contextlib.asynccontextmanager
async def open_tools(
    settings: Settings,
    pool: ParsePool | None = None,
    client: httpx.AsyncClient | None = None,
    robots: Robots | None = None,
    pace: Pace | None = None,
) -> AsyncIterator[Tools]:
    """Open what is not given, and close that again."""
    contact = settings.user_agent_contact or settings.contact or settings.base_url
    agent = user_agent(metadata.version("expat-impact-alerts"), contact)
    tools = Tools(
        pool=pool or ParsePool(settings.parse_workers),
        client=client or make_client(agent=agent, allowed_networks=settings.allowed_networks),
        robots=robots or Robots(),
        pace=pace or Pace(networks(settings.allowed_networks)),
    )
    try:
        yield tools
    finally:
        if pool is None:
            tools["pool"].close()
        if client is None:
            await tools["client"].aclose()


class _Round:
    """One call of the job: what is claimed, what was counted."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._keeper = Keeper(context.database, context.clock, context.worker)
        self._bodies = Bodies(context.home.bodies, context.settings.keep_bodies)
        self._claimed: dict[str, FeedState] = {}
        self._hosts: dict[str, deque[Feed]] = {}
        self._done = 0
        self._total = 0
        self._ends = 0.0
        self.counts: dict[str, int] = defaultdict(int)

    def set_up(self) -> None:
        """Bring what is remembered in line with feeds.yaml: new feeds are due at once, others may have moved or ended."""
        now = self._context.clock.now()
        catalog = self._context.catalog
        with self._context.database.read() as connection:
            known = feed_store.load_all(connection)
        wanted = {feed.id: set_up(feed, known.get(feed.id), now) for feed in catalog.feeds if feed.enabled or feed.id in known}
        listed = {feed.id for feed in catalog.feeds}
        if all(known.get(id) == state for id, state in wanted.items()) and not any(s.open for id, s in known.items() if id not in listed):
            return
        with self._context.database.write() as connection:
            exclusive(connection, "feeds")
            known = feed_store.load_all(connection)
            wanted = {id: set_up(feed, known.get(id), now) for id in wanted if (feed := catalog.by_id(id)) is not None}
            feed_store.save(connection, [state for id, state in wanted.items() if id not in known], new=True)
            feed_store.save(connection, [state for id, state in wanted.items() if id in known and known[id] != state])
            feed_store.close_unlisted(connection, sorted(listed))

    async def claim(self) -> bool:
        """Lease a batch of due feeds; False if there is none."""
        states = await asyncio.to_thread(self._claim)
        self._claimed = {state.id: state for state in states}
        self._hosts = {}
        self._ends = time.monotonic() + ROUND_SECONDS
        listed = [feed for state in states if (feed := self._context.catalog.by_id(state.id)) is not None]
        for feed in sorted(listed, key=lambda feed: feed.tier):  # after an outage what matters most comes first
            self._hosts.setdefault(_host(self._claimed[feed.id].url), deque()).append(feed)
        self._total += len(states)
        return bool(self._hosts)

    def _claim(self) -> Sequence[FeedState]:
        now, worker = self._context.clock.now(), self._context.worker
        with self._context.database.write() as connection:
            exclusive(connection, "feeds")
            ids = feed_store.claim(connection, worker=worker, now=now, limit=BATCH)
            known = feed_store.load(connection, ids)
            taken = {_host(url) for url in feed_store.visited_by_others(connection, worker=worker, now=now)}
            busy = [id for id in ids if _host(known[id].url) in taken]
            if busy:  # another machine is at this host, and two of us would be one too many
                feed_store.release(connection, busy, worker=worker)
                feed_store.postpone(connection, busy, now + BUSY)
        return [known[id] for id in ids if id not in set(busy)]

    async def visit_all(self, tools: Tools) -> None:
        """Visit what is claimed. However this ends, nothing stays claimed that was not visited."""
        waiting = deque(self._hosts)
        visitors = [asyncio.create_task(self._visit_hosts(waiting, tools)) for _ in range(min(HOSTS_AT_ONCE, len(waiting)))]
        renewing = asyncio.create_task(self._renew())
        try:
            await asyncio.gather(*visitors)
        finally:
            for task in (*visitors, renewing):
                task.cancel()
            await asyncio.gather(*visitors, renewing, return_exceptions=True)
            await asyncio.shield(self._keeper.finish())
            await asyncio.shield(asyncio.to_thread(self._give_back))

    async def _renew(self) -> None:
        """Keep what is claimed for as long as we live: a host with many feeds takes its time, and the feeds of the dead should not wait."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            with contextlib.suppress(StoreError):  # the lease outlasts a few failures
                await asyncio.to_thread(self._extend, sorted(self._claimed))

    def _extend(self, ids: Sequence[str]) -> None:
        with self._context.database.write() as connection:
            feed_store.renew(connection, ids, worker=self._context.worker, now=self._context.clock.now())

    async def _visit_hosts(self, waiting: deque[str], tools: Tools) -> None:
        while waiting and not self._is_late():
            host = waiting.popleft()
            queue = self._hosts[host]
            while queue:
                feed = queue.popleft()
                found = await visit(feed, self._claimed[feed.id], bodies=self._bodies, now=self._context.clock.now(), **tools)
                saved = await self._keeper.save(found)
                self._claimed.pop(feed.id, None)
                self._count(found, saved)
                if found.error is not None and _turns_us_away(found):
                    await asyncio.to_thread(self._postpone, host, found)
                    break
                if self._is_late():
                    break

    def _is_late(self) -> bool:
        return time.monotonic() > self._ends

    def _count(self, found: Visit, saved: Saved) -> None:
        self._done += 1
        self._context.progress(self._done, max(self._done, self._total))
        self.counts["visited"] += 1
        self.counts["failed" if found.error else "read" if found.parsed else "unchanged"] += 1
        self.counts["new"] += saved.new
        self.counts["baseline"] += saved.baseline
        self.counts["edited"] += saved.edited
        self.counts["held"] += saved.held
        if found.error is not None:
            _LOG.info("feed.failed", feed=found.feed.id, reason=found.error.reason, error=str(found.error))

    def _postpone(self, host: str, found: Visit) -> None:
        """Leave the whole host alone for as long as it asks, half an hour if it does not say."""
        error = found.error
        assert error is not None
        now = self._context.clock.now()
        until = now + max(timedelta(seconds=error.retry_after or 0), timedelta(minutes=30))
        with self._context.database.write() as connection:
            known = feed_store.load_all(connection)
            others = [state for state in known.values() if state.id != found.feed.id and state.open and _host(state.url) == host]
            if error.reason != "http-429" and any(s.last_success and now - s.last_success < timedelta(days=1) for s in others):
                return  # it lets others in, so it is the address that it refuses and not us
            feed_store.postpone(connection, [state.id for state in others], until)
        self.counts["postponed"] += len(self._hosts[host])
        self._hosts[host].clear()

    def _give_back(self) -> None:
        if self._claimed:
            with contextlib.suppress(StoreError), self._context.database.write() as connection:
                feed_store.release(connection, sorted(self._claimed), worker=self._context.worker)
            self._total -= len(self._claimed)
        self._claimed = {}


def _turns_us_away(found: Visit) -> bool:
    return isinstance(found.error, FeedError) and found.error.reason in {"http-429", "http-403"}


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
