"""Silences: until a moment, nobody hears of a rule, a development, a source or a story.

A silence acts where mails are made and nowhere earlier: entries are assessed, joined and kept as ever, so that what was silenced can be
listed, and told after all. What it takes out of a story are impacts; a story is silent when none is left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.rules.assessment import Impact
from alerts.stories.story import Report, Story, Update

_COLON = ":"


@dataclass(frozen=True, slots=True)
class Silence:
    """What is muted, from when until when (aware UTC), by whom and why. Where several kinds are named, all must fit.

    `sources` are names of publishers, case-folded, and ids of feeds, each with a colon (`feed_source`), for a publisher may be called as
    one of its feeds is; older silences name feeds without it. `stories` are ids of stories.
    """

    id: str
    until: datetime
    author: str
    comment: str
    starts: datetime | None = None
    rules: tuple[str, ...] = ()
    developments: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    stories: tuple[str, ...] = ()

    def is_active(self, now: datetime) -> bool:
        """True from its start until its end."""
        return (self.starts is None or self.starts <= now) and now < self.until

    @property
    def publishers(self) -> tuple[str, ...]:
        """Names of publishers that are muted; those of older silences may be ids of feeds as well."""
        return tuple(name for name in self.sources if not name.endswith(_COLON))

    @property
    def feeds(self) -> tuple[str, ...]:
        """Ids of feeds that are muted."""
        return tuple(name.removesuffix(_COLON) for name in self.sources if name.endswith(_COLON))

    @property
    def words(self) -> str:
        """What it mutes, in words."""
        named = {
            "rule": self.rules,
            "development": self.developments,
            "source": self.publishers,
            "feed": self.feeds,
            "story": self.stories,
        }
        return ", ".join(f"{name} {' or '.join(values)}" for name, values in named.items() if values)


def feed_source(feed: str) -> str:
    """Name a feed among the sources of a silence."""
    return feed + _COLON


def mutes(silence: Silence, story: Story) -> bool:
    """True if the silence takes something out of the story."""
    return _may_mute(silence, story) and any(_fits(silence, impact) for impact in story.impacts)


def unmuted(story: Story, silences: Collection[Silence]) -> Story | None:
    """Return what the silences leave of a story: itself, the story without the muted impacts, or None if nothing is left."""
    silences = [each for each in silences if _may_mute(each, story)]
    left = tuple(impact for impact in story.impacts if not any(_fits(each, impact) for each in silences))
    if len(left) == len(story.impacts):
        return story
    if not left:
        return None
    types = {impact.development for impact in left}
    gone = {impact.development for impact in story.impacts} - types
    return replace(story, impacts=left, developments=tuple(one for one in story.developments if one.type not in gone))


def left_of(
    told: Sequence[tuple[Story, tuple[Update, ...]]], silences: Collection[Silence]
) -> Sequence[tuple[Story, tuple[Update, ...]]]:
    """Return stories with what they tell anew, without what silences mute; a story of which nothing is left is left out."""
    if not silences:
        return told
    return [(left, updates) for story, updates in told if (left := unmuted(story, silences)) is not None]


def _may_mute(silence: Silence, story: Story) -> bool:
    """True unless the story itself is another one than meant, or somebody else tells it too."""
    if silence.stories and story.id not in silence.stories:
        return False
    return not silence.sources or all(_is_of(report, silence.sources) for report in story.reports)


def _fits(silence: Silence, impact: Impact) -> bool:
    if silence.rules and impact.rule not in silence.rules:
        return False
    return not silence.developments or impact.development in silence.developments


def _is_of(report: Report, sources: Iterable[str]) -> bool:
    """True if a report stood in one of these feeds or is credited to one of these publishers; an entry's id begins with its feed's."""
    feed = report.entry.partition(":")[0]
    return not {report.outlet.casefold(), feed, feed_source(feed)}.isdisjoint(sources)
