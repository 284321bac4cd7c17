"""The places of letters in the rate over all connections, one after the other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TypeVar

Taken = TypeVar("Taken")


class Turns:
    """Hands out one turn per `interval` seconds. One lane waits for a turn and takes its letter when it has come, so that whatever became
    urgent meanwhile goes first, and no lease runs out in the hands of those that wait."""

    def __init__(self, interval: float, end: asyncio.Event) -> None:
        self._interval = interval
        self._end = end
        self._next = 0.0
        self._gate = asyncio.Lock()

    async def take(self, waiting: Callable[[], int], take: Callable[[], Taken | None]) -> Taken | None:
        """Take at the next turn, if anything is `waiting`; None if there is nothing, or at the end. What takes nothing uses no turn up."""
        async with self._gate:
            now = asyncio.get_running_loop().time()
            turn = max(now, self._next)
            if turn > now and waiting():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._end.wait(), turn - now)
            taken = None if self._end.is_set() else take()
            if taken is not None:
                self._next = turn + self._interval
            return taken
