"""One pass over an entry: which concepts are mentioned where, after everything that hides a mention has been heard.

Hiding, in this order: what touches a term (京都 in 東京都), a reject phrase or mask that covers it (a reject also if it runs into its
start: 南米 and 米の), among actors a longer one that covers it (South Korea over Korea), a term's own conditions, and for leaders their
time in office and `former`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from alerts.rules.found import Found, Hit, Row
from alerts.rules.kanji import in_run, stands
from alerts.rules.lexicon import GLUED, MASK, PLAIN, REJECT, Lexicon, Meaning
from alerts.rules.terms import LETTERS, WORD, touches
from alerts.text import fold, is_katakana

READ = 4_000  # characters of each field that are read: a feed cannot make one entry cost more
_FORMER_BEFORE = re.compile(
    r"(?:\b(?:former|ex|one-time|late|then)\b[ -](?:[\w.'-]+ ){0,4}"
    r"|(?:元|前)(?:[^、。\s]{0,8}(?:大統領|首相|長官|大臣|相|総裁|主席|官房長官)の?)?)$"
)
_FORMER_AFTER = re.compile(r"(?:前|元)(?:副?大統領|首相|総理|国務長官|財務長官|長官|外相|総裁|主席|会長|氏|政権)")


class Scanner:
    """The automaton over all patterns of a lexicon."""

    __slots__ = ("_automaton", "_lexicon", "_rows")

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        stand_for: dict[int, tuple[Row | None, tuple[Row, ...]]] = {}  # by meanings, which the forms of a term have in common
        for meanings in lexicon.meanings:
            if id(meanings) not in stand_for:
                rows = tuple([self._row(meaning) for meaning in meanings])
                stand_for[id(meanings)] = rows[0] if len(rows) == 1 and rows[0].plain else None, rows
        self._rows = [
            (pattern.left, pattern.right, pattern.cased, *stand_for[id(meanings)])
            for pattern, meanings in zip(lexicon.patterns, lexicon.meanings, strict=True)
        ]
        texts = [pattern.text for pattern in lexicon.patterns]
        self._automaton = AhoCorasick(texts, matchkind=MatchKind.Standard, implementation=Implementation.ContiguousNFA)

    def __reduce__(self) -> tuple[type[Scanner], tuple[Lexicon]]:
        """Rest as the lexicon: the automaton cannot be pickled, and is built faster than it would be read."""
        return Scanner, (self._lexicon,)

    def _row(self, meaning: Meaning) -> Row:
        concept = self._lexicon.concepts[meaning.concept]
        ups = concept.ups
        for role in meaning.roles:
            ups += self._lexicon.concepts[role].ups
        plain = meaning.tag == PLAIN and not (concept.actor or meaning.leader or meaning.near or meaning.after)
        return Row(meaning.tag, meaning.concept, ups, concept.actor, plain, meaning)

    def _at_home(self, row: Row) -> Row:
        """Return the row for readers whose country it names, to whom it is not foreign."""
        return row._replace(ups=tuple([up for up in row.ups if up != self._lexicon.foreign]))

    def scan(self, title: str, summary: str, published: date, host: str, speakers: Collection[str] = ()) -> Found:
        """Find every mention in an entry published on a day, for readers of a host country. `speakers` are the actors that the entry's
        source or language speaks of where it names nobody."""
        found = Found(self._lexicon, (title, summary), fold(title[:READ]), fold(summary[:READ]))
        text, rows = found.text, self._rows
        around = f" {text} "  # so that every place has a neighbour
        kept: list[Hit] = []
        hiding: list[tuple[int, int, int]] = []
        plain = True
        for number, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            left, right, cased, only, meanings = rows[number]
            if left and ((around[start] in LETTERS) if left == WORD else touches(left, around[start])):
                continue
            if right and ((around[end + 1] in LETTERS) if right == WORD else touches(right, around[end + 1])):
                continue
            if cased is not None and found.cased[start:end] != cased:
                continue
            if only is not None:
                kept.append((start, end, only))
                continue
            for row in meanings:
                if row.tag == PLAIN:
                    kept.append((start, end, row))
                    plain = plain and row.plain
                    continue
                plain = False
                if row.tag == REJECT:
                    hiding.append((start, end, row.concept))
                elif row.tag == MASK:
                    hiding.append((start, end, -1))
                else:
                    kept += self._names(text, start, end, row)
        if plain:
            found.count(kept)
        else:
            self._register(found, kept, hiding, published, host)
        for actor in speakers:
            self._imply(found, actor, host)
        return found

    def _names(self, text: str, start: int, end: int, row: Row) -> list[Hit]:
        """Return the one-kanji names in a glued text or a pair, if they stand for countries there."""
        kanji, place = self._lexicon.kanji, start + row.meaning.place
        if row.tag == GLUED:
            return [(place, place + 1, row)] if stands(text, start, row.meaning.place, kanji) else []
        if not in_run(text, start, end, kanji):
            return []
        return [(start, start + 1, row), (start + 1, end, self._row(Meaning(row.meaning.other)))]

    def _imply(self, found: Found, actor: str, host: str) -> None:
        """In a country's own press "the government" is its own, unless another actor or a foreigner's name stands beside it."""
        for concept in self._lexicon.implied.get(actor, ()):
            if concept in found.seen:
                row = self._row(Meaning(self._lexicon.actors[actor]))
                row = self._at_home(row) if actor == host else row
                for mention in list(found.mentions[concept]):
                    if not found.who(mention) and not _is_named_abroad(found.text, mention.start):
                        found.count([(mention.start, mention.end, row)])

    def _register(self, found: Found, kept: list[Hit], hiding: list[tuple[int, int, int]], published: date, host: str) -> None:
        """Write down the mentions that nothing hides, for every concept that they count for."""
        text = found.text
        actors = [(start, end, row.actor) for start, end, row in kept if row.actor]
        rivals = len(actors) > 1 and len({actor for _, _, actor in actors}) > 1
        counted: list[Hit] = []
        waiting: list[Hit] = []
        for start, end, given in _unhidden(kept, hiding) if hiding else kept:
            row = self._at_home(given) if given.actor == host else given
            meaning = row.meaning
            if not row.plain:
                if rivals and row.actor and not row.tag and self._is_covered(text, start, end, row.actor, actors):
                    continue
                if meaning.leader and not _in_office(text, start, end, meaning, published):
                    continue
                if meaning.after and not text.startswith(meaning.after, end):
                    continue
                if meaning.near:
                    waiting.append((start, end, row))
                    continue
            counted.append((start, end, row))
        found.count(counted)
        for start, end, row in waiting:
            low, high = found.sentence(start)
            if any(each[:2] != (start, end) for near in row.meaning.near for each in found.within(near, low, high)):
                found.count([(start, end, row)])

    def _is_covered(self, text: str, start: int, end: int, actor: str, actors: list[tuple[int, int, str]]) -> bool:
        """True if a longer mention of another actor covers this one; runs of one-kanji names (日米 in 日米韓) hide nothing."""
        kanji = self._lexicon.kanji
        if text[start] in kanji and all(char in kanji for char in text[start:end]):
            return False
        return any(first <= start and end <= last and last - first > end - start and other != actor for first, last, other in actors)


def _unhidden(kept: list[Hit], hiding: list[tuple[int, int, int]]) -> Iterator[Hit]:
    """Yield what nothing hides, without the concepts of which a reject phrase covers it."""
    for start, end, row in kept:
        hidden = {by for first, last, by in hiding if first <= start < last and (end <= last or (by == row.concept and first < start))}
        if not hidden:
            yield start, end, row
        elif -1 not in hidden and row.concept not in hidden:
            yield start, end, row._replace(ups=tuple(up for up in row.ups if up not in hidden))


def _is_named_abroad(text: str, start: int) -> bool:
    """True after a name in katakana (アラグチ外相) and for both sides' ministers (両外相)."""
    return start > 0 and (is_katakana(text[start - 1]) or text[start - 1] == "両")


def _in_office(text: str, start: int, end: int, meaning: Meaning, published: date) -> bool:
    if (meaning.since and published < meaning.since) or (meaning.until and published > meaning.until):
        return False
    return not _FORMER_BEFORE.search(text[max(0, start - 40) : start]) and not _FORMER_AFTER.match(text, end)
