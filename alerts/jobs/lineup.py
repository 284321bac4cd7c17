"""The letters that wait for a connection: the most urgent first, those for a limited domain when its turn has come.

A slow domain never holds up the others: its letters stand aside. What would stand aside for more than a minute is not taken at all, but put
off until its turn comes, so that a claim of mails for one large provider does not use up the lease. A domain that puts off several mails
in a row is left alone for a while, longer each time.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from alerts.jobs.letters import Letter
from alerts.jobs.turns import Pace
from alerts.mail.rates import Limit, Limits
from alerts.mail.retries import pause
from alerts.store.outbox import URGENT_PRIORITY, Ready

STREAK = 3
"""Mails that a domain puts off in a row before the rest of its mails wait untried."""
LONGEST_WAIT = 60.0
"""Seconds that a letter stands aside; what would wait longer is put off."""

_Entry = tuple[int, int, Letter, float]
"""Priority, number in line, letter, end of its lease on the loop's clock."""


@dataclass(slots=True)
class _Domain:
    limit: Limit
    waiting: list[_Entry] = field(default_factory=list)
    next_turn: float = 0.0
    in_flight: int = 0

    def opens(self, now: float) -> float:
        """The moment from which the next letter may go; infinity while all its connections are busy."""
        busy = self.limit.connections and self.in_flight >= self.limit.connections
        return float("inf") if busy else max(now, self.next_turn)


class Lineup:
    """One sender's letters in line. Moments are seconds on the loop's clock. Domains' rates are shared with the other senders at work."""

    def __init__(self, limits: Limits, pace: Pace | None = None) -> None:
        self._limits = limits
        self._pace = pace or Pace()
        self._free: list[_Entry] = []
        self._domains: dict[str, _Domain] = {}
        self._planned: dict[tuple[str, bool], datetime] = {}
        self._streaks: dict[str, int] = {}
        self._resting: dict[str, datetime] = {}
        self._numbers = count()

    @property
    def free(self) -> int:
        """How many letters may go at once."""
        return len(self._free)

    def __len__(self) -> int:
        """How many letters there are in all."""
        return len(self._free) + sum(len(domain.waiting) for domain in self._domains.values())

    def put_off(self, batch: Sequence[Ready], now: datetime) -> dict[int, datetime]:
        """Return when those rows of a batch shall be due whose domain is too busy for the next minute, by row."""
        later: dict[int, datetime] = {}
        if not (self._limits or self._resting):
            return later
        for ready in batch:
            domain = domain_of(ready)
            if self._resting.get(domain, now) > now:
                later[ready.id] = self._resting[domain]
                continue
            limit = self._limits.of(domain)
            if limit is None or not limit.rate:
                continue
            urgent = ready.priority <= URGENT_PRIORITY  # it goes before the digests of its domain, so it does not wait behind their turns
            moment = max(now, self._planned.get((domain, urgent), now))
            self._planned[domain, urgent] = moment + timedelta(seconds=self._pace.senders / limit.rate)
            if (moment - now).total_seconds() > LONGEST_WAIT:
                later[ready.id] = moment
        return later

    def push(self, letter: Letter, deadline: float) -> None:
        """Put a letter in line."""
        name = domain_of(letter.ready) if self._limits else ""
        limit = self._limits.of(name)
        entry = (letter.ready.priority, next(self._numbers), letter, deadline)
        line = self._free if limit is None else self._domains.setdefault(name, _Domain(limit)).waiting
        heapq.heappush(line, entry)

    def take(self, now: float) -> Letter | None:
        """Take the most urgent letter that may go now. What its lease does not cover any more is left out."""
        while True:
            domain = self._open_domain(now)
            line = domain.waiting if domain and (not self._free or domain.waiting[0] < self._free[0]) else self._free
            if not line:
                return None
            _, _, letter, deadline = heapq.heappop(line)
            if now >= deadline:
                continue
            if domain and line is domain.waiting:
                domain.in_flight += 1
                if domain.limit.rate:
                    domain.next_turn = max(now, domain.next_turn) + self._pace.senders / domain.limit.rate
            return letter

    def done(self, ready: Ready) -> bool:
        """Note that a letter is no longer in flight; True if another one for its domain may have waited for that."""
        domain = self._domains.get(domain_of(ready)) if self._domains else None
        if domain is None:
            return False
        domain.in_flight -= 1
        return bool(domain.waiting)

    def took(self, ready: Ready) -> None:
        """Note that a domain took a mail: whatever it put off before, it is well."""
        if self._streaks:
            self._streaks.pop(domain_of(ready), None)

    def was_put_off(self, ready: Ready, now: datetime) -> dict[int, datetime]:
        """Note that a domain put off a mail. After several in a row its others leave the line; return when they shall be due, by row."""
        name = domain_of(ready)
        self._streaks[name] = streak = self._streaks.get(name, 0) + 1
        if streak < STREAK:
            return {}
        self._resting[name] = moment = now + pause(name, streak - STREAK + 1)
        domain = self._domains.get(name)
        mine = domain.waiting if domain else [entry for entry in self._free if domain_of(entry[2].ready) == name]
        later = {entry[2].ready.id: moment for entry in mine}
        if domain:
            domain.waiting = []
        elif mine:
            self._free = [entry for entry in self._free if entry[2].ready.id not in later]
            heapq.heapify(self._free)
        return later

    def opens_in(self, now: float) -> float | None:
        """Return in how many seconds the next letter may go; None if that depends on what happens."""
        if self._free:
            return 0.0
        opens = min((domain.opens(now) for domain in self._domains.values() if domain.waiting), default=float("inf"))
        return None if opens == float("inf") else opens - now

    def _open_domain(self, now: float) -> _Domain | None:
        waiting = (domain for domain in self._domains.values() if domain.waiting and domain.opens(now) <= now)
        return min(waiting, key=lambda domain: domain.waiting[0][:2], default=None)


def domain_of(ready: Ready) -> str:
    """The recipient's domain in small letters."""
    return ready.address.rpartition("@")[2].lower()
