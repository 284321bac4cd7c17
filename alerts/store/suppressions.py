"""Addresses that we must not mail. Only a keyed mark of an address is kept, so that the list names nobody and outlives erasure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from alerts.signing import Signer
from alerts.store.columns import among
from alerts.store.leases import table_of
from alerts.store.service_tables import SuppressionRow

_SUPPRESSION = table_of(SuppressionRow)


def mark_of(signer: Signer, address_key: str) -> str:
    """Return the mark of a folded address (`address_key` of a subscriber)."""
    return signer.fingerprint("suppression", address_key)


def suppress(connection: Connection, marks: Iterable[str], *, reason: str, at: datetime) -> int:
    """Suppress addresses by mark, with a reason in a few words; one that is suppressed keeps its first reason. Return how many are new."""
    wanted = dict.fromkeys(marks)
    new = [mark for mark in wanted if mark not in found(connection, list(wanted))]
    if new:
        connection.execute(insert(_SUPPRESSION), [{"address_hash": mark, "reason": reason, "at": at} for mark in new])
    return len(new)


def found(connection: Connection, marks: Sequence[str]) -> dict[str, tuple[str, datetime]]:
    """Return reason and date of those of `marks` that are suppressed."""
    wanted = among(_SUPPRESSION.c.address_hash, marks, sqlite=connection.dialect.name == "sqlite")
    rows = connection.execute(select(_SUPPRESSION).where(wanted))
    return {row.address_hash: (row.reason, row.at) for row in rows}


def lift(connection: Connection, mark: str) -> bool:
    """Take an address off the list; False if it was not on it."""
    return connection.execute(delete(_SUPPRESSION).where(_SUPPRESSION.c.address_hash == mark)).rowcount > 0


def count(connection: Connection) -> int:
    """Return how many addresses are suppressed."""
    return connection.scalar(select(func.count()).select_from(_SUPPRESSION)) or 0


def listing(connection: Connection) -> list[tuple[str, str, datetime]]:
    """Return mark, reason and date of all suppressed addresses, the newest first."""
    rows = connection.execute(select(_SUPPRESSION).order_by(_SUPPRESSION.c.at.desc(), _SUPPRESSION.c.address_hash))
    return [(row.address_hash, row.reason, row.at) for row in rows]
