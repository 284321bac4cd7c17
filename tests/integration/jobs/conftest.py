"""A small service on a real database: entries go in, stories happen, mails are rows of the outbox."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, select, text, update

from alerts.clock import SetClock
from alerts.digests.digest import Digest
from alerts.digests.subscriber import Choices
from alerts.feeds.catalog import Catalog
from alerts.feeds.entry import Entry, Source
from alerts.feeds.parsed import Item
from alerts.jobs.context import Context
from alerts.resources import shipped
from alerts.rules.assessment import Development, Impact, Term
from alerts.rules.compile import RuleSet
from alerts.rules.files import load_rules
from alerts.rules.levels import Level
from alerts.settings import Home, Settings
from alerts.store import digests, entries, stories, subscribers
from alerts.store.db import Database, exclusive
from alerts.store.leases import table_of
from alerts.store.tables import DigestRow, DigestUpdateRow, OutboxRow, SubscriberRow
from alerts.stories.story import Report, Story, Update, UpdateKind

NOON = datetime(2026, 1, 5, 3, tzinfo=UTC)
"""Monday, noon in Tokyo."""
MORNING = datetime(2026, 1, 5, 22, tzinfo=UTC)
"""The next seven o'clock in Tokyo: Tuesday the 6th."""
DAY = timedelta(days=1)
CHOICES = Choices(sectors=(("trade", Level.info), ("visas", Level.info)))
_OUTBOX, _TOLD, _SUBSCRIBER = table_of(OutboxRow), table_of(DigestUpdateRow), table_of(SubscriberRow)


class Crash(BaseException):
    """The process dies here."""


@dataclass(frozen=True)
class Service:
    """One service. Moments are the clock's; `mails()` shows what each person has in the outbox."""

    context: Context
    clock: SetClock

    @property
    def database(self) -> Database:
        return self.context.database

    def worker(self, name: str, database: Database | None = None) -> Context:
        return replace(self.context, worker=name, database=database or self.database)

    def subscribe(self, name: str, **choices: Any) -> int:
        with self.database.write() as connection:
            wanted = replace(CHOICES, **choices)
            return subscribers.add(connection, f"{name}@example.org", wanted, now=self.clock.now(), confirmed=True).id

    def happens(self, name: str, level: Level = Level.watch, *, kind: UpdateKind = "new", quiet: bool = False, **details: Any) -> int:
        """A story is told, or told again; return the number of the update."""
        with self.database.write() as connection:
            exclusive(connection, "stories")
            story, told = news(name, level, at=self.clock.now(), kind=kind, quiet=quiet, **details)
            stories.save_stories(connection, [story])
            return stories.append_updates(connection, [told])[0].number

    def reads(self, *texts: str, baseline: bool = False, published: datetime | None = None, feed: str = "paper") -> None:
        """A feed brings entries with these titles."""
        now = self.clock.now()
        source = Source(feed, "The Paper", "press", "JPN", "en")
        items = [
            Item(Entry(f"{feed}-{text}", source, "https://news.example.com/", text, "", published or now, "en"), text, "given", "", text)
            for text in texts
        ]
        with self.database.write() as connection:
            entries.insert_new(connection, items, feed=feed, now=now, baseline=baseline)

    def mails(self) -> list[tuple[str, str, list[int]]]:
        """Who gets which edition with which updates, in order: alerts by kind `alert`, digests by their edition."""
        with self.database.read() as connection:
            rows = connection.execute(
                select(_SUBSCRIBER.c.address, _OUTBOX.c.edition, _OUTBOX.c.digest)
                .join(_SUBSCRIBER, _SUBSCRIBER.c.id == _OUTBOX.c.subscriber)
                .order_by(_SUBSCRIBER.c.address, _OUTBOX.c.id)
            ).all()
            told: dict[int, list[int]] = {}
            for row in connection.execute(select(_TOLD).order_by(_TOLD.c.update_number)):
                told.setdefault(row.digest, []).append(row.update_number)
        return [(row.address.partition("@")[0], row.edition, told.get(row.digest, [])) for row in rows]

    def told(self) -> dict[str, list[int]]:
        """Which updates each person was told, in any mail."""
        found: dict[str, list[int]] = {}
        for name, _, updates in self.mails():
            found.setdefault(name, []).extend(updates)
        return {name: sorted(updates) for name, updates in found.items()}

    def rows(self, table: type) -> list[Mapping[str, Any]]:
        with self.database.read() as connection:
            return [dict(row._mapping) for row in connection.execute(select(table_of(table)))]

    def digest(self, number: int) -> Digest:
        with self.database.read() as connection:
            return digests.load(connection, number)

    def digests(self) -> int:
        return len(self.rows(DigestRow))

    def set(self, table: type, where: Any, **values: Any) -> None:
        with self.database.write() as connection:
            connection.execute(update(table_of(table)).where(where).values(values))


def news(
    name: str,
    level: Level,
    *,
    at: datetime,
    kind: UpdateKind = "new",
    quiet: bool = False,
    sector: str = "trade",
    sectors: tuple[str, ...] = (),
) -> tuple[Story, Update]:
    """A story of one sector at a level, and the update that tells it."""
    development = Development("tariff-imposed", "announced", "tightening", ("JPN", "USA"), "a-rule", family="trade")
    impact = Impact(sector, level, Level.act, "tariff-imposed", "a-rule", (Term("base", level, "a reason"),))
    report = Report(f"e-{name}-{at:%d%H%M}", "The Paper", f"Duties: {name}", "https://news.example.com/", "en", at, "press")
    story = Story(f"s-{name}", at, at, (development,), (impact,), (), ("JPN", "USA"), (report,))
    return story, Update(story.id, kind, report.entry, at, level, quiet=quiet, sectors=sectors)


@pytest.fixture(scope="session")
def rules() -> RuleSet:
    """The rule set that ships."""
    return load_rules(shipped("config"))


@pytest.fixture
def new_service(rules: RuleSet, tmp_path: Path) -> Callable[[Database], Service]:
    """A maker of services on a given database, at noon of a Monday."""

    def make(database: Database) -> Service:
        clock = SetClock(NOON)
        settings = Settings.model_validate({"secret_key": "a key for tests only"})
        return Service(Context(settings, Home(tmp_path), database, clock, Catalog(feeds=()), rules, "one"), clock)

    return make


@pytest.fixture
def service(database: Database, new_service: Callable[[Database], Service]) -> Service:
    """An empty service; every test that takes it runs on both databases."""
    return new_service(database)


class Statements:
    """Counts the statements of an engine, commits included, and dies before a chosen one."""

    def __init__(self, engine: Engine, die_at: int = 0) -> None:
        self.engine, self.die_at, self.count = engine, die_at, 0

    def _statement(self, *_details: Any) -> None:
        self.count += 1
        if self.count == self.die_at:
            raise Crash

    def _commit(self, _connection: Connection) -> None:
        self._statement()

    def __enter__(self) -> Statements:
        event.listen(self.engine, "before_cursor_execute", self._statement)
        event.listen(self.engine, "commit", self._commit)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_details: object) -> bool:
        event.remove(self.engine, "before_cursor_execute", self._statement)
        event.remove(self.engine, "commit", self._commit)
        if kind is Crash and self.engine.dialect.name == "postgresql":
            self._wait_for_the_server()
        return kind is Crash

    def _wait_for_the_server(self) -> None:
        """A server sees that a connection is gone a moment later, and keeps its locks till then: the crash is over when it has."""
        others = text(
            "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        for _ in range(500):
            with self.engine.connect() as connection:
                if not connection.execute(others).scalar_one():
                    return
            time.sleep(0.01)
        pytest.fail("the server still holds locks of a connection that is gone")


@pytest.fixture
def statements() -> type[Statements]:
    """The class, for tests that crash a job: leaving the block, the crash is over."""
    return Statements


@pytest.fixture
def imap(tmp_path: Path) -> Iterator[Callable[[list[bytes]], SimpleNamespace]]:
    """A maker of a real IMAP server (dovecot, on loopback) whose inbox holds messages; skip without one, but fail where CI promises one."""
    program = shutil.which("dovecot") or shutil.which("/usr/sbin/dovecot")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no dovecot")
        pytest.skip("no dovecot in PATH")
    started: list[subprocess.Popen[bytes]] = []
    place = Path(tempfile.mkdtemp(prefix="imap-"))  # the path of a socket has to be short

    def start(messages: list[bytes]) -> SimpleNamespace:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        for folder in ("new", "cur", "tmp"):
            (place / "mail" / folder).mkdir(parents=True)
        for number, message in enumerate(messages):
            (place / "mail" / "new" / f"{number}.test").write_bytes(message)
        user = pwd.getpwuid(os.geteuid()).pw_name
        mailer = "nobody" if user == "root" else user
        if user == "root":
            for path in (place, *place.rglob("*")):
                shutil.chown(path, "nobody", "nogroup")
        group = "nogroup" if user == "root" else grp.getgrgid(os.getegid()).gr_name
        (place / "dovecot.conf").write_text(DOVECOT.format(place=place, port=port, user=user, mailer=mailer, group=group))
        server = subprocess.Popen([program, "-F", "-c", place / "dovecot.conf"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        started.append(server)
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as line:
                if line.recv(4) == b"* OK":
                    return SimpleNamespace(url=f"imap://reader:secret@127.0.0.1:{port}/INBOX")
            if server.poll() is not None:
                assert server.stderr is not None
                pytest.fail(f"dovecot did not start: {server.stderr.read().decode()}")
            time.sleep(0.05)
        return pytest.fail("dovecot did not answer within 10 s")

    yield start
    for server in started:
        server.terminate()
        server.wait(10)
    shutil.rmtree(place, ignore_errors=True)


DOVECOT = """
base_dir = {place}/run
state_dir = {place}/run
log_path = {place}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {mailer}
default_internal_group = {group}
default_login_user = {mailer}
first_valid_uid = 0
first_valid_gid = 0
mail_location = maildir:{place}/mail
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={mailer} gid={group} home={place}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""
"""Nothing but one inbox, with one password for whoever comes."""
