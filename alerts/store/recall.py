"""Mails that wait in the outbox and shall not go: they are taken back, and what they would have told is left for another mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, literal, or_, select, update

from alerts.store.digests import has
from alerts.store.leases import table_of
from alerts.store.tables import DigestRow, DigestUpdateRow, OutboxRow, SubscriberRow

OVERTAKEN = "not sent: a newer alert tells the same story as it stands now"
"""The outcome of an alert that a newer one replaced before it was due; what it told counts as told."""

_OUTBOX, _TOLD, _DIGEST = table_of(OutboxRow), table_of(DigestUpdateRow), table_of(DigestRow)
_SUBSCRIBER = table_of(SubscriberRow)


def overtake(connection: Connection, number: int, story: str, *, now: datetime) -> int:
    """Take back the waiting alerts of a story from all who have the newer alert `number` of it; return how many."""
    newer = select(_OUTBOX.c.subscriber).where(_OUTBOX.c.digest == number)
    older = (_OUTBOX.c.kind == "alert", _OUTBOX.c.edition.startswith(f"alert:{story}:", autoescape=True), _OUTBOX.c.digest < number)
    rows = update(_OUTBOX).where(*_waiting(now), *older, _OUTBOX.c.subscriber.in_(newer))
    return connection.execute(rows.values(state="skipped", open=False, outcome=OVERTAKEN, worker=None, lease_until=None)).rowcount


def replace_waiting(connection: Connection, older: int, newer: int, *, now: datetime) -> int:
    """Take back a waiting alert from all who have a newer one that tells the same and more; return how many."""
    having = select(_OUTBOX.c.subscriber).where(_OUTBOX.c.digest == newer)
    rows = update(_OUTBOX).where(*_waiting(now), _OUTBOX.c.digest == older, _OUTBOX.c.subscriber.in_(having))
    return connection.execute(rows.values(state="skipped", open=False, outcome=OVERTAKEN, worker=None, lease_until=None)).rowcount


@dataclass(frozen=True, slots=True)
class Waiting:
    """A digest that waits for at least one reader and is not being sent: its number and edition, for whom, after which update."""

    digest: int
    edition: str
    audience: str
    window_from: int


def waiting_digests(connection: Connection, *, now: datetime) -> list[Waiting]:
    """Return every digest that waits, alerts among them, each once, however many it is for."""
    columns = (_DIGEST.c.id, _DIGEST.c.edition, _DIGEST.c.audience, _DIGEST.c.window_from)
    joined = _OUTBOX.join(_DIGEST, _DIGEST.c.id == _OUTBOX.c.digest)
    rows = connection.execute(
        select(*columns).select_from(joined).where(*_waiting(now)).distinct().order_by(_DIGEST.c.id)
    )
    return [Waiting(*row) for row in rows]


def take_back_digest(connection: Connection, digest: int, *, reason: str, now: datetime) -> int:
    """Take back a digest from all for whom it waits; return from how many."""
    rows = update(_OUTBOX).where(*_waiting(now), _OUTBOX.c.digest == digest)
    return connection.execute(rows.values(state="skipped", open=False, outcome=reason, worker=None, lease_until=None)).rowcount


def put_in_place(connection: Connection, older: int, newer: int, *, alerts: bool, now: datetime) -> int:
    """Let all for whom a digest waits get another one in its place, of the same edition; return how many those are.

    Of `alerts` they are marked to have it, so that the next digest need not tell it.
    """
    rows = update(_OUTBOX).where(*_waiting(now), _OUTBOX.c.digest == older)
    people = connection.execute(rows.values(digest=newer, worker=None, lease_until=None)).rowcount
    if alerts:
        mark = _SUBSCRIBER.c.alerted + literal(f",{newer}")
        connection.execute(update(_SUBSCRIBER).where(has(newer)).values(alerted=mark))
    return people


def take_back(connection: Connection, subscriber: int, *, seen: int, reason: str, now: datetime) -> dict[str, int | str]:
    """Take back every digest and alert that waits for a person; return the columns `seen` and `alerted` with which the next tells it all.

    `seen` is the person's as it stands. Empty if nothing waited. A mail that is being sent at this moment goes.
    """
    rows = update(_OUTBOX).where(*_waiting(now), _OUTBOX.c.subscriber == subscriber, _OUTBOX.c.digest.is_not(None))
    values = {"state": "skipped", "open": False, "outcome": reason, "worker": None, "lease_until": None}
    taken = connection.scalars(rows.values(values).returning(_OUTBOX.c.digest)).all()
    untold = connection.scalars(select(_TOLD.c.update_number).where(_TOLD.c.digest.in_(taken))).all() if taken else []
    if not untold:
        return {}
    seen = min(seen, min(untold) - 1)
    told = (
        select(_OUTBOX.c.digest)
        .join(_TOLD, _TOLD.c.digest == _OUTBOX.c.digest)
        .where(
            _OUTBOX.c.subscriber == subscriber,
            or_(_OUTBOX.c.state == "sent", _OUTBOX.c.open, _OUTBOX.c.outcome == OVERTAKEN),
            _TOLD.c.update_number > seen,
        )
        .distinct()
        .order_by(_OUTBOX.c.digest)
    )
    return {"seen": seen, "alerted": "".join(f",{number}" for number in connection.scalars(told))}


def _waiting(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return _OUTBOX.c.open, or_(_OUTBOX.c.lease_until.is_(None), _OUTBOX.c.lease_until <= now)
