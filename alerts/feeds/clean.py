"""Plain text and safe links from what feeds contain.

Feeds carry markup, entities encoded twice, scripts, characters that turn the reading direction or show nothing. What comes out is one line
of text that may be printed anywhere after ordinary escaping, and an http(s) address or nothing.
"""

from __future__ import annotations

import html
import re
import unicodedata
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import nh3

SUMMARY_LIMIT = 300
TITLE_LIMIT = 400
URL_LIMIT = 2000
MARKUP_LIMIT = 60_000
"""How much markup of one field is looked at: a summary needs the beginning, and one entry must not cost seconds."""
_FIRST_LOOK = 2000
"""How much is looked at first: nearly always the few hundred characters that are wanted stand in it."""
_FRAYED = 100
"""So much at the end of a first look is not trusted: an entity may have been cut in two. Nor is a tag that may have been."""

_TAGS = (
    "a|abbr|acronym|address|article|aside|audio|b|base|big|blockquote|body|br|button|center|cite|code|del|div|dd|dl|dt|em|embed|figcaption|"
    "figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|label|li|link|main|mark|meta|nav|noscript|object|ol|option|p|"
    "picture|pre|q|rp|rt|ruby|s|script|section|select|small|source|span|strike|strong|style|sub|sup|svg|table|tbody|td|textarea|tfoot|th|thead|"
    "time|title|tr|tt|u|ul|var|video|wbr|xml"
)
_MARKUP = re.compile(rf"<(?:/?(?:{_TAGS})(?=[\s/>])[^<>]*>|!--)", re.I)
_BLOCK = re.compile(
    r"<(?=/?(?:address|article|blockquote|br|dd|div|dl|dt|figcaption|h[1-6]|hr|li|ol|p|pre|section|table|td|th|tr|ul)\b)", re.I
)
_RUBY = re.compile(r"<(rt|rp)\b[^>]{0,200}>.{0,200}?</\1\s*>", re.I | re.S)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_UNSEEN = re.compile(
    "[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)
"""Control characters, zero-width and direction characters, fillers, private use, tags, what is no character at all."""

_USUAL = re.compile(
    r"https?://[a-z0-9][a-z0-9.-]*(?:/[A-Za-z0-9/%:@!$&'()*+,;=~._-]*)?(?:\?(?P<query>[A-Za-z0-9/%:@!$&'()*+,;=~?._\[\]-]+))?"
)
"""An address in which there is nothing to encode or to drop but tracking parameters."""
_SCHEME = re.compile(r"\A[A-Za-z][A-Za-z0-9+.-]*:")
_BREAKS = re.compile("[\t\r\n\u0085\u2028\u2029]+")
_TRACKING = re.compile(
    r"\A(?:utm_\w+|fbclid|gclid|dclid|msclkid|yclid|igshid|mc_cid|mc_eid|_hs\w+|mkt_tok|ocid|cmpid|ncid|at_(?:medium|campaign|custom\d|link\w*)|"
    r"ref_src|ref_url|smid|partner|xtor|wt\.mc_id|traffic_source|cmp|ito|guccounter|feedtype|feedname)\Z",
    re.I,
)


def plain(text: str | None, limit: int = SUMMARY_LIMIT) -> str:
    """Return one line of plain text of at most `limit` characters. Idempotent on its own results but for markup spelled out as text."""
    if not text:
        return ""
    line = _line(text[:_FIRST_LOOK])
    if len(text) > _FIRST_LOOK and (len(line) < limit + _FRAYED or "<" in line):
        line = _line(text[:MARKUP_LIMIT])
    return shorten(line, limit)


def _line(text: str) -> str:
    """Return one line of plain text."""
    text = text.replace("<![CDATA[", "").replace("]]>", "")
    if _MARKUP.search(text):
        text = _strip(text)
    elif "&" in text:
        text = html.unescape(text) if _ENTITY.search(text) else text
        if _MARKUP.search(text):
            text = _strip(text)
    if "&" in text and _ENTITY.search(text):  # encoded twice
        text = html.unescape(text)
    text = _UNSEEN.sub("", text)
    return unicodedata.normalize("NFC", " ".join(text.split()))


def shorten(text: str, limit: int) -> str:
    """Cut a text to a number of characters, at a word's end where there are words, with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    space = cut.rfind(" ")
    if text[limit - 1] != " " and space > limit * 3 // 4 and cut[-1].isascii():
        cut = cut[:space]
    return cut.rstrip(" ,.;:、。・-") + "…"


def link(address: str | None, base: str = "") -> str:
    """Return an absolute http(s) address without tracking parameters, or an empty string if there is none to be trusted.

    Newlines and hidden characters are dropped, spaces and other unsafe characters encoded, user names and passwords dropped.
    """
    if not address:
        return ""
    if (usual := _USUAL.fullmatch(address)) and (not usual["query"] or _without_tracking(usual["query"]) == usual["query"]):
        return address if len(address) <= URL_LIMIT else ""
    address = _UNSEEN.sub("", _BREAKS.sub("", address)).strip()
    if not address:
        return ""
    try:
        joined = urljoin(base, address) if base and not _SCHEME.match(address) else address
        if joined.startswith("//"):
            joined = "https:" + joined
        parts = urlsplit(joined)
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme.lower() not in {"http", "https"} or not host or not _is_host(host):
        return ""
    netloc = (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~-._")
    query = quote(_without_tracking(parts.query), safe="/%:@!$&'()*+,;=~?-._[]")
    fragment = quote("" if _is_tracking(parts.fragment) else parts.fragment, safe="/%:@!$&'()*+,;=~?-._")
    result = urlunsplit((parts.scheme.lower(), netloc, path, query, fragment))
    return result if len(result) <= URL_LIMIT else ""


def _is_host(host: str) -> bool:
    return not any(sign in host for sign in " <>\"'`{}|\\^%") and any(sign.isalnum() for sign in host)


def _without_tracking(query: str) -> str:
    if "=" not in query:
        return query
    return "&".join(part for part in query.split("&") if not _is_tracking(part))


def _is_tracking(parameter: str) -> bool:
    return bool(_TRACKING.match(parameter.partition("=")[0]))


def _strip(markup: str) -> str:
    """Take the tags away; blocks become spaces, readings over kanji (ruby) are dropped, the contents of scripts and styles too."""
    markup = _BLOCK.sub(" <", _RUBY.sub("", markup))
    return html.unescape(nh3.clean(markup, tags=set(), attributes={}))
