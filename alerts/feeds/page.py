"""One article on a web page as an entry, from what the page says of itself (Open Graph, `<title>`, `<meta name=description>`). Pure."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from alerts.clock import parse_moment
from alerts.errors import FeedError, UsageError
from alerts.feeds import clean
from alerts.feeds.catalog import Catalog
from alerts.feeds.encoding import decode
from alerts.feeds.entry import Entry
from alerts.feeds.formats.tree import Element, grow, select
from alerts.feeds.language import language_of, primary

MAX_CHARACTERS = 2_000_000
_TITLE_LIMIT = 500
_DATES = ("article:published_time", "og:published_time", "datePublished", "date", "pubdate", "dc.date", "last-modified")


def entry_of_page(body: bytes, *, content_type: str, url: str, catalog: Catalog, now: datetime) -> Entry:
    """Return the entry that a feed would have made of a page; undated, it is of `now`. Raises FeedError if the page has no title."""
    root = grow(decode(body, content_type=content_type).text[:MAX_CHARACTERS])
    said = _metadata(root)
    titles = [said.get("og:title", ""), said.get("twitter:title", ""), *(each.text() for each in select(root, "title"))]
    title = next((clean.plain(each, _TITLE_LIMIT) for each in titles if each.strip()), "")
    if not title:
        raise FeedError("no-title", f"{url} says no title; give the headline as text instead")
    summary = clean.plain(said.get("og:description") or said.get("description") or "")
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    source = catalog.source_for(host)
    declared = next((each.attributes.get("lang", "") for each in select(root, "html")), "")
    language = language_of(f"{title} {summary}", primary(declared))
    return Entry(url, source, url, title, summary, _date(said) or now, language, outlet=said.get("og:site_name") or source.publisher)


def _metadata(root: Element) -> dict[str, str]:
    """Return what `<meta>` elements say, the first of each name."""
    said: dict[str, str] = {}
    for element in select(root, "meta"):
        given = element.attributes
        name = given.get("property") or given.get("name") or given.get("itemprop") or ""
        if name and given.get("content", "").strip():
            said.setdefault(name, given["content"].strip())
    return said


def _date(said: dict[str, str]) -> datetime | None:
    for name in _DATES:
        try:
            return parse_moment(said[name])
        except (KeyError, UsageError):
            continue
    return None
