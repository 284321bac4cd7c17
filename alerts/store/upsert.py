"""INSERT … ON CONFLICT: both databases have it, SQLAlchemy has it under two names."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import sqlite


def upsert(connection: Connection, table: Table) -> sqlite.Insert:
    """Begin an INSERT that may say what becomes of a row that is there already: another node may put the same one on record just now."""
    if connection.dialect.name != "postgresql":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - a service on SQLite need not load it

    return cast("sqlite.Insert", postgresql.insert(table))
