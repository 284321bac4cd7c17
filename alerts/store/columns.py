"""What the tables are built of: columns of moments and JSON values, and indexes of open work."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Dialect, Index, TypeDecorator, text
from sqlmodel import Field


class Moment(TypeDecorator[datetime]):
    """An aware UTC moment; SQLite keeps no zone, so it is put back on reading. A naive value is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC. Raises ValueError for a naive moment."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give an aware moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def moment(*, nullable: bool = False, default: Any = None) -> Any:
    """Declare a column of aware UTC moments."""
    return Field(default=default if nullable else ..., sa_type=Moment, nullable=nullable)


def document() -> Any:
    """Declare a column of JSON values."""
    return Field(sa_column=Column(JSON, nullable=False))


def claim_index(table: str) -> Index:
    """Only open work, in the order of the claim."""
    return open_index(f"ix_{table}_claim", "due", "id")


def open_index(name: str, *columns: str) -> Index:
    """Index open rows only. The words of each condition are those that SQLAlchemy writes for `table.c.open`, or SQLite would not use it."""
    return Index(name, *columns, sqlite_where=text("open = 1"), postgresql_where=text("open"))
