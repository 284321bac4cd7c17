"""Stories without news, of which a digest may say so: what a reader follows is not forgotten because nothing happened."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

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

Told = Sequence[tuple[Story, tuple[Update, ...]]]


def followed(connection: Connection, active: Collection[Silence], now: datetime) -> Told:
    """Return the stories of the last days of which a digest may say that nothing is new, without what silences mute."""
    recent = stories.recent_stories(connection, since=now - QUIET_FOR, least=Level.watch, limit=MOST_QUIET)
    return left_of(stories.with_stories(connection, stories.material_updates_of(connection, [story.id for story in recent])), active)


def quiet(context: Context, choices: Choices, background: Told, *, seen: int, told: Collection[str]) -> list[Story]:
    """Return the stories that readers follow, heard of up to update number `seen`, and are not `told` now, the last changed first."""
    picked = pick(background, choices, host=context.settings.host_country, national=context.rules.national)
    known = (one.story for one in picked.picks if one.story.id not in told and min(each.number for each in one.updates) <= seen)
    return sorted(known, key=lambda story: (story.changed, story.id), reverse=True)
