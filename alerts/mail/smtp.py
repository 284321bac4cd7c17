"""Mail over SMTP: a pool of lasting connections that aiosmtplib opens, secures and authenticates.

Where the server offers PIPELINING, `pipelining.py` takes over the open connection; elsewhere `unpipelined.py` sends. TLS is
never given up: a server that should offer STARTTLS and does not, or whose certificate is wrong, stops the sender.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Protocol, cast

import aiosmtplib

from alerts.errors import DeliveryError, SenderError, UnreachableError
from alerts.mail.message import Email
from alerts.mail.pipelining import PipelinedConnection, StaleConnectionError
from alerts.mail.replies import failure
from alerts.mail.unpipelined import PlainConnection

MAX_MESSAGES = 500
"""Messages after which a connection is renewed: many servers count."""
MAX_AGE = 300.0
"""Seconds after which it is renewed."""


@dataclass(frozen=True, slots=True)
class Server:
    """How to reach a mail server. `timeout` is in seconds; `hello` is the name given in EHLO, by default this machine's."""

    host: str
    port: int
    username: str | None = None
    password: str = field(default="", repr=False)
    tls: str = "required"
    """implicit, required (STARTTLS) or off."""
    context: ssl.SSLContext | None = None
    pipelining: bool = True
    timeout: float = 60.0
    hello: str | None = None


class Connection(Protocol):
    """One open connection; one message at a time."""

    sent: int
    closing: bool
    announced: str
    """Key of the email whose envelope went ahead, or empty: nothing else can be sent here now."""

    async def send(self, email: Email, following: Email | None = None) -> None:
        """Send one message. Raises DeliveryError, or StaleConnectionError if another connection may be tried at once."""
        ...

    async def quit(self) -> None:
        """Take leave."""
        ...

    def close(self) -> None:
        """Drop it."""
        ...


class SmtpTransport:
    """A pool of at most `connections` connections, opened as they are needed and kept between messages."""

    def __init__(self, server: Server, connections: int) -> None:
        self._server = server
        self._slots = asyncio.Semaphore(connections)
        self._waiting = 0
        self._idle: list[tuple[Connection, float]] = []
        self._promised: dict[str, tuple[Connection, float]] = {}
        self._open: set[Connection] = set()

    async def open(self) -> None:
        """Open the first connection, so that a wrong login shows before anything is claimed. Raises SenderError or UnreachableError."""
        if not self._idle:
            self._idle.append(await self._connect())

    async def send(self, email: Email, following: Email | None = None) -> None:
        """Send one email over a free connection, or over the one that announced it. Raises DeliveryError and its kinds."""
        connection, since = self._promised.pop(email.key) if email.key in self._promised else await self._acquire()
        if self._waiting or connection.sent + 1 >= MAX_MESSAGES or asyncio.get_running_loop().time() - since > MAX_AGE:
            following = None
        try:
            try:
                await connection.send(email, following)
            except StaleConnectionError:
                self._drop(connection)
                connection, since = await self._connect()
                try:
                    await connection.send(email, following)
                except StaleConnectionError:
                    raise UnreachableError("the mail server closes the connection before it takes a message") from None
        finally:
            await self._release(connection, since)

    async def close(self) -> None:
        """Take leave of the server on all connections."""
        waiting, self._idle = self._idle, []
        self._promised.clear()
        await asyncio.gather(*(connection.quit() for connection, _ in waiting))
        for connection in tuple(self._open):
            self._drop(connection)

    async def _acquire(self) -> tuple[Connection, float]:
        while True:
            self._waiting += 1
            try:
                await self._slots.acquire()
            finally:
                self._waiting -= 1
            try:
                while self._idle:
                    connection, since = self._idle.pop()
                    if not connection.closing:
                        return connection, since
                    self._drop(connection)
                return await self._connect()
            except (UnreachableError, SenderError):
                if not self._open:
                    self._slots.release()
                    raise
                # The server takes no further connection: make do with those that are open, and keep this slot for good.
            except BaseException:
                self._slots.release()
                raise

    async def _release(self, connection: Connection, since: float) -> None:
        if connection.announced and not connection.closing:
            self._promised[connection.announced] = (connection, since)
            return
        try:
            if connection.closing:
                self._drop(connection)
            elif connection.sent >= MAX_MESSAGES or asyncio.get_running_loop().time() - since > MAX_AGE:
                await connection.quit()
                self._drop(connection)
            else:
                self._idle.append((connection, since))
        finally:
            self._slots.release()

    def _drop(self, connection: Connection) -> None:
        self._open.discard(connection)
        connection.close()

    async def _connect(self) -> tuple[Connection, float]:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password if server.username else None,
            local_hostname=server.hello,
            timeout=server.timeout,
            use_tls=server.tls == "implicit",
            start_tls=server.tls == "required",
            tls_context=server.context,
        )
        try:
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()
        except aiosmtplib.SMTPHeloError as error:
            if error.code == 421 or not client.is_connected:
                client.close()
                raise _refused(server, error) from error
            await _helo(client, server)
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            raise _refused(server, error) from error
        connection: Connection
        if server.pipelining and client.supports_extension("pipelining"):
            assert client.transport is not None
            connection = PipelinedConnection(cast("asyncio.Transport", client.transport), client.esmtp_extensions, server.timeout)
        else:
            connection = PlainConnection(client, server.timeout)
        self._open.add(connection)
        return connection, asyncio.get_running_loop().time()


async def _helo(client: aiosmtplib.SMTP, server: Server) -> None:
    """Greet a server of before 1995."""
    try:
        await client.helo()
    except (aiosmtplib.SMTPException, OSError) as error:
        client.close()
        raise _refused(server, error) from error


def _refused(server: Server, error: Exception) -> DeliveryError:
    """Tell apart what our set-up must mend (SenderError) and what time may mend (UnreachableError)."""
    where = f"{server.host}:{server.port}"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return SenderError(f"the certificate of the mail server {where} is not to be trusted: {cause.verify_message}")
        if isinstance(cause, ssl.SSLError):
            return SenderError(f"no TLS with the mail server {where}: {cause.reason or 'the handshake failed'}")
        cause = cause.__cause__
    if isinstance(error, aiosmtplib.SMTPAuthenticationError) and error.code >= 500:
        return SenderError(f"{where}: the mail server refuses our user name or password ({error.code})", code=error.code)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return failure("greeting", error.code, error.message)
    if isinstance(error, aiosmtplib.SMTPTimeoutError | TimeoutError):
        return UnreachableError(f"the mail server {where} did not answer within {server.timeout:g} seconds")
    if isinstance(error, aiosmtplib.SMTPServerDisconnected | OSError):
        reason = getattr(error.__cause__, "strerror", None)
        return UnreachableError(f"the mail server {where} cannot be reached{f': {reason}' if reason else ''}")
    if server.tls == "required" and "STARTTLS" in str(error):
        return SenderError(f"the mail server {where} offers no STARTTLS; use smtps://, or ?starttls=off if it may be read on the way")
    return SenderError(f"the mail server {where} offers no way to log in that we know")
