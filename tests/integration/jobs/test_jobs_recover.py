"""What does not come right by itself is put right; what has expired goes, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import insert

from alerts.digests.subscriber import Choices
from alerts.jobs.assess import assess
from alerts.jobs.prune import BATCH, PruneCount, prune
from alerts.jobs.publish import publish
from alerts.jobs.recover import RecoverCount, recover
from alerts.rules.levels import Level
from alerts.store import rulesets, subscribers
from alerts.store.leases import table_of
from alerts.store.tables import (
    AudienceRow,
    DigestRow,
    DigestUpdateRow,
    EntryRow,
    OutboxRow,
    StoryRow,
    StoryUpdateRow,
    SubscriberRow,
)

DAY = timedelta(days=1)
Service = Any
_SUBSCRIBER, _OUTBOX, _ENTRY = table_of(SubscriberRow), table_of(OutboxRow), table_of(EntryRow)


def test_a_healthy_service_has_nothing_to_put_right(service: Service) -> None:
    service.subscribe("ann")
    service.subscribe("ben", cadence="immediate")
    service.happens("cars", Level.prepare)
    publish(service.context)
    assert recover(service.context) == RecoverCount()


def test_a_subscriber_without_a_due_moment_gets_one(service: Service) -> None:
    person, other = service.subscribe("ann"), service.subscribe("ben", cadence="immediate")
    service.set(SubscriberRow, _SUBSCRIBER.c.id == person, due=None)
    assert recover(service.context) == RecoverCount(dues_set=1)
    with service.database.read() as connection:
        assert subscribers.by_id(connection, person).due == service.clock.now().replace(hour=22)
        assert subscribers.by_id(connection, other).due is None


def test_a_clock_that_was_years_ahead_leaves_nobody_waiting_for_years(service: Service) -> None:
    person = service.subscribe("ann")
    away = service.subscribe("ben")
    with service.database.write() as connection:
        subscribers.pause(connection, away, service.clock.now() + 30 * DAY, now=service.clock.now())
    service.reads("A headline")
    service.set(SubscriberRow, _SUBSCRIBER.c.id == person, due=service.clock.now() + 700 * DAY)
    service.set(EntryRow, _ENTRY.c.open, worker="gone", lease_until=service.clock.now() + 700 * DAY)
    assert recover(service.context) == RecoverCount(leases_freed=1, dues_set=1)
    assert recover(service.context) == RecoverCount()
    assert assess(service.context).assessed == 1


def test_a_mail_that_a_clock_ahead_put_off_for_years_leaves_now(service: Service) -> None:
    service.subscribe("reader")
    service.happens("steel", Level.prepare)
    publish(service.context)
    outbox = table_of(OutboxRow)
    service.set(OutboxRow, outbox.c.open, state="deferred", due=service.clock.now() + timedelta(days=700))
    assert recover(service.context).dues_set == 1
    assert [row["due"] for row in service.rows(OutboxRow)] == [service.clock.now()]


def test_an_alert_that_was_refused_is_told_by_the_next_digest(service: Service) -> None:
    service.subscribe("ann")
    numbers = [service.happens(name, Level.prepare) for name in ("a", "b", "c")]
    publish(service.context)
    service.set(OutboxRow, _OUTBOX.c.digest == 2, open=False, state="failed")
    service.set(OutboxRow, _OUTBOX.c.digest == 3, open=False, state="sent")
    assert recover(service.context) == RecoverCount(alerts_retold=1)
    assert recover(service.context) == RecoverCount()
    service.clock.set(service.clock.now().replace(hour=22))
    publish(service.context)
    assert service.mails()[3:] == [("ann", "daily:2026-01-06", [numbers[1]])]


def test_what_has_expired_goes_and_nothing_else(service: Service) -> None:
    keeps, goes = service.subscribe("ann"), service.subscribe("ben", language="ja")
    service.happens("cars", Level.prepare)
    service.reads("A headline")
    assess(service.context)
    publish(service.context)
    service.set(OutboxRow, _OUTBOX.c.open, open=False, state="sent")
    assert prune(service.context) == PruneCount()
    with service.database.write() as connection:
        subscribers.end(connection, [goes], reason="unsubscribed", now=service.clock.now())
        subscribers.add(connection, "never@example.org", Choices(hour=3), now=service.clock.now())
    service.clock.set(service.clock.now() + 91 * DAY)
    assert prune(service.context) == PruneCount(unconfirmed_subscribers=1, ended_subscribers=1, audiences=1)
    assert [row["id"] for row in service.rows(SubscriberRow)] == [keeps]
    assert len(service.rows(OutboxRow)) == 1
    service.clock.set(service.clock.now() + 320 * DAY)
    assert prune(service.context) == PruneCount(mails=1, digests=2, stories=1, entries=1, audiences=1)
    for table in (OutboxRow, DigestRow, DigestUpdateRow, StoryRow, StoryUpdateRow, EntryRow):
        assert service.rows(table) == []
    assert len(service.rows(AudienceRow)) == len(service.rows(SubscriberRow)) == 1


def test_a_rule_set_is_kept_for_a_year_and_as_long_as_anything_that_it_decided(service: Service) -> None:
    decided, idle = service.context.rules, "5e7000000000001d"
    start = service.clock.now()
    with service.database.write() as connection:
        rulesets.keep_ruleset(connection, decided.hash, decided.files, now=start)
        rulesets.keep_ruleset(connection, idle, {"rules/a.yaml": ""}, now=start)

    def kept(days: int) -> set[str]:
        service.clock.set(start + days * DAY)
        prune(service.context)
        with service.database.read() as connection:
            return {each.hash for each in rulesets.list_rulesets(connection)}

    assert kept(366) == {decided.hash, idle}
    service.reads("US imposes 25% tariff on cars from Japan")
    assert assess(service.context).relevant == 1
    assert kept(401) == {decided.hash}
    with service.database.read() as connection:
        assert rulesets.load_ruleset(connection, decided.hash) == dict(decided.files)
    assert kept(366 + 401) == set()


def test_much_that_has_expired_goes_in_batches(service: Service) -> None:
    with service.database.write() as connection:
        rows = [{"key": f"k{number}", "cadence": "daily", "choices": {}} for number in range(BATCH + 7)]
        connection.execute(insert(table_of(AudienceRow)), rows)
    assert prune(service.context) == PruneCount(audiences=BATCH + 7)
