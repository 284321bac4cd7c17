"""The outbox: one row per email to one subscriber, claimed in batches, each outcome on record before its connection goes on.

A row is `open` until its outcome is final. `pending` and `deferred` rows are due at `due`; one that is being sent is under a lease and
still says what it was before, so that a crash changes nothing. Final are `sent`, `failed` (refused for good, or given up) and `skipped` (we
chose not to send, and say why).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, case, func, insert, select, update

from alerts.digests.subscriber import Choices
from alerts.store.columns import among
from alerts.store.leases import claim as claim_rows
from alerts.store.leases import extend as extend_rows
from alerts.store.leases import release as release_rows
from alerts.store.leases import table_of
from alerts.store.tables import AudienceRow, OutboxRow, SubscriberRow
from alerts.store.values import value

LEASE = timedelta(minutes=10)
"""Longer than any batch should take; a sender that is slower gives the rest of its batch back."""
CONFIRMATION_PRIORITY = 0
URGENT_PRIORITY = 2
"""Confirmations and alerts: what somebody waits for."""

_OUTBOX = table_of(OutboxRow)
_SUBSCRIBER = table_of(SubscriberRow)
_AUDIENCE = table_of(AudienceRow)

State = Literal["sent", "deferred", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Ready:
    """A claimed row with what is needed of its subscriber. The email's key is (edition, subscriber)."""

    id: int
    subscriber: int
    edition: str
    kind: str
    digest: int | None
    attempts: int
    due: datetime
    created_at: datetime
    address: str
    address_key: str
    audience: str
    receiving: bool
    """True while mail may go: confirmed, not ended."""
    confirmed_at: datetime | None
    paused_until: datetime | None
    ended_reason: str | None
    priority: int = 5

    @property
    def key(self) -> str:
        """The idempotence key."""
        return f"{self.edition}:{self.subscriber}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt. `due` is when to try again (deferred), else as it was; `attempts` counts this one if it was one."""

    id: int
    state: State
    at: datetime
    due: datetime
    attempts: int
    code: int = 0
    text: str = ""


TAKEN: Mapping[str, Any] = {
    "state": "sent",
    "open": False,
    "attempts": _OUTBOX.c.attempts + 1,
    "code": 250,
    "outcome": "",
    "worker": None,
    "lease_until": None,
}
"""What becomes of a row when the server took its mail, but for the moment; `sent.py` says it too."""
_SENT = update(_OUTBOX).where(_OUTBOX.c.id.in_(bindparam("ids", expanding=True))).values(**TAKEN, sent_at=bindparam("at"))
_OTHER = (
    update(_OUTBOX)
    .where(
        _OUTBOX.c.id == bindparam("row"),
        _OUTBOX.c.open,
        _OUTBOX.c.worker == bindparam("holder"),
    )
    .values(
        state=bindparam("new_state"),
        open=bindparam("still_open"),
        due=bindparam("new_due"),
        attempts=bindparam("tries"),
        code=bindparam("reply"),
        outcome=bindparam("words"),
        worker=None,
        lease_until=None,
    )
)


_LATER = (
    update(_OUTBOX)
    .where(_OUTBOX.c.id == bindparam("row"), _OUTBOX.c.open, _OUTBOX.c.worker == bindparam("holder"))
    .values(due=bindparam("new_due"), worker=None, lease_until=None)
)


def claim(connection: Connection, *, worker: str, now: datetime, limit: int, urgent: bool = False) -> list[Ready]:
    """Lease up to `limit` due rows, confirmations first, then alerts, then digests; if `urgent`, no digests."""
    order = (_OUTBOX.c.priority, _OUTBOX.c.due, _OUTBOX.c.id)
    where = _OUTBOX.c.priority <= URGENT_PRIORITY if urgent else None
    ids = claim_rows(connection, _OUTBOX, worker=worker, now=now, lease=LEASE, limit=limit, order=order, where=where)
    if not ids:
        return []
    rows = connection.execute(
        select(
            *(_OUTBOX.c[name] for name in ("id", "subscriber", "edition", "kind", "digest", "attempts", "due", "created_at")),
            *(_SUBSCRIBER.c[name] for name in ("address", "address_key", "audience")),
            _SUBSCRIBER.c.open.label("receiving"),
            *(_SUBSCRIBER.c[name] for name in ("confirmed_at", "paused_until", "ended_reason")),
            _OUTBOX.c.priority,
        )
        .join(_SUBSCRIBER, _SUBSCRIBER.c.id == _OUTBOX.c.subscriber)
        .where(among(_OUTBOX.c.id, ids, sqlite=connection.dialect.name == "sqlite"))
    )
    found = {row.id: Ready(*tuple(row)) for row in rows}
    return [found[each] for each in ids if each in found]


def record(connection: Connection, outcomes: Sequence[Outcome], *, worker: str) -> None:
    """Put outcomes on record and end their leases.

    What the server took is `sent`, whoever holds the row by now; any other outcome counts only while the row is this worker's.
    """
    sent = [outcome for outcome in outcomes if outcome.state == "sent"]
    if sent:
        # One moment for all that are committed together: some milliseconds late, a twelfth of the statements.
        connection.execute(_SENT, {"ids": [outcome.id for outcome in sent], "at": max(outcome.at for outcome in sent)})
    others = [outcome for outcome in outcomes if outcome.state != "sent"]
    if others:
        connection.execute(_OTHER, [_columns(outcome, worker) for outcome in others])


def _columns(outcome: Outcome, worker: str) -> dict[str, Any]:
    return {
        "row": outcome.id,
        "holder": worker,
        "new_state": outcome.state,
        "still_open": outcome.state == "deferred",
        "new_due": outcome.due,
        "tries": outcome.attempts,
        "reply": outcome.code,
        "words": outcome.text,
    }


def release(connection: Connection, ids: Iterable[int], *, worker: str) -> int:
    """Give back rows that were claimed and not tried: they are due as before. Return how many were still ours."""
    return release_rows(connection, _OUTBOX, list(ids), worker=worker)


def renew(connection: Connection, ids: Sequence[int], *, worker: str, now: datetime) -> int:
    """Give rows that are still this worker's a whole lease from now. Return how many they were."""
    return extend_rows(connection, _OUTBOX, ids, worker=worker, until=now + LEASE)


def put_off(connection: Connection, dues: Mapping[int, datetime], *, worker: str) -> None:
    """Give back rows that were claimed, to be due later: the domain of each has its turns given away until then."""
    if dues:
        connection.execute(_LATER, [{"row": row, "holder": worker, "new_due": due} for row, due in dues.items()])


def ask_to_confirm(connection: Connection, subscriber: int, *, now: datetime) -> bool:
    """Put the mail that asks for consent into the outbox, at most one an hour; False if this hour has one.

    Whoever fills in the form again and again with somebody's address must not be able to flood that person.
    """
    return _hourly(connection, subscriber, "confirmation", now=now)


def welcome(connection: Connection, subscriber: int, *, now: datetime) -> bool:
    """Put the first mail after consent into the outbox; False if this hour has one."""
    return _hourly(connection, subscriber, "welcome", now=now)


def mail_link(connection: Connection, subscriber: int, *, now: datetime) -> bool:
    """Put a mail with a fresh link to the settings into the outbox, at most one an hour; False if this hour has one."""
    return _hourly(connection, subscriber, "link", now=now)


def _hourly(connection: Connection, subscriber: int, kind: str, *, now: datetime) -> bool:
    edition = f"{kind}:{now:%Y-%m-%dT%H}"
    if connection.scalar(select(_OUTBOX.c.id).where(_OUTBOX.c.subscriber == subscriber, _OUTBOX.c.edition == edition)) is not None:
        return False
    connection.execute(
        insert(_OUTBOX),
        {
            "subscriber": subscriber,
            "edition": edition,
            "kind": kind,
            "priority": CONFIRMATION_PRIORITY,
            "state": "pending",
            "open": True,
            "due": now,
            "attempts": 0,
            "created_at": now,
            "code": 0,
            "outcome": "",
        },
    )
    return True


def counts(connection: Connection, *, now: datetime) -> dict[str, int]:
    """Return how many rows are pending, sending (under a lease), deferred, sent, failed and skipped."""
    leased = _OUTBOX.c.open & (_OUTBOX.c.lease_until > now)
    state: Any = case((leased, "sending"), else_=_OUTBOX.c.state)
    rows = connection.execute(select(state, func.count()).group_by(state))
    return dict.fromkeys(("pending", "sending", "deferred", "sent", "failed", "skipped"), 0) | {row[0]: row[1] for row in rows}


def history(connection: Connection, subscriber: int, *, limit: int = 20) -> list[tuple[str, str, datetime, str]]:
    """Return (kind, state, moment, outcome) of a subscriber's last mails, newest first: for the page that says what became of them."""
    rows = connection.execute(
        select(_OUTBOX.c.kind, _OUTBOX.c.state, func.coalesce(_OUTBOX.c.sent_at, _OUTBOX.c.due), _OUTBOX.c.outcome)
        .where(_OUTBOX.c.subscriber == subscriber)
        .order_by(_OUTBOX.c.id.desc())
        .limit(limit)
    )
    return [tuple(row) for row in rows]


def leased(connection: Connection, *, now: datetime) -> int:
    """Return how many mails senders have in hand, all of them together."""
    return connection.scalar(select(func.count()).select_from(_OUTBOX).where(_OUTBOX.c.open, _OUTBOX.c.lease_until > now)) or 0


def senders(connection: Connection, *, worker: str, now: datetime) -> int:
    """Return how many senders have mails in hand; `worker` is one of them in any case."""
    others = (_OUTBOX.c.open, _OUTBOX.c.lease_until > now, _OUTBOX.c.worker != worker)
    return 1 + (connection.scalar(select(func.count(_OUTBOX.c.worker.distinct())).where(*others)) or 0)


def oldest_due(connection: Connection) -> datetime | None:
    """Return since when the mail that has waited longest is due; None if nothing waits."""
    due: datetime | None = connection.scalar(select(func.min(_OUTBOX.c.due)).where(_OUTBOX.c.open))
    return due


def digest_of(connection: Connection, subscriber: int, edition: str) -> int | None:
    """Return the number of the digest of an edition that a subscriber has, or None."""
    return connection.scalar(select(_OUTBOX.c.digest).where(_OUTBOX.c.subscriber == subscriber, _OUTBOX.c.edition == edition))


def readers(connection: Connection, audiences: Iterable[str]) -> dict[str, Choices]:
    """Return what audiences have chosen, by key."""
    rows = connection.execute(select(_AUDIENCE.c.key, _AUDIENCE.c.choices).where(_AUDIENCE.c.key.in_(list(audiences))))
    return {row.key: value(Choices, row.choices) for row in rows}
