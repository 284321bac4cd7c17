"""What texts are looked for and what each stands for, packed: a lexicon has more than a hundred thousand."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from alerts.rules.terms import Pattern

PLAIN, REJECT, MASK, GLUED, PAIR = range(5)


class Meaning(NamedTuple):
    """What a pattern stands for. `near` are concepts of which one must share the sentence, `after` texts of which one must follow;
    `since` and `until` bound a leader's time in office; `roles` are further concepts a leader counts for."""

    concept: int
    tag: int = PLAIN
    near: tuple[int, ...] = ()
    after: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    leader: bool = False
    roles: tuple[int, ...] = ()
    place: int = 0
    other: int = -1


class Kind(NamedTuple):
    """What many patterns have in common: all of `Pattern` but its text, and what it stands for."""

    left: int
    right: int
    cased: str | None
    meanings: tuple[Meaning, ...]


@dataclass(frozen=True, slots=True)
class Patterns:
    """All patterns, each once, in the order of their texts, in little room: `texts` holds them a line each (UTF-8), `kinds` what they are,
    and `numbers` which of these each is, in four bytes. A hundred thousand objects would take ten times as much, and as long to recall."""

    texts: bytes
    kinds: tuple[Kind, ...]
    numbers: bytes

    def lines(self) -> list[str]:
        """Return their texts."""
        return self.texts.decode().split("\n") if self.texts else []

    def of_kinds(self) -> memoryview:
        """Return the number of the kind of each."""
        return memoryview(self.numbers).cast("I")

    def __iter__(self) -> Iterator[tuple[Pattern, tuple[Meaning, ...]]]:
        """Yield each with what it stands for."""
        for text, number in zip(self.lines(), self.of_kinds(), strict=True):
            left, right, cased, meanings = self.kinds[number]
            yield Pattern(text, left, right, cased), meanings


def packed(meanings: Mapping[Pattern, Iterable[Meaning]]) -> Patterns:
    """Pack patterns with what they stand for."""
    patterns = sorted(meanings, key=lambda each: (each.text, each.left, each.right, each.cased or ""))
    kinds: dict[Kind, int] = {}
    one: dict[Meaning, Meaning] = {}  # equal ones are one object, at rest too
    numbers = array("I")
    for pattern in patterns:
        several = tuple(one.setdefault(each, each) for each in dict.fromkeys(meanings[pattern]))
        kind = Kind(pattern.left, pattern.right, pattern.cased, several)
        numbers.append(kinds.setdefault(kind, len(kinds)))
    return Patterns("\n".join([each.text for each in patterns]).encode(), tuple(kinds), numbers.tobytes())
