"""How a feed is, told from what its visits brought: silence and flood, drift of encoding and dates, and thirty days at a glance."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.errors import FeedError
from alerts.feeds.catalog import Feed
from alerts.feeds.entry import Source
from alerts.feeds.fetch import Fetched
from alerts.feeds.health import Reading, after_failure, after_read, after_unchanged, set_up, take_up
from alerts.feeds.merge import merge
from alerts.feeds.parse import parse
from alerts.feeds.state import FeedState
from alerts.feeds.verdict import report, sparkline

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
FEED = Feed(id="town", url="http://town.example/feed", title="News", publisher="Town", staleness_hours=72)
START = FeedState(FEED.id, FEED.url, NOW)


def read(state: FeedState, now: datetime, *numbers: int, encoding: str = "utf-8", dates: bool = True) -> FeedState:
    """The state after a visit that found entries with these numbers, published an hour before."""
    date = f"<pubDate>{now - timedelta(hours=1):%a, %d %b %Y %H:%M:%S} GMT</pubDate>" if dates else ""
    items = "".join(f"<item><title>Notice {n}</title><link>http://town.example/{n}</link>{date}</item>" for n in numbers)
    text = f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0"><channel><title>町</title>{items}</channel></rss>'
    parsed = parse(text.encode(encoding), content_type="", url=FEED.url, feed_source=Source("town", "Town"), timezone="UTC", now=now)
    merged = merge(parsed.items, stored={}, recent=(), health=state.health, now=now, last_success=state.last_success)
    return after_read(state, FEED, Reading(Fetched(200, FEED.url, b""), parsed, merged, text), now)


def day(number: float) -> datetime:
    return NOW + timedelta(days=number)


def test_silence_is_told_after_its_limit_and_ends_with_an_entry() -> None:
    state = read(START, NOW, 1, 2, 3)
    assert report(FEED, state, day(2)).verdict == "fine"
    state = after_unchanged(state, FEED, Fetched(304, FEED.url, None), day(3.1))
    told = report(FEED, state, day(3.1))
    assert told.verdict == "silent"
    assert "nothing new for 3 days; its limit is 3 days" in told.sentence
    assert report(FEED, read(state, day(4), 4), day(4)).verdict == "fine"


def test_a_flood_is_told_against_what_is_usual() -> None:
    state = START
    for number in range(10):
        state = read(state, day(number), number)
    assert report(FEED, state, day(9)).verdict == "fine"
    for last in range(104, 161, 4):  # a few at every visit: all at once would be held
        state = read(state, day(10), 9, *range(100, last))
    told = report(FEED, state, day(10))
    assert told.verdict == "flood"
    assert told.sentence == "60 new entries today, where 1 a day are usual"
    assert report(FEED, read(state, day(11), 200), day(11)).verdict == "fine", "it is over with the day"


def test_failures_make_a_feed_failing_then_dead_and_one_good_visit_ends_that() -> None:
    state = read(START, NOW, 1)
    verdicts = []
    for number in range(6):
        state = after_failure(state, FEED, FeedError("http-500", "HTTP 500: the server has an error of its own"), day(number / 10))
        verdicts.append(report(FEED, state, day(number / 10)).verdict)
    assert verdicts == ["failing"] * 4 + ["dead"] * 2
    assert report(FEED, read(state, day(1), 2), day(1)).verdict == "fine"


def test_gone_is_believed_when_it_is_said_three_times_in_a_row_and_not_after_other_failures() -> None:
    state = read(START, NOW, 1)
    ended, verdicts = [], []
    for reason in ("http-500", "timeout", "http-410", "http-410", "http-502", "http-410", "http-410", "http-410"):
        state = after_failure(replace(state, error_streak=0), FEED, FeedError(reason, "no"), NOW)
        ended.append(state.ended and not state.open)
        verdicts.append(report(FEED, state, NOW).verdict)
    assert ended == [False] * 7 + [True]
    assert verdicts == ["failing"] * 7 + ["dead"]
    sentence = report(FEED, state, NOW).sentence
    assert f"visited no more since {NOW:%Y-%m-%d}" in sentence
    assert f"alerts feeds release {FEED.id}" in sentence
    fetched = Fetched(304, FEED.url, None)
    assert after_unchanged(state, FEED, fetched, NOW).health.gone == read(state, NOW, 2).health.gone == 0


def test_a_feed_that_ended_is_taken_up_by_a_new_address_by_switching_it_off_and_on_or_by_hand() -> None:
    ended = read(set_up(FEED, None, NOW), NOW, 1)
    for _ in range(3):
        ended = after_failure(ended, FEED, FeedError("http-410", "no"), NOW)
    assert set_up(FEED, ended, NOW) == ended, "nothing by itself"
    moved = set_up(FEED.model_copy(update={"url": "https://elsewhere.example/feed"}), ended, day(1))
    off = set_up(FEED.model_copy(update={"enabled": False, "reason": "gone"}), ended, day(1))
    assert not off.open
    for again in (moved, set_up(FEED, off, day(1)), take_up(ended, day(1))):
        assert again.open
        assert again.due == day(1)
        assert not again.ended


@pytest.mark.parametrize(
    ("change", "said"),
    [({"encoding": "shift_jis"}, "encoding changed from utf-8 to shift_jis"), ({"dates": False}, "dates changed from given to missing")],
)
def test_drift_is_put_on_record_with_its_day(change: dict[str, object], said: str) -> None:
    state = read(read(START, NOW, 1), day(1), 1, 2, **change)  # type: ignore[arg-type]
    assert state.health.drift == (f"2026-03-03 {said}",)


def test_thirty_days_at_a_glance() -> None:
    days = {"2026-02-28": (4, 0, 0), "2026-03-01": (4, 4, 0), "2026-03-02": (4, 1, 9)}
    assert sparkline(days, "2026-03-02") == " " * 27 + "▁×█"[:3]
    assert len(sparkline({}, "2026-03-02")) == 30


def test_a_feed_that_is_off_or_new_says_so() -> None:
    assert report(FEED.model_copy(update={"enabled": False, "reason": "Closed."}), None, NOW).sentence == "Closed."
    assert report(FEED, replace(START), NOW).verdict == "new"
