"""A person with a confirmed address, and the choices by which digests are made."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal

from alerts.rules.levels import Level

Cadence = Literal["immediate", "daily", "weekly"]


@dataclass(frozen=True, slots=True)
class Choices:
    """All that decides what a subscriber gets and when. Subscribers with equal choices form an audience.

    `sectors` maps each followed sector to the least level worth a line, as sorted pairs. `hour` is 0..23 in `timezone` (IANA).
    `weekday` 0 = Monday counts for weekly. `alert_level`: a story at or over it is sent at once (cadence immediate: every story over the
    threshold is). `countries` and `nationality` are lexicon ids. `quiet` is (start hour, end hour) local, or None.
    """

    language: str = "en"
    timezone: str = "Asia/Tokyo"
    cadence: Cadence = "daily"
    hour: int = 7
    weekday: int = 0
    sectors: tuple[tuple[str, Level], ...] = ()
    alert_level: Level = Level.prepare
    countries: tuple[str, ...] = ()
    nationality: str = ""
    quiet: tuple[int, int] | None = (22, 7)

    @property
    def key(self) -> str:
        """A short hash, equal for equal choices: the audience."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]
