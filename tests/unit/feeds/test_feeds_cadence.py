"""When a feed is visited next, and what a server may ask for."""

from __future__ import annotations

import random
from bisect import bisect_right as bisect
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.feeds.cadence import CEILING, JITTER, after_failure, after_success, rhythm
from alerts.feeds.freshness import MAX_SECONDS, fresh_seconds, retry_after_seconds

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


def every(gap: timedelta, count: int = 20) -> list[datetime]:
    return [NOW - gap * n for n in range(count, 0, -1)]


def wait(**given: object) -> timedelta:
    return after_success("feed", NOW, **{"poll_minutes": 30, **given}) - NOW  # type: ignore[arg-type]


def near(minutes: float) -> tuple[timedelta, timedelta]:
    return timedelta(minutes=minutes), timedelta(minutes=minutes * (1 + JITTER))


@pytest.mark.parametrize(
    ("given", "minutes"),
    [
        ({}, 30),
        ({"arrivals": every(timedelta(minutes=5)), "shown": 20}, 30),
        ({"arrivals": every(timedelta(hours=2)), "shown": 20}, 60),
        ({"arrivals": every(timedelta(days=3)), "shown": 20}, 120),
        ({"arrivals": every(timedelta(hours=2)), "shown": 1}, 30),
        ({"fresh_seconds": 3600}, 60),
        ({"fresh_seconds": 864000}, 120),
        ({"ttl_minutes": 90}, 90),
        ({"ttl_minutes": 90, "fresh_seconds": 60}, 90),
    ],
)
def test_the_rhythm_of_a_feed_moves_its_visits_between_floor_and_ceiling(given: dict[str, object], minutes: float) -> None:
    least, most = near(minutes)
    assert least <= wait(**given) <= most


def newsroom(chance: random.Random, days: int, an_hour: float) -> list[datetime]:
    """Moments of publishing: a Japanese day and night, and now and then a burst as news breaks."""
    moment, moments = NOW, []
    while moment < NOW + timedelta(days=days):
        awake = (moment.hour + 9) % 24 >= 6
        moment += timedelta(hours=chance.expovariate(an_hour if awake else an_hour / 6))
        moments.append(moment)
        if chance.random() < 0.06:
            for _ in range(chance.randint(2, 5)):
                moment += timedelta(minutes=chance.uniform(1, 6))
                moments.append(moment)
    return moments


@pytest.mark.parametrize("an_hour", [0.4, 1, 3])
def test_a_document_of_seven_entries_loses_none_of_them(an_hour: float) -> None:
    """As NHK's: seven entries, looked at every ten minutes at most. A usual hour between two says little when news breaks."""
    for seed in range(8):
        moments = newsroom(random.Random(f"{seed} {an_hour}"), 30, an_hour)
        now, arrivals, seen, visits = NOW, (), set[datetime](), 0
        while now < moments[-1]:
            document = moments[: bisect(moments, now)][-7:]
            arrivals = (*arrivals, *(moment for moment in document if moment not in seen))[-40:]
            seen.update(document)
            now = after_success("nhk", now, poll_minutes=10, arrivals=arrivals, shown=len(document))
            visits += 1
        assert set(moments[: bisect(moments, now) - 7]) <= seen
        assert visits < 30 * 144 * (0.8 if an_hour < 1 else 1)


def test_a_feed_that_was_ever_flushed_quickly_is_looked_at_as_quickly() -> None:
    calm = every(timedelta(hours=24), 30)
    burst = [calm[15] + timedelta(minutes=7 * n) for n in range(1, 11)]
    assert near(120)[0] <= wait(arrivals=calm, shown=20) <= near(120)[1]
    least, most = near(70)
    assert least <= wait(arrivals=sorted([*calm, *burst]), shown=20) <= most


def test_a_safety_feed_keeps_its_lane() -> None:
    assert wait(fast=True, poll_minutes=2, fresh_seconds=9999, arrivals=every(timedelta(days=9))) == timedelta(minutes=2)


def test_hours_that_a_feed_asks_to_skip_are_skipped() -> None:
    due = after_success("feed", NOW, poll_minutes=30, skip_hours=(3, 4, 5))
    assert due.hour == 6


def test_days_that_a_feed_asks_to_skip_are_skipped_but_never_more_than_one() -> None:
    def due(*days: int) -> datetime:
        return after_success("feed", NOW, poll_minutes=30, skip_days=days)

    assert due(5, 6) - NOW < timedelta(hours=1), "it is Monday"
    assert due(0).weekday() == 1
    assert timedelta(hours=24) <= due(0, 1, 2, 3) - NOW <= timedelta(hours=25)


def test_errors_double_the_wait_up_to_a_day_and_never_end_it() -> None:
    waits = [after_failure("feed", NOW, poll_minutes=30, reason="timeout", streak=n) - NOW for n in range(1, 40)]
    assert waits[0] < timedelta(minutes=34)
    assert waits[1] > timedelta(minutes=59)
    assert max(waits) <= timedelta(hours=24) * (1 + JITTER)


def test_a_failing_feed_is_visited_before_its_entries_are_gone() -> None:
    moment, visits = NOW, 0
    lost_from = NOW + timedelta(hours=10)
    while moment < lost_from:
        visits += 1
        moment = after_failure("f", moment, poll_minutes=10, reason="timeout", streak=visits, lost_from=lost_from)
    assert 6 <= visits <= 20, "a handful, and the last one just in time"
    later = after_failure("f", moment, poll_minutes=10, reason="timeout", streak=visits, lost_from=lost_from) - moment
    assert later >= timedelta(hours=24), "afterwards there is nothing to save, and the usual waits return"
    wait = after_failure("f", NOW, poll_minutes=10, reason="http-429", streak=1, retry_after=86_400, lost_from=lost_from) - NOW
    assert wait == timedelta(hours=24), "what the server asks for goes first"


def test_being_shut_out_waits_a_day_and_so_does_being_gone() -> None:
    assert after_failure("f", NOW, poll_minutes=30, reason="http-403", streak=1) - NOW >= timedelta(hours=24)
    for times in (1, 2):
        wait = after_failure("f", NOW, poll_minutes=30, reason="http-410", streak=times, gone=times) - NOW
        assert timedelta(days=1) <= wait < timedelta(days=1.2)


def test_retry_after_is_a_least_wait() -> None:
    assert after_failure("f", NOW, poll_minutes=30, reason="http-503", streak=1, retry_after=7200) - NOW == timedelta(hours=2)


@given(st.integers(1, 10_080), st.lists(st.datetimes(min_value=datetime(2020, 1, 1)), max_size=30), st.integers(0, 500))  # noqa: DTZ001
def test_every_wait_lies_between_floor_and_ceiling(minutes: int, arrivals: list[datetime], shown: int) -> None:
    aware = sorted(moment.replace(tzinfo=UTC) for moment in arrivals)
    waited = after_success("feed", NOW, poll_minutes=minutes, arrivals=aware, shown=shown) - NOW
    assert timedelta(minutes=minutes) <= waited <= timedelta(minutes=minutes) * CEILING * (1 + JITTER)


def test_feeds_due_together_are_spread_out_the_same_way_every_time() -> None:
    first = [after_success(f"feed-{n}", NOW, poll_minutes=60) for n in range(50)]
    assert len(set(first)) == 50
    assert first == [after_success(f"feed-{n}", NOW, poll_minutes=60) for n in range(50)]


def test_a_rhythm_needs_four_entries() -> None:
    assert rhythm(every(timedelta(hours=1), 3)) is None
    assert rhythm(every(timedelta(hours=1), 4)) == timedelta(hours=1)


DATE = "Mon, 02 Mar 2026 03:00:00 GMT"
HEADERS = {
    "seconds": ({"retry-after": "120"}, 120),
    "a date, against the server's own clock": ({"retry-after": "Mon, 02 Mar 2026 04:00:00 GMT", "date": DATE}, 3600),
    "a server clock ten years off": ({"retry-after": "Wed, 02 Mar 2016 04:00:00 GMT", "date": "Wed, 02 Mar 2016 03:00:00 GMT"}, 3600),
    "a date without a clock": ({"retry-after": "Mon, 02 Mar 2026 04:00:00 GMT"}, None),
    "a date gone by": ({"retry-after": "Mon, 02 Mar 2026 02:00:00 GMT", "date": DATE}, None),
    "absurdly long": ({"retry-after": "99999999999"}, MAX_SECONDS),
    "negative": ({"retry-after": "-5"}, None),
    "words": ({"retry-after": "soon"}, None),
    "nothing": ({}, None),
}


@pytest.mark.parametrize("name", HEADERS)
def test_retry_after(name: str) -> None:
    headers, seconds = HEADERS[name]
    assert retry_after_seconds(headers) == seconds


FRESH = {
    "max-age": ({"cache-control": "public, max-age=600"}, 600),
    "max-age less the age": ({"cache-control": "max-age=600", "age": "100"}, 500),
    "no-cache": ({"cache-control": "no-cache, max-age=600"}, None),
    "s-maxage is not ours": ({"cache-control": "s-maxage=600"}, None),
    "expires": ({"expires": "Mon, 02 Mar 2026 03:10:00 GMT", "date": DATE}, 600),
    "expires 0": ({"expires": "0", "date": DATE}, None),
    "expires in the past": ({"expires": "Sun, 01 Mar 2026 03:10:00 GMT", "date": DATE}, 0),
    "a year": ({"cache-control": "max-age=31536000"}, MAX_SECONDS),
    "nothing": ({}, None),
}


@pytest.mark.parametrize("name", FRESH)
def test_freshness(name: str) -> None:
    headers, seconds = FRESH[name]
    assert fresh_seconds(headers) == seconds


@given(st.dictionaries(st.sampled_from(["retry-after", "date", "expires", "cache-control", "age"]), st.text(max_size=30)))
def test_no_header_breaks_the_reader(headers: dict[str, str]) -> None:
    for seconds in (retry_after_seconds(headers), fresh_seconds(headers)):
        assert seconds is None or 0 <= seconds <= MAX_SECONDS
