"""What an entry is joined by: the marks of the rules, which are the same in every language, and the words of its title and summary.

A signature is one line of text, so that a stored story can be put back into an index: the language, then tokens, `+` before those of the
title and the rules, `-` before those of the summary alone and before asides: cues (a verb, a hedge, a reaction) and places,
which stand in reports of many happenings. Tokens are those of `tokens.py` and, from the assessment, `v:` development
type, `c:` concept, `a:` actor and `d:` named day. `s:` are strands: they make nothing alike, they keep apart. `o:` are types that come
one a day. A story's gist holds the signatures of its latest reports.
"""

from __future__ import annotations

from collections.abc import Mapping

from alerts.feeds.entry import Entry
from alerts.rules.assessment import Assessment
from alerts.stories.tokens import words

KEPT = 24
"""Reports of which a story keeps the signature: a happening moves on, and what it is compared with moves along."""
LESS = 0.4
"""What a word of the summary counts beside one of the title."""
ASIDE = 0.35
"""What an aside counts beside a subject: less than a word, as the more concepts an admin makes of a condition's words, the more asides
two reports of one happening differ in."""
ASIDES = 38
"""So many asides count in full. Of more, each counts less, so that together they weigh no more than these: what joins stories does not
change with every concept that a rule is made of."""


def signature(entry: Entry, assessment: Assessment) -> str:
    """Return the signature of one entry."""
    title = set(words(entry.title, entry.language))
    title.update(f"v:{one.type}" for one in assessment.developments)
    title.update(f"c:{concept}" for concept in assessment.concepts)
    title.update(f"a:{actor}" for actor in assessment.actors)
    title.update(f"s:{one.type}:{strand}" for one in assessment.developments for strand in one.strands)
    title.update(f"o:{one.type}" for one in assessment.developments if one.one_a_day)
    title.update(f"d:{named.first.isoformat()}" for named in assessment.dates if named.first == named.last)
    less = {*words(entry.summary, entry.language), *(f"c:{concept}" for concept in assessment.asides)} - title
    return " ".join([entry.language or "-", *(f"+{token}" for token in sorted(title)), *(f"-{token}" for token in sorted(less))])


def read_signature(line: str) -> tuple[str, Mapping[str, float]]:
    """Return the language and the weight of each token of a signature."""
    language, *tokens = line.split(" ")
    many = sum(token.startswith("-c:") for token in tokens)
    aside = ASIDE * min(1.0, ASIDES / many) if many else ASIDE
    return language, {token[1:]: 1.0 if token[0] == "+" else aside if token.startswith("-c:") else LESS for token in tokens}
