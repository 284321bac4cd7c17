"""How soon a host may be visited again: no two visits follow each other at once, whichever poll, batch or redirect they belong to."""

from __future__ import annotations

GAP_SECONDS = 1.0
"""Between the end of one visit to a host and the beginning of the next."""
MOST = 10_000
"""Hosts that are remembered; older ones are long past their gap."""


class Pace:
    """When each host was last visited, in seconds of a monotonic clock. One per process."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def wait(self, host: str, now: float) -> float:
        """Return for how many seconds a host is to be left alone yet."""
        last = self._last.get(host)
        return 0.0 if last is None else max(0.0, last + GAP_SECONDS - now)

    def visited(self, host: str, now: float) -> None:
        """Note the end of a visit to a host."""
        self._last.pop(host, None)
        self._last[host] = now
        while len(self._last) > MOST:
            del self._last[next(iter(self._last))]
