"""Stories without news, of which a digest may say so: what a reader follows is not forgotten because nothing happened."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import Connection

from alerts.digests.audience import pick
from alerts.digests.subscriber import Choices
from alerts.jobs.context import Context
from alerts.rules.levels import Level
from alerts.store import stories
from alerts.stories.silence import Silence, left_of
from alerts.stories.story import Story, Update

QUIET_FOR = timedelta(days=14)
MOST_QUIET = 60
"""How long, and how many, stories without news are looked at for the line about what is quiet."""
MOST_AWAITED = 200
"""How many stories with a day to come are looked at for the calendar, the last opened first."""

Told = Sequence[tuple[Story, tuple[Update, ...]]]


def followed(connection: Connection, active: Collection[Silence], now: datetime) -> Told:
    """Return the stories of which a digest may say that nothing is new, without what silences mute: those of the last days, and those
    of which a day is still to come, however long ago they were told and however little they are about: the calendar names it."""
    recent = stories.recent_stories(connection, since=now - QUIET_FOR, least=Level.watch, limit=MOST_QUIET)
    open_ = reversed(stories.open_stories(connection, now))
    awaited = islice((one for one in open_ if any(day.last >= now.date() for day in one.dates)), MOST_AWAITED)
    names = dict.fromkeys(story.id for story in (*recent, *awaited))
    return left_of(stories.with_stories(connection, stories.material_updates_of(connection, names)), active)


def quiet(context: Context, choices: Choices, background: Told, *, seen: int, told: Collection[str]) -> list[Story]:
    """Return the stories that readers follow, heard of up to update number `seen`, and are not `told` now, the last changed first."""
    picked = pick(background, choices, host=context.settings.host_country, national=context.rules.national)
    known = (one.story for one in picked.picks if one.story.id not in told and min(each.number for each in one.updates) <= seen)
    return sorted(known, key=lambda story: (story.changed, story.id), reverse=True)
