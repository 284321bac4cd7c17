"""One pass over an entry: which concepts are mentioned where, after everything that hides a mention has been heard.

Hiding, in this order: what touches a term (京都 in 東京都), a reject phrase or mask that covers it (a reject also if it runs into its
start: 南米 and 米の), among actors a longer one that covers it (South Korea over Korea), a term's own conditions, and for leaders their
time in office and `former`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator
from datetime import date
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from alerts.rules.assessment import Evidence
from alerts.rules.kanji import in_run, stands
from alerts.rules.lexicon import GLUED, MASK, PLAIN, REJECT, Lexicon, Meaning
from alerts.rules.terms import WORD, touches
from alerts.text import Folded, fold, is_katakana

_END = re.compile(r"[。！？!?\n]|(?<![A-Z])(?<!\bMr)(?<!\bMs)(?<!\bDr)(?<!\bSt)(?<!\bNo)(?<!\bvs)\.(?=[\"')]*\s+[\"'(]*[A-Z0-9])")
READ = 4_000  # characters of each field that are read: a feed cannot make one entry cost more
_GAPS_BEFORE = ("", " ", "'s ", "の", "の新", "新", "現")
_GAPS_AFTER = ("", " ", " of ", "・", "の")
_FORMER_BEFORE = re.compile(
    r"(?:\b(?:former|ex|one-time|late|then)\b[ -](?:[\w.'-]+ ){0,4}"
    r"|(?:元|前)(?:[^、。\s]{0,8}(?:大統領|首相|長官|大臣|相|総裁|主席|官房長官)の?)?)$"
)
_FORMER_AFTER = re.compile(r"(?:前|元)(?:副?大統領|首相|総理|国務長官|財務長官|長官|外相|総裁|主席|会長|氏|政権)")


class Mention(NamedTuple):
    """A concept at a place of the folded text; `concept` is the number of the concept whose term stands there."""

    start: int
    end: int
    concept: int


class Found:
    """All mentions in one entry, by concept, in the order they were met. Folded title, line break and folded summary are one text."""

    __slots__ = ("_ends", "_lexicon", "_originals", "_summary", "_title", "cased", "mentions", "split", "text")

    def __init__(self, lexicon: Lexicon, originals: tuple[str, str], title: Folded, summary: Folded) -> None:
        self._lexicon = lexicon
        self._originals = originals
        self._title = title
        self._summary = summary
        self.text = f"{title.text}\n{summary.text}" if summary.text else title.text
        self.cased = f"{title.cased}\n{summary.cased}" if summary.text else title.cased
        self.split = len(title.text)
        self.mentions: dict[int, dict[Mention, None]] = {}
        self._ends: list[int] | None = None

    def within(self, concept: int, low: int, high: int) -> Iterator[Mention]:
        """Yield the mentions of a concept inside a span."""
        return (each for each in self.mentions.get(concept, ()) if each.start >= low and each.end <= high)

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
        return iter(self.mentions.get(self._lexicon.number("any-actor"), ()))

    def ends(self) -> list[int]:
        """Return where each sentence ends; the title ends one."""
        if self._ends is None:
            self._ends = [match.end() for match in _END.finditer(self.cased)]
            if not self._ends or self._ends[-1] < len(self.text):
                self._ends.append(len(self.text))
        return self._ends

    def sentence(self, place: int) -> tuple[int, int]:
        """Return the span of the sentence around a place."""
        ends = self.ends()
        index = min(bisect_right(ends, place), len(ends) - 1)
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


class Row(NamedTuple):
    """A meaning with what the loop needs of its concept. `plain`: a mention counts as it stands, whatever surrounds it."""

    tag: int
    concept: int
    ups: tuple[int, ...]
    actor: str
    plain: bool
    meaning: Meaning


class Scanner:
    """The automaton over all patterns of a lexicon."""

    __slots__ = ("_automaton", "_lexicon", "_rows")

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._rows = [
            (pattern.left, pattern.right, pattern.cased, tuple(self._row(meaning) for meaning in meanings))
            for pattern, meanings in zip(lexicon.patterns, lexicon.meanings, strict=True)
        ]
        texts = [pattern.text for pattern in lexicon.patterns]
        self._automaton = AhoCorasick(texts, matchkind=MatchKind.Standard, implementation=Implementation.ContiguousNFA)

    def _row(self, meaning: Meaning) -> Row:
        concept = self._lexicon.concepts[meaning.concept]
        plain = meaning.tag == PLAIN and not (concept.actor or meaning.leader or meaning.near or meaning.after)
        return Row(meaning.tag, meaning.concept, concept.ups, concept.actor, plain, meaning)

    def scan(self, title: str, summary: str, published: date, host: str, speakers: Collection[str] = ()) -> Found:
        """Find every mention in an entry published on a day, for readers of a host country. `speakers` are the actors that the entry's
        source or language speaks of where it names nobody."""
        found = Found(self._lexicon, (title, summary), fold(title[:READ]), fold(summary[:READ]))
        text, kanji, rows = found.text, self._lexicon.kanji, self._rows
        size = len(text)
        kept: list[tuple[int, int, Row]] = []
        hiding: list[tuple[int, int, int]] = []
        for number, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            left, right, cased, meanings = rows[number]
            if left and start:
                char = text[start - 1]
                if (char < "\u2e80" and char.isalnum()) if left == WORD else touches(left, char):
                    continue
            if right and end < size:
                char = text[end]
                if (char < "\u2e80" and char.isalnum()) if right == WORD else touches(right, char):
                    continue
            if cased is not None and found.cased[start:end] != cased:
                continue
            for row in meanings:
                tag = row.tag
                if tag == PLAIN:
                    kept.append((start, end, row))
                elif tag == REJECT:
                    hiding.append((start, end, row.concept))
                elif tag == MASK:
                    hiding.append((start, end, -1))
                elif tag == GLUED:
                    place = start + row.meaning.place
                    if stands(text, start, row.meaning.place, kanji):
                        kept.append((place, place + 1, row))
                elif in_run(text, start, end, kanji):
                    kept.append((start, start + 1, row))
                    kept.append((start + 1, end, self._row(Meaning(row.meaning.other))))
        self._register(found, kept, hiding, published, host)
        for actor in speakers:
            self._imply(found, actor, host)
        return found

    def _imply(self, found: Found, actor: str, host: str) -> None:
        """In a country's own press "the government" is its own, unless another actor or a foreigner's name stands beside it."""
        for concept in self._lexicon.implied.get(actor, ()):
            for mention in list(found.mentions.get(concept, ())):
                if not found.who(mention) and not _is_named_abroad(found.text, mention.start):
                    number = self._lexicon.actors[actor]
                    self._count(found.mentions, Mention(mention.start, mention.end, number), self._row(Meaning(number)), (), host)

    def _register(
        self, found: Found, kept: list[tuple[int, int, Row]], hiding: list[tuple[int, int, int]], published: date, host: str
    ) -> None:
        """Write down the mentions that nothing hides, for every concept that they count for."""
        mentions = found.mentions
        actors = [(start, end, row.actor) for start, end, row in kept if row.actor]
        rivals = len({actor for _, _, actor in actors}) > 1
        waiting: list[tuple[Mention, Row, Collection[int]]] = []
        for start, end, row in kept:
            hidden: Collection[int] = ()
            if hiding:
                hidden = {
                    by for first, last, by in hiding if first <= start < last and (end <= last or (by == row.concept and first < start))
                }
                if -1 in hidden or row.concept in hidden:
                    continue
            if row.plain and not hidden:
                mention = Mention(start, end, row.concept)
                for up in row.ups:
                    if up in mentions:
                        mentions[up][mention] = None
                    else:
                        mentions[up] = {mention: None}
                continue
            meaning = row.meaning
            if rivals and row.actor and not row.tag and self._is_covered(found.text, start, end, row.actor, actors):
                continue
            if meaning.leader and not _in_office(found.text, start, end, meaning, published):
                continue
            if meaning.after and not found.text.startswith(meaning.after, end):
                continue
            mention = Mention(start, end, row.concept)
            if meaning.near:
                waiting.append((mention, row, hidden))
            else:
                self._count(mentions, mention, row, hidden, host)
        for mention, row, hidden in waiting:
            low, high = found.sentence(mention.start)
            if any(each[:2] != mention[:2] for near in row.meaning.near for each in found.within(near, low, high)):
                self._count(mentions, mention, row, hidden, host)

    def _count(self, mentions: dict[int, dict[Mention, None]], mention: Mention, row: Row, hidden: Collection[int], host: str) -> None:
        foreign = self._lexicon.foreign
        for up in row.ups:
            if up not in hidden and (up != foreign or row.actor != host):
                mentions.setdefault(up, {})[mention] = None
        for role in row.meaning.roles:
            for up in self._lexicon.concepts[role].ups:
                if up not in hidden:
                    mentions.setdefault(up, {})[mention] = None

    def _is_covered(self, text: str, start: int, end: int, actor: str, actors: list[tuple[int, int, str]]) -> bool:
        """True if a longer mention of another actor covers this one; runs of one-kanji names (日米 in 日米韓) hide nothing."""
        if all(char in self._lexicon.kanji for char in text[start:end]):
            return False
        return any(first <= start and end <= last and last - first > end - start and other != actor for first, last, other in actors)


def _is_named_abroad(text: str, start: int) -> bool:
    """True after a name in katakana (アラグチ外相) and for both sides' ministers (両外相)."""
    return start > 0 and (is_katakana(text[start - 1]) or text[start - 1] == "両")


def _in_office(text: str, start: int, end: int, meaning: Meaning, published: date) -> bool:
    if (meaning.since and published < meaning.since) or (meaning.until and published > meaning.until):
        return False
    return not _FORMER_BEFORE.search(text[max(0, start - 40) : start]) and not _FORMER_AFTER.match(text, end)
