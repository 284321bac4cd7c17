"""Silences at rest, and every story update that one of them met: what was silenced is listed, never lost."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from alerts.rules.levels import Level
from alerts.store.leases import table_of
from alerts.store.silence_tables import SilencedRow, SilenceRow
from alerts.store.tables import StoryRow, StoryUpdateRow
from alerts.store.values import document, value
from alerts.stories.silence import Silence
from alerts.stories.story import Story

_SILENCE, _SILENCED = table_of(SilenceRow), table_of(SilencedRow)
_STORY, _UPDATE = table_of(StoryRow), table_of(StoryUpdateRow)


@dataclass(frozen=True, slots=True)
class Kept:
    """A silence as stored. `origin` is command or file; `ended` when it was taken back before its time; `judged` how far it was held
    against the updates; `met` how many it met."""

    silence: Silence
    origin: str
    made: datetime
    ended: datetime | None
    judged: int
    met: int = 0

    def is_active(self, now: datetime) -> bool:
        """True while it mutes."""
        return self.ended is None and self.silence.is_active(now)


@dataclass(frozen=True, slots=True)
class Met:
    """An update that a silence met: `whole` if nobody was told; `told` when it was made up for. `is_live`: more may still come of it."""

    silence: str
    number: int
    kind: str
    level: Level
    at: datetime
    whole: bool
    told: datetime | None
    story: Story
    is_live: bool


def keep(connection: Connection, silence: Silence, *, origin: str, now: datetime) -> None:
    """Store a silence; one of the same id that says something else is replaced and held against the updates anew."""
    known = connection.scalar(select(_SILENCE.c.content).where(_SILENCE.c.id == silence.id))
    values = {"origin": origin, "ended": None, "judged": 0, "content": document(silence)}
    if known is None:
        connection.execute(insert(_SILENCE), {"id": silence.id, "made": now, **values})
    else:
        if known == values["content"]:
            del values["judged"]
        connection.execute(update(_SILENCE).where(_SILENCE.c.id == silence.id).values(values))


def end(connection: Connection, silence: str, *, now: datetime) -> None:
    """Take a silence back before its time; what it met stays on record."""
    connection.execute(update(_SILENCE).where(_SILENCE.c.id == silence, _SILENCE.c.ended.is_(None)).values(ended=now))


def load_all(connection: Connection) -> list[Kept]:
    """Return every silence there is or was, the one that lasts longest first."""
    met = select(func.count()).where(_SILENCED.c.silence == _SILENCE.c.id).correlate(_SILENCE).scalar_subquery()
    rows = connection.execute(select(_SILENCE, met.label("met"))).all()
    kept = [Kept(value(Silence, row.content), row.origin, row.made, row.ended, row.judged, row.met) for row in rows]
    return sorted(kept, key=lambda each: (-each.silence.until.timestamp(), each.silence.id))


def judged(connection: Connection, silences: Collection[str], upto: int) -> None:
    """Note that these silences were held against all updates up to a number."""
    connection.execute(update(_SILENCE).where(_SILENCE.c.id.in_(sorted(silences))).values(judged=upto))


def meet(connection: Connection, silence: str, whole: Iterable[int], part: Iterable[int], *, now: datetime) -> None:
    """Put on record what a silence met, and publish no alert of what it silences whole."""
    found = dict.fromkeys(part, False) | dict.fromkeys(whole, True)
    if not found:
        return
    connection.execute(delete(_SILENCED).where(_SILENCED.c.silence == silence, _SILENCED.c.update_number.in_(sorted(found))))
    rows = [{"silence": silence, "update_number": number, "at": now, "whole": all_of_it} for number, all_of_it in sorted(found.items())]
    connection.execute(insert(_SILENCED), rows)
    connection.execute(update(_UPDATE).where(_UPDATE.c.number.in_([n for n, all_of_it in found.items() if all_of_it])).values(open=False))


def met(connection: Connection, now: datetime, *, silences: Collection[str] | None = None) -> list[Met]:
    """Return what was silenced, by these silences or by all, the newest first."""
    joined = _SILENCED.join(_UPDATE, _UPDATE.c.number == _SILENCED.c.update_number).join(_STORY, _STORY.c.id == _UPDATE.c.story)
    columns = (_SILENCED, _UPDATE.c.kind, _UPDATE.c.level, _STORY.c.content, _STORY.c.closes)
    statement = select(*columns).select_from(joined).order_by(_SILENCED.c.update_number.desc(), _SILENCED.c.silence)
    if silences is not None:
        statement = statement.where(_SILENCED.c.silence.in_(sorted(silences)))
    return [_met(row, now) for row in connection.execute(statement)]


def _met(row: Row[Any], now: datetime) -> Met:
    story = value(Story, row.content)
    return Met(row.silence, row.update_number, row.kind, Level(row.level), row.at, row.whole, row.told, story, row.closes >= now)


def made_up(connection: Connection, numbers: Collection[int], *, now: datetime) -> None:
    """Note that what was silenced is told after all."""
    connection.execute(update(_SILENCED).where(_SILENCED.c.update_number.in_(sorted(numbers))).values(told=now))


def count(connection: Connection, now: datetime) -> dict[str, int]:
    """Count silences in force, and updates that nobody was told of."""
    active = sum(each.is_active(now) for each in load_all(connection))
    whole = select(func.count(_SILENCED.c.update_number.distinct())).where(_SILENCED.c.whole, _SILENCED.c.told.is_(None))
    return {"active": active, "updates_silenced": connection.scalar(whole) or 0}
