"""Mails that the server took, put on record in the cheapest way there is: one statement that is its own transaction.

A sender does this after every few mails. It keeps a connection for it and goes past SQLAlchemy's machinery, which costs three times the
statement; the statement itself is SQLAlchemy's, written out once for the database at hand.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Update, bindparam, update
from sqlalchemy.types import TypeEngine

from alerts.store.columns import among
from alerts.store.db import Database
from alerts.store.engine import told
from alerts.store.leases import table_of
from alerts.store.outbox import TAKEN
from alerts.store.tables import OutboxRow

_OUTBOX = table_of(OutboxRow)


class SentMarks:
    """Marks rows of the outbox as sent. One at a time may use it; `close` gives its connection back."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Any = None
        dialect = database.engine.dialect
        compiled = _statement(sqlite=database.is_sqlite).compile(dialect=dialect)
        self._sql, self._values, self._order = compiled.string, dict(compiled.params), compiled.positiontup
        kind: TypeEngine[datetime] = _OUTBOX.c.sent_at.type.dialect_impl(dialect)
        self._moment = kind.bind_processor(dialect) or (lambda moment: moment)

    def put(self, ids: Sequence[int], at: datetime) -> None:
        """Mark rows, whoever holds them by now; when this returns, it is committed. Raises StoreError."""
        values = self._values | {"values": str(list(ids)) if self._order else list(ids), "at": self._moment(at)}
        try:
            if self._connection is None:
                self._connection = self._open()
            driver = self._connection.driver_connection
            driver.execute(self._sql, [values[name] for name in self._order] if self._order else values).close()
        except self._database.engine.dialect.loaded_dbapi.Error:
            # It may have fallen while nothing was said: what a fresh connection says counts.
            self.close(broken=True)
            with self._database.write() as connection:
                connection.execute(_statement(sqlite=self._database.is_sqlite), {"values": values["values"], "at": at})

    def close(self, *, broken: bool = False) -> None:
        """Give the connection back, or throw it away."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with contextlib.suppress(self._database.engine.dialect.loaded_dbapi.Error):
            if broken:
                connection.invalidate()
            elif not self._database.is_sqlite:
                connection.driver_connection.autocommit = False
        connection.close()

    def _open(self) -> Any:
        with told():
            connection = self._database.engine.raw_connection()
        if not self._database.is_sqlite:  # SQLite's driver is told at connect never to begin a transaction by itself
            connection.driver_connection.autocommit = True  # type: ignore[union-attr]
        return connection


def _statement(*, sqlite: bool) -> Update:
    return update(_OUTBOX).where(among(_OUTBOX.c.id, sqlite=sqlite)).values(**TAKEN, sent_at=bindparam("at"))
