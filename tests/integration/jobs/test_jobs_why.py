"""Why a reader got a story, and why not, is told from the rows: for what was sent, held back, silenced, bounced, or was never due."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from alerts.jobs.assess import assess
from alerts.jobs.publish import publish
from alerts.jobs.why import Why, why
from alerts.rules.levels import Level
from alerts.signing import Signer
from alerts.store import sender, silences, subscribers, suppressions, trails
from alerts.store.leases import table_of
from alerts.store.tables import EntryRow, OutboxRow, StoryRow
from alerts.stories.silence import Silence

DAY = timedelta(days=1)


def answer(service: Any, person: int, story: str) -> Why:
    with service.database.read() as connection:
        found = trails.find_stories(connection, story)
        assert len(found) == 1
        return why(service.context, connection, subscribers.by_id(connection, person), found[0])


def deliver(service: Any) -> None:
    """Publish what is due and pretend that the mail server took it."""
    publish(service.context)
    service.set(OutboxRow, table_of(OutboxRow).c.open, state="sent", open=False, sent_at=service.clock.now())


def test_a_mail_is_traced_to_its_update_digest_and_outcome(service: Any) -> None:
    person = service.subscribe("reader")
    number = service.happens("steel", Level.prepare)
    deliver(service)
    told = answer(service, person, "s-steel")
    assert [(mail.kind, mail.updates, mail.state) for mail in told.told] == [("alert", (number,), "sent")]
    assert told.told[0].ruleset == service.context.rules.hash
    assert told.reasons == ()


def test_a_reader_who_asked_for_more_learns_which_level_was_missing(service: Any) -> None:
    person = service.subscribe("reader", sectors=(("trade", Level.prepare),))
    service.happens("steel", Level.watch)
    service.clock.set(service.clock.now() + DAY)
    deliver(service)
    assert answer(service, person, "s-steel").told == ()
    assert "as digest: trade is at watch, below prepare" in answer(service, person, "s-steel").reasons


def test_old_news_is_not_for_new_readers(service: Any) -> None:
    service.happens("steel", Level.prepare)
    service.clock.set(service.clock.now() + DAY)
    person = service.subscribe("late")
    assert any("nobody's first mail tells old news" in reason for reason in answer(service, person, "s-steel").reasons)


def test_what_waits_is_said_to_wait(service: Any) -> None:
    person = service.subscribe("reader")
    service.happens("steel", Level.info)
    assert answer(service, person, "s-steel").reasons[0].startswith("it is chosen and waits for the next mail: ")


def reasons(service: Any, person: int, story: str) -> str:
    return "; ".join(answer(service, person, story).reasons)


def test_an_alert_outside_the_readers_hours_is_said_to_wait_for_them(service: Any) -> None:
    person = service.subscribe("reader")
    service.clock.set(service.clock.now() + timedelta(hours=12))  # midnight in Tokyo
    service.happens("steel", Level.prepare)
    publish(service.context)
    assert (
        reasons(service, person, "s-steel") == "alert alert:s-steel:1: waits until 2026-01-05 22:00 UTC, outside the reader's hours for it"
    )


def test_what_a_day_had_too_many_alerts_for_is_said_to_wait_for_the_evening(service: Any) -> None:
    person = service.subscribe("reader")
    for name in ("a", "b", "c", "steel"):
        service.happens(name, Level.prepare)
        publish(service.context)
    assert "waits until 2026-01-05 10:00 UTC, the day had three alerts already" in reasons(service, person, "s-steel")


def test_a_sender_that_is_stopped_is_named_for_a_mail_that_is_due(service: Any) -> None:
    person = service.subscribe("reader")
    service.happens("steel", Level.prepare)
    publish(service.context)
    with service.database.write() as connection:
        sender.brake(connection, reason="most were refused", now=service.clock.now(), length=None)
    said = reasons(service, person, "s-steel")
    assert "due since 2026-01-05 03:00 UTC; the sender is paused" in said
    assert "most were refused" in said


def test_what_the_server_put_off_is_told_with_its_words_and_the_next_try(service: Any) -> None:
    person = service.subscribe("reader")
    service.happens("steel", Level.prepare)
    publish(service.context)
    later = service.clock.now() + timedelta(minutes=20)
    service.set(OutboxRow, table_of(OutboxRow).c.open, state="deferred", due=later, outcome="451 greylisted")
    assert reasons(service, person, "s-steel") == "alert alert:s-steel:1: goes again at 2026-01-05 03:20 UTC; last try: 451 greylisted"


def test_a_sector_that_is_not_followed_a_pause_and_a_silence_are_named(service: Any) -> None:
    person = service.subscribe("reader", sectors=(("visas", Level.info),))
    other = service.subscribe("other")
    with service.database.write() as connection:
        subscribers.pause(connection, other, service.clock.now() + 3 * DAY, now=service.clock.now())
        made = Silence("quiet", service.clock.now() + 2 * DAY, "Ann", "a test", stories=("s-boats",))
        silences.keep(connection, made, origin="command", now=service.clock.now())
    service.happens("steel", Level.prepare)
    service.happens("boats", Level.prepare)
    publish(service.context)
    assert "it touches only sectors that you do not follow: trade" in reasons(service, person, "s-steel")
    assert "mail is paused until 2026-01-08 03:00 UTC" in reasons(service, other, "s-steel")
    assert "it was silenced by quiet on 2026-01-05" in reasons(service, other, "s-boats")


def test_what_came_with_a_first_poll_was_for_nobody(service: Any) -> None:
    person = service.subscribe("reader")
    service.happens("steel", Level.prepare, quiet=True)
    publish(service.context)
    assert "it came with a feed's first poll" in reasons(service, person, "s-steel")


def test_what_was_too_old_when_its_digest_came_does_not_wait_for_another(service: Any) -> None:
    person = service.subscribe("reader")
    service.happens("steel", Level.watch)
    publish(service.context)
    service.clock.set(service.clock.now() + 30 * DAY)
    deliver(service)
    assert "older than the 7 days of freshness" in reasons(service, person, "s-steel")


def test_evidence_that_is_not_enough_for_act_shows_in_the_sum(service: Any) -> None:
    service.subscribe("reader")
    service.reads("Tsunami warning issued for the coast of Miyagi")
    assess(service.context)
    with service.database.read() as connection:
        found = trails.find_stories(connection, "Tsunami warning")
    terms = [term for one in found for impact in one.impacts for term in impact.terms if term.name == "cap"]
    assert terms
    assert all(term.value < 0 and term.reason for term in terms)


@pytest.mark.parametrize("how", ["ended", "suppressed"])
def test_an_end_and_a_suppression_are_named_with_their_reason(service: Any, how: str) -> None:
    person = service.subscribe("reader")
    with service.database.write() as connection:
        if how == "ended":
            subscribers.end(connection, [person], reason="complaint", now=service.clock.now())
        else:
            mark = suppressions.mark_of(Signer("a key for tests only"), "reader@example.org")
            suppressions.suppress(connection, [mark], reason="came back: 5.1.1", at=service.clock.now())
    service.happens("steel", Level.prepare)
    publish(service.context)
    wanted = "(complaint)" if how == "ended" else "(came back: 5.1.1)"
    assert any(wanted in reason for reason in answer(service, person, "s-steel").reasons)


def test_a_real_entry_shows_its_rule_its_words_and_the_rule_set(service: Any) -> None:
    person = service.subscribe("reader")
    service.reads("US imposes 25% tariff on cars from Japan")
    assess(service.context)
    with service.database.read() as connection:
        (story,) = connection.scalars(select(table_of(StoryRow).c.id)).all()
    told = answer(service, person, "imposes tariff Japan")
    assert told.story.id == story
    (trace,) = told.traces
    assert trace.assessment is not None
    assert trace.assessment.ruleset == service.context.rules.hash
    assert any(each.text == "tariff" for development in trace.assessment.developments for each in development.evidence)
    with service.database.read() as connection:
        assert trails.find_stories(connection, trace.entry)[0].id == story
        assert trails.find_stories(connection, "no such headline") == []
        assert trails.find_stories(connection, "100%") == []


def test_a_mail_says_by_which_of_the_readers_choices_it_came(service: Any) -> None:
    person = service.subscribe("reader", sectors=(("trade", Level.watch),))
    service.happens("steel", Level.prepare)
    deliver(service)
    assert answer(service, person, "s-steel").because == (("trade at prepare (you asked for watch or more)",),)


def test_a_mail_is_explained_by_the_levels_that_it_told_not_by_those_that_came_later(service: Any) -> None:
    person = service.subscribe("reader", sectors=(("trade", Level.watch),))
    service.happens("steel", Level.prepare)
    deliver(service)
    service.happens("steel", Level.act, kind="level")
    assert answer(service, person, "s-steel").because == (("trade at prepare (you asked for watch or more)",),)


def test_who_follows_something_else_is_told_so_and_not_that_it_was_taken_back(service: Any) -> None:
    person = service.subscribe("reader", sectors=(("visas", Level.info),))
    service.happens("steel", Level.prepare)
    service.happens("steel", Level.prepare, kind="withdrawal")
    deliver(service)
    reasons = answer(service, person, "s-steel").reasons
    assert any("only sectors that you do not follow" in reason for reason in reasons)
    assert not any("took it back" in reason for reason in reasons)


def test_what_was_old_when_it_was_read_is_said_to_be(service: Any) -> None:
    person = service.subscribe("reader", sectors=(("trade", Level.info),))
    service.reads("US imposes 25% tariff on cars from Japan", published=service.clock.now() - timedelta(days=11))
    assess(service.context)
    deliver(service)
    (reason,) = answer(service, person, "imposes tariff Japan").reasons
    assert reason.startswith("it was older than the 7 days of freshness (ALERTS_FRESHNESS_DAYS) when it was read on 2026-01-05")


def test_an_entry_that_no_rule_held_is_found_too(service: Any) -> None:
    now = service.clock.now()
    entry = {
        "id": "wire:1",
        "feed": "wire",
        "source": {},
        "url": "",
        "title": "Power company asks for more",
        "summary": "",
        "content_hash": "",
    }
    with service.database.write() as connection:
        times = dict.fromkeys(("published", "first_seen", "due", "assessed_at"), now)
        connection.execute(insert(table_of(EntryRow)), {**entry, **times, "open": False, "baseline": False, "outlet": "", "language": "en"})
        for words in ("wire:1", "power COMPANY"):
            assert trails.find_stories(connection, words) == []
            (found,) = trails.find_untold(connection, words)
            assert (found.entry, found.assessed_at) == ("wire:1", now)
        assert trails.find_untold(connection, "quite another matter") == trails.find_untold(connection, "  ") == []


def test_what_stops_mail_today_is_not_why_an_old_story_was_not_told(service: Any) -> None:
    person = service.subscribe("reader", sectors=(("visas", Level.info),))
    service.happens("steel", Level.prepare)
    publish(service.context)
    service.clock.set(service.clock.now() + 30 * DAY)
    deliver(service)
    with service.database.write() as connection:
        mark = suppressions.mark_of(Signer("a key for tests only"), "reader@example.org")
        suppressions.suppress(connection, [mark], reason="came back: 5.1.1", at=service.clock.now())
    said = reasons(service, person, "s-steel")
    assert "it touches only sectors that you do not follow: trade" in said
    assert "came back" not in said
