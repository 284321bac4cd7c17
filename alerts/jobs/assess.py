"""Assess what was read: evaluate the rules, keep the impacts, join what matters into stories and note what is new in them.

A batch is evaluated outside of any transaction and saved in one: assessments, stories, updates and the end of the leases together, so that
a crash at any moment leaves the batch either undone or done. Updates are numbered under one lock, in the order of commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from alerts.jobs.context import Context
from alerts.rules.assessment import Assessment
from alerts.rules.evaluate import assess as evaluate
from alerts.store import entries, rulesets, stories
from alerts.store.db import exclusive
from alerts.store.entries import Stored
from alerts.store.restored import told_upto
from alerts.stories.cluster import Joiner
from alerts.stories.story import Story, Update
from alerts.stories.update import tell

BATCH = 1000
"""Entries per transaction: few enough that other writers wait for a second at most, many enough that open stories are not read for each."""
TRY_AGAIN = timedelta(hours=1)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AssessCount:
    """What one call did. `updates` are those that readers should hear of; `failed` entries are tried again in an hour."""

    assessed: int = 0
    relevant: int = 0
    impacts: int = 0
    new_stories: int = 0
    updates: int = 0
    failed: int = 0


def assess(context: Context) -> AssessCount:
    """Assess every entry that waits, each once however many workers there are. Raises StoreError; what was saved by then stays."""
    total = AssessCount()
    while True:
        with context.database.write() as connection:
            ids = entries.claim(connection, worker=context.worker, now=context.clock.now(), limit=BATCH)
            batch = entries.load(connection, ids)
        if not batch:
            return total
        judged, failed = _evaluate(context, batch)
        with context.database.write() as connection:
            count = _save(context, connection, judged, failed)
        total = AssessCount(*(getattr(total, name) + getattr(count, name) for name in AssessCount.__slots__))
        context.progress(total.assessed, total.assessed)


def _evaluate(context: Context, batch: list[Stored]) -> tuple[list[tuple[Stored, Assessment]], list[str]]:
    """Return what the rules say of each entry, and the ids of those that they stumbled over."""
    judged, failed = [], []
    for one in batch:
        try:
            judged.append((one, evaluate(context.rules, one.entry, host=context.settings.host_country)))
        except Exception:
            # One text that the rules cannot take must not hold up all others for ever.
            log.exception("assess.entry_failed", entry=one.entry.id)
            failed.append(one.entry.id)
    return judged, failed


def _save(context: Context, connection: Connection, judged: list[tuple[Stored, Assessment]], failed: list[str]) -> AssessCount:
    """Keep what was found of the entries that are still ours, all in the caller's transaction."""
    now = context.clock.now()
    exclusive(connection, "stories")
    ours = set(entries.close(connection, [one.entry.id for one, _ in judged], worker=context.worker, now=now))
    later = entries.put_off(connection, failed, worker=context.worker, until=now + TRY_AGAIN)
    judged = [(one, verdict) for one, verdict in judged if one.entry.id in ours]
    # Relevant entries in the order of their telling: which story an entry joins must not depend on the order of feeds.
    relevant = sorted((pair for pair in judged if pair[1].relevant), key=lambda pair: (pair[0].entry.published, pair[0].entry.id))
    stories.save_assessments(connection, [verdict for _, verdict in judged], at=now)
    opened, updates = _join(connection, context, relevant) if relevant else (0, [])
    if relevant:
        stories.append_updates(connection, updates)
        rulesets.keep_ruleset(connection, context.rules.hash, context.rules.files, now=now)
    return AssessCount(
        assessed=len(judged),
        relevant=len(relevant),
        impacts=sum(len(verdict.impacts) for _, verdict in relevant),
        new_stories=opened,
        updates=sum(update.material for update in updates),
        failed=later,
    )


def _join(connection: Connection, context: Context, relevant: list[tuple[Stored, Assessment]]) -> tuple[int, list[Update]]:
    """Put each entry into its story, or open one; return how many were opened and what is new."""
    now = context.clock.now()
    told = told_upto(connection)
    known = {story.id: story for story in stories.open_stories(connection, relevant[0][0].entry.published)}
    joiner = Joiner(known.values())
    placed = stories.stories_of(connection, [one.entry.id for one, _ in relevant])
    known |= stories.load_stories(connection, set(placed.values()) - known.keys())
    grown: dict[str, Story] = {}
    updates: list[Update] = []
    opened = 0
    for one, verdict in relevant:
        home = placed.get(one.entry.id) or joiner.place(one.entry, verdict)
        story, update = tell(known.get(home) if home else None, one.entry, verdict, at=now, quiet=_is_quiet(context, one, told))
        opened += story.id not in known
        known[story.id] = grown[story.id] = story
        joiner.add(story)
        if update is not None:
            updates.append(update)
    stories.save_stories(connection, grown.values())
    return opened, updates


def _is_quiet(context: Context, one: Stored, told: datetime | None) -> bool:
    """True for what came with a feed's first poll or was old when we first saw it: stored, joined, never mailed.

    So is what was reported up to `told`, the moment up to which a restored database counts as told.
    """
    if told is not None and one.entry.published <= told:
        return True
    return one.baseline or one.first_seen - one.entry.published > timedelta(days=context.settings.freshness_days)
