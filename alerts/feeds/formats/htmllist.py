"""Pages without a feed: the list of news on them, found by selectors of feeds.yaml.

A page on which nothing is found has been rebuilt: that is a failure and not `nothing new`. One on which entries are found, but none where
they used to stand, has probably been rebuilt: its health says so (see `health.py`). The same page announced again under a new date
is a new entry (HANDBOOK §4), so the date is part of the guid.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from urllib.parse import urljoin

from alerts.errors import FeedError
from alerts.feeds.formats.raw import Document, Raw, Selection
from alerts.feeds.formats.tree import Element, grow, select

_DATE = re.compile(
    r"(?:(?:令和|平成)\s*\S{1,2}\s*年|[RH]\d{1,2}[./]|\d{4}\s*[-/.年])\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?"
    r"|\b[A-Z][a-z]{2,8}\.? \d{1,2}, \d{4}|\b\d{1,2} [A-Z][a-z]{2,8} \d{4}"
)
_LANGUAGE = re.compile(r"<html[^>]*\blang\s*=\s*[\"']?([A-Za-z-]{2,10})", re.I)
PLACES = 6
"""Places of entries that are remembered, the most frequent first."""
MIN_TITLE = 4
"""Shorter link texts are `top`, `PDF` or `next`."""


def read(text: str, url: str, selection: Selection) -> Document:
    """Read a page. Raises FeedError with reason `layout` if no entry is found, or `selector` if a selector is not understood."""
    root = grow(text)
    try:
        items = select(root, selection.item)
        found = [(item, raw) for item in _innermost(items) if (raw := _entry(item, url, selection))]
    except ValueError as error:
        raise FeedError("selector", f"select in feeds.yaml: {error}") from None
    if not found:
        why = f"{len(items)} elements match item, but none holds a link that fits" if items else "no element matches item"
        raise FeedError("layout", f"no entry was found on the page ({why}); has it been rebuilt?")
    entries = [raw for _, raw in found]
    unique = {(raw.link, raw.title): raw for raw in reversed(entries)}
    kept = tuple(raw for raw in entries if unique[raw.link, raw.title] is raw)
    titles = [element.text() for element in root.descendants() if element.tag == "title"]
    language = _LANGUAGE.search(text[:3000])
    places = Counter(_place(item) for item, _ in found).most_common(PLACES)
    return Document(
        "html-list", kept, titles[0] if titles else "", language[1] if language else "", places=tuple(place for place, _ in places)
    )


def _place(item: Element) -> str:
    """Say where an element stands: itself and three around it, each with its id or first class; numbers in them are left out."""
    around = [item, *islice(item.ancestors(), 3)]
    return " ".join(_name(element) for element in reversed(around) if element.tag)


def _name(element: Element) -> str:
    marks = (f"#{element.attributes['id']}",) if element.attributes.get("id") else element.attributes.get("class", "").split()[:1]
    mark = "".join(marks) if not marks or marks[0].startswith("#") else f".{marks[0]}"
    return element.tag + re.sub(r"\d+", "", mark)[:40]


def _innermost(items: list[Element]) -> list[Element]:
    """Leave out items that hold others: a menu's outer list is no entry."""
    outer = {id(ancestor) for item in items for ancestor in item.ancestors()}
    return [item for item in items if id(item) not in outer]


def _entry(item: Element, url: str, selection: Selection) -> Raw | None:
    anchor, link = _anchor(item, url, selection)
    if anchor is None:
        return None
    titled = select(item, selection.title) if selection.title else []
    title = titled[0].text() if titled else anchor.text() or anchor.attributes.get("title", "")
    if len(title) < MIN_TITLE:
        return None
    date = _date(item, anchor, selection)
    about = select(item, selection.summary) if selection.summary else []
    return Raw(
        guid=f"{link} {date}" if date else "",
        link=link,
        title=title,
        summary=about[0].text() if about else "",
        dates=(date,) if date else (),
    )


def _anchor(item: Element, url: str, selection: Selection) -> tuple[Element | None, str]:
    candidates = select(item, selection.link or "a[href]")
    if item.tag == "a" and "href" in item.attributes:
        candidates.insert(0, item)
    for anchor in candidates:
        link = urljoin(url, anchor.attributes.get("href", "").strip())
        if link.startswith(("http://", "https://")) and link != url and re.search(selection.matching, link):
            return anchor, link
    return None, ""


def _date(item: Element, anchor: Element, selection: Selection) -> str:
    """Return the date that stands beside a link: where the selector says, else what looks like one outside the link, or before it."""
    if selection.date:
        return next((text for element in select(item, selection.date) if (text := element.text())), "")
    beside = _DATE.search(item.text(without=anchor))
    if beside is None and item.tag == "dd" and item.parent is not None:
        before = item.parent.children[: item.parent.children.index(item)]
        heading = next((each for each in reversed(before) if isinstance(each, Element)), None)
        beside = _DATE.search(heading.text()) if heading is not None and heading.tag == "dt" else None
    return beside[0] if beside else ""
