"""Moments in every form that feeds were seen to use, and nothing that cannot be true."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.feeds.dates import read_date

NOW = datetime(2026, 12, 24, 12, 0, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")
TEN_IN_TOKYO = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
TEN_UTC = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
MIDNIGHT_IN_TOKYO = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)

FORMS = {
    # RFC 822 and what became of it
    "Mon, 23 Nov 2026 10:00:00 +0900": TEN_IN_TOKYO,
    "Mon, 23 Nov 2026 10:00:00 JST": TEN_IN_TOKYO,
    "Mon, 23 Nov 2026 10:00:00 +0900 (JST)": TEN_IN_TOKYO,
    "Mon, 23 Nov 2026 10:00:00 +09:00": TEN_IN_TOKYO,
    "Mon, 23 Nov 2026 10:00:00 GMT+0900": TEN_IN_TOKYO,
    "Mon, 23 Nov 2026 10:00:00 GMT+9": TEN_IN_TOKYO,
    "23 Nov 2026 10:00 GMT": TEN_UTC,
    "Mon, 23 Nov 2026 10:00:00 Z": TEN_UTC,
    "Mon, 23 Nov 2026 10:00:00 UT": TEN_UTC,
    "Mon, 23 Nov 2026 05:00:00 EST": TEN_UTC,
    "Mon, 23 Nov 2026 10:00:00 -0000": TEN_UTC,
    "Mon, 23 Nov 26 10:00:00 GMT": TEN_UTC,
    "Monday, 23 November 2026 10:00:00 GMT": TEN_UTC,
    "mon,23 nov 2026 10:00:00 gmt": TEN_UTC,
    "Mon 23 Nov 2026, 10:00:00 GMT": TEN_UTC,
    "Mon, 23-Nov-2026 10:00:00 GMT": TEN_UTC,
    "Mon, 23rd November 2026 10:00 GMT": TEN_UTC,
    "Sun, 23 Nov 2026 10:00:00 GMT": TEN_UTC,  # the wrong day of the week
    "Mon Nov 23 10:00:00 JST 2026": TEN_IN_TOKYO,
    "Mon Nov 23 10:00:00 2026": TEN_IN_TOKYO,
    "November 23, 2026, 10:00 am": TEN_IN_TOKYO,
    "Nov. 23, 2026 10:00 PM UTC": TEN_UTC + timedelta(hours=12),
    "23 Nov 2026 12:00 a.m. JST": MIDNIGHT_IN_TOKYO,
    "10:00 JST, 23 November 2026": TEN_IN_TOKYO,
    "Mo, 23 Dezember 2025 10:00:00 +0100": datetime(2025, 12, 23, 9, 0, tzinfo=UTC),
    "lun., 23 août 2026 10:00:00 +0200": datetime(2026, 8, 23, 8, 0, tzinfo=UTC),
    "Mon, 23 Nov 2026 24:00:00 +0900": TEN_IN_TOKYO + timedelta(hours=14),
    "Mon, 23 Nov 2026 10:00:60 GMT": TEN_UTC + timedelta(seconds=59),
    # RFC 3339 and its relatives
    "2026-11-23T10:00:00+09:00": TEN_IN_TOKYO,
    "2026-11-23T10:00:00+0900": TEN_IN_TOKYO,
    "2026-11-23T10:00:00+09": TEN_IN_TOKYO,
    "2026-11-23T10:00:00Z": TEN_UTC,
    "2026-11-23t10:00:00z": TEN_UTC,
    "2026-11-23T10:00:00.123456789Z": TEN_UTC,
    "2026-11-23T10:00:00,5Z": TEN_UTC,
    "2026-11-23T10:00Z": TEN_UTC,
    "2026-11-23 10:00:00 UTC": TEN_UTC,
    "2026-11-23 10:00:00 +0900": TEN_IN_TOKYO,
    "2026-11-23T10:00:00": TEN_IN_TOKYO,
    "2026-11-23 10:00": TEN_IN_TOKYO,
    "2026-11-23": MIDNIGHT_IN_TOKYO,
    "20261123T100000Z": TEN_UTC,
    "20261123100000": TEN_IN_TOKYO,
    "20261123": MIDNIGHT_IN_TOKYO,
    "2026-W48-1": MIDNIGHT_IN_TOKYO,
    "2026-327": MIDNIGHT_IN_TOKYO,
    "2026-11": datetime(2026, 10, 31, 15, 0, tzinfo=UTC),
    "2026": datetime(2025, 12, 31, 15, 0, tzinfo=UTC),
    "1795428000": TEN_UTC,
    "1795428000000": TEN_UTC,
    "1795428000.25": TEN_UTC,
    # slashes and dots
    "2026/11/23 10:00": TEN_IN_TOKYO,
    "2026/11/23 10:00:00 GMT": TEN_UTC,
    "2026.11.23": MIDNIGHT_IN_TOKYO,
    "23.11.2026 10:00": TEN_IN_TOKYO,
    "11/23/2026 10:00": TEN_IN_TOKYO,
    "2026/3/9": datetime(2026, 3, 8, 15, 0, tzinfo=UTC),
    # Japanese
    "2026年11月23日 10時00分": TEN_IN_TOKYO,
    "2026年11月23日（月）10時00分00秒": TEN_IN_TOKYO,
    "2026年11月23日10時": TEN_IN_TOKYO,
    "2026年11月23日(月) 10:00": TEN_IN_TOKYO,
    "2026年11月23日 午前10時00分": TEN_IN_TOKYO,
    "2026年11月23日 午後10時": TEN_IN_TOKYO + timedelta(hours=12),
    "2026年11月23日": MIDNIGHT_IN_TOKYO,
    "２０２６年１１月２３日　１０：００": TEN_IN_TOKYO,
    "令和8年11月23日": MIDNIGHT_IN_TOKYO,
    "令和８年１１月２３日 10時00分": TEN_IN_TOKYO,
    "令和元年5月1日": datetime(2019, 4, 30, 15, 0, tzinfo=UTC),
    "平成31年4月30日": datetime(2019, 4, 29, 15, 0, tzinfo=UTC),
    "R8.11.23": MIDNIGHT_IN_TOKYO,
    "掲載日：2026年11月23日": MIDNIGHT_IN_TOKYO,
    "令和八年十一月二十三日": MIDNIGHT_IN_TOKYO,
    "二〇二六年十一月二十三日 午前十時": TEN_IN_TOKYO,
    "令和十年十月十日": datetime(2028, 10, 9, 15, 0, tzinfo=UTC),
    "月, 23 11 2026 10:00:00 +0900": TEN_IN_TOKYO,
    "月, 23 11月 2026 10:00:00 JST": TEN_IN_TOKYO,
    "11月23日 10:00": TEN_IN_TOKYO,
    "12月30日": datetime(2026, 12, 29, 15, 0, tzinfo=UTC),
    "2026년 11월 23일 10시 00분": TEN_IN_TOKYO,
    "2026年11月23日 10:00 (GMT+9)": TEN_IN_TOKYO,
    # around it
    "  Mon, 23 Nov 2026\n 10:00:00 GMT ": TEN_UTC,
    "Published: 2026-11-23T10:00:00Z": TEN_UTC,
}


@pytest.mark.parametrize("text", FORMS)
def test_forms_of_dates(text: str) -> None:
    found = read_date(text, TOKYO, NOW)
    assert found is not None
    assert found.moment == FORMS[text]


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "not a date", "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00", "0000-00-00 00:00:00",
        "0", "2026-13-45", "Mon, 32 Nov 2026 10:00:00 GMT", "2026-02-30", "令和8年13月1日", "25:61", "99999999999999999999", "Mon, 23 Nov",
        "10:00", "1989-12-31",
    ],
)  # fmt: skip
def test_what_is_no_date_is_none(text: str) -> None:
    assert read_date(text, TOKYO, NOW) is None


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("2026-11-23T10:00:00Z", "given"),
        ("2026-11-23T10:00:00", "zone-assumed"),
        ("2026-11-23", "day-only"),
        ("2026-12-24T12:10:00Z", "given"),
        ("2026-12-25T12:00:00Z", "future"),
        ("2099-01-01", "future"),
    ],
)
def test_how_far_a_date_can_be_trusted(text: str, how: str) -> None:
    found = read_date(text, UTC, NOW)
    assert found is not None
    assert found.how == how


def test_a_date_without_zone_is_in_the_feeds_own() -> None:
    for zone, hours in ((TOKYO, -9), (ZoneInfo("America/New_York"), 5), (UTC, 0)):
        found = read_date("2026-11-23 10:00", zone, NOW)
        assert found is not None
        assert found.moment == TEN_UTC + timedelta(hours=hours)


def test_month_first_only_where_people_write_so() -> None:
    american, other = read_date("03/04/2026", ZoneInfo("America/New_York"), NOW), read_date("03/04/2026", TOKYO, NOW)
    assert american is not None
    assert other is not None
    assert american.moment.astimezone(ZoneInfo("America/New_York")).month == 3
    assert other.moment.astimezone(TOKYO).month == 4


FIRST, LAST = datetime(1991, 1, 1), datetime(2026, 12, 1)  # noqa: DTZ001 - hypothesis wants them naive


@given(st.datetimes(min_value=FIRST, max_value=LAST), st.integers(-12 * 60, 14 * 60))
def test_what_standards_write_is_read_exactly(local: datetime, minutes: int) -> None:
    moment = local.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    for text in (
        moment.isoformat(),
        format_datetime(moment),
        moment.strftime("%Y/%m/%d %H:%M:%S %z"),
        moment.strftime("%a %b %d %H:%M:%S %z %Y"),
    ):
        found = read_date(text, TOKYO, NOW)
        assert found is not None, text
        assert found.moment == moment, text
        assert read_date(f"[{text}]", TOKYO, NOW) == found, "what is usual is read as the same thing in an unusual place"


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    found = read_date(text, TOKYO, NOW)
    assert found is None or found.moment.tzinfo is UTC


@given(st.text(alphabet="0123456789年月日時分秒令和午後:/-+TZ. JSTMonNov", max_size=40))
def test_no_jumble_of_date_parts_breaks_the_reader(text: str) -> None:
    found = read_date(text, TOKYO, NOW)
    assert found is None or found.moment.year >= 1989
