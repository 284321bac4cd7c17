"""Mails per second, end to end (claim, join, send, record each), side by side with postfix's smtp-source and with aiosmtplib alone.

All ways send messages of the same size to postfix's smtp-sink on this machine, in one run, so that only the ratios count.
Run with: pytest -m benchmark tests/benchmarks/test_bench_send.py -s
"""

from __future__ import annotations

import asyncio
import contextlib
import email.message
import os
import resource
import shutil
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiosmtplib
import pytest
from sqlalchemy import func, insert, select, update

from alerts.clock import SystemClock
from alerts.digests.digest import Digest, Item, Section
from alerts.digests.subscriber import Choices
from alerts.jobs.context import Context
from alerts.jobs.send import send
from alerts.rules.levels import Level
from alerts.settings import Home, Settings
from alerts.store import tables
from alerts.store.db import Database
from alerts.store.leases import table_of
from alerts.store.values import document

pytestmark = pytest.mark.benchmark

CONNECTIONS = 16
MESSAGES = 6_000
NAIVE_MESSAGES = 400
ROUNDS = 3
NOW = datetime(2026, 1, 2, 22, tzinfo=UTC)
CHOICES = Choices(sectors=(("automotive", Level.watch),))


def tool(name: str) -> str:
    """The path of a tool of postfix; the test is skipped where there is none."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        pytest.skip(f"no {name}: install Debian's postfix")
    return found


@pytest.fixture
def sink() -> Iterator[int]:
    """Postfix's smtp-sink on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([tool("smtp-sink"), *user, f"127.0.0.1:{port}", "1000"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def a_digest(items: int = 3) -> Digest:
    text = "The two governments agreed on the next round of talks, and carmakers said they would review their production plans for spring. "
    item = Item(
        "s1",
        Level.watch,
        "Watch",
        "The leaders of two countries spoke by phone",
        "Contact",
        text,
        (text,),
        (),
        (text,),
        (),
        (text,),
        (),
        (text,),
        "",
    )
    sections = (Section(Level.watch, "Watch", (item,) * items),)
    why = ("You follow automotive.",)
    return Digest(
        "daily",
        "en",
        "daily:x",
        "Watch: the leaders spoke",
        "A call.",
        "Digest",
        "Automotive",
        "Much.",
        NOW,
        sections,
        (),
        (),
        (),
        0,
        why,
        (1,),
    )


@pytest.fixture
def filled(database: Database, tmp_path: Path) -> Callable[..., Context]:
    """A service with MESSAGES rows that are due."""
    audience, subscriber, digest, outbox = map(table_of, (tables.AudienceRow, tables.SubscriberRow, tables.DigestRow, tables.OutboxRow))
    with database.write() as connection:
        connection.execute(insert(audience), {"key": CHOICES.key, "cadence": "daily", "choices": asdict(CHOICES)})
        common = {
            "audience": CHOICES.key,
            "open": True,
            "confirmed_at": NOW,
            "created_at": NOW,
            "seen": 0,
            "alerted": "",
            "edition": "",
            "consent": {},
        }
        addresses = [f"reader{number}@example.org" for number in range(MESSAGES)]
        connection.execute(insert(subscriber), [{"address": each, "address_key": each} | common for each in addresses])
        row = {
            "edition": "x",
            "audience": "a",
            "window_from": 0,
            "fingerprint": "",
            "kind": "daily",
            "subject": "x",
            "made": NOW,
            "ruleset": "",
        }
        connection.execute(insert(digest), row | {"content": document(a_digest())})
        rows = [{"subscriber": each, "digest": 1} for each in connection.scalars(select(subscriber.c.id))]
        now = SystemClock().now()
        common = {
            "edition": "x",
            "kind": "daily",
            "priority": 5,
            "state": "pending",
            "open": True,
            "due": now,
            "attempts": 0,
            "created_at": now,
            "code": 0,
            "outcome": "",
        }
        connection.execute(insert(outbox), [row | common for row in rows])

    def make(mail_url: str) -> Context:
        with database.write() as connection:
            connection.execute(update(outbox).values(open=True, state="pending", worker=None, lease_until=None, attempts=0))
        values = {
            "database_url": "",
            "mail_url": mail_url,
            "secret_key": "a secret key of a test",
            "sender_address": "alerts@example.jp",
            "base_url": "https://alerts.example.jp",
            "send_connections": CONNECTIONS,
        }
        unused: Any = SimpleNamespace()
        return Context(Settings.model_validate(values), Home(tmp_path), database, SystemClock(), unused, unused, "w1")

    return make


@dataclass
class Figure:
    """Messages per second, and microseconds of processor time a message (ours, not the sink's): the second holds on a busy machine too."""

    per_second: float
    processor: float


def smtp_source(port: int, size: int) -> Figure:
    """Postfix's own generator over lasting connections: what the wire and the sink can do."""
    command = [tool("smtp-source"), "-d", "-s", str(CONNECTIONS), "-m", str(MESSAGES), "-l", str(size)]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*command, "-f", "a@example.jp", "-t", "b@example.org", f"127.0.0.1:{port}"], check=True, capture_output=True)
    after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Figure(MESSAGES / (ended - started), used / MESSAGES * 1e6)


async def pool_of_ready_bytes(port: int, message: bytes, number: int) -> None:
    """What aiosmtplib does at best: lasting connections, nothing to build, nothing to record."""
    left = iter(range(number))

    async def lane() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
            for index in left:
                await client.sendmail("a@example.jp", [f"reader{index}@example.org"], message)

    await asyncio.gather(*(lane() for _ in range(CONNECTIONS)))


async def naive(port: int, text: str, html: str, number: int) -> None:
    """What most code does: build an EmailMessage and call `aiosmtplib.send` for each recipient."""
    for index in range(number):
        message = email.message.EmailMessage()
        message["From"], message["To"], message["Subject"] = "a@example.jp", f"reader{index}@example.org", "Watch: the leaders spoke"
        message.set_content(text)
        message.add_alternative(html, subtype="html")
        await aiosmtplib.send(message, hostname="127.0.0.1", port=port, start_tls=False)


def rate(number: int, work: Callable[[], Awaitable[Any]]) -> Figure:
    started, used = time.perf_counter(), time.process_time()
    asyncio.run(work())  # type: ignore[arg-type]
    return Figure(number / (time.perf_counter() - started), (time.process_time() - used) / number * 1e6)


def median(values: list[Figure]) -> Figure:
    middle = len(values) // 2
    return Figure(sorted(each.per_second for each in values)[middle], sorted(each.processor for each in values)[middle])


def test_sending_side_by_side(filled: Callable[..., Context], sink: int, tmp_path: Path) -> None:
    caught: list[Any] = []

    class Catching:
        async def send(self, mail: Any, following: Any = None) -> None:
            caught[:] = [mail.message]

    context = filled("maildir:x")
    asyncio.run(send(context, transport=Catching()))  # type: ignore[arg-type]
    message = caught[0]
    parsed = email.message_from_bytes(message)
    text, html = (part.get_payload(decode=True).decode() for part in parsed.get_payload())  # type: ignore[union-attr]
    caught.clear()
    url = f"smtp://127.0.0.1:{sink}?starttls=off&hello=bench.example"
    figures: dict[str, list[Figure]] = {}
    for _ in range(ROUNDS):
        figures.setdefault("smtp-source", []).append(smtp_source(sink, len(message)))
        context = filled(url)
        figures.setdefault("this sender", []).append(rate(MESSAGES, lambda context=context: send(context)))  # type: ignore[misc]
        context = filled(url + "&pipelining=off")
        figures.setdefault("this sender, plain path", []).append(rate(MESSAGES, lambda context=context: send(context)))  # type: ignore[misc]
        figures.setdefault("aiosmtplib pool", []).append(rate(MESSAGES // 4, lambda: pool_of_ready_bytes(sink, message, MESSAGES // 4)))
        figures.setdefault("aiosmtplib naive", []).append(rate(NAIVE_MESSAGES, lambda: naive(sink, text, html, NAIVE_MESSAGES)))
    kind = context.database.engine.dialect.name
    print(f"\n{kind}: {MESSAGES} messages of {len(message)} bytes, {CONNECTIONS} connections, median of {ROUNDS}")
    ours = median(figures["this sender"])
    for name, values in figures.items():
        figure = median(values)
        ratio, processor = ours.per_second / figure.per_second, figure.processor / ours.processor
        told = f"{figure.per_second:>7.0f}/s, {figure.processor:>6.0f} us of processor each"
        print(f"  {name:<26}{told}; this sender: {ratio:.2f} times the messages, {processor:.2f} times as many for the same processor time")
    print(f"  peak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    with context.database.read() as connection:
        outbox = table_of(tables.OutboxRow)
        assert connection.scalar(select(func.count()).select_from(outbox).where(outbox.c.state == "sent")) == MESSAGES
