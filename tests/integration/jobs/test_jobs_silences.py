"""What is silenced reaches nobody while the silence lasts, is listed for ever, and can be told after all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from alerts.digests.compose import MOST_BRIEFS, MOST_ITEMS, OVERFLOW, SILENCED
from alerts.jobs.publish import PublishCount, publish
from alerts.jobs.silencing import tell_after_all
from alerts.rules.assessment import Development, Impact, Term
from alerts.rules.levels import Level
from alerts.store import audiences, outbox, silences, stories
from alerts.store.counts import waiting
from alerts.store.db import exclusive
from alerts.store.leases import table_of
from alerts.store.tables import DigestRow, OutboxRow, SubscriberRow
from alerts.stories.silence import Silence
from alerts.stories.story import Report, Update

DAY = timedelta(days=1)
Service = Any


def silence(service: Service, name: str = "quiet", *, days: float = 1, **what: tuple[str, ...]) -> Silence:
    made = Silence(name, service.clock.now() + timedelta(days=days), "Ann", "a test", **what)
    with service.database.write() as connection:
        silences.keep(connection, made, origin="command", now=service.clock.now())
    return made


def met(service: Service) -> list[tuple[str, int, bool]]:
    with service.database.read() as connection:
        return [(each.silence, each.number, each.whole) for each in silences.met(connection, service.clock.now())]


def morning(service: Service, days: int = 1) -> None:
    """Put the clock on seven in the morning in Tokyo, so many days after Monday."""
    service.clock.set(service.clock.now().replace(year=2026, month=1, day=4, hour=22) + days * DAY)


def later(service: Service, days: float) -> None:
    service.clock.set(service.clock.now() + timedelta(days=days))


def test_a_silenced_rule_alerts_nobody_and_what_it_met_is_listed(service: Service) -> None:
    service.subscribe("ann")
    silence(service, rules=("a-rule",))
    number = service.happens("cars", Level.prepare)
    assert publish(service.context) == PublishCount()
    assert met(service) == [("quiet", number, True)]
    later(service, 1)
    publish(service.context)
    assert service.mails() == []


def test_silences_act_on_development_story_and_source_and_leave_the_rest_alone(service: Service) -> None:
    service.subscribe("ann")
    silence(service, "by-story", stories=("s-cars",))
    silence(service, "by-source", sources=("another paper",))
    silence(service, "by-development", developments=("missile-launch",))
    silence(service, "by-two", stories=("s-boats",), developments=("missile-launch",))
    first, second = service.happens("cars", Level.prepare), service.happens("boats", Level.prepare)
    publish(service.context)
    assert met(service) == [("by-story", first, True)]
    assert service.told() == {"ann": [second]}


def test_a_silence_holds_back_what_waits_for_a_digest_already(service: Service) -> None:
    service.subscribe("ann")
    number = service.happens("cars", Level.watch)
    publish(service.context)
    silence(service, rules=("a-rule",), days=3)
    later(service, 1)
    publish(service.context)
    assert (service.mails(), met(service)) == ([], [("quiet", number, True)])


def test_when_a_silence_has_ended_nothing_old_comes_by_itself_but_new_things_do(service: Service) -> None:
    service.subscribe("ann")
    silence(service, rules=("a-rule",))
    service.happens("cars", Level.watch)
    publish(service.context)
    later(service, 2)
    number = service.happens("boats", Level.watch)
    publish(service.context)
    later(service, 1)
    publish(service.context)
    assert service.told() == {"ann": [number]}


def test_what_was_silenced_can_be_told_after_all_once(service: Service) -> None:
    service.subscribe("ann")
    silence(service, rules=("a-rule",))
    number = service.happens("cars", Level.prepare)
    publish(service.context)
    later(service, 1)
    with service.database.write() as connection:
        assert tell_after_all(connection, [number], now=service.clock.now()) == 1
    publish(service.context)
    later(service, 1)
    publish(service.context)
    assert service.told() == {"ann": [number + 1]}
    with service.database.read() as connection:
        assert [each.told is not None for each in silences.met(connection, service.clock.now())] == [True]


def test_what_is_told_after_all_reaches_also_who_has_no_digest(service: Service) -> None:
    service.subscribe("ann", cadence="immediate")
    silence(service, rules=("a-rule",))
    number = service.happens("cars", Level.prepare)
    publish(service.context)
    later(service, 1)
    with service.database.write() as connection:
        tell_after_all(connection, [number], now=service.clock.now())
    for _ in range(2):
        publish(service.context)
    assert service.told() == {"ann": [number + 1]}


def test_a_story_that_another_rule_tells_as_well_is_told_without_what_is_muted(service: Service) -> None:
    service.subscribe("ann", cadence="immediate")
    silence(service, rules=("a-rule",))
    number = service.happens("both", Level.prepare)
    with service.database.write() as connection:
        exclusive(connection, "stories")
        story = stories.load_stories(connection, ["s-both"])["s-both"]
        impact = Impact("visas", Level.watch, Level.act, "visa-rule-change", "b-rule", (Term("base", 2, "a reason"),))
        told = Development("visa-rule-change", "announced", "neutral", ("JPN",), "b-rule", family="mobility")
        story = replace(story, impacts=(*story.impacts, impact), developments=(*story.developments, told))
        stories.save_stories(connection, [story])
    publish(service.context)
    assert met(service) == [("quiet", number, False)]
    (digest,) = service.rows(DigestRow)
    (item,) = [item for section in digest["content"]["sections"] for item in section["items"]]
    assert {meaning["sector"]: meaning["level"] for meaning in item["meanings"]} == {"visas": Level.watch, "trade": Level.none}
    assert item["level"] == Level.watch


def test_a_story_of_a_silenced_source_is_told_when_another_source_tells_it(service: Service) -> None:
    service.subscribe("ann")
    silence(service, sources=("the paper",), days=9)
    first = service.happens("cars", Level.prepare)
    assert publish(service.context) == PublishCount()
    with service.database.write() as connection:
        exclusive(connection, "stories")
        story = stories.load_stories(connection, ["s-cars"])["s-cars"]
        report = Report("other:1", "Other", "Duties", "https://other.example.com/", "en", service.clock.now(), "press")
        stories.save_stories(connection, [replace(story, reports=(*story.reports, report))])
        stories.append_updates(connection, [Update("s-cars", "source", "other:1", service.clock.now(), Level.prepare)])
    publish(service.context)
    assert service.told() == {"ann": [first + 2]}
    publish(service.context)
    assert service.told() == {"ann": [first + 2]}


def test_silences_of_the_file_are_in_force_and_end_when_they_leave_it(service: Service) -> None:
    service.subscribe("ann")
    written = Silence("from-file", service.clock.now() + DAY, "Ann", "a test", rules=("a-rule",))
    held = replace(service.context, silences=(written,))
    service.happens("cars", Level.prepare)
    assert publish(held) == PublishCount()
    number = service.happens("boats", Level.prepare)
    publish(service.context)
    assert service.told() == {"ann": [number]}
    with service.database.read() as connection:
        (kept,) = silences.load_all(connection)
    assert (kept.origin, kept.ended is not None, kept.met) == ("file", True, 1)


def test_what_stands_where_counts_silences_and_subscribers_by_audience(service: Service) -> None:
    service.subscribe("ann")
    service.subscribe("ben")
    service.subscribe("kim", language="ja")
    silence(service, rules=("a-rule",))
    service.happens("cars", Level.prepare)
    publish(service.context)
    with service.database.read() as connection:
        assert silences.count(connection, service.clock.now()) == {"active": 1, "updates_silenced": 1}
        assert sorted(people for _, people in audiences.all_audiences(connection)) == [1, 2]
        assert waiting(connection) == {"entries": 0, "updates": 0, "mails": 0}


def evening(service: Service, hour: int) -> None:
    service.clock.set(service.clock.now().replace(hour=hour))


def waits(service: Service) -> list[tuple[str, list[str]]]:
    """Which mails wait, and the stories in each."""
    rows = [row for row in service.rows(OutboxRow) if row["open"]]
    return [(row["edition"], [item.story for item in service.digest(row["digest"]).items]) for row in rows]


def test_an_alert_that_waits_for_the_morning_is_taken_back_by_a_silence(service: Service) -> None:
    service.subscribe("ann")
    evening(service, 15)  # midnight in Tokyo
    number = service.happens("cars", Level.prepare)
    publish(service.context)
    assert waits(service) == [("alert:s-cars:1", ["s-cars"])]
    silence(service, "false-alarm", rules=("a-rule",), days=3)
    publish(service.context)
    (row,) = service.rows(OutboxRow)
    assert (row["state"], row["outcome"]) == ("skipped", "not sent: silenced by false-alarm")
    assert met(service) == [("false-alarm", number, True)]
    later(service, 1)
    publish(service.context)
    assert waits(service) == []


def test_a_gathered_mail_that_waits_tells_no_more_what_is_silenced_and_its_rest_once(service: Service) -> None:
    service.subscribe("ann")
    numbers = []
    for name in "abcde":
        numbers.append(service.happens(name, Level.prepare))
        publish(service.context)
    gathered = next(edition for edition, told in waits(service) if len(told) == 2)
    silence(service, stories=("s-d",), days=9)
    publish(service.context)
    assert dict(waits(service))[gathered] == ["s-e"]
    assert met(service) == [("quiet", numbers[3], True)]
    publish(service.context)
    assert dict(waits(service))[gathered] == ["s-e"], "a silence acts on what waits once, not at every turn"
    numbers.append(service.happens("f", Level.prepare))
    publish(service.context)
    assert sorted(told for _, told in waits(service)) == [["s-a"], ["s-b"], ["s-c"], ["s-e", "s-f"]]
    service.set(OutboxRow, table_of(OutboxRow).c.open, state="sent", open=False)
    for _ in range(2):
        later(service, 1)
        publish(service.context)
    assert waits(service) == []


def test_a_digest_that_waits_tells_no_more_what_is_silenced_and_still_what_is_quiet_and_what_was_left_out(service: Service) -> None:
    service.subscribe("ann")
    service.happens("trains")
    morning(service)
    publish(service.context)
    service.set(OutboxRow, table_of(OutboxRow).c.open, state="sent", open=False)
    cars, boats = service.happens("cars"), service.happens("boats")
    service.happens("dust", Level.info, sectors=("visas",))
    morning(service, 2)
    publish(service.context)
    ((edition, told),) = waits(service)
    before = service.digest(2)
    assert (sorted(told), bool(before.quiet_stories)) == (["s-boats", "s-cars"], True)
    silence(service, "false-alarm", stories=("s-cars",), days=9)
    publish(service.context)
    assert waits(service) == [(edition, ["s-boats"])]
    after = service.digest(3)
    assert after.updates == (boats,)
    assert after.quiet_stories == before.quiet_stories
    assert after.held_back == f"{before.held_back.removesuffix('.')}, 1 set aside by the editors."
    assert after.left_out == before.left_out + 1
    assert met(service) == [("false-alarm", cars, True)]
    silence(service, "both", rules=("a-rule",), days=9)
    publish(service.context)
    assert waits(service) == []
    assert service.rows(OutboxRow)[-1]["outcome"] == "not sent: silenced by both"
    assert {row["alerted"] for row in service.rows(SubscriberRow)} == {""}, "the next digest is one for all"


def test_a_digest_made_anew_counts_what_is_left_out_anew(service: Service) -> None:
    """Without what is muted, and without what has room now."""
    service.subscribe("ann")
    room = MOST_ITEMS + MOST_BRIEFS
    for number in range(room + 2):
        service.happens(f"n{number}")
    for name in ("dust", "sand"):
        service.happens(name, Level.info, sectors=("visas",))
    morning(service)
    publish(service.context)
    before = service.digest(1)
    assert (dict(before.refusals)[OVERFLOW], before.left_out) == (2, 4)
    told_in_full = before.items[0].story
    silence(service, "false-alarm", stories=(told_in_full, "s-dust"), days=9)
    publish(service.context)
    after = service.digest(2)
    assert dict(after.refusals) == {OVERFLOW: 1, SILENCED: 1, "not-risen": 1}
    assert after.left_out == 3
    assert {each.story for each in after.left_out_briefs if each.refusal} == {"s-sand"}
    assert len(after.left_out_briefs) == 2
    assert after.held_back != before.held_back


def test_a_mail_that_is_being_sent_when_a_silence_begins_goes_as_it_is(service: Service) -> None:
    service.subscribe("ann")
    service.happens("cars", Level.prepare)
    publish(service.context)
    with service.database.write() as connection:
        assert outbox.claim(connection, worker="sender", now=service.clock.now(), limit=5)
    silence(service, rules=("a-rule",))
    publish(service.context)
    assert [edition for edition, _ in waits(service)] == ["alert:s-cars:1"]
