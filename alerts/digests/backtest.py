"""Two configurations over the same entries: what readers would have heard of, and would hear of, rule by rule. Pure.

Each entry is assessed by both. For what differs, the subscribers are counted who would get it: at once, or in a digest. How many mails and
lines that makes is reckoned over stories, as they would have been told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from alerts.digests.audience import alert_minimum, pick
from alerts.digests.subscriber import Choices
from alerts.feeds.entry import Entry
from alerts.rules.assessment import Assessment
from alerts.rules.compile import RuleSet
from alerts.rules.evaluate import assess
from alerts.stories.cluster import Joiner
from alerts.stories.story import Story, Update
from alerts.stories.update import tell

Kind = Literal["gained", "lost", "raised", "lowered", "other"]
KINDS: Mapping[Kind, str] = {
    "gained": "only the new configuration tells of it",
    "lost": "only the old one told of it",
    "raised": "at a higher level",
    "lowered": "at a lower level",
    "other": "at the same level, for other sectors or as something else",
}
Audience = tuple[Choices, int]


@dataclass(frozen=True, slots=True)
class Reach:
    """How many subscribers get something at once, and how many in a digest."""

    alert: int = 0
    digest: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What one configuration says of an entry, and whom that reaches."""

    assessment: Assessment
    reach: Reach


@dataclass(frozen=True, slots=True)
class Change:
    """An entry of which the configurations say different things. `rules` are those that the difference comes from."""

    entry: Entry
    kind: Kind
    before: Told
    after: Told
    rules: tuple[str, ...]


@dataclass(slots=True)
class Traffic:
    """What one configuration would have sent: relevant entries, their stories, and (subscriber, story) pairs of alerts and digests."""

    relevant: int = 0
    stories: int = 0
    alerts: int = 0
    lines: int = 0
    levels: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Backtest:
    """The whole comparison, the entries in their order. `subscribers` are those it was reckoned for."""

    entries: int
    subscribers: int
    before: Traffic
    after: Traffic
    changes: tuple[Change, ...]

    def count(self, kind: Kind) -> int:
        """How many entries changed in this way."""
        return sum(change.kind == kind for change in self.changes)

    def by_rule(self) -> list[tuple[str, list[Change]]]:
        """Return the changes by the rule that they come from, the rule with the most first."""
        found: dict[str, list[Change]] = {}
        for change in self.changes:
            for rule in change.rules:
                found.setdefault(rule, []).append(change)
        return sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0]))


def compare(
    old: RuleSet,
    new: RuleSet,
    entries: Iterable[tuple[Entry, bool]],
    audiences: Sequence[Audience],
    *,
    host: str = "JPN",
    progress: Callable[[int], None] = lambda _done: None,
) -> Backtest:
    """Compare two rule sets over entries, each with whether it is quiet (came with a first poll or too late: it is never mailed)."""
    merged = _merged(audiences)
    national = {id(rules): frozenset(name for name, spec in rules.developments.items() if spec.nationality) for rules in (old, new)}
    sides = [_Side(rules, merged, host, national[id(rules)]) for rules in (old, new)]
    changes: list[Change] = []
    count = 0
    for count, (entry, quiet) in enumerate(entries, 1):
        before, after = (side.take(entry, quiet=quiet) for side in sides)
        if kind := _kind(before, after):
            was, now = (
                Told(verdict, side.reach(entry, verdict, quiet=quiet)) for side, verdict in zip(sides, (before, after), strict=True)
            )
            changes.append(Change(entry, kind, was, now, _rules(before, after, kind)))
        progress(count)
    return Backtest(count, sum(people for _, people in merged), sides[0].traffic(), sides[1].traffic(), tuple(changes))


def _merged(audiences: Iterable[Audience]) -> list[Audience]:
    """Put together audiences that differ only in when and how they are told."""
    counts: Counter[Choices] = Counter()
    for each, people in audiences:
        counts[
            Choices(
                cadence="immediate" if each.cadence == "immediate" else "daily",
                sectors=each.sectors,
                alert_level=each.alert_level,
                countries=each.countries,
                nationality=each.nationality,
            )
        ] += people
    return list(counts.items())


class _Side:
    """One configuration: what it makes of the entries, and the stories that they would have been joined into."""

    def __init__(self, rules: RuleSet, audiences: Sequence[Audience], host: str, national: frozenset[str]) -> None:
        self._rules, self._audiences, self._host, self._national = rules, audiences, host, national
        self._relevant: list[tuple[Entry, Assessment, bool]] = []
        self._levels: Counter[str] = Counter()

    def take(self, entry: Entry, *, quiet: bool) -> Assessment:
        """Assess an entry."""
        verdict = assess(self._rules, entry, host=self._host)
        if verdict.relevant:
            self._relevant.append((entry, verdict, quiet))
            self._levels[verdict.level.name] += 1
        return verdict

    def reach(self, entry: Entry, verdict: Assessment, *, quiet: bool) -> Reach:
        """Count who would get an entry, told by itself."""
        if not verdict.relevant:
            return Reach()
        story, update = tell(None, entry, verdict, at=entry.published, quiet=quiet)
        return self._count(self._told(story, update, {}))

    def traffic(self) -> Traffic:
        """Join the relevant entries into stories, and count what would have been told of them."""
        made = Traffic(relevant=len(self._relevant), levels=self._levels)
        heard: dict[str, dict[int, bool]] = {}
        for story, update in self._updates():
            made.stories += update.kind == "new"
            told = self._told(story, update, heard.setdefault(story.id, {}))
            heard[story.id].update(told)
            reach = self._count(told)
            made.alerts += reach.alert
            made.lines += reach.digest
        return made

    def _updates(self) -> Iterator[tuple[Story, Update]]:
        joiner, stories = Joiner(), dict[str, Story]()
        for entry, verdict, quiet in sorted(self._relevant, key=lambda one: (one[0].published, one[0].id)):
            known = joiner.place(entry, verdict)
            story, update = tell(stories.get(known) if known else None, entry, verdict, at=entry.published, quiet=quiet)
            joiner.add(story)
            stories[story.id] = story
            if update is not None:
                yield story, update

    def _told(self, story: Story, update: Update | None, heard: Mapping[int, bool]) -> dict[int, bool]:
        """Return the audiences, by number, that an update is told, and whether at once. That a story was wrong is told by the way by which
        an audience `heard` of it last, whatever is left of the story."""
        if update is None or not update.material:
            return {}
        told = dict(heard) if update.amends else {}
        for number, (choices, _) in enumerate(self._audiences):
            if number not in told and (found := pick([(story, (update,))], choices, host=self._host, national=self._national).picks):
                told[number] = found[0].level >= alert_minimum(choices)
        return told

    def _count(self, told: Mapping[int, bool]) -> Reach:
        people = Counter[bool]()
        for number, at_once in told.items():
            people[at_once] += self._audiences[number][1]
        return Reach(alert=people[True], digest=people[False])


def _kind(before: Assessment, after: Assessment) -> Kind | None:
    if not before.relevant and not after.relevant:
        return None
    if not before.relevant:
        return "gained"
    if not after.relevant:
        return "lost"
    if before.level != after.level:
        return "raised" if after.level > before.level else "lowered"
    return None if _gist(before) == _gist(after) else "other"


def _gist(one: Assessment) -> tuple[frozenset[tuple[str, int]], frozenset[tuple[str, str, str]]]:
    return (
        frozenset((impact.sector, int(impact.level)) for impact in one.impacts),
        frozenset((each.type, each.stage, each.polarity) for each in one.developments),
    )


def _rules(before: Assessment, after: Assessment, kind: Kind) -> tuple[str, ...]:
    """Name the rules that a difference comes from: those that only one side has, else those behind the impacts that differ."""
    old, new = ({each.rule for each in one.developments} for one in (before, after))
    if kind in {"gained", "lost"} or old != new:
        return tuple(sorted(old ^ new))
    behind = {impact.rule for impact in (set(before.impacts) ^ set(after.impacts))}
    return tuple(sorted(behind or new))
