"""`within`: where the whole mapping must hold: in one `sentence`, in the `title`, or anywhere in the `entry` (default).

when: {all: [minister, resign], within: sentence}
MATCHES: Minister to resign
DOES NOT MATCH: Minister opens fair. Two clerks resign.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from alerts.rules.candidates import Ways
from alerts.rules.operators.all import AllOf
from alerts.rules.operators.condition import Condition, Look, Mentions, Needs, Reader, quote
from alerts.yamlwords import did_you_mean

PLACES = ("sentence", "title", "entry")


@dataclass(frozen=True, slots=True)
class Within:
    """A condition that must hold inside one sentence or the title."""

    place: str
    part: Condition

    def _spans(self, look: Look, low: int, high: int) -> Iterator[tuple[int, int]]:
        if self.place == "title":
            yield low, min(high, look.found.split)
        elif self.place == "entry":
            yield 0, len(look.found.text)
        else:
            for start, end in look.found.sentences():
                if max(start, low) < min(end, high):
                    yield max(start, low), min(end, high)

    def find(self, look: Look, low: int, high: int) -> Mentions | None:
        """Return the mentions of the first place where it holds."""
        for start, end in self._spans(look, low, high):
            mentions = self.part.find(look, start, end)
            if mentions is not None:
                return mentions
        return None

    def needs(self) -> Needs:
        """What the condition needs."""
        return self.part.needs()

    def ways(self, *, title: bool) -> Ways:
        """Those of the condition; `entry` leaves a title that it stands in."""
        return self.part.ways(title=self.place == "title" or (title and self.place != "entry"))

    def words(self) -> str:
        """Name the place."""
        return f"within one {self.place}: {self.part.words()}"

    def why_not(self, look: Look, low: int, high: int) -> str:
        """Say why not, in the place where it came furthest."""
        reasons = [(quote(look, start, end), self.part.why_not(look, start, end)) for start, end in self._spans(look, low, high)]
        if not reasons:
            return f"there is no {self.place}"
        near = [reason for reason in reasons if "not found" not in reason[1] and "not in this part" not in reason[1]]
        text, why = (near or reasons)[0]
        return f"{why} (in the {self.place} {text})"


def parse(value: Any, reader: Reader) -> Condition | None:
    """Read a mapping of operators, all of which must hold, and the place that bounds them."""
    if not value:
        reader.refuse("a condition must not be empty")
        return None
    place = value.get("within", "entry")
    if place not in PLACES:
        reader.at("within").refuse(f"within: {place!r} is not known{did_you_mean(str(place), PLACES)}")
    parts: list[Condition | None] = []
    for name, argument in value.items():
        if name == "within":
            continue
        if name not in reader.operators:
            hint = did_you_mean(name, [*reader.operators, "within"], limit=30)
            reader.at(name).refuse(f"unknown operator {name!r}{hint}", key=True)
            parts.append(None)
        else:
            parts.append(reader.operators[name](argument, reader.at(name)))
    good = [part for part in parts if part is not None]
    if not parts:
        reader.refuse("within alone is no condition")
        return None
    if len(good) < len(parts) or place not in PLACES:
        return None
    # What must be absent is looked for last: most entries fail on what must be there.
    whole = good[0] if len(good) == 1 else AllOf(tuple(sorted(good, key=lambda part: not part.needs())))
    return Within(place, whole) if "within" in value else whole
