"""What should be mailed, reckoned in plain Python from story updates, story states and choices; nothing here asks the publisher's SQL.

The oracle is shown the world after every tick. It keeps a little book for each reader and returns the mails that this tick owes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from alerts.digests.edition import alert_due
from alerts.digests.subscriber import Choices
from alerts.rules.assessment import Impact
from alerts.rules.levels import Level
from alerts.stories.story import Story, Update
from alerts.stories.weigh import level_without

HOST = "JPN"
ALERTS_A_DAY = 3
EVENING = 19
"""When what a day had too many alerts for arrives in one mail."""


@dataclass(frozen=True, order=True)
class Owed:
    """One mail: to whom, what kind, telling which updates."""

    address: str
    kind: Literal["alert", "daily", "weekly"]
    updates: tuple[int, ...]


@dataclass(frozen=True)
class World:
    """All updates that readers should hear of, in order, the stories as they stand, and the number of the last update of any kind."""

    updates: tuple[Update, ...]
    stories: dict[str, Story]
    last: int


@dataclass(frozen=True)
class Wanted:
    """A story that a reader's choices call for: its updates, its level for this reader, how many sectors it reaches."""

    story: Story
    updates: tuple[int, ...]
    level: Level
    sectors: frozenset[str]
    reaches: int

    @property
    def is_safety(self) -> bool:
        """True if it may interrupt at night."""
        return self.level == Level.act and "safety" in self.sectors


@dataclass
class Book:
    """What one reader has been told. `due` is None for who has no digest coming; `told` counts mails by update."""

    choices: Choices
    due: datetime | None
    seen: int = 0
    alerted: set[int] = field(default_factory=set)
    alerts: Counter[date] = field(default_factory=Counter)
    gathered: dict[date, tuple[tuple[int, ...], datetime]] = field(default_factory=dict)
    told: Counter[int] = field(default_factory=Counter)


class Oracle:
    """Owes mails. `published` is the number up to which alerts were looked at."""

    def __init__(self, people: dict[str, Choices], since: datetime, last: int) -> None:
        self.books = {address: Book(choices, next_edition(choices, since), last) for address, choices in people.items()}
        self.published = last
        self.last_tick = since

    def tick(self, world: World, now: datetime) -> list[Owed]:
        """Return the mails that are owed at a moment, all of them, and take them as sent."""
        fresh = tuple(update for update in world.updates if update.number > self.published)
        owed = [mail for address, book in self.books.items() for mail in self._alerts(address, book, fresh, world, now)]
        owed += [mail for address, book in self.books.items() for mail in self._digest(address, book, world, now)]
        self.published = max(self.published, *(update.number for update in fresh), 0)
        self.last_tick = now
        for mail in owed:
            self.books[mail.address].told.update(mail.updates)
        return sorted(owed)

    def _alerts(self, address: str, book: Book, fresh: tuple[Update, ...], world: World, now: datetime) -> list[Owed]:
        least = Level.info if book.choices.cadence == "immediate" else book.choices.alert_level
        wanted = called_for(fresh, world, book.choices, least)
        urgent = [[one] for one in wanted if one.is_safety]
        others = [one for one in wanted if not one.is_safety]
        mails = []
        for bundle in [*urgent, *([[one] for one in others] if len(others) <= 3 else [others])]:
            updates = tuple(sorted(number for one in bundle for number in one.updates))
            level = max(one.level for one in bundle)
            sectors = {sector for one in bundle if one.level == level for sector in one.sectors}
            due = alert_due(book.choices, level, sectors, now)
            day = due.astimezone(ZoneInfo(book.choices.timezone)).date()
            if not bundle[0].is_safety:
                if book.alerts[day] >= ALERTS_A_DAY:
                    mails += self._gathered(address, book, updates, level, sectors, due, fresh)
                    continue
                book.alerts[day] += 1
            book.alerted.update(updates)
            mails.append(Owed(address, "alert", updates))
        if book.due is None:
            book.alerted.clear()
        return mails

    def _gathered(
        self,
        address: str,
        book: Book,
        updates: tuple[int, ...],
        level: Level,
        sectors: set[str],
        due: datetime,
        fresh: tuple[Update, ...],
    ) -> list[Owed]:
        """One alert too many: one mail in the evening, made anew while it waits; after it, the next digest."""
        zone = ZoneInfo(book.choices.timezone)
        day = due.astimezone(zone).date()
        known, at = book.gathered.get(day, ((), None))
        if at is not None and at <= self.last_tick:
            if book.due is None:
                book.due, book.seen = next_edition(book.choices, due, as_daily=True), fresh[0].number - 1
            return []
        updates = tuple(sorted({*known, *updates}))
        evening = datetime(day.year, day.month, day.day, EVENING, tzinfo=zone).astimezone(UTC)
        book.gathered[day] = updates, alert_due(book.choices, level, sectors, max(due, evening))
        book.alerted.update(updates)
        return [Owed(address, "alert", updates)]

    def _digest(self, address: str, book: Book, world: World, now: datetime) -> list[Owed]:
        if book.due is None or book.due > now:
            return []
        window = tuple(update for update in world.updates if update.number > book.seen and update.number not in book.alerted)
        wanted = called_for(window, world, book.choices, Level.info)
        book.due = next_edition(book.choices, now)
        book.seen = world.last
        book.alerted.clear()
        if not wanted:
            return []
        updates = tuple(sorted(number for one in wanted for number in one.updates))
        return [Owed(address, "weekly" if book.choices.cadence == "weekly" else "daily", updates)]


def next_edition(choices: Choices, after: datetime, *, as_daily: bool = False) -> datetime | None:
    """Return the first moment after another at which the reader's clock shows their hour (on their weekday)."""
    if choices.cadence == "immediate" and not as_daily:
        return None
    zone = ZoneInfo(choices.timezone)
    for day in (after.astimezone(zone).date() + timedelta(days=ahead) for ahead in range(-1, 10)):
        moment = datetime(day.year, day.month, day.day, choices.hour, tzinfo=zone).astimezone(UTC)
        if moment > after and (choices.cadence != "weekly" or day.weekday() == choices.weekday):
            return moment
    raise AssertionError("every week has every weekday")


def called_for(updates: tuple[Update, ...], world: World, choices: Choices, least: Level) -> list[Wanted]:
    """Return the stories among updates that choices call for, in the order of a digest."""
    by_story: dict[str, list[Update]] = {}
    for update in updates:
        by_story.setdefault(update.story, []).append(update)
    found = [wanted for story, news in by_story.items() if (wanted := _wanted(world.stories[story], news, choices, least))]
    return sorted(found, key=lambda one: (-one.level, -one.reaches, -one.story.changed.timestamp(), one.story.id))


def _wanted(story: Story, news: list[Update], choices: Choices, least: Level) -> Wanted | None:
    followed = {*choices.countries, choices.nationality} - {""}
    if choices.countries and not {*followed, HOST} & set(story.actors):
        return None
    thresholds = dict(choices.sectors)
    reached = {}
    for impact in story.impacts:
        level = _level(story, impact, followed)
        if impact.sector in thresholds and level >= max(thresholds[impact.sector], least, Level.info):
            reached[impact.sector] = level
    numbers = tuple(update.number for update in news if not update.sectors or set(update.sectors) & reached.keys())
    if not reached or not numbers:
        return None
    top = max(reached.values())
    denied = all(one.stage == "denied" for one in story.developments)
    sectors = frozenset(sector for sector, level in reached.items() if level == top)
    return Wanted(story, numbers, min(top, Level.info) if denied else top, sectors, len(reached))


def _level(story: Story, impact: Impact, followed: set[str]) -> Level:
    """Distance does not count for who follows an acting country; `act` asks for an official source or two outlets all the same."""
    development = next((one for one in story.developments if one.type == impact.development), None)
    actors = development.actors if development else story.actors
    if not followed & set(actors) or any(term.name == "cap" for term in impact.terms):
        return impact.level
    level = level_without(impact, "reach")
    if level == Level.act and not (any(one.kind == "official" for one in story.reports) or len({one.outlet for one in story.reports}) > 1):
        return max(impact.level, Level.prepare)
    return level
