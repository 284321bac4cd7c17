"""Days on which nobody publishes: an office that rests at weekends and on holidays is not silent. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from alerts.feeds.catalog import Feed

WEEK_HOURS = 168
"""A limit of a week or more has its weekends in it already; a shorter one is counted without them."""
WEEKEND_DAYS = 4
LEAST_NEW = 5
"""After visits on so many days of weekends, and so many entries on other days, a feed's own habit is known."""
MOST_DAYS = 400
"""A longer silence is one whatever the calendar says."""

_FIXED = {
    (1, 1), (2, 11), (2, 23), (4, 29), (5, 3), (5, 4), (5, 5), (8, 11), (11, 3), (11, 23),
}  # fmt: skip
_MONDAYS = {1: 2, 7: 3, 9: 3, 10: 2}
"""Month and which Monday of it: Coming of Age, Marine, Respect for the Aged, Sports."""
_CLOSED_JAPAN = {(12, 29), (12, 30), (12, 31), (1, 2), (1, 3)}
"""Offices are closed by law (Act on Holidays of Administrative Organs, article 1)."""
_CLOSED_ELSEWHERE = {(12, 24), (12, 25), (12, 26), (12, 27), (12, 28), (12, 29), (12, 30), (12, 31), (1, 1)}


def is_holiday(day: date, country: str) -> bool:
    """True if the offices of a country are closed though it is no weekend: Japan's holidays, elsewhere the turn of the year."""
    if country != "JPN":
        return (day.month, day.day) in _CLOSED_ELSEWHERE
    return (day.month, day.day) in _CLOSED_JAPAN or day in _holidays(day.year)


@lru_cache(maxsize=16)
def _holidays(year: int) -> frozenset[date]:
    """Japan's public holidays of a year between 2020 and 2099, with those that make up for a Sunday and those between two others."""
    found = {date(year, month, day) for month, day in _FIXED}
    for month, number in _MONDAYS.items():
        first = date(year, month, 1)
        found.add(first + timedelta(days=-first.weekday() % 7 + 7 * (number - 1)))
    since = year - 1980
    found.add(date(year, 3, int(20.8431 + 0.242194 * since) - since // 4))  # the equinoxes, by the observatory's formula
    found.add(date(year, 9, int(23.2488 + 0.242194 * since) - since // 4))
    for sunday in sorted(day for day in found if day.weekday() == 6):
        found.add(next(day for ahead in range(1, 9) if (day := sunday + timedelta(days=ahead)) not in found))
    between = {day + timedelta(days=1) for day in found if day + timedelta(days=2) in found}
    return frozenset(found | between)


def rests(feed: Feed, days: Mapping[str, Sequence[int]]) -> bool:
    """True for a feed that publishes on weekdays only. `days` are its visits, failures and new entries by local day.

    What its visits have shown decides; until they have shown enough, offices rest and newsrooms do not.
    """
    weekend: list[int] = []
    week: list[int] = []
    for name, (visits, failed, new) in days.items():
        if visits > failed:
            (weekend if date.fromisoformat(name).weekday() >= 5 else week).append(new)
    if len(weekend) >= WEEKEND_DAYS and sum(week) >= LEAST_NEW:
        return sum(weekend) * 20 <= sum(week)
    return feed.kind == "official" and not feed.fast


def silence(feed: Feed, days: Mapping[str, Sequence[int]], since: datetime, now: datetime) -> timedelta:
    """Return how long nothing came, without the days on which nothing was to be expected."""
    passed = now - since
    if passed > timedelta(days=MOST_DAYS) or not rests(feed, days):
        return passed
    zone = ZoneInfo(feed.timezone)
    day, last = since.astimezone(zone).date(), now.astimezone(zone).date()
    while day <= last:
        begin, end = (datetime.combine(each, time(), zone).astimezone(UTC) for each in (day, day + timedelta(days=1)))
        if is_off(day, feed):
            passed -= min(end, now) - max(begin, since)
        day += timedelta(days=1)
    return passed


def is_off(day: date, feed: Feed) -> bool:
    """True for a local day that is not counted for a feed that rests."""
    if day.weekday() >= 5:
        return feed.staleness_hours < WEEK_HOURS
    return is_holiday(day, feed.country)
