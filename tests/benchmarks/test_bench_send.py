"""Mails per second, end to end (claim, personalise, send, record each), side by side with postfix's smtp-source and with aiosmtplib.

All ways send 20 KB messages to distinct recipients at postfix's smtp-sink on this machine, in one run, so that only the ratios count; with
and without TLS and with 0 and 20 ms of delay, which a proxy adds (smtp-source knows no TLS and is measured without).
Run with: pytest -n 0 -m benchmark -s tests/benchmarks/test_bench_send.py
"""

from __future__ import annotations

import asyncio
import contextlib
import email.message
import importlib
import os
import resource
import shutil
import socket
import subprocess
import sys
import time
import timeit
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from sender_alone import sending
from sqlalchemy import insert, select, update

from alerts.clock import SystemClock
from alerts.digests.digest import Digest, Item, Section
from alerts.digests.subscriber import Choices
from alerts.jobs.context import Context
from alerts.jobs.letters import Letters
from alerts.jobs.send import send
from alerts.mail.dkim import DkimKey, make_key, sign
from alerts.mail.message import Headers, Personal
from alerts.rules.levels import Level
from alerts.store import outbox, tables
from alerts.store.db import Database
from alerts.store.leases import table_of
from alerts.store.values import document

pytestmark = pytest.mark.benchmark

CONNECTIONS = 16
MESSAGES, MESSAGES_FAR = 20_000, 6_000
"""Without and with a delay on the wire. Each sender makes its parts anew, a twelfth of a second that a service spends once: it should be
no part of the rate."""
NAIVE_MESSAGES = 400
ROUNDS = 3
NOW = datetime(2026, 1, 2, 22, tzinfo=UTC)
CHOICES = Choices(sectors=(("automotive", Level.watch),), quiet=None)
"""No quiet hours: at night in Tokyo nothing would be sent, and quickly."""


def tool(name: str) -> str:
    """The path of a tool of Debian's; the test is skipped where there is none."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        pytest.skip(f"no {name}: install Debian's postfix and haproxy")
    return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def await_listener(port: int) -> None:
    """Return when somebody listens, or after some seconds."""
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)


@pytest.fixture
def sink() -> Iterator[int]:
    """Postfix's smtp-sink on a free port."""
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([tool("smtp-sink"), *user, f"127.0.0.1:{port}", "1000"], stderr=subprocess.DEVNULL)
    try:
        await_listener(port)
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
def filled(database: Database, tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., Context]:
    """A service with as many rows that are due as the test asks for."""
    params = request.node.callspec.params
    size = params.get("thousands", 0) * 1000 or (MESSAGES_FAR if params.get("delay") else MESSAGES)
    audience, subscriber = table_of(tables.AudienceRow), table_of(tables.SubscriberRow)
    digest, mails = table_of(tables.DigestRow), table_of(tables.OutboxRow)
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
        addresses = [f"reader{number}@example.org" for number in range(size)]
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
        connection.execute(insert(mails), [row | common for row in rows])

    def make(mail_url: str, number: int = 0) -> Context:
        with database.write() as connection:
            wanted = mails.c.id <= (number or size)
            connection.execute(update(mails).values(open=wanted, state="pending", worker=None, lease_until=None, attempts=0))
        return sending(database, mail_url, tmp_path, CONNECTIONS)

    return make


@dataclass
class Figure:
    """Messages per second, and microseconds of processor time a message (ours, not the sink's): the second holds on a busy machine too."""

    per_second: float
    processor: float


def smtp_source(port: int, size: int, number: int) -> Figure:
    """Postfix's own generator over lasting connections: what the wire and the sink can do."""
    command = [tool("smtp-source"), "-d", "-s", str(CONNECTIONS), "-m", str(number), "-l", str(size)]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*command, "-f", "a@example.jp", "-t", "b@example.org", f"127.0.0.1:{port}"], check=True, capture_output=True)
    after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Figure(number / (ended - started), used / number * 1e6)


@dataclass(frozen=True)
class Wire:
    """How the server is reached: its port, delay of a round trip in ms, and the certificate to trust where TLS is spoken."""

    port: int
    delay: int = 0
    ca: Path | None = None

    @property
    def options(self) -> dict[str, Any]:
        """For aiosmtplib."""
        tls = {"use_tls": True, "cert_bundle": str(self.ca)} if self.ca else {"start_tls": False}
        return {"hostname": "127.0.0.1", "port": self.port, **tls}

    def url(self, rest: str = "") -> str:
        """For this sender."""
        start = f"smtps://127.0.0.1:{self.port}?ca={self.ca}" if self.ca else f"smtp://127.0.0.1:{self.port}?starttls=off"
        return f"{start}&hello=bench.example{rest}"


async def pool_of_ready_bytes(wire: Wire, message: bytes, number: int) -> None:
    """What aiosmtplib does at best: lasting connections, nothing to build, nothing to record."""
    left = iter(range(number))

    async def lane() -> None:
        async with aiosmtplib.SMTP(**wire.options) as client:
            for index in left:
                await client.sendmail("a@example.jp", [f"reader{index}@example.org"], message)

    await asyncio.gather(*(lane() for _ in range(CONNECTIONS)))


async def naive(wire: Wire, text: str, html: str, number: int) -> None:
    """What most code does: build an EmailMessage and call `aiosmtplib.send` for each recipient."""
    for index in range(number):
        message = email.message.EmailMessage()
        message["From"], message["To"], message["Subject"] = "a@example.jp", f"reader{index}@example.org", "Watch: the leaders spoke"
        message.set_content(text)
        message.add_alternative(html, subtype="html")
        await aiosmtplib.send(message, **wire.options)


def by_rss2email(wire: Wire, html: str, number: int) -> Figure:
    """rss2email's own functions: a message built and a connection made for each recipient, one after the other."""
    peer = pytest.importorskip("rss2email.email", reason="no rss2email: install the extra `benchmark`")
    config = importlib.import_module("rss2email.config").CONFIG
    config["DEFAULT"].update({"smtp-server": f"127.0.0.1:{wire.port}", "smtp-ssl": "False", "smtp-auth": "False", "from": "a@example.jp"})

    async def one_after_the_other() -> None:
        for index in range(number):
            recipient = f"reader{index}@example.org"
            message = peer.get_message("a@example.jp", recipient, "Watch: the leaders spoke", html, "html", config=config)
            peer.smtp_send(recipient, message, config=config)

    return rate(number, one_after_the_other)


@contextlib.contextmanager
def tls_before(sink: int, pem: Path) -> Iterator[int]:
    """HAProxy, which ends TLS before the sink on one thread: it must cost less than any sender, or all would be as fast as it is."""
    port = free_port()
    config = pem.with_name("haproxy.cfg")
    config.write_text(
        f"global\n  nbthread 1\ndefaults\n  mode tcp\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n"
        f"listen mail\n  bind 127.0.0.1:{port} ssl crt {pem}\n  server sink 127.0.0.1:{sink}\n"
    )
    process = subprocess.Popen([tool("haproxy"), "-db", "-q", "-f", str(config)])
    try:
        await_listener(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def wire_to(sink: int, delay: int, pem: Path | None, ca: Path | None) -> Iterator[Wire]:
    """The sink itself, or behind a proxy that delays or ends TLS."""
    if not delay and pem is None:
        yield Wire(sink)
        return
    if not delay and pem is not None:
        with tls_before(sink, pem) as port:
            yield Wire(port, ca=ca)
        return
    command = [sys.executable, str(Path(__file__).parent / "wire_in_between.py"), str(sink), str(delay), *([str(pem)] if pem else [])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield Wire(int(process.stdout.readline()), delay, ca)
    finally:
        process.kill()
        process.wait(10)


def rate(number: int, work: Callable[[], Awaitable[Any]]) -> Figure:
    started, used = time.perf_counter(), time.process_time()
    asyncio.run(work())  # type: ignore[arg-type]
    return Figure(number / (time.perf_counter() - started), (time.process_time() - used) / number * 1e6)


def all_sent(context: Context, number: int) -> Figure:
    """What this sender did, once it is sure that it did it."""

    async def work() -> None:
        count = await send(context)
        assert (count.sent, count.stopped) == (number, "")

    return rate(number, work)


def median(values: list[Figure]) -> Figure:
    middle = len(values) // 2
    return Figure(sorted(each.per_second for each in values)[middle], sorted(each.processor for each in values)[middle])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Files with a server's key and certificate, and with the authority to trust."""
    folder, authority = tmp_path_factory.mktemp("tls"), trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    return folder / "server.pem", folder / "ca.pem"


def a_sent_message(context: Context) -> tuple[bytes, str, str]:
    """One message as this sender makes it, and its text and HTML."""
    caught: list[Any] = []

    class Catching:
        async def send(self, mail: Any, following: Any = None) -> None:
            caught[:] = [mail.message]

    asyncio.run(send(context, transport=Catching()))  # type: ignore[arg-type]
    parsed = email.message_from_bytes(caught[0])
    text, html = (part.get_payload(decode=True).decode() for part in parsed.get_payload())  # type: ignore[union-attr]
    return caught[0], text, html


@pytest.mark.parametrize(("delay", "tls"), [(0, False), (0, True), (20, False), (20, True)], ids=["plain", "TLS", "20-ms", "TLS-20-ms"])
def test_sending_side_by_side(filled: Callable[..., Context], sink: int, certificate: tuple[Path, Path], delay: int, tls: bool) -> None:
    context = filled("maildir:x")
    message, text, html = a_sent_message(context)
    pem, ca = certificate if tls else (None, None)
    figures: dict[str, list[Figure]] = {}

    def note(name: str, figure: Figure) -> None:
        figures.setdefault(name, []).append(figure)

    number = MESSAGES_FAR if delay else MESSAGES
    few = NAIVE_MESSAGES // 4 if delay else NAIVE_MESSAGES
    with wire_to(sink, delay, pem, ca) as wire, wire_to(sink, delay, None, None) as without_tls:
        for _ in range(ROUNDS):
            note("smtp-source, no TLS", smtp_source(without_tls.port, len(message), number))
            context = filled(wire.url())
            note("this sender", all_sent(context, number))
            context = filled(wire.url("&pipelining=off"), number // 4)
            note("this sender, plain path", all_sent(context, number // 4))
            note("aiosmtplib pool", rate(number // 4, partial(pool_of_ready_bytes, wire, message, number // 4)))
            note("aiosmtplib naive", rate(few, partial(naive, wire, text, html, few)))
            if not tls:
                note("rss2email's path", by_rss2email(wire, html, few))
        print("\nthe sender alone, by tenths")
        alone(filled(wire.url()), wire.url(), number)
    kind = context.database.engine.dialect.name
    how = f"{'TLS' if tls else 'no TLS'}, {delay} ms"
    print(f"\n{kind}, {how}: {number} messages of {len(message)} bytes, {CONNECTIONS} connections, median of {ROUNDS}")
    ours = median(figures["this sender"])
    for name, values in figures.items():
        figure = median(values)
        ratio, processor = ours.per_second / figure.per_second, figure.processor / ours.processor
        told = f"{figure.per_second:>7.0f}/s, {figure.processor:>6.0f} us of processor each"
        print(f"  {name:<26}{told}; this sender: {ratio:.2f} times the messages, {processor:.2f} times as many for the same processor time")


@pytest.mark.parametrize("thousands", [100])
def test_a_long_run_is_as_fast_at_its_end_and_needs_no_more_memory(filled: Callable[..., Context], sink: int, thousands: int) -> None:
    """Each tenth of 100,000 messages: seconds, processor time, memory."""
    context = filled(Wire(sink).url(), thousands * 1000)
    print(f"\n{context.database.engine.dialect.name}: {thousands},000 messages by tenths")
    alone(context, Wire(sink).url(), thousands * 1000)


def alone(context: Context, url: str, number: int) -> None:
    """Send what is due from a process of its own, which prints what it needed."""
    database = context.database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, str(Path(__file__).parent / "sender_alone.py"), database, url, str(context.home.path)]
    path = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run([*command, str(CONNECTIONS), str(number)], check=True, env=path)


def test_what_a_message_costs_to_join(filled: Callable[..., Context]) -> None:
    """Personal links, headers and body of 20 KB from prepared parts; and the same with a DKIM signature."""
    context = filled("maildir:x", 500)
    letters = Letters(context)
    now = context.clock.now()
    with context.database.write() as connection:
        batch = outbox.claim(connection, worker="w1", now=now, limit=500)
    with context.database.read() as connection:
        ready, _, _ = letters.gather(connection, batch, now)
    personal = [Personal(each.ready.address, *(f"https://alerts.example.jp/{number}/{'x' * 60}" for number in range(3))) for each in ready]
    headers = Headers("<1@example.jp>", now, "<digests.example.jp>", personal[0].one_click_url)

    def best(work: Callable[[], Any]) -> float:
        return min(timeit.repeat(work, timer=time.process_time, number=1, repeat=9)) / len(ready) * 1e6

    print(f"\njoin: {best(lambda: [ready[0].prepared.join(each, headers) for each in personal]):.1f} us a message")
    print(f"  with its signed links, Message-ID and envelope sender: {best(lambda: [letters.email(each, now) for each in ready]):.1f} us")
    message = letters.email(ready[0], now).message
    for kind in ("ed25519", "rsa"):
        key = DkimKey("example.jp", "s1", serialization.load_pem_private_key(make_key(kind), None))  # type: ignore[arg-type]
        signing = timeit.repeat(partial(sign, message, (key,), now), timer=time.process_time, number=50, repeat=5)
        print(f"  DKIM {kind}: {min(signing) / 50 * 1e6:.0f} us")
