"""What feedparser is not shown changes nothing of what is read; a worker loads nothing but its parsers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import feedparser.api
import pytest

from alerts.feeds.entry import Source
from alerts.feeds.formats.events import is_unread
from alerts.feeds.parse import Parsed, parse
from alerts.feeds.pool import ParsePool

NOW = datetime(2026, 11, 24, tzinfo=UTC)
NAMESPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/'
    'podcast-1.0.dtd" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/"'
)
EXTRAS = """
<category>Tax &amp; law</category><author>a@example.com (A)</author><dc:creator>B<![CDATA[ & C]]></dc:creator>
<media:thumbnail url="x.jpg"/><media:credit>Somebody <b>bold</b></media:credit><itunes:image href="y.jpg"/><slash:comments>3</slash:comments>
<itunes:owner><itunes:name>N</itunes:name><itunes:email>n@example.com</itunes:email></itunes:owner>
"""
ITEM = """<item>{0}<title>Fees &amp; visas:
two <![CDATA[<b>lines</b>]]> &#x6771;京</title>{0}<link>/a?b=1&amp;c=2</link>{0}<guid>7</guid><pubDate>Mon, 23 Nov 2026 09:00:00 +0900</pubDate>
<description>One
line &lt;p&gt;and another&lt;/p&gt;</description>{0}<source url="https://p.example">Paper</source>
<media:group><media:title>Film</media:title>{0}</media:group><content:encoded>Long</content:encoded>{0}</item>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ja"><title>T</title>{0}<entry xml:base="/deep/">{0}<id>tag:x,2026:1</id>
<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Bold <b>and</b> plain</div></title>{0}<link href="page"/>
<updated>2026-11-23T00:00:00Z</updated><content type="html">&lt;p&gt;Text&lt;/p&gt;</content>{0}</entry></feed>"""
PEOPLE = '<author><name>A</name><uri>https://a.example</uri></author><category term="x"/><contributor><name>B</name></contributor>'


def read(document: str) -> Parsed:
    """Read a document at one address and moment."""
    where = {"content_type": "text/xml", "url": "https://feed.example/x/feed.xml", "timezone": "UTC"}
    return parse(document.encode(), feed_source=Source("f", "P"), now=NOW, **where)


def rss(item: str) -> str:
    """Wrap items."""
    return f'<rss version="2.0" {NAMESPACES}><channel><title>T</title><link>https://feed.example/</link>{item}</channel></rss>'


@pytest.mark.parametrize(("template", "extras"), [(rss(ITEM), EXTRAS), (ATOM, PEOPLE)], ids=["rss", "atom"])
def test_what_is_left_out_changes_nothing(template: str, extras: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bare, full = read(template.replace("{0}", "")), read(template.replace("{0}", extras))
    assert full == bare
    assert len(full.items) == 1
    monkeypatch.setattr(feedparser.api, "PREFERRED_XML_PARSERS", [])
    assert read(template.replace("{0}", extras)) == full, "feedparser with its usual reader reads the same"


ENCODED = "<content:encoded>&lt;p&gt;Long <![CDATA[<p>longer</p>]]></content:encoded>"
SUMMARY = "<description>Short</description>"
XHTML = '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Long <b>bold</b><p>more</p></div></content>'


@pytest.mark.parametrize(
    "document",
    [
        *(rss(f"<item><title>A</title>{body}<guid>1</guid></item><item><title>B</title>{ENCODED}</item>") for body in (
            SUMMARY + ENCODED,
            ENCODED + SUMMARY,
            SUMMARY + ENCODED + "<itunes:summary>Other</itunes:summary>",
            "<description> </description>" + ENCODED,
            ENCODED,
        )),
        *(f'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry><title>A</title>{body}<id>1</id></entry></feed>' for body in (
            "<summary>Short</summary>" + XHTML,
            XHTML + "<summary>Short</summary>",
            XHTML,
        )),
    ],
)  # fmt: skip
def test_an_article_is_read_where_there_is_no_summary(document: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lean = read(document)
    monkeypatch.setattr(feedparser.api, "PREFERRED_XML_PARSERS", [])
    assert lean == read(document)
    assert all(item.entry.summary for item in lean.items)


def test_a_text_in_many_pieces_is_whole() -> None:
    words = " ".join(f"w{number} &amp;\n" for number in range(20_000))
    title = read(rss(f"<item><title>{words}</title></item>")).items[0].entry.title
    assert title.startswith("w0 & w1 & w2 & ")


def test_what_is_not_well_formed_is_still_read() -> None:
    parsed = read(rss("<item><category>c</category><title>Fees &nbsp; up</title><author>x</item>"))
    assert parsed.items[0].entry.title == "Fees up"
    assert parsed.problems


@pytest.mark.parametrize("name", ["title", "http://search.yahoo.com/mrss/ title media", "http://www.w3.org/2005/Atom content", "source"])
def test_what_a_field_comes_from_is_not_left_out(name: str) -> None:
    assert not is_unread(name)


def test_a_worker_does_not_load_the_program_that_starts_it() -> None:
    async def ask() -> bool:
        pool = ParsePool(1)
        try:
            return await pool.call(eval, "'pytest' in __import__('sys').modules")
        finally:
            pool.close()

    assert not asyncio.run(ask())
