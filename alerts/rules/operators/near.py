"""`near`: the terms stand close together in one sentence, in any order; a Japanese word is reckoned as two characters. Default: 5 words.

when: {near: {terms: [rate, policy], words: 3}}
MATCHES: Policy rate raised
MATCHES: Rate of the new policy
DOES NOT MATCH: Birth rate falls although there has long been a policy
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, ClassVar

from alerts.rules.candidates import Ways, sign, way
from alerts.rules.found import Mention
from alerts.rules.operators.condition import Look, Mentions, Needs, Reader
from alerts.text import is_japanese

WORD = re.compile(r"[^\W\d_]+(?:['.-]\w+)*|\d[\d.,]*")


@dataclass(frozen=True, slots=True)
class Near:
    """Each term once, with at most `words` words between neighbours."""

    terms: tuple[tuple[int, str], ...]
    words_between: int
    _concepts: frozenset[int] = field(init=False, repr=False, compare=False)
    JOINED: ClassVar = "near"
    FARTHER: ClassVar = "further apart, or in different sentences"

    def __post_init__(self) -> None:
        """Have the concepts as a set."""
        object.__setattr__(self, "_concepts", frozenset(number for number, _ in self.terms))

    def find(self, look: Look, low: int, high: int) -> Mentions | None:
        """Return the first group of mentions that stand close enough."""
        if not self._concepts <= look.found.signs:  # most entries lack one of them, and where the others stand need not be known
            return None
        lists = [list(look.found.within(number, low, high)) for number, _ in self.terms]
        return self._group(look, lists) if all(lists) else None

    def _group(self, look: Look, lists: list[list[Mention]]) -> Mentions | None:
        for first in lists[0]:
            group: list[Mention] = [first]
            for others in lists[1:]:
                close = next((each for each in others if each not in group and any(self.close(look, each, one) for one in group)), None)
                if close is None:
                    break
                group.append(close)
            else:
                return tuple(group)
        return None

    def close(self, look: Look, one: Mention, other: Mention) -> bool:
        """Tell whether two mentions stand close enough."""
        first, second = sorted((one, other))
        if second.start < first.end:  # overlapping terms are as near as can be, but one cannot stand for both
            return first[:2] != second[:2]
        if look.found.sentence(first.start) != look.found.sentence(second.start):
            return False
        gap = look.found.text[first.end : second.start]
        return distance(gap) <= self.words_between

    def needs(self) -> Needs:
        """Every term."""
        return tuple(frozenset({number}) for number, _ in self.terms)

    def ways(self, *, title: bool) -> Ways:
        """Every term."""
        return way(sign(number, title=title) for number, _ in self.terms)

    def words(self) -> str:
        """Name terms and distance."""
        return f"{f' {self.JOINED} '.join(text for _, text in self.terms)} (within {self.words_between} words)"

    def why_not(self, look: Look, low: int, high: int) -> str:
        """Say which term is missing, or that they stand too far apart."""
        missing = [text for number, text in self.terms if not any(True for _ in look.found.within(number, low, high))]
        if missing:
            return f"{' and '.join(missing)} not found"
        return f"{self.words()}: they stand {self.FARTHER}"


def distance(gap: str) -> int:
    """Return how many words a text is: two Japanese characters count as one."""
    if is_japanese(gap):
        return (len(gap.strip()) + 1) // 2
    return len(WORD.findall(gap))


def parse(value: Any, reader: Reader, kind: type[Near] = Near) -> Near | None:
    """Read `{terms, words}`."""
    if not reader.keys(value, {"terms"}, {"words"}):
        return None
    terms, words = value["terms"], value.get("words", 5)
    if not isinstance(terms, list) or len(terms) < 2:
        reader.at("terms").refuse("terms must be a list of at least two $concepts or phrases")
        return None
    if not isinstance(words, int) or isinstance(words, bool) or not 0 <= words <= 50:
        reader.at("words").refuse(f"words must be a whole number from 0 to 50, not {words!r}")
        return None
    numbers = [reader.at("terms", index).concept(each) for index, each in enumerate(terms)]
    known = [(number, str(text)) for number, text in zip(numbers, terms, strict=True) if number is not None]
    return kind(tuple(known), words) if len(known) == len(terms) else None
