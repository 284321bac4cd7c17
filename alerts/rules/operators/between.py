"""`between`: distinct actors in one sentence, one for each item. `[$national-leader, $national-leader]` are leaders of two countries.

    when: {between: [$united-states, $japan]}
    MATCHES: Japan and the United States sign a pact
    MATCHES: 日米首脳が電話会談
    DOES NOT MATCH: Japan signs. The United States waits.

A mention that names nobody ("the president") takes the actor beside it ("US president"); without one it is somebody unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alerts.rules.candidates import Ways, sign, way
from alerts.rules.found import Mention
from alerts.rules.operators.condition import Look, Mentions, Needs, Reader


@dataclass(frozen=True, slots=True)
class Between:
    """Each side has a mention, all in one sentence, and no two of them are of the same actor."""

    sides: tuple[tuple[int, str], ...]

    def find(self, look: Look, low: int, high: int) -> Mentions | None:
        """Return one mention a side, from the first sentence that has them all."""
        found = look.found
        first = list(found.within(self.sides[0][0], low, high))
        for start, end in dict.fromkeys(found.sentence(each.start) for each in first):
            lists = [list(found.within(number, max(start, low), min(end, high))) for number, _ in self.sides]
            if all(lists):
                group = self._distinct(look, lists, [], set())
                if group:
                    return tuple(group)
        return None

    def _distinct(self, look: Look, lists: list[list[Mention]], group: list[Mention], taken: set[str]) -> list[Mention] | None:
        if len(group) == len(lists):
            return group
        for each in lists[len(group)][:12]:  # a sentence with more mentions of one side is a list, not a headline
            actor = look.found.who(each)
            if actor in taken or any(each.start < other.end and other.start < each.end for other in group):
                continue
            whole = self._distinct(look, lists, [*group, each], taken | ({actor} if actor else set()))
            if whole:
                return whole
        return None

    def needs(self) -> Needs:
        """A mention of every side."""
        return tuple(frozenset({number}) for number, _ in self.sides)

    def ways(self, *, title: bool) -> Ways:
        """A mention of every side."""
        return way(sign(number, title=title) for number, _ in self.sides)

    def words(self) -> str:
        """Name the sides."""
        return f"between {' and '.join(text for _, text in self.sides)} in one sentence"

    def why_not(self, look: Look, low: int, high: int) -> str:
        """Say which side is missing, or that they do not meet."""
        missing = [text for number, text in self.sides if not any(True for _ in look.found.within(number, low, high))]
        if missing:
            return f"{' and '.join(dict.fromkeys(missing))} not found"
        return f"{self.words()}: they are not in one sentence, or are the same actor"


def parse(value: Any, reader: Reader) -> Between | None:
    """Read a list of two or more sides."""
    if not isinstance(value, list) or len(value) < 2:
        reader.refuse("between needs a list of at least two $concepts, such as [$united-states, $japan]")
        return None
    numbers = [reader.at(index).concept(each) for index, each in enumerate(value)]
    sides = [(number, str(text)) for number, text in zip(numbers, value, strict=True) if number is not None]
    return Between(tuple(sides)) if len(sides) == len(value) else None
