"""`at_least`: so many of the conditions hold, whichever.

when: {at_least: {n: 2, of: [visa, fee, renewal]}}
MATCHES: Renewal fee to rise
MATCHES: Visa fee to rise
DOES NOT MATCH: Contract renewal talks
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alerts.rules import candidates
from alerts.rules.candidates import Ways
from alerts.rules.operators.any import either
from alerts.rules.operators.condition import Condition, Look, Mentions, Needs, Reader


@dataclass(frozen=True, slots=True)
class AtLeast:
    """At least `count` parts hold."""

    count: int
    parts: tuple[Condition, ...]

    def find(self, look: Look, low: int, high: int) -> Mentions | None:
        """Join the mentions of the parts that hold, if enough do."""
        found = [more for part in self.parts if (more := part.find(look, low, high)) is not None]
        return tuple(mention for more in found for mention in more) if len(found) >= self.count else None

    def needs(self) -> Needs:
        """One of the parts at least."""
        return either([part.needs() for part in self.parts])

    def ways(self, *, title: bool) -> Ways:
        """Those of any part: one at least must hold."""
        return candidates.either(part.ways(title=title) for part in self.parts)

    def words(self) -> str:
        """Name number and parts."""
        return f"{self.count} of ({', '.join(part.words() for part in self.parts)})"

    def why_not(self, look: Look, low: int, high: int) -> str:
        """Say how many hold, and which."""
        held = [part.words() for part in self.parts if part.find(look, low, high) is not None]
        return f"{self.words()}: only {len(held)} hold{'s' if len(held) == 1 else ''}{': ' + ', '.join(held) if held else ''}"


def parse(value: Any, reader: Reader) -> Condition | None:
    """Read `{n, of}`; n is at least 1 and at most the number of conditions."""
    if not reader.keys(value, {"n", "of"}):
        return None
    parts = reader.at("of").many(value["of"])
    count = value["n"]
    if not isinstance(count, int) or isinstance(count, bool) or count < 1 or (parts and count > len(parts)):
        reader.at("n").refuse(f"n must be a whole number from 1 to {len(parts) if parts else 'the number of conditions'}, not {count!r}")
        return None
    return AtLeast(count, tuple(parts)) if parts else None
