"""What comes out of a feed is one line of visible text, and an address that leads to the web or nowhere."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.feeds.clean import link, plain, shorten
from alerts.feeds.identity import address_key, guid_key
from alerts.feeds.language import language_of, primary

TEXTS = {
    "Plain title": "Plain title",
    "AT&amp;T &amp;amp; others": "AT&T & others",
    "Prices &lt; 5% &gt; 3%": "Prices < 5% > 3%",
    "a < b and c > d": "a < b and c > d",
    "x<y": "x<y",
    "<b>Bold</b> <i>news</i>": "Bold news",
    "&lt;b&gt;Bold&lt;/b&gt; news": "Bold news",
    "<p>One</p><p>Two</p>": "One Two",
    "One<br>Two<br/>Three": "One Two Three",
    "in<em>line</em>d": "inlined",
    "<script>alert(1)</script>Safe": "Safe",
    "<style>p{color:red}</style>Safe": "Safe",
    "<img src=x onerror=alert(1)>Picture": "Picture",
    "<!-- hidden -->Seen": "Seen",
    "<![CDATA[Wrapped]]>": "Wrapped",
    "line\nbreaks\r\nand\ttabs\u2028too": "line breaks and tabs too",
    "full　width　space": "full width space",
    "rtl \u202eevil\u202c end": "rtl evil end",
    "zero\u200bwidth\u2060s\ufeff": "zerowidths",
    "soft\u00adhyphen": "softhyphen",
    "nul\x00 bell\x07": "nul bell",
    "slots \ue000\uf8ff\U000f0000 gone": "slots gone",
    "&#xE000;&#57345;": "",
    "&#x202E;turned": "turned",
    "&lt;script&gt;alert(1)&lt;/script&gt;After": "After",
    "<ruby>漢字<rp>(</rp><rt>かんじ</rt><rp>)</rp></ruby>を読む": "漢字を読む",
    "日米首脳会談、来週開催へ": "日米首脳会談、来週開催へ",
    "cafe\u0301": "café",
    "&nbsp;": "",
    "": "",
}


@pytest.mark.parametrize("text", TEXTS)
def test_texts_become_plain(text: str) -> None:
    assert plain(text) == TEXTS[text]


def test_long_texts_end_at_a_word_with_an_ellipsis() -> None:
    assert shorten("The quick brown fox jumps", 22) == "The quick brown fox…"
    assert shorten("関税引き上げについて", 6) == "関税引き上…"
    assert len(plain("word " * 200)) <= 300
    assert len(plain("字" * 999)) == 300


def test_a_megabyte_of_markup_costs_little() -> None:
    assert plain("<div>" * 200_000 + "end") in {"", "end"}


@pytest.mark.parametrize(
    ("piece", "clean"),
    [
        ('<p class="some class > of it">word</p>\n', "word"),
        ("&lt;p class='x'&gt;word&lt;/p&gt; ", "word"),
        ("word &amp;amp; ", "word &"),
        ("<script>let word = '<p>';</script><b>word</b> ", "word"),
        ("word <a href='https://example.com/" + "x" * 1500 + "'>link</a> ", "word link"),
        ("word 1 < 2 ", "word 1 < 2"),
    ],
)
def test_the_beginning_of_a_long_text_says_what_the_whole_says(piece: str, clean: str) -> None:
    words = " ".join([clean] * 500)
    for indent in range(0, 60, 7):  # the cut of the first look falls into every part of a piece
        assert plain("x" * indent + " " + piece * 500) == shorten(f"{'x' * indent} {words}".strip(), 300)


def test_a_long_text_that_says_little_is_looked_at_to_its_end() -> None:
    assert plain("<img src='x.jpg'>" * 1000 + "<p>The end") == "The end"


@given(st.text(max_size=400))
def test_plain_is_one_line_of_visible_characters(text: str) -> None:
    out = plain(text)
    assert len(out) <= 300
    assert out == " ".join(out.split())
    assert not any(unicodedata.category(char) in {"Cc", "Co", "Cs"} for char in out)
    assert not any(char in "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff" for char in out)


@given(st.text(alphabet="<>&;/ abscriptp!-[]CDATA\"'=#x12\n", max_size=200))
def test_no_markup_survives_as_a_script(text: str) -> None:
    assert "<script" not in plain(text).replace("&lt;", "<").lower() or "&" in text


LINKS = {
    "https://example.com/a?id=1": "https://example.com/a?id=1",
    " https://example.com/a\n": "https://example.com/a",
    "https://exam\nple.com/a": "https://example.com/a",
    "HTTPS://Example.COM/Path": "https://example.com/Path",
    "https://example.com/日本": "https://example.com/%E6%97%A5%E6%9C%AC",
    "https://example.com/a b": "https://example.com/a%20b",
    "https://example.com/%E6%97%A5": "https://example.com/%E6%97%A5",
    "/news/1": "https://base.example/news/1",
    "//cdn.example/x": "https://cdn.example/x",
    "page.html#part": "https://base.example/dir/page.html#part",
    "https://user:secret@example.com/": "https://example.com/",
    "https://example.com:8443/x": "https://example.com:8443/x",
    "https://example.com/?utm_source=rss&id=7&fbclid=abc": "https://example.com/?id=7",
    "https://example.com/#utm_source=rss": "https://example.com/",
    "javascript:alert(1)": "",
    "JaVaScRiPt:alert(1)": "",
    "java\nscript:alert(1)": "",
    "\u200bjavascript:alert(1)": "",
    "data:text/html,x": "",
    "file:///etc/passwd": "",
    "mailto:a@example.com": "",
    "vbscript:x": "",
    "http://": "",
    "http://[bad": "",
    "https://exa<mple.com/": "",
    "https://example.com:99999/": "",
    "": "",
}


@pytest.mark.parametrize("address", LINKS)
def test_links_lead_to_the_web_or_nowhere(address: str) -> None:
    assert link(address, "https://base.example/dir/feed.xml") == LINKS[address]


ADDRESSES = st.from_regex(r"https?://[a-z.-]{1,6}(:[0-9]{1,2})?(/[A-Za-z0-9%;.?&=#_+@ -]{0,12})?(utm_source=x)?", fullmatch=True)


@given(ADDRESSES)
def test_the_usual_address_is_cleaned_as_any_other(address: str) -> None:
    assert link(address) == link("\u200b" + address), "a hidden character makes it an unusual one"
    assert address_key(address).casefold() == address_key(f"HTTP{address.removeprefix('http')}").casefold()


@pytest.mark.parametrize("guid", ["http://a:0x", "https://[bad/1", "http://a:99999/b"])
def test_a_guid_that_only_looks_like_an_address_is_a_guid(guid: str) -> None:
    assert guid_key(guid) == guid


@given(st.text(max_size=120), st.sampled_from(["", "https://base.example/feed"]))
def test_any_link_is_http_or_nothing_and_has_no_spaces(address: str, base: str) -> None:
    out = link(address, base)
    assert out == "" or out.startswith(("http://", "https://"))
    assert not any(char.isspace() or char in '<>"' for char in out)


@pytest.mark.parametrize(
    ("text", "declared", "language"),
    [
        ("首相が会見した", "en", "ja"),
        ("日米首脳会談", "en", "ja"),
        ("中美关系", "zh", "zh"),
        ("한국 외교부", "", "ko"),
        ("Prime minister speaks", "ja", "en"),
        ("Le premier ministre", "fr", "fr"),
        ("Prime minister speaks", "", "en"),
        ("G7", "ja", "en"),
        ("2026", "ja", "ja"),
    ],
)
def test_the_script_decides_before_the_feed_does(text: str, declared: str, language: str) -> None:
    assert language_of(text, declared) == language


@pytest.mark.parametrize(
    ("tag", "name"), [("ja-JP", "ja"), ("en_US", "en"), ("JP", "ja"), ("", ""), ("x-none", ""), ("日本語", ""), ("english", "")]
)
def test_language_tags(tag: str, name: str) -> None:
    assert primary(tag) == name
