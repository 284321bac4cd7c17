"""One clock for all machines that share a database: the database's own.

Leases and due moments are compared across machines. If one machine's clock is ahead by more than the length of a lease, it would take work
from others who are still at it. On PostgreSQL every node therefore goes by the server's clock; SQLite has one machine, and so one clock.
"""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from alerts.clock import Clock, SystemClock
from alerts.errors import StoreError
from alerts.store.db import Database

MEASURED_FOR = 60.0
"""Seconds for which the machine's steady clock is trusted to go on from the last look at the database's."""


class DatabaseClock:
    """Tells the server's time, asked about once a minute; in between a clock that cannot be set carries it on.

    Raises StoreError if the database is away at first; later it goes on from what it was last told.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked, self._told = self._ask()

    def now(self) -> datetime:
        """Return the present moment of the database, in UTC."""
        passed = time.monotonic() - self._asked
        if passed > MEASURED_FOR:
            with contextlib.suppress(StoreError):  # it is away: go on from what it last told
                self._asked, self._told = self._ask()
                passed = time.monotonic() - self._asked
        return self._told + timedelta(seconds=passed)

    def _ask(self) -> tuple[float, datetime]:
        with self._database.read() as connection:
            before = time.monotonic()
            told = connection.execute(select(func.clock_timestamp())).scalar_one()
        return (before + time.monotonic()) / 2, told.astimezone(UTC)


def clock_of(database: Database) -> Clock:
    """Return the clock that all who use a database share. Raises StoreError."""
    return SystemClock() if database.is_sqlite else DatabaseClock(database)
