"""One mail to an address of the operator's choice, at once and past the outbox: does mail leave, and how does it arrive?

It bears the sender, the signature and the way that all mail has, so what a mailbox thinks of it is what it will think of the digests.
"""

from __future__ import annotations

import asyncio
import contextlib

from alerts.errors import DeliveryError
from alerts.jobs.context import Context
from alerts.jobs.notify import plain_email
from alerts.jobs.suppressed import suppression_of
from alerts.mail.address import parse_address
from alerts.mail.dkim import load_keys
from alerts.mail.transport import Transport, make_transport


async def send_trial(context: Context, address: str, *, transport: Transport | None = None) -> str:
    """Send the mail and return its Message-ID. A transport that is given is used as it is, and stays open.

    Raises AddressError if the text is no address, DeliveryError and its kinds if the mail is not taken or the address is suppressed,
    SettingsError, StoreError.
    """
    wanted = parse_address(address)
    await asyncio.to_thread(_heed_suppression, context, wanted)
    now = context.clock.now()
    name = context.settings.sender_name
    key, subject = f"trial:{wanted}:{now.isoformat()}", f"Test mail of {name}"
    email = plain_email(context, key, wanted, subject, _lines(context), now, cause="Somebody asked for it with: alerts sender test")
    async with contextlib.AsyncExitStack() as stack:
        if transport is None:
            transport = make_transport(context.settings.mail_url.get_secret_value(), connections=1)
            stack.push_async_callback(transport.close)
            await transport.open()
        await transport.send(email)
    return email.message_id


def _heed_suppression(context: Context, address: str) -> None:
    with context.database.read() as connection:
        told = suppression_of(context.settings, connection, address)
    if told:
        raise DeliveryError(f"{told}; to mail it again: alerts suppressions remove ADDRESS", permanent=True)


def _lines(context: Context) -> tuple[str, ...]:
    settings = context.settings
    domain = settings.sender_address.rpartition("@")[2]
    keys = load_keys(settings.dkim_keys)
    signed = f"Signed (DKIM) for {' and '.join(key.dns_name for key in keys)}."
    unsigned = "It is not signed. Make a key with: alerts sender dkim; many mailboxes trust no mail without."
    return (
        "If you read this, mail leaves and arrives.",
        "It has the same sender, signature and way as every alert and digest, so it was judged as they will be.",
        signed if keys else unsigned,
        f"Open its source (“show original”) and look for spf=pass, dkim=pass and dmarc=pass for {domain}.",
        "If it lay among spam: alerts doctor says what the DNS lacks.",
    )
