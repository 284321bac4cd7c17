"""What a sender takes from the outbox and gives back to it: claims within its limits, letters made of them, leases ended early."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection

from alerts.errors import DeliveryError, SenderError
from alerts.jobs.context import Context
from alerts.jobs.letters import Letter, Letters
from alerts.jobs.lineup import Lineup
from alerts.jobs.recording import outcome_of
from alerts.jobs.turns import Pace
from alerts.mail.rates import Tally, parse_warm_up
from alerts.store import outbox, sender
from alerts.store.db import exclusive
from alerts.store.outbox import Outcome, Ready

BATCH = 500
"""Rows claimed at once; fewer where a rate limit would not let them out soon: what is urgent comes in with the next claim."""
RATE_SECONDS = 20
NOTE_SECONDS = 10.0
"""How often a sender at work puts its rate on record."""
ASIDE = timedelta(hours=1)
"""How long a mail to whom the server does not relay lets others go first."""
COOLING = timedelta(minutes=15)
"""How long the sender rests when most mails are put off: long enough for the usual greylisting."""


def try_at_once(context: Context) -> None:
    """Forget that the mail server refused us: a service that starts may have other settings. Raises StoreError."""
    with context.database.write() as connection:
        sender.lift_hold(connection)


class Intake:
    """Claims for one sender; blocking, so to be called from a thread. `stopped` says in words why no more is claimed.

    `states` counts the outcomes of the call.
    """

    def __init__(self, context: Context, letters: Letters, lineup: Lineup, pace: Pace, states: Mapping[str, int]) -> None:
        settings = context.settings
        self._context, self._letters, self._lineup, self._pace = context, letters, lineup, pace
        self._states = states
        self._paced = bool(settings.send_rate or settings.send_domains)
        self._noted = (context.clock.now(), 0)
        self._warm_up = parse_warm_up(settings.send_warm_up)
        self.batch = max(1, min(BATCH, int(settings.send_rate * RATE_SECONDS))) if settings.send_rate else BATCH
        self.reserve = self.batch * 3 // 4
        """Letters left at which the next batch is claimed: as many as leave while a slow database answers."""
        self.stopped = ""
        self.paused = False
        self.tally = Tally()
        """How the last mails went, those of earlier calls included."""
        self._known: tuple[str, ...] | None = None

    def gather(self, held: int, *, urgent: bool = False, slow: Sequence[int] = ()) -> tuple[int, list[Letter], list[Outcome]]:
        """Claim a batch; return how many rows it had, letters to send, and outcomes of the rest. `held` rows are on their way already.

        If `urgent`, no digests are claimed. The leases of `slow` rows, long on their way, are renewed.
        """
        database, now, worker = self._context.database, self._context.clock.now(), self._context.worker
        with database.write() as connection:
            if slow:
                outbox.renew(connection, slow, worker=worker, now=now)
            self._keep_pace(connection, now)
            batch = self._claim(connection, now, held, urgent=urgent)
            later = self._lineup.put_off(batch, now)
            outbox.put_off(connection, later, worker=worker)
        if len(later) == len(batch):
            return len(batch), [], []
        with database.read() as connection:
            letters, outcomes, awaited = self._letters.gather(connection, [ready for ready in batch if ready.id not in later], now)
        if outcomes or awaited:
            with database.write() as connection:
                outbox.record(connection, outcomes, worker=worker)
                outbox.put_off(connection, awaited, worker=worker)
        return len(batch), letters, outcomes

    def _keep_pace(self, connection: Connection, now: datetime) -> None:
        """Learn what a rate has to be shared with, and put on record how fast mails leave while this goes on."""
        if self._paced:
            self._pace.senders = outbox.senders(connection, worker=self._context.worker, now=now)
            if not self._pace.asked and (last := sender.last_left(connection)):
                self._pace.idle = max(0.0, (now - last).total_seconds())
            self._pace.asked = True
        (since, before), sent = self._noted, self._states["sent"]
        seconds = (now - since).total_seconds()
        if sent > before and seconds >= NOTE_SECONDS:
            sender.note_rate(connection, sent=sent - before, seconds=seconds, now=now)
            self._noted = (now, sent)

    def _claim(self, connection: Connection, now: datetime, held: int, *, urgent: bool) -> list[Ready]:
        """Claim what may leave now: nothing while the sender is paused, no digests once the day's share of a warm-up is used."""
        limit = max(0, min(self.batch, 2 * self.batch - len(self._lineup))) if urgent else self.batch
        if self._known is None:
            self._known = sender.load_tally(connection, now)
            self.tally = Tally(self._known)
        if pause := sender.paused(connection, now):
            self.stopped, self.paused = str(pause), True
            return []
        allowed = self._warm_up.allowance(now.date()) if self._warm_up else None
        if allowed is not None:
            exclusive(connection, "warm-up")  # what another sender has in hand counts as well
            midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
            left = allowed - max(held, outbox.leased(connection, now=now)) - sender.sent_since(connection, midnight)
            if left <= 0:
                self.stopped, urgent = f"warming up: today's {allowed} mails have left; confirmations and alerts still go", True
            limit = min(limit, left) if left > 0 else limit
        return outbox.claim(connection, worker=self._context.worker, now=now, limit=limit, urgent=urgent) if limit else []

    def put_off(self, dues: Mapping[int, datetime]) -> None:
        """Give back rows, to be due later."""
        with self._context.database.write() as connection:
            outbox.put_off(connection, dues, worker=self._context.worker)

    def give_back(self, held: Mapping[int, Ready], tried: set[int], aside: set[int]) -> None:
        """End the leases of what has no outcome. What a server may have seen is deferred, so that it does not go twice at once.

        What goes `aside` is due again when the others had their turn.
        """
        now, worker = self._context.clock.now(), self._context.worker
        cut = DeliveryError("the sender was stopped while this was being sent; whether the mail server took it is unknown", uncertain=True)
        outcomes = [outcome_of(held[row], cut, now) for row in tried if row in held]
        with self._context.database.write() as connection:
            if outcomes:
                outbox.record(connection, outcomes, worker=worker)
            outbox.put_off(connection, dict.fromkeys(aside & held.keys(), now + ASIDE), worker=worker)
            outbox.release(connection, held.keys() - tried - aside, worker=worker)

    def brake(self, verdict: Literal["failed", "deferred"], said: str) -> None:
        """Pause the sender, for a while or until somebody resumes it, and tell the operator what was `said` last."""
        words = {"failed": "refused for good", "deferred": "put off"}[verdict]
        self.stopped = f"most of the last {len(self.tally.last)} mails were {words}, such as: {said}"
        self.tally = Tally()
        length = COOLING if verdict == "deferred" else None
        with self._context.database.write() as connection:
            sender.brake(connection, reason=self.stopped, now=self._context.clock.now(), length=length)

    def remember(self, sent: int, seconds: float, refused: SenderError | None) -> None:
        """Put on record how the call went: how fast mails left, and how the last of them went, unless all went well.

        `refused`: the mail server refuses us; the operator is told, and the server left alone for a while. Nothing was burnt.
        """
        last = self.tally.last if any(state != "sent" for state in self.tally.last) else ()
        kept = self._known is None or last == self._known
        if kept and not sent and refused is None:
            return
        now = self._context.clock.now()
        with self._context.database.write() as connection:
            if not kept:
                sender.save_tally(connection, last, now=now)
            if sent:
                sender.note_rate(connection, sent=sent, seconds=seconds, now=now)
            if refused is not None:
                sender.alarm(connection, reason=str(refused), now=now)
