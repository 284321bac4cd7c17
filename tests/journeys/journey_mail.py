"""A real mail server, aiosmtpd, in a thread of its own: it keeps what it took."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP


@dataclass(frozen=True)
class Taken:
    """One message as the server took it."""

    recipient: str
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The message, parsed strictly enough to note every defect."""
        parsed = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass
class MailServer:
    """Takes mail on a free port. `took` is called after every message that the server has said yes to; `refusal` is said instead of yes."""

    took: Callable[[], None] = lambda: None
    refusal: str = ""
    port: int = 0
    mails: list[Taken] = field(default_factory=list)
    refused: int = 0

    @property
    def url(self) -> str:
        """The mail URL for the settings."""
        return f"smtp://127.0.0.1:{self.port}?starttls=off&hello=journey.example"

    @property
    def by_message_id(self) -> Counter[str]:
        """How often each Message-ID was taken."""
        return Counter(str(mail.message["Message-ID"]) for mail in self.mails)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refusal:
            self.refused += 1
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.mails.extend(Taken(recipient, envelope.content) for recipient in envelope.rcpt_tos)
        self.took()
        return "250 OK"

    @contextlib.contextmanager
    def serving(self) -> Iterator[MailServer]:
        """Serve until the block ends."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        made = asyncio.run_coroutine_threadsafe(
            loop.create_server(lambda: SMTP(self, loop=loop, hostname="mail.example", ident="journey"), "127.0.0.1", 0), loop
        )
        server = made.result(10)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(_end(server), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(5)
            loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
