"""SMTP command pipelining (RFC 2920): a message costs one round trip instead of four, and a sixth of the CPU of the plain path.

aiosmtplib connects, secures and authenticates; then `PipelinedConnection` takes over its transport. MAIL, RCPT and DATA leave in one write;
those of the message that follows leave together with the end of this one (§3.1 allows it), so that its text can go as soon as the outcome
of this one is on record. Only one text is in flight at a time, so that an outcome is always that of the message it was asked for.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from alerts.errors import DeliveryError
from alerts.mail.message import Email
from alerts.mail.replies import Phase, after_message, elsewhere, failure

_LONGEST_REPLY = 65_536
"""Bytes of an unfinished reply that we put up with."""

_ROOM = 4096
"""Bytes taken from the wire at once: all replies to a message and an envelope, many times over."""
_MARKS = frozenset((b"", b" ", b"-", b"\r"))
"""What follows the code of a line."""
_BREAKING = re.compile(r"[\r\n\0<>]")
_WANTED: tuple[tuple[Phase, tuple[int, ...]], ...] = (("sender", (250,)), ("recipient", (250, 251, 252)), ("data", (354,)))
"""Good replies to MAIL, RCPT and DATA."""


class StaleConnectionError(Exception):
    """The connection was no longer good before it took anything of the message: another one may be tried at once."""


class Reply(NamedTuple):
    """A whole reply, all its lines."""

    code: int
    text: str


def check_addresses(email: Email) -> None:
    """Raise DeliveryError for an address that would end its command, or become another address in it."""
    if _BREAKING.search(email.sender + email.recipient):
        raise DeliveryError("this is not a mail address", permanent=True, address_at_fault=True)


def as_sent(email: Email) -> tuple[bytes, bytes]:
    """Return the message as it goes over the wire, dots that open a line doubled, and what ends it."""
    message = email.message
    if not email.dotless:
        message = (b"." if message.startswith(b".") else b"") + message.replace(b"\r\n.", b"\r\n..")
    return message, b".\r\n" if message.endswith(b"\r\n") else b"\r\n.\r\n"


class PipelinedConnection(asyncio.BufferedProtocol):
    """Takes over a connected, greeted and authenticated transport. `timeout` is in seconds, for each wait."""

    def __init__(self, transport: asyncio.Transport, extensions: Mapping[str, str], timeout: float) -> None:
        self.sent = 0
        self.closing = False
        self.announced = ""
        self._transport: asyncio.Transport | None = transport
        self._former = transport.get_protocol()
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._replies: deque[Reply] = deque()
        self._room = memoryview(bytearray(_ROOM))
        self._buffer = b""
        self._lines: list[str] = []
        self._code = b""
        self._wanted = 0
        self._waiter: asyncio.Future[None] | None = None
        self._unsent = False
        self._deadline = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._utf8 = "smtputf8" in extensions
        size = extensions.get("size", "").strip()
        self._size_known = "size" in extensions
        self._largest = int(size) if size.isdigit() else 0
        transport.set_protocol(self)
        transport.set_write_buffer_limits(high=0)  # so that we are told when everything has left

    async def send(self, email: Email, following: Email | None = None) -> None:
        """Send one message. Raises DeliveryError, or StaleConnectionError if it is safe to try another connection.

        `following` is the email that this connection will be asked to send next; its envelope goes ahead. If another one is sent instead,
        the connection is stale.
        """
        if self.announced != email.key:
            if self.closing or self._replies or self._buffer or self.announced:
                raise StaleConnectionError
            self._write(self._envelope(email))
        self.announced = ""
        replies = await self._read(3)
        if not replies and self.closing:
            raise StaleConnectionError
        refusal = self._refusal(replies)
        if refusal is None:
            await self._send_message(email, following)
            self.sent += 1
            return
        if len(replies) < 3:
            self.close()
        elif not self.closing:
            await self._leave(replies)
        raise refusal

    async def _leave(self, replies: list[Reply]) -> None:
        """End the transaction that a refusal leaves open: Postfix takes no MAIL inside one (RFC 5321 §4.1.4).

        A server that waits for a message nobody is to get is told that it has ended (RFC 2920 §3.1). If it has a recipient, that would
        deliver an empty mail: then nothing is said any more.
        """
        if replies[2].code == 354:
            if replies[0].code != 250 or replies[1].code < 400:
                return self.close()
            self._write(b".\r\n")
            await self._read(1)
            return None
        self._write(b"RSET\r\n")
        if [reply.code for reply in await self._read(1)] != [250]:
            self.close()
        return None

    def _envelope(self, email: Email) -> bytes:
        if self._largest and len(email.message) > self._largest:
            raise DeliveryError(
                f"{len(email.message)} bytes are more than the mail server takes ({self._largest})", permanent=True, code=552
            )
        options = f" SIZE={len(email.message)}" if self._size_known else ""
        if not (email.recipient.isascii() and email.sender.isascii() and email.message.isascii()):
            if not self._utf8:
                raise DeliveryError("the mail server takes no addresses beyond ASCII (SMTPUTF8)", permanent=True, code=553)
            options += " SMTPUTF8"
        check_addresses(email)
        return f"MAIL FROM:<{email.sender}>{options}\r\nRCPT TO:<{email.recipient}>\r\nDATA\r\n".encode()

    def _refusal(self, replies: list[Reply]) -> DeliveryError | StaleConnectionError | None:
        """Return what keeps the message from being sent, or None if all is well."""
        for (phase, good), reply in zip(_WANTED, replies, strict=False):
            if reply.code == 421 or (phase == "sender" and elsewhere(reply.code, self.sent)):
                self.close()
                return StaleConnectionError() if phase == "sender" else failure(phase, reply.code, reply.text)
            if reply.code not in good:
                if reply.code < 400:  # one reply too many somewhere: who knows what this one answers
                    self.close()
                    return StaleConnectionError()
                return failure(phase, reply.code, reply.text)
        if len(replies) < 3:
            self.close()
            return DeliveryError("the connection to the mail server fell before the message was sent")
        if self._replies or self._buffer:
            self.close()
            return StaleConnectionError()
        return None

    async def _send_message(self, email: Email, following: Email | None) -> None:
        self._write(b"".join((*as_sent(email), self._announce(following))))
        replies = await self._read(1, after_message(self._timeout))
        if replies:
            if replies[0].code == 421 or replies[0].code // 100 not in {2, 4, 5}:
                self.close()
            if not 200 <= replies[0].code < 300:  # by its first digit, whatever the rest (RFC 5321 §4.3.1)
                raise failure("message", *replies[0])
            return
        unsent = self._unsent
        self.close()
        if unsent:
            raise DeliveryError("the connection to the mail server fell in the middle of the message")
        raise DeliveryError("the connection fell after the message; whether the mail server took it is unknown", uncertain=True)

    def _announce(self, following: Email | None) -> bytes:
        """The envelope of the next message, unless it has none that the server would take; then its own turn says why."""
        if following is None:
            return b""
        try:
            envelope = self._envelope(following)
        except DeliveryError:
            return b""
        self.announced = following.key
        return envelope

    async def _read(self, count: int, seconds: float = 0.0) -> list[Reply]:
        """Wait for `count` replies; fewer come back if the connection falls, a reply makes no sense, or time is up."""
        seconds = seconds or self._timeout
        if len(self._replies) < count and not self.closing:
            self._wanted = count
            self._waiter = self._loop.create_future()
            self._deadline = self._loop.time() + seconds
            if self._watch is None:
                self._watch = self._loop.call_later(self._timeout, self._look)
            try:
                await self._waiter
            except asyncio.CancelledError:
                self.close()  # half a message is out: this connection is good for nothing
                raise
            finally:
                self._waiter = None
            if len(self._replies) < count:
                self.closing = True
        return [self._replies.popleft() for _ in range(min(count, len(self._replies)))]

    def _look(self) -> None:
        """End a wait that is over its time. One timer serves all waits of a connection: setting one for each is dear."""
        self._watch = None
        left = self._deadline - self._loop.time()
        if self.closing or self._waiter is None:
            return
        if left <= 0:
            self._wake()
        else:
            self._watch = self._loop.call_later(min(left, self._timeout), self._look)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Lend the room for what comes: else the loop would make, and throw away, a quarter of a megabyte for each few words."""
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        """Cut what came into replies."""
        data = self._room[:nbytes].tobytes()
        *lines, self._buffer = (self._buffer + data if self._buffer else data).split(b"\n")
        for line in lines:
            mark = line[3:4]
            if not 3 <= len(line) <= _LONGEST_REPLY or not line[:3].isdigit() or mark not in _MARKS:
                return self._give_up()
            text = line[4:].decode("utf-8", "replace").rstrip("\r")
            if self._lines and line[:3] != self._code:  # a reply without its last line: this one answers something else (RFC 5321 §4.2.1)
                return self._give_up()
            if mark == b"-":
                self._code = line[:3]
                self._lines.append(text)
            elif self._lines:
                self._replies.append(Reply(int(line[:3]), " ".join([*self._lines, text])))
                self._lines.clear()
            else:
                self._replies.append(Reply(int(line[:3]), text))
        if len(self._buffer) > _LONGEST_REPLY or len(self._lines) > 500:
            return self._give_up()
        if len(self._replies) >= self._wanted:
            self._wake()
        return None

    def _give_up(self) -> None:
        self._buffer = b""
        self.close()
        self._wake()

    def eof_received(self) -> None:
        """The server is done with us: what it said before still counts."""
        self.closing = True
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone. All that hung on it is let go: with TLS it is a third of a megabyte, and it holds itself in circles."""
        self.closing = True
        if self._watch is not None:
            self._watch.cancel()
        self._former.connection_lost(error)
        self._former = asyncio.BaseProtocol()
        self._transport = None
        self._wake()

    def pause_writing(self) -> None:
        """Not everything has left."""
        self._unsent = True

    def resume_writing(self) -> None:
        """Everything has left."""
        self._unsent = False

    def close(self) -> None:
        """Drop the connection without a word."""
        self.closing = True
        if self._transport is not None:
            self._transport.abort()

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    async def quit(self) -> None:
        """Take leave, waiting a moment for the reply so that the server logs no lost connection."""
        if not self.closing:
            self._timeout = min(2.0, self._timeout)
            if self._watch is not None:  # set for the wait of a mail, so far longer
                self._watch.cancel()
                self._watch = None
            self._write(b"QUIT\r\n")
            await self._read(1)
        self.close()
