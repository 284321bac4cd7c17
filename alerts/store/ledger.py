"""The way of each entry and each mail, end to end: entry → assessment → story → update, and digest → recipient → outcome."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from alerts.digests.digest import Digest
from alerts.rules.assessment import Assessment
from alerts.store.leases import table_of
from alerts.store.tables import AssessmentRow, DigestRow, EntryRow, OutboxRow, StoryEntryRow, StoryUpdateRow, SubscriberRow
from alerts.store.values import value

_ENTRY, _ASSESSMENT, _STORY_ENTRY = table_of(EntryRow), table_of(AssessmentRow), table_of(StoryEntryRow)
_UPDATE, _DIGEST, _OUTBOX, _SUBSCRIBER = table_of(StoryUpdateRow), table_of(DigestRow), table_of(OutboxRow), table_of(SubscriberRow)


@dataclass(frozen=True, slots=True)
class EntryLine:
    """What became of one entry. `assessment` is None if no rule held; `update` is the kind of news it brought, empty if none."""

    entry: str
    feed: str
    outlet: str
    title: str
    language: str
    published: datetime
    first_seen: datetime
    baseline: bool
    assessment: Assessment | None
    story: str
    update: str


@dataclass(frozen=True, slots=True)
class MailLine:
    """One mail. `digest` is None for a mail that is no digest (a confirmation)."""

    subscriber: int
    address: str
    edition: str
    kind: str
    state: str
    sent_at: datetime | None
    outcome: str
    digest: Digest | None


def entry_lines(connection: Connection) -> list[EntryLine]:
    """Return all entries, in the order of their publication."""
    joined = (
        _ENTRY.outerjoin(_ASSESSMENT, _ASSESSMENT.c.entry == _ENTRY.c.id)
        .outerjoin(_STORY_ENTRY, _STORY_ENTRY.c.entry == _ENTRY.c.id)
        .outerjoin(_UPDATE, _UPDATE.c.entry == _ENTRY.c.id)
    )
    names = ("feed", "outlet", "title", "language", "published", "first_seen", "baseline")
    rows = connection.execute(
        select(
            _ENTRY.c.id.label("entry"),
            *(_ENTRY.c[name] for name in names),
            _ASSESSMENT.c.content,
            _STORY_ENTRY.c.story,
            _UPDATE.c.kind,
        )
        .select_from(joined)
        .order_by(_ENTRY.c.published, _ENTRY.c.id)
    )
    return [
        EntryLine(
            row.entry,
            row.feed,
            row.outlet,
            row.title,
            row.language,
            row.published,
            row.first_seen,
            row.baseline,
            None if row.content is None else value(Assessment, row.content),
            row.story or "",
            row.kind or "",
        )
        for row in rows
    ]


def mail_lines(connection: Connection) -> list[MailLine]:
    """Return all mails of the outbox, in the order of their making."""
    joined = _OUTBOX.join(_SUBSCRIBER, _SUBSCRIBER.c.id == _OUTBOX.c.subscriber).outerjoin(_DIGEST, _DIGEST.c.id == _OUTBOX.c.digest)
    names = ("subscriber", "edition", "kind", "state", "sent_at", "outcome")
    rows = connection.execute(
        select(*(_OUTBOX.c[name] for name in names), _SUBSCRIBER.c.address, _DIGEST.c.content).select_from(joined).order_by(_OUTBOX.c.id)
    )
    return [
        MailLine(
            row.subscriber,
            row.address,
            row.edition,
            row.kind,
            row.state,
            row.sent_at,
            row.outcome,
            None if row.content is None else value(Digest, row.content),
        )
        for row in rows
    ]
