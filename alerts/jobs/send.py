"""Send what the outbox holds: claim → join → send → record, over a fixed number of connections, until nothing is due.

What may go wrong and what follows: one mail refused or deferred: its row says so, the rest goes on. The mail server out of reach: what was
in flight is deferred, the rest is given back. The mail server refuses us (login, TLS, full outbox directory): everything not yet taken is
given back as if it had never been tried, and the error stops the job. Cancelled: what is in flight is finished, the rest is given back.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from dataclasses import dataclass
from datetime import timedelta

import structlog

from alerts.errors import AlertsError, DeliveryError, SenderError, UnreachableError
from alerts.jobs.context import Context
from alerts.jobs.letters import Letter, Letters
from alerts.jobs.recording import Recorder, outcome_of
from alerts.jobs.template_health import tell_of_templates
from alerts.mail.message import Email
from alerts.mail.render import Renderer
from alerts.mail.transport import Transport, make_transport
from alerts.store import outbox
from alerts.store.outbox import LEASE, Outcome, Ready

BATCH = 500
"""Rows claimed at once; fewer where a rate limit would not let them out within a minute."""
STOP_SECONDS = 6.0
"""How long a cancelled job waits for mails in flight."""
_LEASE_MARGIN = timedelta(minutes=2)
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
        try:
            await sending.deliver_all(transport)
        finally:
            await sending.give_back()
        await asyncio.to_thread(tell_of_templates, context, sending.renderer)
    return sending.count(asyncio.get_running_loop().time() - started)


class _Sending:
    """One call of the job. `_held` are the rows under our lease that have no outcome yet; `_tried` those that a server may have seen."""

    def __init__(self, context: Context) -> None:
        settings = context.settings
        self._context = context
        self._connections = settings.send_connections
        self._interval = 1 / settings.send_rate if settings.send_rate else 0.0
        self._batch = max(1, min(BATCH, int(settings.send_rate * 60))) if settings.send_rate else BATCH
        self._letters = Letters(context)
        self._recorder = Recorder(context.database, context.worker, company=self._connections * 3 // 4)
        self._queue: deque[tuple[Letter, float]] = deque()
        self._held: dict[int, Ready] = {}
        self._tried: set[int] = set()
        self._filled, self._hungry, self._halted = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._exhausted = False
        self._trouble: AlertsError | None = None
        self._next_turn = 0.0
        self._claimed = self._suppressed = self._uncertain = 0
        self._states: Counter[str] = Counter()

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
            stopped=str(self._trouble or ""),
        )

    async def claim(self) -> bool:
        """Claim a batch and queue its letters; False if nothing was due. Raises StoreError."""
        deadline = asyncio.get_running_loop().time() + (LEASE - _LEASE_MARGIN).total_seconds()
        batch, letters, outcomes = await asyncio.to_thread(self._gather)
        self._claimed += len(batch)
        self._states.update(outcome.state for outcome in outcomes)
        self._held.update((letter.ready.id, letter.ready) for letter in letters)
        self._queue.extend((letter, deadline) for letter in letters)
        self._filled.set()
        return bool(batch)

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
        if self._held:
            await asyncio.to_thread(self._release)
            self._held.clear()

    def _gather(self) -> tuple[list[Ready], list[Letter], list[Outcome]]:
        database, now, worker = self._context.database, self._context.clock.now(), self._context.worker
        with database.write() as connection:
            batch = outbox.claim(connection, worker=worker, now=now, limit=self._batch)
        if not batch:
            return [], [], []
        with database.read() as connection:
            letters, outcomes = self._letters.gather(connection, batch, now)
        if outcomes:
            with database.write() as connection:
                outbox.record(connection, outcomes, worker=worker)
        return batch, letters, outcomes

    def _release(self) -> None:
        now, worker = self._context.clock.now(), self._context.worker
        cut = DeliveryError("the sender was stopped while this was being sent; whether the mail server took it is unknown", uncertain=True)
        outcomes = [outcome_of(self._held[row], cut, now) for row in self._tried if row in self._held]
        with self._context.database.write() as connection:
            if outcomes:
                outbox.record(connection, outcomes, worker=worker)
            outbox.release(connection, self._held.keys() - self._tried, worker=worker)

    async def _in_lanes(self, transport: Transport) -> None:
        tasks = [asyncio.create_task(self._lane(transport)) for _ in range(self._connections)]
        tasks.append(asyncio.create_task(self._feed()))
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
        while not self._halted.is_set():
            self._hungry.clear()
            if len(self._queue) > self._batch // 2:
                await self._hungry.wait()
                continue
            try:
                if await self.claim():
                    continue
            except AlertsError as error:
                self._halt(error)
            self._exhausted = True
            self._filled.set()
            return

    async def _lane(self, transport: Transport) -> None:
        """Send one letter after the other, as long as there are any; the transport hears of the next ahead, unless a rate makes it wait."""
        piece: _Piece | None = None
        while not self._halted.is_set():
            piece = piece or self._next()
            if piece is None:
                if self._exhausted:
                    return
                self._filled.clear()
                self._hungry.set()
                await self._filled.wait()
                continue
            if self._interval:
                await self._turn()
                if self._halted.is_set():
                    return
            following = None if self._interval else self._next()
            await self._deliver(piece, following, transport)
            piece = following

    def _next(self) -> _Piece | None:
        """Take the next letter that our lease still covers, made into an email."""
        while self._queue:
            letter, deadline = self._queue.popleft()
            if len(self._queue) == self._batch // 2:
                self._hungry.set()
            if asyncio.get_running_loop().time() >= deadline:
                continue
            try:
                return _Piece(letter.ready, self._letters.email(letter, self._context.clock.now()), None)
            except DeliveryError as error:
                return _Piece(letter.ready, None, error)
            except Exception as error:
                return _Piece(letter.ready, None, _our_mistake(letter.ready, error))
        return None

    async def _deliver(self, piece: _Piece, following: _Piece | None, transport: Transport) -> None:
        """Send one letter and put the outcome on record."""
        ready, failure = piece.ready, piece.failure
        try:
            if piece.email is not None:
                self._tried.add(ready.id)
                await transport.send(piece.email, following.email if following else None)
        except SenderError as error:
            self._tried.discard(ready.id)
            return self._halt(error)
        except DeliveryError as error:
            failure = error
            if isinstance(error, UnreachableError):
                self._halt(error)
        except Exception as error:
            failure = _our_mistake(ready, error)
        outcome = outcome_of(ready, failure, self._context.clock.now())
        suppress = self._letters.mark(ready) if failure is not None and failure.address_at_fault else None
        try:
            await self._recorder.record(outcome, suppress)
        except AlertsError as error:
            return self._halt(error)
        del self._held[ready.id]
        self._states[outcome.state] += 1
        self._suppressed += suppress is not None
        self._uncertain += failure is not None and failure.uncertain
        self._context.progress(self._states.total(), self._claimed)
        return None

    async def _turn(self) -> None:
        """Wait for this message's place in the rate over all connections, or for the end."""
        now = asyncio.get_running_loop().time()
        self._next_turn = max(now, self._next_turn + self._interval)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._halted.wait(), self._next_turn - now)

    def _halt(self, error: AlertsError | None) -> None:
        """Let every lane end after what it has in flight."""
        self._trouble = self._trouble or error
        self._halted.set()
        self._filled.set()
        self._hungry.set()


@dataclass(frozen=True, slots=True)
class _Piece:
    """A letter on its way: its email, or why it could not be made into one."""

    ready: Ready
    email: Email | None
    failure: DeliveryError | None


def _our_mistake(ready: Ready, error: Exception) -> DeliveryError:
    """Whatever one letter brings about, the others must go out."""
    _LOG.error("send.broken", outbox=ready.id, error=type(error).__name__, exc_info=error)
    return DeliveryError(f"a mistake of ours ({type(error).__name__}); the log says more")
