"""Publish: first the alerts of what is new, then the digests that are due.

A digest is picked and composed once for all subscribers who chose the same and were told the same before. Its rows, the outbox rows of its
readers and their next due moment are saved in one transaction that looks again whether they still are due; so nothing is lost by a crash,
and nobody gets an edition twice however many publishers there are.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

from sqlalchemy import Connection

from alerts.digests.audience import Picked, amends, pick
from alerts.digests.compose import compose
from alerts.digests.digest import Digest
from alerts.digests.edition import next_due
from alerts.jobs.alerting import LATE, publish_alerts
from alerts.jobs.background import followed, quiet
from alerts.jobs.context import Context
from alerts.jobs.silencing import Muting, Told, hold_back
from alerts.store import audiences, digests, rulesets, stories
from alerts.store.audiences import DueGroup
from alerts.store.db import Database, exclusive
from alerts.store.subscribers import catch_up_due, edition_now

BATCH = 50
"""Groups per transaction: some tens of milliseconds of holding the lock."""


@dataclass(frozen=True, slots=True)
class PublishCount:
    """What one call made. A digest counts once, however many mails it makes; `nothing_new` are groups for whom it would be empty."""

    alerts: int = 0
    alert_mails: int = 0
    digests: int = 0
    digest_mails: int = 0
    nothing_new: int = 0


def publish(context: Context) -> PublishCount:
    """Put into the outbox all that is due. Returns the counts. Raises StoreError; what was saved by then stays."""
    muting = hold_back(context)
    alerts, alert_mails = publish_alerts(context, muting)
    now = context.clock.now()
    with context.database.read() as connection:
        groups = audiences.due_groups(connection, now)
        background = followed(connection, muting.active, now) if groups else []
    windows = Windows(context.database, muting)
    made = mails = empty = 0
    groups = [part for group in groups for part in windows.parts(group)]
    drafts = ((group, draft(context, group, windows.news(group), background, now, muted=windows.muted(group))[1]) for group in groups)
    for done in range(0, len(groups), BATCH):
        batch = list(islice(drafts, BATCH))
        with context.database.write() as connection:
            exclusive(connection, "digests")
            for group, digest in batch:
                people = _save(context, connection, group, digest, upto=windows.upto, now=now)
                made += bool(people and digest)
                mails += people if digest else 0
                empty += digest is None
        context.progress(done + len(batch), len(groups))
    return PublishCount(alerts, alert_mails, made, mails, empty)


class Windows:
    """What is news to a group: the updates above those it has seen, up to the number where this publishing began, without what is muted."""

    def __init__(self, database: Database, muting: Muting) -> None:
        self.upto = muting.upto
        self._muting = muting
        self._database = database
        self._news: dict[int, Told] = {}
        self._muted: dict[int, Told] = {}
        self._alerted: dict[tuple[int, ...], set[int]] = {}

    def news(self, group: DueGroup) -> Told:
        """Return stories with their updates in the window of a group, without those that it was alerted of."""
        if group.seen not in self._news:
            with self._database.read() as connection:
                updates = stories.material_updates(connection, after=group.seen, upto=self.upto)
                told = stories.with_stories(connection, updates)
            self._news[group.seen] = self._muting.strip(told)
            left = {story.id for story, _ in self._news[group.seen]}
            self._muted[group.seen] = [(story, updates) for story, updates in told if story.id not in left]
        if group.alerts not in self._alerted:
            with self._database.read() as connection:
                self._alerted[group.alerts] = digests.told_by(connection, group.alerts)
        alerted = self._alerted[group.alerts]
        return [
            (story, fresh)
            for story, updates in self._news[group.seen]
            if (fresh := tuple(each for each in updates if each.number not in alerted))
        ]

    def muted(self, group: DueGroup) -> Told:
        """Return what a silence keeps from a group, once its news was asked for."""
        return self._muted[group.seen]

    def parts(self, group: DueGroup) -> list[DueGroup]:
        """Part a group where stories were put right in its window: that is for those who heard of them."""
        amended = [story.id for story, updates in self.news(group) if amends(updates)]
        if not amended:
            return [group]
        with self._database.read() as connection:
            return digests.parted(connection, group, amended)


def draft(
    context: Context,
    group: DueGroup,
    news: Told,
    background: Told,
    now: datetime,
    *,
    since: datetime | None = None,
    muted: Told = (),
) -> tuple[Picked, Digest | None]:
    """Pick for a group and compose; no digest if there is nothing to tell. `since`: before it news is too old; None: the usual limit.
    `muted` is what a silence keeps from it: only counted."""
    host, choices = context.settings.host_country, group.choices
    choose = partial(pick, choices=choices, host=host, national=context.rules.national, told=group.told)
    picked = choose(news, since=since or _oldest(context, group, now))
    if not picked.picks:
        return picked, None
    told = {one.story.id for one in picked.picks}
    return picked, compose(
        "weekly" if choices.cadence == "weekly" else "daily",
        picked,
        choices,
        context.rules.wording,
        edition=edition_now(choices, group.due, now),
        now=now,
        host=host,
        quiet_stories=quiet(context, choices, background, seen=group.seen, told=told),
        late=now - group.due > LATE,
        silenced=len(choose(muted, since=since or _oldest(context, group, now)).picks),
    )


def _oldest(context: Context, group: DueGroup, now: datetime) -> datetime:
    """Return the moment before which news is too old for a digest, however late it is: a weekly one may be a week older."""
    days = context.settings.freshness_days + (7 if group.choices.cadence == "weekly" else 0)
    return now - timedelta(days=days)


def _save(context: Context, connection: Connection, group: DueGroup, digest: Digest | None, *, upto: int, now: datetime) -> int:
    """Save the digest of a group and close its period; return for how many people. Nothing happens if another publisher served it."""
    if digest is None:
        return digests.settle(connection, group, seen=upto, next_due=next_due(group.choices, now))
    if not digests.members_of(connection, group):
        return 0
    rulesets.keep_ruleset(connection, context.rules.hash, context.rules.files, now=now)
    number = digests.save(
        connection,
        digest,
        audience=group.audience,
        window_from=group.seen,
        fingerprint=_fingerprint(group, upto, late=digest.late),
        ruleset=context.rules.hash,
    )
    people = digests.send_digest(connection, number, group, edition=digest.edition, kind=digest.kind, now=now)
    following, again = (due(group.choices, now, sent=digest.edition) for due in (next_due, catch_up_due))
    digests.settle_with(connection, number, group, seen=upto, edition=digest.edition, next_due=following, again=again)
    if not people:
        digests.drop(connection, number)
    return people


def _fingerprint(group: DueGroup, upto: int, *, late: bool) -> str:
    """What tells apart digests of one edition and audience: how far they go, what was told before, and whether they say to be late."""
    return hashlib.sha256(f"{upto};{group.alerted};{late};{','.join(group.told)}".encode()).hexdigest()[:16]
