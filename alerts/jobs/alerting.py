"""Alerts: open updates → one digest per story and audience → the outbox.

What each group of readers gets is composed before the write transaction; all of it is then saved in one, together with the mark that these
updates are published. So a crash loses nothing, and of two publishers the second finds nothing left to do.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts.digests.audience import Pick, Picked, alert_minimum, amendment, amends, pick
from alerts.digests.compose import compose
from alerts.digests.edition import alert_due
from alerts.digests.subscriber import Choices
from alerts.jobs.context import Context
from alerts.jobs.epoch import back_since
from alerts.jobs.gathering import Alert, gather, keep, local_day
from alerts.jobs.silencing import Muting, Told
from alerts.store import alerting, audiences, digests, stories
from alerts.store.audiences import AlertGroup
from alerts.store.db import exclusive

MOST_A_DAY = 3
"""Alerts per person and local day; safety and corrections do not count. The rest of a day comes in one mail (`gathering.py`)."""
MOST_AT_ONCE = 3
"""More stories than this in one go come as one combined alert."""
LATE = timedelta(hours=3)
"""What goes out so long after it could have says so."""


def publish_alerts(context: Context, muting: Muting) -> tuple[int, int]:
    """Publish the alerts of all open updates that may be. Returns how many alerts were composed, and how many mails they make."""
    now = context.clock.now()
    with context.database.read() as connection:
        updates = [each for each in stories.open_updates(connection) if each.number <= muting.upto]
        if not updates:
            return 0, 0
        told = muting.strip(stories.with_stories(connection, updates))
        base = updates[0].number - 1
        groups = audiences.alert_groups(connection, base=base, now=now)
        back = back_since(connection, now)
    drafts = {group: _alerts(context, group, told, now, back) for group in groups}
    with context.database.write() as connection:
        exclusive(connection, "stories")
        audiences.hold_subscribers(connection)
        upto = updates[-1].number
        if [each.number for each in stories.open_updates(connection) if each.number <= upto] != [each.number for each in updates]:
            return 0, 0  # another publisher was here in between
        count = _save(context, connection, drafts, told, muting, base=base, now=now, back=back)
        stories.close_updates(connection, upto)
    return count


def _save(
    context: Context,
    connection: Connection,
    drafts: dict[AlertGroup, list[Alert]],
    told: Told,
    muting: Muting,
    *,
    base: int,
    now: datetime,
    back: datetime | None,
) -> tuple[int, int]:
    """Put the alerts of each group into the outbox; a group that came up since the drafts were made gets its own."""
    made, mails = _amend(context, connection, told, base=base, now=now)
    for group in audiences.alert_groups(connection, base=base, now=now):
        for alert in drafts[group] if group in drafts else _alerts(context, group, told, now, back):
            people = _send(context, connection, alert, group, base=base, now=now)
            made += bool(people)
            mails += people
            if people < group.size and not alert.safety:
                mails += gather(context, connection, alert, group, muting, base=base, now=now)
        if group.choices.cadence == "immediate":
            alerting.forget_alerts(connection, group)
    return made, mails


def _send(
    context: Context, connection: Connection, alert: Alert, group: AlertGroup, *, base: int, now: datetime, alerted_of: str = ""
) -> int:
    """Put one alert into the outbox for its group; return for how many people."""
    number = keep(context, connection, alert.digest, group)
    people = alerting.send_alert(
        connection,
        number,
        group,
        edition=alert.digest.edition,
        story=alert.digest.items[0].story if len(alert.digest.items) == 1 else "",
        safety=alert.safety,
        base=base,
        now=now,
        due=alert.due,
        day=alert.day,
        most=MOST_A_DAY,
        alerted_of=alerted_of,
    )
    if not people:
        digests.drop(connection, number)
    return people


def _amend(context: Context, connection: Connection, told: Told, *, base: int, now: datetime) -> tuple[int, int]:
    """Tell everybody who was alerted of a story that it was corrected, taken back or lifted, whatever they choose by now."""
    made = mails = 0
    for story, updates in told:
        if not amends(updates):
            continue
        for group in audiences.alert_groups(connection, base=base, now=now, alerted_of=story.id):
            fresh = tuple(each for each in updates if each.number > group.floor)
            if amends(fresh):
                alert = _alert(context, (amendment(story, fresh, group.choices),), group.choices, now)
                people = _send(context, connection, alert, group, base=base, now=now, alerted_of=story.id)
                made += bool(people)
                mails += people
    return made, mails


def _alerts(context: Context, group: AlertGroup, told: Told, now: datetime, back: datetime | None) -> list[Alert]:
    """Compose what a group of readers gets at once: a mail per story, those of safety first, or one for many. `back`: after an outage.

    What only puts right an earlier mail is left out: it goes to those who had that mail.
    """
    host = context.settings.host_country
    news = [(story, fresh) for story, updates in told if (fresh := tuple(each for each in updates if each.number > group.floor))]
    picked = pick(news, group.choices, host=host, minimum_level=alert_minimum(group.choices), national=context.rules.national)
    urgent = [(one,) for one in picked.picks if one.urgent]
    others = [one for one in picked.picks if not one.urgent]
    bundles = [*urgent, *([(one,) for one in others] if len(others) <= MOST_AT_ONCE else [tuple(others)])]
    return [_alert(context, bundle, group.choices, now, back) for bundle in bundles]


def _alert(context: Context, bundle: tuple[Pick, ...], choices: Choices, now: datetime, back: datetime | None = None) -> Alert:
    newest = max(update.number for one in bundle for update in one.updates)
    oldest = min(update.at for one in bundle for update in one.updates)
    level = max(one.urgency for one in bundle)
    due = alert_due(choices, level, {sector for one in bundle if one.urgency == level for sector in one.sectors}, now)
    digest = compose(
        "alert",
        Picked(bundle, ()),
        choices,
        context.rules.wording,
        edition=f"alert:{bundle[0].story.id}:{newest}" if len(bundle) == 1 else f"alert:{newest}",
        now=now,
        host=context.settings.host_country,
        late=now - oldest > LATE or _missed(bundle, now, back),
    )
    return Alert(digest, len(bundle) == 1 and bundle[0].urgent, due, local_day(choices, due))


def _missed(bundle: tuple[Pick, ...], now: datetime, back: datetime | None) -> bool:
    """True after an outage for what was reported while nobody was there to read it, although it came in only now."""
    newest = max(report.published for one in bundle for report in one.story.reports)
    return back is not None and newest < back and now - newest > LATE
