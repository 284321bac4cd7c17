"""How long each kind of row is kept, and why; expired rows go in small batches, so that nobody waits for a long delete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, exists, select

from alerts.store.leases import table_of
from alerts.store.service_tables import BounceRow, NoticeRow, RulesetRow
from alerts.store.tables import (
    AssessmentRow,
    AudienceRow,
    DigestRow,
    EntryRow,
    OutboxRow,
    StoryRow,
    SubscriberRow,
)

_ENTRY, _STORY, _SUBSCRIBER, _AUDIENCE = table_of(EntryRow), table_of(StoryRow), table_of(SubscriberRow), table_of(AudienceRow)
_DIGEST, _OUTBOX, _RULESET, _ASSESSMENT = table_of(DigestRow), table_of(OutboxRow), table_of(RulesetRow), table_of(AssessmentRow)
_NOTICE, _BOUNCE = table_of(NoticeRow), table_of(BounceRow)


@dataclass(frozen=True, slots=True)
class Retention:
    """One line of the table: which rows are `expired` at a moment, `days` after what the `reason` says."""

    name: str
    days: int
    reason: str
    key: ColumnElement[Any]
    expired: Callable[[datetime], ColumnElement[bool]]

    @property
    def table(self) -> Table:
        """The table that the rows are in."""
        table = self.key.table
        assert isinstance(table, Table)
        return table


RETENTION = (
    Retention(
        "unconfirmed subscribers", 30, "the link to confirm holds a week; whoever has not used it does not want us to know the address",
        _SUBSCRIBER.c.id,
        lambda since: _SUBSCRIBER.c.confirmed_at.is_(None) & _SUBSCRIBER.c.ended_at.is_(None) & (_SUBSCRIBER.c.created_at < since),
    ),
    Retention(
        "ended subscribers", 90, "long enough to take back a mistake and to answer a complaint; suppressions stay, without the address",
        _SUBSCRIBER.c.id,
        lambda since: _SUBSCRIBER.c.ended_at < since,
    ),
    Retention(
        "mails", 400, "who got what, and what came of it: a year later `alerts why` still has an answer",
        _OUTBOX.c.id,
        lambda since: _OUTBOX.c.open.is_(False) & (_OUTBOX.c.created_at < since),
    ),
    Retention(
        "notices", 180, "what the operator was told, as long as the mails of that time are on record",
        _NOTICE.c.id,
        lambda since: _NOTICE.c.open.is_(False) & _NOTICE.c.standing.is_(False) & (_NOTICE.c.created_at < since),
    ),
    Retention(
        "bounces", 400, "what came back, as long as the mails that it is about are on record",
        _BOUNCE.c.id,
        lambda since: _BOUNCE.c.at < since,
    ),
    Retention(
        "digests", 400, "the web view of a mail should still open a year later",
        _DIGEST.c.id,
        lambda since: (_DIGEST.c.made < since) & ~exists().where(_OUTBOX.c.digest == _DIGEST.c.id),
    ),
    Retention(
        "stories", 400, "a year's round of the same event, and a margin; updates go with their story",
        _STORY.c.id,
        lambda since: (_STORY.c.changed < since) & (_STORY.c.closes < since),
    ),
    Retention(
        "entries", 400, "a feed that lists last year's entries must not make them news again",
        _ENTRY.c.id,
        lambda since: _ENTRY.c.open.is_(False) & (_ENTRY.c.first_seen < since),
    ),
    Retention(
        "rule sets", 400, "kept as long as anything that they decided",
        _RULESET.c.hash,
        lambda since: (
            (_RULESET.c.first_used < since)
            & ~exists().where(_ASSESSMENT.c.ruleset == _RULESET.c.hash)
            & ~exists().where(_DIGEST.c.ruleset == _RULESET.c.hash)
        ),
    ),
    Retention(
        "audiences", 0, "choices that nobody has any more, and that no kept digest was made for",
        _AUDIENCE.c.key,
        lambda _since: ~exists().where(_SUBSCRIBER.c.audience == _AUDIENCE.c.key) & ~exists().where(_DIGEST.c.audience == _AUDIENCE.c.key),
    ),
)  # fmt: skip
"""In this order, so that what hangs on other rows goes first."""


def prune_some(connection: Connection, line: Retention, *, now: datetime, limit: int) -> int:
    """Delete up to `limit` expired rows of one kind; return how many."""
    expired = select(line.key).where(line.expired(now - timedelta(days=line.days))).order_by(line.key).limit(limit)
    keys = connection.scalars(expired).all()
    return connection.execute(delete(line.table).where(line.key.in_(keys))).rowcount if keys else 0
