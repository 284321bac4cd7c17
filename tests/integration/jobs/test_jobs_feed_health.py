"""What the operator is mailed about feeds: dead and back, once each, together, and never one by one when the network is down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from alerts.clock import SetClock
from alerts.feeds.catalog import Catalog, Feed
from alerts.feeds.state import FeedState
from alerts.feeds.trouble import GAP, change
from alerts.feeds.verdict import Report, Verdict
from alerts.jobs.context import Context
from alerts.jobs.feed_health import HealthCount, tell_of_feeds
from alerts.settings import Home, Settings
from alerts.store import feeds as feed_store
from alerts.store.db import Database
from alerts.store.leases import table_of
from alerts.store.service_tables import NoticeRow

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
FEEDS = tuple(Feed(id=f"f{n}", url=f"http://news.example/{n}", title=f"News {n}", publisher="Ministry") for n in range(12))


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    settings = Settings(database_url="sqlite://", mail_url="maildir:x", secret_key="k" * 64)
    given = Context(settings, Home(tmp_path), database, SetClock(NOW), Catalog(feeds=FEEDS), None, "one")  # type: ignore[arg-type]
    with database.write() as connection:
        feed_store.save(
            connection, [FeedState(feed.id, feed.url, NOW, last_poll=NOW, last_success=NOW, last_new_entry=NOW) for feed in FEEDS], new=True
        )
    return given


def fail(context: Context, streak: int, numbers: Sequence[int]) -> None:
    with context.database.write() as connection:
        states = feed_store.load_all(connection)
        changed = [
            replace(states[f"f{n}"], error_streak=streak, error_message="HTTP 404: there is nothing", last_new_entry=NOW) for n in numbers
        ]
        feed_store.save(connection, changed)


def later(context: Context, hours: float) -> HealthCount:
    context.clock.set(context.clock.now() + timedelta(hours=hours))  # type: ignore[attr-defined]
    return tell_of_feeds(context)


def notices(context: Context) -> list[tuple[str, list[str]]]:
    table = table_of(NoticeRow)
    with context.database.read() as connection:
        return [(row.subject, row.lines) for row in connection.execute(select(table).order_by(table.c.id))]


def test_a_feed_that_dies_is_told_once_and_its_return_once(context: Context) -> None:
    assert tell_of_feeds(context) == HealthCount()
    fail(context, 4, [1])
    assert later(context, 1) == HealthCount(), "it may still recover"
    fail(context, 5, [1])
    assert later(context, 1) == HealthCount(in_trouble=1)
    assert [later(context, 1) for _ in range(6)] == [HealthCount()] * 6
    fail(context, 0, [1])
    assert later(context, 1) == HealthCount(back=1)
    subjects = [subject for subject, _ in notices(context)]
    assert subjects == ["Feeds: f1 in trouble", "Feeds: f1 back"]
    assert "f1 (Ministry, News 1) is dead: failed 5 times in a row: HTTP 404" in notices(context)[0][1][0]


def test_the_figures_count_feeds_by_how_they_are(context: Context) -> None:
    from fastapi.testclient import TestClient

    from alerts.web.app import create_app

    fail(context, 5, [1, 2])
    tell_of_feeds(context)
    app = create_app(settings=context.settings, database=context.database, clock=context.clock, rules=lambda: None, templates=None)  # type: ignore[arg-type,return-value]
    text = TestClient(app).get("/metrics").text
    assert 'alerts_feeds{verdict="dead"} 2.0' in text
    assert 'alerts_feeds{verdict="fine"} 10.0' in text
    assert 'alerts_feed_failures_in_a_row{feed="f1"} 5.0' in text
    assert 'alerts_feed_failures_in_a_row{feed="f3"} 0.0' in text
    for name in ("success", "entry"):
        line = next(each for each in text.splitlines() if each.startswith(f'alerts_feed_{name}_timestamp_seconds{{feed="f3"}}'))
        assert float(line.split()[1]) == NOW.timestamp()


def test_many_that_die_one_after_the_other_share_a_mail(context: Context) -> None:
    for number in range(5):
        fail(context, 5, [number])
        later(context, 0.5)
    later(context, 4)
    assert [subject for subject, _ in notices(context)] == ["Feeds: f0 in trouble", "Feeds: 4 feeds in trouble"]


def test_what_matters_most_is_named_first(context: Context) -> None:
    tiers = Catalog(feeds=tuple(feed.model_copy(update={"tier": 3 - n % 3}) for n, feed in enumerate(FEEDS)))
    fail(context, 5, [3, 4, 5])
    assert tell_of_feeds(replace(context, catalog=tiers)) == HealthCount(in_trouble=3)
    assert notices(context)[0][0] == "Feeds: f5, f4, f3 in trouble"


def test_when_most_feeds_fail_the_network_is_named_and_no_feed(context: Context) -> None:
    fail(context, 7, range(9))
    assert [later(context, 5) for _ in range(3)] == [HealthCount()] * 3
    fail(context, 0, range(9))
    later(context, 5)
    assert [subject for subject, _ in notices(context)] == ["Most feeds cannot be read: is the network up?", "Most feeds can be read again"]


def test_a_silent_feed_is_told_too(context: Context) -> None:
    assert later(context, 169) == HealthCount(in_trouble=12)
    assert "is silent: nothing new for 7 days" in notices(context)[0][1][0]


VERDICTS = st.sampled_from(["fine", "failing", "dead", "silent", "held", "flood", "off"])


@given(st.lists(st.lists(VERDICTS, min_size=4, max_size=4), min_size=1, max_size=40))
def test_whatever_feeds_do_mails_are_rare_and_each_feed_alternates(history: list[list[Verdict]]) -> None:
    told: dict[str, str] = {}
    last: datetime | None = None
    seen: dict[str, list[str]] = {feed.id: [] for feed in FEEDS[:4]}
    for hour, verdicts in enumerate(history):
        now = NOW + timedelta(hours=hour)
        found = change([(feed, Report(verdict, "")) for feed, verdict in zip(FEEDS, verdicts, strict=False)], told, last, now)
        if found is None:
            continue
        assert last is None or now - last >= GAP
        told, last = dict(found.told), now
        for feed, _ in found.began:
            seen[feed.id].append("began")
        for feed, _ in found.back:
            seen[feed.id].append("back")
    for words in seen.values():
        assert all(word == ("began" if n % 2 == 0 else "back") for n, word in enumerate(words))
