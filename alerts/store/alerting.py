"""Alerts on their way to a group of readers: at once, gathered in one mail where a day has too many, or left to the next digest.

One INSERT … SELECT each, however many people there are; see `digests.py` for what a subscriber's row remembers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, func, literal, or_, select, update

from alerts.store.audiences import AlertGroup, alerted
from alerts.store.digests import ALERT_PRIORITY, SAFETY_PRIORITY, has, mail_row, post
from alerts.store.leases import table_of
from alerts.store.recall import OVERTAKEN, overtake, replace_waiting
from alerts.store.tables import OutboxRow, SubscriberRow

GATHERED = "several"
"""Opens the edition of a gathered mail: `several:17:2`, its newest update and how many it tells."""

_OUTBOX, _SUBSCRIBER = table_of(OutboxRow), table_of(SubscriberRow)


def send_alert(
    connection: Connection,
    number: int,
    group: AlertGroup,
    *,
    edition: str,
    story: str = "",
    safety: bool,
    base: int,
    now: datetime,
    due: datetime,
    day: tuple[datetime, datetime],
    most: int,
    alerted_of: str = "",
) -> int:
    """Put an alert into the outbox for a group; return for how many people.

    `day` is the group's local day in which the mail is due: whoever has `most` alerts in it already is passed over, unless it is about
    safety. `base` is that of `alert_groups`, as is `alerted_of`, whose readers are never passed over. An alert about one `story` takes the
    place of an older one that still waits.
    """
    mail = mail_row(number, edition, "alert", priority=SAFETY_PRIORITY if safety else ALERT_PRIORITY, due=due, now=now)
    had = (
        select(func.count())
        .select_from(_OUTBOX)
        .where(
            _OUTBOX.c.subscriber == _SUBSCRIBER.c.id,
            _OUTBOX.c.kind == "alert",
            _OUTBOX.c.priority == ALERT_PRIORITY,
            _OUTBOX.c.outcome != OVERTAKEN,
            _OUTBOX.c.due >= day[0],
            _OUTBOX.c.due < day[1],
        )
        .scalar_subquery()
    )
    members = _alert_members(group, base=base, now=now)
    if alerted_of:
        members.append(alerted(alerted_of))
    people = post(connection, mail, members if safety or alerted_of else [*members, had < most])
    if people:
        _mark(connection, number, members)
        if story:
            overtake(connection, number, story, now=now)
    return people


def passed_over(
    connection: Connection, edition: str, group: AlertGroup, *, base: int, now: datetime, day: tuple[datetime, datetime]
) -> list[int | None]:
    """Return what gathers the news of those of a group who have no alert of an edition: the numbers of waiting digests, None for none.

    Whoever had the gathered mail of the `day` already is not among them.
    """
    missed = (*_alert_members(group, base=base, now=now), ~_has_edition(edition), ~_gathered_today(day, now).exists())
    return list(connection.scalars(select(_waiting_number(now)).where(*missed).distinct()))


def send_gathered(
    connection: Connection,
    number: int,
    group: AlertGroup,
    *,
    instead_of: str,
    before: int | None,
    edition: str,
    base: int,
    now: datetime,
    due: datetime,
    day: tuple[datetime, datetime],
) -> int:
    """Put a mail with all that a day had too many alerts for into the outbox; return for how many people.

    It is for those of a group who have no alert of the edition `instead_of`, and takes the place of `before`, which waits (see
    `passed_over`).
    """
    mail = mail_row(number, edition, "alert", priority=ALERT_PRIORITY, due=due, now=now)
    waiting = _waiting_number(now)
    members = [
        *_alert_members(group, base=base, now=now),
        ~_has_edition(instead_of),
        ~_gathered_today(day, now).exists(),
        waiting.is_(None) if before is None else waiting == before,
    ]
    people = post(connection, mail, members)
    if people:
        _mark(connection, number, [*_alert_members(group, base=base, now=now)])
        if before is not None:
            replace_waiting(connection, before, number, now=now)
    return people


def leave_to_digest(
    connection: Connection, editions: Collection[str], group: AlertGroup, *, base: int, now: datetime, due: datetime | None
) -> int:
    """Give whoever of a group has no alert of these editions, and no digest coming, one at `due`; return how many people that is."""
    without = [~_has_edition(edition) for edition in editions]
    passed_over = (*_alert_members(group, base=base, now=now), _SUBSCRIBER.c.due.is_(None), *without)
    return connection.execute(update(_SUBSCRIBER).where(*passed_over).values(due=due, seen=group.floor)).rowcount


def forget_alerts(connection: Connection, group: AlertGroup) -> None:
    """Whoever of a group has no digest coming has none in which an alert could be told again: drop their marks, or they would only grow."""
    idle = (_SUBSCRIBER.c.open, _SUBSCRIBER.c.audience == group.audience, _SUBSCRIBER.c.due.is_(None), _SUBSCRIBER.c.alerted != "")
    connection.execute(update(_SUBSCRIBER).where(*idle).values(alerted=""))


def _has_edition(edition: str) -> ColumnElement[bool]:
    return select(_OUTBOX.c.id).where(_OUTBOX.c.subscriber == _SUBSCRIBER.c.id, _OUTBOX.c.edition == edition).exists()


def _mark(connection: Connection, number: int, members: Sequence[ColumnElement[bool]]) -> None:
    """Note with everybody who has an alert that the next digest need not tell it."""
    mark = _SUBSCRIBER.c.alerted + literal(f",{number}")
    connection.execute(update(_SUBSCRIBER).where(*members, has(number)).values(alerted=mark))


def _gathered() -> Select[Any]:
    mine = (_OUTBOX.c.subscriber == _SUBSCRIBER.c.id, _OUTBOX.c.kind == "alert", _OUTBOX.c.outcome != OVERTAKEN)
    return select(_OUTBOX.c.digest).where(*mine, _OUTBOX.c.edition.startswith(f"{GATHERED}:"))


def _waiting_number(now: datetime) -> ScalarSelect[int]:
    """The gathered mail that waits for a subscriber, and that nobody is sending at this moment."""
    free = or_(_OUTBOX.c.lease_until.is_(None), _OUTBOX.c.lease_until <= now)
    return _gathered().where(_OUTBOX.c.open, free).order_by(_OUTBOX.c.digest.desc()).limit(1).scalar_subquery()


def _gathered_today(day: tuple[datetime, datetime], now: datetime) -> Select[Any]:
    """The gathered mail of a day that a subscriber has had, or is being sent."""
    gone = _OUTBOX.c.state.in_(("sent", "failed")) | (_OUTBOX.c.lease_until > now)
    return _gathered().where(gone, _OUTBOX.c.due >= day[0], _OUTBOX.c.due < day[1])


def _alert_members(group: AlertGroup, *, base: int, now: datetime) -> list[ColumnElement[bool]]:
    return [
        _SUBSCRIBER.c.open,
        _SUBSCRIBER.c.audience == group.audience,
        _SUBSCRIBER.c.seen <= base if group.floor == base else _SUBSCRIBER.c.seen == group.floor,
        or_(_SUBSCRIBER.c.paused_until.is_(None), _SUBSCRIBER.c.paused_until <= now),
    ]
