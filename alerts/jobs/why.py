"""Why a reader got a story, or did not: entry → rule set → story → update → digest → outcome, from the rows that are kept for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts.digests.audience import alert_minimum, pick
from alerts.digests.digest import Digest
from alerts.digests.subscriber import Choices
from alerts.jobs.context import Context
from alerts.jobs.suppressed import suppressed_because
from alerts.rules.levels import Level
from alerts.store import digests, silences, trails
from alerts.store.alerting import GATHERED
from alerts.store.sender import paused
from alerts.store.subscribers import Subscriber
from alerts.store.trails import Mailed, Trace
from alerts.stories.story import Story, Update

SLOWEST_CADENCE = timedelta(days=8)
"""By then every digest that a story could stand in is over: what stops mail later is not why it was not told."""


@dataclass(frozen=True, slots=True)
class Why:
    """The whole answer. `told` are the mails, `because` why each was for this reader; `reasons` say, for what was not told, why not, the
    surest first.

    `choices_then` is false if what the reader had chosen at that time is not known any more, so that today's choices had to serve.
    """

    story: Story
    reader: Subscriber
    traces: tuple[Trace, ...]
    updates: tuple[Update, ...]
    told: tuple[Mailed, ...]
    because: tuple[tuple[str, ...], ...]
    reasons: tuple[str, ...]
    choices_then: bool


def why(context: Context, connection: Connection, reader: Subscriber, story: Story) -> Why:
    """Gather the answer for one reader and one story. Reads only."""
    updates = [update for update, _ in trails.updates_of(connection, story.id)]
    told = trails.mails_about(connection, reader.id, story.id)
    sent = {number for mail in told if mail.state == "sent" for number in mail.updates}
    untold = [each for each in updates if each.material and each.number not in sent]
    first = min((each.at for each in untold), default=None)
    then = trails.choices_at(connection, reader.id, first) if first else None
    reasons = _reasons(context, connection, reader, story, untold, told, then or reader.choices)
    because = tuple(_because(context, connection, story, updates, mail) for mail in told)
    traces = tuple(trails.traces(connection, story.id))
    return Why(story, reader, traces, tuple(updates), tuple(told), because, tuple(reasons), then is not None)


def _because(context: Context, connection: Connection, story: Story, updates: list[Update], mail: Mailed) -> tuple[str, ...]:
    """Return which of the choices that a mail was made for the story met: as the mail says, or for one line in it, by today's levels."""
    if printed := _as_printed(digests.load(connection, mail.digest), story, dict(mail.choices.sectors)):
        return printed
    news = tuple(each for each in updates if each.number in mail.updates)
    verdict = pick([(story, news)], mail.choices, host=context.settings.host_country, national=context.rules.national, told=[story.id])
    return verdict.picks[0].reasons if verdict.picks else ()


def _as_printed(digest: Digest, story: Story, thresholds: Mapping[str, Level]) -> tuple[str, ...]:
    """Return the levels that a mail told a reader of a story, as far as they were asked for, the highest first."""
    meanings = [each for section in digest.sections for item in section.items if item.story == story.id for each in item.meanings]
    asked = [each for each in meanings if each.level and each.level >= thresholds.get(each.sector, Level.act + 1)]
    asked.sort(key=lambda each: (-each.level, each.sector))
    return tuple(f"{each.sector} at {each.level.name} (you asked for {thresholds[each.sector].name} or more)" for each in asked)


def _reasons(
    context: Context,
    connection: Connection,
    reader: Subscriber,
    story: Story,
    untold: list[Update],
    told: list[Mailed],
    choices: Choices,
) -> list[str]:
    """Return why what was not told was not, in the order in which the service asks."""
    if not untold:
        return [] if told else [_never_for_readers(context, connection, story)]
    reasons = _person(context, connection, reader, untold)
    reasons += [_unsent(context, connection, mail) for mail in told if mail.state != "sent"]
    reasons += _silenced(context, connection, untold)
    heard = [story.id] if any(mail.state in {"sent", "pending", "deferred"} for mail in told) else []
    host, nations = context.settings.host_country, context.rules.national
    for name, minimum in (("digest", Level.info), ("alert", alert_minimum(choices))):
        verdict = pick([(story, tuple(untold))], choices, host=host, national=nations, minimum_level=minimum, told=heard)
        reasons += [f"as {name}: {left.reason}" for left in verdict.left_out]
        if verdict.picks and name == "digest" and not reasons:
            reasons.append(_chosen(context, reader, untold))
    return list(dict.fromkeys(reasons))


def _never_for_readers(context: Context, connection: Connection, story: Story) -> str:
    """Say of a story without material news what kept it from being any."""
    traces = trails.traces(connection, story.id)
    published = {report.entry: report.published for report in story.reports}
    days = context.settings.freshness_days
    old = [one for one in traces if one.first_seen - published.get(one.entry, one.first_seen) > timedelta(days=days)]
    if old and all(one.baseline or one in old for one in traces):
        return f"it was older than the {days:g} days of freshness (ALERTS_FRESHNESS_DAYS) when it was read on {_day(old[0].first_seen)}"
    if traces and all(one.baseline for one in traces):
        return "it came with the first poll of its feed, which is read and never mailed"
    return "nothing in it was for readers: it came with a feed's first poll, or only repeated what was known"


def _unsent(context: Context, connection: Connection, mail: Mailed) -> str:
    """Say why a mail that was made is not sent, or not yet."""
    now, named = context.clock.now(), f"{mail.kind} {mail.edition}"
    if not mail.waits:
        return f"{named}: {mail.outcome or mail.state}"
    said = f"; last try: {mail.outcome}" if mail.outcome else ""
    if mail.due <= now:
        stop = paused(connection, now)
        return f"{named}: due since {_minute(mail.due)}{said}" + (f"; the sender is {stop}" if stop else "")
    if mail.state == "deferred":
        return f"{named}: goes again at {_minute(mail.due)}{said}"
    because = "the day had three alerts already" if mail.edition.startswith(f"{GATHERED}:") else "outside the reader's hours for it"
    return f"{named}: waits until {_minute(mail.due)}, {because}"


def _chosen(context: Context, reader: Subscriber, untold: list[Update]) -> str:
    """Say what becomes of a story that nothing speaks against."""
    if max(each.number for each in untold) > reader.seen:
        due = _minute(reader.due) if reader.due else "when its alert is published"
        return f"it is chosen and waits for the next mail: {due}"
    days = context.settings.freshness_days
    return f"the digest after it passed it over: it was older than the {days:g} days of freshness, or the reader's choices were others then"


def _person(context: Context, connection: Connection, reader: Subscriber, untold: list[Update]) -> list[str]:
    newest = max(each.at for each in untold)
    oldest = min(each.at for each in untold)
    reasons = []
    if reader.confirmed_at is None:
        reasons.append("the subscription was never confirmed")
    elif reader.confirmed_at > oldest:
        reasons.append(
            f"the subscription was confirmed on {_day(reader.confirmed_at)}, after it happened; nobody's first mail tells old news"
        )
    if reader.ended_at is not None and reader.ended_at <= newest:
        reasons.append(f"the subscription had ended on {_day(reader.ended_at)} ({reader.ended_reason})")
    waits = max(each.number for each in untold) > reader.seen
    if waits and reader.paused_until is not None and reader.paused_until > context.clock.now():
        reasons.append(f"mail is paused until {reader.paused_until:%Y-%m-%d %H:%M} UTC; the first mail after it tells what was missed")
    if suppressed := suppressed_because(context, connection, reader, by=None if waits else newest + SLOWEST_CADENCE):
        reasons.append(suppressed)
    return reasons


def _silenced(context: Context, connection: Connection, untold: list[Update]) -> list[str]:
    numbers = {each.number for each in untold}
    met = [each for each in silences.met(connection, context.clock.now()) if each.number in numbers and each.whole and each.told is None]
    return [f"it was silenced by {each.silence} on {_day(each.at)}" for each in met]


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
