"""Whatever bytes a server sends, parsing ends with clean entries or one reason: never with a crash of ours, and in bounded time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.errors import FeedError
from alerts.feeds.entry import Source
from alerts.feeds.formats.raw import Selection
from alerts.feeds.parse import parse
from alerts.feeds.parsed import Parsed
from alerts.feeds.pool import ParsePool

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SOURCE = Source("f", "F")
RSS = """<?xml version="1.0" encoding="Shift_JIS"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>町の知らせ</title>
<ttl>60</ttl><skipDays><day>Sunday</day></skipDays><item><title>①窓口 &amp;amp; 時間</title><link>http://t.example/1?utm_source=x</link>
<guid isPermaLink="false">1</guid><pubDate>Mon, 02 Mar 2026 10:00:00 JST</pubDate><description><![CDATA[<p>本文<script>x()</script></p>]]></description>
</item><item><title/><dc:date>令和8年3月2日</dc:date><link>javascript:x</link></item></channel></rss>""".encode("cp932")
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title type="html">A &lt;b&gt;</title><entry><id>tag:a,2026:1</id><title>One</title>
<link rel="alternate" href="/1"/><updated>2026-03-02T10:00:00Z</updated><content type="xhtml"><div>Text</div></content></entry></feed>"""
JSON = b'{"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": [{"id": 1, "url": "http://j.example/1", "title": "One", "date_published": "2026-03-02"}]}'
PAGE = "<html lang=ja><ul class=news><li>2026年3月1日 <a href='/n/1'>窓口の時間が変わります</a><li><a href=/n/2>四月からの料金</a></ul>".encode()
SEEDS = [RSS, ATOM, JSON, PAGE]
HEADERS = st.sampled_from(
    ["", "text/xml", "application/xml; charset=iso-2022-jp", "text/html; charset=utf-16", "application/json; charset=none"]
)
PIECES = st.sampled_from(
    [
        b"<",
        b">",
        b"]]>",
        b"<![CDATA[",
        b"&#0;",
        b"&#x110000;",
        b"&x;",
        b"\x00",
        b"\xff\xfe",
        b"\x1b$B",
        b"<!--",
        b"\xed\xa0\x80",
        b"{",
        b"1e999",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]>",
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good document that something happened to, up to six times."""
    body = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 6))):
        start, end = sorted((draw(st.integers(0, len(body))), draw(st.integers(0, len(body)))))
        how = draw(st.integers(0, 3))
        middle = (b"", body[start:end] * 2, draw(PIECES), draw(st.binary(max_size=8)))[how]
        body = body[:start] + middle + body[end if how < 2 else start :]
    return body


def check(parsed: Parsed) -> None:
    for item in parsed.items:
        entry = item.entry
        assert entry.title == " ".join(entry.title.split()) != ""
        assert len(entry.summary) <= 300
        assert entry.url == "" or entry.url.startswith(("http://", "https://"))
        assert entry.published.tzinfo is not None
        assert entry.published <= NOW or item.dated == "given", "never in the future"
        assert "<script" not in entry.title.lower()
        (entry.title + entry.summary + entry.url).encode()


@pytest.mark.parametrize(
    ("format", "selection"),
    [("feed", None), ("html-list", Selection("li", matching="/n/")), ("json-list", Selection("$.items[*]", link="$.url", guid="$.id"))],
)
@given(st.one_of(mutated(), st.binary(max_size=300)), HEADERS)
@settings(max_examples=120, deadline=None)
def test_any_bytes_end_in_entries_or_a_reason(format: str, selection: Selection | None, body: bytes, content_type: str) -> None:
    try:
        parsed = parse(
            body,
            content_type=content_type,
            url="http://f.example/",
            feed_source=SOURCE,
            timezone="Asia/Tokyo",
            now=NOW,
            format=format,
            selection=selection,
        )
    except FeedError as caught:
        refused = caught
    else:
        return check(parsed)
    assert refused.reason.replace("-", "").isalnum()
    assert "\n" not in str(refused)
    return None


def laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    return f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "ha">{entities}]><rss><channel><item><title>&l11;</title></item></channel></rss>'.encode()


HEAVY = {
    "a tower of elements": b"<rss><channel><item><title>" + b"<b>" * 200_000,
    "a tower of lists": b"[" * 200_000,
    "a tower of objects": b'{"items":' * 50_000,
    "one long attribute": b"<rss><channel><item><title a='" + b"x" * 3_000_000 + b"'>T</title></item></channel></rss>",
    "entities of entities": laughs(),
    "entities upon entities": b"<rss><channel><item><title>" + b"&amp;" * 300_000 + b"</title></item></channel></rss>",
    "opening brackets": b"<rss><channel><item><title>" + b"<" * 500_000,
    "opening comments": b"<rss><channel><item><title>" + b"<!--" * 200_000,
    "opening sections": b"<rss><channel>" + b"<![CDATA[" * 100_000,
    "a thousand dates": b"<rss><channel>" + b"<item><title>x</title><pubDate>" + b"2026 " * 40_000 + b"</pubDate></item></channel></rss>",
    "escapes of iso-2022-jp": b"<?xml version='1.0' encoding='iso-2022-jp'?><rss><channel><item><title>" + b"\x1b$B\x1b(B" * 200_000,
    "readings that never end": b"<rss><channel><item><title><![CDATA[" + b"<rt>" * 15_000 + b"]]></title></item></channel></rss>",
    "sections that are none": b"<html><body>" + b"<![x" * 100_000,
    "hidden characters": b"<rss><channel><item><title>" + "\u200b".encode() * 500_000 + b"x</title></item></channel></rss>",
}


LISTS = {
    "items in items": b"<li>" * 100_000,
    "a tower of boxes": b"<div>" * 100_000 + b"<li><a href=/n/1>A notice</a>",
    "links that never end": b"<li><a href='/n/1'>" * 20_000,
    "ends without beginnings": b"<div>" * 190 + b"</p>" * 200_000,
    "dates beside a link": b"<li>" + b"2026 " * 100_000 + b"<a href=/n/1>A notice</a>",
    "sections that are none": b"<ul>" + b"<![x" * 100_000,
    "attributes": b"<li " + b"a=b " * 100_000 + b"><a href=/n/1>A notice</a>",
}


def test_a_page_that_is_made_to_hang_its_reader_ends_within_its_limit() -> None:
    async def main() -> dict[str, str]:
        pool = ParsePool(1, seconds=5)
        outcomes = {}
        for name, body in LISTS.items():
            selection = Selection("div li, li, dd", matching="/n/")
            try:
                given = {"url": "http://f.example/", "feed_source": SOURCE, "timezone": "UTC", "now": NOW}
                parsed = await pool.call(parse, body, content_type="", format="html-list", selection=selection, **given)  # type: ignore[arg-type]
                outcomes[name] = f"{len(parsed.items)} entries"
            except FeedError as error:
                outcomes[name] = error.reason
        pool.close()
        return outcomes

    assert set(asyncio.run(main()).values()) <= {"layout", "1 entries", "too-slow"}


def test_what_is_made_to_hang_a_parser_ends_within_its_limit_and_leaves_the_worker_fit() -> None:
    async def main() -> dict[str, str]:
        pool = ParsePool(1, seconds=1)
        outcomes = {}
        for name, body in HEAVY.items():
            try:
                parsed = await pool.call(parse, body, content_type="", url="http://f.example/", feed_source=SOURCE, timezone="UTC", now=NOW)
                outcomes[name] = f"{len(parsed.items)} entries"
            except FeedError as error:
                outcomes[name] = error.reason
        good = await pool.call(parse, ATOM, content_type="", url="http://f.example/", feed_source=SOURCE, timezone="UTC", now=NOW)
        assert len(good.items) == 1
        pool.close()
        return outcomes

    outcomes = asyncio.run(main())
    assert "parser" not in outcomes.values(), outcomes
