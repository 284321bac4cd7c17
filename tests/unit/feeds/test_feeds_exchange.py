"""Lists of feeds come in and go out whole, pages name their feeds, and feeds.yaml keeps every word that people wrote in it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.errors import AlertsError
from alerts.feeds.catalog import Feed, load_catalog
from alerts.feeds.discover import feed_links
from alerts.feeds.draft import appended, block, draft, free_id
from alerts.feeds.entry import Source
from alerts.feeds.opml import Outline, read_opml, write_opml
from alerts.feeds.parse import parse
from alerts.feeds.parsed import Parsed

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
BLOCK = block({"id": "b", "url": "https://b.example/feed", "title": "B", "publisher": "B", "kind": "press"})
HAND_MADE = "# Ours.\n\n- id: a  # the first\n  url: https://a.example/feed\n  title: A\n  publisher: A\n# an end note"


@pytest.mark.parametrize(
    "text",
    ["", "[]\n", "# none yet\n[]\n", HAND_MADE, HAND_MADE + "\n\n\n", HAND_MADE.replace("\n", "\n  ").replace("# Ours.", "  # Ours.")],
)
def test_feeds_are_added_at_the_end_and_no_line_changes(tmp_path: Path, text: str) -> None:
    result = appended(text, [BLOCK])
    lines = [line for line in text.splitlines() if line.strip() not in {"", "[]"}]
    assert [line for line in result.splitlines() if line in lines] == lines
    path = tmp_path / "feeds.yaml"
    path.write_text(result, encoding="utf-8")
    assert [feed.id for feed in load_catalog(path).feeds] == (["a", "b"] if "id: a" in text else ["b"])


@given(
    st.dictionaries(
        st.sampled_from(["title", "publisher", "reason"]), st.text("NOyes0-9:# '\"\\{}[]!&*日本のA", min_size=1, max_size=20), min_size=3
    )
)
def test_whatever_a_feed_calls_itself_its_block_can_be_read_back(values: dict[str, str]) -> None:
    import tempfile

    written = block({"id": "x", "url": "https://x.example/?a=1&b=%20", "kind": "press", "enabled": False, **values})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feeds.yaml"
        path.write_text(written, encoding="utf-8")
        feed = load_catalog(path).feeds[0]
    assert {name: getattr(feed, name) for name in values} == values


def parsed(hours: int = 2) -> Parsed:
    items = "".join(
        f"<item><title>Notice {n}</title><link>https://www.mhlw.go.jp/{n}</link><pubDate>Sun, 01 Mar 2026 {n * hours:02}:00:00 +0900</pubDate></item>"
        for n in range(6)
    )
    text = f"<rss version='2.0'><channel><title>厚生労働省 - 新着情報</title><language>ja</language>{items}</channel></rss>"
    return parse(text.encode(), content_type="", url="https://x.example", feed_source=Source("t", "T"), timezone="UTC", now=NOW)


def test_a_draft_says_what_address_and_document_tell() -> None:
    values = draft("https://www.mhlw.go.jp/stf/news.rdf", parsed(), ["mhlw-stf"])
    assert values["id"] == "mhlw-stf-2"
    assert (values["publisher"], values["title"], values["kind"]) == ("厚生労働省", "新着情報", "official")
    assert (values["country"], values["timezone"], values["language"]) == ("JPN", "Asia/Tokyo", "ja")
    assert (values["poll_minutes"], values["staleness_hours"]) == (30, 48)
    assert Feed.model_validate(values).enabled


@given(st.from_regex(r"https?://[a-z0-9.-]{1,60}/[a-zA-Z0-9/_.%-]{0,80}", fullmatch=True), st.sets(st.just("feed")))
def test_every_address_gives_an_id_that_is_allowed_and_free(url: str, taken: set[str]) -> None:
    id = free_id(url, taken)
    assert id not in taken
    assert Feed.model_validate({"id": id, "url": "https://x.example/", "title": "t", "publisher": "p"})


PAGE = """<!doctype html><html><head><link rel="alternate" type="application/rss+xml" href="/comments/feed/">
<link rel="alternate" type="application/atom+xml" title="News" href="/news.atom"><link rel="alternate" hreflang="ja" href="/ja/">
<link rel=stylesheet href="/feed.css"></head><body><a href="https://other.example/rss/press.xml">RSS</a><a href="/about-feeding">x</a>
<a href="javascript:rss()">no</a></body></html>"""


def test_a_page_names_its_feeds_declared_ones_first_comments_last() -> None:
    assert feed_links(PAGE, "https://site.example/") == (
        "https://site.example/news.atom",
        "https://other.example/rss/press.xml",
        "https://site.example/comments/feed/",
    )


def test_an_opml_list_goes_out_and_comes_back() -> None:
    feeds = [
        Feed(id=f"f{n}", url=f"https://{n}.example/feed?a=1&b={n}", title=f'News <{n}> "日本"', publisher="A & B", country="JPN")
        for n in range(5)
    ]
    text = write_opml(feeds, "Ours & theirs")
    assert [(one.url, one.title) for one in read_opml(text)] == [(feed.url, f"{feed.publisher}: {feed.title}") for feed in feeds]
    assert '<outline text="JPN, press">' in text


def test_lists_of_other_readers_are_read_leniently() -> None:
    text = """<?xml version="1.0"?><opml version="1.1"><body><outline text="Asia"><outline text="A &amp; B" xmlurl="http://a.example/f">
    <outline type="rss" title="C" text="c" xmlUrl="http://c.example/f"/><outline xmlUrl="ftp://no.example"/>
    <outline text="again" xmlUrl="http://a.example/f"/></body>"""
    assert read_opml(text) == (Outline("http://a.example/f", "A & B"), Outline("http://c.example/f", "C"))


def test_what_is_no_list_is_refused_in_words() -> None:
    with pytest.raises(AlertsError, match="no OPML"):
        read_opml("<html></html>")


def test_entities_of_a_list_cannot_grow() -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><opml><outline text="&b;" xmlUrl="http://a.example/"/></opml>'
    assert read_opml(laughs)[0].title == "&b;"


@given(st.text(max_size=300) | st.lists(st.sampled_from(["<", "![", "C", "if", "[", "]]>", "<outline xmlUrl=", "'", ">"])).map("".join))
def test_no_text_breaks_the_readers(text: str) -> None:
    feed_links(text, "https://x.example/")
    read_opml(f"<opml>{text}</opml>")
