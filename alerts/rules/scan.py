"""One pass over an entry: which concepts are mentioned where, after everything that hides a mention has been heard.

Hiding, in this order: what touches a term (京都 in 東京都), a reject phrase or mask that covers it (a reject also if it runs into its
start: 南米 and 米の), among actors a longer one that covers it (South Korea over Korea), for institutions another actor's name right
before them (印外務省), a term's own conditions, and for leaders their time in office and `former`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from alerts.rules.found import Found, Hit
from alerts.rules.kanji import in_run, stands
from alerts.rules.lexicon import Lexicon
from alerts.rules.patterns import GLUED, MASK, Meaning
from alerts.rules.senses import GUARDED, HIDING, KANJI, SPEAKS, Form, Sense, Senses, alone
from alerts.rules.terms import LETTERS, WORD, touches
from alerts.text import fold, is_japanese, is_kanji, is_katakana

READ = 4_000  # characters of each field that are read: a feed cannot make one entry cost more
_EVERYTHING = -1  # what a mask hides
_FORMER_BEFORE = re.compile(
    r"(?:\b(?:former|ex|one-time|late|then)\b[ -](?:[\w.'-]+ ){0,4}"
    r"|(?:元|前)(?:[^、。\s]{0,8}(?:大統領|首相|長官|大臣|相|総裁|主席|官房長官)の?)?)$"
)
_FORMER_AFTER = re.compile(r"(?:前|元)(?:副?大統領|首相|総理|国務長官|財務長官|長官|外相|総裁|主席|会長|氏|政権)")
_ABOUT = re.compile(r"\([^()]{2,60}\)(?=\s*(?:[|｜].*)?$)")


Hidden = tuple[int, int, int]
"""A span, and the concept that is not mentioned there."""


class Scanner:
    """The automaton over all patterns of a lexicon, for rules that ask for some signs (`candidates`)."""

    __slots__ = ("_asked", "_automaton", "_countries", "_forms", "_lexicon")

    def __init__(self, lexicon: Lexicon, asked: frozenset[int]) -> None:
        self._lexicon = lexicon
        self._asked = asked
        senses = Senses(lexicon, asked)
        self._countries = {number: senses.one(Meaning(number)) for number in lexicon.actors.values()}
        kinds: list[Form] = []
        for left, right, cased, meanings in lexicon.patterns.kinds:
            several = senses.of(meanings)
            kinds.append((left, right, cased, alone(several), several))
        self._forms = [kinds[number] for number in lexicon.patterns.of_kinds()]
        self._automaton = AhoCorasick(
            lexicon.patterns.lines(), matchkind=MatchKind.Standard, implementation=Implementation.ContiguousNFA, store_patterns=False
        )

    def __reduce__(self) -> tuple[type[Scanner], tuple[Lexicon, frozenset[int]]]:
        """Rest as the lexicon: the automaton cannot be pickled, and is built faster than it would be read."""
        return Scanner, (self._lexicon, self._asked)

    def scan(self, title: str, summary: str, published: date, host: str, speakers: Collection[str] = ()) -> Found:
        """Find every mention in an entry published on a day, for readers of a host country. `speakers` are the actors that the entry's
        source or language speaks of where it names nobody."""
        found = Found(self._lexicon, (title, summary), fold(title[:READ]), fold(summary[:READ]))
        hits, special, hiding = self._match(found)
        if special or hiding:
            self._register(found, hits, special, hiding, published, host)
        else:
            found.count(hits)
        for actor in speakers:
            self._imply(found, actor, host)
        return found

    def _match(self, found: Found) -> tuple[list[Hit], list[int], list[Hidden]]:
        """Return what stands in the text by itself, the indices of what has to be looked at again, and the spans that hide others."""
        text, spelt, forms = found.text, found.cased, self._forms
        around = f" {text} "  # so that every place has a neighbour
        hits: list[Hit] = []
        special: list[int] = []
        hiding: list[Hidden] = []
        for number, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            left, right, cased, sense, senses = forms[number]
            if left and ((around[start] in LETTERS) if left == WORD else touches(left, around[start])):
                continue
            if right and ((around[end + 1] in LETTERS) if right == WORD else touches(right, around[end + 1])):
                continue
            if cased is not None and spelt[start:end] != cased:
                continue
            if sense is not None:
                hits.append((start, end, sense))
                continue
            for sense in senses:
                if not sense.traits:
                    hits.append((start, end, sense))
                elif sense.traits & HIDING:
                    hiding.append((start, end, _EVERYTHING if sense.meaning.tag == MASK else sense.meaning.concept))
                else:
                    found_here = self._names(text, start, end, sense) if sense.traits & KANJI else [(start, end, sense)]
                    special += range(len(hits), len(hits) + len(found_here))
                    hits += found_here
        return hits, special, hiding

    def _names(self, text: str, start: int, end: int, sense: Sense) -> list[Hit]:
        """Return the one-kanji names in a glued text or a pair, if they stand for countries there."""
        kanji, meaning = self._lexicon.kanji, sense.meaning
        if meaning.tag == GLUED:
            place = start + meaning.place
            return [(place, place + 1, sense)] if stands(text, start, meaning.place, kanji) else []
        if not in_run(text, start, end, kanji):
            return []
        return [(start, start + 1, sense), (start + 1, end, self._countries[meaning.other])]

    def _register(self, found: Found, hits: list[Hit], special: list[int], hiding: list[Hidden], published: date, host: str) -> None:
        """Write down the mentions that nothing hides and whose own conditions hold."""
        rivals = _rivals(hits, special)
        kept: list[Hit | None] = [*hits]
        if hiding:
            first, last = min(hiding)[0], max(end for _, end, _ in hiding)
            kept = [_unhidden(hit, hiding) if first <= hit[0] < last else hit for hit in hits]
        waiting: list[Hit] = []
        for index in special:
            if (hit := kept[index]) is None:
                continue
            start, end, sense = hit
            if sense.domestic and sense.actor == host:
                hit = kept[index] = start, end, sense.domestic
            if (rivals and self._is_covered(found.text, hit, rivals)) or (
                sense.traits & SPEAKS and _is_anothers(found.text, hit, hits, special, self._lexicon.kanji)
            ):
                kept[index] = None
            elif sense.traits & GUARDED:
                if not _holds(found.text, hit, published):
                    kept[index] = None
                elif sense.meaning.near:
                    kept[index] = None
                    waiting.append(hit)
        found.count([hit for hit in kept if hit])
        for start, end, sense in waiting:
            beside = sense.near & found.signs
            if not beside:
                continue
            low, high = found.sentence(start)
            if any(each[:2] != (start, end) for near in beside for each in found.within(near, low, high)):
                found.count([(start, end, sense)])

    def _is_covered(self, text: str, hit: Hit, rivals: list[Hit]) -> bool:
        """True if a longer mention of another actor covers this one; runs of one-kanji names (日米 in 日米韓) hide nothing."""
        start, end, sense = hit
        if not sense.actor or sense.traits & KANJI:
            return False
        kanji = self._lexicon.kanji
        for first, last, other in rivals:
            if first <= start and end <= last and last - first > end - start and other.actor != sense.actor:
                return not all(char in kanji for char in text[start:end])
        return False

    def _imply(self, found: Found, actor: str, host: str) -> None:
        """In a country's own press "the government" is its own, unless another actor or a foreigner's name stands beside it, or the title
        ends with the countries that it is about."""
        said = self._lexicon.implied.get(actor, frozenset()) & found.signs
        if said and not _is_about_others(found, actor):
            sense = self._countries[self._lexicon.actors[actor]]
            sense = sense.domestic if actor == host and sense.domestic else sense
            for concept in sorted(said):
                for mention in found.of(concept):
                    if not found.who(mention) and not _is_named_abroad(found.text, mention.start):
                        found.count([(mention.start, mention.end, sense)])


def _rivals(hits: list[Hit], special: list[int]) -> list[Hit]:
    """Return the mentions of actors if a longer one might cover another: if two of them overlap and they are not all of one actor."""
    reach = 0
    for index in special:
        start, end, sense = hits[index]
        if sense.actor:
            if start < reach:
                actors = [hits[each] for each in special if hits[each][2].actor]
                return actors if len({each.actor for _, _, each in actors}) > 1 else []
            reach = max(reach, end)
    return []


def _is_anothers(text: str, hit: Hit, hits: list[Hit], special: list[int], kanji: Mapping[str, str]) -> bool:
    """True if a Japanese text gives an institution to another actor than its own: 外務省 in 印外務省 and 中国の外務省.

    Only a name that every state could have is given away: all kanji, and no sign of its own state in front, as 日銀 and ホワイトハウス
    are not. Where an actor's own name stands (日本大使館 in 在インド日本大使館) it says whose it is.
    """
    start, end, sense = hit
    if not start or not is_japanese(text[start - 1]):
        return False
    if kanji.get(text[start]) == sense.actor or not all(map(is_kanji, text[start:end])):
        return False
    names = [hits[index] for index in special if hits[index][2].actor and not hits[index][2].traits & SPEAKS]
    if any(first == start for first, _, _ in names):
        return False
    return any(other.actor != sense.actor and last + text.startswith("の", last) == start for _, last, other in names)


def _unhidden(hit: Hit, hiding: list[Hidden]) -> Hit | None:
    """Return a mention without the concepts that a reject phrase takes away, None if nothing is left: those whose phrase covers it, and the
    concept mentioned if its own phrase runs into the start."""
    start, end, sense = hit
    signs = sense.signs
    over = [(first, last, by) for first, last, by in hiding if first <= start < last and (by in signs or by == _EVERYTHING)]
    if not over:
        return hit
    covering = {by for _, last, by in over if end <= last}
    if _EVERYTHING in covering:
        return None
    running_in = {by for first, _, by in over if first < start}
    rest = sense.without(covering | running_in, covering)
    return (start, end, rest) if rest.counts else None


def _is_about_others(found: Found, actor: str) -> bool:
    """True if a title ends with names of countries in brackets, as trade offices write them, and this one is not among them."""
    title = found.text[: found.split]
    about = _ABOUT.search(title) if ")" in title else None
    if about is None:
        return False
    named = {found.actor(each) for each in found.everybody() if about.start() < each.start and each.end < about.end()}
    return bool(named) and actor not in named


def _is_named_abroad(text: str, start: int) -> bool:
    """True after a name in katakana (アラグチ外相, バーナム新首相) and for both sides' ministers (両外相)."""
    before = text[max(0, start - 3) : start].rstrip("新前元副")
    return bool(before) and (is_katakana(before[-1]) or before[-1] == "両")


def _holds(text: str, hit: Hit, published: date) -> bool:
    """True unless a condition of the term's own fails: what follows it, or a leader's time in office."""
    start, end, sense = hit
    meaning = sense.meaning
    if meaning.after and not text.startswith(meaning.after, end):
        return False
    return not meaning.leader or _in_office(text, start, end, meaning, published)


def _in_office(text: str, start: int, end: int, meaning: Meaning, published: date) -> bool:
    if (meaning.since and published < meaning.since) or (meaning.until and published > meaning.until):
        return False
    return not _FORMER_BEFORE.search(text[max(0, start - 40) : start]) and not _FORMER_AFTER.match(text, end)
