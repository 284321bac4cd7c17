"""The database: SQLite by default, PostgreSQL by URL, opened, brought up to date and written to in one way.

SQLite is opened in WAL mode with foreign keys and a busy timeout, and every write begins with `BEGIN IMMEDIATE`, so that two writers queue
instead of failing halfway. On PostgreSQL `exclusive` is an advisory lock of the transaction; on SQLite the write transaction is that lock.
"""

from __future__ import annotations

import contextlib
import sqlite3
import zlib
from collections.abc import Iterator
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from alerts.errors import StoreError

BUSY_SECONDS = 30.0
"""How long a writer waits for another before it gives up."""


class Database:
    """One database, by SQLAlchemy URL (`sqlite:///FILE`, `postgresql+psycopg://user@host/name`). Raises StoreError."""

    def __init__(self, url: str) -> None:
        self.engine = _open(url)

    @property
    def is_sqlite(self) -> bool:
        """True on SQLite: one host, one writer."""
        return self.engine.dialect.name == "sqlite"

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one consistent state; nothing is kept. Raises StoreError if the database cannot be had."""
        with _told(), self.engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection in a write transaction: all of it is kept, or nothing. Raises StoreError if the database cannot be had."""
        with _told(), self.engine.connect().execution_options(alerts_write=True) as connection, connection.begin():
            yield connection

    def upgrade(self, revision: str = "head") -> None:
        """Apply the migrations up to a revision; two processes at once take turns. Raises StoreError."""
        with _told(), self.write() as connection:
            exclusive(connection, "migrations")
            if revision == "head" and self._revision(connection) == head():
                return
            command.upgrade(_alembic(connection), revision)

    def downgrade(self, revision: str) -> None:
        """Undo the migrations down to a revision (`base`: all of them). Raises StoreError."""
        with _told(), self.write() as connection:
            exclusive(connection, "migrations")
            command.downgrade(_alembic(connection), revision)

    def revision(self) -> str | None:
        """Return the revision of the database, or None if it is empty."""
        with self.read() as connection:
            return self._revision(connection)

    @staticmethod
    def _revision(connection: Connection) -> str | None:
        return MigrationContext.configure(connection).get_current_revision()

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()


def exclusive(connection: Connection, name: str) -> None:
    """Let only one transaction with this name go on at a time, until it ends. On SQLite the write transaction already is that lock."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": zlib.crc32(name.encode())})


def head() -> str | None:
    """Return the newest revision that ships."""
    return ScriptDirectory.from_config(_alembic(None)).get_current_head()


def _alembic(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", "alerts.store:migrations")
    config.attributes["connection"] = connection
    return config


def _open(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError("ALERTS_DATABASE_URL is not a database URL; use sqlite:///FILE or postgresql+psycopg://user@host/name") from None
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed)
    if parsed.get_backend_name() == "postgresql":
        return _open_postgresql(parsed)
    raise StoreError(f"databases of the kind {parsed.get_backend_name()!r} are not supported; use sqlite or postgresql")


def _open_sqlite(url: URL) -> Engine:
    # The driver's own transaction handling would start a write transaction late, where it can only fail; ours starts it at once.
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", f"busy_timeout={int(BUSY_SECONDS * 1000)}"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("alerts_write") else "BEGIN")

    return engine


def _open_postgresql(url: URL) -> Engine:
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    try:
        return create_engine(url, pool_pre_ping=True)
    except (ModuleNotFoundError, NoSuchModuleError):
        raise StoreError("PostgreSQL needs the extra `postgres`: pip install 'expat-impact-alerts[postgres]'") from None


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn what the driver says of an unusable database into one sentence; the URL, which may hold a password, is not repeated."""
    try:
        yield
    except OperationalError as error:
        raise StoreError(f"the database cannot be used: {_first_line(error)}") from error
    except sqlite3.OperationalError as error:
        raise StoreError(f"the database cannot be used: {error}") from error
    except DBAPIError as error:
        if "not a database" in str(error.orig) or "malformed" in str(error.orig):
            raise StoreError(f"the database cannot be used: {_first_line(error)}") from error
        raise


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0]
