"""Reports on mails that came back, and how much trouble each reader's address has given lately.

Every report counts once, by the hash of the message it came in. A soft bounce adds one to the score of an address, at most one a day;
the score halves every two weeks of peace, so that a full mailbox in summer and one at New Year are not one dead address.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from alerts.mail.address import fold_address
from alerts.store.leases import table_of
from alerts.store.service_tables import BounceRow
from alerts.store.tables import OutboxRow, SubscriberRow

LIMIT = 4.0
"""The score at which an address is given up: four days of refusals within some weeks."""
HALF_LIFE = timedelta(days=14)
_A_DAY = timedelta(days=1)
_SLACK = timedelta(hours=2)
"""Mails of one daily rhythm are not exactly a day apart."""

_BOUNCE, _OUTBOX, _SUBSCRIBER = table_of(BounceRow), table_of(OutboxRow), table_of(SubscriberRow)


@dataclass(frozen=True, slots=True)
class Returned:
    """The mail that a report is about: its row in the outbox (None if only the reader is known), and the reader."""

    outbox: int | None
    subscriber: int
    address_key: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Bounce:
    """A report as kept: no address in it. `found_by` says how it was matched to a mail: token, message-id or address."""

    report_hash: str
    kind: str
    status: str
    said: str
    found_by: str
    subscriber: int
    outbox: int | None
    at: datetime


def is_known(connection: Connection, report_hash: str) -> bool:
    """True if this very message was counted before."""
    return connection.scalar(select(_BOUNCE.c.id).where(_BOUNCE.c.report_hash == report_hash)) is not None


def keep(connection: Connection, bounce: Bounce) -> None:
    """Put a report on record, and what it says beside the mail that it is about, for the reader's page."""
    values = {name: getattr(bounce, name) for name in Bounce.__slots__}
    connection.execute(insert(_BOUNCE), values)
    if bounce.outbox is not None:
        words = f"came back ({bounce.kind}): {bounce.status} {bounce.said}".replace("  ", " ").strip()
        connection.execute(update(_OUTBOX).where(_OUTBOX.c.id == bounce.outbox).values(outcome=words))


def by_row(connection: Connection, row: int) -> Returned | None:
    """Return the mail of a row of the outbox, or None if it is gone."""
    return _returned(connection.execute(_SELECT.where(_OUTBOX.c.id == row)).one_or_none())


def mails_to(connection: Connection, address: str, *, since: datetime) -> Iterator[Returned]:
    """Yield the mails sent to an address since a moment, newest first."""
    rows = _SELECT.where(_SUBSCRIBER.c.address_key == fold_address(address), _OUTBOX.c.created_at >= since)
    for row in connection.execute(rows.order_by(_OUTBOX.c.id.desc())):
        if (mail := _returned(row)) is not None:
            yield mail


def mails_since(connection: Connection, since: datetime) -> Iterator[Returned]:
    """Yield all mails sent since a moment, newest first, without holding them all in memory."""
    statement = _SELECT.where(_OUTBOX.c.state == "sent", _OUTBOX.c.created_at >= since).order_by(_OUTBOX.c.id.desc())
    for row in connection.execute(statement, execution_options={"yield_per": 2000}):
        if (mail := _returned(row)) is not None:
            yield mail


def reader(connection: Connection, address: str) -> Returned | None:
    """Return who has an address, however it is spelt, or None."""
    statement = select(_SUBSCRIBER.c.id, _SUBSCRIBER.c.address_key).where(_SUBSCRIBER.c.address_key == fold_address(address))
    row = connection.execute(statement).one_or_none()
    return None if row is None else Returned(None, row.id, row.address_key)


def soften(connection: Connection, subscriber: int, *, at: datetime) -> float:
    """Count a soft bounce of a reader and return the score after it; a second one of the same day changes nothing."""
    row = connection.execute(
        select(_SUBSCRIBER.c.bounce_score, _SUBSCRIBER.c.bounced_at).where(_SUBSCRIBER.c.id == subscriber)
    ).one_or_none()
    if row is None:
        return 0.0
    score = decayed(row.bounce_score, row.bounced_at, at)
    if row.bounced_at is not None and at - row.bounced_at < _A_DAY - _SLACK:
        return score
    values = {"bounce_score": score + 1, "bounced_at": at}
    connection.execute(update(_SUBSCRIBER).where(_SUBSCRIBER.c.id == subscriber).values(values))
    return score + 1


def forgive(connection: Connection, address: str) -> None:
    """Set the score of an address to nothing."""
    key = fold_address(address)
    connection.execute(update(_SUBSCRIBER).where(_SUBSCRIBER.c.address_key == key).values(bounce_score=0.0, bounced_at=None))


def decayed(score: float, since: datetime | None, at: datetime) -> float:
    """Return what is left of a score: half of it every two weeks. An earlier moment than `since` changes nothing."""
    if since is None or at <= since:
        return score
    return float(score * 0.5 ** ((at - since) / HALF_LIFE))


def latest(connection: Connection, *, limit: int = 50) -> list[Bounce]:
    """Return the last reports, newest first."""
    rows = connection.execute(select(_BOUNCE).order_by(_BOUNCE.c.id.desc()).limit(limit))
    return [Bounce(**{name: getattr(row, name) for name in Bounce.__slots__}) for row in rows]


def counts(connection: Connection, *, since: datetime) -> dict[str, int]:
    """Return how many reports of each kind came since a moment."""
    rows = connection.execute(select(_BOUNCE.c.kind, func.count()).where(_BOUNCE.c.at >= since).group_by(_BOUNCE.c.kind))
    return {row[0]: row[1] for row in rows}


_SELECT = select(_OUTBOX.c.id, _OUTBOX.c.subscriber, _OUTBOX.c.edition, _SUBSCRIBER.c.address_key).join(
    _SUBSCRIBER, _SUBSCRIBER.c.id == _OUTBOX.c.subscriber
)


def _returned(row: Any) -> Returned | None:
    return None if row is None else Returned(row.id, row.subscriber, row.address_key, f"{row.edition}:{row.subscriber}")
