"""What comes of a document: values alone, for all who do not parse themselves and need no parsers for it."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from alerts.feeds.entry import Entry


@dataclass(frozen=True, slots=True)
class Item:
    """One entry with what the poll needs beside it: its guid as served, how its date was found, and a hash of what can be read."""

    entry: Entry
    guid: str
    dated: str
    """`given`, `zone-assumed`, `day-only`, `future`, or `missing`: the last two mean that `published` is the moment of the visit."""
    date_text: str
    content_hash: str

    def __reduce__(self) -> tuple[type[Item], tuple[Any, ...]]:
        """Travel between processes as an entry does."""
        return Item, _values(self)


_values = attrgetter(*Item.__match_args__)


@dataclass(frozen=True, slots=True)
class Parsed:
    """One document, read. `problems` are sentences about what had to be put right or left out."""

    items: tuple[Item, ...]
    title: str
    language: str
    encoding: str
    format: str
    problems: tuple[str, ...] = ()
    ttl_minutes: float | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    places: tuple[str, ...] = ()
    decoded_by: str = ""
    """What told the encoding, see `Decoded.by`."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The entries alone."""
        return tuple(item.entry for item in self.items)
