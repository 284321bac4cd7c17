"""The places of letters in the rate over all connections and all senders, one after the other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Taken = TypeVar("Taken")


@dataclass(slots=True)
class Pace:
    """What a sender has to know to keep to a rate.

    How many `senders` share it, and how many seconds (`idle`) before its call, which began at `begun` on the loop's clock, a mail last
    left: a low rate is one over several calls. `asked`: whether that is known.
    """

    senders: int = 1
    begun: float = 0.0
    idle: float = float("inf")
    asked: bool = False


class Turns:
    """Hands out one turn per `interval` seconds and sender at work.

    One lane waits for a turn and takes its letter when it has come, so that whatever became urgent meanwhile goes first, and no lease runs
    out in the hands of those that wait.
    """

    def __init__(self, interval: float, end: asyncio.Event, pace: Pace) -> None:
        self._interval = interval
        self._end = end
        self._pace = pace
        self._next: float | None = None
        self._gate = asyncio.Lock()

    async def take(self, waiting: Callable[[], int], take: Callable[[], Taken | None]) -> Taken | None:
        """Take at the next turn, if anything is `waiting`; None if there is nothing, or at the end. What takes nothing uses no turn up."""
        async with self._gate:
            now = asyncio.get_running_loop().time()
            interval = self._interval * self._pace.senders
            first = self._pace.begun - self._pace.idle + interval
            turn = max(now, first if self._next is None else self._next)
            if turn > now and waiting():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._end.wait(), turn - now)
            taken = None if self._end.is_set() else take()
            if taken is not None:
                self._next = turn + interval
            return taken
