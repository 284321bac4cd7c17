"""When a feed is visited next: by its own rhythm between a floor and a ceiling, never before the server wants, later after errors.

Pure: jitter comes from a hash of the feed and the moment, so that feeds spread out and a test knows where.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median

JITTER = 0.1
"""A visit is put off by up to this share of the interval, so that feeds do not all come at the same minute."""
CEILING = 4.0
"""However slow a feed is, it is visited at least every CEILING × its poll_minutes: rare news is often the important kind."""
WINDOW_SHARE = 4
"""A document that holds n entries is visited often enough to see each of them this many times at the usual rhythm."""
BREAKING = timedelta(minutes=3)
"""Between two entries when news breaks. Of a document with news in it, none may be gone by the next visit even then."""
NEWS = timedelta(hours=12)
"""What usually brings an entry within this time is news."""
MOST_SKIPPED = timedelta(hours=24)
"""A feed that asks to be left alone for longer is still visited once a day: ministries do publish on Sundays when it matters."""
ERROR_CAP = timedelta(hours=24)
FORBIDDEN = timedelta(hours=24)
GONE = timedelta(days=1)
"""Between two visits to a feed that is said to be gone for good: a server that is being rebuilt says so for an hour."""


def rhythm(arrivals: Sequence[datetime]) -> timedelta | None:
    """Return the usual time between two entries, or None for fewer than four."""
    gaps = [later - earlier for earlier, later in pairwise(arrivals)]
    return timedelta(seconds=median(gap.total_seconds() for gap in gaps)) if len(gaps) >= 3 else None


def rush(arrivals: Sequence[datetime], shown: int) -> timedelta:
    """Return the shortest time in which half of a document of `shown` entries was ever replaced: what came once comes again, and whoever
    looks no later than that misses none of it. The longest time there is where that is not known.
    """
    half = max(2, (shown + 1) // 2)
    spans = [arrivals[last] - arrivals[last - half] for last in range(half, len(arrivals))]
    return min(spans, default=timedelta.max)


def after_success(
    id: str,
    now: datetime,
    *,
    poll_minutes: int,
    arrivals: Sequence[datetime] = (),
    shown: int = 0,
    fast: bool = False,
    fresh_seconds: float | None = None,
    ttl_minutes: float | None = None,
    skip_hours: Sequence[int] = (),
    skip_days: Sequence[int] = (),
) -> datetime:
    """Return the next visit after a good one.

    `fresh_seconds` and `ttl_minutes` are what server and feed ask for; they are honoured up to the ceiling. `shown` is the number of
    entries in the document.
    """
    floor = timedelta(minutes=poll_minutes)
    if fast:
        return now + floor
    ceiling = floor * CEILING
    usual = rhythm(arrivals)
    wanted = floor
    if usual is not None:
        wanted = min(usual / 2, usual * max(1, shown) / WINDOW_SHARE, rush(arrivals, shown))
        if usual < NEWS:
            wanted = min(wanted, BREAKING * shown)
    asked = timedelta(seconds=max(fresh_seconds or 0.0, (ttl_minutes or 0.0) * 60))
    interval = min(max(floor, wanted, min(asked, ceiling)), ceiling)
    return _awake(now + interval + jitter(id, now, interval), skip_hours, skip_days)


def after_failure(
    id: str,
    now: datetime,
    *,
    poll_minutes: int,
    reason: str,
    streak: int,
    gone: int = 0,
    retry_after: float | None = None,
    fast: bool = False,
    lost_from: datetime | None = None,
) -> datetime:
    """Return the next visit after the `streak`-th failure in a row: twice as long each time, up to a day, never `for ever`.

    `gone` is the number of answers 410 in a row. `lost_from` is when entries that were not read begin to leave the document: until then
    no wait takes more than half of the time left.
    """
    floor = timedelta(minutes=poll_minutes)
    if gone:
        return now + GONE + jitter(id, now, GONE)
    interval = floor if fast and streak < 5 else min(floor * 2 ** min(streak - 1, 20), max(ERROR_CAP, floor))
    if lost_from is not None and lost_from > now:
        interval = min(interval, max(floor, (lost_from - now) / 2))
    if reason in {"http-403", "http-451"}:
        interval = max(interval, FORBIDDEN)
    interval += jitter(id, now, interval)
    return now + max(interval, timedelta(seconds=retry_after or 0.0))


def turnover(arrivals: Sequence[datetime], shown: int) -> timedelta | None:
    """Return how long an entry usually stays in a document that holds `shown`, or None where the rhythm is not known."""
    usual = rhythm(arrivals)
    return None if usual is None else usual * shown


def jitter(id: str, now: datetime, interval: timedelta) -> timedelta:
    """Return a delay between nothing and JITTER × `interval` that looks random and is not."""
    mark = hashlib.sha256(f"{id} {now.timestamp():.0f}".encode()).digest()
    return interval * (JITTER * int.from_bytes(mark[:4], "big") / 2**32)


def _awake(due: datetime, skip_hours: Sequence[int], skip_days: Sequence[int]) -> datetime:
    """Move a visit out of the hours and days (UTC) in which the feed asks to be left alone; no further than MOST_SKIPPED."""
    latest = due + MOST_SKIPPED
    moment = due.astimezone(UTC)
    while moment.weekday() in skip_days or moment.hour in skip_hours:
        moment = moment.replace(minute=moment.minute % 10, second=0, microsecond=0) + timedelta(hours=1)
        if moment > latest:
            return latest
    return moment
