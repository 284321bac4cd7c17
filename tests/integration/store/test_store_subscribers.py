"""People come, change their minds, pause and go; the rows keep up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from alerts.digests.subscriber import Choices
from alerts.errors import AlertsError
from alerts.rules.levels import Level
from alerts.store import audiences, bounces, outbox, subscribers
from alerts.store.bounces import Bounce
from alerts.store.db import Database
from alerts.store.leases import table_of
from alerts.store.tables import AudienceRow, OutboxRow, StoryRow, StoryUpdateRow

NOW = datetime(2026, 1, 5, 3, tzinfo=UTC)
SEVEN = datetime(2026, 1, 5, 22, tzinfo=UTC)
DAY = timedelta(days=1)
CHOICES = Choices(sectors=(("visas", Level.info),))


def updates(database: Database, count: int, *, open_: bool = False) -> None:
    """As many updates as said, of one story."""
    with database.write() as connection:
        story = {"id": f"s{count}", "opened": NOW, "changed": NOW, "closes": NOW, "level": 1, "content": {}}
        connection.execute(insert(table_of(StoryRow)), story)
        row = {"story": f"s{count}", "kind": "new", "entry": "e", "at": NOW, "level": 1, "note": "", "sectors": [], "quiet": False}
        connection.execute(insert(table_of(StoryUpdateRow)), [row | {"material": True, "open": open_}] * count)


def test_nobody_gets_mail_before_confirming(database: Database) -> None:
    updates(database, 4)
    with database.write() as connection:
        person = subscribers.add(connection, "ann@example.org", CHOICES, now=NOW, consent={"page": "/"})
        assert (person.state, person.due, person.confirmed_at) == ("unconfirmed", None, None)
        person = subscribers.confirm(connection, person.id, now=NOW, consent={"how": "link"})
        assert (person.state, person.due, person.seen, person.confirmed_at) == ("open", SEVEN, 4, NOW)
        assert person.consent == {"page": "/", "how": "link"}
        assert subscribers.confirm(connection, person.id, now=NOW + DAY) == person


@pytest.mark.parametrize("again", ["Ann@Example.org", " ＡＮＮ＠ｅｘａｍｐｌｅ．ｏｒｇ ", "ann@EXAMPLE.ORG"])
def test_another_spelling_of_an_address_is_the_same_person(database: Database, again: str) -> None:
    with database.write() as connection:
        first = subscribers.add(connection, "ann@example.org", CHOICES, now=NOW)
        assert subscribers.add(connection, again, CHOICES, now=NOW).id == first.id
        assert subscribers.by_address(connection, again) is not None
        assert subscribers.add(connection, "ann+news@example.org", CHOICES, now=NOW).id != first.id


def test_an_international_domain_is_the_same_in_both_spellings(database: Database) -> None:
    with database.write() as connection:
        first = subscribers.add(connection, "ann@例え.jp", CHOICES, now=NOW)
        assert subscribers.add(connection, "ann@xn--r8jz45g.jp", CHOICES, now=NOW).id == first.id


def test_what_is_no_address_is_refused_without_repeating_it(database: Database) -> None:
    with database.write() as connection, pytest.raises(AlertsError) as caught:
        subscribers.add(connection, "nobody at all", CHOICES, now=NOW)
    assert "nobody" not in str(caught.value)


def test_a_form_changes_nothing_for_somebody_who_is_subscribed_but_the_operator_may(database: Database) -> None:
    other = replace(CHOICES, hour=20)
    with database.write() as connection:
        person = subscribers.add(connection, "ann@example.org", CHOICES, now=NOW, confirmed=True)
        assert subscribers.add(connection, "ann@example.org", other, now=NOW) == person
        changed = subscribers.add(connection, "ann@example.org", other, now=NOW, confirmed=True)
    assert (changed.choices, changed.due) == (other, NOW + timedelta(hours=8))


def test_who_ended_may_come_back_only_by_confirming_anew(database: Database) -> None:
    with database.write() as connection:
        person = subscribers.add(connection, "ann@example.org", CHOICES, now=NOW, confirmed=True)
        assert subscribers.end(connection, [person.id], reason="unsubscribed", now=NOW + DAY) == 1
        assert subscribers.end(connection, [person.id], reason="complaint", now=NOW + DAY) == 0
        gone = subscribers.by_id(connection, person.id)
        assert (gone.state, gone.due, gone.ended_reason) == ("ended", None, "unsubscribed")
        assert subscribers.confirm(connection, person.id, now=NOW + DAY) == gone, "an old link does not undo an end"
        waiting = subscribers.add(connection, "ann@example.org", CHOICES, now=NOW + 2 * DAY)
        assert (waiting.state, waiting.ended_reason) == ("unconfirmed", None)
        assert waiting.consent["ended"]["reason"] == "unsubscribed"
        assert subscribers.confirm(connection, person.id, now=NOW + 2 * DAY).due == SEVEN + 2 * DAY


def test_an_end_can_be_taken_back(database: Database) -> None:
    with database.write() as connection:
        person = subscribers.add(connection, "ann@example.org", CHOICES, now=NOW, confirmed=True)
        assert subscribers.resubscribe(connection, person.id, now=NOW) == person
        subscribers.end(connection, [person.id], reason="unsubscribed", now=NOW)
        back = subscribers.resubscribe(connection, person.id, now=NOW + DAY)
    assert (back.state, back.due, back.ended_at) == ("open", SEVEN + DAY, None)


def test_changed_choices_keep_what_was_seen_and_move_the_due_moment(database: Database) -> None:
    with database.write() as connection:
        person = subscribers.add(connection, "ann@example.org", CHOICES, now=NOW, confirmed=True)
    updates(database, 3)
    with database.write() as connection:
        evening = subscribers.change(connection, person.id, replace(CHOICES, hour=20), now=NOW)
        assert (evening.seen, evening.due) == (0, NOW + timedelta(hours=8))
        paused = subscribers.pause(connection, person.id, NOW + 5 * DAY, now=NOW)
        assert paused.due == NOW + 5 * DAY + timedelta(hours=8)
        later = subscribers.change(connection, person.id, CHOICES, now=NOW)
        assert later.due == SEVEN + 5 * DAY, "a change does not end a pause"
        assert subscribers.pause(connection, person.id, None, now=NOW).due == SEVEN


def test_leaving_immediate_starts_where_the_alerts_stand(database: Database) -> None:
    with database.write() as connection:
        person = subscribers.add(connection, "ann@example.org", replace(CHOICES, cadence="immediate"), now=NOW, confirmed=True)
        assert person.due is None
    updates(database, 3)
    updates(database, 2, open_=True)
    with database.write() as connection:
        daily = subscribers.change(connection, person.id, CHOICES, now=NOW)
    assert (daily.seen, daily.due) == (3, SEVEN)


def test_listing_pages_through_people_by_state(database: Database) -> None:
    with database.write() as connection:
        people = [subscribers.add(connection, f"p{n}@example.org", CHOICES, now=NOW, confirmed=n % 2 == 0).id for n in range(5)]
        subscribers.end(connection, people[:1], reason="unsubscribed", now=NOW)
        assert [one.id for one in subscribers.listing(connection, limit=2)] == people[:2]
        assert [one.id for one in subscribers.listing(connection, after=people[1])] == people[2:]
        assert [one.id for one in subscribers.listing(connection, state="open")] == [people[2], people[4]]
        assert [one.id for one in subscribers.listing(connection, state="ended")] == people[:1]
        assert [one.id for one in subscribers.listing(connection, state="unconfirmed")] == [people[1], people[3]]
        with pytest.raises(LookupError, match="no subscriber"):
            subscribers.by_id(connection, 999)
        assert subscribers.by_address(connection, "nobody@example.org") is None


def test_equal_choices_are_stored_once_and_due_in_one_group(database: Database) -> None:
    with database.write() as connection:
        for number in range(4):
            choices = CHOICES if number < 3 else replace(CHOICES, language="ja")
            subscribers.add(connection, f"p{number}@example.org", choices, now=NOW, confirmed=True)
        assert len(connection.execute(select(table_of(AudienceRow))).all()) == 2
        assert audiences.due_groups(connection, SEVEN - timedelta(seconds=1)) == []
        groups = audiences.due_groups(connection, SEVEN)
    assert {(group.choices.language, group.seen, group.due) for group in groups} == {("en", 0, SEVEN), ("ja", 0, SEVEN)}


def test_who_is_erased_leaves_nothing_behind_even_with_a_mail_on_its_way(database: Database) -> None:
    with database.write() as connection:
        ann, ben = (subscribers.add(connection, f"{name}@example.org", CHOICES, now=NOW, confirmed=True) for name in ("ann", "ben"))
        for person in (ann, ben):
            outbox.welcome(connection, person.id, now=NOW)
        bounces.keep(connection, Bounce("h", "soft", "4.2.2", "full", "token", ann.id, None, NOW))
        leased = {each.subscriber: each.id for each in outbox.claim(connection, worker="w1", now=NOW, limit=5)}
    with database.write() as connection:
        assert subscribers.erase(connection, ann.id) == 1
    with database.write() as connection:
        outbox.record(connection, [outbox.Outcome(leased[ann.id], "sent", NOW, NOW, 1)], worker="w1")
        outbox.record(connection, [outbox.Outcome(leased[ann.id], "deferred", NOW, NOW, 1)], worker="w1")
    with database.read() as connection:
        assert subscribers.by_address(connection, "ann@example.org") is None
        assert list(connection.scalars(select(table_of(OutboxRow).c.subscriber))) == [ben.id]
        assert bounces.latest(connection) == []
    with database.write() as connection, pytest.raises(LookupError):
        subscribers.erase(connection, ann.id)
