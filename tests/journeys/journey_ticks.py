"""Ticks of the daemon, with the parsers and the HTTP client kept between them as `alerts run` keeps them."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

from alerts.daemon import SCHEDULE, beat
from alerts.feeds.network import make_client
from alerts.feeds.pool import ParsePool
from alerts.jobs.context import Context
from alerts.jobs.poll import poll

Tick = Callable[[], Awaitable[dict[str, Any]]]


@contextlib.asynccontextmanager
async def ticks(context: Context) -> AsyncIterator[Tick]:
    """Give a function that does once everything that is due, in the order of the schedule, and returns what each job said."""
    pool = ParsePool(context.settings.parse_workers)
    client = make_client(agent="a journey", allowed_networks=context.settings.allowed_networks)
    lines = [replace(line, job=functools.partial(poll, pool=pool, client=client)) if line.name == "poll" else line for line in SCHEDULE]

    async def tick() -> dict[str, Any]:
        return {line.name: await beat(line, context) for line in lines}

    try:
        yield tick
    finally:
        pool.close()
        await client.aclose()
