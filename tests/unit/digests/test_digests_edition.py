"""Due moments, edition names and alert hours."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.digests.edition import alert_due, edition_name, local_zone, next_due, zone_problem
from alerts.digests.subscriber import Choices
from alerts.rules.levels import Level

ZONES = sorted(available_timezones() - {"localtime", "posixrules", "Factory"})


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def dues(choices: Choices, after: datetime, count: int) -> list[datetime]:
    found = []
    for _ in range(count):
        due = next_due(choices, after)
        assert due is not None
        found.append(due)
        after = due
    return found


def local(moments: list[datetime], zone: str) -> list[str]:
    return [moment.astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M") for moment in moments]


@pytest.mark.parametrize(
    ("zone", "hour", "after", "expected"),
    [
        pytest.param("Asia/Tokyo", 7, "2026-01-01T21:00", ["01-02 07:00", "01-03 07:00"], id="no daylight saving"),
        pytest.param("Asia/Tokyo", 7, "2026-01-01T22:00", ["01-03 07:00"], id="the due moment itself is over"),
        pytest.param("Asia/Kathmandu", 7, "2026-01-01T00:00", ["01-01 07:00", "01-02 07:00"], id="offset of 5:45"),
        pytest.param("America/New_York", 2, "2026-03-07T06:00", ["03-07 02:00", "03-08 03:00", "03-09 02:00"], id="spring gap"),
        pytest.param("America/New_York", 1, "2026-10-31T04:00", ["10-31 01:00", "11-01 01:00", "11-02 01:00"], id="repeated hour"),
        pytest.param("Australia/Lord_Howe", 2, "2026-10-02T12:00", ["10-03 02:00", "10-04 02:30", "10-05 02:00"], id="half-hour gap"),
        pytest.param("America/Santiago", 0, "2026-09-05T01:00", ["09-05 00:00", "09-06 01:00", "09-07 00:00"], id="gap at midnight"),
        pytest.param("America/Nuuk", 23, "2026-03-27T12:00", ["03-27 23:00", "03-28 22:00", "03-29 23:00"], id="gap up to midnight"),
        pytest.param("Pacific/Apia", 7, "2011-12-29T12:00", ["12-29 07:00", "12-31 07:00", "01-01 07:00"], id="date that does not exist"),
    ],
)
def test_daily_is_due_once_on_each_local_date(zone: str, hour: int, after: str, expected: list[str]) -> None:
    choices = Choices(timezone=zone, hour=hour)
    assert local(dues(choices, utc(after), len(expected)), zone) == expected


def test_the_first_of_two_equal_hours_is_due() -> None:
    due = next_due(Choices(timezone="America/New_York", hour=1), utc("2026-11-01T04:30"))
    assert due == utc("2026-11-01T05:00")


def test_weekly_is_due_on_its_weekday() -> None:
    choices = Choices(cadence="weekly", weekday=4, timezone="Europe/London", hour=8)
    assert local(dues(choices, utc("2026-03-20T12:00"), 2), "Europe/London") == ["03-27 08:00", "04-03 08:00"]


def test_weekly_survives_a_weekday_that_its_zone_skips() -> None:
    choices = Choices(cadence="weekly", weekday=4, timezone="Pacific/Apia", hour=8)
    found = dues(choices, utc("2011-12-24T12:00"), 2)
    assert local(found, "Pacific/Apia") == ["12-29 08:00", "01-06 08:00"]
    assert [edition_name(choices, due) for due in found] == ["weekly:2011-W52", "weekly:2012-W01"]


def test_immediate_has_no_digest() -> None:
    assert next_due(Choices(cadence="immediate"), utc("2026-01-01T00:00")) is None


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "Europe", "Asia/Tokyo\x00"])
def test_an_unknown_zone_is_tokyo_and_is_told(name: str) -> None:
    assert local_zone(name).key == "Asia/Tokyo"
    assert "Asia/Tokyo" in zone_problem(name)
    assert next_due(Choices(timezone=name), utc("2026-01-01T21:00")) == utc("2026-01-01T22:00")


def test_a_known_zone_has_no_problem() -> None:
    assert zone_problem("Asia/Kathmandu") == ""


def test_editions_are_named_by_the_local_date() -> None:
    assert edition_name(Choices(timezone="Pacific/Auckland"), utc("2026-01-01T18:00")) == "daily:2026-01-02"
    assert edition_name(Choices(timezone="Asia/Tokyo", cadence="weekly"), utc("2025-12-28T22:00")) == "weekly:2026-W01"


def test_a_later_hour_on_the_same_date_waits_for_tomorrow() -> None:
    """The digest of 07:00 went; at noon the reader chooses 20:00."""
    evening = Choices(hour=20)
    noon = utc("2026-01-03T03:00")
    assert next_due(evening, noon) == utc("2026-01-03T11:00")
    assert next_due(evening, noon, sent="daily:2026-01-03") == utc("2026-01-04T11:00")


def test_a_move_back_over_the_date_line_gives_no_second_edition_of_a_date() -> None:
    honolulu = Choices(timezone="Pacific/Honolulu", hour=7)
    due = next_due(honolulu, utc("2026-01-02T23:00"), sent="daily:2026-01-03")
    assert due is not None
    assert edition_name(honolulu, due) == "daily:2026-01-04"


def test_another_cadence_does_not_hold_back_the_first_edition() -> None:
    due = next_due(Choices(hour=20), utc("2026-01-03T03:00"), sent="weekly:2026-W01")
    assert due == utc("2026-01-03T11:00")


def test_after_an_outage_one_moment_is_due() -> None:
    """Due on the 1st, the service is back on the 4th: the row is late once, its next due moment is ahead."""
    back = utc("2026-01-04T12:00")
    due = next_due(Choices(), back)
    assert due is not None
    assert back < due <= back + timedelta(days=1)


@pytest.mark.parametrize(
    ("quiet", "level", "sectors", "now", "expected"),
    [
        pytest.param((22, 7), Level.prepare, ("visas",), "01-02 12:00", "01-02 12:00", id="by day at once"),
        pytest.param((22, 7), Level.prepare, ("visas",), "01-02 23:10", "01-03 07:00", id="quiet hours wrap midnight"),
        pytest.param(None, Level.prepare, ("visas",), "01-02 23:10", "01-03 07:00", id="prepare waits for waking hours"),
        pytest.param((9, 9), Level.prepare, ("visas",), "01-02 09:30", "01-02 09:30", id="equal ends mean no quiet hours"),
        pytest.param((9, 17), Level.prepare, ("visas",), "01-02 09:30", "01-02 17:00", id="quiet by day"),
        pytest.param((7, 22), Level.prepare, ("visas",), "01-02 09:30", "01-02 22:00", id="own wish over waking hours"),
        pytest.param((22, 7), Level.act, ("visas",), "01-03 03:20", "01-03 07:00", id="act waits for the end of quiet hours"),
        pytest.param(None, Level.act, ("visas",), "01-03 03:20", "01-03 03:20", id="act without quiet hours at once"),
        pytest.param((22, 7), Level.act, ("safety", "visas"), "01-03 03:20", "01-03 03:20", id="act for safety breaks quiet hours"),
        pytest.param((22, 7), Level.prepare, ("safety",), "01-03 03:20", "01-03 07:00", id="prepare for safety does not"),
    ],
)
def test_alerts_keep_the_hours(quiet: tuple[int, int] | None, level: Level, sectors: tuple[str, ...], now: str, expected: str) -> None:
    zone = ZoneInfo("Asia/Tokyo")
    moment = datetime.strptime(f"2026-{now}", "%Y-%m-%d %H:%M").replace(tzinfo=zone)
    assert local([alert_due(Choices(quiet=quiet), level, sectors, moment)], "Asia/Tokyo") == [expected]


moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive


@settings(max_examples=150, deadline=None)
@given(zone=st.sampled_from(ZONES), hour=st.integers(0, 23), start=moments)
def test_daily_editions_of_any_zone_are_one_per_local_date(zone: str, hour: int, start: datetime) -> None:
    """Strictly increasing, no date left out, none twice; two are a day apart, but for what a clock change adds or takes."""
    choices = Choices(timezone=zone, hour=hour)
    found = dues(choices, start, 5)
    days = [moment.astimezone(ZoneInfo(zone)).date() for moment in found]
    assert days == [days[0] + timedelta(days=n) for n in range(5)]
    for earlier, later in pairwise(found):
        shift = later.astimezone(ZoneInfo(zone)).utcoffset() - earlier.astimezone(ZoneInfo(zone)).utcoffset()  # type: ignore[operator]
        assert abs(later - earlier - timedelta(days=1)) <= max(abs(shift), timedelta(hours=1))
    assert start < found[0] <= start + timedelta(hours=27)


@pytest.mark.parametrize("hour", [0, 1, 2, 3, 23])
def test_every_clock_change_of_every_zone_keeps_one_edition_a_date(hour: int) -> None:
    """The nights of all clock changes from 2024 to 2026, found by comparing the offsets of neighbouring dates."""
    checked = 0
    for zone in ZONES[:: 5 if hour != 2 else 3]:
        info, day = ZoneInfo(zone), date(2024, 1, 1)
        while day < date(2026, 12, 31):
            noon = datetime(day.year, day.month, day.day, 12, tzinfo=info)
            if noon.utcoffset() != (noon + timedelta(days=7)).utcoffset():
                found = dues(Choices(timezone=zone, hour=hour), noon.astimezone(UTC), 8)
                days = [moment.astimezone(info).date() for moment in found]
                assert days == [days[0] + timedelta(days=n) for n in range(8)], zone
                checked += 1
            day += timedelta(days=7)
    assert checked


@settings(max_examples=60, deadline=None)
@given(zone=st.sampled_from(ZONES), weekday=st.integers(0, 6), start=moments)
def test_weekly_editions_of_any_zone_are_one_per_week(zone: str, weekday: int, start: datetime) -> None:
    choices = Choices(timezone=zone, cadence="weekly", weekday=weekday)
    found = dues(choices, start, 3)
    assert [moment.astimezone(ZoneInfo(zone)).weekday() for moment in found] == [weekday] * 3
    assert len({edition_name(choices, moment) for moment in found}) == 3


@settings(max_examples=150, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    now=moments,
    quiet=st.none() | st.tuples(st.integers(0, 23), st.integers(0, 23)),
    level=st.sampled_from([Level.info, Level.watch, Level.prepare, Level.act]),
)
def test_an_alert_waits_less_than_two_days_and_never_rings_in_quiet_hours(
    zone: str, now: datetime, quiet: tuple[int, int] | None, level: Level
) -> None:
    due = alert_due(Choices(timezone=zone, quiet=quiet), level, ("visas",), now)
    assert now <= due <= now + timedelta(hours=26)
    hour = due.astimezone(ZoneInfo(zone)).hour
    if quiet and quiet[0] != quiet[1]:
        start, end = quiet
        assert not (start <= hour < end if start < end else hour >= start or hour < end)
