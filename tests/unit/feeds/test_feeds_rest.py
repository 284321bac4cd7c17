"""Nobody publishes on a holiday: an office that rests is not silent, and one that is dead is found all the same."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.feeds.catalog import Feed
from alerts.feeds.rest import is_holiday, rests, silence
from alerts.feeds.state import FeedState
from alerts.feeds.verdict import report

TOKYO = ZoneInfo("Asia/Tokyo")
MINISTRY = Feed(
    id="m", url="http://m.example/", title="News", publisher="M", kind="official", country="JPN", timezone="Asia/Tokyo", staleness_hours=48
)
WEEKLY = MINISTRY.model_copy(update={"staleness_hours": 168})

HOLIDAYS = {
    2025: "1/1 1/2 1/3 1/13 2/11 2/23 2/24 3/20 4/29 5/3 5/4 5/5 5/6 7/21 8/11 9/15 9/23 10/13 11/3 11/23 11/24 12/29 12/30 12/31",
    2026: "1/1 1/2 1/3 1/12 2/11 2/23 3/20 4/29 5/3 5/4 5/5 5/6 7/20 8/11 9/21 9/22 9/23 10/12 11/3 11/23 12/29 12/30 12/31",
    2027: "1/1 1/2 1/3 1/11 2/11 2/23 3/21 3/22 4/29 5/3 5/4 5/5 7/19 8/11 9/20 9/23 10/11 11/3 11/23 12/29 12/30 12/31",
}


@pytest.mark.parametrize("year", HOLIDAYS)
def test_days_on_which_japans_offices_are_closed(year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    assert " ".join(f"{day.month}/{day.day}" for day in days if is_holiday(day, "JPN")) == HOLIDAYS[year]


def test_elsewhere_the_turn_of_the_year_is_quiet() -> None:
    assert is_holiday(date(2026, 12, 27), "GBR")
    assert not is_holiday(date(2026, 5, 4), "GBR")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO).astimezone(UTC)


def counted(feed: Feed, since: str, now: str) -> float:
    return silence(feed, {}, at(since), at(now)) / timedelta(hours=1)


@pytest.mark.parametrize(
    ("feed", "since", "now", "hours"),
    [
        (MINISTRY, "2026-03-06T18:00", "2026-03-09T09:00", 15),  # Friday evening to Monday morning
        (MINISTRY, "2026-03-07T12:00", "2026-03-08T12:00", 0),  # within a weekend
        (MINISTRY, "2026-05-01T18:00", "2026-05-07T09:00", 15),  # Golden Week
        (MINISTRY, "2025-12-26T18:00", "2026-01-05T09:00", 15),  # New Year
        (MINISTRY, "2026-03-02T09:00", "2026-03-04T09:00", 48),
        (WEEKLY, "2026-03-06T18:00", "2026-03-09T09:00", 63),  # a limit of a week has its weekend in it
        (WEEKLY, "2025-12-26T18:00", "2026-01-05T09:00", 231 - 5 * 24),
    ],
)
def test_days_of_rest_are_no_silence(feed: Feed, since: str, now: str, hours: float) -> None:
    assert counted(feed, since, now) == hours


def verdict(feed: Feed, last: str, now: str) -> str:
    moment = at(last)
    return report(feed, FeedState(feed.id, feed.url, moment, last_poll=moment, last_success=moment, last_new_entry=moment), at(now)).verdict


def test_a_ministry_is_not_called_silent_on_a_monday_nor_after_the_holidays_but_when_it_is_dead() -> None:
    assert verdict(MINISTRY, "2026-03-06T18:00", "2026-03-09T09:00") == "fine"
    assert verdict(MINISTRY, "2026-03-06T18:00", "2026-03-10T19:00") == "silent"
    assert verdict(WEEKLY, "2025-12-26T18:00", "2026-01-05T09:00") == "fine"
    assert verdict(WEEKLY, "2025-12-26T18:00", "2026-01-08T09:00") == "silent"
    newsroom = MINISTRY.model_copy(update={"kind": "press"})
    assert verdict(newsroom, "2026-03-06T18:00", "2026-03-09T09:00") == "silent"
    assert verdict(MINISTRY.model_copy(update={"fast": True}), "2026-03-06T18:00", "2026-03-09T09:00") == "silent"


def test_what_visits_have_shown_counts_more_than_what_offices_usually_do() -> None:
    month = [date(2026, 3, 2) + timedelta(days=n) for n in range(28)]
    weekdays = {day.isoformat(): (24, 0, 0 if day.weekday() >= 5 else 6) for day in month}
    daily = {day.isoformat(): (24, 0, 6) for day in month}
    newsroom = MINISTRY.model_copy(update={"kind": "press"})
    assert rests(newsroom, weekdays)
    assert not rests(MINISTRY, daily)
    assert rests(MINISTRY, dict.fromkeys(daily, (24, 24, 0))), "failures show nothing"


def test_the_sentence_says_what_is_not_counted() -> None:
    moment = at("2026-03-02T09:00")
    state = FeedState("m", "", moment, last_poll=moment, last_success=moment, last_new_entry=moment)
    assert "its limit is 48 hours, weekends and holidays not counted" in report(MINISTRY, state, at("2026-03-20T09:00")).sentence
    assert "its limit is 7 days, holidays not counted" in report(WEEKLY, state, at("2026-03-20T09:00")).sentence
