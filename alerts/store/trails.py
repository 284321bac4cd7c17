"""The trail of one story to one reader: which stories are meant, which mails told it, which choices the reader had at that time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, exists, select

from alerts.digests.subscriber import Choices
from alerts.rules.assessment import Assessment
from alerts.store.leases import table_of
from alerts.store.service_tables import BounceRow
from alerts.store.stories import load_stories, updates_by_number
from alerts.store.tables import (
    AssessmentRow,
    AudienceRow,
    DigestRow,
    DigestUpdateRow,
    EntryRow,
    OutboxRow,
    StoryEntryRow,
    StoryUpdateRow,
)
from alerts.store.values import value
from alerts.stories.story import Story, Update

_ENTRY, _ASSESSMENT, _STORY_ENTRY = table_of(EntryRow), table_of(AssessmentRow), table_of(StoryEntryRow)
_UPDATE, _DIGEST, _TOLD, _OUTBOX = table_of(StoryUpdateRow), table_of(DigestRow), table_of(DigestUpdateRow), table_of(OutboxRow)
_AUDIENCE, _BOUNCE = table_of(AudienceRow), table_of(BounceRow)


@dataclass(frozen=True, slots=True)
class Trace:
    """One report of a story: what was read, when, and what the rules said of it. `assessment` is None once it is pruned."""

    entry: str
    feed: str
    title: str
    first_seen: datetime
    baseline: bool
    assessment: Assessment | None


@dataclass(frozen=True, slots=True)
class Untold:
    """An entry that became no story. `assessed_at` is None while no rule has looked at it."""

    entry: str
    feed: str
    title: str
    first_seen: datetime
    assessed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Mailed:
    """One mail that told updates of a story, and what became of it. `bounced` are the words of a report that came back, if one did.

    `choices` are those that it was made for.

    While it `waits` it is to be sent at `due`.
    """

    outbox: int
    digest: int
    edition: str
    kind: str
    subject: str
    ruleset: str
    state: str
    made: datetime
    sent_at: datetime | None
    outcome: str
    updates: tuple[int, ...]
    bounced: str
    choices: Choices
    waits: bool
    due: datetime


def find_stories(connection: Connection, words: str, *, limit: int = 10) -> list[Story]:
    """Return the story of an id, or that an entry of an id tells, or those with a report whose title holds all the words, newest first."""
    if found := load_stories(connection, [words]):
        return list(found.values())
    if story := connection.scalar(select(_STORY_ENTRY.c.story).where(_STORY_ENTRY.c.entry == words)):
        return list(load_stories(connection, [story]).values())
    wanted = [_ENTRY.c.title.icontains(word, autoescape=True) for word in words.split()]
    if not wanted:
        return []
    joined = _STORY_ENTRY.join(_ENTRY, _ENTRY.c.id == _STORY_ENTRY.c.entry)
    rows = connection.execute(
        select(_STORY_ENTRY.c.story).select_from(joined).where(and_(*wanted)).order_by(_ENTRY.c.published.desc()).limit(200)
    )
    ids = list(dict.fromkeys(row.story for row in rows))[:limit]
    stories = load_stories(connection, ids)
    return [stories[each] for each in ids if each in stories]


def find_untold(connection: Connection, words: str, *, limit: int = 10) -> list[Untold]:
    """Return the entry of an id, or those whose title holds all the words, newest first, of the entries that became no story."""
    wanted = [_ENTRY.c.title.icontains(word, autoescape=True) for word in words.split()]
    columns = (_ENTRY.c.id, _ENTRY.c.feed, _ENTRY.c.title, _ENTRY.c.first_seen, _ENTRY.c.assessed_at)
    apart = select(*columns).where(~exists().where(_STORY_ENTRY.c.entry == _ENTRY.c.id)).order_by(_ENTRY.c.published.desc()).limit(limit)
    named = connection.execute(apart.where(_ENTRY.c.id == words)).all()
    return [Untold(*row) for row in (named or (connection.execute(apart.where(and_(*wanted))).all() if wanted else []))]


def traces(connection: Connection, story: str) -> list[Trace]:
    """Return the reports of a story, in the order of their publication."""
    joined = _STORY_ENTRY.join(_ENTRY, _ENTRY.c.id == _STORY_ENTRY.c.entry).outerjoin(_ASSESSMENT, _ASSESSMENT.c.entry == _ENTRY.c.id)
    columns = (_ENTRY.c.id, _ENTRY.c.feed, _ENTRY.c.title, _ENTRY.c.first_seen, _ENTRY.c.baseline, _ASSESSMENT.c.content)
    statement = select(*columns).select_from(joined).where(_STORY_ENTRY.c.story == story).order_by(_ENTRY.c.published, _ENTRY.c.id)
    return [
        Trace(row.id, row.feed, row.title, row.first_seen, row.baseline, None if row.content is None else value(Assessment, row.content))
        for row in connection.execute(statement)
    ]


def updates_of(connection: Connection, story: str) -> list[tuple[Update, bool]]:
    """Return every update of a story, in order, and whether its alerts are published."""
    rows = connection.execute(select(_UPDATE.c.number, _UPDATE.c.open).where(_UPDATE.c.story == story)).all()
    still_open = {row.number: row.open for row in rows}
    return [(each, not still_open[each.number]) for each in updates_by_number(connection, list(still_open))]


def mails_about(connection: Connection, subscriber: int, story: str) -> list[Mailed]:
    """Return the mails to a reader that told a story, in the order of their making."""
    joined = (
        _TOLD.join(_OUTBOX, _OUTBOX.c.digest == _TOLD.c.digest)
        .join(_DIGEST, _DIGEST.c.id == _TOLD.c.digest)
        .join(_AUDIENCE, _AUDIENCE.c.key == _DIGEST.c.audience)
    )
    names = ("id", "edition", "kind", "state", "sent_at", "outcome", "open", "due")
    rows = connection.execute(
        select(
            *(_OUTBOX.c[name] for name in names),
            _DIGEST.c.id.label("digest"),
            _DIGEST.c.subject,
            _DIGEST.c.ruleset,
            _DIGEST.c.made,
            _TOLD.c.update_number,
            _AUDIENCE.c.choices,
        )
        .select_from(joined)
        .where(_TOLD.c.story == story, _OUTBOX.c.subscriber == subscriber)
        .order_by(_OUTBOX.c.id, _TOLD.c.update_number)
    ).all()
    numbers: dict[int, list[int]] = {}
    for row in rows:
        numbers.setdefault(row.id, []).append(row.update_number)
    reports = connection.execute(select(_BOUNCE.c.outbox, _BOUNCE.c.kind, _BOUNCE.c.said).where(_BOUNCE.c.outbox.in_(numbers)))
    bounced = {row.outbox: f"{row.kind}: {row.said}" for row in reports}
    once = {row.id: row for row in rows}.values()
    return [
        Mailed(
            row.id,
            row.digest,
            row.edition,
            row.kind,
            row.subject,
            row.ruleset,
            row.state,
            row.made,
            row.sent_at,
            row.outcome,
            tuple(numbers[row.id]),
            bounced.get(row.id, ""),
            value(Choices, row.choices),
            row.open,
            row.due,
        )
        for row in once
    ]


def choices_at(connection: Connection, subscriber: int, moment: datetime) -> Choices | None:
    """Return what a reader had chosen when the first mail after a moment was made; None if no such mail is known."""
    joined = _OUTBOX.join(_DIGEST, _DIGEST.c.id == _OUTBOX.c.digest).join(_AUDIENCE, _AUDIENCE.c.key == _DIGEST.c.audience)
    row = connection.execute(
        select(_AUDIENCE.c.choices)
        .select_from(joined)
        .where(_OUTBOX.c.subscriber == subscriber, _DIGEST.c.made >= moment)
        .order_by(_DIGEST.c.made, _DIGEST.c.id)
        .limit(1)
    ).one_or_none()
    return None if row is None else value(Choices, row.choices)
