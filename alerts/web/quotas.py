"""How often something may be done: counted in memory, per key and window, so that nobody can flood a stranger's mailbox through us."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from alerts.clock import Clock


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `count` times in `window`."""

    count: int
    window: timedelta


QUOTAS = {
    "post-ip": Quota(60, timedelta(minutes=1)),  # anything that a form sends
    "mail-address": Quota(3, timedelta(hours=12)),  # mails that a stranger can cause to one address
    "mail-ip": Quota(20, timedelta(hours=1)),  # … from one place; a classroom or an office shares one
    "mail-domain": Quota(200, timedelta(hours=1)),  # … to one company or provider
    "mail-all": Quota(2000, timedelta(hours=1)),  # … in all: what a flood over many places may reach
}
MAXIMUM_KEYS = 50_000


class Quotas:
    """Counts what was done. One object an app; a restart forgets, which is fine: windows are short."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: OrderedDict[tuple[str, str], deque[datetime]] = OrderedDict()
        self._lock = Lock()

    def take(self, name: str, key: str) -> bool:
        """Count one use of the quota `name` by `key`; False if it is used up (then nothing is counted)."""
        quota, now = QUOTAS[name], self._clock.now()
        with self._lock:
            moments = self._seen.setdefault((name, key), deque())
            self._seen.move_to_end((name, key))
            while moments and moments[0] <= now - quota.window:
                moments.popleft()
            while len(self._seen) > MAXIMUM_KEYS:
                self._seen.popitem(last=False)
            if len(moments) >= quota.count:
                return False
            moments.append(now)
            return True
