"""Assessments, stories and their updates at rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from alerts.rules.assessment import Assessment
from alerts.rules.levels import Level
from alerts.store.leases import table_of
from alerts.store.tables import AssessmentRow, StoryEntryRow, StoryRow, StoryUpdateRow
from alerts.store.values import document, value
from alerts.stories.story import Story, Update

_ASSESSMENT = table_of(AssessmentRow)
_STORY = table_of(StoryRow)
_STORY_ENTRY = table_of(StoryEntryRow)
_UPDATE = table_of(StoryUpdateRow)
_BATCH = 500


def save_assessments(connection: Connection, assessments: Iterable[Assessment], *, now: datetime) -> None:
    """Keep assessments whole, one per entry; an earlier one of the same entry gives way."""
    rows = [
        {"entry": one.entry, "ruleset": one.ruleset, "level": int(one.level), "at": now, "content": document(one)} for one in assessments
    ]
    if not rows:
        return
    connection.execute(_ASSESSMENT.delete().where(_ASSESSMENT.c.entry.in_([row["entry"] for row in rows])))
    connection.execute(insert(_ASSESSMENT), rows)


def load_assessment(connection: Connection, entry: str) -> Assessment | None:
    """Return what the rules said of an entry, or None if nothing held."""
    content = connection.scalar(select(_ASSESSMENT.c.content).where(_ASSESSMENT.c.entry == entry))
    return None if content is None else value(Assessment, content)


def may_grow(connection: Connection, *, since: datetime) -> list[Story]:
    """Return the stories that changed at or after `since`, the oldest first: those that a further report may still belong to."""
    rows = connection.execute(select(_STORY.c.content).where(_STORY.c.changed >= since).order_by(_STORY.c.opened, _STORY.c.id))
    return [value(Story, row.content) for row in rows]


def load_stories(connection: Connection, ids: Iterable[str]) -> dict[str, Story]:
    """Return stories by id; an unknown id is left out."""
    wanted = sorted(set(ids))
    found: dict[str, Story] = {}
    for start in range(0, len(wanted), _BATCH):
        rows = connection.execute(select(_STORY.c.id, _STORY.c.content).where(_STORY.c.id.in_(wanted[start : start + _BATCH])))
        found.update((row.id, value(Story, row.content)) for row in rows)
    return found


def save_stories(connection: Connection, stories: Iterable[Story]) -> None:
    """Keep the new state of stories, and which entry tells which."""
    stories = list(stories)
    if not stories:
        return
    known = load_ids(connection, [story.id for story in stories])
    rows = [{"opened": one.opened, "changed": one.changed, "level": int(one.level), "content": document(one)} for one in stories]
    for story, row in zip(stories, rows, strict=True):
        if story.id in known:
            connection.execute(update(_STORY).where(_STORY.c.id == story.id).values(**row))
    new = [{"id": story.id, **row} for story, row in zip(stories, rows, strict=True) if story.id not in known]
    if new:
        connection.execute(insert(_STORY), new)
    told = {report.entry: story.id for story in stories for report in story.reports}
    have: set[str] = set()
    names = sorted(told)
    for start in range(0, len(names), _BATCH):
        have.update(connection.scalars(select(_STORY_ENTRY.c.entry).where(_STORY_ENTRY.c.entry.in_(names[start : start + _BATCH]))))
    fresh = [{"entry": entry, "story": told[entry]} for entry in names if entry not in have]
    if fresh:
        connection.execute(insert(_STORY_ENTRY), fresh)


def load_ids(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Return those of `ids` that are stories already."""
    return set(connection.scalars(select(_STORY.c.id).where(_STORY.c.id.in_(ids))))


def stories_of(connection: Connection, entries: Iterable[str]) -> dict[str, str]:
    """Return the story of each entry that tells one already."""
    rows = connection.execute(select(_STORY_ENTRY.c.entry, _STORY_ENTRY.c.story).where(_STORY_ENTRY.c.entry.in_(list(entries))))
    return {row.entry: row.story for row in rows}


def append_updates(connection: Connection, updates: Iterable[Update]) -> None:
    """Append what is new, numbered in this order. Call it under `exclusive(connection, "stories")`: then numbers are in commit order."""
    rows = [
        {
            "story": one.story,
            "kind": one.kind,
            "entry": one.entry,
            "at": one.at,
            "level": int(one.level),
            "note": one.note,
            "sectors": list(one.sectors),
            "quiet": one.quiet,
            "material": one.material,
            "open": one.material,
        }
        for one in updates
    ]
    for row in rows:  # one by one: the numbers must follow the order, which a batch does not promise
        connection.execute(insert(_UPDATE), row)


def last_number(connection: Connection) -> int:
    """Return the number of the newest update, 0 if there is none."""
    return connection.scalar(select(func.max(_UPDATE.c.number))) or 0


def open_updates(connection: Connection) -> list[Update]:
    """Return the material updates whose alerts were not published yet, in order."""
    return [_update(row) for row in connection.execute(select(_UPDATE).where(_UPDATE.c.open).order_by(_UPDATE.c.number))]


def close_updates(connection: Connection, numbers: Sequence[int]) -> None:
    """Mark updates as published to those who get alerts."""
    for start in range(0, len(numbers), _BATCH):
        connection.execute(update(_UPDATE).where(_UPDATE.c.number.in_(numbers[start : start + _BATCH])).values(open=False))


def material_updates(connection: Connection, *, after: int, upto: int) -> list[Update]:
    """Return the material updates with a number in (after, upto], in order."""
    window = select(_UPDATE).where(_UPDATE.c.number > after, _UPDATE.c.number <= upto, _UPDATE.c.material).order_by(_UPDATE.c.number)
    return [_update(row) for row in connection.execute(window)]


def by_story(updates: Iterable[Update], stories: Mapping[str, Story]) -> list[tuple[Story, tuple[Update, ...]]]:
    """Group updates by their story, in the order in which the stories first appear."""
    groups: dict[str, list[Update]] = {}
    for one in updates:
        groups.setdefault(one.story, []).append(one)
    return [(stories[story], tuple(group)) for story, group in groups.items() if story in stories]


def _update(row: object) -> Update:
    names = ("story", "kind", "entry", "at", "note", "quiet", "number")
    made = Update(**{name: getattr(row, name) for name in names}, level=Level(row.level))  # type: ignore[attr-defined]
    return replace(made, sectors=tuple(row.sectors))  # type: ignore[attr-defined]
