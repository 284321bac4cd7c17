"""Engines for the two databases, and what goes wrong with them in one sentence."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from alerts.errors import SettingsError, StoreError

BUSY_SECONDS = 30
"""How long a writer waits for another before it gives up."""
_COMPACT = partial(json.dumps, ensure_ascii=False, separators=(",", ":"))
_ADVICE = {
    "unable to open database file": "its file cannot be opened: is the directory there, and may we write in it?",
    "readonly database": "its file may only be read: give the user of the service the right to write to it and to its directory",
    "not a database": "its file is not an SQLite database; move it away and put back a backup",
    "malformed": "its file is damaged; restore a backup",
    "database is locked": f"another process has been writing for more than {BUSY_SECONDS} seconds",
    "disk is full": "the disk is full",
    "disk I/O error": "its file cannot be read or written: is the disk full, or failing? `df` and the system's log say more",
    "no such table": "its tables are missing; run: alerts db upgrade",
    "no such column": "its tables are of another version; run: alerts db upgrade",
    "UndefinedTable": "its tables are missing; run: alerts db upgrade",
    "UndefinedColumn": "its tables are of another version; run: alerts db upgrade",
}
"""What drivers say, and what a person can do about it."""


def open_engine(url: str) -> Engine:
    """Make the engine for a URL; nothing is opened yet. The URL, which may hold a password, stays out of errors. Raises SettingsError."""
    try:
        parsed = make_url(url.replace("postgres://", "postgresql://", 1) if url.startswith("postgres://") else url)
    except ArgumentError:
        raise SettingsError(
            "ALERTS_DATABASE_URL is not a database URL; use sqlite:///FILE or postgresql+psycopg://user@host/name"
        ) from None
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    if parsed.get_backend_name() == "postgresql":
        return _postgresql(parsed)
    raise SettingsError(
        f"ALERTS_DATABASE_URL: databases of the kind {parsed.get_backend_name()!r} are not supported; use sqlite or postgresql"
    )


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Turn what a driver says of an unusable database into one sentence. Raises StoreError; a broken constraint stays what it is."""
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        raise _sentence(error, error.orig) from error
    except PoolTimeoutError as error:
        raise StoreError("the database cannot be used: all its connections are busy") from error
    except sqlite3.Error as error:
        raise _sentence(error, error) from error


def _sentence(error: Exception, cause: BaseException | None) -> Exception:
    said = f"{type(cause).__name__}: {cause}"
    for words, advice in _ADVICE.items():
        if words in said:
            return StoreError(f"the database cannot be used: {advice}")
    if isinstance(error, OperationalError | sqlite3.OperationalError) and not isinstance(error, ProgrammingError):
        return StoreError(f"the database cannot be used: {str(cause).strip().splitlines()[0]}")
    return error  # a mistake of ours, to be seen as one


def _sqlite(url: URL) -> Engine:
    if url.drivername not in {"sqlite", "sqlite+pysqlite"} or not url.database or url.database == ":memory:":
        raise StoreError("SQLite needs a file: use sqlite:///FILE, with four slashes for an absolute path")
    file = Path(url.database)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, json_serializer=_COMPACT)

    @event.listens_for(engine, "do_connect")
    def keep_private(_dialect: Any, _record: Any, _args: Any, _parameters: Any) -> None:
        with contextlib.suppress(OSError):  # the driver says it better
            file.touch(mode=0o600, exist_ok=True)  # addresses of people are in it

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        # The driver's own transaction handling would start a write transaction late, where it can only fail; ours starts it at once.
        connection.isolation_level = None
        for pragma in (f"busy_timeout={BUSY_SECONDS * 1000}", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # Past SQLAlchemy's statement machinery, which costs more than a small transaction itself: a sender commits every dozen mails.
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute("BEGIN IMMEDIATE" if connection.get_execution_options().get("alerts_write") else "BEGIN").close()

    return engine


def _postgresql(url: URL) -> Engine:
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername != "postgresql+psycopg":
        raise StoreError("PostgreSQL is used through psycopg 3: write postgresql+psycopg://user@host/name")
    try:
        return create_engine(url, pool_pre_ping=True, json_serializer=_COMPACT, connect_args={"connect_timeout": 10})
    except ModuleNotFoundError:
        raise StoreError("PostgreSQL needs the extra `postgres`: pip install 'expat-impact-alerts[postgres]'") from None
