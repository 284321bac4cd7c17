"""What an entry is joined by: language-neutral marks from the rules, words of its title and summary, numbers and dates.

A gist is a sorted tuple of `token=weight`. Tokens are those of `tokens.py` and, from the assessment, `v:` development type, `f:` family,
`c:` concept, `a:` actor, `d:` named day. A story's gist is the sum over its reports, so that the index can be rebuilt from what is stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from alerts.feeds.entry import Entry
from alerts.rules.assessment import Assessment
from alerts.stories.tokens import words

TITLE, SUMMARY = 5, 2
"""Weight of a word in the title and of one in the summary only."""
REPORTS = "#"
"""The token that counts reports."""


def gist(entry: Entry, assessment: Assessment) -> tuple[str, ...]:
    """Return the gist of one entry."""
    weights: Counter[str] = Counter()
    for token in words(entry.summary, entry.language):
        weights[token] = SUMMARY
    for token in words(entry.title, entry.language):
        weights[token] = TITLE
    weights.update({f"c:{concept}": TITLE for concept in assessment.concepts})
    weights.update({f"a:{actor}": TITLE for actor in assessment.actors})
    for development in assessment.developments:
        weights[f"v:{development.type}"] = TITLE
        if development.family:
            weights[f"f:{development.family}"] = TITLE
    for named in assessment.dates:
        if named.first == named.last:
            weights[f"d:{named.first.isoformat()}"] = TITLE
    weights[REPORTS] = 1
    return _packed(weights)


def merge_gist(known: Iterable[str], told: Iterable[str]) -> tuple[str, ...]:
    """Add two gists."""
    return _packed(Counter(unpacked(known)) + Counter(unpacked(told)))


def unpacked(packed: Iterable[str]) -> dict[str, int]:
    """Return token → weight."""
    weights = {}
    for item in packed:
        token, _, weight = item.rpartition("=")
        weights[token] = int(weight)
    return weights


def _packed(weights: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(f"{token}={weights[token]}" for token in sorted(weights))
