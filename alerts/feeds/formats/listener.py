"""feedparser's own listener, which makes entries of events, without work whose result is not looked at here or does not change.

It guesses which texts are markup (ours are cleaned whatever they are), looks up its parameters through a dictionary with aliases (those of
a content have none), and joins the same two addresses for each element that begins.
"""

from __future__ import annotations

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

    @staticmethod
    def looks_like_html(_text: str) -> bool:
        """Do not look: it decides about rewriting that is switched off."""
        return False
