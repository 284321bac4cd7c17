"""`none`: no condition of the list holds. `within` of the same mapping bounds it too: not in that sentence.

when: {all: [intervention], none: [medical, military]}
MATCHES: Yen intervention suspected
DOES NOT MATCH: Early medical intervention saves lives
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alerts.rules.candidates import ALWAYS, Ways
from alerts.rules.operators.condition import Alternatives, Condition, Look, Mentions, Needs, Reader


@dataclass(frozen=True, slots=True)
class NoneOf(Alternatives):
    """No part holds."""

    def find(self, look: Look, low: int, high: int) -> Mentions | None:
        """Return no mentions, or None if a part holds."""
        return None if any(part.find(look, low, high) is not None for part in self.hopeful(look)) else ()

    def needs(self) -> Needs:
        """Nothing: absence needs no mention."""
        return ()

    def ways(self, *, title: bool) -> Ways:
        """Whatever is mentioned: absence has no sign."""
        return ALWAYS

    def words(self) -> str:
        """Join the parts."""
        return f"none of ({', '.join(part.words() for part in self.parts)})"

    def why_not(self, look: Look, low: int, high: int) -> str:
        """Quote what should not be there."""
        for part in self.parts:
            mentions = part.find(look, low, high)
            if mentions:
                quoted = look.found.evidence(mentions[0])
                return f"{part.words()} must not hold, but “{quoted.text}” is in the {quoted.field} at {quoted.start}"
            if mentions is not None:
                return f"{part.words()} must not hold, but it does"
        return f"{self.words()} fails"


def parse(value: Any, reader: Reader) -> Condition | None:
    """Read a list of conditions."""
    parts = reader.many(value)
    return NoneOf(tuple(parts)) if parts else None
