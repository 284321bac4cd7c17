"""What a visit changes in the state of a feed. Pure. What a person reads of it is in `verdict.py`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.errors import FeedError
from alerts.feeds import cadence
from alerts.feeds.catalog import Feed
from alerts.feeds.fetch import Fetched
from alerts.feeds.merge import Merge
from alerts.feeds.parsed import Parsed
from alerts.feeds.state import DAYS, GONE_AFTER, FeedState, Health, local_day

ARRIVALS = 40
FALL_BACK_AFTER = 3
"""After this many failures at an address that redirects led to, the configured one is tried again."""
FEWEST = 8
"""A page that showed fewer entries than this may lose some without suspicion."""


def set_up(feed: Feed, state: FeedState | None, now: datetime) -> FeedState:
    """Return the state of a feed under the present feeds.yaml: new, unchanged, moved by hand, or off."""
    if state is None:
        return FeedState(id=feed.id, url=feed.url, due=now, open=feed.enabled, health=Health(configured=feed.url))
    if state.health.configured != feed.url:
        health = replace(state.health, configured=feed.url, moved_to="", gone=0)
        state = replace(state, url=feed.url, due=now, etag=None, last_modified=None, body_hash=None, error_streak=0, health=health)
    if not feed.enabled and state.health.gone:
        state = replace(state, health=replace(state.health, gone=0))  # whoever switches it on again wants to know
    wanted = feed.enabled and not state.ended
    if state.open != wanted:
        state = replace(state, open=wanted, due=now if wanted else state.due)
    return state


def take_up(state: FeedState, now: datetime) -> FeedState:
    """Return the state of a feed that has ended, to be visited again at once."""
    return replace(state, open=True, due=now, error_streak=0, health=replace(state.health, gone=0))


@dataclass(frozen=True, slots=True)
class Reading:
    """A document that was fetched, parsed and compared with what is stored."""

    fetched: Fetched
    parsed: Parsed
    merged: Merge
    body_hash: str


def after_read(state: FeedState, feed: Feed, reading: Reading, now: datetime) -> FeedState:
    """Return the state after a document was read. Validators stay back while entries are held, so that the next visit sees them again."""
    fetched, parsed, merged = reading.fetched, reading.parsed, reading.merged
    first = state.last_success is None
    dates = [item.entry.published for item in merged.new if item.dated in {"given", "zone-assumed"}]
    stated = [item.entry.published for item in merged.new if item.dated not in {"missing", "future"}]
    arrivals = tuple(sorted([*state.health.arrivals, *(dates or [now] * bool(merged.new))])[-ARRIVALS:])
    fresh = 0 if first else len(merged.new)
    health = replace(
        state.health,
        format=parsed.format,
        encoding=parsed.encoding,
        language=parsed.language,
        title=parsed.title,
        problems=parsed.problems[:5],
        ttl_minutes=parsed.ttl_minutes,
        skip_hours=parsed.skip_hours,
        skip_days=parsed.skip_days,
        days=_counted(state.health.days, feed, now, failed=0, new=fresh),
        arrivals=arrivals,
        shown=merged.shown,
        renamed=merged.renamed,
        held=merged.held,
        dated=_dated(parsed),
        places=parsed.places,
        rebuilt=now if _rebuilt(state.health, parsed) else state.health.rebuilt,
        drift=_drift(state.health, parsed, merged, local_day(feed, now)),
        gone=0,
    )
    keep = merged.held is None
    state = _moved(state, feed, fetched, health)
    return replace(
        _good(state, now),
        etag=fetched.validators.etag if keep else None,
        last_modified=fetched.validators.last_modified if keep else None,
        body_hash=reading.body_hash if keep else None,
        baseline_at=state.baseline_at or now,
        last_new_entry=max(stated, default=now) if first and merged.new else now if merged.new else state.last_new_entry,
        entries_seen=state.entries_seen + len(merged.new),
        due=cadence.after_success(
            feed.id,
            now,
            poll_minutes=feed.poll_minutes,
            arrivals=arrivals if keep else (),  # what is held is looked at again soon
            shown=len(parsed.items),
            fast=feed.fast,
            fresh_seconds=fetched.fresh_seconds,
            ttl_minutes=parsed.ttl_minutes,
            skip_hours=parsed.skip_hours,
            skip_days=parsed.skip_days,
        ),
    )


def after_unchanged(state: FeedState, feed: Feed, fetched: Fetched, now: datetime) -> FeedState:
    """Return the state after a visit that found nothing changed."""
    health = replace(state.health, days=_counted(state.health.days, feed, now, failed=0, new=0), gone=0)
    return replace(
        _good(state, now),
        etag=fetched.validators.etag or state.etag,
        last_modified=fetched.validators.last_modified or state.last_modified,
        health=health,
        due=cadence.after_success(
            feed.id,
            now,
            poll_minutes=feed.poll_minutes,
            arrivals=state.health.arrivals,
            shown=len(state.health.shown),
            fast=feed.fast,
            fresh_seconds=fetched.fresh_seconds,
            ttl_minutes=health.ttl_minutes,
            skip_hours=health.skip_hours,
            skip_days=health.skip_days,
        ),
    )


def after_failure(state: FeedState, feed: Feed, error: FeedError, now: datetime) -> FeedState:
    """Return the state after a visit that failed. What is known of the feed stays as it was."""
    streak = state.error_streak + 1
    back = bool(state.health.moved_to) and streak >= FALL_BACK_AFTER
    gone = state.health.gone + 1 if error.reason == "http-410" and not back else 0
    stay = cadence.turnover(state.health.arrivals, len(state.health.shown))
    health = replace(
        state.health,
        days=_counted(state.health.days, feed, now, failed=1, new=0),
        moved_to="" if back else state.health.moved_to,
        gone=gone,
    )
    return replace(
        state,
        url=feed.url if back else state.url,
        health=health,
        open=gone < GONE_AFTER,
        last_poll=now,
        error_streak=streak,
        error_reason=error.reason,
        error_message=str(error)[:500],
        due=cadence.after_failure(
            feed.id,
            now,
            poll_minutes=feed.poll_minutes,
            reason=error.reason,
            streak=streak,
            gone=gone,
            retry_after=error.retry_after,
            fast=feed.fast,
            lost_from=state.last_success + stay if state.last_success is not None and stay is not None else None,
        ),
    )


def _good(state: FeedState, now: datetime) -> FeedState:
    return replace(state, last_poll=now, last_success=now, error_streak=0, error_reason=None, error_message=None)


def _moved(state: FeedState, feed: Feed, fetched: Fetched, health: Health) -> FeedState:
    """Take over the address that only permanent redirects led to: what came from it is a feed, or we would not be here."""
    if fetched.permanent_url and fetched.permanent_url != state.url:
        return replace(state, url=fetched.permanent_url, health=replace(health, moved_to=fetched.permanent_url))
    return replace(state, health=health)


def _counted(
    days: Mapping[str, tuple[int, int, int]], feed: Feed, now: datetime, *, failed: int, new: int
) -> dict[str, tuple[int, int, int]]:
    today, oldest = local_day(feed, now), local_day(feed, now - timedelta(days=DAYS))
    counted = {date: counts for date, counts in days.items() if date > oldest}
    visits, failures, entries = counted.get(today, (0, 0, 0))
    return {**counted, today: (visits + 1, failures + failed, entries + new)}


def _rebuilt(health: Health, parsed: Parsed) -> bool:
    """True if a page shows no entry where entries stood before, or only a quarter of them: not `nothing new`, but another layout."""
    if not health.places or not parsed.places:
        return False
    elsewhere = not set(health.places) & set(parsed.places)
    return elsewhere or (len(health.shown) >= FEWEST and len(parsed.items) * 4 <= len(health.shown))


def _dated(parsed: Parsed) -> str:
    """Return how most entries are dated."""
    return Counter(item.dated for item in parsed.items).most_common(1)[0][0] if parsed.items else ""


def _drift(health: Health, parsed: Parsed, merged: Merge, day: str) -> tuple[str, ...]:
    said = [f"{day} {merged.drift}"] if merged.drift else []
    if _rebuilt(health, parsed):
        said.append(
            f"{day} layout changed: {len(parsed.items)} entries at {parsed.places[0]!r}; {len(health.shown)} at {health.places[0]!r}"
        )
    ways = (
        ("encoding", health.encoding, parsed.encoding),
        ("format", health.format, parsed.format),
        ("dates", health.dated, _dated(parsed)),
    )
    for name, old, new in ways:
        if old and new != old:
            said.append(f"{day} {name} changed from {old} to {new}")
    return (*health.drift, *said)[-5:]
