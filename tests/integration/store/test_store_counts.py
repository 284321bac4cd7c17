"""What `alerts status` counts can be reconciled: entries → impacts → stories → updates → picks → mails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.digests.subscriber import Choices
from alerts.feeds.state import FeedState
from alerts.rules.levels import Level
from alerts.store import facts, feeds, rulesets, subscribers
from alerts.store.counts import count_all, failing_feeds
from alerts.store.db import Database

NOW = datetime(2026, 1, 5, 3, tzinfo=UTC)


def test_an_empty_database_counts_zero(database: Database) -> None:
    with database.read() as connection:
        counts = count_all(connection, NOW)
    numbers = {name: value for group in counts.values() for name, value in group.items() if isinstance(value, int)}
    assert set(numbers.values()) == {0}, numbers
    assert {"feeds", "entries", "impacts", "stories", "subscribers", "digests", "picks", "mails"} <= counts.keys()


def test_a_feed_that_is_no_longer_listed_does_not_count(database: Database) -> None:
    """Whoever takes a dead feed out of feeds.yaml has put it right."""
    states = [FeedState(id, f"https://{id}.example/", NOW, error_streak=streak) for id, streak in (("gone", 9), ("bad", 2), ("good", 0))]
    with database.write() as connection:
        feeds.save(connection, states, new=True)
        feeds.close_unlisted(connection, ["bad", "good"])
    with database.read() as connection:
        counts = count_all(connection, NOW)["feeds"]
        assert (counts["known"], counts["failing"], counts["never_polled"], failing_feeds(connection)) == (2, 1, 2, 1)


def test_people_are_counted_by_state(database: Database) -> None:
    choices = Choices(sectors=(("visas", Level.info),))
    with database.write() as connection:
        for number in range(4):
            subscribers.add(connection, f"p{number}@example.org", choices, now=NOW, confirmed=number > 0)
        subscribers.end(connection, [2], reason="unsubscribed", now=NOW)
    with database.read() as connection:
        counts = count_all(connection, NOW + timedelta(days=1))["subscribers"]
    assert {name: counts[name] for name in ("known", "receiving", "unconfirmed", "ended", "audiences", "overdue")} == {
        "known": 4, "receiving": 2, "unconfirmed": 1, "ended": 1, "audiences": 1, "overdue": 2,
    }  # fmt: skip


def test_a_fact_takes_the_place_of_the_earlier_one(database: Database) -> None:
    with database.write() as connection:
        assert facts.load_fact(connection, "tick") is None
        facts.save_fact(connection, "tick", {"n": 1}, at=NOW)
        facts.save_fact(connection, "tick", {"n": 2, "語": "日本語"}, at=NOW + timedelta(1))
        assert facts.load_fact(connection, "tick") == (NOW + timedelta(1), {"n": 2, "語": "日本語"})
        assert facts.load_facts(connection).keys() == {"tick"}


def test_a_rule_set_is_kept_whole_and_once(database: Database) -> None:
    files = {"rules/a.yaml": "- id: あ\n", "sectors.yaml": ""}
    with database.write() as connection:
        assert rulesets.keep_ruleset(connection, "h1", files, now=NOW)
        assert not rulesets.keep_ruleset(connection, "h1", {}, now=NOW)
        rulesets.keep_ruleset(connection, "h2", {}, now=NOW + timedelta(1))
        assert rulesets.load_ruleset(connection, "h1") == files
        assert rulesets.load_ruleset(connection, "h3") is None
        assert [(each.hash, each.impacts, each.digests) for each in rulesets.list_rulesets(connection)] == [("h2", 0, 0), ("h1", 0, 0)]


@pytest.mark.parametrize("hour", [0, 23])
def test_moments_come_back_in_utc_on_both_databases(database: Database, hour: int) -> None:
    at = datetime(2026, 7, 1, hour, 59, 59, 123456, tzinfo=UTC)
    with database.write() as connection:
        facts.save_fact(connection, "tick", {}, at=at.astimezone(datetime.now().astimezone().tzinfo))
        found = facts.load_fact(connection, "tick")
    assert found is not None
    assert (found[0], found[0].tzinfo) == (at, UTC)
