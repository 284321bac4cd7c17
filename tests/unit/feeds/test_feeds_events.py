"""What feedparser is not shown, and what it does not do, changes nothing of what is read; a worker loads nothing but its parsers."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import feedparser.api
import feedparser.html
import feedparser.mixin
import feedparser.urls
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.errors import FeedError
from alerts.feeds.entry import Source
from alerts.feeds.formats.events import is_unread
from alerts.feeds.formats.listener import Listener
from alerts.feeds.parse import parse
from alerts.feeds.parsed import Parsed
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


REDECLARED = "".join(
    f"""<item><m:title xmlns:m="{media}">Film {number}</m:title>{extra}<description xmlns:x="http://www.w3.org/1999/xlink" x:href="y">D
</description><n:date xmlns:n="http://purl.org/dc/elements/1.1/">2026-11-2{number}</n:date></item>"""
    for number, (media, extra) in enumerate(
        [("http://search.yahoo.com/mrss/", "<title>T</title>"), ("urn:nothing", "<link>page</link>"), ("http://search.yahoo.com/mrss/", "")]
    )
)
"""Prefixes that mean something else, or are meant anew, in each item."""
RELATIVE = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="/deep/" xml:lang="fr"><title>T</title><entry xml:base="er/"><title>A</title>
<link href="page"/><id>1</id></entry><entry xml:lang="de"><title type="html">B &lt;b&gt;C&lt;/b&gt;</title><link href="../page?a=1#b"/><id>2</id>
<source><title>Paper</title><id>3</id></source><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One <svg xmlns="
http://www.w3.org/2000/svg"><title>S</title></svg></p></div></content></entry><entry><link rel="Enclosure" TYPE="Audio/MP3" href="x.mp3"/>
<title>D</title><id>https://feed.example/4</id><published>23 Nov 2026</published></entry></feed>"""
MISREAD = """<rss version="2.0"><channel><title>T</title><item><title>caf\u00c3\u00a9 \x93so\x94 – 東京</title>
<guid isPermaLink="false">a b</guid><link>https://feed.example/a?b=1&amp;amp;c=2&amp;d;</link></item><item><guid>only/guid</guid></item>
</channel></rss>"""
RECORDED = Path(__file__).parents[4] / "shared" / "data" / "feeds"


def read(document: str | bytes) -> Parsed:
    """Read a document at one address and moment."""
    where = {"content_type": "text/xml", "url": "https://feed.example/x/feed.xml", "timezone": "UTC"}
    body = document if isinstance(document, bytes) else document.encode()
    return parse(body, feed_source=Source("f", "P"), now=NOW, **where)


@pytest.fixture
def as_it_comes(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | bytes], Parsed]:
    """Reads with feedparser as it comes: its usual XML reader, listener and tables."""

    def usual(document: str | bytes) -> Parsed:
        with monkeypatch.context() as patch:
            patch.setattr(feedparser.api, "PREFERRED_XML_PARSERS", [])
            patch.setattr(feedparser.api, "StrictFeedParser", Listener.__mro__[1])
            patch.setattr(feedparser.mixin, "make_safe_absolute_uri", feedparser.urls.make_safe_absolute_uri)
            patch.setattr(feedparser.mixin, "_cp1252", feedparser.html._cp1252)
            return read(document)

    return usual


def rss(item: str) -> str:
    """Wrap items."""
    return f'<rss version="2.0" {NAMESPACES}><channel><title>T</title><link>https://feed.example/</link>{item}</channel></rss>'


@pytest.mark.parametrize(("template", "extras"), [(rss(ITEM), EXTRAS), (ATOM, PEOPLE)], ids=["rss", "atom"])
def test_what_is_left_out_changes_nothing(template: str, extras: str, as_it_comes: Callable[[str], Parsed]) -> None:
    bare, full = read(template.replace("{0}", "")), read(template.replace("{0}", extras))
    assert full == bare
    assert len(full.items) == 1
    assert as_it_comes(template.replace("{0}", extras)) == full


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
def test_an_article_is_read_where_there_is_no_summary(document: str, as_it_comes: Callable[[str], Parsed]) -> None:
    lean = read(document)
    assert lean == as_it_comes(document)
    assert all(item.entry.summary for item in lean.items)


@pytest.mark.parametrize("document", [rss(REDECLARED), RELATIVE, MISREAD], ids=["redeclared", "relative", "misread"])
def test_what_is_worked_out_once_is_worked_out_right(document: str, as_it_comes: Callable[[str], Parsed]) -> None:
    lean = read(document)
    assert lean == as_it_comes(document)
    assert len(lean.items) >= 2


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded feeds: ../shared/data/feeds is absent")
def test_recorded_documents_are_read_as_by_feedparser_as_it_comes(as_it_comes: Callable[[bytes], Parsed]) -> None:
    small = [
        path for path in sorted(RECORDED.rglob("*.*")) if path.suffix in {".xml", ".rss", ".atom", ".rdf"} and path.stat().st_size < 50_000
    ]
    assert len(small) > 200
    for path in small:
        body = path.read_bytes()
        try:
            lean: Parsed | str = read(body)
        except FeedError as error:
            lean = error.reason
        try:
            usual: Parsed | str = as_it_comes(body)
        except FeedError as error:
            usual = error.reason
        assert lean == usual, path


def test_every_character_is_looked_up_as_feedparser_would() -> None:
    every = "".join(map(chr, range(0x10000)))
    assert every.translate(feedparser.mixin._cp1252) == every.translate(feedparser.html._cp1252)
    assert "😀".translate(feedparser.mixin._cp1252) == "😀"


@given(st.from_regex(r"https?://[a-zA-Z.-]{1,5}(:[0-9]{0,2})?[/?#;&=a.:\\[\]%+ @é-]{0,8}", fullmatch=True))
def test_an_address_that_is_left_alone_is_what_joining_makes_of_it(address: str) -> None:
    listener = Listener("https://feed.example/x/feed.xml", None, "utf-8")
    assert listener.resolve_uri(address) == feedparser.urls._urljoin(listener.baseuri, address)


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


def test_parsers_load_ahead_beside_the_program_that_polls_and_not_in_it() -> None:
    """In a process of its own, because this one has them."""
    program = (
        "import asyncio, sys\n"
        "from multiprocessing import forkserver\n"
        "from alerts.feeds.pool import ParsePool, load_parsers\n"
        "load_parsers()\n"
        "server = forkserver._forkserver._forkserver_pid\n"
        "import alerts.jobs.poll\n"
        "pool = ParsePool(1)\n"
        "there = asyncio.run(pool.call(eval, \"'alerts.feeds.parse' in __import__('sys').modules, __import__('os').getppid()\"))\n"
        "pool.close()\n"
        "print(there == (True, server), 'alerts.feeds.parse' in sys.modules, 'feedparser' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False", "False"], done.stderr


def test_a_worker_does_not_load_the_program_that_starts_it() -> None:
    async def ask() -> bool:
        pool = ParsePool(1)
        try:
            return await pool.call(eval, "'pytest' in __import__('sys').modules")
        finally:
            pool.close()

    assert not asyncio.run(ask())
