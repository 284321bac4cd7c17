"""Recover: put right what is not right by itself after a crash, a wrong clock or a refused mail.

Most recovery needs no job: leases run out, updates stay open until their alerts are saved, digests stay due until theirs are. This is for
the rest. Each repair looks at rows as they are and changes nothing twice.
"""

from __future__ import annotations

from dataclasses import dataclass

from alerts.jobs.context import Context
from alerts.store import repairs
from alerts.store.db import exclusive


@dataclass(frozen=True, slots=True)
class RecoverCount:
    """What was put right: leases of a clock that was ahead, moments that readers or mails wait for, alerts that never arrived."""

    leases_freed: int = 0
    dues_set: int = 0
    alerts_retold: int = 0


def recover(context: Context) -> RecoverCount:
    """Put right all that is found. Returns the counts, zero in a healthy service. Raises StoreError."""
    now = context.clock.now()
    with context.database.write() as connection:
        exclusive(connection, "digests")
        return RecoverCount(
            leases_freed=repairs.end_odd_leases(connection, now=now),
            dues_set=repairs.set_missing_dues(connection, now=now) + repairs.bring_back_mails(connection, now=now),
            alerts_retold=repairs.retell_lost_alerts(connection),
        )
