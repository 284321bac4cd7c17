"""feedparser's own listener, which makes entries of events, without work whose result is not looked at here or does not change.

It guesses which texts are markup (ours are cleaned whatever they are), looks up its parameters through a dictionary with aliases (those of
a content have none), joins the same two addresses for each element that begins, and looks up each character of each text.
"""

from __future__ import annotations

import contextlib
import re
import sys
from array import array
from functools import lru_cache
from typing import Any

import feedparser.api
import feedparser.mixin

_BMP = array("I", range(0x10000)).tobytes().decode(f"utf-32-{sys.byteorder[0]}e", "surrogatepass")
_WHOLE = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d+)?(?:/[!\"$-:<=>@-~]*)?(?:\?[!\"$-~]+)?")
"""Addresses that joining with another leaves alone: nothing in them is empty, and nothing is written in two ways."""
_CONTROLS = re.compile("[\x80-\x9f]")
_OTHERWISE = frozenset({"category", "content", "itunes_keywords", "link", "tags"})
"""Elements whose text goes elsewhere than under their name."""

feedparser.mixin.make_safe_absolute_uri = lru_cache(maxsize=1000)(feedparser.mixin.make_safe_absolute_uri)
# The same as a text: str.translate looks a character up in it several times faster than it fails to in a dictionary.
feedparser.mixin._cp1252 = _BMP[:256].translate(feedparser.mixin._cp1252) + _BMP[256:]


class Listener(feedparser.api.StrictFeedParser):  # type: ignore[misc] # feedparser has no types
    """feedparser's listener; `tag` is its own name for the element that began last."""

    def __init__(self, baseuri: str, baselang: str | None, encoding: str) -> None:
        self.tag = ""
        super().__init__(baseuri, baselang, encoding)

    @property
    def contentparams(self) -> dict[str, Any]:
        """What is known of the content that is being read."""
        return self._contentparams

    @contentparams.setter
    def contentparams(self, given: dict[str, Any]) -> None:
        self._contentparams = dict(given)

    def unknown_starttag(self, tag: str, attrs: list[tuple[str, str]]) -> None:
        """Begin an element; `attrs` are pairs of lower-case names and values."""
        self.tag = tag
        super().unknown_starttag(tag, attrs)

    def resolve_uri(self, uri: str) -> str:
        """Return an absolute address."""
        return uri if _WHOLE.fullmatch(uri) else str(super().resolve_uri(uri))

    def pop(self, element: str, strip_whitespace: int = 1) -> str | None:
        """End an element and return its text. That of an entry, which most are, takes the short way to where feedparser puts it."""
        if not self.elementstack or self.elementstack[-1][0] != element:
            return None
        params = self._contentparams
        encoded = params.get("base64") or params.get("type") == "application/xhtml+xml"
        if encoded or not self.inentry or self.insource or element in _OTHERWISE:
            ended: str | None = super().pop(element, strip_whitespace)
            return ended
        _, expecting, pieces = self.elementstack.pop()
        text = "".join(pieces).strip()
        if not expecting:
            return text
        if text and element in self.can_be_relative_uri and (element != "id" or self.guidislink):
            text = self.resolve_uri(text)
        text = text if text.isascii() else _reread(text)
        if element != "title" or not -1 < self.title_depth <= self.depth:
            self._put("summary" if element == "description" else element, text)
        return text

    def _put(self, field: str, text: str) -> None:
        """Put a text into the entry, unless one from further outside is there."""
        entry = self.entries[-1]
        depths = self.property_depth_map.setdefault(entry, {})
        if self.depth <= depths.get(field, self.depth):
            depths[field] = self.depth
            entry[field] = text
        if self.incontent:
            entry[f"{field}_detail"] = {**self._contentparams, "value": text}

    @staticmethod
    def looks_like_html(_text: str) -> bool:
        """Do not look: it decides about rewriting that is switched off."""
        return False


def _reread(text: str) -> str:
    """Put right what was UTF-8 and read as Latin 1, and controls that are characters of Windows."""
    with contextlib.suppress(UnicodeError):
        text = text.encode("iso-8859-1").decode("utf-8")
    return text.translate(feedparser.mixin._cp1252) if _CONTROLS.search(text) else text
