"""One connection to a server without PIPELINING: aiosmtplib's own commands, one round trip each; the text we send ourselves."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Literal

import aiosmtplib

from alerts.errors import DeliveryError
from alerts.mail.message import Email
from alerts.mail.pipelining import StaleConnectionError, as_sent, check_addresses
from alerts.mail.replies import Phase, after_message, elsewhere, failure


class PlainConnection:
    """An open connection, greeted and authenticated by aiosmtplib. `timeout` is in seconds, for each wait."""

    def __init__(self, client: aiosmtplib.SMTP, timeout: float) -> None:
        self._timeout = timeout
        self.sent = 0
        self.closing = False
        self.announced = ""
        self._client = client

    async def send(self, email: Email, following: Email | None = None) -> None:
        """See `smtp.Connection`; nothing goes ahead here."""
        utf8 = not (email.recipient.isascii() and email.sender.isascii())
        if utf8 and not self._client.supports_extension("smtputf8"):
            raise DeliveryError("the mail server takes no addresses beyond ASCII (SMTPUTF8)", permanent=True, code=553)
        encoding: Literal["utf-8", "ascii"] = "utf-8" if utf8 else "ascii"
        check_addresses(email)
        phase: Phase = "sender"
        try:
            await self._client.mail(email.sender, options=["SMTPUTF8"] if utf8 else [], encoding=encoding)
            phase = "recipient"
            await self._rcpt(email.recipient, encoding)
            phase = "data"
            await self._data()
            phase = "message"
            await self._text(email)
        except aiosmtplib.SMTPResponseException as error:
            await self._recover(error.code)
            if phase != "message" and 100 <= error.code < 400:  # one reply too many somewhere: who knows what this one answers
                self.close()
                raise StaleConnectionError from None
            if phase == "sender" and (error.code == 421 or elsewhere(error.code, self.sent)):
                self.close()
                raise StaleConnectionError from None
            raise failure(phase, error.code, error.message) from None
        except ValueError:
            raise DeliveryError("this is not a mail address", permanent=True, address_at_fault=True) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            self.close()
            if phase == "sender":
                raise StaleConnectionError from None
            if phase == "message":
                raise DeliveryError(
                    "the connection fell while the message was sent; whether the mail server took it is unknown", uncertain=True
                ) from error
            raise DeliveryError("the connection to the mail server fell before the message was sent") from error
        except asyncio.CancelledError:
            self.close()
            raise
        self.sent += 1

    async def _rcpt(self, recipient: str, encoding: Literal["utf-8", "ascii"]) -> None:
        try:
            await self._client.rcpt(recipient, encoding=encoding)
        except aiosmtplib.SMTPRecipientRefused as error:
            if error.code != 252:  # it cannot tell, and will try (RFC 5321 §3.5.3): aiosmtplib takes that for a refusal
                raise

    async def _data(self) -> None:
        reply = await self._client.execute_command(b"DATA")
        if reply.code != 354:
            raise aiosmtplib.SMTPDataError(reply.code, reply.message)

    async def _text(self, email: Email) -> None:
        """Send the text by ourselves: to aiosmtplib a 250 instead of 354, after which nothing is sent, is the same as a 200 in the end."""
        protocol = self._client.protocol
        if protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("gone")
        protocol.write(b"".join(as_sent(email)))
        reply = await protocol.read_response(timeout=after_message(self._timeout))
        if not 200 <= reply.code < 300:  # by its first digit, whatever the rest (RFC 5321 §4.3.1)
            raise aiosmtplib.SMTPDataError(reply.code, reply.message)

    async def _recover(self, code: int) -> None:
        """Make the connection ready for the next message after a refusal."""
        if code == 421 or not 400 <= code <= 599 or not self._client.is_connected:
            self.close()
            return
        try:
            await self._client.rset()
        except (aiosmtplib.SMTPException, OSError):
            self.close()

    async def quit(self) -> None:
        """See `smtp.Connection`."""
        if not self.closing:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await self._client.quit(timeout=2)
        self.close()

    def close(self) -> None:
        """See `smtp.Connection`."""
        self.closing = True
        self._client.close()
