"""Dates and seasons that a text names, no more precise than it says them: spring 2026, 来春, 4月から, "as early as March", 19日, 3月下旬.

A date without a year is the next one after the entry was published; what lies in the past, and the day of publication itself unless
something starts on it, is left out. How dates are written is the table in `date_forms`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Literal

from alerts.rules.assessment import NamedDate
from alerts.rules.date_forms import ENGLISH, JAPANESE, words_of
from alerts.rules.date_windows import Span
from alerts.text import fold

_EFFECT = re.compile(
    r"(?:takes? effect|took effect|effective|comes? into (?:force|effect)|in force|enters? into force|"
    r"starts?|starting|begin(?:s|ning)?|from|apply|applies|"
    r"implement(?:ed)?|launch|introduc\w+|rises?|raised?)\W*(?:\w+\W+){0,2}$"
)
_EFFECT_JA = re.compile(
    r"^(?:\s*(?:付|づけ)?(?:から|より|に(?:も)?(?:施行|発効|発動|開始|導入|適用|引き上げ|実施)|以降|施行|発効|発動|適用|スタート|の(?:施行|発効|導入|開始)))"
)
_MEETING = re.compile(r"\b(?:talks?|negotiations?|travels?|visits?|trip|tour|summit|meetings?|drills?|exercises?)\b")
_MEETING_JA = re.compile(r"^(?:から|より|以降)の?(?:の)?\s*(?:訪|来日|首脳|会談|協議|会合|開催|予報|天気)")
_MAY_BE_ENGLISH = re.compile(r"[a-z]{3}|\d-\d")
_MAY_BE_JAPANESE = re.compile(r"[年月日週春夏秋冬あ]")
_FORECAST = re.compile(r"^(?:\([^)]{1,3}\))?\)?(?:まで|にかけて)?の(?:雨|風|天気|予報|シミュ)")
"""The end of what a forecast looks at: nothing happens on that day."""
_MONTH = timedelta(31)
_PAST = re.compile(r"(?:since|last|in the year to|as of|previous|昨年|前年|昨|去年|先月|先週|年前)\W*の?$")
_FROM = re.compile(r"(?:from|starting|effective) ")  # stands inside the form of a month
_COMPARED = re.compile(r"(?:\b(?:up|down|rose|fell|gained|lost|eased|unchanged|changed)|%|percent)\W*$")


def named_dates(text: str, published: date) -> tuple[NamedDate, ...]:
    """Find the dates that a text (NFKC) names on or after the day it was published, the most precise first."""
    cased, text = text, fold(text).text
    found: list[tuple[int, int, NamedDate]] = []
    for start, end, (first, last) in _spans(text, published):
        if last < published or _PAST.search(text[max(0, start - 20) : start]) or any(start < b and a < end for a, b, _ in found):
            continue
        if _FORECAST.match(text[end : end + 12]):
            continue
        kind: Literal["effective", "next"] = "effective" if _takes_effect(text, start, end) else "next"
        if kind == "next" and first == last == published:
            continue  # TOKYO, Jan 11 (Reuters): when it was said
        found.append((start, end, NamedDate(kind, first, last, cased[start:end].strip())))
    unique = {(each.kind, each.first, each.last): each for _, _, each in reversed(found)}
    named = [each for each in unique.values() if not any(_says_more(other, each) for other in unique.values())]
    return tuple(sorted(named, key=lambda each: (each.last - each.first, each.first, each.kind)))


def _says_more(one: NamedDate, other: NamedDate) -> bool:
    """True if one date makes the other superfluous: the same window as a start, or a day in the month that the other names."""
    if (one.first, one.last) == (other.first, other.last):
        return one.kind == "effective" and other.kind == "next"
    length = other.last - other.first
    return one.kind == other.kind and other.first <= one.first and one.last <= other.last and length <= _MONTH


def _takes_effect(text: str, start: int, end: int) -> bool:
    """True if the words around a date say that something starts on it, and not just a meeting."""
    before = text[max(0, start - 40) : start]
    starts = _FROM.match(text, start) and not _COMPARED.search(before)
    if starts or _EFFECT.search(before):
        return not _MEETING.search(before)
    after = text[end : end + 12]
    return bool(_EFFECT_JA.match(after)) and not _MEETING_JA.match(after)


def _spans(text: str, published: date) -> Iterator[tuple[int, int, Span]]:
    """Try the forms from the most to the least precise."""
    forms = (ENGLISH if _MAY_BE_ENGLISH.search(text) else ()) + (JAPANESE if _MAY_BE_JAPANESE.search(text) else ())
    words = words_of(text)
    for pattern, window, some in forms:
        if some.isdisjoint(words):
            continue
        for match in pattern.finditer(text):
            try:
                span = window(match, published)
            except ValueError:  # 31 June, year 99999
                continue
            if span and span[0] <= span[1]:
                yield *match.span("weekday" if "weekday" in pattern.groupindex else 0), span
