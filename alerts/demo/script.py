"""What the demo plays: feeds that publish at set moments, and the readers. Read from `timeline.yaml`, which ships in this package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from xml.sax.saxutils import escape

import httpx
from pydantic import BaseModel, ConfigDict, TypeAdapter

from alerts.digests.subscriber import Choices
from alerts.feeds.catalog import Catalog, Feed
from alerts.rules.levels import Level
from alerts.yamlfile import load

TIMELINE = Path(__file__).with_name("timeline.yaml")


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FeedSpec(_Shape):
    """A feed of the demo."""

    id: str
    title: str
    publisher: str
    kind: str
    country: str
    language: str


class Reader(_Shape):
    """A reader of the demo."""

    name: str
    about: str
    address: str
    sectors: dict[str, str]
    countries: tuple[str, ...] = ()
    hour: int = 7

    @property
    def choices(self) -> Choices:
        """What the reader asked for."""
        sectors = tuple(sorted((sector, Level[level]) for sector, level in self.sectors.items()))
        return Choices(sectors=sectors, countries=tuple(sorted(self.countries)), hour=self.hour)


class Published(_Shape):
    """One entry, and when it appears in its feed."""

    at: datetime
    feed: str
    title: str
    summary: str


class Script(_Shape):
    """The whole play."""

    starts: datetime
    ends: datetime
    feeds: tuple[FeedSpec, ...]
    readers: tuple[Reader, ...]
    entries: tuple[Published, ...]

    @property
    def catalog(self) -> Catalog:
        """The feeds as `feeds.yaml` would name them, visited at every moment of the play."""
        return Catalog(
            feeds=tuple(
                Feed.model_validate(
                    {**spec.model_dump(), "url": f"https://{spec.id}.example.com/feed.xml", "poll_minutes": 1, "fast": True}
                )
                for spec in self.feeds
            )
        )

    @property
    def moments(self) -> tuple[datetime, ...]:
        """When the play looks at the world: at its start, and shortly after each entry."""
        return (self.starts, *(entry.at for entry in self.entries if entry.at > self.starts))


def read_script() -> Script:
    """Read the timeline that ships."""
    return load(TIMELINE, TypeAdapter(Script))[0]


@dataclass(slots=True)
class Stage:
    """Answers for the demo's feeds as a web server would: what was published by the present moment of the play, newest first."""

    script: Script
    now: datetime | None = None

    def moves_to(self, moment: datetime) -> bool:
        """Move on; True if something was published in between, so that a visit is worth its while."""
        before, self.now = self.now, moment
        return any((before is None or entry.at > before) and entry.at <= moment for entry in self.script.entries)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Serve one feed, or 304 if nothing changed since the reader's last visit."""
        feed = next(spec for spec in self.script.feeds if request.url.host == f"{spec.id}.example.com")
        entries = [entry for entry in self.script.entries if entry.feed == feed.id and self.now is not None and entry.at <= self.now]
        tag = f'"{len(entries)}"'
        if request.headers.get("If-None-Match") == tag:
            return httpx.Response(304, headers={"ETag": tag})
        # As a stream, so that the poller reads it as it reads the wire: bounded, chunk by chunk.
        body = httpx.ByteStream(_document(feed, sorted(entries, key=lambda entry: entry.at, reverse=True)).encode())
        return httpx.Response(200, stream=body, headers={"ETag": tag, "Content-Type": "application/rss+xml; charset=utf-8"})


def _document(feed: FeedSpec, entries: list[Published]) -> str:
    site = f"https://{feed.id}.example.com"
    items = "".join(
        f"<item><title>{escape(entry.title)}</title><description>{escape(entry.summary)}</description>"
        f"<link>{site}/{entry.at:%Y%m%d%H%M}</link><guid>{site}/{entry.at:%Y%m%d%H%M}</guid>"
        f"<pubDate>{format_datetime(entry.at)}</pubDate></item>"
        for entry in entries
    )
    head = f"<title>{escape(feed.title)}</title><link>{site}/</link><language>{feed.language}</language>"
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{head}<description/>{items}</channel></rss>'
