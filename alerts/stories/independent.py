"""How many voices a story really has: outlets that repeat one another count once (HANDBOOK §1.6, DESIGN §7)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import combinations

from alerts.stories.story import Report, Story

_NOISE = re.compile(r"\([^)]*\)|^the\s+|\.(?:com|org|net|co\.jp|jp|co\.uk)\b|\b(?:japan|news|online|english|world|web)\b")
_SIGNS = re.compile(r"[\W_]+")


def publisher_key(outlet: str) -> str:
    """Fold the name of an outlet so that its editions and sections are one publisher: `Reuters Japan` is `reuters`."""
    name = unicodedata.normalize("NFKC", outlet).casefold().strip()
    return _SIGNS.sub("", _NOISE.sub(" ", name)) or _SIGNS.sub("", name)


def is_confirmed(story: Story, development: str) -> bool:
    """True if the reports that tell a development of a story, or one akin to it, make it sure: others say nothing of it."""
    kin = story.kin(development)
    return confirmed([report for report in story.reports if report.tells(kin)])


def confirmed(reports: Sequence[Report]) -> bool:
    """True if an official source tells the story, or two independent publishers do.

    Two reports are not independent if their publisher or their headline is the same (one agency text printed twice). An aggregator
    counts as the outlet that it repeats (such a report has that outlet's name and kind `press`); one that names none confirms nothing.
    """
    if any(report.kind == "official" for report in reports):
        return True
    press = [(publisher_key(report.outlet), _SIGNS.sub("", report.title.casefold())) for report in reports if report.kind == "press"]
    return any(one[0] != other[0] and one[1] != other[1] for one, other in combinations(press, 2))
