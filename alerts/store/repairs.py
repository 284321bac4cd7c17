"""What a crash, a wrong clock or a refused mail can leave behind in the rows, found and put right by set."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, String, cast, func, literal, select, update

from alerts.digests.subscriber import Choices
from alerts.store.leases import table_of
from alerts.store.recall import OVERTAKEN
from alerts.store.subscribers import catch_up_due
from alerts.store.tables import AudienceRow, EntryRow, FeedRow, OutboxRow, SubscriberRow
from alerts.store.values import value

LONGEST_LEASE = timedelta(days=1)
LONGEST_PERIOD = timedelta(days=9)
"""A weekly digest is due within eight days, whatever the zones do."""

_SUBSCRIBER, _AUDIENCE, _OUTBOX = table_of(SubscriberRow), table_of(AudienceRow), table_of(OutboxRow)


def end_odd_leases(connection: Connection, *, now: datetime) -> int:
    """Free work that is leased for longer than any lease lasts: it was taken while a clock was ahead. Return how many rows."""
    freed = 0
    for row in (FeedRow, EntryRow, OutboxRow):
        table = table_of(row)
        odd = update(table).where(table.c.open, table.c.lease_until > now + LONGEST_LEASE)
        freed += connection.execute(odd.values(worker=None, lease_until=None)).rowcount
    return freed


def set_missing_dues(connection: Connection, *, now: datetime) -> int:
    """Give a due moment to open subscribers who have none although their cadence has digests, or an impossibly late one.

    Return how many. A pause moves the moment behind its end, so it is reckoned from there.
    """
    missing = _SUBSCRIBER.c.due.is_(None) & (_AUDIENCE.c.cadence != "immediate")
    candidates = (
        select(
            _SUBSCRIBER.c.id,
            _SUBSCRIBER.c.due,
            _SUBSCRIBER.c.edition,
            _SUBSCRIBER.c.paused_until,
            _AUDIENCE.c.choices,
        )
        .join(_AUDIENCE, _AUDIENCE.c.key == _SUBSCRIBER.c.audience)
        .where(_SUBSCRIBER.c.open, missing | (_SUBSCRIBER.c.due > now + LONGEST_PERIOD))
    )
    changed = 0
    for row in connection.execute(candidates).all():
        after = max(now, row.paused_until or now)
        if row.due is not None and row.due <= after + LONGEST_PERIOD:
            continue
        due = catch_up_due(value(Choices, row.choices), after, sent=row.edition)
        same = _SUBSCRIBER.c.due.is_(None) if row.due is None else _SUBSCRIBER.c.due == row.due
        changed += connection.execute(update(_SUBSCRIBER).where(_SUBSCRIBER.c.id == row.id, same).values(due=due)).rowcount
    return changed


def bring_back_mails(connection: Connection, *, now: datetime) -> int:
    """Let mails go that were put off to an impossibly late moment, while a clock was ahead. Return how many."""
    late = update(_OUTBOX).where(_OUTBOX.c.open, _OUTBOX.c.due > now + LONGEST_PERIOD)
    return connection.execute(late.values(due=now)).rowcount


def retell_lost_alerts(connection: Connection) -> int:
    """Let the next digest tell what an alert should have told that was refused, given up or not sent. Return how many alerts."""
    marks = _SUBSCRIBER.c.alerted + literal(",")
    mark = literal(",") + cast(_OUTBOX.c.digest, String) + literal(",")
    lost = (
        select(_OUTBOX.c.subscriber, _OUTBOX.c.digest)
        .join(_SUBSCRIBER, _SUBSCRIBER.c.id == _OUTBOX.c.subscriber)
        .where(
            _OUTBOX.c.kind == "alert",
            _OUTBOX.c.open.is_(False),
            _OUTBOX.c.state != "sent",
            _OUTBOX.c.outcome != OVERTAKEN,
            _SUBSCRIBER.c.open,
            _SUBSCRIBER.c.alerted != "",
            marks.contains(mark),
        )
    )
    found = connection.execute(lost).all()
    for row in found:
        without = func.replace(_SUBSCRIBER.c.alerted + literal(","), f",{row.digest},", ",")
        trimmed = func.substr(without, 1, func.length(without) - 1)
        connection.execute(update(_SUBSCRIBER).where(_SUBSCRIBER.c.id == row.subscriber).values(alerted=trimmed))
    return len(found)
