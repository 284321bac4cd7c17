"""How fast mails may leave: limits for recipient domains, the warm-up of a new sender, and when to stop by ourselves. Pure arithmetic."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import idna

from alerts.errors import SettingsError

DOMAINS_SETTING = "ALERTS_SEND_DOMAINS"
WARM_UP_SETTING = "ALERTS_SEND_WARM_UP"
GROWTH = 1.5
"""A new sender may send half as much again each day: mailbox providers mistrust an address that was silent and suddenly sends thousands."""
ENOUGH = 10_000_000
SLOWEST = 0.001
"""Messages per second: slower, and a mail would be given up before its turn."""
WINDOW, FEW = 50, 10
"""Outcomes that a judgement of how sending goes looks at, and how few are enough where they were refused for no fault of the address."""
GONE = "gone"
"""An outcome: refused because nobody lives there."""

_LIMIT = re.compile(r"(?P<domain>\*|[^\s=*@]+\.[^\s=*@]+)=(?P<rate>\d{1,9}(\.\d+)?)?(/(?P<connections>[1-9]\d*))?")


@dataclass(frozen=True, slots=True)
class Limit:
    """Messages per second and messages at once; 0: no limit."""

    rate: float = 0.0
    connections: int = 0


class Limits:
    """The limits of recipient domains, `*` for each that is not named."""

    def __init__(self, by_domain: Mapping[str, Limit]) -> None:
        self._by_domain = dict(by_domain)
        self._others = self._by_domain.pop("*", None)

    def __bool__(self) -> bool:
        """False if there are none."""
        return bool(self._by_domain) or self._others is not None

    def of(self, domain: str) -> Limit | None:
        """Return the limit of a domain, in small letters, or None."""
        return self._by_domain.get(domain, self._others)


def parse_limits(setting: str) -> Limits:
    """Read `DOMAIN=RATE/CONNECTIONS`, comma-separated, either number optional. Raises SettingsError."""
    limits: dict[str, Limit] = {}
    for part in (part.strip() for part in setting.split(",")):
        if not part:
            continue
        found = _LIMIT.fullmatch(part)
        if found is None or not (found["rate"] or found["connections"]):
            raise SettingsError(f"{DOMAINS_SETTING}: {part!r} is not DOMAIN=RATE/CONNECTIONS, such as gmail.com=5/2 or *=20")
        if found["rate"] and float(found["rate"]) < SLOWEST:
            advice = f"the least is {SLOWEST:g} messages per second; for no limit leave the domain out"
            raise SettingsError(f"{DOMAINS_SETTING}: {part!r} lets nothing leave: {advice}")
        domain = _as_mailed(found["domain"])
        if domain in limits:
            raise SettingsError(f"{DOMAINS_SETTING}: {domain} has two limits; keep one")
        limits[domain] = Limit(float(found["rate"] or 0), int(found["connections"] or 0))
    return Limits(limits)


def _as_mailed(domain: str) -> str:
    """Return a domain as it stands in the addresses that we mail: in small letters, without a last dot, beyond ASCII as xn--….

    Raises SettingsError.
    """
    try:
        plain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise SettingsError(f"{DOMAINS_SETTING}: {domain!r} is not the name of a domain") from None
    return plain.lower().removesuffix(".")


@dataclass(frozen=True, slots=True)
class WarmUp:
    """The first day, and how many mails may leave on it."""

    first_day: date
    messages: int

    def allowance(self, today: date) -> int | None:
        """Return how many mails may leave today in all, or None once that is no limit any more."""
        days = min(60, max(0, (today - self.first_day).days))
        allowed = int(self.messages * GROWTH**days)
        return allowed if allowed < ENOUGH else None


def parse_warm_up(setting: str) -> WarmUp | None:
    """Read `FIRST_DAY=MESSAGES`. Raises SettingsError."""
    if not setting:
        return None
    day, _, number = setting.partition("=")
    try:
        found = WarmUp(date.fromisoformat(day.strip()), int(number))
    except ValueError:
        found = None
    if found is None or found.messages < 1:
        raise SettingsError(f"{WARM_UP_SETTING}: {setting!r} is not FIRST_DAY=MESSAGES, such as 2026-12-01=200")
    return found


class Tally:
    """The last outcomes of a sender: `sent`, `deferred`, `failed` or `gone`. Its verdict is what most of them share, if that is not `sent`.

    Few outcomes can be dead addresses or the usual greylisting: of those only refusals count that no address is to blame for.
    """

    def __init__(self, last: Iterable[str] = ()) -> None:
        self._last: deque[str] = deque(maxlen=WINDOW)
        self._counts: Counter[str] = Counter()
        for state in last:
            self._count(state)

    @property
    def last(self) -> tuple[str, ...]:
        """The outcomes, oldest first."""
        return tuple(self._last)

    def add(self, state: str) -> Literal["failed", "deferred"] | None:
        """Count an outcome; return a verdict once there are enough and most are bad."""
        self._count(state)
        refused, deferred, enough = self._counts["failed"] + self._counts[GONE], self._counts["deferred"], len(self._last)
        if state == "sent" or enough < FEW:
            return None
        if enough < WINDOW:
            return "failed" if self._counts["failed"] > enough // 2 else None
        if refused + deferred <= WINDOW // 2:
            return None
        return "failed" if refused >= deferred else "deferred"

    def _count(self, state: str) -> None:
        if len(self._last) == WINDOW:
            self._counts[self._last[0]] -= 1
        self._last.append(state)
        self._counts[state] += 1
