"""Nothing is lost and nothing told twice where people pause, leave by mistake, or a story grows while its alert waits for the morning."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from alerts.jobs.assess import assess
from alerts.jobs.letters import Letters
from alerts.jobs.publish import publish
from alerts.jobs.recover import recover
from alerts.rules.levels import Level
from alerts.store import outbox, subscribers
from alerts.store.leases import table_of

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
Service = Any


def morning(service: Service, days: int = 1) -> None:
    """Put the clock on seven in the morning in Tokyo, so many days after Monday."""
    service.clock.set(service.clock.now().replace(year=2026, month=1, day=4, hour=22) + days * DAY)


def arrives(service: Service) -> list[str]:
    """The sender at work, all the way to the server: the editions that go out, in order."""
    now = service.clock.now()
    with service.database.write() as connection:
        batch = outbox.claim(connection, worker="sender", now=now, limit=100)
        letters, outcomes, awaited = Letters(service.context).gather(connection, batch, now)
        outbox.put_off(connection, awaited, worker="sender")
        taken = [outbox.Outcome(one.ready.id, "sent", now, one.ready.due, 1) for one in letters]
        outbox.record(connection, [*outcomes, *taken], worker="sender")
    return [letter.ready.edition for letter in letters]


def told_at_last(service: Service) -> list[int]:
    """The updates that reached people."""
    states = {(row["edition"], row["subscriber"]): row["state"] for row in service.rows(outbox.OutboxRow)}
    sent = {edition for (edition, _), state in states.items() if state == "sent"}
    return sorted(number for _, edition, numbers in service.mails() if edition in sent for number in numbers)


@pytest.mark.parametrize("cadence", ["daily", "immediate"])
def test_an_alert_that_waits_for_the_morning_when_a_pause_begins_is_told_after_the_pause(service: Service, cadence: Any) -> None:
    person = service.subscribe("ann", cadence=cadence)
    service.clock.set(service.clock.now() + 12 * HOUR)  # midnight in Tokyo
    number = service.happens("cars", Level.prepare)
    publish(service.context)
    with service.database.write() as connection:
        subscribers.pause(connection, person, service.clock.now() + 2 * DAY, now=service.clock.now())
    for day in (1, 2, 3, 4):
        morning(service, day)
        recover(service.context)
        publish(service.context)
        arrived = arrives(service)
        assert not arrived or day > 2
    assert told_at_last(service) == [number]


def test_a_digest_that_could_not_be_sent_before_a_pause_is_told_after_it(service: Service) -> None:
    person = service.subscribe("ann")
    number = service.happens("cars")
    morning(service)
    publish(service.context)  # the mail server is out of reach
    with service.database.write() as connection:
        subscribers.pause(connection, person, service.clock.now() + 2 * DAY, now=service.clock.now())
    for day in (1, 2, 3, 4):
        service.clock.set(service.clock.now() + HOUR)
        arrives(service)
        morning(service, day + 1)
        recover(service.context)
        publish(service.context)
        arrives(service)
    assert told_at_last(service) == [number]


def test_an_end_that_is_taken_back_loses_nothing_of_before(service: Service) -> None:
    person = service.subscribe("ann")
    numbers = [service.happens("cars", Level.prepare)]
    publish(service.context)
    arrives(service)
    numbers.append(service.happens("boats"))
    publish(service.context)
    with service.database.write() as connection:
        subscribers.end(connection, [person], reason="unsubscribed", now=service.clock.now())
        service.clock.set(service.clock.now() + HOUR)
        subscribers.resubscribe(connection, person, now=service.clock.now())
    morning(service)
    publish(service.context)
    arrives(service)
    assert told_at_last(service) == numbers


def test_a_story_that_grows_while_its_alert_waits_is_told_once_as_it_stands(service: Service) -> None:
    service.subscribe("ann")
    service.clock.set(service.clock.now() + 12 * HOUR)  # midnight in Tokyo
    service.happens("cars", Level.prepare)
    publish(service.context)
    service.clock.set(service.clock.now() + 2 * HOUR)
    service.happens("cars", Level.act, kind="level")
    publish(service.context)
    morning(service)
    recover(service.context)
    publish(service.context)
    assert arrives(service) == ["alert:s-cars:2"]
    morning(service, 2)
    publish(service.context)
    assert arrives(service) == []


@pytest.mark.parametrize(
    ("level", "sector", "held_up"),
    [
        pytest.param(Level.prepare, "trade", [[], ["alert:s-cars:1"]], id="what can wait for the morning does"),
        pytest.param(Level.act, "safety", [["alert:s-cars:1"], []], id="a danger does not"),
    ],
)
def test_an_alert_that_was_held_up_does_not_come_in_the_night(service: Service, level: Level, sector: str, held_up: list[list[str]]) -> None:
    """It was due at noon, and the mail server was out of reach till midnight."""
    service.subscribe("ann", sectors=((sector, Level.info),))
    service.happens("cars", level, sector=sector)
    publish(service.context)
    arrived = []
    for hours in (12, 9):
        service.clock.set(service.clock.now() + hours * HOUR)
        arrived.append(arrives(service))
    assert arrived == held_up


@pytest.mark.parametrize(
    ("choices", "late", "next_morning"),
    [
        pytest.param({}, [], ["daily:2026-01-06"], id="it waits for the morning"),
        pytest.param({"hour": 3}, ["daily:2026-01-06"], [], id="who wants it at night gets it at night"),
        pytest.param({"quiet": None}, ["daily:2026-01-06"], [], id="no quiet hours"),
    ],
)
def test_a_digest_that_was_held_up_does_not_come_in_quiet_hours(
    service: Service, choices: dict[str, Any], late: list[str], next_morning: list[str]
) -> None:
    """It was due in the morning, and the mail server was out of reach till eleven at night."""
    service.subscribe("ann", **{"quiet": (22, 7), **choices})
    service.happens("cars")
    morning(service)
    publish(service.context)
    service.clock.set(service.clock.now() + 16 * HOUR)
    assert arrives(service) == late
    service.clock.set(service.clock.now() + 8 * HOUR)
    assert arrives(service) == next_morning


def test_where_the_sender_runs_in_the_night_alone_an_alert_comes_in_the_night_rather_than_never(service: Service) -> None:
    """A tick once a day, at half past eleven in the evening."""
    service.subscribe("ann", cadence="immediate", quiet=(22, 7))
    service.clock.set(service.clock.now() + timedelta(hours=11, minutes=30))
    service.happens("cars", Level.prepare)
    arrived = []
    for _ in range(4):
        publish(service.context)
        arrived.append(arrives(service))
        service.clock.set(service.clock.now() + DAY)
    assert arrived == [[], [], ["alert:s-cars:1"], []]


def test_whoever_was_warned_hears_that_the_warning_is_lifted_and_not_as_a_warning(service: Service) -> None:
    service.subscribe("ann", sectors=(("safety", Level.prepare),), alert_level=Level.prepare, cadence="weekly")
    service.subscribe("ben", sectors=(("safety", Level.info),), alert_level=Level.prepare)
    service.reads("Tsunami warning issued for Iwate after magnitude 7.6 quake in Japan")
    assess(service.context)
    assert publish(service.context).alert_mails == 2
    service.set(outbox.OutboxRow, table_of(outbox.OutboxRow).c.open, state="sent", open=False)
    service.clock.set(service.clock.now() + timedelta(hours=5))
    service.reads("Tsunami warning for Iwate lifted after magnitude 7.6 quake in Japan")
    assess(service.context)
    service.subscribe("eve", sectors=(("safety", Level.info),), alert_level=Level.prepare)
    assert publish(service.context).alert_mails == 2, "also who asked for less than this is; nobody who was never warned"
    over = service.digest(max(row["digest"] for row in service.rows(outbox.OutboxRow)))
    (item,) = over.items
    assert (item.level, item.in_short) == (Level.watch, "Iwate: a tsunami warning or advisory for Japan was lifted.")
    assert "Follow the weather agency" not in " ".join(item.actions)
