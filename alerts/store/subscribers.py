"""The people who get mail: how they come, change their choices, pause, and go.

A subscriber is added unconfirmed and gets nothing until `confirm`. `seen` then starts at the last update there is, so that nobody's first
digest is a flood of old news. Changed choices keep `seen`: what was not told yet will be. An end has a reason and is not a deletion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from alerts.digests.edition import edition_name, next_due
from alerts.digests.subscriber import Choices
from alerts.mail.address import fold_address, parse_address
from alerts.store.audiences import keep_audience
from alerts.store.leases import table_of
from alerts.store.recall import take_back
from alerts.store.stories import last_number, settled_number
from alerts.store.tables import AudienceRow, OutboxRow, SubscriberRow
from alerts.store.values import value

State = Literal["unconfirmed", "open", "ended"]
REGRET = timedelta(days=1)
"""Whoever takes back an end within this time goes on where it broke off; later it is a new beginning."""

_SUBSCRIBER = table_of(SubscriberRow)
_AUDIENCE = table_of(AudienceRow)
_OUTBOX = table_of(OutboxRow)


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A person as stored. `due` is the next digest; `paused_until` a moment that may be over; `ended_reason` says how it ended."""

    id: int
    address: str
    choices: Choices
    state: State
    due: datetime | None
    seen: int
    edition: str
    created_at: datetime
    confirmed_at: datetime | None
    paused_until: datetime | None
    ended_at: datetime | None
    ended_reason: str | None
    consent: Mapping[str, Any]


def add(
    connection: Connection,
    address: str,
    choices: Choices,
    *,
    now: datetime,
    confirmed: bool = False,
    consent: Mapping[str, Any] | None = None,
) -> Subscriber:
    """Add a person, or return the one who has this address already; spellings that differ in case only are one. Raises AlertsError.

    Who is unconfirmed or ended waits for `confirm` with the new choices. Who is subscribed stays as is, because a form that anybody can
    fill in must not change anything; `confirmed` (the operator's word) confirms at once and also changes the choices of a subscriber.
    """
    mailed = parse_address(address)
    known = by_address(connection, mailed)
    audience = keep_audience(connection, choices)
    if known is None:
        row = {
            "address": mailed,
            "address_key": fold_address(mailed),
            "audience": audience,
            "open": False,
            "seen": 0,
            "alerted": "",
            "edition": "",
            "created_at": now,
            "consent": dict(consent or {}),
        }
        number = connection.execute(insert(_SUBSCRIBER).values(row).returning(_SUBSCRIBER.c.id)).scalar_one()
    else:
        number = known.id
        if known.state == "open":
            return change(connection, number, choices, now=now) if confirmed else known
        earlier = {"ended": {"at": known.ended_at.isoformat(), "reason": known.ended_reason}} if known.ended_at else {}
        _store(
            connection,
            number,
            address=mailed,
            audience=audience,
            confirmed_at=None,
            ended_at=None,
            ended_reason=None,
            consent={**earlier, **(consent or {})},
        )
    return confirm(connection, number, now=now) if confirmed else by_id(connection, number)


def confirm(connection: Connection, subscriber: int, *, now: datetime, consent: Mapping[str, Any] | None = None) -> Subscriber:
    """Let mail go to a person who is waiting for it; one who is subscribed or has ended stays as is. Raises LookupError.

    `consent` (when, how, which wording, which page) is added to what is known of it.
    """
    person = by_id(connection, subscriber)
    if person.confirmed_at is not None:
        return person
    _store(
        connection,
        subscriber,
        open=True,
        confirmed_at=now,
        paused_until=None,
        due=next_due(person.choices, now, sent=person.edition),
        seen=last_number(connection),
        alerted="",
        consent={**person.consent, **(consent or {})},
    )
    return by_id(connection, subscriber)


def change(connection: Connection, subscriber: int, choices: Choices, *, now: datetime) -> Subscriber:
    """Give a subscriber other choices; never a second digest of one local day, and nothing untold is lost. Raises LookupError.

    Who goes over to `immediate` gets one last digest with what is still to be told; who leaves it starts where the alerts stand.
    """
    person = by_id(connection, subscriber)
    values: dict[str, Any] = {"audience": keep_audience(connection, choices)}
    if person.state == "open" and choices != person.choices:
        after = max(now, person.paused_until or now)
        if choices.cadence != "immediate":
            values["due"] = next_due(choices, after, sent=person.edition)
        elif person.due is not None:
            values["due"] = catch_up_due(choices, after, sent=person.edition)
        if person.due is None:
            values["seen"] = settled_number(connection)
    _store(connection, subscriber, **values)
    return by_id(connection, subscriber)


def pause(connection: Connection, subscriber: int, until: datetime | None, *, now: datetime) -> Subscriber:
    """Send nothing before `until`, then one digest of what was missed; None ends a pause at once. Raises LookupError.

    What waits in the outbox, for the morning or for a mail server that is back, is told by that digest as well.
    """
    person = by_id(connection, subscriber)
    values: dict[str, Any] = {"paused_until": until}
    if person.state == "open":
        after = max(now, until or now)
        values["due"] = catch_up_due(person.choices, after, sent=person.edition)
        if person.due is None:
            values["seen"] = settled_number(connection)
        if until is not None and until > now:
            reason = f"not sent: paused until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            values |= take_back(connection, subscriber, seen=values.get("seen", person.seen), reason=reason, now=now)
    _store(connection, subscriber, **values)
    return by_id(connection, subscriber)


def end(connection: Connection, subscribers: Iterable[int], *, reason: str, now: datetime) -> int:
    """End subscriptions, with a reason such as `unsubscribed`, `hard-bounce`, `complaint`; return how many were not ended before."""
    statement = (
        update(_SUBSCRIBER)
        .where(_SUBSCRIBER.c.id.in_(list(subscribers)), _SUBSCRIBER.c.ended_at.is_(None))
        .values(open=False, due=None, paused_until=None, ended_at=now, ended_reason=reason)
    )
    return connection.execute(statement).rowcount


def erase(connection: Connection, subscriber: int) -> int:
    """Forget a person and the record of their mails; return how many mails that was. Raises LookupError.

    A mail that is being sent at this moment still arrives. Digests stay: they are made for all who chose alike, and name nobody.
    """
    by_id(connection, subscriber)
    mails = connection.execute(delete(_OUTBOX).where(_OUTBOX.c.subscriber == subscriber)).rowcount
    connection.execute(delete(_SUBSCRIBER).where(_SUBSCRIBER.c.id == subscriber))
    return mails


def resubscribe(connection: Connection, subscriber: int, *, now: datetime, consent: Mapping[str, Any] | None = None) -> Subscriber:
    """Take back an end on the person's own word (a signed link). Raises LookupError.

    Within a day it is as if nothing had happened: the next digest tells what it would have told. Later, what happened before is not told.
    """
    person = by_id(connection, subscriber)
    if person.state != "ended":
        return person
    if person.ended_at is None or person.confirmed_at is None or now - person.ended_at > REGRET:
        _store(connection, subscriber, confirmed_at=None, ended_at=None, ended_reason=None)
        return confirm(connection, subscriber, now=now, consent=consent)
    _store(
        connection,
        subscriber,
        open=True,
        confirmed_at=now,
        ended_at=None,
        ended_reason=None,
        due=next_due(person.choices, now, sent=person.edition),
        seen=settled_number(connection) if person.choices.cadence == "immediate" else person.seen,
        consent={**person.consent, **(consent or {})},
    )
    return by_id(connection, subscriber)


def by_id(connection: Connection, subscriber: int) -> Subscriber:
    """Return a subscriber. Raises LookupError if there is none with this number."""
    row = connection.execute(_SELECT.where(_SUBSCRIBER.c.id == subscriber)).one_or_none()
    if row is None:
        raise LookupError(f"there is no subscriber {subscriber}")
    return _person(row)


def by_address(connection: Connection, address: str) -> Subscriber | None:
    """Return the subscriber with an address, however it is spelt, or None."""
    row = connection.execute(_SELECT.where(_SUBSCRIBER.c.address_key == fold_address(address))).one_or_none()
    return None if row is None else _person(row)


def key_of(person: Subscriber) -> str:
    """Return the folded address of a subscriber, by which it is unique and suppressed."""
    return fold_address(person.address)


def listing(connection: Connection, *, state: State | None = None, after: int = 0, limit: int = 1000) -> list[Subscriber]:
    """Return subscribers in the order of their numbers, from the one behind `after`: ask again with the last number for more."""
    statement = _SELECT.where(_SUBSCRIBER.c.id > after).order_by(_SUBSCRIBER.c.id).limit(limit)
    if state == "open":
        statement = statement.where(_SUBSCRIBER.c.open)
    elif state == "ended":
        statement = statement.where(_SUBSCRIBER.c.ended_at.is_not(None))
    elif state == "unconfirmed":
        statement = statement.where(_SUBSCRIBER.c.open.is_(False), _SUBSCRIBER.c.ended_at.is_(None))
    return [_person(row) for row in connection.execute(statement)]


def catch_up_due(choices: Choices, after: datetime, *, sent: str = "") -> datetime | None:
    """Return when the next digest is due; for cadence immediate, which has none by itself, as if it were daily."""
    if choices.cadence != "immediate":
        return next_due(choices, after, sent=sent)
    return next_due(replace(choices, cadence="daily"), after, sent=sent.replace("immediate:", "daily:"))


def edition_now(choices: Choices, due: datetime, now: datetime) -> str:
    """Name the edition made now for a digest due at `due`: after an outage that of the last moment gone by, of which there is one only."""
    while (later := catch_up_due(choices, due)) is not None and later <= now:
        due = later
    return edition_name(choices, due)


_SELECT: Select[Any] = select(_SUBSCRIBER, _AUDIENCE.c.choices).join(_AUDIENCE, _AUDIENCE.c.key == _SUBSCRIBER.c.audience)


def _store(connection: Connection, subscriber: int, **values: Any) -> None:
    connection.execute(update(_SUBSCRIBER).where(_SUBSCRIBER.c.id == subscriber).values(values))


def _person(row: Row[Any]) -> Subscriber:
    return Subscriber(
        id=row.id,
        address=row.address,
        choices=value(Choices, row.choices),
        state="open" if row.open else "ended" if row.ended_at is not None else "unconfirmed",
        due=row.due,
        seen=row.seen,
        edition=row.edition,
        created_at=row.created_at,
        confirmed_at=row.confirmed_at,
        paused_until=row.paused_until,
        ended_at=row.ended_at,
        ended_reason=row.ended_reason,
        consent=row.consent,
    )
