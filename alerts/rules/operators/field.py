"""`field`: the condition holds in the title alone, or in the summary alone.

when: {field: {title: visa}}
MATCHES: Visa fee to rise
DOES NOT MATCH: Fees to rise | Among them the visa fee.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alerts.rules.candidates import Ways
from alerts.rules.operators.condition import Condition, Look, Mentions, Needs, Reader
from alerts.yamlwords import did_you_mean


@dataclass(frozen=True, slots=True)
class Field:
    """A condition inside one field."""

    field: str
    part: Condition

    def _span(self, look: Look, low: int, high: int) -> tuple[int, int]:
        split = look.found.split
        return (low, min(high, split)) if self.field == "title" else (max(low, split + 1), high)

    def find(self, look: Look, low: int, high: int) -> Mentions | None:
        """Look only there."""
        return self.part.find(look, *self._span(look, low, high))

    def needs(self) -> Needs:
        """What the condition needs."""
        return self.part.needs()

    def ways(self, *, title: bool) -> Ways:
        """Those of the condition, in the title if that is the field."""
        return self.part.ways(title=title or self.field == "title")

    def words(self) -> str:
        """Name the field."""
        return f"in the {self.field}: {self.part.words()}"

    def why_not(self, look: Look, low: int, high: int) -> str:
        """Say why not there."""
        return f"in the {self.field}: {self.part.why_not(look, *self._span(look, low, high))}"


def parse(value: Any, reader: Reader) -> Field | None:
    """Read `{title: condition}` or `{summary: condition}`."""
    if not isinstance(value, dict) or len(value) != 1:
        reader.refuse("field needs one of title, summary, with a condition: {title: $tariff}")
        return None
    name, part = next(iter(value.items()))
    if name not in {"title", "summary"}:
        reader.at(name).refuse(f"unknown field {name!r}{did_you_mean(name, ['title', 'summary'])}", key=True)
        return None
    condition = reader.at(name).read(part)
    return Field(name, condition) if condition else None
