"""What is remembered of a feed between visits: the value that health and cadence work on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.feeds.catalog import Feed

DAYS = 30
"""For how many days visits are counted."""
GONE_AFTER = 3
"""So many answers `gone` (410) in a row, each a day after the one before, and the feed has ended."""


@dataclass(frozen=True, slots=True)
class Held:
    """Entries that look like a redesign and not like news: kept back until further visits confirm them, or a person releases them."""

    since: datetime
    ids: tuple[str, ...]
    visits: int = 1
    released: bool = False
    late: bool = True
    """True if they are dated before the visit that should have found them: then they come in quietly."""


@dataclass(frozen=True, slots=True)
class Health:
    """What a person wants to know of a feed, and what the next visit needs. Kept as one JSON document."""

    format: str = ""
    encoding: str = ""
    language: str = ""
    title: str = ""
    problems: tuple[str, ...] = ()
    ttl_minutes: float | None = None
    """How long the last document asked to be left alone; a visit that finds it unchanged keeps to that."""
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    dated: str = ""
    """How most entries of the last document are dated; see `Item.dated`."""
    places: tuple[str, ...] = ()
    """Where the entries of a page stood at the last visit (html-list)."""
    rebuilt: datetime | None = None
    """When the page was last seen with its entries elsewhere, or with most of them gone."""
    days: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    """Visits, failures and new entries by day (of the feed's time zone, ISO date), for DAYS days."""
    arrivals: tuple[datetime, ...] = ()
    """When the last entries came, oldest first: the feed's rhythm."""
    shown: tuple[str, ...] = ()
    """Marks of the entries in the last document: what stood there is not new, whatever retention has deleted since."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Ids in the last document that belong to entries stored under an earlier id."""
    held: Held | None = None
    configured: str = ""
    """The address in feeds.yaml when the feed was last visited."""
    moved_to: str = ""
    """The address that permanent redirects led to, if it is not the configured one."""
    gone: int = 0
    """How many times in a row the server has said that the feed is gone for good (410)."""
    drift: tuple[str, ...] = ()
    """What changed in the feed itself: its encoding, its format, its ids."""


@dataclass(frozen=True, slots=True)
class FeedState:
    """One feed between two visits. Moments are aware UTC; `due` is the next visit."""

    id: str
    url: str
    due: datetime
    open: bool = True
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    baseline_at: datetime | None = None
    last_poll: datetime | None = None
    last_success: datetime | None = None
    last_new_entry: datetime | None = None
    error_streak: int = 0
    error_reason: str | None = None
    error_message: str | None = None
    entries_seen: int = 0
    health: Health = field(default_factory=Health)

    @property
    def ended(self) -> bool:
        """True once the publisher has said often enough that the feed is gone for good."""
        return self.health.gone >= GONE_AFTER


def local_day(feed: Feed, moment: datetime) -> str:
    """Return the day of a moment where a feed is, as an ISO date."""
    return moment.astimezone(ZoneInfo(feed.timezone)).date().isoformat()
