"""What a feed published, cleaned: the value that every later stage works on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Literal

SourceKind = Literal["official", "press", "aggregator"]


@dataclass(frozen=True, slots=True)
class Source:
    """Who says so. `country` is an ISO 3166 alpha-3 code or a body such as EUU; `language` a primary BCP 47 tag."""

    id: str
    publisher: str
    kind: SourceKind = "press"
    country: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of one feed, in plain text.

    `id` is stable across polls and unique over all feeds. `published` is aware UTC: the feed's own date, or the moment it was first
    seen. `summary` is at most 300 characters. `outlet` is the publisher to credit: the one an aggregator repeats, else the source's.
    """

    id: str
    source: Source
    url: str
    title: str
    summary: str
    published: datetime
    language: str
    outlet: str = ""

    def credit(self) -> str:
        """Return the name of whoever is to be credited."""
        return self.outlet or self.source.publisher

    def __reduce__(self) -> tuple[type[Entry], tuple[Any, ...]]:
        """Travel between processes as the values alone: what dataclasses do by themselves takes twice as long."""
        return Entry, _values(self)


_values = attrgetter(*Entry.__match_args__)
