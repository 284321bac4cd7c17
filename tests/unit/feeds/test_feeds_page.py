"""A page becomes the entry that a feed would have made of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from alerts.errors import FeedError
from alerts.feeds.catalog import Catalog, Feed
from alerts.feeds.entry import Entry
from alerts.feeds.page import entry_of_page

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CATALOG = Catalog(
    feeds=(
        Feed(
            id="isa",
            url="https://www.moj.example.jp/feed",
            title="T",
            publisher="Immigration Agency",
            kind="official",
            country="JPN",
            language="ja",
        ),
    )
)


def page(head: str, *, content_type: str = "text/html; charset=utf-8", encoding: str = "utf-8") -> Entry:
    body = f"<!doctype html><html lang='ja-JP'><head>{head}</head><body><p>x</p></body></html>".encode(encoding)
    return entry_of_page(body, content_type=content_type, url="https://www.moj.example.jp/isa/1.html", catalog=CATALOG, now=NOW)


def test_what_the_page_says_of_itself_goes_before_its_title() -> None:
    entry = page(
        "<title>News | Site</title><meta property='og:title' content='在留手数料を改定 &amp; 施行'><meta name=description content='4月から'>"
        "<meta property='article:published_time' content='2026-02-27T10:00:00+09:00'><meta property='og:site_name' content='入管庁'>"
    )
    assert (entry.title, entry.summary, entry.language, entry.outlet) == ("在留手数料を改定 & 施行", "4月から", "ja", "入管庁")
    assert entry.published == datetime(2026, 2, 27, 1, tzinfo=UTC)
    assert (entry.source.kind, entry.source.country) == ("official", "JPN")


def test_a_page_with_a_title_alone_is_of_now_and_decoded_as_it_says() -> None:
    entry = page("<title>手数料\n改定</title>", content_type="text/html; charset=Shift_JIS", encoding="cp932")
    assert (entry.title, entry.summary, entry.published) == ("手数料 改定", "", NOW)


def test_a_date_that_cannot_be_read_is_no_date() -> None:
    assert page("<title>x y</title><meta name=date content='yesterday'>").published == NOW


def test_a_page_without_a_title_is_told() -> None:
    with pytest.raises(FeedError, match="says no title; give the headline as text instead"):
        page("<meta name=description content=x>")
