"""Audiences: the subscribers with equal choices, as groups that one digest is composed for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select, text

from alerts.digests.subscriber import Choices
from alerts.store.leases import table_of
from alerts.store.tables import AudienceRow, DigestUpdateRow, OutboxRow, SubscriberRow
from alerts.store.upsert import upsert
from alerts.store.values import document, value

_AUDIENCE = table_of(AudienceRow)
_SUBSCRIBER = table_of(SubscriberRow)
_OUTBOX, _TOLD = table_of(OutboxRow), table_of(DigestUpdateRow)


@dataclass(frozen=True, slots=True)
class DueGroup:
    """Subscribers whose digest is due and will be the same: equal choices, equally much told before.

    `seen` is the last update number covered; `alerted` the alert digests since then, as stored. Where a story was put right, the group is
    parted into those who had a mail of it (`told`) and those who had none (`untold`). `only` is one subscriber, whenever due; 0: all.
    """

    audience: str
    choices: Choices
    due: datetime
    seen: int
    alerted: str
    told: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()
    only: int = 0

    @property
    def alerts(self) -> tuple[int, ...]:
        """The numbers of the alert digests that these subscribers got since `seen`."""
        return tuple(int(number) for number in self.alerted.split(",") if number)


@dataclass(frozen=True, slots=True)
class AlertGroup:
    """Subscribers of one audience to whom the same open updates are news: those numbered above `floor`. `size` is how many they are."""

    audience: str
    choices: Choices
    floor: int
    size: int = field(default=0, compare=False)


def keep_audience(connection: Connection, choices: Choices) -> str:
    """Store choices once and return the key of their audience."""
    row = {"key": choices.key, "cadence": choices.cadence, "choices": document(choices)}
    connection.execute(upsert(connection, _AUDIENCE).values(row).on_conflict_do_nothing())
    return choices.key


def choices_of(connection: Connection, audience: str) -> Choices:
    """Return the choices of an audience. Raises LookupError if there is none with this key."""
    content = connection.scalar(select(_AUDIENCE.c.choices).where(_AUDIENCE.c.key == audience))
    if content is None:
        raise LookupError(f"there is no audience {audience}")
    return value(Choices, content)


def group_of(connection: Connection, subscriber: int, *, now: datetime) -> DueGroup:
    """Return the group of one subscriber as if a digest were due now. Raises LookupError."""
    row = connection.execute(
        select(_SUBSCRIBER.c.audience, _SUBSCRIBER.c.seen, _SUBSCRIBER.c.alerted).where(_SUBSCRIBER.c.id == subscriber)
    ).one_or_none()
    if row is None:
        raise LookupError(f"there is no subscriber {subscriber}")
    return DueGroup(row.audience, choices_of(connection, row.audience), now, row.seen, row.alerted, only=subscriber)


def due_groups(connection: Connection, now: datetime) -> list[DueGroup]:
    """Return the groups whose digest is due, longest overdue first."""
    key = (_SUBSCRIBER.c.audience, _SUBSCRIBER.c.due, _SUBSCRIBER.c.seen, _SUBSCRIBER.c.alerted)
    groups = select(*key).where(_SUBSCRIBER.c.open, _SUBSCRIBER.c.due <= now).group_by(*key).subquery()
    statement = select(groups, _AUDIENCE.c.choices).join(_AUDIENCE, _AUDIENCE.c.key == groups.c.audience)
    rows = connection.execute(statement.order_by(groups.c.due, groups.c.audience, groups.c.seen, groups.c.alerted))
    return [DueGroup(row.audience, value(Choices, row.choices), row.due, row.seen, row.alerted) for row in rows]


def alert_groups(connection: Connection, *, base: int, now: datetime, alerted_of: str = "") -> list[AlertGroup]:
    """Return the groups of open subscribers who do not pause; `base` is the number before the first open update.

    With `alerted_of`, only of those who would be told at once that the story was wrong (`alerted`).
    """
    floor = case((_SUBSCRIBER.c.seen < base, base), else_=_SUBSCRIBER.c.seen).label("floor")
    awake = or_(_SUBSCRIBER.c.paused_until.is_(None), _SUBSCRIBER.c.paused_until <= now)
    wanted = (_SUBSCRIBER.c.open, awake, alerted(alerted_of)) if alerted_of else (_SUBSCRIBER.c.open, awake)
    size = func.count().label("size")
    groups = select(_SUBSCRIBER.c.audience, floor, size).where(*wanted).group_by(_SUBSCRIBER.c.audience, floor).subquery()
    statement = select(groups, _AUDIENCE.c.choices).join(_AUDIENCE, _AUDIENCE.c.key == groups.c.audience)
    rows = connection.execute(statement.order_by(groups.c.audience, groups.c.floor))
    return [AlertGroup(row.audience, value(Choices, row.choices), row.floor, row.size) for row in rows]


def alerted(story: str) -> ColumnElement[bool]:
    """The condition that a subscriber hears at once that a story was wrong: who has an alert of it, sent or waiting, or any mail of it
    and no digest coming that could tell.
    """
    return or_(_mail_of(story).where(_OUTBOX.c.kind == "alert").exists(), and_(_SUBSCRIBER.c.due.is_(None), heard_of(story)))


def heard_of(story: str) -> ColumnElement[bool]:
    """The condition that a subscriber has a mail of any kind that tells a story: it was sent, or will be."""
    return _mail_of(story).exists()


def _mail_of(story: str) -> Select[Any]:
    row = select(_OUTBOX.c.id).join(_TOLD, _TOLD.c.digest == _OUTBOX.c.digest)
    told = row.where(_OUTBOX.c.subscriber == _SUBSCRIBER.c.id, _TOLD.c.story == story)
    return told.where(or_(_OUTBOX.c.open, _OUTBOX.c.state == "sent"))


def all_audiences(connection: Connection) -> list[tuple[Choices, int]]:
    """Return every audience with how many subscribers in it may get mail, those of none left out."""
    people = func.count().label("people")
    sizes = select(_SUBSCRIBER.c.audience, people).where(_SUBSCRIBER.c.open).group_by(_SUBSCRIBER.c.audience).subquery()
    rows = connection.execute(
        select(_AUDIENCE.c.choices, sizes.c.people).join(sizes, sizes.c.audience == _AUDIENCE.c.key).order_by(_AUDIENCE.c.key)
    )
    return [(value(Choices, row.choices), row.people) for row in rows]


def hold_subscribers(connection: Connection) -> None:
    """Let nobody change choices until the transaction ends: a subscriber who moves to another group midway could be passed over."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE subscriber IN SHARE ROW EXCLUSIVE MODE"))


def count_open(connection: Connection) -> int:
    """Return how many subscribers may get mail."""
    return connection.scalar(select(func.count()).select_from(_SUBSCRIBER).where(_SUBSCRIBER.c.open)) or 0
