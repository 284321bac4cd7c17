"""Assess what was read: evaluate the rules, keep the impacts, join what matters into stories and note what is new in them.

A batch is evaluated outside of any transaction and saved in one: assessments, stories, updates and the end of the leases together, so that
a crash at any moment leaves the batch either undone or done. Updates are numbered under one lock, in the order of commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from alerts.jobs.context import Context
from alerts.rules.assessment import Assessment
from alerts.rules.evaluate import assess as evaluate
from alerts.store import rulesets, stories, waiting
from alerts.store.db import exclusive
from alerts.store.waiting import Waiting
from alerts.stories.cluster import Joiner
from alerts.stories.story import Story, Update
from alerts.stories.update import tell

BATCH = 400
"""Entries per transaction: a few hundred milliseconds of holding the lock."""
MEMORY = timedelta(days=120)
"""A story that has not changed for so long takes in no further report, even if it waits for a date."""


@dataclass(frozen=True, slots=True)
class AssessCount:
    """What one call did. `updates` are those that readers should hear of."""

    assessed: int = 0
    relevant: int = 0
    new_stories: int = 0
    updates: int = 0


def assess(context: Context) -> AssessCount:
    """Assess every entry that waits. Raises StoreError; what was saved by then stays."""
    total = AssessCount()
    while True:
        with context.database.write() as connection:
            batch = waiting.claim_waiting(connection, worker=context.worker, now=context.clock.now(), limit=BATCH)
        if not batch:
            return total
        judged = [(one, evaluate(context.rules, one.entry, host=context.settings.host_country)) for one in batch]
        count = _save(context, judged)
        total = AssessCount(*(getattr(total, name) + getattr(count, name) for name in AssessCount.__dataclass_fields__))
        context.progress(total.assessed, total.assessed)


def _save(context: Context, judged: list[tuple[Waiting, Assessment]]) -> AssessCount:
    now = context.clock.now()
    with context.database.write() as connection:
        exclusive(connection, "stories")
        ours = waiting.held(connection, [one.entry.id for one, _ in judged], worker=context.worker)
        judged = [(one, verdict) for one, verdict in judged if one.entry.id in ours]
        # Relevant entries in the order of their telling: which story an entry joins must not depend on the order of feeds.
        relevant = sorted(
            ((one, verdict) for one, verdict in judged if verdict.relevant), key=lambda pair: (pair[0].entry.published, pair[0].entry.id)
        )
        new, updates = _join(connection, context, relevant) if relevant else (0, [])
        stories.save_assessments(connection, [verdict for _, verdict in relevant], now=now)
        stories.append_updates(connection, updates)
        if relevant:
            rulesets.keep_ruleset(connection, context.rules.hash, context.rules.files, now=now)
        waiting.close_entries(connection, sorted(ours), now=now)
    return AssessCount(len(judged), len(relevant), new, sum(update.material for update in updates))


def _join(connection: Connection, context: Context, relevant: list[tuple[Waiting, Assessment]]) -> tuple[int, list[Update]]:
    """Put each entry into its story, or open one; return how many were opened and what is new."""
    now = context.clock.now()
    known = {story.id: story for story in stories.may_grow(connection, since=now - MEMORY)}
    placed = stories.stories_of(connection, [one.entry.id for one, _ in relevant])
    known |= stories.load_stories(connection, set(placed.values()) - known.keys())
    joiner = Joiner(known.values())
    grown: dict[str, Story] = {}
    updates: list[Update] = []
    opened = 0
    for one, verdict in relevant:
        home = placed.get(one.entry.id) or joiner.place(one.entry, verdict)
        story, update = tell(known.get(home) if home else None, one.entry, verdict, at=now, quiet=_is_quiet(context, one))
        opened += story.id not in known
        known[story.id] = grown[story.id] = story
        joiner.add(story)
        if update is not None:
            updates.append(update)
    stories.save_stories(connection, grown.values())
    return opened, updates


def _is_quiet(context: Context, one: Waiting) -> bool:
    """True for what came with a feed's first poll or was old when we first saw it: stored, joined, never mailed."""
    return one.baseline or one.first_seen - one.entry.published > timedelta(days=context.settings.freshness_days)
