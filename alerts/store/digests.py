"""Composed digests, and the rows of the outbox that bring them to an audience: one INSERT … SELECT however many people there are.

A subscriber's row says what was told before: `seen` by digests, `alerted` by alerts since then. The statements here change it in the
transaction that makes the outbox rows, so that a crash between the two cannot be.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, func, insert, literal, select, update

from alerts.digests.digest import Digest
from alerts.store.audiences import DueGroup, heard_of
from alerts.store.leases import table_of
from alerts.store.tables import DigestRow, DigestUpdateRow, OutboxRow, StoryUpdateRow, SubscriberRow
from alerts.store.upsert import upsert
from alerts.store.values import document, value

SAFETY_PRIORITY, ALERT_PRIORITY, DIGEST_PRIORITY = 1, 2, 5

_DIGEST = table_of(DigestRow)
_DIGEST_UPDATE = table_of(DigestUpdateRow)
_OUTBOX = table_of(OutboxRow)
_SUBSCRIBER = table_of(SubscriberRow)
_UPDATE = table_of(StoryUpdateRow)


def save(connection: Connection, digest: Digest, *, audience: str, window_from: int, fingerprint: str, ruleset: str) -> int:
    """Store a digest and which updates it tells; return its number. Made already (same edition, audience, window): that one's number."""
    key = {"edition": digest.edition, "audience": audience, "window_from": window_from, "fingerprint": fingerprint}
    row = {**key, "kind": digest.kind, "subject": digest.subject, "made": digest.made, "ruleset": ruleset, "content": document(digest)}
    statement = upsert(connection, _DIGEST).values(row).on_conflict_do_nothing().returning(_DIGEST.c.id)
    number = connection.execute(statement).scalar_one_or_none()
    if number is None:
        same = select(_DIGEST.c.id).where(*(_DIGEST.c[name] == known for name, known in key.items()))
        return int(connection.execute(same).scalar_one())
    told = select(literal(number), _UPDATE.c.number, _UPDATE.c.story).where(_UPDATE.c.number.in_(digest.updates))
    connection.execute(insert(_DIGEST_UPDATE).from_select(["digest", "update_number", "story"], told))
    return int(number)


def load(connection: Connection, number: int) -> Digest:
    """Return a stored digest. Raises LookupError if there is none with this number."""
    content = connection.scalar(select(_DIGEST.c.content).where(_DIGEST.c.id == number))
    if content is None:
        raise LookupError(f"there is no digest {number}")
    return value(Digest, content)


def drop(connection: Connection, number: int) -> None:
    """Take back a digest that turned out to go to nobody; one that somebody has stays."""
    nobody = ~exists().where(_OUTBOX.c.digest == _DIGEST.c.id)
    connection.execute(delete(_DIGEST).where(_DIGEST.c.id == number, nobody))


def told_by(connection: Connection, digests: Collection[int]) -> set[int]:
    """Return the numbers of the updates that some digests tell."""
    if not digests:
        return set()
    return set(connection.scalars(select(_DIGEST_UPDATE.c.update_number).where(_DIGEST_UPDATE.c.digest.in_(digests))))


def parted(connection: Connection, group: DueGroup, stories: Collection[str]) -> list[DueGroup]:
    """Part a due group into those who heard of each of some stories and those who did not; parts without people are left out."""
    parts = [group]
    for story in sorted(stories):
        halves = [half for part in parts for half in _halves(part, story)]
        parts = [half for half in halves if members_of(connection, half)]
    return parts


def _halves(group: DueGroup, story: str) -> tuple[DueGroup, DueGroup]:
    return replace(group, told=(*group.told, story)), replace(group, untold=(*group.untold, story))


def members_of(connection: Connection, group: DueGroup) -> int:
    """Return how many people are in a due group now; none if another publisher has served it."""
    return connection.scalar(select(func.count()).select_from(_SUBSCRIBER).where(*_due_members(group))) or 0


def send_digest(connection: Connection, number: int, group: DueGroup, *, edition: str, kind: str, now: datetime) -> int:
    """Put a digest into the outbox for a due group; return for how many people. Nobody gets an edition twice."""
    return post(connection, mail_row(number, edition, kind, priority=DIGEST_PRIORITY, due=now, now=now), _due_members(group))


def settle(connection: Connection, group: DueGroup, *, seen: int, next_due: datetime | None) -> int:
    """Close the period of a due group: all up to `seen` is told. Return for how many people."""
    closed = update(_SUBSCRIBER).where(*_due_members(group)).values(seen=seen, alerted="", due=next_due)
    return connection.execute(closed).rowcount


def settle_with(
    connection: Connection, number: int, group: DueGroup, *, seen: int, edition: str, next_due: datetime | None, again: datetime | None
) -> None:
    """Close the period of those of a due group who have a digest in the outbox.

    The others had a mail of this edition before (their choices went to and fro): what this one tells stays for their next, due `again`.
    """
    done = update(_SUBSCRIBER).where(*_due_members(group), has(number))
    connection.execute(done.values(seen=seen, alerted="", due=next_due, edition=edition))
    connection.execute(update(_SUBSCRIBER).where(*_due_members(group)).values(due=again))


def mail_row(number: int, edition: str, kind: str, *, priority: int, due: datetime, now: datetime) -> dict[str, Any]:
    """Return the columns of an outbox row that are the same for everybody."""
    return {
        "edition": edition,
        "kind": kind,
        "digest": number,
        "priority": priority,
        "state": "pending",
        "open": True,
        "due": due,
        "attempts": 0,
        "created_at": now,
        "code": 0,
        "outcome": "",
    }


def post(connection: Connection, mail: dict[str, Any], members: Collection[ColumnElement[bool]]) -> int:
    """Put a mail into the outbox for everybody who meets the conditions; return for how many. Nobody gets an edition twice."""
    same = [literal(given, _OUTBOX.c[name].type).label(name) for name, given in mail.items()]
    people = select(_SUBSCRIBER.c.id, *same).where(*members).order_by(_SUBSCRIBER.c.id)
    statement = upsert(connection, _OUTBOX).from_select(["subscriber", *mail], people).on_conflict_do_nothing()
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount


def has(number: int) -> ColumnElement[bool]:
    """Return the condition that a subscriber has a digest in the outbox."""
    return exists().where(_OUTBOX.c.subscriber == _SUBSCRIBER.c.id, _OUTBOX.c.digest == number)


def _due_members(group: DueGroup) -> list[ColumnElement[bool]]:
    told = [heard_of(story) for story in group.told] + [~heard_of(story) for story in group.untold]
    if group.only:
        return [_SUBSCRIBER.c.id == group.only, *told]
    return [
        _SUBSCRIBER.c.open,
        _SUBSCRIBER.c.audience == group.audience,
        _SUBSCRIBER.c.due == group.due,
        _SUBSCRIBER.c.seen == group.seen,
        _SUBSCRIBER.c.alerted == group.alerted,
        *told,
    ]
