"""`any`: at least one condition of the list holds.

when: {any: [visa, residence card, 在留カード]}
MATCHES: Visa fee to rise
MATCHES: 6 questions about the residence card
MATCHES: 在留カードの手数料を改定
DOES NOT MATCH: Passport fee to rise
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alerts.rules import candidates
from alerts.rules.candidates import Ways
from alerts.rules.operators.condition import Alternatives, Condition, Look, Mentions, Needs, Reader


@dataclass(frozen=True, slots=True)
class AnyOf(Alternatives):
    """At least one part holds; the evidence is that of every part that does."""

    def find(self, look: Look, low: int, high: int) -> Mentions | None:
        """Join the mentions of the parts that hold."""
        held = False
        mentions: Mentions = ()
        for part in self.hopeful(look):
            more = part.find(look, low, high)
            if more is not None:
                held = True
                mentions += more
        return mentions if held else None

    def needs(self) -> Needs:
        """Of what the parts need most narrowly, one; nothing if a part needs nothing."""
        return either([part.needs() for part in self.parts])

    def ways(self, *, title: bool) -> Ways:
        """Those of any part."""
        return candidates.either(part.ways(title=title) for part in self.parts)

    def words(self) -> str:
        """Join the parts."""
        return f"({' or '.join(part.words() for part in self.parts)})"

    def why_not(self, look: Look, low: int, high: int) -> str:
        """Say that none held; with one part, why."""
        if len(self.parts) == 1:
            return self.parts[0].why_not(look, low, high)
        return f"none of {', '.join(part.words() for part in self.parts)} holds"


def either(needs: list[Needs]) -> Needs:
    """Return what must have been found where one of several conditions has to hold."""
    if not all(needs):
        return ()
    return (frozenset().union(*(min(each, key=len) for each in needs)),)


def parse(value: Any, reader: Reader) -> Condition | None:
    """Read a list of conditions."""
    parts = reader.many(value)
    return AnyOf(tuple(parts)) if parts else None
