"""Each due digest and each alert is made once for everybody whom it is for, and tells what was not told before."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from alerts.digests.subscriber import Choices
from alerts.jobs.publish import PublishCount, publish
from alerts.rules.levels import Level
from alerts.store import digests, subscribers
from alerts.store.db import Database
from alerts.store.leases import table_of
from alerts.store.tables import DigestRow, OutboxRow, SubscriberRow

NOON = datetime(2026, 1, 5, 3, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
Service = Any


def morning(service: Service, days: int = 1) -> None:
    """Put the clock on seven in the morning in Tokyo, so many days after Monday."""
    service.clock.set(service.clock.now().replace(year=2026, month=1, day=4, hour=22) + days * DAY)


def test_subscribers_with_equal_choices_share_one_digest(service: Service) -> None:
    service.subscribe("ann")
    service.subscribe("ben")
    service.subscribe("kim", language="ja")
    number = service.happens("cars")
    morning(service)
    assert publish(service.context) == PublishCount(digests=2, digest_mails=3)
    assert service.mails() == [(name, "daily:2026-01-06", [number]) for name in ("ann", "ben", "kim")]
    assert service.digests() == 2


def test_nothing_is_made_before_it_is_due_and_nothing_twice(service: Service) -> None:
    service.subscribe("ann")
    service.happens("cars")
    assert publish(service.context) == PublishCount()
    morning(service)
    publish(service.context)
    assert publish(service.context) == PublishCount()
    morning(service, 2)
    assert publish(service.context) == PublishCount(nothing_new=1)
    assert len(service.mails()) == 1


def test_an_empty_digest_is_not_sent_but_its_period_ends(service: Service) -> None:
    person = service.subscribe("ann")
    service.happens("cars", sector="health")
    morning(service)
    assert publish(service.context) == PublishCount(nothing_new=1)
    with service.database.read() as connection:
        after = subscribers.by_id(connection, person)
    assert (after.seen, after.due) == (1, service.clock.now() + DAY)
    assert service.mails() == []


def test_old_news_is_not_for_who_comes_later(service: Service) -> None:
    service.happens("cars")
    service.subscribe("ann")
    number = service.happens("boats")
    morning(service)
    publish(service.context)
    assert service.told() == {"ann": [number]}


def test_what_is_quiet_or_no_news_is_never_mailed(service: Service) -> None:
    service.subscribe("ann", cadence="immediate")
    service.subscribe("ben")
    service.happens("cars", Level.act, quiet=True)
    service.happens("boats", Level.act, kind="source")
    morning(service)
    assert publish(service.context) == PublishCount(nothing_new=1)


def test_an_alert_goes_at_once_and_the_digest_does_not_tell_it_again(service: Service) -> None:
    service.subscribe("ann")
    service.subscribe("ben", alert_level=Level.act)
    first, second = service.happens("cars", Level.prepare), service.happens("boats", Level.watch)
    assert publish(service.context) == PublishCount(alerts=1, alert_mails=1)
    assert service.mails() == [("ann", f"alert:s-cars:{first}", [first])]
    assert publish(service.context) == PublishCount()
    morning(service)
    publish(service.context)
    assert service.mails() == [
        ("ann", f"alert:s-cars:{first}", [first]),
        ("ann", "daily:2026-01-06", [second]),
        ("ben", "daily:2026-01-06", [first, second]),
    ]


def test_members_of_an_audience_who_were_alerted_of_different_things_get_different_digests(service: Service) -> None:
    service.subscribe("ann")
    first = service.happens("cars", Level.prepare)
    publish(service.context)
    service.clock.set(service.clock.now() + HOUR)
    service.subscribe("ben")
    second = service.happens("boats", Level.watch)
    morning(service)
    assert publish(service.context).digests == 2
    assert service.told() == {"ann": [first, second], "ben": [second]}


def test_a_story_that_goes_on_is_told_again_from_where_the_alert_left_it(service: Service) -> None:
    service.subscribe("ann")
    first = service.happens("cars", Level.prepare)
    publish(service.context)
    second = service.happens("cars", Level.prepare, kind="stage")
    publish(service.context)
    assert service.mails() == [("ann", f"alert:s-cars:{first}", [first]), ("ann", f"alert:s-cars:{second}", [second])]


def test_an_alert_waits_for_the_morning_unless_it_is_about_safety(service: Service) -> None:
    service.subscribe("ann", sectors=(("trade", Level.info), ("safety", Level.info)))
    service.clock.set(service.clock.now() + 12 * HOUR)  # midnight in Tokyo
    service.happens("cars", Level.prepare)
    service.happens("storm", Level.act, sector="safety")
    publish(service.context)
    due = {row["edition"].split(":")[1]: row["due"] for row in service.rows(OutboxRow)}
    assert due == {"s-cars": service.clock.now() + 7 * HOUR, "s-storm": service.clock.now()}


def test_more_than_three_stories_at_once_are_one_combined_alert(service: Service) -> None:
    service.subscribe("ann")
    numbers = [service.happens(name, Level.prepare) for name in ("a", "b", "c", "d")]
    assert publish(service.context) == PublishCount(alerts=1, alert_mails=1)
    assert service.mails() == [("ann", f"alert:{numbers[-1]}", numbers)]


def test_three_alerts_a_day_at_most_and_the_rest_is_gathered_in_one_mail_that_evening(service: Service) -> None:
    service.subscribe("ann")
    numbers = []
    for name in ("a", "b", "c", "d", "e"):
        numbers.append(service.happens(name, Level.prepare))
        publish(service.context)
    waiting = {row["edition"]: row["due"] for row in service.rows(OutboxRow) if row["state"] == "pending"}
    assert waiting == {
        **{f"alert:s-{name}:{number}": NOON for name, number in zip("abc", numbers, strict=False)},
        f"several:{numbers[4]}:2": NOON + 7 * HOUR,  # seven in the evening
    }
    assert service.mails()[4:] == [("ann", f"several:{numbers[4]}:2", numbers[3:])]
    gathered = service.digest(max(row["digest"] for row in service.rows(OutboxRow)))
    assert gathered.subject.startswith("[Prepare] Several developments: ")
    assert gathered.notice.startswith("You had three alerts today.")
    service.set(OutboxRow, table_of(OutboxRow).c.open, state="sent", open=False)
    service.clock.set(NOON + 8 * HOUR)
    late = service.happens("f", Level.prepare)
    assert publish(service.context) == PublishCount(), "one such mail a day"
    service.happens("quake", Level.act, sector="safety")
    morning(service)
    publish(service.context)
    assert service.mails()[5:] == [("ann", "daily:2026-01-06", [late])]


def test_safety_is_not_counted_and_not_held_back(service: Service) -> None:
    service.subscribe("ann", sectors=(("safety", Level.info), ("trade", Level.info)))
    for name in ("a", "b", "c", "d", "e"):
        service.happens(name, Level.act, sector="safety")
        publish(service.context)
    service.happens("cars", Level.prepare)
    assert publish(service.context).alert_mails == 1
    assert len(service.mails()) == 6


def test_cadence_immediate_gets_every_story_at_once_and_what_is_too_much_in_the_evening(service: Service) -> None:
    person = service.subscribe("ann", cadence="immediate")
    numbers = []
    for name in ("a", "b", "c", "d", "e"):
        numbers.append(service.happens(name, Level.info))
        publish(service.context)
    assert service.mails()[4:] == [("ann", f"several:{numbers[4]}:2", numbers[3:])]
    service.set(OutboxRow, table_of(OutboxRow).c.open, state="sent", open=False)
    numbers.append(service.happens("f", Level.info))
    publish(service.context)
    morning(service)
    assert publish(service.context) == PublishCount(digests=1, digest_mails=1)
    assert service.mails()[5:] == [("ann", "immediate:2026-01-06", numbers[5:])]
    with service.database.read() as connection:
        assert subscribers.by_id(connection, person).due is None
    numbers.append(service.happens("g", Level.info))
    publish(service.context)
    morning(service, 2)
    publish(service.context)
    assert sorted(set(service.told()["ann"])) == numbers


@pytest.mark.parametrize("kind", ["correction", "withdrawal"])
def test_whoever_was_told_is_told_that_it_was_wrong_by_the_same_way_whatever_they_choose_by_now(service: Service, kind: Any) -> None:
    alerted, weekly = service.subscribe("ann"), service.subscribe("ben", cadence="weekly", weekday=1, alert_level=Level.act)
    service.happens("cars", Level.prepare)
    publish(service.context)
    morning(service)
    publish(service.context)
    service.set(OutboxRow, table_of(OutboxRow).c.open, state="sent", open=False)
    with service.database.write() as connection:
        for person, cadence in ((alerted, "daily"), (weekly, "weekly")):
            other = Choices(sectors=(("visas", Level.act),), alert_level=Level.act, cadence=cadence, weekday=1)  # type: ignore[arg-type]
            subscribers.change(connection, person, other, now=service.clock.now())
    service.subscribe("eve", sectors=(("trade", Level.info),))
    amended = service.happens("cars", Level.prepare, kind=kind)
    assert publish(service.context) == PublishCount(alerts=1, alert_mails=1), "nobody who never heard of it is alerted"
    word = "Correction: " if kind == "correction" else "Withdrawn: "
    assert word in service.digest(max(row["digest"] for row in service.rows(OutboxRow))).subject
    morning(service, 8)
    publish(service.context)
    told = service.told()
    assert told["ann"] == [1, amended]
    assert told["ben"] == [1, amended]


@pytest.mark.parametrize("kind", ["correction", "withdrawal"])
def test_who_went_over_to_immediate_is_told_at_once_that_what_a_digest_told_was_wrong(service: Service, kind: Any) -> None:
    person = service.subscribe("ann")
    service.subscribe("ben", cadence="immediate")
    told = service.happens("cars")
    morning(service)
    publish(service.context)
    service.set(OutboxRow, table_of(OutboxRow).c.open, state="sent", open=False)
    with service.database.write() as connection:
        subscribers.change(connection, person, Choices(sectors=(("trade", Level.info),), cadence="immediate"), now=service.clock.now())
    morning(service, 2)
    publish(service.context)
    service.subscribe("eve", cadence="immediate")
    amended = service.happens("cars", kind=kind)
    assert publish(service.context).alert_mails == 2, "eve never heard of it"
    assert service.told() == {"ann": [told, amended], "ben": [told, amended]}


@pytest.mark.parametrize("kind", ["correction", "withdrawal"])
def test_who_joined_after_a_story_was_told_is_not_told_that_it_was_wrong(service: Service, kind: Any) -> None:
    """Both are of one audience and have come to the same number, so that only their mails tell them apart."""
    service.subscribe("ann")
    service.happens("cars")
    morning(service)
    publish(service.context)
    service.set(OutboxRow, table_of(OutboxRow).c.open, state="sent", open=False)
    service.subscribe("ben")
    service.happens("boats")
    morning(service, 2)
    publish(service.context)
    amended = service.happens("cars", kind=kind)
    morning(service, 3)
    assert publish(service.context) == PublishCount(digests=1, digest_mails=1, nothing_new=1)
    other = service.happens("trains")
    morning(service, 4)
    assert publish(service.context) == PublishCount(digests=1, digest_mails=2), "from then on they are one group again"
    assert service.told() == {"ann": [1, 2, amended, other], "ben": [2, other]}


def test_what_was_taken_back_before_the_digest_is_counted_there_and_not_told(service: Service) -> None:
    service.subscribe("ann", cadence="weekly", weekday=1)
    service.happens("cars")
    service.happens("boats")
    publish(service.context)
    service.happens("cars", kind="withdrawal")
    morning(service, 1)
    publish(service.context)
    (row,) = service.rows(OutboxRow)
    digest = service.digest(row["digest"])
    assert [item.story for item in digest.items] == ["s-boats"]
    assert digest.held_back == "1 taken back by the source in the meantime."


def test_a_correction_and_a_rise_at_once_are_one_mail_to_who_was_alerted(service: Service) -> None:
    service.subscribe("ann")
    service.happens("cars", Level.prepare)
    publish(service.context)
    service.set(OutboxRow, table_of(OutboxRow).c.open, state="sent", open=False)
    amended = service.happens("cars", Level.prepare, kind="correction")
    risen = service.happens("cars", Level.act, kind="level")
    publish(service.context)
    morning(service)
    publish(service.context)
    assert service.mails() == [("ann", "alert:s-cars:1", [1]), ("ann", f"alert:s-cars:{risen}", [amended, risen])]


def test_after_an_outage_there_is_one_catch_up_that_says_it_is_late(service: Service) -> None:
    service.subscribe("ann")
    numbers = [service.happens("cars")]
    morning(service, 4)
    service.clock.set(service.clock.now() + 5 * HOUR)
    numbers.append(service.happens("boats"))
    assert publish(service.context) == PublishCount(digests=1, digest_mails=1)
    assert service.mails() == [("ann", "daily:2026-01-09", numbers)]
    with service.database.read() as connection:
        assert digests.load(connection, 1).late
    morning(service, 5)
    assert publish(service.context) == PublishCount(nothing_new=1)


def test_after_a_long_outage_what_is_no_news_any_more_is_counted_and_not_told(service: Service) -> None:
    service.subscribe("ann")
    service.happens("old", Level.watch)
    morning(service, 12)
    number = service.happens("new", Level.watch)
    publish(service.context)
    assert service.mails() == [("ann", "daily:2026-01-17", [number])]
    digest = service.digest(max(row["digest"] for row in service.rows(OutboxRow)))
    assert (digest.late, digest.held_back) == (True, "1 too old to be news.")


def test_weekly_digests_come_on_their_day(service: Service) -> None:
    service.subscribe("ann", cadence="weekly", weekday=3)
    number = service.happens("cars")
    for day in (1, 2):
        morning(service, day)
        assert publish(service.context) == PublishCount()
    morning(service, 4)
    publish(service.context)
    assert service.mails() == [("ann", "weekly:2026-W02", [number])]


def test_changed_choices_never_give_a_second_edition_of_a_day_and_lose_nothing(service: Service) -> None:
    person = service.subscribe("ann")
    numbers = [service.happens("cars")]
    morning(service)
    publish(service.context)
    choices = Choices(sectors=(("trade", Level.info),), hour=20)
    with service.database.write() as connection:
        subscribers.change(connection, person, choices, now=service.clock.now())
    numbers.append(service.happens("boats"))
    service.clock.set(service.clock.now() + 14 * HOUR)
    assert publish(service.context) == PublishCount()
    service.clock.set(service.clock.now() + DAY)
    publish(service.context)
    assert service.mails() == [("ann", "daily:2026-01-06", [numbers[0]]), ("ann", "daily:2026-01-07", [numbers[1]])]


def test_an_edition_that_somebody_had_already_leaves_its_news_for_the_next(service: Service) -> None:
    """Weekly, daily, weekly again in one week: the week's edition is out, so what is new waits for the next week's."""
    weekly = replace(Choices(sectors=(("trade", Level.info),)), cadence="weekly", weekday=1)
    person = service.subscribe("ann", cadence="weekly", weekday=1)
    numbers = [service.happens("cars")]
    morning(service)
    publish(service.context)
    with service.database.write() as connection:
        subscribers.change(connection, person, replace(weekly, cadence="daily"), now=service.clock.now())
    numbers.append(service.happens("boats"))
    morning(service, 2)
    publish(service.context)
    with service.database.write() as connection:
        subscribers.change(connection, person, replace(weekly, weekday=4), now=service.clock.now())
    numbers.append(service.happens("planes"))
    morning(service, 5)
    publish(service.context)
    assert service.told() == {"ann": numbers[:2]}
    morning(service, 12)
    publish(service.context)
    assert service.told() == {"ann": numbers}
    assert len({(name, edition) for name, edition, _ in service.mails()}) == 3


@pytest.mark.parametrize("cadence", ["daily", "immediate"])
def test_a_pause_sends_nothing_and_then_one_digest_of_all(service: Service, cadence: Any) -> None:
    person = service.subscribe("ann", cadence=cadence)
    before = service.happens("cars", Level.prepare)
    publish(service.context)
    service.set(OutboxRow, table_of(OutboxRow).c.open, state="sent", open=False)
    with service.database.write() as connection:
        subscribers.pause(connection, person, service.clock.now() + 3 * DAY, now=service.clock.now())
    numbers = []
    for day in (1, 2, 3):
        numbers.append(service.happens(f"n{day}", Level.prepare))
        morning(service, day)
        assert publish(service.context) == PublishCount()
    morning(service, 4)
    publish(service.context)
    assert service.told() == {"ann": [before, *numbers]}
    assert len(service.mails()) == 2


def test_who_goes_over_to_immediate_is_told_what_the_next_digest_would_have(service: Service) -> None:
    person = service.subscribe("ann")
    numbers = [service.happens("cars")]
    publish(service.context)
    immediate = Choices(sectors=(("trade", Level.info),), cadence="immediate")
    with service.database.write() as connection:
        subscribers.change(connection, person, immediate, now=service.clock.now())
    numbers.append(service.happens("boats"))
    publish(service.context)
    morning(service)
    publish(service.context)
    assert service.told() == {"ann": numbers}
    with service.database.write() as connection:
        subscribers.change(connection, person, replace(immediate, cadence="daily"), now=service.clock.now())
    morning(service, 2)
    publish(service.context)
    assert service.told() == {"ann": numbers}


def test_who_has_ended_or_not_confirmed_gets_nothing(service: Service) -> None:
    gone = service.subscribe("ann", cadence="immediate")
    with service.database.write() as connection:
        subscribers.end(connection, [gone], reason="unsubscribed", now=service.clock.now())
        subscribers.add(connection, "ben@example.org", Choices(sectors=(("trade", Level.info),)), now=service.clock.now())
    service.happens("cars", Level.act)
    morning(service)
    assert publish(service.context) == PublishCount()


def test_a_stored_digest_is_what_was_composed(service: Service) -> None:
    service.subscribe("ann")
    service.happens("cars")
    morning(service)
    publish(service.context)
    with service.database.read() as connection:
        row = connection.execute(select(table_of(DigestRow))).one()
        digest = digests.load(connection, row.id)
    assert (digest.edition, digest.updates, row.subject, row.ruleset) == (row.edition, (1,), digest.subject, service.context.rules.hash)
    assert digest.items[0].story == "s-cars"


def test_two_publishers_at_once_make_each_mail_once(service: Service, database_url: str) -> None:
    """Threads with connections of their own, again and again, on both databases."""
    for number in range(12):
        service.subscribe(f"a{number}", hour=7 + number % 2, language="en" if number % 3 else "ja")
        service.subscribe(f"i{number}", cadence="immediate")
    numbers = [service.happens(f"n{each}", Level.prepare if each % 2 else Level.watch) for each in range(4)]
    morning(service)
    service.clock.set(service.clock.now() + 2 * HOUR)
    others = [Database(database_url) for _ in range(4)]
    start = threading.Barrier(len(others))
    errors: list[BaseException] = []

    def work(name: str, database: Database) -> None:
        start.wait()
        try:
            for _ in range(3):
                publish(service.worker(name, database))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(f"w{each}", database)) for each, database in enumerate(others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in others:
        database.close()
    assert errors == []
    assert service.told() == {f"{kind}{number}": numbers for kind in "ai" for number in range(12)}
    assert max(Counter((name, edition) for name, edition, _ in service.mails()).values()) == 1


def test_a_crash_between_any_two_statements_loses_nothing_and_doubles_nothing(
    new_database_url: Callable[[], str], new_service: Any, statements: Any
) -> None:
    """The job dies before its nth statement, for every n; then it runs again. The outcome is that of one quiet run."""

    def play(die_at: int) -> tuple[int, Any]:
        database = Database(new_database_url())
        service = new_service(database)
        for name, choices in {"ann": {}, "ben": {"language": "ja"}, "kim": {"cadence": "immediate"}}.items():
            service.subscribe(name, **choices)
        service.happens("cars", Level.prepare)
        service.happens("boats", Level.watch)
        morning(service)
        with statements(database.engine, die_at) as counted:
            publish(service.context)
        publish(service.context)
        rest = [(row["audience"], row["due"], row["seen"], row["alerted"] != "") for row in service.rows(SubscriberRow)]
        outcome = service.mails(), rest
        database.close()
        return counted.count, outcome

    last, quiet = play(0)
    assert len(quiet[0]) == 6
    step = 1 if new_database_url().startswith("sqlite") else 7
    for die_at in range(1, last + 1, step):
        assert play(die_at)[1] == quiet, f"died before statement {die_at} of {last}"
