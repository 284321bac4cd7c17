"""Pages and documents that are no feeds are read by selectors, and a rebuilt page is told from a quiet one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.errors import FeedError
from alerts.feeds.catalog import Feed
from alerts.feeds.entry import Source
from alerts.feeds.fetch import Fetched
from alerts.feeds.formats.raw import Selection
from alerts.feeds.formats.tree import grow, select
from alerts.feeds.health import Reading, after_read
from alerts.feeds.merge import merge
from alerts.feeds.parse import parse
from alerts.feeds.parsed import Parsed
from alerts.feeds.state import FeedState
from alerts.feeds.verdict import report

NOW = datetime(2026, 4, 1, tzinfo=UTC)
PAGE = """<!DOCTYPE html><html lang="ja"><head><title>Agency</title>
<script>var a = "<li><a href='/x/1.html'>no</a></li>";</script></head><body>
<ul class="menu"><li><a href="/">Top</a><li><a href="/en/">English pages</a></ul>
<ul class="news">
<li><span class="day">2026年3月30日</span> <a href="/news/123.html">Fees for residence cards change</a>
<li><span class="day">令和8年3月27日</span> <a href="/news/122.html">Office closed on Friday</a> <img src="new.gif">
<li><span class="day">2026/03/20</span> <a href="/news/121.pdf">PDF</a>
</ul>
<dl class="news"><dt>2026.3.19<dd><a href="/news/120.html">An older notice</a></dl>
</body></html>"""


def page(text: str, **selection: str) -> Parsed:
    return parse(
        text.encode(),
        content_type="text/html; charset=utf-8",
        url="https://agency.example/index.html",
        feed_source=Source("agency", "Agency", language="ja"),
        timezone="Asia/Tokyo",
        now=NOW,
        format="html-list",
        selection=Selection(**selection),
    )


def test_a_list_on_a_page_is_read_with_its_dates() -> None:
    found = page(PAGE, item="li, dd", matching="/news/")
    assert [(entry.title, entry.url, f"{entry.published:%m-%d %H}") for entry in found.entries] == [
        ("Fees for residence cards change", "https://agency.example/news/123.html", "03-29 15"),
        ("Office closed on Friday", "https://agency.example/news/122.html", "03-26 15"),
        ("An older notice", "https://agency.example/news/120.html", "03-18 15"),
    ]
    assert found.format == "html-list"


def test_the_same_page_with_a_new_date_is_a_new_entry() -> None:
    first, second = (page(text, item="li", matching="123").entries[0].id for text in (PAGE, PAGE.replace("3月30日", "3月31日")))
    assert first != second


def test_a_rebuilt_page_is_a_failure_and_says_so() -> None:
    for selection in ({"item": "article.card"}, {"item": "li", "matching": "/press/"}):
        with pytest.raises(FeedError) as caught:
            page(PAGE, **selection)
        assert caught.value.reason == "layout"
        assert "has it been rebuilt?" in str(caught.value)


def after(*pages: str, **selection: str) -> FeedState:
    """The health of a page after visits that found it like this."""
    state = FeedState(FEED.id, FEED.url, NOW)
    for text in pages:
        parsed = page(text, **selection)
        merged = merge(parsed.items, stored={}, recent=(), health=state.health, now=NOW, last_success=state.last_success)
        state = after_read(state, FEED, Reading(Fetched(200, FEED.url, b""), parsed, merged, text), NOW)
    return state


LONG = PAGE.replace(
    "</ul>\n<dl", "".join(f"<li>2026/02/{n:02} <a href='/news/{n}.html'>Notice number {n}</a>" for n in range(1, 20)) + "</ul>\n<dl"
)
MOVED = PAGE.replace('<ul class="news">', '<div id="app"><section><ul class="list-2">').replace("dl class", "dl id")
FEED = Feed(id="agency", url="https://agency.example/index.html", title="t", publisher="p", staleness_hours=9999)


@pytest.mark.parametrize(
    ("pages", "verdict"),
    [
        ((PAGE, PAGE), "fine"),
        ((PAGE, PAGE.replace("123", "124").replace("Fees", "New fees")), "fine"),
        ((LONG, LONG.replace("Notice number 19", "One more")), "fine"),
        ((PAGE, MOVED), "rebuilt"),
        ((LONG, PAGE), "rebuilt"),
    ],
    ids=["the same", "something new", "a long list", "entries stand elsewhere", "most entries are gone"],
)
def test_a_changed_layout_is_told_from_nothing_new(pages: tuple[str, ...], verdict: str) -> None:
    state = after(*pages, item="ul li", matching="/news/")
    found = report(FEED, state, NOW)
    assert found.verdict == verdict
    assert ("layout changed" in " ".join(state.health.drift)) is (verdict == "rebuilt")
    assert report(FEED, state, NOW + timedelta(days=8)).verdict == "fine", "after a week it is as it is"


def test_a_selector_that_is_not_understood_is_named() -> None:
    with pytest.raises(FeedError, match="li:nth-child"):
        page(PAGE, item="li:nth-child(2)")


COUNTS = {
    "li": 5, "ul.news li": 3, ".day": 3, "ul.news .day, dt": 4, "a[href*=news]": 4, 'a[href="/"]': 1, "img[src]": 1, "*": 25, "#none": 0,
}  # fmt: skip


@pytest.mark.parametrize("selector", COUNTS)
def test_selectors(selector: str) -> None:
    assert len(select(grow(PAGE), selector)) == COUNTS[selector]


PIECES = [*"<>/![]-=' a", "li", "<![", "<!--", "]]>", "CDATA[", "if", "endif", "<?", "&#", "<!DOCTYPE", "<ul", "</li>", "<script>", "<title>"]


NESTED = "<div class=a><div class=b><ul><li>one<ul><li>two</ul></ul></div></div><p><a href='/x.pdf'>P</a><a href=\"/n/1\">N</a></p>"


@pytest.mark.parametrize(
    ("selector", "count"),
    [
        ("div > ul > li", 1), ("div ul > li", 2), ("div.a > ul", 0), ("div.a>div.b>ul", 1), ("ul > li > ul > li", 1), (".a ul li ul li", 1),
        ("div > ul li", 2), ("p > a[href^='/n/']", 1), ("a[href$=.pdf]", 1), ('a[href^="/"]', 2), ("div div li", 2), ("p div li", 0),
    ],
)  # fmt: skip
def test_selectors_of_what_stands_inside_what(selector: str, count: int) -> None:
    assert len(select(grow(NESTED), selector)) == count


@pytest.mark.parametrize("selector", ["> li", "ul >", "ul > > li", "ul ~ li", "a[href^=x"])
def test_a_selector_that_is_none_is_refused(selector: str) -> None:
    with pytest.raises(ValueError, match="not understood"):
        select(grow(NESTED), selector)


def test_a_long_selector_on_a_deep_page_ends() -> None:
    assert select(grow("<div>" * 150 + "<li>x" * 40), "p div div div div div div div div li") == []


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_any_markup_grows_a_tree(text: str) -> None:
    assert all(element.parent is not None for element in grow(text).descendants())


DATA = b"""{"data": {
"JP": {"iso": "JP", "en": {"name": "Japan", "slug": "japan", "text": "Take normal precautions"}, "when": "2026-03-30 10:00:00"},
"XX": {"iso": "XX", "en": {"name": "Nowhere", "slug": "nowhere", "text": ""}, "when": null}, "bad": 3}}"""


def document(raw: bytes, **selection: str) -> Parsed:
    return parse(
        raw,
        content_type="application/json",
        url="https://api.example/index.json",
        feed_source=Source("api", "API"),
        timezone="America/Toronto",
        now=NOW,
        format="json-list",
        selection=Selection(**selection),
    )


def test_a_document_of_an_api_is_read_by_paths() -> None:
    found = document(DATA, item="$.data.*", title="{$.en.name}: {$.en.text}", link="/places/{$['en'].slug}", date="$.when", guid="$.iso")
    assert [(item.guid, item.entry.title, item.entry.url) for item in found.items] == [
        ("JP", "Japan: Take normal precautions", "https://api.example/places/japan"),
        ("XX", "Nowhere:", "https://api.example/places/nowhere"),
    ]
    assert found.items[0].entry.published == datetime(2026, 3, 30, 14, tzinfo=UTC)
    assert found.items[1].dated == "missing"


def test_an_api_that_changed_is_a_failure() -> None:
    for raw, reason in ((b'{"other": []}', "layout"), (b"<html>", "not-a-feed")):
        with pytest.raises(FeedError) as caught:
            document(raw, item="$.data.*")
        assert caught.value.reason == reason


def test_an_entry_is_found_by_what_it_says() -> None:
    raw = b'{"all": [{"kind": "notice", "title": "A"}, {"kind": "tender", "title": "B"}, {"kind": "notice", "title": "C"}]}'
    assert [entry.title for entry in document(raw, item="$.all[?@.kind == 'notice']").entries] == ["A", "C"]
