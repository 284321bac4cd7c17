"""The windows (first day, last day) that written dates stand for, seen from a day of publication.

Each function takes the match of a form (`date_forms`), with the groups `year`, `era`, `next` (next, this, 来, 今), `month`, `part`, `day`,
`to`, `season`, `due`, `weekday`, `number`, `unit` as far as the form has them. None means that it only looks like a date, or lies
behind; a day that does not exist raises ValueError.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date, timedelta

Span = tuple[date, date]
Match = re.Match[str]

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if number}
_MONTHS |= {name.lower(): number for number, name in enumerate(calendar.month_abbr) if number} | {"sept": 9}
_WEEKDAYS = {name.lower(): number for number, name in enumerate(calendar.day_name)}
_SEASONS = {"spring": (3, 5), "summer": (6, 8), "autumn": (9, 11), "fall": (9, 11), "winter": (12, 2)}
_SEASONS |= {"春": (3, 5), "夏": (6, 8), "秋": (9, 11), "冬": (12, 2)}
_PARTS = {
    **dict.fromkeys(["early", "beginning", "start", "上旬", "初旬", "初め", "初頭"], (1, 10)),
    **dict.fromkeys(["mid", "middle", "中旬", "半ば"], (11, 20)),
    **dict.fromkeys(["late", "下旬"], (21, 31)),
    **dict.fromkeys(["end", "末"], (25, 31)),
    **dict.fromkeys(["first half", "前半"], (1, 15)),
    **dict.fromkeys(["second half", "後半"], (16, 31)),
    "中下旬": (11, 31),
    "上中旬": (1, 20),
}
_YEAR_PARTS = {  # months
    **dict.fromkeys(["early", "beginning", "start", "初め", "初頭"], (1, 3)),
    **dict.fromkeys(["mid", "middle", "半ば"], (5, 8)),
    **dict.fromkeys(["late", "end", "末"], (10, 12)),
    **dict.fromkeys(["first half", "前半"], (1, 6)),
    **dict.fromkeys(["second half", "後半"], (7, 12)),
    **dict.fromkeys(["first quarter", "q1"], (1, 3)),
    **dict.fromkeys(["second quarter", "q2"], (4, 6)),
    **dict.fromkeys(["third quarter", "q3"], (7, 9)),
    **dict.fromkeys(["fourth quarter", "q4"], (10, 12)),
}
_LONG_PAST = timedelta(240)  # a date without a year that is further ahead than this is the one that has been


def _given(match: Match, name: str) -> str:
    return match.groupdict().get(name) or ""


def _number_of_month(match: Match) -> int:
    return _MONTHS.get(match["month"].rstrip(".")) or int(match["month"])


def _written_year(match: Match) -> int:
    """2026, 27 as papers shorten it, 令和8."""
    year = int(match["year"])
    if _given(match, "era"):
        return year + 2018
    return year + 2000 if year < 100 else year


def _year(match: Match, published: date, month: int) -> int:
    """The year a text gives, else that of the next such month."""
    if _given(match, "year"):
        return _written_year(match)
    word = _given(match, "next")
    if word in {"来年", "翌年"} or (word == "next" and month <= published.month):
        return published.year + 1
    return published.year if word or month >= published.month else published.year + 1


def _month_span(year: int, month: int, part: str = "") -> Span:
    last = calendar.monthrange(year, month)[1]
    low, high = _PARTS[part] if part else (1, last)
    return date(year, month, low), date(year, month, min(high, last))


def _following(day: date) -> tuple[int, int]:
    """Year and number of the next month."""
    return day.year + day.month // 12, day.month % 12 + 1


def day(match: Match, published: date) -> Span | None:
    """A day with its month: 19 March, 令和8年4月1日, January 13 and 14."""
    month = _number_of_month(match)
    day = date(_year(match, published, month), month, int(match["day"]))
    if not (_given(match, "year") or _given(match, "next")):
        if published - timedelta(45) <= (near := day.replace(year=published.year)) <= published:
            day = near
        elif day - published > _LONG_PAST:
            return None
    to = _given(match, "to")
    return day, day.replace(day=int(to)) if to else day


def month(match: Match, published: date) -> Span | None:
    """A month or a part of it: March 2026, 3月下旬."""
    month = _number_of_month(match)
    span = _month_span(_year(match, published, month), month, _given(match, "part"))
    if not (_given(match, "year") or _given(match, "next")) and span[0] - published > _LONG_PAST:
        return None
    return span


def season(match: Match, published: date) -> Span:
    """A season: spring 2026, 来春."""
    low, high = _SEASONS[match["season"]]
    word = _given(match, "next")
    if _given(match, "year"):
        year = _written_year(match)
    elif word in {"来", "来年", "翌", "翌年"}:
        year = published.year + 1
    elif word in {"今", "this", "今年"}:
        year = published.year
    else:
        year = published.year if high >= published.month or high < low else published.year + 1
        if word == "next" and low <= published.month and year == published.year:
            year += 1
    return date(year, low, 1), _month_span(year + (high < low), high)[1]


def fiscal(match: Match, published: date) -> Span | None:
    """A Japanese fiscal year, April to March: 2026年度, next fiscal year."""
    current = published.year if published.month >= 4 else published.year - 1
    year = _written_year(match) if _given(match, "year") else current + _given(match, "next").startswith(("来", "next"))
    if year == current and not _given(match, "due") and _given(match, "year"):
        return None  # the year that is running is a deadline only where the text says so: 年度内に
    return date(year, 4, 1), date(year + 1, 3, 31)


def rest_of_fiscal_year(match: Match, published: date) -> Span:
    """年度内, by the end of fiscal 2026: until the end of March."""
    year = _written_year(match) if _given(match, "year") else published.year - (published.month < 4)
    return max(published, date(year, 4, 1)), date(year + 1, 3, 31)


def next_month(match: Match, published: date) -> Span:
    """来月, 来月1日, late next month."""
    year, month = _following(published)
    if day := _given(match, "day"):
        return date(year, month, int(day)), date(year, month, int(day))
    return _month_span(year, month, _given(match, "part"))


def this_month(match: Match, published: date) -> Span | None:
    """What is left of this month, or a part of it that is not over: 月内, 今月下旬."""
    first, last = _month_span(published.year, published.month, _given(match, "part"))
    return (max(first, published), last) if last >= published else None


def later_this_year(_: Match, published: date) -> Span:
    """年内, by year-end."""
    return published, date(published.year, 12, 31)


def days_ahead(days: int) -> Callable[[Match, date], Span]:
    """A form for so many days after the publication: tomorrow, あす."""
    return lambda _, published: (published + timedelta(days), published + timedelta(days))


def within(match: Match, published: date) -> Span | None:
    """within 30 days, 30日以内: from now to then."""
    unit = match["unit"]
    days = int(match["number"]) * (7 if "week" in unit or "週" in unit else 30 if "month" in unit or "月" in unit else 1)
    return (published, published + timedelta(days)) if 0 < days <= 730 else None


def next_week(_: Match, published: date) -> Span:
    """Monday to Sunday after this one."""
    monday = published + timedelta(7 - published.weekday())
    return monday, monday + timedelta(6)


def next_monday(_: Match, published: date) -> Span:
    """週明け."""
    monday = published + timedelta(7 - published.weekday())
    return monday, monday


def weekend(_: Match, published: date) -> Span:
    """The coming Saturday and Sunday."""
    saturday = published + timedelta((5 - published.weekday()) % 7)
    return saturday, saturday + timedelta(1)


def rest_of_week(_: Match, published: date) -> Span:
    """週内: until Sunday."""
    return published, published + timedelta(6 - published.weekday())


def weekday(match: Match, published: date) -> Span | None:
    """The next such day of the week, if it is not today."""
    ahead = (_WEEKDAYS[match["weekday"]] - published.weekday()) % 7
    return None if ahead == 0 else (published + timedelta(ahead), published + timedelta(ahead))


def year_only(match: Match, published: date) -> Span | None:
    """A year or a part of it: 2027, early 2027, 来年前半. None for the whole year that is running, or one too far ahead to plan for."""
    year = _written_year(match) if _given(match, "year") else published.year + 1
    low, high = _YEAR_PARTS.get(_given(match, "part"), (1, 12))
    first, last = date(year, low, 1), _month_span(year, high)[1]
    whole_this_year = not _given(match, "part") and year == published.year
    return None if whole_this_year or not published.year <= year <= published.year + 10 else (first, last)


def new_year(_: Match, published: date) -> Span:
    """年明け: the January to come."""
    return _month_span(published.year + 1, 1)


def end_of_year(_: Match, published: date) -> Span:
    """年末: December."""
    return _month_span(published.year, 12)


def bare_day(match: Match, published: date) -> Span | None:
    """19日: this month's, or next month's if it is long gone; neither the day of publication nor what was a few days ago last month."""
    day, to = int(match["day"]), int(_given(match, "to") or match["day"])
    this = published.replace(day=day)
    if this > published:
        month_before = published.replace(day=1) - timedelta(1)
        recent = month_before.day >= day and published - month_before.replace(day=day) <= timedelta(6)
        if recent and this - published > timedelta(20):
            return None
        return this, this.replace(day=to)
    if published.replace(day=to) > published and to > day:
        return this, this.replace(day=to)
    if published - this > timedelta(20):
        year, month = _following(published)
        return date(year, month, day), date(year, month, to)
    return None
