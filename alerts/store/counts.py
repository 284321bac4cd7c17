"""What stands where, in numbers that reconcile: entries → impacts → stories → updates → digests → mails."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, case, distinct, func, select

from alerts.store import outbox, silences, suppressions
from alerts.store.facts import load_facts
from alerts.store.leases import table_of
from alerts.store.tables import (
    AssessmentRow,
    DigestRow,
    DigestUpdateRow,
    EntryRow,
    FeedRow,
    OutboxRow,
    StoryEntryRow,
    StoryRow,
    StoryUpdateRow,
    SubscriberRow,
)

_FEED, _ENTRY, _ASSESSMENT = table_of(FeedRow), table_of(EntryRow), table_of(AssessmentRow)
_STORY, _STORY_ENTRY, _UPDATE = table_of(StoryRow), table_of(StoryEntryRow), table_of(StoryUpdateRow)
_SUBSCRIBER, _DIGEST, _TOLD, _OUTBOX = table_of(SubscriberRow), table_of(DigestRow), table_of(DigestUpdateRow), table_of(OutboxRow)


def count_all(connection: Connection, now: datetime) -> dict[str, dict[str, Any]]:
    """Count everything, by group. A feed counts while feeds.yaml lists it.

    `picks` is the number of (mail, story update) pairs; `mails` are rows of the outbox by state.
    """
    return {
        "feeds": _one(
            connection,
            known=_sum(_FEED.c.open),
            failing=_sum(_FEED.c.open & (_FEED.c.error_streak > 0)),
            never_polled=_sum(_FEED.c.open & _FEED.c.last_poll.is_(None)),
            last_success=func.max(_FEED.c.last_success),
        ),
        "entries": _one(
            connection,
            stored=func.count(_ENTRY.c.id),
            baseline=_sum(_ENTRY.c.baseline),
            waiting=_sum(_ENTRY.c.open),
            newest=func.max(_ENTRY.c.first_seen),
        ),
        "impacts": _one(connection, entries_with_impact=func.count(_ASSESSMENT.c.entry)),
        "stories": _one(connection, stories=func.count(_STORY.c.id))
        | _one(connection, reports=func.count(_STORY_ENTRY.c.entry))
        | _one(
            connection, updates=func.count(_UPDATE.c.number), material_updates=_sum(_UPDATE.c.material), unpublished=_sum(_UPDATE.c.open)
        ),
        "subscribers": _one(
            connection,
            known=func.count(_SUBSCRIBER.c.id),
            receiving=_sum(_SUBSCRIBER.c.open),
            unconfirmed=_sum(_SUBSCRIBER.c.confirmed_at.is_(None)),
            ended=_sum(_SUBSCRIBER.c.ended_at.is_not(None)),
            audiences=func.count(distinct(_SUBSCRIBER.c.audience)),
            overdue=_sum(_SUBSCRIBER.c.open & (_SUBSCRIBER.c.due <= now)),
        )
        | {"suppressed": suppressions.count(connection)},
        "digests": _by(connection, select(_DIGEST.c.kind, func.count()).group_by(_DIGEST.c.kind)),
        "picks": {
            "picks": connection.scalar(select(func.count()).select_from(_OUTBOX.join(_TOLD, _TOLD.c.digest == _OUTBOX.c.digest))) or 0,
            "updates_told": connection.scalar(select(func.count(distinct(_TOLD.c.update_number)))) or 0,
        },
        "mails": outbox.counts(connection, now=now),
        "mails_by_kind": _by(connection, select(_OUTBOX.c.kind, func.count()).group_by(_OUTBOX.c.kind)),
        "silences": silences.count(connection, now),
        "facts": {name: {"at": at, **value} for name, (at, value) in load_facts(connection).items()},
    }


def waiting(connection: Connection) -> dict[str, int]:
    """Count what is still to be done; small indexes of open rows answer it, however long the tables are."""
    tables = {"entries": _ENTRY, "updates": _UPDATE, "mails": _OUTBOX}
    return {name: connection.scalar(select(func.count()).select_from(table).where(table.c.open)) or 0 for name, table in tables.items()}


def failing_feeds(connection: Connection) -> int:
    """Count feeds whose last visit failed; feeds.yaml must still list them."""
    return connection.scalar(select(func.count()).select_from(_FEED).where(_FEED.c.open, _FEED.c.error_streak > 0)) or 0


def _sum(condition: Any) -> Any:
    """How many rows fulfil a condition."""
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _one(connection: Connection, **columns: Any) -> dict[str, Any]:
    return dict(connection.execute(select(*(column.label(name) for name, column in columns.items()))).one()._mapping)


def _by(connection: Connection, statement: Select[Any]) -> dict[str, int]:
    return {name: number for name, number in connection.execute(statement.order_by(statement.selected_columns[0]))}  # noqa: C416 - rows
