"""How soon a host may be visited again: one request at a time, a moment between two, whichever poll, feed or redirect they belong to."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from alerts.feeds.network import Network, is_ours

GAP_SECONDS = 1.0
"""Between the end of one request to a host and the beginning of the next. A host of our own network needs no such courtesy."""
MOST = 10_000
"""Hosts that are remembered; older ones are long past their gap."""


@dataclass(slots=True)
class _Host:
    """What is remembered of one host: whose turn it is, and when it was left, in seconds of a monotonic clock."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    left: float | None = None


class Pace:
    """Turns at hosts. One per process, so that what follows a visit at once has to wait too. `allowed` are our own networks."""

    def __init__(self, allowed: Sequence[Network] = ()) -> None:
        self._allowed = allowed
        self._hosts: dict[str, _Host] = {}

    @contextlib.asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait until a host is free and has been left alone for its gap; it is ours until the block ends.

        Never ask for a turn inside another: two of us could wait for each other.
        """
        known = self._hosts.get(host)
        if known is None:
            known = self._hosts[host] = _Host()
            self._forget()
        async with known.lock:
            if known.left is not None and not is_ours(host, self._allowed):
                await asyncio.sleep(known.left + GAP_SECONDS - time.monotonic())
            try:
                yield
            finally:
                known.left = time.monotonic()

    def _forget(self) -> None:
        while len(self._hosts) > MOST:
            oldest = next(iter(self._hosts))
            if self._hosts[oldest].lock.locked():
                return
            del self._hosts[oldest]
