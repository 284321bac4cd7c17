"""What one sender has under its lease: rows without an outcome, those that a lane has in hand, those that a server may have seen."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.errors import RelayError, SenderError
from alerts.jobs.letters import Letter
from alerts.jobs.lineup import Lineup
from alerts.store.outbox import LEASE, Ready

LEASE_SECONDS = LEASE.total_seconds() - 120
"""How long a letter may stand in line: two minutes of its lease are left for its way."""
RENEW_SECONDS = 60.0
"""How long a letter may be on its way before its lease is renewed."""


class Hold:
    """Rows by number. Moments are seconds on the loop's clock.

    A clock that is set forward ends our own leases, and then we claim what is ours already. `rows` knows which claim of a row counts.
    """

    def __init__(self) -> None:
        self.rows: dict[int, Ready] = {}
        self.tried: set[int] = set()
        self.aside: set[int] = set()
        self._flying: dict[int, float] = {}
        self._settled: set[int] = set()

    @property
    def in_flight(self) -> int:
        """How many letters lanes have in hand."""
        return len(self._flying)

    def before_claim(self, now: float) -> list[int]:
        """Begin to note what gets an outcome during a claim; return what is so long on its way that its lease is to be renewed."""
        self._settled.clear()
        slow = [row for row, moment in self._flying.items() if moment <= now]
        self._flying.update(dict.fromkeys(slow, now + LEASE_SECONDS))
        return slow

    def queue(self, letters: Iterable[Letter], lineup: Lineup, claimed_at: float) -> None:
        """Put letters in line that nobody has in hand and that got no outcome meanwhile."""
        for letter in letters:
            row = letter.ready.id
            if row not in self._flying and row not in self._settled:
                self.rows[row] = letter.ready
                lineup.push(letter, claimed_at + LEASE_SECONDS)

    def take(self, lineup: Lineup, now: float) -> Letter | None:
        """Take the next letter that may go in hand."""
        while letter := lineup.take(now):
            if self.rows.get(letter.ready.id) is letter.ready:
                self._flying[letter.ready.id] = now + RENEW_SECONDS
                return letter
            lineup.done(letter.ready)  # it was claimed anew since, and stands further behind
        return None

    def refused(self, row: int, error: SenderError) -> None:
        """Note that the mail server refuses us, so that this letter is as if it had not been tried.

        Where it relays for some domains only, the same letter would stop every later call as well, were it first in line again.
        """
        self.tried.discard(row)
        if isinstance(error, RelayError):
            self.aside.add(row)

    def landed(self, row: int) -> None:
        """Note that a letter is no longer on its way, whatever became of it."""
        self._flying.pop(row, None)

    def settle(self, row: int) -> None:
        """Note that a row has its outcome, and its lease has ended."""
        self.rows.pop(row, None)
        self._settled.add(row)
