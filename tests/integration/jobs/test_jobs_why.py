"""Why a reader got a story, and why not, is told from the rows: for what was sent, held back, silenced, bounced, or was never due."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from alerts.jobs.assess import assess
from alerts.jobs.publish import publish
from alerts.jobs.why import Why, why
from alerts.rules.levels import Level
from alerts.store import subscribers, suppressions, trails
from alerts.store.leases import table_of
from alerts.store.tables import OutboxRow, StoryRow

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


@pytest.mark.parametrize("how", ["ended", "suppressed"])
def test_an_end_and_a_suppression_are_named_with_their_reason(service: Any, how: str) -> None:
    person = service.subscribe("reader")
    with service.database.write() as connection:
        if how == "ended":
            subscribers.end(connection, [person], reason="complaint", now=service.clock.now())
        else:
            from alerts.signing import Signer

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
