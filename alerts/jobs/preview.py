"""What one subscriber would get now, with the reason for every story in it and every story left out. Nothing is changed, nothing sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from alerts.digests.audience import Picked, alert_minimum, pick
from alerts.digests.compose import compose
from alerts.digests.digest import Digest
from alerts.jobs.background import followed
from alerts.jobs.context import Context
from alerts.jobs.letters import Letters
from alerts.jobs.publish import Windows, draft
from alerts.jobs.silencing import Muting, Told
from alerts.jobs.suppressed import suppressed_because
from alerts.store import audiences, digests, outbox, silences, stories, subscribers
from alerts.store.audiences import DueGroup
from alerts.store.subscribers import Subscriber

Edition = Literal["alert", "daily", "weekly"]


@dataclass(frozen=True, slots=True)
class Preview:
    """A digest as it would go out, or went out, as a whole `message`; both empty if there is nothing to tell.

    `picked` holds the reasons. `stops` says why nothing would be sent all the same (paused, ended, suppressed), empty if it would.
    """

    digest: Digest | None
    message: bytes
    picked: Picked
    stops: str = ""


def preview(context: Context, person: Subscriber, edition: Edition, *, days: int | None = None) -> Preview:
    """Return what a subscriber would get if an edition were due at this moment.

    `days`: as if nothing of so many days had been told yet; None: what is news to this person.
    """
    now = context.clock.now()
    with context.database.read() as connection:
        muting = Muting(stories.last_number(connection), tuple(one.silence for one in silences.load_all(connection) if one.is_active(now)))
        group = audiences.group_of(connection, person.id, now=now)
        if days is not None:
            group = replace(group, seen=stories.number_before(connection, now - timedelta(days=days)), alerted="")
        elif person.due is None:
            group = replace(group, seen=max(group.seen, stories.settled_number(connection)))
        background = followed(connection, muting.active, now)
    windows = Windows(context.database, muting)
    (group,) = windows.parts(group)
    if edition == "alert":
        picked, digest = _alert(context, group, windows.news(group))
    else:
        group = replace(group, choices=replace(group.choices, cadence=edition))
        since = None if days is None else now - timedelta(days=days)
        picked, digest = draft(context, group, windows.news(group), background, now, since=since, muted=windows.muted(group))
    message = Letters(context).sample(digest, person, now).message if digest else b""
    return Preview(digest, message, picked, _stops(context, person))


def stored(context: Context, person: Subscriber, edition: str) -> Preview | None:
    """Return a digest that was made for a subscriber, by the name of its edition; None if there is none."""
    with context.database.read() as connection:
        number = outbox.digest_of(connection, person.id, edition)
        digest = digests.load(connection, number) if number is not None else None
    if digest is None:
        return None
    return Preview(digest, Letters(context).sample(digest, person, digest.made).message, Picked((), ()), _stops(context, person))


def _alert(context: Context, group: DueGroup, news: Told) -> tuple[Picked, Digest | None]:
    choices, host = group.choices, context.settings.host_country
    picked = pick(news, choices, host=host, minimum_level=alert_minimum(choices), national=context.rules.national, told=group.told)
    if not picked.picks:
        return picked, None
    chosen = Picked(picked.picks, ())
    wording, now = context.rules.wording, context.clock.now()
    return picked, compose("alert", chosen, choices, wording, edition="alert:preview", now=now, host=host)


def _stops(context: Context, person: Subscriber) -> str:
    with context.database.read() as connection:
        current = subscribers.by_id(connection, person.id)
        suppressed = suppressed_because(context, connection, current)
    if current.state != "open":
        return f"nothing is sent: the subscription is {current.state}" + (f" ({current.ended_reason})" if current.ended_reason else "")
    if current.paused_until is not None and current.paused_until > context.clock.now():
        return f"nothing is sent: paused until {current.paused_until:%Y-%m-%d %H:%M} UTC"
    return f"nothing is sent: {suppressed}" if suppressed else ""
