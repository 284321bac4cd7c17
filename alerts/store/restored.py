"""A database that was brought back from a backup: what went out since then counts as told, for nothing in it says so any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, update

from alerts.store import audiences, digests
from alerts.store.facts import load_fact, save_fact
from alerts.store.leases import table_of
from alerts.store.stories import close_updates, last_number
from alerts.store.subscribers import catch_up_due
from alerts.store.tables import OutboxRow

RESTORED = "restored"
"""The fact that says up to which moment news counts as told."""
NOT_AGAIN = "not sent: the database was brought back from a backup, and this mail may have gone out before"

_OUTBOX = table_of(OutboxRow)


def take_as_told(connection: Connection, *, upto: datetime, now: datetime) -> tuple[int, int]:
    """Let nothing go out that may have gone out before `upto`; return how many mails and how many digests that would have been.

    Waiting mails are skipped, open alerts closed, and digests due by then are put off to the next edition with all that is known taken as
    told. What is reported again from before `upto` stays quiet (`told_upto`). A mail too few is better here than hundreds too many.
    """
    waiting = update(_OUTBOX).where(_OUTBOX.c.open, _OUTBOX.c.created_at <= upto)
    mails = connection.execute(waiting.values(state="skipped", open=False, outcome=NOT_AGAIN, worker=None, lease_until=None)).rowcount
    known = last_number(connection)
    close_updates(connection, known)
    passed = sum(
        digests.settle(connection, group, seen=known, next_due=catch_up_due(group.choices, now))
        for group in audiences.due_groups(connection, upto)
    )
    save_fact(connection, RESTORED, {"upto": upto.isoformat(), "mails": mails, "digests": passed}, at=now)
    return mails, passed


def told_upto(connection: Connection) -> datetime | None:
    """Return the moment up to which reports count as told because of a restored database, or None."""
    fact = load_fact(connection, RESTORED)
    return datetime.fromisoformat(fact[1]["upto"]) if fact else None
