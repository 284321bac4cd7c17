"""Lists of feeds as other readers exchange them: OPML 2.0 (http://opml.org/spec2.opml). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from alerts.errors import AlertsError
from alerts.feeds.catalog import Feed
from alerts.feeds.formats.tree import readable
from alerts.feeds.login import part_login


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed in a list: its address and its title."""

    url: str
    title: str


def read_opml(text: str) -> tuple[Outline, ...]:
    """Return the feeds of a list, each address once. Leniently read, as lists in the wild are; raises AlertsError if it is none."""
    reader = _Reader()
    reader.feed(readable(text))
    reader.close()
    if not reader.is_opml:
        raise AlertsError("this is no OPML: it has no <opml> element; export the list from your reader again")
    first: dict[str, Outline] = {}
    for outline in reader.found:
        first.setdefault(outline.url, outline)
    return tuple(first.values())


def write_opml(feeds: Iterable[Feed], title: str) -> str:
    """Return a list of feeds, in folders by country and kind; without logins, as such lists are passed on."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<opml version="2.0">', f"<head><title>{escape(title)}</title></head>", "<body>"]
    ordered = sorted(feeds, key=_folder)
    for folder, group in groupby(ordered, key=_folder):
        lines.append(f"<outline text={quoteattr(folder)}>")
        for feed in group:
            name = quoteattr(f"{feed.publisher}: {feed.title}")
            language = f" language={quoteattr(feed.language)}" if feed.language else ""
            lines.append(f'<outline type="rss" text={name} title={name} xmlUrl={quoteattr(part_login(feed.url)[0])}{language}/>')
        lines.append("</outline>")
    return "\n".join([*lines, "</body>", "</opml>", ""])


def _folder(feed: Feed) -> str:
    return f"{feed.country or 'World'}, {feed.kind}"


class _Reader(HTMLParser):
    """Not an XML parser: entities cannot grow, and a list that is not well-formed is read all the same."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Outline] = []
        self.is_opml = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.is_opml = self.is_opml or tag == "opml"
        values = {name: (value or "").strip() for name, value in attrs}
        url = values.get("xmlurl", "")
        if tag == "outline" and url.startswith(("http://", "https://")):
            self.found.append(Outline(url, values.get("title") or values.get("text") or url))
