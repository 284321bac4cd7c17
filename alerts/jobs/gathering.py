"""What a day has too many alerts for: gathered in one mail in the evening, and what comes after it left to the next digest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import Connection

from alerts.digests.audience import Picked, alert_minimum, pick
from alerts.digests.compose import compose
from alerts.digests.digest import Digest
from alerts.digests.edition import alert_due, local_zone
from alerts.digests.subscriber import Choices
from alerts.jobs.context import Context
from alerts.jobs.silencing import Muting
from alerts.store import alerting, digests, stories
from alerts.store.audiences import AlertGroup
from alerts.store.subscribers import catch_up_due

GATHERED_AT = time(19)
"""Local: late enough to hold the day, early enough for what should be known the same day."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A composed alert for one group: when it may arrive, and the local day that this falls in."""

    digest: Digest
    safety: bool
    due: datetime
    day: tuple[datetime, datetime]


def gather(context: Context, connection: Connection, alert: Alert, group: AlertGroup, muting: Muting, *, base: int, now: datetime) -> int:
    """Put what an alert tells into the day's gathered mail of those who were passed over for it; return how many mails are new.

    A gathered mail that waits is replaced by one that tells this as well. Whoever had the day's reads it in the next digest; for cadence
    immediate one is planned.
    """
    given, editions, mails = alert.digest.edition, [alert.digest.edition], 0
    for before in alerting.passed_over(connection, given, group, base=base, now=now, day=alert.day):
        digest, due = _gathered(context, connection, alert, before, group.choices, muting, now)
        if digest is None:
            continue
        number = keep(context, connection, digest, group)
        people = alerting.send_gathered(
            connection,
            number,
            group,
            instead_of=given,
            before=before,
            edition=digest.edition,
            base=base,
            now=now,
            due=due,
            day=alert.day,
        )
        digests.drop(connection, number)
        mails += people if before is None else 0
        editions.append(digest.edition)
    if group.choices.cadence == "immediate":  # the others have a digest coming
        alerting.leave_to_digest(connection, editions, group, base=base, now=now, due=catch_up_due(group.choices, now))
    return mails


def _gathered(
    context: Context, connection: Connection, alert: Alert, before: int | None, choices: Choices, muting: Muting, now: datetime
) -> tuple[Digest | None, datetime]:
    """Compose what waits already and what the alert tells as one mail, and say when it may arrive."""
    updates = {*alert.digest.updates, *digests.told_by(connection, [before] if before else [])}
    news = muting.strip(stories.with_stories(connection, stories.updates_by_number(connection, updates)))
    host = context.settings.host_country
    picked = pick(news, choices, host=host, minimum_level=alert_minimum(choices), national=context.rules.national)
    if not picked.picks:
        return None, alert.due
    evening = datetime.combine(alert.due.astimezone(local_zone(choices.timezone)).date(), GATHERED_AT, local_zone(choices.timezone))
    level = picked.picks[0].level
    sectors = {sector for one in picked.picks if one.level == level for sector in one.sectors}
    digest = compose(
        "alert",
        Picked(picked.picks, ()),
        choices,
        context.rules.wording,
        edition=f"{alerting.GATHERED}:{max(updates)}:{len(updates)}",  # a mail made anew tells more, and may not be newer
        now=now,
        host=host,
        gathered=True,
    )
    return digest, alert_due(choices, level, sectors, max(alert.due, evening.astimezone(UTC)))


def keep(context: Context, connection: Connection, digest: Digest, group: AlertGroup) -> int:
    """Store what a group of readers is told at once; return its number."""
    return digests.save(
        connection,
        digest,
        audience=group.audience,
        window_from=group.floor,
        fingerprint=",".join(map(str, digest.updates)),
        ruleset=context.rules.hash,
    )


def local_day(choices: Choices, moment: datetime) -> tuple[datetime, datetime]:
    """Return the local day of a moment, from midnight to midnight, in UTC."""
    zone = local_zone(choices.timezone)
    day = moment.astimezone(zone).date()
    start, end = (datetime.combine(each, time(), zone).astimezone(UTC) for each in (day, day + timedelta(days=1)))
    return start, end
