"""Dates that a text names, with the precision it has, seen from the day it was published."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.rules.date_forms import ENGLISH, JAPANESE, Form, words_of
from alerts.rules.dates import named_dates
from alerts.text import fold

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
        ("Japan to revoke permits from April", "effective", "2026-04-01", "2026-04-30"),
        ("Talks from April in Tokyo", "next", "2026-04-01", "2026-04-30"),
        ("Tariff paused until Aug. 1", "next", "2026-08-01", "2026-08-01"),
        ("Fees to double by the end of fiscal 2026", "next", "2026-04-01", "2027-03-31"),
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
        ("来年4月から2年間1%に", "effective", "2027-04-01", "2027-04-30"),
        ("9月15日に施行", "effective", "2026-09-15", "2026-09-15"),
        ("3月発動", "effective", "2026-03-01", "2026-03-31"),
        ("外相が19日から訪韓へ", "next", "2026-01-19", "2026-01-19"),
        ("The president will travel to Nara from Tuesday", "next", "2026-01-20", "2026-01-20"),
        ("ministers will start talks March 16", "next", "2026-03-16", "2026-03-16"),
        ("台風は20~22日に接近", "next", "2026-01-20", "2026-01-22"),
        ("3月5日から7日まで開催", "next", "2026-03-05", "2026-03-07"),
        ("a visit on January 23 and 24", "next", "2026-01-23", "2026-01-24"),
        ("a visit on 23-24 January", "next", "2026-01-23", "2026-01-24"),
        ("来月中下旬で調整", "next", "2026-02-11", "2026-02-28"),
        ("3月後半に再開", "next", "2026-03-16", "2026-03-31"),
        ("in the first half of February", "next", "2026-02-01", "2026-02-15"),
        ("at the end of March", "next", "2026-03-25", "2026-03-31"),
        ("later this month", "next", "2026-01-18", "2026-01-31"),
        ("月内に策定へ", "next", "2026-01-18", "2026-01-31"),
        ("週明けに会談", "next", "2026-01-19", "2026-01-19"),
        ("今週末に会談", "next", "2026-01-24", "2026-01-25"),
        ("あさって投開票", "next", "2026-01-20", "2026-01-20"),
        ("the prime minister will dissolve parliament Friday", "next", "2026-01-23", "2026-01-23"),
        ("ahead of Sunday's election on 8 February", "next", "2026-02-08", "2026-02-08"),
        ("27年度予算に計上", "next", "2027-04-01", "2028-03-31"),
        ("2025年度内に引き上げる方針", "next", "2025-04-01", "2026-03-31"),
        ("年度内に対話", "next", "2026-01-18", "2026-03-31"),
        ("27年4月から育成就労", "effective", "2027-04-01", "2027-04-30"),
        ("30日以内に機雷除去", "next", "2026-01-18", "2026-02-17"),
        ("within 90 days", "next", "2026-01-18", "2026-04-18"),
        ("in early 2027", "next", "2027-01-01", "2027-03-31"),
        ("by the first quarter of 2027", "next", "2027-01-01", "2027-03-31"),
        ("2027年半ばに開始", "effective", "2027-05-01", "2027-08-31"),
        ("来年前半にも解禁", "next", "2027-01-01", "2027-06-30"),
        ("秋の臨時国会に提出", "next", "2026-09-01", "2026-11-30"),
        ("年明けに開始", "effective", "2027-01-01", "2027-01-31"),
        ("年末の税制改正大綱", "next", "2026-12-01", "2026-12-31"),
        ("From today, 18 January 2026, fees rise; starting 18 January", "effective", "2026-01-18", "2026-01-18"),
    ],
)
def test_dates(text: str, kind: str, first: str, last: str) -> None:
    found = named_dates(text, DAY)[0]
    assert (found.kind, found.first.isoformat(), found.last.isoformat()) == (kind, first, last)


@pytest.mark.parametrize(
    "text",
    [
        "since March",
        "1年前の4月",
        "昨年の12月",
        "18日に会談した",
        "on 3 January",
        "10日間の協議",
        "日本の日銀",
        "may rise",
        "March to the square",
        "31 June 2026",
        "in December 1999",
        "TOKYO, Jan 18 (Reuters) - Japan",
        "対応状況について（1月18日）",
        "昨年9月30日の為替介入",
        "9月30日の介入は過去最高",
        "先月31日に介入",
        "2025年度の輸入割当て",
        "10日連続で領海侵入",
        "1日あたりの原油生産量を引き上げへ",
        "3日平均で5000人",
        "地震から10日後",
        "police said on Tuesday",
        "China on Friday banned exports",
        "令和8年1月千葉豪雨の対応",
        "1月29日までの雨風シミュレーション",
        "1月31日にかけての雨風シミュレーション",
        "2月1日(日)までの雨と風の予想",
        "週間天気予報(1月20日~26日)の雨",
    ],
)
def test_what_names_no_day_ahead(text: str) -> None:
    assert named_dates(text, DAY) == ()


def test_a_day_that_was_last_week_is_not_next_months() -> None:
    assert named_dates("31日の円急騰", date(2026, 8, 3)) == ()


def test_a_day_makes_the_mention_of_its_month_superfluous() -> None:
    found = named_dates("3月に施行。3月16日に施行される", DAY)
    assert [each.text for each in found] == ["3月16日"]


def test_the_words_are_the_sources_own() -> None:
    assert named_dates("Starting as early as March", DAY)[0].text == "as early as March"
    assert named_dates("She will dissolve parliament Friday", DAY)[0].text == "Friday"


@given(st.text(max_size=40), st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_any_text_on_any_day_gives_windows_that_are_not_over(text: str, day: date) -> None:
    for each in named_dates(f"{text} 29日 2月29日 31日 5~3日 feb 29 来月31日 月内 年度内 within 99 days will on friday {text}", day):
        assert each.first <= each.last
        assert each.last >= day


@pytest.mark.parametrize("form", [*ENGLISH, *JAPANESE], ids=lambda form: form.pattern.pattern)
@given(st.data())
@settings(max_examples=30, deadline=None)
def test_a_text_with_a_form_has_one_of_its_words(form: Form, data: st.DataObject) -> None:
    text = fold(data.draw(st.from_regex(form.pattern))).text
    if form.pattern.search(text):
        assert not form.words.isdisjoint(words_of(text))
