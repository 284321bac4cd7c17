"""What a format hands over: the fields of one entry as the document has them, before cleaning."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Raw:
    """One entry as it stands in the document; `dates` are the texts of its dates, the best first."""

    guid: str = ""
    link: str = ""
    title: str = ""
    summary: str = ""
    dates: tuple[str, ...] = ()
    language: str = ""
    outlet: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """Where the entries of a page or document are that is no feed; see `htmllist` and `jsonlist` for what the texts mean."""

    item: str
    title: str = ""
    link: str = ""
    date: str = ""
    summary: str = ""
    guid: str = ""
    matching: str = ""
    """Only entries whose address matches this regular expression are kept."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its entries in order, and what it says of itself. `ttl_minutes` is how long it asks to be left alone."""

    format: str
    entries: tuple[Raw, ...]
    title: str = ""
    language: str = ""
    ttl_minutes: float | None = None
    skip_hours: tuple[int, ...] = ()
    """Hours of the day (UTC) in which it asks not to be visited."""
    skip_days: tuple[int, ...] = ()
    """Days of the week (UTC, Monday is 0) on which it asks not to be visited."""
    problems: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    """Where on a page its entries stand, as `div#main ul.news li`: when all of these change, the page was rebuilt."""
