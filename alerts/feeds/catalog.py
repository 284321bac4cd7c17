"""Which feeds there are: `config/feeds.yaml`, checked, with a place for every problem.

In: a file. Out: a `Catalog` of `Feed`s. A feed that answers no more stays in the file as a tombstone (`enabled: false` and a reason), so
that nobody adds it again.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from alerts.errors import ConfigError, Problem
from alerts.feeds.entry import Source, SourceKind
from alerts.feeds.formats.jsonlist import check_path
from alerts.feeds.formats.raw import Selection
from alerts.feeds.formats.tree import Element, select
from alerts.iso import Country, Language, TimeZone
from alerts.yamlfile import EMPTY, parse, read, validate

Format = Literal["feed", "html-list", "json-list"]


def web_address(url: str) -> str:
    """Return the address of a page or feed, or nothing where there is none. Raises ValueError if a visitor could not use it."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and not any(sign.isspace() for sign in url)
    except ValueError:  # brackets of an IPv6 address that do not match
        usable = False
    if url and not usable:
        raise ValueError(f"{url!r} is not a web address; it starts with https:// or http:// and a host")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError(f"{url!r} is not a web address: its port is a number from 0 to 65535") from None
    return url


def _expression(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from None
    return pattern


_SECTION_MARKS = frozenset("|:/(–—-・")
"""What stands between a publisher and one of its sections."""

Line = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$")]


class Select(BaseModel):
    """How entries are found on a page without a feed (`html-list`) or in a document of an API (`json-list`).

    html-list: CSS selectors; `title`, `link` and `date` are looked for inside `item`. json-list: JSONPath, see `formats/jsonlist.py`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    item: Annotated[str, Field(min_length=1)]
    title: str = ""
    link: str = ""
    date: str = ""
    summary: str = ""
    guid: str = ""
    matching: Annotated[
        str, AfterValidator(_expression), Field(description="Only entries whose address matches this regular expression are kept.")
    ] = ""

    def selection(self) -> Selection:
        """Return it as the value that parsing takes."""
        return Selection(**self.model_dump())


class Feed(BaseModel):
    """One line of feeds.yaml. `country` is an ISO 3166 alpha-3 code or a body such as EUU; `language` a primary BCP 47 tag."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    url: Annotated[str, AfterValidator(web_address)] = ""
    title: Annotated[Line, Field(min_length=1)]
    publisher: Annotated[Line, Field(min_length=1)]
    kind: SourceKind = "press"
    country: Country = ""
    language: Language = ""
    tier: Annotated[
        int,
        Field(
            ge=1,
            le=3,
            description="1: readers must not miss what it says, so it is visited first after an outage and named first when in trouble; "
            "3: background.",
        ),
    ] = 2
    poll_minutes: Annotated[int, Field(ge=1, le=10_080, description="The shortest time between two visits.")] = 30
    staleness_hours: Annotated[
        int, Field(ge=1, le=17_520, description="Without a new entry for this long, the feed is reported as silent.")
    ] = 168
    timezone: Annotated[TimeZone, Field(description="The zone of dates that name none.")] = "UTC"
    fast: Annotated[bool, Field(description="Safety sources: always visited at `poll_minutes`, whatever their rhythm.")] = False
    enabled: bool = True
    reason: Annotated[Line, Field(description="Why a feed is not enabled: the tombstone's text.")] = ""
    terms: Annotated[Line, Field(description="What the publisher allows, where it is known.")] = ""
    timeout_seconds: Annotated[float, Field(gt=0, le=300, description="The longest one visit may take in all.")] = 30
    http2: Annotated[
        bool,
        Field(description="Speak HTTP/2 where the server offers it; `false` for one that does badly at it."),
    ] = True
    aliases: Annotated[tuple[str, ...], Field(description="Other names of the publisher, as other feeds write them.")] = ()
    format: Format = "feed"
    select: Select | None = None

    @property
    def selection(self) -> Selection | None:
        """Where the entries are, if this is no feed."""
        return self.select.selection() if self.select else None

    @property
    def source(self) -> Source:
        """Who says what this feed says."""
        return Source(self.id, self.publisher, self.kind, self.country, self.language)


class Catalog(BaseModel):
    """All feeds, in the order of the file."""

    model_config = ConfigDict(frozen=True)

    feeds: tuple[Feed, ...] = ()

    @cached_property
    def _ids(self) -> dict[str, Feed]:
        return {feed.id: feed for feed in self.feeds}

    @cached_property
    def _publishers(self) -> dict[str, Feed]:
        """Every name of a publisher, official ones first: its name, other names, ids and hosts of its feeds."""
        names: dict[str, Feed] = {}
        for feed in sorted(self.feeds, key=lambda feed: feed.kind != "official"):
            host = (urlsplit(feed.url).hostname or "").removeprefix("www.")
            for name in (feed.publisher, *feed.aliases, feed.id, host):
                names.setdefault(name.casefold(), feed)
        return names

    @property
    def enabled(self) -> tuple[Feed, ...]:
        """The feeds that are visited."""
        return tuple(feed for feed in self.feeds if feed.enabled)

    def by_id(self, id: str) -> Feed | None:
        """Return the feed with an id, or None."""
        return self._ids.get(id)

    def at(self, url: str) -> Feed | None:
        """Return the feed with an address, or None."""
        return next((feed for feed in self.feeds if feed.url == url), None)

    def source_for(self, publisher: str) -> Source:
        """Return the source for the name of a publisher: as in the catalog if it is known there, else press of no known country.

        A name that begins with an official one (`財務省：新着`) is that publisher's: its sections have names of their own.
        """
        name = publisher.strip().casefold()
        feed = (self._publishers.get(name) or self._official(name)) if name else None
        if feed is None:
            return Source(publisher, publisher)
        return Source(publisher, publisher, feed.kind, feed.country, feed.language)

    def _official(self, name: str) -> Feed | None:
        for feed in self.feeds:
            if feed.kind == "official":
                for known in (feed.publisher.casefold(), *(alias.casefold() for alias in feed.aliases)):
                    rest = name.removeprefix(known).lstrip()
                    if rest != name and (not known.isascii() or rest[:1] in _SECTION_MARKS):
                        return feed
        return None


FEEDS = TypeAdapter(list[Feed])


def load_catalog(path: Path) -> Catalog:
    """Read feeds.yaml. Raises ConfigError with every problem in it, each as `file:line:column`."""
    problems: list[Problem] = []
    document = parse(path.name, read(path, path.name), problems)
    feeds = validate(document, FEEDS, problems) if document else None
    if document:
        sound = enumerate(feeds) if feeds is not None else _sound(document.data)
        problems += [document.problem(loc, message) for loc, message in _contradictions(sound)]
    if problems or feeds is None:
        raise ConfigError(problems or [Problem(path.name, 1, 1, EMPTY)])
    return Catalog(feeds=tuple(feeds))


def _sound(data: Any) -> Iterator[tuple[int, Feed]]:
    """Give the feeds of a list that are well written although others are not, so that the mistakes of all are told at once."""
    for number, each in enumerate(data if isinstance(data, list) else ()):
        with contextlib.suppress(ValidationError):
            yield number, Feed.model_validate(each)


def _contradictions(feeds: Iterable[tuple[int, Feed]]) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """What no single value shows: ids and addresses used twice, feeds that lack what their other keys ask for."""
    ids: dict[str, int] = {}
    addresses: dict[str, str] = {}
    for number, feed in feeds:
        if ids.setdefault(feed.id, number) != number:
            yield (number, "id"), f"id {feed.id!r} is used twice; every feed needs its own"
        if feed.url and addresses.setdefault(feed.url, feed.id) != feed.id:
            yield (number, "url"), f"url is already the one of {addresses[feed.url]!r}; visiting it twice would be impolite"
        if feed.enabled and not feed.url:
            yield (number,), f"{feed.id!r} is enabled but has no url; add one, or write enabled: false and a reason"
        if not feed.enabled and not feed.reason:
            yield (number,), f"{feed.id!r} is not enabled; say why in reason"
        if feed.format != "feed" and feed.select is None:
            yield (number, "format"), f"format {feed.format} needs select: with at least item"
        if feed.format == "feed" and feed.select is not None:
            yield (number, "select"), "select is only for format html-list or json-list"
        if feed.format != "feed" and feed.select is not None:
            for name, message in _unselectable(feed.format, feed.select):
                yield (number, "select", name), message


def _unselectable(format: Format, given: Select) -> Iterator[tuple[str, str]]:
    """What cannot be understood in a selection, by the key that holds it."""
    for name in ("item", "title", "link", "date", "summary", "guid"):
        text = getattr(given, name)
        try:
            if text and format == "json-list":
                check_path(text, template=name != "item")
            elif text:
                select(Element(""), text)
        except ValueError as error:
            yield name, str(error)
