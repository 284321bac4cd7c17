"""What the tables are built of: columns of moments and JSON values, and indexes of open work; and how a column is asked for many values."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    Index,
    String,
    TypeDecorator,
    any_,
    bindparam,
    func,
    select,
    text,
)
from sqlmodel import Field

_NAIVE = "a moment needs a time zone"


class Moment(TypeDecorator[datetime]):
    """An aware UTC moment; SQLite keeps no zone, so it is put back on reading. A naive value is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC. Raises ValueError for a naive moment."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(_NAIVE)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give an aware moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """Write SQLite's text at once: each entry has four moments. Raises ValueError for a naive moment."""
        return _write if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """Read SQLite's text at once: a sender reads five moments for each mail."""
        return _read if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _write(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError(_NAIVE)
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _read(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(stored).replace(tzinfo=UTC)


def among(column: Column[Any], values: Sequence[Any] | None = None, *, sqlite: bool) -> ColumnElement[bool]:
    """The column has one of many values, all in one parameter: one text for any number, quick to write and to be understood.

    Without `values` the parameter is called `values`; on SQLite it is a JSON list, else a list.
    """
    found = {"key": None, "unique": True} if values is not None else {"key": "values"}
    if sqlite:
        given = bindparam(value=json.dumps(list(values)) if values is not None else None, type_=String, **found)
        return column.in_(select(func.json_each(given).table_valued("value").c.value))
    given = bindparam(value=list(values) if values is not None else None, type_=ARRAY(column.type), **found)  # type: ignore[arg-type]
    return column == any_(given)


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
