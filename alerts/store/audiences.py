"""Audiences: the subscribers with equal choices, as groups that one digest is composed for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite

from alerts.digests.subscriber import Choices
from alerts.store.leases import table_of
from alerts.store.tables import AudienceRow, SubscriberRow
from alerts.store.values import document, value

_AUDIENCE = table_of(AudienceRow)
_SUBSCRIBER = table_of(SubscriberRow)


@dataclass(frozen=True, slots=True)
class DueGroup:
    """Subscribers whose digest is due and will be the same: equal choices, equally much told before.

    `seen` is the last update number covered; `alerted` the alert digests since then, as stored.
    """

    audience: str
    choices: Choices
    due: datetime
    seen: int
    alerted: str

    @property
    def alerts(self) -> tuple[int, ...]:
        """The numbers of the alert digests that these subscribers got since `seen`."""
        return tuple(int(number) for number in self.alerted.split(",") if number)


@dataclass(frozen=True, slots=True)
class AlertGroup:
    """Subscribers of one audience to whom the same open updates are news: those numbered above `floor`."""

    audience: str
    choices: Choices
    floor: int


def keep_audience(connection: Connection, choices: Choices) -> str:
    """Store choices once and return the key of their audience."""
    row = {"key": choices.key, "cadence": choices.cadence, "choices": document(choices)}
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(_AUDIENCE).values(row).on_conflict_do_nothing())
    return choices.key


def due_groups(connection: Connection, now: datetime) -> list[DueGroup]:
    """Return the groups whose digest is due, longest overdue first."""
    key = (_SUBSCRIBER.c.audience, _SUBSCRIBER.c.due, _SUBSCRIBER.c.seen, _SUBSCRIBER.c.alerted)
    groups = select(*key).where(_SUBSCRIBER.c.open, _SUBSCRIBER.c.due <= now).group_by(*key).subquery()
    statement = select(groups, _AUDIENCE.c.choices).join(_AUDIENCE, _AUDIENCE.c.key == groups.c.audience)
    rows = connection.execute(statement.order_by(groups.c.due, groups.c.audience, groups.c.seen, groups.c.alerted))
    return [DueGroup(row.audience, value(Choices, row.choices), row.due, row.seen, row.alerted) for row in rows]


def alert_groups(connection: Connection, *, base: int, now: datetime) -> list[AlertGroup]:
    """Return the groups of open subscribers who do not pause; `base` is the number before the first open update."""
    floor = case((_SUBSCRIBER.c.seen < base, base), else_=_SUBSCRIBER.c.seen).label("floor")
    awake = or_(_SUBSCRIBER.c.paused_until.is_(None), _SUBSCRIBER.c.paused_until <= now)
    groups = select(_SUBSCRIBER.c.audience, floor).where(_SUBSCRIBER.c.open, awake).group_by(_SUBSCRIBER.c.audience, floor).subquery()
    statement = select(groups, _AUDIENCE.c.choices).join(_AUDIENCE, _AUDIENCE.c.key == groups.c.audience)
    rows = connection.execute(statement.order_by(groups.c.audience, groups.c.floor))
    return [AlertGroup(row.audience, value(Choices, row.choices), row.floor) for row in rows]


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
