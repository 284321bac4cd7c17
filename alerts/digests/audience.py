"""Which stories an audience gets, each with its reason, and which it does not, each with its reason as well.

Levels in a story are reckoned for a resident of the host country. Here they are worked out again for these choices: a reader who follows
an acting country, or is its national, does not lose what distance takes (DESIGN §7). A scope fails closed: a story that cannot be
attributed is not for readers who asked for countries.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from alerts.digests.subscriber import Choices
from alerts.rules.assessment import Development, Impact
from alerts.rules.levels import Level
from alerts.stories.independent import is_confirmed
from alerts.stories.story import Story, Update, UpdateKind
from alerts.stories.weigh import level_without

Refusal = Literal[
    "nothing-new",
    "stale",
    "never-told",
    "taken-back",
    "no-actor",
    "out-of-scope",
    "other-nationality",
    "not-followed",
    "below-threshold",
    "not-risen",
]


_NOT_THEIRS: frozenset[Refusal] = frozenset({"no-actor", "out-of-scope", "other-nationality", "not-followed"})
"""Said before that it was put right too late to be told: it would never have been."""


@dataclass(frozen=True, slots=True)
class Match:
    """A followed sector that a story reaches: `level` for these choices, at or over `threshold`. `waived` if distance was not counted."""

    sector: str
    level: Level
    threshold: Level
    impact: Impact
    waived: bool = False

    @property
    def reason(self) -> str:
        """The match in words, for people who ask why."""
        waived = ", distance not counted because you follow the country" if self.waived else ""
        return f"{self.sector} at {self.level.name} (you asked for {self.threshold.name} or more{waived})"


@dataclass(frozen=True, slots=True)
class Pick:
    """A story chosen: `level` is the highest of its matches, at most info once the matter was denied or its report withdrawn.

    `updates` are its material ones.
    """

    story: Story
    updates: tuple[Update, ...]
    level: Level
    matches: tuple[Match, ...]

    @property
    def sectors(self) -> tuple[str, ...]:
        """The sectors that reach the level of the pick."""
        top = max(match.level for match in self.matches)
        return tuple(match.sector for match in self.matches if match.level == top)

    @property
    def urgency(self) -> Level:
        """The level by which it is delivered: what is taken back goes as fast as it came."""
        return max(match.level for match in self.matches) if self.withdrawn else self.level

    @property
    def urgent(self) -> bool:
        """True for a danger that goes before quiet hours, days without mail and the queue: `act` for safety."""
        return self.urgency == Level.act and "safety" in self.sectors

    @property
    def withdrawn(self) -> bool:
        """True if a source has taken its report back."""
        return _withdrawn(self.updates)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every reason once, the highest level first."""
        return tuple(match.reason for match in self.matches)

    @property
    def rank(self) -> tuple[int, int, float, str]:
        """Sorts picks as they stand in a digest: level, then more sectors, then newer."""
        return -self.level, -len(self.matches), -self.story.changed.timestamp(), self.story.id


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A story not chosen: `refusal` for programs, `reason` for people. `level` is the highest that a followed sector reached."""

    story: Story
    refusal: Refusal
    reason: str
    level: Level = Level.none


@dataclass(frozen=True, slots=True)
class Picked:
    """What an audience gets, in the order of the digest, and what it does not."""

    picks: tuple[Pick, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def updates(self) -> tuple[int, ...]:
        """The numbers of all updates that the picks tell, sorted."""
        return tuple(sorted(update.number for pick in self.picks for update in pick.updates))


def alert_minimum(choices: Choices) -> Level:
    """Return the least level that is sent as an alert: for cadence immediate every story over the thresholds is."""
    return Level.info if choices.cadence == "immediate" else choices.alert_level


def pick(
    stories: Sequence[tuple[Story, tuple[Update, ...]]],
    choices: Choices,
    *,
    host: str = "JPN",
    minimum_level: Level = Level.info,
    national: Collection[str] = (),
    told: Collection[str] = (),
    since: datetime | None = None,
) -> Picked:
    """Choose among stories, each given with its updates of the window.

    `minimum_level` holds beside the threshold of each sector: `alert_minimum(choices)` for an alert, info for a digest. `national` are the
    development types that concern only readers of a nationality or followers of a country. `host` is an actor id of the lexicon. `told`
    are ids of stories that these readers were told before: a correction, a withdrawal or the lifting of one is picked in any case; of
    others no correction or withdrawal is, for nobody needs to be put right about what they never heard. News from before `since` is no
    news any more.
    """
    picks: list[Pick] = []
    left_out: list[LeftOut] = []
    for story, updates in stories:
        news = tuple(update for update in updates if update.material)
        late = None if story.id in told else _too_late(story, news)
        news = news if story.id in told else _unheard(news)
        verdict: Pick | LeftOut
        if since is not None and news and all(update.at < since for update in news):
            verdict = LeftOut(story, "stale", f"its last news is older than {since:%Y-%m-%d}", story.level)
        else:
            verdict = _judge(story, news, choices, host=host, minimum=minimum_level, national=national)
            if late is not None and not (isinstance(verdict, LeftOut) and verdict.refusal in _NOT_THEIRS):
                verdict = late
        if isinstance(verdict, LeftOut) and story.id in told and amends(news):
            verdict = amendment(story, news, choices)
        if isinstance(verdict, Pick):
            picks.append(verdict)
        else:
            left_out.append(verdict)
    return Picked(tuple(sorted(picks, key=lambda one: one.rank)), tuple(left_out))


def amends(updates: Collection[Update]) -> bool:
    """True if the updates put right or lift what was told; not where the readers hear of the story with them for the first time."""
    return any(update.amends for update in updates) and all(update.kind != "new" for update in updates)


def amendment(story: Story, updates: tuple[Update, ...], choices: Choices) -> Pick:
    """Pick a story for readers who were told it and must hear that it was corrected, taken back or lifted, whatever their thresholds.

    Raises ValueError for a story that touches no sector; such a story was never told.
    """
    followed = {*choices.countries, choices.nationality} - {""}
    thresholds = dict(choices.sectors)
    matches = [_match(story, impact, thresholds.get(impact.sector, Level.info), followed) for impact in story.impacts]
    own = [match for match in matches if match.sector in thresholds] or matches
    own.sort(key=lambda match: (-match.level, match.sector))
    level = max(match.level for match in own)
    return Pick(story, updates, min(level, Level.info) if _withdrawn(updates) else max(level, Level.info), tuple(own))


def _too_late(story: Story, updates: Collection[Update]) -> LeftOut | None:
    """Leave a story out that only puts right, or takes back, what these readers never heard; None if there is more to tell of it."""
    if _withdrawn(updates):
        if any(update.kind == "new" for update in updates):
            return LeftOut(story, "taken-back", "its source took it back before you were told of it", story.level)
        return LeftOut(story, "never-told", "its source took it back, and you were never told of it")
    if updates and not _unheard(updates):
        return LeftOut(story, "never-told", "it puts right what you were never told")
    return None


def _unheard(updates: Collection[Update]) -> tuple[Update, ...]:
    """Take updates as those do who never heard of the story: of a correction only what it brought that was new."""
    return tuple(told for each in updates if (told := _plainly(each)) is not None)


def _plainly(update: Update) -> Update | None:
    if update.kind != "correction":
        return update
    kinds: tuple[UpdateKind, ...] = ("stage", "level", "date")
    facts = {fact.split()[0] for fact in update.note.split("; ") if fact}
    return next((replace(update, kind=kind) for kind in kinds if kind in facts), None)


def _withdrawn(updates: Collection[Update]) -> bool:
    return any(update.kind == "withdrawal" for update in updates)


def _judge(
    story: Story, updates: tuple[Update, ...], choices: Choices, *, host: str, minimum: Level, national: Collection[str]
) -> Pick | LeftOut:
    """Pick one story or say why not: the first refusal that holds."""
    if not updates:
        return LeftOut(story, "nothing-new", "nothing new since the last mail about it")
    followed = {*choices.countries, choices.nationality} - {""}
    if choices.countries:
        if not story.actors:
            return LeftOut(story, "no-actor", "it names no country, and you asked for certain countries")
        if not followed.union((host,)).intersection(story.actors):
            return LeftOut(story, "out-of-scope", f"it is about {', '.join(story.actors)}, none of which you follow")
    impacts = [one for one in story.impacts if _concerns(_development(story, one), national, followed, host)]
    if story.impacts and not impacts:
        return LeftOut(story, "other-nationality", "it concerns only people of another nationality")
    thresholds = dict(choices.sectors)
    matches = [_match(story, impact, thresholds[impact.sector], followed) for impact in impacts if impact.sector in thresholds]
    highest = max((match.level for match in matches), default=Level.none)
    if not matches:
        sectors = ", ".join(impact.sector for impact in story.impacts)
        return LeftOut(story, "not-followed", f"it touches only sectors that you do not follow: {sectors}")
    enough = [match for match in matches if match.level >= max(match.threshold, minimum, Level.info)]
    if not enough:
        best = max(matches, key=lambda match: match.level)
        bar = max(best.threshold, minimum)
        return LeftOut(story, "below-threshold", f"{best.sector} is at {highest.name}, below {bar.name}", highest)
    for_us = tuple(update for update in updates if not update.sectors or any(match.sector in update.sectors for match in enough))
    if not for_us:
        return LeftOut(story, "not-risen", "its level rose only in sectors that you do not follow", highest)
    if all(update.sectors for update in for_us):  # the news is that it rose in these, whatever it has long been in others
        enough = [match for match in enough if any(match.sector in update.sectors for update in for_us)]
    enough.sort(key=lambda match: (-match.level, match.sector))
    shown = min(enough[0].level, Level.info) if _denied(story) or _withdrawn(for_us) else enough[0].level
    return Pick(story, for_us, shown, tuple(enough))


def _match(story: Story, impact: Impact, threshold: Level, followed: set[str]) -> Match:
    development = _development(story, impact)
    actors = development.actors if development else story.actors
    if not followed.intersection(actors):
        return Match(impact.sector, impact.level, threshold, impact)
    level = level_without(impact, "reach")
    if any(term.name == "cap" for term in impact.terms):
        level = impact.level  # the evidence is not better for being followed
    elif level == Level.act and not is_confirmed(story, impact.development):
        level = max(impact.level, Level.prepare)  # below act, the rules had no need to ask for better evidence
    return Match(impact.sector, level, threshold, impact, waived=level != impact.level)


def _development(story: Story, impact: Impact) -> Development | None:
    return next((one for one in story.developments if one.type == impact.development), None)


def _concerns(development: Development | None, national: Collection[str], followed: set[str], host: str) -> bool:
    """True unless the development is for nationals only and the reader follows none of its foreign actors."""
    if development is None or development.type not in national:
        return True
    return bool(followed.intersection(development.actors) - {host})


def _denied(story: Story) -> bool:
    """True if nothing of the story stands any more: then it is told, at most as information, to those who got it at its level."""
    return all(one.stage == "denied" for one in story.developments)
