"""One visitor of many feeds in a process of its own, so that its processor time and memory are its own. Prints a line of JSON a round.

Arguments: `ours`, `reader` or `bare`; a folder to work in; a file with one address a line; rounds. The first round finds nothing known, the
next ones come a virtual day later (`reader`: at once, it knows no clock).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

NOW = datetime(2026, 11, 25, 3, tzinfo=UTC)
CONCURRENT = 32


def cpu() -> float:
    """User and system seconds of this process and all that it started, as Linux counts them; workers are children of a server of their own."""
    ticks = sum(sum(map(int, text.rpartition(")")[2].split()[11:15])) for text in family("stat").values())
    return ticks / os.sysconf("SC_CLK_TCK")


def memory() -> tuple[float, float]:
    """MB at most of this process; MB now of all that it started, shared pages shared out."""
    others = sum(int(text.partition("\nPss:")[2].split()[0]) for pid, text in family("smaps_rollup").items() if pid != os.getpid())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, others / 1024


def family(file: str) -> dict[int, str]:
    """A file of /proc for each process of this session: whoever starts this script gives it one of its own."""
    ours, found = os.getsid(0), {}
    for place in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if place.name.isdigit() and os.getsid(int(place.name)) == ours:
                found[int(place.name)] = (place / file).read_text()
    return found


def told(label: str, count: int, wall: float, used: float, **more: float) -> None:
    own, others = memory()
    print(json.dumps({"round": label, "count": count, "wall": wall, "cpu": used, "memory": own, "others": others, **more}), flush=True)


def timed(label: str, work: Callable[[], int]) -> None:
    wall, used = time.perf_counter(), cpu()
    count = work()
    told(label, count, time.perf_counter() - wall, cpu() - used)


async def stalls(longest: list[float]) -> None:
    """Note the longest time for which the event loop did nothing else, in milliseconds."""
    while True:
        before = time.perf_counter()
        await asyncio.sleep(0.005)
        longest[0] = max(longest[0], (time.perf_counter() - before - 0.005) * 1000)


def ours(folder: Path, urls: list[str], rounds: int) -> None:
    from alerts.feeds.pool import load_parsers

    load_parsers()  # this and settling: as the service does when it starts
    from alerts.clock import SetClock
    from alerts.feeds.catalog import Catalog, Feed
    from alerts.feeds.network import make_client
    from alerts.feeds.pool import ParsePool
    from alerts.garbage import settle, share_heap
    from alerts.jobs.context import Context
    from alerts.jobs.poll import poll
    from alerts.settings import Home, Settings
    from alerts.store.db import Database

    database = Database(f"sqlite:///{folder / 'alerts.db'}")
    database.upgrade()
    settings = Settings(database_url="sqlite://", mail_url="maildir:x", secret_key="k" * 64, allowed_networks=("127.0.0.0/8",))
    catalog = Catalog(feeds=tuple(Feed(id=f"f{n}", url=url, title="t", publisher="p") for n, url in enumerate(urls)))
    clock = SetClock(NOW)
    context = Context(settings, Home(folder), database, clock, catalog, None, "bench")  # type: ignore[arg-type]

    async def main() -> None:
        share_heap()
        settle()
        pool = ParsePool(2)
        async with make_client(agent="bench", allowed_networks=("127.0.0.0/8",)) as client:
            for number in range(rounds):
                longest = [0.0]
                watching = asyncio.create_task(stalls(longest))
                wall, used = time.perf_counter(), cpu()
                count = await poll(context, pool=pool, client=client)
                wall = time.perf_counter() - wall
                watching.cancel()
                told(str(number + 1), count.visited - count.failed, wall, cpu() - used, stall=longest[0], failed=count.failed)
                clock.set(NOW + timedelta(days=number + 1))
        pool.close()

    asyncio.run(main())


def reader(folder: Path, urls: list[str], rounds: int) -> None:
    from reader import make_reader

    made = make_reader(str(folder / "reader.sqlite"), search_enabled=False)
    for url in urls:
        made.add_feed(url)
    for number in range(rounds):
        timed(
            str(number + 1), lambda: sum(not isinstance(result.value, Exception) for result in made.update_feeds_iter(scheduled=False, workers=CONCURRENT))
        )


def bare(_folder: Path, urls: list[str], rounds: int) -> None:
    """The same requests with nothing around them: no limits, no address check, nothing read, nothing kept."""
    import aiohttp

    known: dict[str, str] = {}

    async def main() -> None:
        gate = asyncio.Semaphore(CONCURRENT)
        async with aiohttp.ClientSession() as session:

            async def one(url: str) -> None:
                headers = {"If-None-Match": known[url]} if url in known else {}
                async with gate, session.get(url, headers=headers) as answer:
                    await answer.read()
                    known[url] = answer.headers.get("ETag", "")

            for number in range(rounds):
                wall, used = time.perf_counter(), cpu()
                await asyncio.gather(*map(one, urls))
                told(str(number + 1), len(urls), time.perf_counter() - wall, cpu() - used)

    asyncio.run(main())


if __name__ == "__main__":
    which, place, listed, often = sys.argv[1:]
    {"ours": ours, "reader": reader, "bare": bare}[which](Path(place), Path(listed).read_text().split(), int(often))
