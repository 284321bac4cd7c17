"""Mail the operator what is wrong with the service; `store/notices.py` is where the rest of the service says it.

Without an operator address the notices stand in the log only. A mail server that is down delays them, with the back-off of all mail.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from alerts.errors import DeliveryError, SenderError, UnreachableError
from alerts.jobs.context import Context
from alerts.mail.dkim import load_keys, sign
from alerts.mail.headers import mail_address
from alerts.mail.message import Email, Headers, Personal, Sender
from alerts.mail.mime import build
from alerts.mail.render import TROUBLE, Renderer
from alerts.mail.retries import EXPIRY, pause
from alerts.mail.transport import Transport, make_transport
from alerts.signing import Signer
from alerts.store import notices
from alerts.store.notices import Notice

_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NotifyCount:
    """What one call did."""

    sent: int = 0
    deferred: int = 0
    failed: int = 0
    skipped: int = 0


async def notify(context: Context, *, transport: Transport | None = None) -> NotifyCount:
    """Send the notices that are due. A transport that is given is used as it is, and stays open. Raises SettingsError, StoreError."""
    batch = await asyncio.to_thread(_claim, context)
    if not batch:
        return NotifyCount()
    if not context.settings.operator_address:
        await asyncio.to_thread(_skip, context, batch)
        return NotifyCount(skipped=len(batch))
    own = None if transport is not None else make_transport(context.settings.mail_url.get_secret_value(), connections=1)
    states: dict[int, str] = {}
    try:
        if own is not None:
            await own.open()
        for notice in batch:
            states[notice.id] = await _send(context, notice, transport or own)
    except (SenderError, UnreachableError) as error:
        for notice in batch[len(states) :]:
            states[notice.id] = await _record(context, notice, error)
    finally:
        if own is not None:
            await own.close()
        await asyncio.to_thread(_give_back, context, batch[len(states) :])
    return NotifyCount(**{state: list(states.values()).count(state) for state in ("sent", "deferred", "failed")})


def _claim(context: Context) -> list[Notice]:
    with context.database.write() as connection:
        batch = notices.claim(connection, worker=context.worker, now=context.clock.now())
    for notice in batch:
        if not notice.attempts:
            _LOG.warning("operator.notice", subject=notice.subject, lines=list(notice.lines))
    return batch


def _skip(context: Context, batch: list[Notice]) -> None:
    with context.database.write() as connection:
        for notice in batch:
            text = "nobody to tell: ALERTS_OPERATOR_ADDRESS is not set"
            notices.record(connection, notice.id, state="skipped", at=context.clock.now(), outcome=text)


def _give_back(context: Context, batch: list[Notice]) -> None:
    if batch:
        with context.database.write() as connection:
            notices.release(connection, [notice.id for notice in batch], worker=context.worker)


async def _send(context: Context, notice: Notice, transport: Transport | None) -> str:
    """Send one notice; raises SenderError and UnreachableError, for then there is no use in trying the next."""
    assert transport is not None
    failure: DeliveryError | None = None
    try:
        await transport.send(_email(context, notice))
    except (SenderError, UnreachableError):
        raise
    except DeliveryError as error:
        failure = error
    return await _record(context, notice, failure)


async def _record(context: Context, notice: Notice, failure: DeliveryError | None) -> str:
    now = context.clock.now()
    attempts = notice.attempts + 1
    again = now + pause(f"notice:{notice.id}", attempts)
    hopeless = failure is not None and (again - notice.created_at >= EXPIRY or (failure.permanent and not isinstance(failure, SenderError)))
    state = "sent" if failure is None else "failed" if hopeless else "deferred"

    def write() -> None:
        with context.database.write() as connection:
            due = again if state == "deferred" else None
            notices.record(connection, notice.id, state=state, at=now, due=due, outcome=str(failure or ""))

    await asyncio.to_thread(write)
    return state


def plain_email(
    context: Context, key: str, address: str, subject: str, lines: Sequence[str], date: datetime, *, cause: str = TROUBLE
) -> Email:
    """Make a mail of a subject and lines, signed as all our mail is. `key` tells it from others; the same key gives the same Message-ID.

    Raises DeliveryError if the address cannot be one, SettingsError.
    """
    settings = context.settings
    sender = Sender(settings.sender_name, mail_address(settings.sender_address), settings.postal_address, settings.contact)
    renderer = Renderer(context.home.templates if context.home.templates.is_dir() else None)
    signer = Signer(settings.secret_key.get_secret_value(), context.clock)
    message_id = f"<{signer.fingerprint('notice', key)}@{sender.address.rpartition('@')[2]}>"
    recipient = mail_address(address)
    headers = Headers(message_id=message_id, date=date.replace(microsecond=0))
    message = build(renderer.notice(subject, lines, sender=sender, cause=cause), Personal(recipient), headers, sender)
    envelope = mail_address(settings.bounce_address or settings.sender_address)  # as all mail has, so that the same SPF is asked
    return Email(key, message_id, envelope, recipient, sign(message, load_keys(settings.dkim_keys), context.clock.now()))


def _email(context: Context, notice: Notice) -> Email:
    return plain_email(context, f"notice:{notice.id}", context.settings.operator_address, notice.subject, notice.lines, notice.created_at)
