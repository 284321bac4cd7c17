"""Leases: how work in rows is shared between jobs, processes and machines, and how a crash gives it back.

A table that is worked on carries `due`, `open`, `worker` and `lease_until` (see `tables.py`). One conditional UPDATE … RETURNING claims a
batch, with FOR UPDATE SKIP LOCKED where the database has it; SQLite has one writer and drops the clause. A lease that ran out is simply
claimed again: that is the whole recovery.

`now` is the caller's clock, so that virtual time works in tests and `--now`. Nodes whose clocks differ by more than the length of a lease
would take work from each other; what follows is then done twice in parallel and kept once, because every result is an idempotent row. On
PostgreSQL the running service therefore gives them all the server's clock (see `shared_clock.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, or_, select, update
from sqlmodel import SQLModel


def claim(
    connection: Connection,
    table: Table,
    *,
    worker: str,
    now: datetime,
    lease: timedelta,
    limit: int,
    order: Sequence[ColumnElement[Any]] = (),
    where: ColumnElement[bool] | None = None,
) -> list[Any]:
    """Take up to `limit` rows that are open, due and not leased; return their ids in the order of the claim.

    `order` ends in the id and defaults to (due, id), the order of the partial index that serves the claim.
    """
    ordering = tuple(order) or (table.c.due, table.c.id)
    free = or_(table.c.lease_until.is_(None), table.c.lease_until <= now)
    candidates = select(table.c.id).where(table.c.open, table.c.due <= now, free)
    if where is not None:
        candidates = candidates.where(where)
    # A CTE, because PostgreSQL may ask a plain subquery more than once and then take more than the limit.
    free_rows = candidates.order_by(*ordering).limit(limit).with_for_update(skip_locked=True).cte("free")
    statement = update(table).where(table.c.id.in_(select(free_rows.c.id))).values(worker=worker, lease_until=now + lease)
    return [row[-1] for row in sorted(map(tuple, connection.execute(statement.returning(*ordering))))]


def still_held(connection: Connection, table: Table, ids: Sequence[Any], *, worker: str) -> set[Any]:
    """Return those of `ids` that this worker still holds and that are still open."""
    return set(connection.scalars(select(table.c.id).where(table.c.id.in_(ids), table.c.worker == worker, table.c.open)))


def extend(connection: Connection, table: Table, ids: Sequence[Any], *, worker: str, until: datetime) -> int:
    """Lengthen the lease of work that takes long; return how many rows are still ours."""
    statement = update(table).where(table.c.id.in_(ids), table.c.worker == worker, table.c.open).values(lease_until=until)
    return connection.execute(statement).rowcount


def release(connection: Connection, table: Table, ids: Sequence[Any], *, worker: str) -> int:
    """Give back work that was not done; return how many rows were still ours."""
    statement = update(table).where(table.c.id.in_(ids), table.c.worker == worker, table.c.open).values(worker=None, lease_until=None)
    return connection.execute(statement).rowcount


def table_of(row: type[SQLModel]) -> Table:
    """Return the Core table of a row class."""
    table = row.__table__  # type: ignore[attr-defined]
    assert isinstance(table, Table)
    return table
