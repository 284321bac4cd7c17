"""Join reports of one happening: find the open story that an entry belongs to.

The measure is the share of what is telling in the entry that the story has told before. What is telling is what few open stories share, so
rare words and concepts find the candidates through an inverted index. Between languages only the marks of the rules, numbers and dates can
agree. The answer depends on the entry and the stories near it in time alone, not on how entries come in batches.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log, sqrt

from alerts.feeds.entry import Entry
from alerts.rules.assessment import Assessment
from alerts.stories.signature import REPORTS, TITLE, gist, unpacked
from alerts.stories.story import Story

WINDOW = timedelta(days=6)
"""A story stays open so long after its last report, and until a few days after the last date that it is waiting for."""
AWAITED = timedelta(days=4)
JOIN = 0.25
"""The least share that joins."""
PRIOR = 30.0
"""Stories supposed to have been seen already, so that the first ones do not make every word rare."""
NEUTRAL = frozenset("vfcadn")
KIND = {"v": 2.0, "f": 0.5, "c": 1.0, "a": 0.6, "d": 1.0, "n": 1.0, "e": 1.0, "j": 0.5, "k": 1.0}
"""How much a token of each kind counts."""
COMMON = {"v": 3.0, "f": 8.0, "c": 2.0, "a": 8.0}
"""Supposed earlier stories that had a token of this kind."""


@dataclass(frozen=True, slots=True)
class _Open:
    """A story in the index."""

    id: str
    weights: dict[str, int]
    reports: int
    first: datetime
    last: datetime
    closes: datetime
    languages: frozenset[str]
    family: frozenset[str]
    actors: frozenset[str]


def closes(story: Story) -> datetime:
    """Return the moment until which a report may be published that still joins the story."""
    last = max(report.published for report in story.reports)
    due = [datetime.combine(named.last, datetime.min.time(), last.tzinfo) + AWAITED for named in story.dates]
    return max([last + WINDOW, *due])


class Joiner:
    """An index of open stories. `place` asks, `add` takes a story in or replaces its earlier state."""

    def __init__(self, stories: Iterable[Story] = ()) -> None:
        self._open: dict[str, _Open] = {}
        self._postings: dict[str, dict[str, float]] = defaultdict(dict)
        for story in stories:
            self.add(story)

    def add(self, story: Story) -> None:
        """Take in a new story, or the new state of one."""
        if story.id in self._open:
            for token in self._open[story.id].weights:
                self._postings[token].pop(story.id, None)
        weights = unpacked(story.gist)
        reports = max(1, weights.pop(REPORTS, 1))
        self._open[story.id] = _Open(
            story.id,
            weights,
            reports,
            min(report.published for report in story.reports),
            max(report.published for report in story.reports),
            closes(story),
            frozenset(report.language for report in story.reports),
            frozenset(one.family or one.type for one in story.developments),
            frozenset(story.actors),
        )
        for token, weight in weights.items():
            self._postings[token][story.id] = sqrt(min(1.0, weight / (TITLE * reports)))

    def place(self, entry: Entry, assessment: Assessment) -> str | None:
        """Return the id of the story that the entry belongs to, or None if it opens one."""
        weights = unpacked(gist(entry, assessment))
        weights.pop(REPORTS)
        live = {key for key, story in self._open.items() if story.first - WINDOW <= entry.published <= story.closes}
        shares: dict[str, float] = defaultdict(float)
        total = neutral = 0.0
        for token, weight in sorted(weights.items()):
            have = [(key, share) for key, share in self._postings.get(token, {}).items() if key in live]
            kind = token[0]
            seen = len(have) + COMMON.get(kind, 0.5)
            worth = KIND[kind] * weight / TITLE * log((len(live) + PRIOR) / seen) if seen < len(live) + PRIOR else 0.0
            total += worth
            neutral += worth if kind in NEUTRAL else 0.0
            for key, share in have:
                shares[key] += worth * share
        best = (JOIN, "")
        for key in sorted(shares):
            story = self._open[key]
            whole = total if entry.language in story.languages else neutral + (total - neutral) * 0.25
            best = max(best, (shares[key] / (whole + 2.0), key))
        return best[1] or None


def join(entry: Entry, assessment: Assessment, stories: Iterable[Story]) -> str | None:
    """Return the id of the story among `stories` that the entry belongs to, or None; for many entries keep a `Joiner`."""
    return Joiner(stories).place(entry, assessment)
