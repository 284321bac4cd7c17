"""The XML reader that feedparser works with: expat, whose events are fewer and larger. A SAX driver, as `xml.sax.make_parser` loads them.

feedparser spends its time on events: one for each line and each entity of a text, two for each element. Here a text comes in one piece,
and elements that no field of ours comes from (who wrote it, under which tags, which picture) do not come at all; of an article that stands
after its summary only the frame comes. And feedparser works out its own name for an element once in a document, not at each place. What is
read is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from xml.sax.expatreader import ExpatParser

BUFFER = 1 << 16
"""Bytes of text that expat gathers before it hands them over."""

_EVERYTHING = frozenset({"*"})
_PODCAST = """
author block category duration episode episodetype explicit image keywords owner season subtitle
"""
_MEDIA = frozenset({"category", "community", "copyright", "credit", "keywords", "rating", "restriction", "thumbnail"})
_UNREAD = {
    "": frozenset({"author", "category", "comments"}),
    "http://www.w3.org/2005/atom": frozenset({"author", "category", "contributor"}),
    "http://purl.org/dc/elements/1.1": frozenset(
        {"contributor", "creator", "format", "identifier", "publisher", "rights", "subject", "type"}
    ),
    "http://www.itunes.com/dtds/podcast-1.0.dtd": frozenset(_PODCAST.split()),
    "http://search.yahoo.com/mrss": _MEDIA,
    "//search.yahoo.com/mrss": _MEDIA,
    "http://www.rssboard.org/media-rss": _MEDIA,
    "http://podlove.org/simple-chapters": _EVERYTHING,
    "http://purl.org/rss/1.0/modules/slash": _EVERYTHING,
    "http://wellformedweb.org/commentapi": _EVERYTHING,
    "http://www.youtube.com/xml/schemas/2015": _EVERYTHING,
}
"""Local names by namespace, both in lower case, without the slash at the end."""
_ARTICLE = {("http://purl.org/rss/1.0/modules/content", "encoded"), ("http://www.w3.org/2005/atom", "content")}


class EventReader(ExpatParser):
    """expat with large pieces of text, and without what is not read, for a `listener.Listener`."""

    _parser: Any
    _cont_handler: Any

    def __init__(self) -> None:
        super().__init__()
        self._skipped = 0  # how many elements deep we are in what is left out
        self._frame = False  # whether its outermost element was handed over, so that its end has to be

    def reset(self) -> None:
        """Begin a document."""
        super().reset()
        self._skipped, self._frame = 0, False
        self._tags: dict[str, str] = {}
        self._spaces: dict[str | None, str] = {}
        self._parser.buffer_text = True
        self._parser.buffer_size = BUFFER
        self._parser.CharacterDataHandler = self._cont_handler.handle_data

    def start_namespace_decl(self, prefix: str | None, uri: str) -> None:
        """Hand over what a prefix means; where that is new, elements may have other names from here on."""
        super().start_namespace_decl(prefix, uri)
        if self._spaces.get(prefix) != uri:
            self._spaces[prefix] = uri
            self._tags.clear()

    def start_element_ns(self, name: str, attrs: Mapping[str, str]) -> None:
        """Hand an element over, or begin to leave one out with all that is in it."""
        if self._skipped:
            self._skipped += 1
        elif is_unread(name):
            self._leave_out(frame=False)
        else:
            self._begin(name, attrs)
            if is_article(name) and self._has_summary():
                self._leave_out(frame=True)

    def end_element_ns(self, name: str) -> None:
        """Hand the end of an element over, or end leaving out."""
        if self._skipped:
            self._skipped -= 1
            if self._skipped:
                return
            self._parser.CharacterDataHandler = self._cont_handler.handle_data
            if not self._frame:
                return
        tag = self._tags.get(name)
        if tag is None:
            super().end_element_ns(name)
        else:
            self._cont_handler.unknown_endtag(tag)

    def _begin(self, name: str, attrs: Mapping[str, str]) -> None:
        """Hand an element over under the name that feedparser gave it before, if that is known and is all there is to work out."""
        listener = self._cont_handler
        tag = self._tags.get(name)
        if tag is None or listener.incontent or listener.decls or " " in "".join(attrs):
            super().start_element_ns(name, attrs)
            self._tags[name] = listener.tag
        else:
            listener.unknown_starttag(tag, [(key.lower(), value) for key, value in attrs.items()])

    def _leave_out(self, *, frame: bool) -> None:
        self._parser.CharacterDataHandler = None
        self._skipped, self._frame = 1, frame

    def _has_summary(self) -> bool:
        """True if feedparser, which listens to us, has a summary of the entry it is in."""
        listener = self._cont_handler
        return bool(listener.inentry and not listener.insource and dict.get(listener.entries[-1], "summary"))


@lru_cache(maxsize=512)
def is_unread(name: str) -> bool:
    """True for an element (namespace, local name and prefix, as expat joins them with spaces) that no field of ours comes from."""
    parts = name.split()
    namespace, local = (parts[0], parts[1]) if len(parts) > 1 else ("", parts[0])
    unread = _UNREAD.get(namespace.lower().rstrip("/"), frozenset())
    return local.lower() in unread or unread is _EVERYTHING


@lru_cache(maxsize=512)
def is_article(name: str) -> bool:
    """True for an element that holds the text of a whole article."""
    namespace, _, rest = name.partition(" ")
    return (namespace.lower().rstrip("/"), rest.partition(" ")[0].lower()) in _ARTICLE


def create_parser() -> Any:
    """Make one: what `xml.sax.make_parser` asks a driver for."""
    return EventReader()
