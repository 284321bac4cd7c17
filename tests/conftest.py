"""Fixtures for all tests. `database` gives an empty, migrated database, once on SQLite and once on PostgreSQL for every test that asks."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from alerts.rules import files
from alerts.rules.compile import RuleSet
from alerts.store.db import Database

NO_SERVER = "no PostgreSQL: no `postgres` binary in PATH or /usr/lib/postgresql/*/bin"


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL server of this test session. `new_url()` makes a database from the migrated template."""

    sockets: Path
    user: str

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://{self.user}@/{name}?host={self.sockets}"

    def sql(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(host=str(self.sockets), user=self.user, dbname="postgres", autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]


def binaries() -> Path | None:
    """The directory that holds `postgres` and `initdb`, or None. A wrapper in PATH that lacks `initdb` beside it does not count."""
    named = [Path(found).resolve().parent for name in ("postgres", "pg_ctl") if (found := shutil.which(name))]
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in (*installed, *named) if (place / "postgres").exists() and (place / "initdb").exists()), None)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """Start a PostgreSQL server on a Unix socket in a temporary directory; skip without a binary, but fail where CI promises one."""
    place = binaries()
    if place is None:
        if os.environ.get("CI") == "true":
            pytest.fail(NO_SERVER)
        pytest.skip(NO_SERVER)
    pytest.importorskip("psycopg", reason="no psycopg: install the extra `postgres`")
    # As root we step down, because the server refuses root; the path stays short, because that of a socket must be.
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    directory = Path(tempfile.mkdtemp(prefix="pg-"))
    if user:
        shutil.chown(directory, "postgres", "postgres")
    data = directory / "data"
    try:
        command = [place / "initdb", "-D", data, "-U", "tester", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        subprocess.run(command, check=True, capture_output=True, cwd=directory, **user)
        settings = {"listen_addresses": "", "unix_socket_directories": directory, "fsync": "off", "max_connections": 60}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (directory / "log").open("wb") as log:
            server = subprocess.Popen([place / "postgres", "-D", data, *options], stdout=log, stderr=log, cwd=directory, **user)
        try:
            cluster = Cluster(directory, "tester")
            _await(cluster, server, directory / "log")
            cluster.sql("CREATE DATABASE template_alerts")
            template = Database(cluster.url("template_alerts"))
            template.upgrade()
            template.close()
            yield cluster
        finally:
            server.send_signal(3)  # SIGQUIT: at once, nothing here is worth a checkpoint
            server.wait(20)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _await(cluster: Cluster, server: subprocess.Popen[bytes], log: Path) -> None:
    import psycopg

    for _ in range(400):
        if server.poll() is not None:
            pytest.fail(f"PostgreSQL did not start:\n{log.read_text()}")
        with contextlib.suppress(psycopg.OperationalError):
            return cluster.sql("SELECT 1")
        time.sleep(0.05)
    return pytest.fail("PostgreSQL did not answer within 20 s")


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the tables and nothing in them, to be copied."""
    path = tmp_path_factory.mktemp("template") / "alerts.db"
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    database.close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """A maker of URLs of fresh, migrated databases, on each of the two in turn."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("migrated_file")
        made: list[Path] = []

        def copy() -> str:
            made.append(tmp_path / f"alerts-{len(made)}.db")
            shutil.copyfile(template, made[-1])
            return f"sqlite:///{made[-1]}"

        yield copy
        return
    cluster: Cluster = request.getfixturevalue("postgresql")
    names: list[str] = []

    def create() -> str:
        names.append(f"t{os.urandom(6).hex()}")
        cluster.sql(f"CREATE DATABASE {names[-1]} TEMPLATE template_alerts")
        return cluster.url(names[-1])

    yield create
    for name in names:
        cluster.sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(new_database_url: Callable[[], str]) -> str:
    """The URL of a fresh, migrated database, for tests that start processes of their own."""
    return new_database_url()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh, migrated database; every test that takes it runs on SQLite and on PostgreSQL."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium of the system (Playwright's own is not needed); skip without one, but fail where CI promises one.

    Per module, because Playwright keeps an event loop running in this thread as long as it is open, and other tests need their own.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium in PATH")
        pytest.skip("no Chromium in PATH")
    from playwright.sync_api import sync_playwright

    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=program, args=quiet)
        yield started
        started.close()


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One item for every time that this process compiles a configuration that stands in files."""
    times: list[int] = []
    compile_texts = files.compile_texts

    def counted(texts: dict[str, bytes]) -> RuleSet:
        times.append(1)
        return compile_texts(texts)

    monkeypatch.setattr(files, "compile_texts", counted)
    return times
