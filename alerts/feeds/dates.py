"""Moments as feeds write them: RFC 822 and RFC 3339 in all their broken forms, Japanese dates and eras, slashes, epochs.

Date, time and zone are looked for one by one, in any order and with any words between them, because real feeds keep to no grammar.
A date without a zone is in the feed's own. What cannot be true (1970, the year 1, the 32nd) is no date.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Literal

from alerts.feeds.zones import ZONES

How = Literal["given", "zone-assumed", "day-only", "future"]

FIRST_YEAR = 1990
"""Before this there was no web: an older date is a default that nobody filled in."""
FUTURE_GRACE = timedelta(minutes=15)
"""A clock that is ahead by this much is just a clock; further ahead the date is not believed."""

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier janv enero ene gennaio",
            "feb february februar février févr fév fevrier febrero",
            "mar march märz mär mrz mars marzo",
            "apr april avril avr abril abr",
            "may mai mayo maggio",
            "jun june juni juin junio giugno",
            "jul july juli juillet juil julio luglio",
            "aug august août aout agosto ago",
            "sep sept september septembre septiembre",
            "oct october okt oktober octobre octubre ottobre",
            "nov november novembre noviembre",
            "dec december dez dezember décembre déc decembre diciembre dic dicembre",
        ),
        1,
    )
    for name in names.split()
}
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "R": 2018, "H": 1988, "S": 1925, "r": 2018, "h": 1988}
_KANJI_DIGITS = {sign: number for number, signs in enumerate(("〇零", *"一二三四五六七八九")) for sign in signs}
_KANJI_NUMBER = re.compile(r"[〇零一二三四五六七八九十]{1,5}(?=\s*[年月日時分秒])")
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))

_EPOCH = re.compile(r"\A(?P<epoch>\d{9,10})(?:\.\d+)?\Z|\A(?P<milli>\d{12,13})\Z")
_COMPACT = re.compile(
    r"\A(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})(?:T?(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?)?(?P<rest>.*)\Z"
)
_DATES = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"(?P<era>令和|平成|昭和)\s*(?P<year>\d{1,2}|元)\s*年\s*(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*日?",
        r"(?<![A-Za-z0-9])(?P<era>[RHrh])\s?(?P<year>\d{1,2})[./-](?P<month>\d{1,2})[./-](?P<day>\d{1,2})(?!\d)",
        r"(?P<year>\d{4})\s*[年년]\s*(?P<month>\d{1,2})\s*[月월]\s*(?P<day>\d{1,2})\s*[日일]?",
        r"(?<!\d)(?P<year>\d{4})-W(?P<week>\d{2})(?:-(?P<weekday>[1-7]))?",
        r"(?<!\d)(?P<year>\d{4})\s?[-/.]\s?(?P<month>\d{1,2})\s?[-/.]\s?(?P<day>\d{1,2})(?!\d)",
        # RFC 822 by a program that knows the month's name in Japanese only: 月, 23 11月 2026
        r"(?<!\d)(?P<day>\d{1,2})\s+(?P<month>\d{1,2})月?\s+(?P<year>\d{4})(?![:\d])",
        r"(?<!\d)(?P<year>(?:19|20)\d{2})-(?P<yearday>\d{3})(?!\d)",
        rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s.,-]*(?P<name>{_MONTH})[a-zéû]*[\s.,'-]+(?P<year>\d{{4}}|\d{{2}})(?![:\d])",
        rf"\b(?P<name>{_MONTH})[a-z]*\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:\s*,)?\s+(?:\S+\s+){{0,3}}?(?P<year>\d{{4}})\b",
        r"(?<!\d)(?P<one>\d{1,2})[/.-](?P<two>\d{1,2})[/.-](?P<year>\d{4})(?!\d)",
        r"(?<!\d)(?P<year>\d{4})[-/](?P<month>\d{1,2})(?![-/\d])",
        r"(?<!\d)(?P<month>\d{1,2})月\s*(?P<day>\d{1,2})日",
        r"\A(?P<year>(?:19|20)\d{2})\Z",
    )
)
_USUAL = re.compile(
    r"(?:(?:[A-Z][a-z]{2}, )?(?P<day>\d{1,2}) (?P<name>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (?P<year>\d{4}) "
    r"|(?P<iyear>\d{4})-(?P<month>\d{2})-(?P<iday>\d{2})[T ])(?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})(?:\.\d+)?"
    r" ?(?P<zone>Z|GMT|UTC|[+-]\d{2}:?\d{2})"
)
"""What nine of ten feeds write (RFC 822, RFC 3339); the long way gives the same and takes five times as long."""
_TIME = re.compile(
    r"(?P<before>午前|午後|[ap]\.?m\.?)?\s*(?<![\d:])(?P<hour>\d{1,2})\s*(?::\s*(?P<minute>\d{1,2})(?:\s*:\s*(?P<second>\d{1,2})(?:[.,:]\d+)?)?"
    r"|[時시](?:\s*(?P<jminute>\d{1,2})\s*[分분])?(?:\s*(?P<jsecond>\d{1,2})\s*[秒초])?)\s*(?P<after>[ap]\.?m\.?(?![a-z]))?",
    re.I,
)
_OFFSET = re.compile(r"\A\(?(?:UTC|GMT|Z)?\s*(?P<sign>[+\u2212-])\s?(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?(?!\d)", re.I)
_ZONE_NAME = re.compile(r"\A\s*\(?\s*([A-Za-z]{1,5})\b")


@dataclass(frozen=True, slots=True)
class Dated:
    """A moment (aware UTC) and how far it can be trusted: `given` whole, zone or time of day assumed, or in the future."""

    moment: datetime
    how: How


def read_date(text: str, zone: tzinfo, now: datetime) -> Dated | None:
    """Read a date; `zone` is the feed's own, `now` settles years left out and what is in the future. None if there is no believable date.

    A moment further ahead than FUTURE_GRACE comes back as `future` with its stated value; the caller decides what to do with it.
    """
    text = " ".join(unicodedata.normalize("NFKC", text[:200]).split())
    if not text:
        return None
    if "年" in text or "月" in text:
        text = _KANJI_NUMBER.sub(_number, text)
    try:
        found = _usual(text, zone) or _epoch(text) or _compact(text, zone) or _spelled(text, zone, now)
        if found is None or found.moment.year < FIRST_YEAR:
            return None
        return Dated(found.moment, "future") if found.moment > now + FUTURE_GRACE else found
    except (ValueError, OverflowError):
        return None


def _usual(text: str, zone: tzinfo) -> Dated | None:
    match = _USUAL.fullmatch(text)
    if not match:
        return None
    month = _MONTHS[match["name"].lower()] if match["name"] else int(match["month"])
    day = datetime(int(match["year"] or match["iyear"]), month, int(match["day"] or match["iday"]))  # noqa: DTZ001 - settled below
    clock = int(match["hour"]), int(match["minute"]), min(59, int(match["second"]))
    return _settle(day, clock, zone, _zone(match["zone"]))


def _number(match: re.Match[str]) -> str:
    """Write 二十三 and 二〇二六 with digits; what is no such number stays."""
    tens, ten, ones = match[0].rpartition("十")
    if len(tens) > 1 or (ten and len(ones) > 1):
        return match[0]
    if not ten:
        return "".join(str(_KANJI_DIGITS[sign]) for sign in ones)
    return str((_KANJI_DIGITS.get(tens, 1)) * 10 + _KANJI_DIGITS.get(ones, 0))


def _epoch(text: str) -> Dated | None:
    match = _EPOCH.match(text)
    if not match:
        return None
    seconds = int(match["epoch"]) if match["epoch"] else int(match["milli"]) / 1000
    return Dated(datetime.fromtimestamp(seconds, UTC), "given")


def _compact(text: str, zone: tzinfo) -> Dated | None:
    match = _COMPACT.match(text)
    if not match:
        return None
    day = datetime(int(match["year"]), int(match["month"]), int(match["day"]))  # noqa: DTZ001 - the zone is settled below
    if not match["hour"]:
        return _settle(day, None, zone)
    hour, minute, second = int(match["hour"]), int(match["minute"]), min(59, int(match["second"] or 0))
    return _settle(day, (hour, minute, second), zone, _zone(match["rest"]))


def _spelled(text: str, zone: tzinfo, now: datetime) -> Dated | None:
    for pattern in _DATES:
        match = pattern.search(text)
        if match:
            break
    else:
        return None
    day = _day(match, zone, now)
    rest = text
    for name, value in match.groupdict().items():
        if value:  # the time may stand between the parts of the date: Mon Nov 23 10:00:00 JST 2026
            rest = rest[: match.start(name)] + " " * len(value) + rest[match.end(name) :]
    clock = _TIME.search(rest, match.start()) or _TIME.search(rest)
    if clock is None:
        return _settle(day, None, zone)
    after = rest[clock.end() :].lstrip(" ,")
    return _settle(day, _time_of_day(clock), zone, _zone(after))


def _day(match: re.Match[str], zone: tzinfo, now: datetime) -> datetime:
    parts = {name: value for name, value in match.groupdict().items() if value}
    if "week" in parts:
        return datetime.fromisocalendar(int(parts["year"]), int(parts["week"]), int(parts.get("weekday", 1)))
    if "yearday" in parts:
        return datetime(int(parts["year"]), 1, 1) + timedelta(days=int(parts["yearday"]) - 1)  # noqa: DTZ001
    if "era" in parts:
        year = _ERAS[parts["era"]] + (1 if parts["year"] == "元" else int(parts["year"]))
    elif "year" in parts:
        year = int(parts["year"])
        year += (2000 if year < 70 else 1900) if len(parts["year"]) == 2 else 0
    else:
        return _nearest_past(int(parts["month"]), int(parts["day"]), now.astimezone(zone))
    if "one" in parts:
        month, day = _american(int(parts["one"]), int(parts["two"]), zone)
    else:
        month = _MONTHS[parts["name"].lower()] if "name" in parts else int(parts.get("month", 1))
        day = int(parts.get("day", 1))
    return datetime(year, month, day)  # noqa: DTZ001 - the zone is settled with the time of day


def _american(one: int, two: int, zone: tzinfo) -> tuple[int, int]:
    """Tell month and day of 03/04/2026: month first only in American zones or where nothing else is possible."""
    if one > 12 or (two <= 12 and not str(zone).startswith(("America/", "US/"))):
        return two, one
    return one, two


def _nearest_past(month: int, day: int, today: datetime) -> datetime:
    """The year of a date without one: this year, or the last if that would be more than a week ahead."""
    this = datetime(today.year, month, day)  # noqa: DTZ001
    return this if this <= today.replace(tzinfo=None) + timedelta(days=7) else datetime(today.year - 1, month, day)  # noqa: DTZ001


def _time_of_day(match: re.Match[str]) -> tuple[int, int, int]:
    hour = int(match["hour"])
    minute = int(match["minute"] or match["jminute"] or 0)
    second = int(match["second"] or match["jsecond"] or 0)
    half = (match["before"] or match["after"] or "").lower().replace(".", "")
    if half in {"pm", "午後"} and hour < 12:
        hour += 12
    elif half in {"am", "午前"} and hour == 12:
        hour = 0
    return hour, minute, min(second, 59)  # a leap second


def _zone(rest: str) -> tzinfo | None:
    """Read the zone that follows a time."""
    match = _OFFSET.match(rest)
    if match:
        hours, minutes = int(match["hours"]), int(match["minutes"] or 0)
        if hours <= 15 and minutes < 60:
            offset = timedelta(hours=hours, minutes=minutes)
            return timezone(offset if match["sign"] == "+" else -offset)
        return None
    name = _ZONE_NAME.match(rest)
    hours_east = ZONES.get(name[1].upper()) if name else None
    return timezone(timedelta(hours=hours_east)) if hours_east is not None else None


def _settle(day: datetime, clock: tuple[int, int, int] | None, zone: tzinfo, named: tzinfo | None = None) -> Dated:
    hour, minute, second = clock or (0, 0, 0)
    if hour == 24 and minute == 0:
        day, hour = day + timedelta(days=1), 0
    local = day.replace(hour=hour, minute=minute, second=second, tzinfo=named or zone)
    how: How = "day-only" if clock is None else "given" if named else "zone-assumed"
    return Dated(local.astimezone(UTC), how)
