"""Dates and seasons that a text names, no more precise than it says them: spring 2026, 来春, 4月から, "as early as March", 19日, 3月下旬.

A date without a year is the next one after the entry was published, at most twelve months ahead; what lies in the past is left out.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Literal

from alerts.rules.assessment import NamedDate
from alerts.text import fold

Span = tuple[date, date]
_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if number}
_MONTHS |= {name.lower(): number for number, name in enumerate(calendar.month_abbr) if number} | {"sept": 9}
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_SEASONS = {
    "spring": (3, 5),
    "summer": (6, 8),
    "autumn": (9, 11),
    "fall": (9, 11),
    "winter": (12, 2),
    "春": (3, 5),
    "夏": (6, 8),
    "秋": (9, 11),
    "冬": (12, 2),
}
_PARTS = {
    "early": (1, 10),
    "mid": (11, 20),
    "late": (21, 31),
    "上旬": (1, 10),
    "初旬": (1, 10),
    "初め": (1, 10),
    "中旬": (11, 20),
    "半ば": (11, 20),
    "下旬": (21, 31),
    "末": (25, 31),
}
_EFFECT = re.compile(
    r"(?:takes? effect|took effect|effective|comes? into (?:force|effect)|in force|enters? into force|"
    r"starts?|starting|begin(?:s|ning)?|from|apply|applies|"
    r"implement(?:ed)?|launch|introduc\w+|rises?|raised?)\W*(?:\w+\W+){0,2}$"
)
_EFFECT_JA = re.compile(
    r"^(?:\s*(?:付|づけ)?(?:から|より|に(?:も)?(?:施行|発効|発動|開始|導入|適用|引き上げ|実施)|以降|施行|発効|発動|適用|スタート|の(?:施行|発効|導入|開始)))"
)
_PAST = re.compile(r"(?:since|last|in the year to|as of|previous|until|昨年|前年|昨|去年)\W*$")


Resolve = Callable[[re.Match[str], date], Span | None]
Form = tuple[tuple[str, ...], re.Pattern[str], Resolve]
"""A form of naming a date: texts of which it holds one (so that most forms need not be tried), its pattern, and what it means."""


def named_dates(text: str, published: date) -> tuple[NamedDate, ...]:
    """Find the dates that a text (NFKC) names on or after the day it was published, the most precise first."""
    cased, text = text, fold(text).text
    found: list[tuple[int, int, NamedDate]] = []
    for start, end, (first, last) in _spans(text, published):
        if last < published or _PAST.search(text[max(0, start - 20) : start]) or any(start < b and a < end for a, b, _ in found):
            continue
        takes_effect = _EFFECT.search(text[max(0, start - 40) : start]) or _EFFECT_JA.match(text[end : end + 12])
        kind: Literal["effective", "next"] = "effective" if takes_effect else "next"
        found.append((start, end, NamedDate(kind, first, last, cased[start:end].strip())))
    unique = {(each.kind, each.first, each.last): each for _, _, each in reversed(found)}
    return tuple(sorted(unique.values(), key=lambda each: (each.last - each.first, each.first, each.kind)))


def _spans(text: str, published: date) -> Iterator[tuple[int, int, Span]]:
    """Try the forms from the most to the least precise."""
    for hints, pattern, resolve in _FORMS:
        if not any(hint in text for hint in hints):
            continue
        for match in pattern.finditer(text):
            try:
                span = resolve(match, published)
            except ValueError:  # 31 June, year 99999
                continue
            if span:
                yield match.start(), match.end(), span


def _year(match: re.Match[str], published: date, month: int) -> int:
    """The year a text gives (2026, 令和8, 来年), else that of the next such month."""
    groups = match.groupdict()
    if groups.get("year"):
        return int(groups["year"]) + (2018 if groups.get("era") else 0)
    word = groups.get("next") or ""
    if word in {"来年", "翌年"} or (word == "next" and month <= published.month):
        return published.year + 1
    return published.year if word or month >= published.month else published.year + 1


def _whole_month(year: int, month: int) -> Span:
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def _day(match: re.Match[str], published: date) -> Span | None:
    month = _MONTHS.get(match["month"].rstrip(".")) or int(match["month"])
    given = bool(match.groupdict().get("year") or match.groupdict().get("next"))
    day = date(_year(match, published, month), month, int(match["day"]))
    if not given:
        if published - timedelta(45) <= (near := day.replace(year=published.year)) <= published:
            day = near
        elif day - published > timedelta(300):  # "on 30 December", read in January, has been
            return None
    return day, day


def _month(match: re.Match[str], published: date) -> Span | None:
    month = _MONTHS.get(match["month"].rstrip(".")) or int(match["month"])
    first, last = _whole_month(_year(match, published, month), month)
    if not (match.groupdict().get("year") or match.groupdict().get("next")) and first - published > timedelta(240):
        return None
    part = match.groupdict().get("part")
    if part:
        low, high = _PARTS[part]
        return first.replace(day=low), last.replace(day=min(high, last.day))
    return first, last


def _season(match: re.Match[str], published: date) -> Span:
    low, high = _SEASONS[match["season"]]
    word = match.groupdict().get("next") or ""
    if match.groupdict().get("year"):
        year = int(match["year"])
    elif word in {"来", "来年", "翌", "翌年"}:
        year = published.year + 1
    elif word in {"今", "this", "今年"}:
        year = published.year
    else:
        year = published.year if high >= published.month or high < low else published.year + 1
        if word == "next" and low <= published.month and year == published.year:
            year += 1
    return date(year, low, 1), _whole_month(year + (high < low), high)[1]


def _fiscal(match: re.Match[str], published: date) -> Span:
    word = match.groupdict().get("next") or ""
    current = published.year if published.month >= 4 else published.year - 1
    year = (
        (int(match["year"]) + (2018 if match.groupdict().get("era") else 0))
        if match.groupdict().get("year")
        else current + word.startswith(("来", "next"))
    )
    return date(year, 4, 1), date(year + 1, 3, 31)


def _next_month(match: re.Match[str], published: date) -> Span:
    first, last = _whole_month(published.year + published.month // 12, published.month % 12 + 1)
    if match.groupdict().get("day"):
        return first.replace(day=int(match["day"])), first.replace(day=int(match["day"]))
    part = match.groupdict().get("part")
    if part:
        low, high = _PARTS[part]
        return first.replace(day=low), last.replace(day=min(high, last.day))
    return first, last


def _tomorrow(_: re.Match[str], published: date) -> Span:
    return published + timedelta(1), published + timedelta(1)


def _next_week(_: re.Match[str], published: date) -> Span:
    monday = published + timedelta(7 - published.weekday())
    return monday, monday + timedelta(6)


def _year_only(match: re.Match[str], published: date) -> Span | None:
    year = int(match.groupdict().get("year") or published.year + 1)
    return (date(year, 1, 1), date(year, 12, 31)) if published.year < year <= published.year + 10 else None


def _bare_day(match: re.Match[str], published: date) -> Span | None:
    """19日: this month's, or next month's if it is long gone; the day of publication itself is when it was said, not what is ahead."""
    day = int(match["day"])
    if day == published.day:
        return None
    this = published.replace(day=day)
    if this > published:
        return this, this
    if published - this > timedelta(20):
        first, _ = _whole_month(published.year + published.month // 12, published.month % 12 + 1)
        return first.replace(day=day), first.replace(day=day)
    return None


def _this_year(_: re.Match[str], published: date) -> Span:
    return published, date(published.year, 12, 31)


_JA_YEAR = r"(?:(?P<era>令和)?(?P<year>\d{1,4})年|(?P<next>来年|今年|翌年))?"
_JA_PART = r"(?P<part>上旬|初旬|中旬|半ば|下旬|末|初め)"
_EN_SEASON = r"(?P<season>spring|summer|autumn|winter)"
_BEFORE_MONTH = r"\b(?:in|by|from|as early as|until|before|starting|effective|for|next|end of|this) (?:the )?(?:(?P<next>next) )?"

_MONTH_HINTS = tuple(name[:3].lower() for name in calendar.month_name if name)
_FORMS: tuple[Form, ...] = tuple(
    (hints, re.compile(pattern), resolve)
    for hints, pattern, resolve in (
        (("20",), r"\b(?P<year>20\d\d)-(?P<month>\d\d)-(?P<day>\d\d)\b", _day),
        (_MONTH_HINTS, rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?{_MONTH}(?:,? (?P<year>20\d\d))?", _day),
        (_MONTH_HINTS, rf"\b{_MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)(?:,? (?P<year>20\d\d))?", _day),
        (_MONTH_HINTS, rf"\b(?P<part>early|mid|late)[- ]{_MONTH}(?: (?P<year>20\d\d))?", _month),
        (("fiscal", "fy"), r"\b(?:fiscal(?: year)?|fy) ?(?P<year>20\d\d)\b", _fiscal),
        (("fiscal",), r"\b(?P<next>next|this) fiscal year", _fiscal),
        (("20",), rf"(?<!\d )(?:\b(?P<next>next) )?\b{_MONTH} (?P<year>20\d\d)", _month),
        (_MONTH_HINTS, rf"{_BEFORE_MONTH}{_MONTH}(?! \d)", _month),
        (("next month",), r"\bnext month\b", _next_month),
        (("20",), rf"\b{_EN_SEASON}(?: of)? (?P<year>20\d\d)", _season),
        (("next", "this"), r"\b(?P<next>next|this) (?P<season>spring|summer|autumn|fall|winter)\b", _season),
        (("spring", "summer", "autumn", "winter"), rf"\b(?:in|by|a|as early as) (?:the )?{_EN_SEASON}\b", _season),
        (("tomorrow",), r"\btomorrow\b", _tomorrow),
        (("next week",), r"\bnext week\b", _next_week),
        (("year",), r"\bby (?:the end of the year|year-end)\b", _this_year),
        (("next year",), r"\bnext year\b", _year_only),
        (("20",), r"\b(?:in|by|from) (?P<year>20\d\d)\b", _year_only),
        (("月",), rf"{_JA_YEAR}(?P<month>\d{{1,2}})月(?P<day>\d{{1,2}})日", _day),
        (("来月",), r"来月(?P<day>\d{1,2})日", _next_month),
        (("月",), rf"{_JA_YEAR}(?P<month>\d{{1,2}})月{_JA_PART}", _month),
        (("年度",), r"(?P<era>令和)?(?P<year>\d{1,4})年度", _fiscal),
        (("年度",), r"(?P<next>来年度|今年度)", _fiscal),
        (("月",), rf"{_JA_YEAR}(?<!\d)(?P<month>\d{{1,2}})月(?!\d|例|給|曜|面|期)", _month),
        (("来月",), rf"来月{_JA_PART}?", _next_month),
        (("春", "夏", "秋", "冬"), r"(?:(?P<year>20\d\d)年の?|(?P<next>来年|今年)の?)(?P<season>春|夏|秋|冬)", _season),
        (("春", "夏", "秋", "冬"), r"(?P<next>来|今|翌)(?P<season>春|夏|秋|冬)", _season),
        (("春", "夏", "秋", "冬"), r"(?<![一-龠])(?P<season>春|夏|秋|冬)(?:にも|ごろ|頃|までに|の訪|に訪)", _season),
        (("明日", "あす"), r"明日|あす", _tomorrow),
        (("来週",), r"来週", _next_week),
        (("年内",), r"年内", _this_year),
        (("来年",), r"来年(?!度|の?[春夏秋冬]|\d)", _year_only),
        (("年",), r"(?<!\d)(?P<year>20\d\d)年(?!度|間|代|の?[春夏秋冬]|\d)", _year_only),
        (("日",), r"(?<![\d月年])(?P<day>[1-9]|[12]\d|3[01])日(?!間|本|目|程|銀|経)", _bare_day),
    )
)
