"""`all`: every condition of the list holds. Several operators in one mapping are an `all` as well.

when: {all: [{any: [tariff, 関税]}, {any: [car, truck, 自動車]}]}
MATCHES: New tariff on every imported car
MATCHES: Truck makers face a tariff
MATCHES: 米、自動車への追加関税を発動
DOES NOT MATCH: New tariff on steel
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alerts.rules.candidates import Ways, every
from alerts.rules.operators.condition import Condition, Look, Mentions, Needs, Reader


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple[Condition, ...]

    def find(self, look: Look, low: int, high: int) -> Mentions | None:
        """Join the mentions of all parts."""
        mentions: Mentions = ()
        for part in self.parts:
            more = part.find(look, low, high)
            if more is None:
                return None
            mentions += more
        return mentions

    def needs(self) -> Needs:
        """What every part needs."""
        return tuple(need for part in self.parts for need in part.needs())

    def ways(self, *, title: bool) -> Ways:
        """Those of every part."""
        return every(part.ways(title=title) for part in self.parts)

    def words(self) -> str:
        """Join the parts."""
        return " and ".join(part.words() for part in self.parts)

    def why_not(self, look: Look, low: int, high: int) -> str:
        """Say the first part that fails."""
        failing = next(part for part in self.parts if part.find(look, low, high) is None)
        return failing.why_not(look, low, high)


def parse(value: Any, reader: Reader) -> Condition | None:
    """Read a list of conditions."""
    parts = reader.many(value)
    return AllOf(tuple(parts)) if parts else None
