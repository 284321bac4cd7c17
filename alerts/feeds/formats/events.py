"""The XML reader that feedparser works with: expat, whose events are fewer and larger. A SAX driver, as `xml.sax.make_parser` loads them.

feedparser spends its time on events: one for each line and each entity of a text, two for each element. Here a text comes in one piece,
and elements that no field of ours comes from (who wrote it, under which tags, which picture) do not come at all. What is read is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from xml.sax.expatreader import ExpatParser

BUFFER = 1 << 16
"""Bytes of text that expat gathers before it hands them over."""

_EVERYTHING = frozenset({"*"})
_MEDIA = frozenset({"category", "community", "copyright", "credit", "keywords", "rating", "restriction", "thumbnail"})
_UNREAD = {
    "": frozenset({"author", "category", "comments"}),
    "http://www.w3.org/2005/atom": frozenset({"author", "category", "contributor"}),
    "http://purl.org/dc/elements/1.1": frozenset(
        {"contributor", "creator", "format", "identifier", "publisher", "rights", "subject", "type"}
    ),
    "http://www.itunes.com/dtds/podcast-1.0.dtd": frozenset(
        {"author", "block", "category", "duration", "episode", "episodetype", "explicit", "image", "keywords", "owner", "season"}
    ),
    "http://search.yahoo.com/mrss": _MEDIA,
    "//search.yahoo.com/mrss": _MEDIA,
    "http://www.rssboard.org/media-rss": _MEDIA,
    "http://podlove.org/simple-chapters": _EVERYTHING,
    "http://purl.org/rss/1.0/modules/slash": _EVERYTHING,
    "http://wellformedweb.org/commentapi": _EVERYTHING,
    "http://www.youtube.com/xml/schemas/2015": _EVERYTHING,
}
"""Local names by namespace, both in lower case, without the slash at the end."""


class EventReader(ExpatParser):
    """expat with large pieces of text, and without what is not read."""

    _parser: Any
    _cont_handler: Any

    def __init__(self) -> None:
        super().__init__()
        self._skipped = 0  # how many elements deep we are in one that is left out

    def reset(self) -> None:
        """Begin a document."""
        super().reset()
        self._skipped = 0
        self._parser.buffer_text = True
        self._parser.buffer_size = BUFFER

    def start_element_ns(self, name: str, attrs: Mapping[str, str]) -> None:
        """Hand an element over, or begin to leave one out with all that is in it."""
        if self._skipped or is_unread(name):
            if not self._skipped:
                self._parser.CharacterDataHandler = None
            self._skipped += 1
        else:
            super().start_element_ns(name, attrs)

    def end_element_ns(self, name: str) -> None:
        """Hand the end of an element over, or end leaving out."""
        if not self._skipped:
            super().end_element_ns(name)
            return
        self._skipped -= 1
        if not self._skipped:
            self._parser.CharacterDataHandler = self._cont_handler.characters


@lru_cache(maxsize=512)
def is_unread(name: str) -> bool:
    """True for an element (namespace, local name and prefix, as expat joins them with spaces) that no field of ours comes from."""
    parts = name.split()
    namespace, local = (parts[0], parts[1]) if len(parts) > 1 else ("", parts[0])
    unread = _UNREAD.get(namespace.lower().rstrip("/"), frozenset())
    return local.lower() in unread or unread is _EVERYTHING


def create_parser() -> Any:
    """Make one: what `xml.sax.make_parser` asks a driver for."""
    return EventReader()
