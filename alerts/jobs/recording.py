"""Outcomes on record before a connection goes on, at the cost of one commit for all that end together.

Whoever has an outcome waits until it is committed. So at most one message per connection can be accepted by the server and not be on
record when the process dies: that is the bound on what a crash may send twice.

SQLite takes a commit in a thirtieth of a millisecond, less than a change of threads costs, so it is made right here; the service therefore
sends in a loop of its own. A database server is asked from a thread, because its answer takes a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from alerts.errors import DeliveryError
from alerts.mail.retries import EXPIRY, pause
from alerts.store import outbox, suppressions
from alerts.store.db import Database
from alerts.store.outbox import Outcome, Ready
from alerts.store.sent import SentMarks

PATIENCE = 2
"""Turns of the loop without a new outcome after which a commit waits no longer: from a reply on the wire to its outcome it is two."""


class Recorder:
    """Commits outcomes in groups, one group at a time; `close` it in the end."""

    def __init__(self, database: Database, worker: str) -> None:
        self._database = database
        self._worker = worker
        self._sent = SentMarks(database)
        self._waiting: list[tuple[Outcome, str | None, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def record(self, outcome: Outcome, suppress: str | None = None) -> None:
        """Return when the outcome is committed. `suppress` is the mark of an address to suppress with it. Raises StoreError."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((outcome, suppress, done))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        await done

    async def close(self) -> None:
        """Let a commit under way end, then give the connection to the database back."""
        if self._writer is not None:
            await asyncio.wait({self._writer})
        self._sent.close()

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            await self._gather()
            group, self._waiting = self._waiting, []
            error: Exception | None = None
            try:
                if self._database.is_sqlite:
                    self._commit(group)
                else:
                    await loop.run_in_executor(None, self._commit, group)
            except Exception as caught:
                error = caught
            for _, _, done in group:
                if not done.cancelled():
                    done.set_exception(error) if error else done.set_result(None)
        self._writer = None

    async def _gather(self) -> None:
        """Let those come along whose replies are here already: no timer, so that a distant server is not made slower still."""
        found = turns = 0
        while turns < PATIENCE:
            turns = turns + 1 if len(self._waiting) == found else 0
            found = len(self._waiting)
            await asyncio.sleep(0)

    def _commit(self, group: Sequence[tuple[Outcome, str | None, asyncio.Future[None]]]) -> None:
        if all(outcome.state == "sent" for outcome, _, _ in group):
            # One moment for all that are committed together: some milliseconds late, and one statement.
            self._sent.put([outcome.id for outcome, _, _ in group], max(outcome.at for outcome, _, _ in group))
            return
        with self._database.write() as connection:
            outbox.record(connection, [outcome for outcome, _, _ in group], worker=self._worker)
            for outcome, mark, _ in group:
                if mark is not None:
                    suppressions.suppress(connection, [mark], reason=f"refused with {outcome.code}", at=outcome.at)


def outcome_of(ready: Ready, error: DeliveryError | None, now: datetime) -> Outcome:
    """Return what an attempt at `now` means for a row: sent, failed for good, deferred with back-off, or given up after three days."""
    attempts = ready.attempts + 1
    if error is None:
        return Outcome(ready.id, "sent", now, ready.due, attempts, 250)
    if error.permanent:
        return Outcome(ready.id, "failed", now, ready.due, attempts, error.code, str(error))
    again = now + pause(ready.key, attempts)
    if again - ready.created_at >= EXPIRY:
        return Outcome(ready.id, "failed", now, ready.due, attempts, error.code, f"given up after {EXPIRY.days} days: {error}")
    return Outcome(ready.id, "deferred", now, again, attempts, error.code, str(error))
