"""Figures of reading feeds, beside bare aiohttp as the limit. `pytest -n 0 -m benchmark -s tests/benchmarks/test_bench_feeds.py`."""

from __future__ import annotations

import asyncio
import dataclasses
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from alerts.clock import SetClock
from alerts.feeds.catalog import Catalog, Feed
from alerts.feeds.network import make_client
from alerts.feeds.pool import ParsePool
from alerts.garbage import settle
from alerts.jobs.context import Context
from alerts.jobs.poll import PollCount, poll
from alerts.settings import Home, Settings
from alerts.store.db import Database

pytestmark = pytest.mark.benchmark

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
FEEDS, LARGE, HOSTS = 2000, 200, 250
SERVER = """
import asyncio, gzip, sys
def page(count):
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Bench</title>{"".join(items[:count])}</channel></rss>'.encode()
items = [
    f"<item><title>Entry {n} about the port and the fees</title><link>http://e.example/{n}</link><guid>{n}</guid>"
    f"<pubDate>Mon, 02 Mar 2026 01:00:{n % 60:02} GMT</pubDate><description>{'Words of a summary. ' * 60}</description></item>"
    for n in range(55)
]
LARGE, SMALL = page(55), page(1)
def grown(megabytes):
    return LARGE.replace(b"</channel>", "".join(items).encode() * (megabytes * 1_000_000 // len(LARGE)) + b"</channel>")
PLAIN = b"", grown(50)
PACKED = b"Content-Encoding: gzip\\r\\n", gzip.compress(PLAIN[1], 1)
WITHIN = b"", grown(15)
HUGE = {b"/7000000": PLAIN, b"/7000001": PACKED, b"/7000002": WITHIN}
class Feed(asyncio.Protocol):
    def connection_made(self, transport): self.transport = transport
    def data_received(self, data):
        for request in data.split(b"\\r\\n\\r\\n")[:-1]:
            if request.split()[1] in HUGE:
                head, body = HUGE[request.split()[1]]
                self.transport.write(b"HTTP/1.1 200 OK\\r\\n%sConnection: close\\r\\n\\r\\n" % head + body)
                self.transport.close()
            elif b"If-None-Match" in request:
                self.transport.write(b"HTTP/1.1 304 Not Modified\\r\\nETag: \\"1\\"\\r\\n\\r\\n")
            else:
                body = LARGE if int(request.split()[1][1:]) < int(sys.argv[1]) else SMALL
                self.transport.write(b"HTTP/1.1 200 OK\\r\\nETag: \\"1\\"\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
async def main():
    server = await asyncio.get_running_loop().create_server(Feed, "0.0.0.0", 0)
    print(server.sockets[0].getsockname()[1], len(LARGE), flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[int, int]]:
    """The port of a server in a process of its own, and the size of its document."""
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(LARGE)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    port, size = process.stdout.readline().split()
    yield int(port), int(size)
    process.kill()
    process.wait()


def feeds(port: int, count: int) -> tuple[Feed, ...]:
    hosts = [f"127.0.{1 + n // 200}.{1 + n % 200}" for n in range(HOSTS)]
    return tuple(Feed(id=f"f{n}", url=f"http://{hosts[n % HOSTS]}:{port}/{n}", title="t", publisher="p") for n in range(count))


def context(path: Path, port: int, count: int) -> Context:
    database = Database(f"sqlite:///{path / 'alerts.db'}")
    database.upgrade()
    settings = Settings(database_url="sqlite://", mail_url="maildir:x", secret_key="k" * 64, allowed_networks=("127.0.0.0/8",))
    return Context(settings, Home(path), database, SetClock(NOW), Catalog(feeds=feeds(port, count)), None, "bench")  # type: ignore[arg-type]


async def stalls(stop: asyncio.Event) -> float:
    """The longest time for which the event loop did nothing else, in milliseconds."""
    longest = 0.0
    while not stop.is_set():
        before = time.perf_counter()
        await asyncio.sleep(0.005)
        longest = max(longest, time.perf_counter() - before - 0.005)
    return longest * 1000


async def measured(work: Callable[[], Awaitable[PollCount]]) -> tuple[PollCount, float, float, float]:
    """The answer, seconds, CPU seconds of this process, longest stall in milliseconds."""
    stop = asyncio.Event()
    watching = asyncio.create_task(stalls(stop))
    wall, cpu = time.perf_counter(), time.process_time()
    answer = await work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    stop.set()
    return answer, wall, cpu, await watching


def note(done: list[float], start: float, _done: int, _total: int) -> None:
    """Progress: when one more was done, in seconds after the start."""
    done.append(time.perf_counter() - start)


async def bare(port: int, count: int) -> float:
    """What the same conditional requests take with nothing around them."""
    gate = asyncio.Semaphore(32)
    async with aiohttp.ClientSession() as session:

        async def one(url: str) -> None:
            async with gate, session.get(url, headers={"If-None-Match": '"1"'}) as answer:
                await answer.read()

        start = time.perf_counter()
        await asyncio.gather(*(one(feed.url) for feed in feeds(port, count)))
        return time.perf_counter() - start


def test_conditional_visits_a_second(served: tuple[int, int], tmp_path: Path) -> None:
    """200 large feeds read for the first time; then 2,000 feeds on 250 hosts asked again, none of them modified."""
    port, size = served

    async def main() -> None:
        given = context(tmp_path, port, FEEDS)
        settle()  # as the service does when it starts
        pool = ParsePool(2)
        async with make_client(agent="bench", allowed_networks=("127.0.0.0/8",)) as client:
            large = dataclasses.replace(given, catalog=Catalog(feeds=given.catalog.feeds[:LARGE]))
            first, wall, cpu, stall = await measured(lambda: poll(large, pool=pool, client=client))
            told = f"{cpu / first.read * 1000:.1f} ms CPU in this process, stall {stall:.0f} ms"
            print(f"\n200: {first.read / wall:.0f} feeds of {size // 1000} KB a second, {told}")
            await poll(given, pool=pool, client=client)
            given.clock.set(NOW + timedelta(days=1))  # type: ignore[attr-defined]
            again, wall, cpu, stall = await measured(lambda: poll(given, pool=pool, client=client))
            limit = await bare(port, FEEDS)
        pool.close()
        print(f"304: {again.unchanged / wall:.0f} feeds a second, {cpu / again.unchanged * 1000:.2f} ms CPU, stall {stall:.0f} ms")
        print(f"bare aiohttp: {FEEDS / limit:.0f} a second; we take {wall / limit:.1f} times as long, with every outcome on record")
        print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB at most")
        assert (first.read, again.unchanged) == (LARGE, FEEDS)

    asyncio.run(main())


def test_a_huge_feed_beside_others(served: tuple[int, int], tmp_path: Path) -> None:
    """300 feeds, not modified, alone and beside one of 50 MB (plain, and packed so that only unpacking shows it) and one of 15 MB that is read."""
    port, _size = served

    async def main() -> None:
        given = context(tmp_path, port, 300)
        settle()
        pool = ParsePool(2)
        huge = {
            name: Feed(id=name, url=f"http://127.0.9.{1 + n}:{port}/{7_000_000 + n}", title="t", publisher="p", timeout_seconds=60)
            for n, name in enumerate(("plain-50-mb", "packed-50-mb", "read-15-mb"))
        }
        async with make_client(agent="bench", allowed_networks=("127.0.0.0/8",)) as client:
            await poll(given, pool=pool, client=client)
            for day, (name, more) in enumerate([("alone", ()), *((name, (feed,)) for name, feed in huge.items())], 1):
                done: list[float] = []
                start = time.perf_counter()
                beside = dataclasses.replace(
                    given,
                    catalog=Catalog(feeds=(*more, *given.catalog.feeds)),
                    clock=SetClock(NOW + timedelta(days=day)),
                    progress=partial(note, done, start),
                )
                count, wall, cpu, stall = await measured(partial(poll, beside, pool=pool, client=client))
                told = f"{count.failed} refused, {count.read} read, stall {stall:.0f} ms, {cpu:.2f} s CPU in this process"
                print(f"\n{name}: 300 others done after {done[299] * 1000:.0f} ms, all after {wall * 1000:.0f} ms; {told}", end="")
        pool.close()
        print(f"\nmemory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB at most")

    asyncio.run(main())
