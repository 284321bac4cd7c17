"""What came nearest to a concept that was not found: a term that stands there but does not count, or a word that is much like one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator

from alerts.rules.compile import Rule, RuleSet
from alerts.rules.operators.condition import Look
from alerts.rules.patterns import GLUED, MASK, PAIR, REJECT
from alerts.text import is_japanese

_WORDS = re.compile(r"[^\W\d_]+")
_SHORTEST = 5
_LIKE = 0.85
MOST = 3


def nearest(rules: RuleSet, look: Look, rule: Rule) -> tuple[str, ...]:
    """Say, a sentence each, what stands nearest to the concepts that a rule needs and the text does not mention."""
    found: list[str] = []
    for need in rule.needs:
        if need.isdisjoint(look.found.seen):
            found += _near(rules, look, need)
    return tuple(dict.fromkeys(found))[:MOST]


def _near(rules: RuleSet, look: Look, need: frozenset[int]) -> Iterator[str]:
    text = look.found.text
    terms = dict(_terms(rules, need, look.found.seen))
    there = [(pattern, name) for pattern, name in terms.items() if pattern in text]
    for pattern, name in sorted(there, key=lambda each: -len(each[0])):
        quoted = look.found.quote(text.index(pattern), text.index(pattern) + len(pattern), name)
        yield (
            f"“{quoted.text}” stands in the {quoted.field} at {quoted.start}, but does not count as {name}: "
            "it is part of another word or of a reject phrase, or its near:, after: or dates do not hold"
        )
    if there:
        return
    english: dict[int, list[str]] = {}
    for pattern in terms:
        if not is_japanese(pattern):
            english.setdefault(len(pattern.split()), []).append(pattern)
    for size, patterns in sorted(english.items()):
        for words in _runs(text, size):
            like = difflib.get_close_matches(words, patterns, n=1, cutoff=_LIKE)
            if like and like[0] != words:
                yield f"“{words}” is much like “{like[0]}” of {terms[like[0]]}"


def _runs(text: str, size: int) -> Iterator[str]:
    """Yield, once each, what so many words in a row make; a short word alone is like too many others."""
    words = _WORDS.findall(text)
    runs = (" ".join(words[start : start + size]) for start in range(len(words) - size + 1))
    return (run for run in dict.fromkeys(runs) if len(run) >= _SHORTEST)


def _terms(rules: RuleSet, need: frozenset[int], seen: Collection[int]) -> Iterator[tuple[str, str]]:
    """Yield the folded texts that would count for one of these concepts, each with the concept's name.

    What was seen does count, for less: the readers' own country is no foreign state.
    """
    lexicon = rules.lexicon
    for pattern, meanings in lexicon.patterns:
        for meaning in meanings:
            if meaning.tag in {REJECT, MASK, GLUED, PAIR} or meaning.concept in seen:
                continue
            if not need.isdisjoint(lexicon.concepts[meaning.concept].ups):
                yield pattern.text, lexicon.concepts[meaning.concept].id.lstrip("~")
