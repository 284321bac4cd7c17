"""Prune: delete what retention says, in small batches and not for long, so that mail never waits for it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from alerts.jobs.context import Context
from alerts.store.bodies import Bodies
from alerts.store.retention import RETENTION, prune_some

BATCH = 500
MOST = 20
"""Batches of one kind in one call; the next call goes on."""


@dataclass(frozen=True, slots=True)
class PruneCount:
    """How many rows of each kind were deleted, and documents kept for debugging."""

    unconfirmed_subscribers: int = 0
    ended_subscribers: int = 0
    mails: int = 0
    notices: int = 0
    bounces: int = 0
    digests: int = 0
    stories: int = 0
    entries: int = 0
    rule_sets: int = 0
    audiences: int = 0
    bodies: int = 0


def prune(context: Context) -> PruneCount:
    """Delete what has expired. Returns the counts; running it again or being cut off does no harm. Raises StoreError."""
    now = context.clock.now()
    count = PruneCount()
    for line in RETENTION:
        gone = 0
        for _ in range(MOST):
            with context.database.write() as connection:
                some = prune_some(connection, line, now=now, limit=BATCH)
            gone += some
            if some < BATCH:
                break
        count = replace(count, **{line.name.replace(" ", "_"): gone})
    return replace(count, bodies=Bodies(context.home.bodies, context.settings.keep_bodies).prune(now))
