"""Assessments, stories, and the numbered updates that tell what was new in them.

Numbers are given under `exclusive(connection, "stories")`, so they are in the order of commits: who has read up to number n has missed
nothing below it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, exists, func, insert, select, update

from alerts.rules.assessment import Assessment
from alerts.rules.levels import Level
from alerts.store.leases import table_of
from alerts.store.silence_tables import SilencedRow
from alerts.store.tables import AssessmentRow, StoryEntryRow, StoryRow, StoryUpdateRow, SubscriberRow
from alerts.store.upsert import upsert
from alerts.store.values import document, value
from alerts.stories.cluster import closes
from alerts.stories.story import Story, Update

_ASSESSMENT = table_of(AssessmentRow)
_STORY = table_of(StoryRow)
_ENTRY = table_of(StoryEntryRow)
_UPDATE = table_of(StoryUpdateRow)
_SILENCED, _SUBSCRIBER = table_of(SilencedRow), table_of(SubscriberRow)
_AT_ONCE = 500


def save_assessments(connection: Connection, assessments: Iterable[Assessment], *, at: datetime) -> None:
    """Store assessments whole, one per entry, those in which something held: an earlier one of the same entry gives way to any."""
    judged = list(assessments)
    for start in range(0, len(judged), _AT_ONCE):
        earlier = _ASSESSMENT.c.entry.in_([each.entry for each in judged[start : start + _AT_ONCE]])
        connection.execute(delete(_ASSESSMENT).where(earlier))
    rows = [
        {"entry": each.entry, "ruleset": each.ruleset, "level": each.level, "at": at, "content": document(each)}
        for each in judged
        if each.developments or each.impacts
    ]
    if rows:
        connection.execute(insert(_ASSESSMENT), rows)


def load_assessment(connection: Connection, entry: str) -> Assessment | None:
    """Return what the rules said of an entry, or None if nothing held."""
    content = connection.scalar(select(_ASSESSMENT.c.content).where(_ASSESSMENT.c.entry == entry))
    return None if content is None else value(Assessment, content)


def open_stories(connection: Connection, since: datetime) -> list[Story]:
    """Return the stories that a report published at `since` or later may still join, oldest first."""
    rows = connection.scalars(select(_STORY.c.content).where(_STORY.c.closes >= since).order_by(_STORY.c.opened, _STORY.c.id))
    return [value(Story, content) for content in rows]


def save_stories(connection: Connection, stories: Iterable[Story]) -> None:
    """Store new stories and new states of known ones, with the entries that tell them."""
    kept = {story.id: story for story in stories}
    if not kept:
        return
    statement = upsert(connection, _STORY)
    changed = {name: statement.excluded[name] for name in ("changed", "closes", "level", "content")}
    connection.execute(
        statement.on_conflict_do_update(index_elements=[_STORY.c.id], set_=changed),
        [
            {
                "id": story.id,
                "opened": story.opened,
                "changed": story.changed,
                "closes": closes(story),
                "level": story.level,
                "content": document(story),
            }
            for story in kept.values()
        ],
    )
    connection.execute(
        upsert(connection, _ENTRY).on_conflict_do_nothing(),
        [{"entry": report.entry, "story": story.id} for story in kept.values() for report in story.reports],
    )


def append_updates(connection: Connection, updates: Sequence[Update]) -> list[Update]:
    """Store updates in their order and return them with their numbers. Call under `exclusive(connection, "stories")`.

    Only what readers should hear of stays open until its alerts are published.
    """
    if not updates:
        return []
    rows = [
        {
            "story": each.story,
            "kind": each.kind,
            "entry": each.entry,
            "at": each.at,
            "level": each.level,
            "note": each.note,
            "sectors": list(each.sectors),
            "quiet": each.quiet,
            "material": each.material,
            "open": each.material,
        }
        for each in updates
    ]
    numbers = connection.scalars(insert(_UPDATE).returning(_UPDATE.c.number, sort_by_parameter_order=True), rows).all()
    return [replace(each, number=number) for each, number in zip(updates, numbers, strict=True)]


def last_number(connection: Connection) -> int:
    """Return the number of the newest update; 0 before the first."""
    return connection.scalar(select(func.max(_UPDATE.c.number))) or 0


def number_before(connection: Connection, moment: datetime) -> int:
    """Return the number of the last update before a moment; 0 if there is none."""
    return connection.scalar(select(func.max(_UPDATE.c.number)).where(_UPDATE.c.at < moment)) or 0


def settled_number(connection: Connection) -> int:
    """Return the number up to which all alerts are published."""
    first_open = connection.scalar(select(func.min(_UPDATE.c.number)).where(_UPDATE.c.open))
    return last_number(connection) if first_open is None else first_open - 1


def open_updates(connection: Connection) -> list[Update]:
    """Return the material updates whose alerts are not published yet, in the order of their numbers."""
    return [_update(row) for row in connection.execute(select(_UPDATE).where(_UPDATE.c.open).order_by(_UPDATE.c.number))]


def oldest_needed(connection: Connection) -> int:
    """Return the number up to which every subscriber has been told of all updates; the last one if there are no subscribers."""
    seen = connection.scalar(select(func.min(_SUBSCRIBER.c.seen)).where(_SUBSCRIBER.c.open))
    return last_number(connection) if seen is None else seen


def close_updates(connection: Connection, upto: int) -> int:
    """Mark the alerts of all updates up to a number as published; return how many were open."""
    return connection.execute(update(_UPDATE).where(_UPDATE.c.open, _UPDATE.c.number <= upto).values(open=False)).rowcount


def updates_by_number(connection: Connection, numbers: Collection[int]) -> list[Update]:
    """Return updates by their numbers, in order."""
    return [
        _update(row) for row in connection.execute(select(_UPDATE).where(_UPDATE.c.number.in_(sorted(numbers))).order_by(_UPDATE.c.number))
    ]


def material_updates(connection: Connection, *, after: int, upto: int) -> list[Update]:
    """Return the updates that readers should hear of, numbered above `after` and up to `upto`, in order."""
    inside = (_UPDATE.c.number > after, _UPDATE.c.number <= upto, _heard())
    return [_update(row) for row in connection.execute(select(_UPDATE).where(*inside).order_by(_UPDATE.c.number))]


def material_updates_of(connection: Connection, stories: Collection[str]) -> list[Update]:
    """Return every update of some stories that readers should hear of, in order."""
    found: list[Update] = []
    wanted = sorted(stories)
    for start in range(0, len(wanted), _AT_ONCE):
        some = _UPDATE.c.story.in_(wanted[start : start + _AT_ONCE])
        found += [_update(row) for row in connection.execute(select(_UPDATE).where(some, _heard()))]
    return sorted(found, key=lambda each: each.number)


def load_stories(connection: Connection, ids: Collection[str]) -> dict[str, Story]:
    """Return stories by id; one that is not there is left out."""
    wanted = sorted(ids)
    found: dict[str, Story] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = _STORY.c.id.in_(wanted[start : start + _AT_ONCE])
        found |= {row.id: value(Story, row.content) for row in connection.execute(select(_STORY.c.id, _STORY.c.content).where(some))}
    return found


def stories_of(connection: Connection, entries: Sequence[str]) -> dict[str, str]:
    """Return the id of the story that an entry tells already, by entry: a report that its publisher has changed stays where it is."""
    found: dict[str, str] = {}
    for start in range(0, len(entries), _AT_ONCE):
        some = _ENTRY.c.entry.in_(entries[start : start + _AT_ONCE])
        found |= {row.entry: row.story for row in connection.execute(select(_ENTRY.c.entry, _ENTRY.c.story).where(some))}
    return found


def recent_stories(connection: Connection, *, since: datetime, least: Level, limit: int) -> list[Story]:
    """Return the stories last changed at `since` or later that have reached a level, the most recently changed first."""
    statement = select(_STORY.c.content).where(_STORY.c.changed >= since, _STORY.c.level >= least)
    rows = connection.scalars(statement.order_by(_STORY.c.changed.desc(), _STORY.c.id).limit(limit))
    return [value(Story, content) for content in rows]


def with_stories(connection: Connection, updates: Iterable[Update]) -> list[tuple[Story, tuple[Update, ...]]]:
    """Put updates to their stories, in the order of the first update of each."""
    grouped: dict[str, list[Update]] = defaultdict(list)
    for each in updates:
        grouped[each.story].append(each)
    stories = load_stories(connection, grouped.keys())
    return [(stories[story], tuple(told)) for story, told in grouped.items() if story in stories]


def _heard() -> ColumnElement[bool]:
    """What readers should hear of: material, and not silenced when its time came."""
    return _UPDATE.c.material & ~exists().where(_SILENCED.c.update_number == _UPDATE.c.number, _SILENCED.c.whole)


def _update(row: Row[Any]) -> Update:
    return Update(
        story=row.story,
        kind=row.kind,
        entry=row.entry,
        at=row.at,
        level=Level(row.level),
        note=row.note,
        quiet=row.quiet,
        number=row.number,
        sectors=tuple(row.sectors),
    )
