"""Send what the outbox holds: claim → join → send → record, over a fixed number of connections, until nothing is due.

What may go wrong and what follows: one mail refused or deferred: its row says so, the rest goes on. The mail server out of reach: what was
in flight is deferred, the rest is given back. The mail server refuses us (login, TLS, full outbox directory): everything not yet taken is
given back as if it had never been tried, the error stops the job, and the sender leaves the server alone for a while. Cancelled: what is
in flight is finished, the rest is given back.
Paused, or most mails not taken: the job ends, the rest is given back, and the operator is told.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass
from typing import Literal

import structlog

from alerts.errors import AlertsError, DeliveryError, SenderError, UnreachableError
from alerts.jobs.context import Context
from alerts.jobs.hold import Hold
from alerts.jobs.intake import Intake
from alerts.jobs.letters import Letters, Piece, our_mistake
from alerts.jobs.lineup import Lineup
from alerts.jobs.recording import Recorder, outcome_of
from alerts.jobs.template_health import tell_of_templates
from alerts.jobs.turns import Pace, Turns
from alerts.mail.rates import GONE, parse_limits
from alerts.mail.render import Renderer
from alerts.mail.transport import Transport, make_transport
from alerts.store.outbox import Outcome, Ready

RECLAIM_SECONDS = 2.0
"""How often a sender whose letters wait for their turn looks for urgent ones."""
PROGRESS_EVERY = 20
"""Mails between two reports of progress: drawing a bar costs as much as sending."""
STOP_SECONDS = 6.0
"""How long a cancelled job waits for mails in flight."""
_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SendCount:
    """What one call did. `uncertain` (also counted as deferred) may have been taken by the server: they go again with the same Message-ID.

    `stopped` says in words why the job ended before the outbox was empty. `rate` is messages per second, as achieved.
    """

    claimed: int = 0
    sent: int = 0
    deferred: int = 0
    failed: int = 0
    skipped: int = 0
    uncertain: int = 0
    suppressed: int = 0
    rate: float = 0.0
    stopped: str = ""


async def send(context: Context, *, transport: Transport | None = None) -> SendCount:
    """Send all that is due. A transport that is given is used as it is, and stays open. Raises SenderError, SettingsError, StoreError."""
    sending = _Sending(context)
    started = asyncio.get_running_loop().time()
    if await sending.claim():
        refused: SenderError | None = None
        try:
            await sending.deliver_all(transport)
        except SenderError as error:
            refused = error
            raise
        finally:
            await sending.give_back()
            seconds = asyncio.get_running_loop().time() - started
            await asyncio.to_thread(sending.intake.remember, sending.count(seconds).sent, seconds, refused)
        await asyncio.to_thread(tell_of_templates, context, sending.renderer)
    return sending.count(asyncio.get_running_loop().time() - started)


class _Sending:
    """One call of the job."""

    def __init__(self, context: Context) -> None:
        settings = context.settings
        self._context = context
        self._connections = settings.send_connections
        self._letters = Letters(context)
        self._states: Counter[str] = Counter()
        pace = Pace(begun=asyncio.get_running_loop().time())
        self._lineup = Lineup(parse_limits(settings.send_domains), pace)
        self.intake = Intake(context, self._letters, self._lineup, pace, self._states)
        self._recorder = Recorder(context.database, context.worker)
        self._hold = Hold()
        self._filled, self._hungry, self._halted = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._exhausted = False
        self._trouble: AlertsError | None = None
        self._turns = Turns(1 / settings.send_rate, self._halted, pace) if settings.send_rate else None
        self._claimed = self._suppressed = self._uncertain = 0

    @property
    def renderer(self) -> Renderer:
        """What made the mails of this call."""
        return self._letters.renderer

    def count(self, seconds: float) -> SendCount:
        """Return what was done in that time."""
        return SendCount(
            claimed=self._claimed,
            **{state: self._states[state] for state in ("sent", "deferred", "failed", "skipped")},
            uncertain=self._uncertain,
            suppressed=self._suppressed,
            rate=round(self._states["sent"] / seconds, 1) if seconds > 0 else 0.0,
            stopped=str(self._trouble or self.intake.stopped),
        )

    async def claim(self, *, urgent: bool = False) -> bool:
        """Claim a batch and queue its letters; False if nothing was due. If `urgent`, no digests. Raises StoreError."""
        started = asyncio.get_running_loop().time()
        slow = self._hold.before_claim(started)
        claimed, letters, outcomes = await asyncio.to_thread(self.intake.gather, len(self._hold.rows), urgent=urgent, slow=slow)
        self._claimed += claimed
        self._states.update(outcome.state for outcome in outcomes)
        self._hold.queue(letters, self._lineup, started)
        self._filled.set()
        return claimed > 0

    async def deliver_all(self, transport: Transport | None) -> None:
        """Send what is queued, claiming on, until nothing is due. Raises SenderError, SettingsError, StoreError."""
        open_one = transport is None
        if transport is None:
            transport = make_transport(self._context.settings.mail_url.get_secret_value(), connections=self._connections)
        try:
            if open_one:
                await transport.open()
            await self._in_lanes(transport)
        except UnreachableError as error:
            self._halt(error)
        finally:
            if open_one:
                await transport.close()
        if isinstance(self._trouble, UnreachableError):
            _LOG.warning("send.unreachable", reason=str(self._trouble))
        elif self._trouble is not None:
            raise self._trouble

    async def give_back(self) -> None:
        """End the leases of what has no outcome. What a server may have seen is deferred, so that it does not go twice at once."""
        await self._recorder.close()
        if self._hold.rows:
            await asyncio.to_thread(self.intake.give_back, dict(self._hold.rows), set(self._hold.tried), set(self._hold.aside))
            self._hold.rows.clear()

    async def _in_lanes(self, transport: Transport) -> None:
        tasks = [asyncio.create_task(self._lane(transport)) for _ in range(self._connections)]
        tasks.append(asyncio.create_task(self._feed()))
        for task in tasks:
            task.add_done_callback(lambda done: self._halt(None) if done.cancelled() or done.exception() else None)
        try:
            await asyncio.wait(tasks)
        except asyncio.CancelledError:
            self._halt(None)
            _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise
        for task in tasks:
            task.result()

    async def _feed(self) -> None:
        """Claim the next batch while the last is being sent."""
        while not (self._halted.is_set() or self._exhausted):
            self._hungry.clear()
            full = self._lineup.free > self.intake.reserve
            if full:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._hungry.wait(), RECLAIM_SECONDS)
                    continue
            try:
                if await self.claim(urgent=full):
                    continue
            except AlertsError as error:
                self._halt(error)
            if self.intake.paused:
                self._halt(None)
            if not full:
                await self._while_busy(RECLAIM_SECONDS)
            self._exhausted = not self._busy
            if self._exhausted:
                self._filled.set()

    @property
    def _busy(self) -> bool:
        """True while letters are in line or on their way."""
        return len(self._lineup) > 0 or self._hold.in_flight > 0

    async def _while_busy(self, seconds: float) -> None:
        """Let time go by, but no longer than there are letters in line or on their way."""
        end = asyncio.get_running_loop().time() + seconds
        while self._busy and not self._halted.is_set() and (left := end - asyncio.get_running_loop().time()) > 0:
            self._hungry.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hungry.wait(), left)

    async def _lane(self, transport: Transport) -> None:
        """Send one letter after the other, as long as there are any; the transport hears of the next ahead, unless a rate makes it wait."""
        piece: Piece | None = None
        while not self._halted.is_set():
            piece = piece or (await self._turns.take(self._lineup.__len__, self._next) if self._turns else self._next())
            if self._halted.is_set():
                return
            if piece is None:
                if self._exhausted and not len(self._lineup):
                    return
                await self._wait()
                continue
            following = None if self._turns else self._next()
            try:
                await self._deliver(piece, following, transport)
            finally:
                self._hold.landed(piece.ready.id)
                if not self._busy:
                    self._hungry.set()
            piece = following

    async def _wait(self) -> None:
        """Wait until there may be something to send."""
        self._filled.clear()
        self._hungry.set()
        seconds = self._lineup.opens_in(asyncio.get_running_loop().time())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._filled.wait(), seconds)

    def _next(self) -> Piece | None:
        """Take the next letter that may go, made into an email."""
        letter = self._hold.take(self._lineup, asyncio.get_running_loop().time())
        if self._lineup.free <= self.intake.reserve:
            self._hungry.set()
        return self._letters.piece(letter, self._context.clock.now()) if letter else None

    async def _deliver(self, piece: Piece, following: Piece | None, transport: Transport) -> None:
        """Send one letter and put the outcome on record."""
        ready, failure = piece.ready, piece.failure
        try:
            if piece.email is not None:
                self._hold.tried.add(ready.id)
                await transport.send(piece.email, following.email if following else None)
        except SenderError as error:
            self._hold.refused(ready.id, error)
            return self._halt(error)
        except DeliveryError as error:
            failure = error
            if isinstance(error, UnreachableError):
                self._halt(error)
        except Exception as error:
            failure = our_mistake(ready, error)
        finally:
            if self._lineup.done(ready):
                self._filled.set()
        outcome = outcome_of(ready, failure, self._context.clock.now())
        suppress = self._letters.mark(ready) if failure is not None and failure.address_at_fault else None
        try:
            await self._recorder.record(outcome, suppress)
        except AlertsError as error:
            return self._halt(error)
        self._hold.settle(ready.id)
        self._states[outcome.state] += 1
        self._suppressed += suppress is not None
        self._uncertain += failure is not None and failure.uncertain
        done = self._states.total()
        if done % PROGRESS_EVERY == 0 or done == self._claimed:
            self._context.progress(done, self._claimed)
        await self._heed_domain(ready, outcome)
        verdict = self.intake.tally.add(GONE if outcome.state == "failed" and suppress is not None else outcome.state)
        if verdict and not self._halted.is_set():
            await self._brake(verdict, outcome)
        return None

    async def _heed_domain(self, ready: Ready, outcome: Outcome) -> None:
        """Leave a domain alone that puts off one mail after the other."""
        if outcome.state == "sent":
            self._lineup.took(ready)
        elif outcome.state == "deferred" and 400 <= outcome.code < 500:
            dues = self._lineup.was_put_off(ready, self._context.clock.now())
            if dues:
                await asyncio.to_thread(self.intake.put_off, dues)
                for row in dues:
                    self._hold.settle(row)

    async def _brake(self, verdict: Literal["failed", "deferred"], last: Outcome) -> None:
        """Stop by ourselves: to go on would spoil our name with the mail servers, or burn addresses for a fault that is ours."""
        self._halt(None)
        await asyncio.to_thread(self.intake.brake, verdict, last.text)

    def _halt(self, error: AlertsError | None) -> None:
        """Let every lane end after what it has in flight."""
        self._trouble = self._trouble or error
        self._halted.set()
        self._filled.set()
        self._hungry.set()
