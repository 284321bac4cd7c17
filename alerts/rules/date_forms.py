"""How texts write dates, from the most to the least precise form: a table for each language.

A line of a table has the form, the window that it stands for, and words of which a text must have one (`words_of`) for the form to be in
it: most texts have none, and looking for words is cheaper than looking for forms.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from alerts.rules import date_windows as windows
from alerts.rules.date_windows import Match, Span

Window = Callable[[Match, date], Span | None]


class Form(NamedTuple):
    """One way to write a date, in folded text. Whatever `pattern` matches holds one of `words`."""

    pattern: re.Pattern[str]
    window: Window
    words: frozenset[str]


_WORD = re.compile(r"[a-z]+|20(?=\d\d)|[年月日週春夏秋冬明あ]")


def words_of(text: str) -> set[str]:
    """Return the words of a folded text that forms are told by: English words, the beginnings of years, the kanji of time."""
    return set(_WORD.findall(text))


def _compiled(*forms: tuple[str, Window, str]) -> tuple[Form, ...]:
    return tuple(Form(re.compile(pattern), window, frozenset(words.split())) for pattern, window, words in forms)


_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_EN_SEASON = r"(?P<season>spring|summer|autumn|winter)"
_EN_PART = r"(?P<part>early|mid|late|end|beginning|start|middle|first half|second half)(?:[- ]| of | of the |-of-)"
_EN_YEAR_PART = (
    r"(?P<part>early|mid|late|end|beginning|start|first half|second half|q[1-4]|(?:first|second|third|fourth) quarter)(?:[- ]| of )"
)
_BEFORE_MONTH = r"\b(?:in|by|from|as early as|as soon as|until|before|starting|effective|for|next|this) (?:the )?(?:(?P<next>next) )?"
_TO_DAY = r"(?: ?(?:-|to|and|through|until) ?(?P<to>\d{1,2})(?:st|nd|rd|th)?\b(?!%|,\d|:))?"
_AHEAD = (
    r"\b(?:will|ahead of|before|until|due|scheduled|set for|set to|by|starting|beginning|from|next|this coming|"
    r"to (?:hold|meet|visit|vote|dissolve|take effect|begin|start|launch|impose|sign|release|decide|announce|call|peak|discuss|host|open|"
    r"resume|end|attend|travel|arrive|leave))\b[^.;:\n]{0,60}?\b"
)
_WEEKDAY = r"(?P<weekday>monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b"
_MONTHS = (
    "jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august september october november december"
)

ENGLISH = _compiled(
    (r"\b(?P<year>20\d\d)-(?P<month>\d\d)-(?P<day>\d\d)\b", windows.day, "20"),
    (rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?{_TO_DAY} (?:of )?{_MONTH}(?:,? (?P<year>20\d\d))?", windows.day, _MONTHS),
    (rf"\b{_MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:){_TO_DAY}(?:,? (?P<year>20\d\d))?", windows.day, _MONTHS),
    (rf"\b{_EN_PART}{_MONTH}(?: (?P<year>20\d\d))?", windows.month, _MONTHS),
    (rf"\b{_EN_PART}next month\b", windows.next_month, "month"),
    (rf"\b{_EN_PART}(?:the |this )?month\b", windows.this_month, "month"),
    (r"\b(?:by|before) (?:the )?end of (?:the )?(?:fiscal(?: year)?|fy) ?(?P<year>20\d\d)\b", windows.rest_of_fiscal_year, "fiscal fy"),
    (r"\b(?:fiscal(?: year)?|fy) ?(?P<year>20\d\d)\b", windows.fiscal, "fiscal fy"),
    (r"\b(?P<next>next|this) fiscal year", windows.fiscal, "fiscal fy"),
    (rf"(?<!\d )(?:\b(?P<next>next) )?\b{_MONTH} (?P<year>20\d\d)", windows.month, _MONTHS),
    (rf"{_BEFORE_MONTH}{_MONTH}(?! \d)", windows.month, _MONTHS),
    (r"\bnext month\b", windows.next_month, "month"),
    (r"\b(?:later|by the end of|before the end of) (?:this|the) month\b", windows.this_month, "month"),
    (rf"\b{_EN_SEASON}(?: of)? (?P<year>20\d\d)", windows.season, "spring summer autumn winter"),
    (r"\b(?P<next>next|this) (?P<season>spring|summer|autumn|fall|winter)\b", windows.season, "spring summer autumn fall winter"),
    (rf"\b(?:in|by|a|as early as) (?:the )?{_EN_SEASON}\b", windows.season, "spring summer autumn winter"),
    (r"\btomorrow\b", windows.days_ahead(1), "tomorrow"),
    (r"\bnext week\b", windows.next_week, "week"),
    (r"\b(?:this|over the|at the) weekend\b", windows.weekend, "weekend"),
    (rf"{_AHEAD}(?=(?:on )?{_WEEKDAY})", windows.weekday, "monday tuesday wednesday thursday friday saturday sunday"),
    (r"\bwithin (?:the next )?(?P<number>\d{1,3}) (?P<unit>days?|weeks?|months?)\b", windows.within, "within"),
    (r"\b(?:by (?:the )?end of (?:the|this) year|by year-end|before year-end|later this year|before the end of (?:the|this) year)\b",
     windows.later_this_year, "year"),
    (rf"\b{_EN_YEAR_PART}(?P<year>20\d\d)\b", windows.year_only, "20"),
    (rf"\b{_EN_YEAR_PART}next year\b", windows.year_only, "year"),
    (r"\bnext year\b", windows.year_only, "year"),
    (r"\b(?:in|by|from) (?P<year>20\d\d)\b", windows.year_only, "20"),
)  # fmt: skip

_JA_YEAR = r"(?:(?P<era>令和)?(?P<year>\d{1,4})年|(?P<next>来年|今年|翌年)の?)?"
_JA_PART = r"(?P<part>中下旬|上中旬|上旬|初旬|中旬|半ば|下旬|前半|後半|末|初め|初頭)"
_JA_TO_DAY = r"(?:日?(?:\([^)]{1,3}\))?(?:[~〜～\-–・]|から)(?P<to>\d{1,2}))?"
_NOT_A_DAY = r"(?!間|本|目|程|銀|経|米|中|韓|朝|本|以内|以上|前|後|ぶり|連続|分|余|ごと|おき|限定|あたり|当たり|当り|平均|として[はの最過])"

JAPANESE = _compiled(
    (rf"{_JA_YEAR}(?<!\d)(?P<month>\d{{1,2}})月(?P<day>\d{{1,2}}){_JA_TO_DAY}日", windows.day, "月"),
    (r"来月(?P<day>\d{1,2})日", windows.next_month, "月"),
    (rf"{_JA_YEAR}(?<!\d)(?P<month>\d{{1,2}})月の?{_JA_PART}", windows.month, "月"),
    (r"(?P<era>令和)?(?<!\d)(?P<year>\d{1,4})年度(?:(?=(?P<due>内|中|末|に|から|より|まで|以降)))?", windows.fiscal, "年"),
    (r"(?P<next>来年度|今年度|本年度)", windows.fiscal, "年"),
    (r"(?<!\d)(?<!今)(?<!来)(?<!本)年度内", windows.rest_of_fiscal_year, "年"),
    (rf"{_JA_YEAR}(?<!\d)(?P<month>\d{{1,2}})月(?!\d|例|給|曜|面|期|分|号|会合|議事|[一-龠]{{0,4}}(?:豪雨|地震))", windows.month, "月"),
    (rf"来月の?{_JA_PART}?", windows.next_month, "月"),
    (rf"今月の?{_JA_PART}|(?<!\d)(?<![来先前毎ヶかカ箇])月内|今月(?:中|内)|(?<!\d)(?<![来先前])月末", windows.this_month, "月"),
    (r"(?:(?P<year>20\d\d)年の?|(?P<next>来年|今年)の?)(?P<season>春|夏|秋|冬)", windows.season, "春 夏 秋 冬"),
    (r"(?P<next>来|今|翌)(?P<season>春|夏|秋|冬)", windows.season, "春 夏 秋 冬"),
    (
        r"(?<![一-龠])(?P<season>春|夏|秋|冬)(?=にも|ごろ|頃|までに|以降|の訪|に訪|の臨時国会|の通常国会|の米|の日|の首脳|の総裁選|の改正|の導入)",
        windows.season,
        "春 夏 秋 冬",
    ),
    (r"明後日|あさって", windows.days_ahead(2), "明 あ"),
    (r"明日|あす(?![かな])", windows.days_ahead(1), "明 あ"),
    (r"週明け", windows.next_monday, "週"),
    (r"来週", windows.next_week, "週"),
    (r"今週末|この週末|週末にも|週末に", windows.weekend, "週"),
    (r"今週中|今週内|週内", windows.rest_of_week, "週"),
    (r"(?<!\d)(?P<number>\d{1,3})(?P<unit>日|週間|か月|カ月|ヵ月|ヶ月|箇月)以内", windows.within, "日 週 月"),
    (r"年内|年末までに|今年中", windows.later_this_year, "年"),
    (r"年明け|来年早々|来年初め", windows.new_year, "年"),
    (r"(?<!\d)(?<!前)年末(?!年始)", windows.end_of_year, "年"),
    (r"(?:来年の?|(?P<year>20\d\d)年の?)(?P<part>前半|後半|初め|初頭|半ば|末)", windows.year_only, "年"),
    (r"来年(?!度|の?[春夏秋冬]|\d)", windows.year_only, "年"),
    (r"(?<!\d)(?P<year>20\d\d)年(?!度|間|代|の?[春夏秋冬]|\d)", windows.year_only, "年"),
    (rf"(?<![\d月年第])(?P<day>[1-9]|[12]\d|3[01]){_JA_TO_DAY}日{_NOT_A_DAY}", windows.bare_day, "日"),
)
