"""The database: SQLite by default, PostgreSQL by URL, opened, brought up to date, read and written in one way.

SQLite is opened in WAL mode with foreign keys and a busy timeout, and every write begins with `BEGIN IMMEDIATE`, so that two writers queue
instead of failing halfway. On PostgreSQL `exclusive` is an advisory lock of the transaction; on SQLite the write transaction is that lock.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, text

from alerts.errors import StoreError
from alerts.store import schema
from alerts.store.engine import open_engine, told

_NEWER = "the database is of a newer version of the service (revision {}); install that version"


class Database:
    """One database, by SQLAlchemy URL (`sqlite:///FILE`, `postgresql+psycopg://user@host/name`). Raises StoreError."""

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)

    @property
    def is_sqlite(self) -> bool:
        """True on SQLite: one host, one writer."""
        return self.engine.dialect.name == "sqlite"

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one consistent state; nothing is kept. Raises StoreError if the database cannot be had."""
        snapshot = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with told(), self.engine.connect().execution_options(**snapshot) as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection in a write transaction: all of it is kept, or nothing. Raises StoreError if the database cannot be had."""
        with told(), self.engine.connect().execution_options(alerts_write=True) as connection, connection.begin():
            yield connection

    def upgrade(self, revision: str = "head") -> None:
        """Apply the migrations up to a revision; two processes at once take turns. Raises StoreError.

        A database that a newer version of the service made is refused: what it does not know it could only spoil.
        """
        if revision == "head":
            found = self.revision()
            if found == schema.head():
                return
            if found is not None and found not in schema.known():
                raise StoreError(_NEWER.format(found))
        with self._migrating() as connection:
            schema.upgrade(connection, revision)

    def require_current(self) -> None:
        """For whoever only looks: make sure that the database is there and of this version, and change nothing. Raises StoreError."""
        file = Path(self.engine.url.database or "") if self.is_sqlite else None
        found = None if file and not file.exists() else self.revision()
        if found is None:
            raise StoreError(f"there is no database {f'at {file} ' if file else ''}yet; make it with: alerts db upgrade")
        if found not in schema.known():
            raise StoreError(_NEWER.format(found))
        if found != schema.head():
            raise StoreError(f"the database is of an older version of the service (revision {found}); run: alerts db upgrade")

    def downgrade(self, revision: str) -> None:
        """Undo the migrations down to a revision (`base`: all of them, and all that is stored). Raises StoreError."""
        with self._migrating() as connection:
            schema.downgrade(connection, revision)

    def revision(self) -> str | None:
        """Return the revision of the database, or None if it is empty. Raises StoreError."""
        with self.read() as connection:
            return schema.revision(connection)

    def problems(self) -> list[str]:
        """Say what is wrong with the database, a line each; empty if nothing is. Reads all of it on SQLite. Raises StoreError."""
        found = self.revision()
        if found != schema.head():
            return [f"its tables are at revision {found or 'none'}, this version expects {schema.head()}"]
        with self.write() as connection:
            damage = [str(line) for line in connection.exec_driver_sql("PRAGMA integrity_check").scalars()] if self.is_sqlite else ["ok"]
            return [line for line in damage if line != "ok"] + schema.differences(connection)

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()

    @contextlib.contextmanager
    def _migrating(self) -> Iterator[Connection]:
        """A write transaction without foreign keys on SQLite: there a table is changed by copying and dropping it, and the drop would
        take along what hangs on it."""
        with told(), self.engine.connect().execution_options(alerts_write=True) as connection:
            if self.is_sqlite:
                _foreign_keys(connection, on=False)
            try:
                with connection.begin():
                    exclusive(connection, "migrations")
                    yield connection
                    if self.is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                        raise StoreError("the migration would leave rows that point at nothing; nothing was changed")
            finally:
                if self.is_sqlite:
                    _foreign_keys(connection, on=True)


def exclusive(connection: Connection, name: str) -> None:
    """Let only one transaction with this name go on at a time, until it ends. On SQLite the write transaction already is that lock."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": zlib.crc32(name.encode())})


def _foreign_keys(connection: Connection, *, on: bool) -> None:
    """Switch SQLite's foreign keys; it takes notice only outside a transaction, so the driver is asked directly."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}").close()
