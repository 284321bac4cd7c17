"""Notices to the operator: what is wrong with the service, told once while it lasts, and once more when it is over.

`tell` puts a notice on record unless one with the same key stands; `settle` ends that state. The job `notify` mails them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from alerts.store import leases
from alerts.store.leases import table_of
from alerts.store.service_tables import NoticeRow
from alerts.store.upsert import upsert

LEASE = timedelta(minutes=5)
_NOTICE = table_of(NoticeRow)


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice that is due: a subject and lines of plain text. `attempts` are those made before."""

    id: int
    subject: str
    lines: tuple[str, ...]
    created_at: datetime
    attempts: int


def tell(connection: Connection, *, key: str, subject: str, lines: Sequence[str], now: datetime) -> bool:
    """Put a notice on record, due at once; False if one with this key stands, for then the operator knows already.

    `key` names the state, such as `sender` or `configuration`; several lines about one state belong into one notice.
    """
    if is_told(connection, key):  # spares a number: those of rows that conflict are used up
        return False
    row = _row(key, subject, lines, now, standing=True)
    inserted = connection.execute(upsert(connection, _NOTICE).values(row).on_conflict_do_nothing().returning(_NOTICE.c.id))
    return inserted.scalar_one_or_none() is not None


def settle(connection: Connection, *, key: str, subject: str = "", lines: Sequence[str] = (), now: datetime) -> bool:
    """End a state; if it was told and `subject` is given, tell the end too. False if it was never told."""
    ended = connection.execute(update(_NOTICE).where(_NOTICE.c.key == key, _NOTICE.c.standing).values(standing=False)).rowcount
    if ended and subject:
        report(connection, key=key, subject=subject, lines=lines, now=now)
    return bool(ended)


def report(connection: Connection, *, key: str, subject: str, lines: Sequence[str], now: datetime) -> None:
    """Put a notice on record that begins no state: it is told each time, so the caller sees to it that it is not told often."""
    connection.execute(insert(_NOTICE), _row(key, subject, lines, now, standing=False))


def is_told(connection: Connection, key: str) -> bool:
    """True while the state that `key` names is told and not settled."""
    return connection.scalar(select(_NOTICE.c.id).where(_NOTICE.c.key == key, _NOTICE.c.standing)) is not None


def standing(connection: Connection) -> list[str]:
    """Return the subjects of what began and is not over, the oldest first."""
    return list(connection.scalars(select(_NOTICE.c.subject).where(_NOTICE.c.standing).order_by(_NOTICE.c.created_at, _NOTICE.c.id)))


def claim(connection: Connection, *, worker: str, now: datetime, limit: int = 20) -> list[Notice]:
    """Lease notices that are due, the oldest first."""
    ids = leases.claim(connection, _NOTICE, worker=worker, now=now, lease=LEASE, limit=limit)
    columns = tuple(_NOTICE.c[name] for name in ("id", "subject", "lines", "created_at", "attempts"))
    found = {row.id: Notice(row.id, row.subject, tuple(row.lines), row.created_at, row.attempts) for row in connection.execute(
        select(*columns).where(_NOTICE.c.id.in_(ids))
    )}  # fmt: skip
    return [found[id] for id in ids]


def record(connection: Connection, id: int, *, state: str, at: datetime, due: datetime | None = None, outcome: str = "") -> None:
    """Put the outcome of an attempt on record; with `due` the notice is tried again then, without it is done with."""
    values = {"state": state, "open": due is not None, "outcome": outcome, "worker": None, "lease_until": None}
    values |= {"attempts": _NOTICE.c.attempts + 1, "sent_at": at if state == "sent" else None}
    connection.execute(update(_NOTICE).where(_NOTICE.c.id == id).values(values | ({"due": due} if due else {})))


def release(connection: Connection, ids: Sequence[int], *, worker: str) -> None:
    """Give back notices that were not tried."""
    leases.release(connection, _NOTICE, ids, worker=worker)


def _row(key: str, subject: str, lines: Sequence[str], now: datetime, *, standing: bool) -> dict[str, object]:
    return {
        "key": key,
        "standing": standing,
        "subject": " ".join(subject.split())[:200],
        "lines": [line[:1000] for line in lines],
        "state": "pending",
        "open": True,
        "due": now,
        "attempts": 0,
        "created_at": now,
        "outcome": "",
    }
