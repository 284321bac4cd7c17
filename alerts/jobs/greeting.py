"""The first mail after consent: what was chosen, when the next digest comes, and real stories that such readers heard of lately."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts.digests.audience import pick
from alerts.digests.digest import Brief
from alerts.digests.edition import next_due
from alerts.digests.item import brief
from alerts.digests.reasons import choice_lines
from alerts.digests.subscriber import Choices
from alerts.jobs.context import Context
from alerts.mail.message import Rendered, Sender
from alerts.mail.render import Renderer
from alerts.rules.levels import Level
from alerts.store import stories

LATELY = timedelta(days=30)
LOOKED_AT = 100
MOST_RECENT = 5
LEVELS = (Level.act, Level.prepare, Level.watch, Level.info)


def welcome(context: Context, connection: Connection, renderer: Renderer, choices: Choices, *, sender: Sender, now: datetime) -> Rendered:
    """Return the welcome mail for everybody of these choices."""
    wording, language = context.rules.wording, choices.language
    return renderer.welcome(
        language,
        choices=choice_lines(choices, wording),
        levels=[(level, wording.level(level, language), wording.level_act(level, language)) for level in LEVELS],
        next_due=next_due(choices, now),
        timezone=choices.timezone,
        recent=_recent(context, connection, choices, now),
        sender=sender,
    )


def _recent(context: Context, connection: Connection, choices: Choices, now: datetime) -> list[Brief]:
    """The stories of the last weeks that these choices would have brought and that still stand, the weightiest first."""
    known = stories.recent_stories(connection, since=now - LATELY, least=Level.info, limit=LOOKED_AT)
    told = stories.with_stories(connection, stories.material_updates_of(connection, [story.id for story in known]))
    picked = pick(told, choices, host=context.settings.host_country, national=context.rules.national)
    return [brief(one, choices, context.rules.wording, now=now) for one in picked.picks[:MOST_RECENT]]
