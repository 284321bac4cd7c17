"""Dates that a text names, with the precision it has, seen from the day it was published."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.rules.dates import named_dates

DAY = date(2026, 1, 18)


@pytest.mark.parametrize(
    ("text", "kind", "first", "last"),
    [
        ("A visit in spring 2026", "next", "2026-03-01", "2026-05-31"),
        ("来春の訪米で調整", "next", "2027-03-01", "2027-05-31"),
        ("今春にも訪米", "next", "2026-03-01", "2026-05-31"),
        ("4月から手数料を引き上げ", "effective", "2026-04-01", "2026-04-30"),
        ("Tariffs as early as March", "next", "2026-03-01", "2026-03-31"),
        ("訪米は3月下旬を軸に", "next", "2026-03-21", "2026-03-31"),
        ("19日に会談", "next", "2026-01-19", "2026-01-19"),
        ("19 March at the White House", "next", "2026-03-19", "2026-03-19"),
        ("Fees rise from April 1", "effective", "2026-04-01", "2026-04-01"),
        ("The law takes effect on 1 April 2027", "effective", "2027-04-01", "2027-04-01"),
        ("来月1日施行", "effective", "2026-02-01", "2026-02-01"),
        ("令和8年4月1日から施行", "effective", "2026-04-01", "2026-04-01"),
        ("2026年度に導入", "effective", "2026-04-01", "2027-03-31"),
        ("in fiscal 2027", "next", "2027-04-01", "2028-03-31"),
        ("来年4月に開始", "effective", "2027-04-01", "2027-04-30"),
        ("by the end of the year", "next", "2026-01-18", "2026-12-31"),
        ("in late March", "next", "2026-03-21", "2026-03-31"),
        ("来週協議", "next", "2026-01-19", "2026-01-25"),
        ("2028年に改正", "next", "2028-01-01", "2028-12-31"),
        ("this winter", "next", "2026-12-01", "2027-02-28"),
    ],
)
def test_dates(text: str, kind: str, first: str, last: str) -> None:
    found = named_dates(text, DAY)[0]
    assert (found.kind, found.first.isoformat(), found.last.isoformat()) == (kind, first, last)


@pytest.mark.parametrize(
    "text",
    [
        "since March",
        "18日に会談した",
        "on 3 January",
        "10日間の協議",
        "日本の日銀",
        "may rise",
        "March to the square",
        "31 June 2026",
        "in December 1999",
    ],
)
def test_what_names_no_day_ahead(text: str) -> None:
    assert named_dates(text, DAY) == ()


def test_the_words_are_the_sources_own() -> None:
    assert named_dates("Starting as early as March", DAY)[0].text == "as early as March"


@given(st.text(max_size=40), st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_any_text_on_any_day_gives_windows_that_are_not_over(text: str, day: date) -> None:
    for each in named_dates(f"{text} 29日 2月29日 31日 feb 29 来月31日 {text}", day):
        assert each.first <= each.last
        assert each.last >= day
