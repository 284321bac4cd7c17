"""A home with an outbox that holds something, and mail servers that do as they are told."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import insert, select

from alerts.clock import SetClock
from alerts.digests.digest import Digest, Item, Section
from alerts.digests.subscriber import Choices
from alerts.jobs.context import Context
from alerts.rules.levels import Level
from alerts.rules.wording import Wording
from alerts.settings import Home, Settings
from alerts.store import tables
from alerts.store.db import Database
from alerts.store.leases import table_of
from alerts.store.values import document

NOW = datetime(2026, 1, 2, 22, tzinfo=UTC)
CHOICES = Choices(sectors=(("automotive", Level.watch),))
JAPANESE = Choices(language="ja", sectors=(("finance", Level.watch),))


def an_item(story: str = "s1") -> Item:
    return Item(
        story,
        Level.watch,
        "Watch",
        "The leaders of two countries spoke by phone",
        "Contact",
        "They spoke for half an hour.",
        ("One point.",),
        (),
        (),
        (),
        ("Reported by one outlet.",),
        (),
        ("A rule held.",),
        "",
    )


def a_digest(edition: str, language: str = "en", kind: Any = "daily") -> Digest:
    subject = "Watch: the leaders spoke" if language == "en" else "注視：両首脳が電話会談"
    return Digest(
        kind,
        language,
        edition,
        subject,
        "A call.",
        "Your digest",
        "Automotive",
        "One story.",
        NOW,
        (Section(Level.watch, "Watch", (an_item(),)),),
        (),
        (),
        (),
        0,
        ("You follow automotive.",),
        (1,),
    )


@dataclass
class Post:
    """A service with rows to send. `rows()` are the outcomes by subscriber number."""

    context: Context

    @property
    def database(self) -> Database:
        return self.context.database

    def subscriber(self, address: str, choices: Choices = CHOICES, **columns: Any) -> int:
        values = {"open": True, "confirmed_at": NOW, "created_at": NOW, "seen": 0, "alerted": "", "edition": "", "consent": {}} | columns
        with self.database.write() as connection:
            audience = table_of(tables.AudienceRow)
            if connection.scalar(select(audience.c.key).where(audience.c.key == choices.key)) is None:
                connection.execute(insert(audience), {"key": choices.key, "cadence": choices.cadence, "choices": asdict(choices)})
            row = {"address": address, "address_key": address.casefold(), "audience": choices.key, **values}
            return int(
                connection.execute(insert(table_of(tables.SubscriberRow)).returning(table_of(tables.SubscriberRow).c.id), row).scalar_one()
            )

    def digest(self, edition: str = "daily:2026-01-03", language: str = "en", kind: str = "daily", **texts: Any) -> int:
        digest = replace(a_digest(edition, language, kind), **texts)
        row = {
            "edition": edition,
            "audience": "a",
            "window_from": 0,
            "fingerprint": f"{language}{kind}",
            "kind": kind,
            "subject": digest.subject,
            "made": NOW,
            "ruleset": "",
            "content": document(digest),
        }
        with self.database.write() as connection:
            return int(connection.execute(insert(table_of(tables.DigestRow)).returning(table_of(tables.DigestRow).c.id), row).scalar_one())

    def put(self, subscriber: int, digest: int | None, edition: str = "daily:2026-01-03", kind: str = "daily", **columns: Any) -> None:
        row = {
            "subscriber": subscriber,
            "edition": edition,
            "kind": kind,
            "digest": digest,
            "priority": 5,
            "state": "pending",
            "open": True,
            "due": NOW,
            "attempts": 0,
            "created_at": NOW,
            "code": 0,
            "outcome": "",
        } | columns
        with self.database.write() as connection:
            connection.execute(insert(table_of(tables.OutboxRow)), row)

    def fill(self, addresses: list[str], language: str = "en") -> None:
        digest = self.digest(language=language)
        for address in addresses:
            self.put(self.subscriber(address, CHOICES if language == "en" else JAPANESE), digest)

    def rows(self) -> list[Any]:
        outbox, subscriber = table_of(tables.OutboxRow), table_of(tables.SubscriberRow)
        with self.database.read() as connection:
            return list(
                connection.execute(
                    select(outbox, subscriber.c.address).join(subscriber, subscriber.c.id == outbox.c.subscriber).order_by(outbox.c.id)
                )
            )

    def states(self) -> dict[str, str]:
        return {row.address.partition("@")[0]: row.state for row in self.rows()}


@pytest.fixture
def new_post(tmp_path: Path) -> Callable[..., Post]:
    """Makes a service on a database, with settings of one's own."""

    def make(database: Database, mail_url: str = "", worker: str = "w1", **settings: Any) -> Post:
        home = Home(tmp_path / "home")
        home.path.mkdir(exist_ok=True)
        values = {
            "database_url": database.engine.url.render_as_string(hide_password=False),
            "mail_url": mail_url or f"maildir:{home.outbox}",
            "secret_key": "a secret key of a test",
            "base_url": "https://alerts.example.jp",
            "sender_address": "alerts@example.jp",
            "send_connections": 4,
        } | settings
        rules: Any = SimpleNamespace(wording=Wording({}, {}, {}, {}, {}))
        catalog: Any = None
        return Post(Context(Settings.model_validate(values), home, database, SetClock(NOW), catalog, rules, worker))

    return make


@pytest.fixture
def post(database: Database, new_post: Callable[..., Post]) -> Post:
    """A service on each of the two databases that mails into a Maildir."""
    return new_post(database)


Fault = Callable[[str, "Wire"], str | None]
"""Called at each phase; gives a reply instead of the usual one, or `drop`, `hang`, `raw:…`, or None for the usual."""


def at(phase: str, reply: str, *, times: int = 10**9) -> Fault:
    """Answer one phase so, for the first `times` occasions."""
    left = [times]

    def fault(now: str, _wire: Wire) -> str | None:
        if now != phase or left[0] <= 0:
            return None
        left[0] -= 1
        return reply

    return fault


@dataclass
class Wire:
    """A mail server of our own, so that it can misbehave. Counts what it accepted by Message-ID."""

    fault: Fault = lambda _phase, _wire: None
    pipelining: bool = True
    starttls: ssl.SSLContext | None = None
    login: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    accepted: Counter[str] = field(default_factory=Counter)
    messages: list[tuple[str, str, bytes]] = field(default_factory=list)
    sessions: int = 0
    open_sessions: int = 0
    peak: int = 0
    commands: list[str] = field(default_factory=list)
    envelopes: list[str] = field(default_factory=list)
    """The lines of MAIL, whole."""
    port: int = 0

    async def session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions += 1
        self.open_sessions += 1
        self.peak = max(self.peak, self.open_sessions)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, _DroppedError):
                await self._talk(reader, writer)
        finally:
            self.open_sessions -= 1
            writer.close()

    async def _say(self, phase: str, usual: str, writer: asyncio.StreamWriter) -> str:
        reply = self.fault(phase, self) or usual
        if reply == "drop":
            writer.transport.abort()
            raise _DroppedError
        if reply == "hang":
            await asyncio.sleep(3600)
        text = reply.removeprefix("raw:")
        writer.write(text.encode() if reply.startswith("raw:") else f"{text}\r\n".encode())
        await writer.drain()
        if text.startswith("421"):
            writer.close()
            raise _DroppedError
        return text

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._say("banner", "220 wire.example ESMTP", writer)
        sender = recipient = ""
        secure = opened = False
        while line := await reader.readline():
            command = line.decode().strip()
            word = command.upper().split(":")[0].split(" ")[0]
            self.commands.append(word)
            if word == "EHLO":
                offers = [*self.extensions, *(["PIPELINING"] if self.pipelining else []), *(["AUTH PLAIN"] if self.login else [])]
                offers += ["STARTTLS"] if self.starttls and not secure else []
                lines = ["wire.example", *offers]
                await self._say(
                    "ehlo", "\r\n".join(f"250{' ' if n == len(lines) - 1 else '-'}{each}" for n, each in enumerate(lines)), writer
                )
            elif word == "STARTTLS" and self.starttls:
                if (await self._say("starttls", "220 go on", writer)).startswith("220"):
                    await writer.start_tls(self.starttls)
                    secure = True
            elif word == "AUTH":
                await self._say("auth", "235 2.7.0 welcome", writer)
            elif word == "MAIL" and opened:
                await self._say("nested", "503 5.5.1 Error: nested MAIL command", writer)
            elif word == "MAIL":
                self.envelopes.append(command)
                sender = re.sub(r".*<(.*)>.*", r"\1", command)
                recipient = ""
                opened = (await self._say("mail", "250 2.1.0 ok", writer)).startswith("250")
            elif word == "RCPT":
                named = re.sub(r".*<(.*)>.*", r"\1", command)
                reply = await self._say(f"rcpt:{named.partition('@')[0]}" if self._names(named) else "rcpt", "250 2.1.5 ok", writer)
                recipient = recipient if reply.startswith(("4", "5")) else named
            elif word == "DATA":
                usual = "354 go on" if recipient else "554 5.5.1 Error: no valid recipients"
                if (await self._say("data", usual, writer)).startswith("354"):
                    await self._take(sender, recipient, reader, writer)
                    opened = False
            elif word == "RSET":
                opened = False
                await self._say("other", "250 ok", writer)
            elif word == "QUIT":
                await self._say("quit", "221 bye", writer)
                return
            else:
                await self._say("other", "250 ok", writer)

    def _names(self, recipient: str) -> bool:
        return self.fault(f"rcpt:{recipient.partition('@')[0]}?", self) is not None

    async def _take(self, sender: str, recipient: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.fault("body", self) == "drop":
            await reader.read(10)
            writer.transport.abort()
            raise _DroppedError
        first = await reader.readexactly(3)
        body = first if first == b".\r\n" else first + await reader.readuntil(b"\r\n.\r\n")
        if self.fault("dot", self) == "drop":
            writer.transport.abort()
            raise _DroppedError
        reply = self.fault("after", self)
        if reply is None or reply.startswith(("2", "raw:2")) or reply == "drop":
            found = re.search(rb"Message-ID: (<[^>]+>)", body)
            if found:
                self.accepted[found[1].decode()] += 1
                self.messages.append((sender, recipient, body[:-3].replace(b"\r\n..", b"\r\n.")))
        if reply == "drop":
            writer.transport.abort()
            raise _DroppedError
        await self._say("reply", reply or "250 2.0.0 taken", writer)


class _DroppedError(Exception):
    pass


@contextlib.asynccontextmanager
async def listening(wire: Wire, context: ssl.SSLContext | None = None) -> AsyncIterator[Wire]:
    """Serve on a free port of this machine; `context` for implicit TLS."""
    server = await asyncio.start_server(wire.session, "127.0.0.1", 0, ssl=context, limit=2**22)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()


@pytest.fixture
def wire_server() -> Mapping[str, Any]:
    """The parts for tests that need a server of their own."""
    return {"Wire": Wire, "listening": listening, "at": at}
