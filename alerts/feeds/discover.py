"""Which feeds a web page offers: what its head declares, then links that look like feeds. Pure."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from alerts.feeds.formats.tree import Element, grow

TYPES = {"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json"}
_UNSURE = {"application/xml", "text/xml", "application/json"}
_LOOKS = re.compile(r"(?:^|[/._-])(?:rss|atom|feeds?|rdf|index\.xml)(?:[/._-]|\d|$)", re.I)
_COMMENTS = re.compile(r"comment", re.I)
MOST = 8


def feed_links(page: str, url: str) -> tuple[str, ...]:
    """Return the addresses of feeds that a page names, the likeliest first, at most MOST.

    Declared ones (`<link rel="alternate">`, as browsers once understood it) come before links in the text; feeds of comments come last.
    """
    declared: list[str] = []
    linked: list[str] = []
    for element in grow(page).descendants():
        address = urljoin(url, element.attributes.get("href", "").strip()).partition("#")[0]
        if urlsplit(address).scheme not in {"http", "https"} or address == url:
            continue
        if _declares(element):
            declared.append(address)
        elif element.tag == "a" and _LOOKS.search(urlsplit(address).path):
            linked.append(address)
    found = dict.fromkeys([*declared, *linked])
    return tuple(sorted(found, key=lambda address: bool(_COMMENTS.search(address))))[:MOST]


def _declares(element: Element) -> bool:
    if element.tag != "link" or "alternate" not in element.attributes.get("rel", "").lower().split():
        return False
    kind = element.attributes.get("type", "").partition(";")[0].strip().lower()
    return kind in TYPES or (kind in _UNSURE and bool(_LOOKS.search(element.attributes.get("href", ""))))
