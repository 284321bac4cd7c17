"""What a scan found in one entry: which concepts are mentioned, where, in which sentence, and the words themselves as evidence."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from alerts.rules.assessment import Evidence
from alerts.rules.lexicon import Lexicon
from alerts.rules.senses import Sense
from alerts.text import Folded

_END = re.compile(
    r"[。！？!?\n.](?<![A-Z]\.)(?<!\bMr\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bSt\.)(?<!\bNo\.)(?<!\bvs\.)"
    r"(?:(?<!\.)|(?=[\"')]*\s+[\"'(]*[A-Z0-9]))"
)
_GAPS_BEFORE = ("", " ", "'s ", "の", "の新", "新", "現")
_GAPS_AFTER = ("", " ", " of ", "・", "の")
_new = tuple.__new__  # half the cost of calling the class


class Mention(NamedTuple):
    """A concept at a place of the folded text; `concept` is the number of the concept whose term stands there."""

    start: int
    end: int
    concept: int


Hit = tuple[int, int, Sense]
"""A place, and what stands there."""


class Found:
    """All mentions in one entry. Folded title, line break and folded summary are one text.

    Nine entries in ten mention nothing that a rule waits for, so what is cheap (`signs`) is at hand, and where a concept stands is worked
    out when somebody asks.
    """

    __slots__ = ("_ends", "_hits", "_lexicon", "_of", "_originals", "_summary", "_title", "cased", "signs", "split", "text")
    signs: set[int]
    """The concepts that are mentioned anywhere, by number, and those that the title mentions, by complement (see `candidates`)."""

    def __init__(self, lexicon: Lexicon, originals: tuple[str, str], title: Folded, summary: Folded) -> None:
        self._lexicon = lexicon
        self._originals = originals
        self._title = title
        self._summary = summary
        self.text = f"{title.text}\n{summary.text}" if summary.text else title.text
        self.cased = f"{title.cased}\n{summary.cased}" if summary.text else title.cased
        self.split = len(title.text)
        self.signs = set()
        self._hits: list[Hit] = []
        self._of: dict[int, tuple[Mention, ...]] = {}
        self._ends: list[int] | None = None

    def count(self, hits: list[Hit]) -> None:
        """Take further mentions, in the order they were met."""
        self._hits += hits
        if self._of:
            self._of.clear()
        split = self.split
        self.signs.update(*[sense.signs if end <= split else sense.ups for _, end, sense in hits])

    @property
    def seen(self) -> set[int]:
        """The concepts that are mentioned."""
        return {sign for sign in self.signs if sign >= 0}

    @property
    def mentions(self) -> dict[int, tuple[Mention, ...]]:
        """All mentions by concept."""
        return {concept: self.of(concept) for concept in sorted(self.seen)}

    def of(self, concept: int) -> tuple[Mention, ...]:
        """Return the mentions that count for a concept, in the order they were met."""
        if concept not in self.signs:
            return ()
        mentions = self._of.get(concept)
        if mentions is None:
            places = {
                _new(Mention, (start, end, name)): None
                for start, end, sense in self._hits
                if concept in sense.signs
                for name, ups in sense.counts
                if concept in ups
            }
            mentions = self._of[concept] = tuple(places)
        return mentions

    def named(self) -> set[str]:
        """Return the actors that the text names."""
        if self._lexicon.anybody not in self.signs:
            return set()
        return {sense.actor for _, _, sense in self._hits if sense.actor}

    def within(self, concept: int, low: int, high: int) -> Iterator[Mention]:
        """Yield the mentions of a concept inside a span."""
        return (each for each in self.of(concept) if each.start >= low and each.end <= high)

    def actor(self, mention: Mention) -> str:
        """Return whom a mention names, or nothing."""
        return self._lexicon.concepts[mention.concept].actor

    def who(self, mention: Mention) -> str:
        """Return the actor of a mention: its own, else the one that stands directly beside it ("US president"), else nothing."""
        if actor := self.actor(mention):
            return actor
        for other in self.everybody():
            if other.end <= mention.start and self.text[other.end : mention.start] in _GAPS_BEFORE:
                return self.actor(other)
            if other.start >= mention.end and self.text[mention.end : other.start] in _GAPS_AFTER:
                return self.actor(other)
        return ""

    def everybody(self) -> Iterator[Mention]:
        """Yield the mentions of all actors."""
        return iter(self.of(self._lexicon.anybody))

    def ends(self) -> list[int]:
        """Return where each sentence ends; the title ends one."""
        if self._ends is None:
            self._ends = [match.end() for match in _END.finditer(self.cased)]
            if not self._ends or self._ends[-1] < len(self.text):
                self._ends.append(len(self.text))
        return self._ends

    def sentence(self, place: int) -> tuple[int, int]:
        """Return the span of the sentence around a place."""
        ends = self._ends or self.ends()
        index = bisect_right(ends, place)
        if index == len(ends):
            index -= 1
        return (ends[index - 1] if index else 0), ends[index]

    def sentences(self) -> Iterator[tuple[int, int]]:
        """Yield the spans of all sentences."""
        start = 0
        for end in self.ends():
            yield start, end
            start = end

    def evidence(self, mention: Mention) -> Evidence:
        """Return a mention as evidence in the original text."""
        concept = self._lexicon.concepts[mention.concept].id if mention.concept >= 0 else "re"
        return self.quote(mention.start, mention.end, concept)

    def quote(self, start: int, end: int, concept: str) -> Evidence:
        """Return a span of the folded text as evidence; a span over both fields is cut to the title."""
        if start < self.split:
            first, last = self._title.original(start, min(end, self.split))
            return Evidence("title", first, last, self._originals[0][first:last], concept)
        shift = self.split + 1
        first, last = self._summary.original(max(start - shift, 0), end - shift)
        return Evidence("summary", first, last, self._originals[1][first:last], concept)
