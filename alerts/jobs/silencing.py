"""Hold back what is silenced, before anything is published: the one place where a silence acts.

Every update is held against every silence in force, once for all readers, and what a silence met is put on record. An update that leaves
nothing to tell is told to nobody, not even when the silence has ended: that would bring last week's false alarms to everybody on the day
on which a silence runs out. `tell_after_all` does it where somebody wants it, and by itself where a source that is not silenced tells
the same story.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from alerts.jobs.context import Context
from alerts.jobs.recalling import recall
from alerts.store import silences, stories
from alerts.store.db import exclusive
from alerts.store.silences import Kept
from alerts.stories.silence import Silence, left_of, mutes, unmuted
from alerts.stories.story import Story, Update

Told = Sequence[tuple[Story, tuple[Update, ...]]]


@dataclass(frozen=True, slots=True)
class Muting:
    """What may be published: updates up to a number, of stories without what is muted."""

    upto: int
    active: tuple[Silence, ...] = ()

    def strip(self, told: Told) -> Told:
        """Take what is muted out of stories; a story of which nothing is left is left out."""
        return left_of(told, self.active)


def hold_back(context: Context) -> Muting:
    """Hold all that is new against the silences in force, and what there is against new silences. Raises StoreError."""
    now = context.clock.now()
    with context.database.read() as connection:
        upto = stories.last_number(connection)
        kept = silences.load_all(connection)
    active = [each for each in kept if each.is_active(now)]
    if not active and not context.silences and not _stale(kept, context.silences):
        return Muting(upto)
    if not _stale(kept, context.silences) and all(each.judged == upto for each in active):
        return Muting(upto, tuple(each.silence for each in active))
    with context.database.write() as connection:
        exclusive(connection, "stories")
        _take_over(connection, context.silences, now)
        active = [each for each in silences.load_all(connection) if each.is_active(now)]
        upto = stories.last_number(connection)
        for each in active:
            _judge(connection, each, upto, now)
        if new := [each.silence for each in active if not each.judged]:
            recall(context, connection, new, [each.silence for each in active], now)
        silences.judged(connection, [each.silence.id for each in active], upto)
        if any(each.silence.sources for each in active):
            _release(connection, active, now)
            upto = stories.last_number(connection)
    return Muting(upto, tuple(each.silence for each in active))


def _stale(kept: Iterable[Kept], written: Collection[Silence]) -> bool:
    """True if silences.yaml does not say what is stored of it."""
    return {each.silence for each in kept if each.origin == "file" and each.ended is None} != set(written)


def _take_over(connection: Connection, written: Collection[Silence], now: datetime) -> None:
    """Bring the silences of the file into the store; one that is no longer there has ended."""
    stored = [each for each in silences.load_all(connection) if each.origin == "file" and each.ended is None]
    for silence in written:
        if silence not in {each.silence for each in stored}:
            silences.keep(connection, silence, origin="file", now=now)
    for each in stored:
        if each.silence.id not in {silence.id for silence in written}:
            silences.end(connection, each.silence.id, now=now)


def _judge(connection: Connection, kept: Kept, upto: int, now: datetime) -> None:
    """Hold one silence against the updates that somebody has yet to be told of."""
    after = max(kept.judged, min(stories.oldest_needed(connection), stories.settled_number(connection)))
    news = stories.with_stories(connection, stories.material_updates(connection, after=after, upto=upto))
    met = [(story, [each.number for each in updates]) for story, updates in news if mutes(kept.silence, story)]
    whole = [number for story, numbers in met if unmuted(story, [kept.silence]) is None for number in numbers]
    part = [number for story, numbers in met if unmuted(story, [kept.silence]) is not None for number in numbers]
    silences.meet(connection, kept.silence.id, whole, part, now=now)


def _release(connection: Connection, active: Collection[Kept], now: datetime) -> None:
    """Tell what a silenced source told first and another tells now."""
    by_source = [each.silence for each in active if each.silence.sources]
    met = [each for each in silences.met(connection, now, silences=[each.id for each in by_source]) if each.whole and each.told is None]
    everything = [each.silence for each in active]
    tell_after_all(connection, [each.number for each in met if each.is_live and unmuted(each.story, everything)], now=now)


def tell_after_all(connection: Connection, numbers: Collection[int], *, now: datetime) -> int:
    """Tell silenced updates anew, each story once, as if they came now: many readers have no digest. Return how many stories."""
    exclusive(connection, "stories")
    newest: dict[str, Update] = {}
    for each in stories.updates_by_number(connection, numbers):
        newest[each.story] = each
    again = [replace(each, at=now, number=0) for each in newest.values()]
    stories.append_updates(connection, again)
    silences.made_up(connection, numbers, now=now)
    return len(again)
