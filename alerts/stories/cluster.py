"""Join reports of one happening: find the open story that an entry belongs to.

Rare words and marks find the candidates through an inverted index. A candidate is judged by how like the entry is to its reports: by words
in the same language, by the marks of the rules in any; by numbers and development types that agree, and by the time between them. The
answer depends on the entry and the stories that are open on its day, not on the order or size of batches.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from math import log, sqrt
from typing import NamedTuple

from alerts.feeds.entry import Entry
from alerts.rules.assessment import Assessment
from alerts.stories.retraction import takes_back
from alerts.stories.signature import read_signature, signature
from alerts.stories.story import Story
from alerts.stories.tokens import COMMON

WINDOW = timedelta(days=6)
"""A story stays open so long after its last report, and until some days after the last date that it waits for."""
AWAITED = timedelta(days=4)
LONGEST = timedelta(days=90)
"""But no longer without a report: an act that starts next year does not keep its story open until then."""
CANDIDATES = 8
DAYS = 8
"""Days whose counts are kept: entries come in roughly the order of their dates."""
PRIOR = 30.0
"""Stories supposed to have been seen before the first, so that not every word is rare at the start."""
SEEN = {"v": 3.0, "c": 3.0, "a": 8.0, "d": 1.0, "n": 1.0}
SEEN_COMMON, SEEN_RARE = 8.0, 0.5
"""Of these, how many had a token of the kind; how many a common word, and any other."""
WORDS, MARKS = frozenset("ejkn"), frozenset("vcadn")

# How much each likeness counts. Fitted by logistic regression on labelled reports of three periods, each checked on the others, then
# rounded; zero is the line between joining and opening.
BASE = -8.5
ALIKE_BEST, ALIKE_ON_AVERAGE = 4.0, 10.0
MARKS_BEST, MARKS_ABROAD = 4.5, 8.5
ABROAD = 4.3
"""Against reports in another language, where words cannot speak and marks must."""
SAME_TYPE, OTHER_ACTORS = 0.5, -0.4
NUMBER = 1.0
PER_DAY = -1.2
GROWN, CROWD = 0.5, 10
"""For each factor of e in reports, up to a crowd: what many tell is told again, but a large story must not draw in all else."""
SAME_MATTER, PATIENCE = 2.0, 1.5
"""A story that waits for a date, and an entry of its family and actors: silence until then, beyond some days, says nothing."""
ONE_A_DAY, A_DAY = 8.0, timedelta(days=1)
"""What comes one a day and is told within a day of the first report: only wholly different words still make it another happening."""
ECHO = timedelta(hours=6)
"""How long papers go on repeating what was taken back."""


class _Report(NamedTuple):
    """One report in the index; numbers are both words and marks. `strands` are by development type; `ones`: types that come one a day."""

    language: str
    weights: Mapping[str, float]
    words: Mapping[str, float]
    marks: Mapping[str, float]
    strands: Mapping[str, frozenset[str]]
    ones: frozenset[str]


class _Open(NamedTuple):
    """A story in the index; `tokens` counts in how many reports each token stands."""

    id: str
    reports: list[_Report]
    tokens: Counter[str]
    told: int
    first: datetime
    last: datetime
    due: datetime | None
    families: frozenset[str]
    strands: Mapping[str, frozenset[str]]
    ones: frozenset[str]
    withdrawn: bool

    @property
    def closes(self) -> datetime:
        """The end of the last day on which it can be joined."""
        last = self.last + WINDOW if self.due is None else max(self.last + WINDOW, min(self.due, self.last + LONGEST))
        return last.replace(hour=23, minute=59, second=59, microsecond=999999)

    def lives_on(self, day: date) -> bool:
        """True if reports of that day may belong to it."""
        return (self.first - WINDOW).date() <= day <= self.closes.date()


class _Day:
    """The stories open on one day, and how many of them have a token."""

    def __init__(self, day: date, stories: Iterable[_Open]) -> None:
        self.day = day
        self.live: set[str] = set()
        self.counts: Counter[str] = Counter()
        self._rarity: dict[str, float] = {}
        for story in stories:
            self.add(story)

    def add(self, story: _Open) -> None:
        if story.lives_on(self.day):
            self.live.add(story.id)
            self.counts.update(story.tokens.keys())
            self._rarity.clear()

    def remove(self, story: _Open) -> None:
        if story.id in self.live:
            self.live.discard(story.id)
            self.counts.subtract(story.tokens.keys())
            self._rarity.clear()

    def rarity(self, token: str) -> float:
        """How telling a token is: the logarithm of one in how many stories have it."""
        known = self._rarity.get(token)
        if known is None:
            supposed = SEEN.get(token[0]) or (SEEN_COMMON if token in COMMON else SEEN_RARE)
            known = max(0.0, log((len(self.live) + PRIOR) / (self.counts[token] + supposed)))
            self._rarity[token] = known
        return known


class Joiner:
    """An index of open stories. `place` asks, `add` takes a story in or replaces its earlier state."""

    def __init__(self, stories: Iterable[Story] = ()) -> None:
        self._open: dict[str, _Open] = {}
        self._postings: dict[str, set[str]] = defaultdict(set)
        self._days: dict[date, _Day] = {}
        for story in stories:
            self.add(story)

    def add(self, story: Story) -> None:
        """Take in a new story, or the new state of one."""
        before, now = self._open.get(story.id), _opened(story)
        if before is not None:
            for token in before.tokens.keys() - now.tokens.keys():
                self._postings[token].discard(story.id)
        for token in now.tokens:
            self._postings[token].add(story.id)
        for day in self._days.values():
            if before is not None:
                day.remove(before)
            day.add(now)
        self._open[story.id] = now

    def place(self, entry: Entry, assessment: Assessment) -> str | None:
        """Return the id of the story that the entry belongs to, or None if it opens one."""
        day = self._day(entry.published.date())
        told = _read(signature(entry, assessment))
        shared: dict[str, float] = defaultdict(float)
        for token in sorted(told.weights, key=lambda one: (day.counts[one], one)):
            worth = told.weights[token] * day.rarity(token)
            for key in self._postings.get(token, ()):
                if key in day.live:
                    shared[key] += worth
        fit = [key for key in shared if _may_be_one(told, self._open[key]) and not _over(self._open[key], entry)]
        candidates = sorted(fit, key=lambda key: (-shared[key], key))[:CANDIDATES]
        score = partial(_score, told, entry.published, _matter(assessment), day)
        best = max(((score(self._open[key]), key) for key in candidates), default=(0.0, ""))
        return best[1] if best[0] > 0 else None

    def _day(self, day: date) -> _Day:
        if day not in self._days:
            while len(self._days) >= DAYS:
                del self._days[next(iter(self._days))]
            self._days[day] = _Day(day, self._open.values())
        return self._days[day]


def join(entry: Entry, assessment: Assessment, stories: Iterable[Story]) -> str | None:
    """Return the id of the story among `stories` that the entry belongs to, or None; for many entries keep a `Joiner`."""
    return Joiner(stories).place(entry, assessment)


def closes(story: Story) -> datetime:
    """Return the moment until which a report may be published that still joins the story."""
    return _opened(story).closes


def _read(line: str) -> _Report:
    language, tokens = read_signature(line)
    weights = {token: weight for token, weight in tokens.items() if token[0] not in "so"}
    words = {token: weight for token, weight in weights.items() if token[0] in WORDS}
    marks = {token: weight for token, weight in weights.items() if token[0] in MARKS}
    ones = frozenset(token for token in tokens if token[0] == "o")
    return _Report(language, weights, words, marks, _by_type(token for token in tokens if token[0] == "s"), ones)


def _by_type(tokens: Iterable[str]) -> Mapping[str, frozenset[str]]:
    strands: dict[str, set[str]] = defaultdict(set)
    for token in tokens:
        _, type_, strand = token.split(":", 2)
        strands[type_].add(strand)
    return {type_: frozenset(found) for type_, found in strands.items()}


def _may_be_one(entry: _Report, story: _Open) -> bool:
    """False for a happening of another strand, and for one that comes one a day where the story is of something else: a drill that North
    Korea answers with missiles is no story of missiles."""
    if any(f"v:{one[2:]}" not in story.tokens for one in entry.ones):
        return False
    return not _apart(entry.strands, story.strands)


def _apart(one: Mapping[str, frozenset[str]], other: Mapping[str, frozenset[str]]) -> bool:
    """True if both tell developments of a type in strands of which none is the same: then it is not one happening."""
    return any(strands.isdisjoint(other[type_]) for type_, strands in one.items() if type_ in other)


def _over(story: _Open, entry: Entry) -> bool:
    """True if a withdrawn story is no home to an entry: what an authority tells, or papers tell later, is a new happening."""
    if not story.withdrawn or takes_back(entry.title):
        return False
    return entry.source.kind == "official" or entry.published > story.last + ECHO


def _opened(story: Story) -> _Open:
    reports = [_read(line) for line in story.gist]
    strands: dict[str, frozenset[str]] = {}
    for report in reports:
        # The first report says what the story is about; a later one may name other states beside.
        strands = {**report.strands, **strands}
    times = [report.published for report in story.reports]
    due = [datetime.combine(named.last, datetime.min.time(), times[0].tzinfo) + AWAITED for named in story.dates]
    return _Open(
        id=story.id,
        reports=reports,
        tokens=Counter(token for report in reports for token in report.weights),
        told=len(story.reports),
        first=min(times),
        last=max(times),
        due=max(due, default=None),
        families=frozenset(one.family for one in story.developments if one.family),
        strands=strands,
        ones=frozenset(one for report in reports for one in report.ones),
        withdrawn=story.withdrawn,
    )


def _matter(assessment: Assessment) -> frozenset[str]:
    return frozenset(one.family for one in assessment.developments if one.family)


def _score(entry: _Report, published: datetime, families: frozenset[str], day: _Day, story: _Open) -> float:
    """Judge one candidate; above zero the entry belongs to it."""
    score = BASE + GROWN * log(min(story.told, CROWD)) + max(_at_home(entry, day, story), _abroad(entry, day, story))
    score += NUMBER * min(2, sum(token[0] == "n" and token in story.tokens for token in entry.weights))
    same_type = any(token[0] == "v" and token in story.tokens for token in entry.weights)
    score += SAME_TYPE if same_type else 0.0
    mine = {token for token in entry.weights if token[0] == "a"}
    theirs = {token for token, count in story.tokens.items() if token[0] == "a" and count >= 0.3 * len(story.reports)}
    score += OTHER_ACTORS if mine and theirs and mine.isdisjoint(theirs) else 0.0
    if not entry.ones.isdisjoint(story.ones) and abs(published - story.first) <= A_DAY:
        score += ONE_A_DAY
    silence = abs((published - story.last) / timedelta(days=1))
    if story.due and published <= story.due and families & story.families and theirs <= mine and (same_type or len(theirs) > 1):
        score += SAME_MATTER
        silence = min(silence, PATIENCE)
    return score + PER_DAY * silence


def _at_home(entry: _Report, day: _Day, story: _Open) -> float:
    """How like the entry is to the reports in its own language."""
    words = [sqrt(_likeness(entry.words, report.words, day)) for report in story.reports if report.language == entry.language]
    if not words:
        return 0.0
    marks = max(_likeness(entry.marks, report.marks, day) for report in story.reports)
    return ALIKE_BEST * max(words) + ALIKE_ON_AVERAGE * sum(words) / len(words) + MARKS_BEST * marks


def _abroad(entry: _Report, day: _Day, story: _Open) -> float:
    """How like it is to those in other languages, where words cannot speak."""
    marks = [_likeness(entry.marks, report.marks, day) for report in story.reports if report.language != entry.language]
    return ABROAD + MARKS_ABROAD * sum(marks) / len(marks) if marks else 0.0


def _likeness(one: Mapping[str, float], other: Mapping[str, float], day: _Day) -> float:
    """The cosine of two sets of weighted tokens, each weighed again by how rare it is; 0..1."""
    shared = sum(weight * other[token] * day.rarity(token) ** 2 for token, weight in one.items() if token in other)
    return shared / (_length(one, day) * _length(other, day)) if shared else 0.0


def _length(tokens: Mapping[str, float], day: _Day) -> float:
    return sqrt(sum((weight * day.rarity(token)) ** 2 for token, weight in tokens.items()))
