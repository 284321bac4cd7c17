"""How a feed is: the word and the sentence that a person reads, and thirty days at a glance. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from alerts.feeds.catalog import Feed
from alerts.feeds.merge import CONFIRMATIONS
from alerts.feeds.rest import WEEK_HOURS, rests, silence
from alerts.feeds.state import DAYS, FeedState, local_day

DEAD_AFTER = 5

Verdict = Literal["new", "fine", "failing", "dead", "held", "rebuilt", "silent", "flood", "off"]
REBUILT_FOR = timedelta(days=7)
"""How long a page that seems to have been rebuilt is reported; by then somebody has looked, or it is as it is."""
DRIFT_FOR = timedelta(days=7)
"""How long it is told that a feed changed its encoding, its format or its dates."""


@dataclass(frozen=True, slots=True)
class Report:
    """How one feed is: a word, and a sentence that says what to do about it."""

    verdict: Verdict
    sentence: str


def report(feed: Feed, state: FeedState | None, now: datetime) -> Report:
    """Judge a feed. Failing comes first, then what is held, then silence and flood."""
    if not feed.enabled:
        return Report("off", feed.reason)
    if state is None or state.last_poll is None:
        return Report("new", "not visited yet")
    if state.error_streak:
        times = f"{state.error_streak} times in a row" if state.error_streak > 1 else "once"
        advice = (
            f"; it ended, and is visited no more since {state.last_poll:%Y-%m-%d}."
            f" Give it its new address, or enabled: false with a reason; `alerts feeds release {feed.id}` looks once more"
            if state.ended
            else ""
        )
        dead = state.ended or state.error_streak >= DEAD_AFTER
        return Report("dead" if dead else "failing", f"failed {times}: {state.error_message}{advice}")
    held = state.health.held
    if held is not None:
        why = "are new at once and older than the last visit" if held.late else "are new at once, far more than on any day before"
        how = "as old ones" if held.late else "as news"
        left = max(1, CONFIRMATIONS - held.visits)
        visits = "the next visit confirms" if left == 1 else f"{left} more visits confirm"
        return Report(
            "held", f"{len(held.ids)} entries {why}; they come in {how} if {visits} them, or with `alerts feeds release {feed.id}` at once"
        )
    if state.health.rebuilt is not None and now - state.health.rebuilt < REBUILT_FOR:
        place = state.health.places[0] if state.health.places else ""
        return Report(
            "rebuilt", f"layout changed on {state.health.rebuilt:%Y-%m-%d}; entries now stand at {place!r}: alerts feeds try {feed.id}"
        )
    last, days = state.last_new_entry, state.health.days
    if last is not None and silence(feed, days, last, now) > timedelta(hours=feed.staleness_hours):
        hours = int((now - last).total_seconds() // 3600)
        return Report("silent", f"nothing new for {_days(hours)}; {limit(feed, days)}. Has it moved?")
    flood = _flood(days, local_day(feed, now))
    if flood:
        return Report("flood", f"{flood[0]} new entries today, where {flood[1]:.0f} a day are usual")
    drift = [each for each in state.health.drift if each[:10] > local_day(feed, now - DRIFT_FOR)]
    return Report("fine", next(iter((*reversed(drift), *state.health.problems)), ""))


def limit(feed: Feed, days: Mapping[str, Sequence[int]]) -> str:
    """Say after how long a feed counts as silent."""
    off = (
        (", holidays not counted" if feed.staleness_hours >= WEEK_HOURS else ", weekends and holidays not counted")
        if rests(feed, days)
        else ""
    )
    return f"its limit is {_days(feed.staleness_hours)}{off}"


def sparkline(days: Mapping[str, Sequence[int]], today: str) -> str:
    """Draw the new entries of the last 30 local days, oldest first; a day on which every visit failed is a cross."""
    marks = "▁▂▃▄▅▆▇█"
    dates = [(date.fromisoformat(today) - timedelta(days=back)).isoformat() for back in range(DAYS - 1, -1, -1)]
    most = max((days[day][2] for day in dates if day in days), default=0)
    line = ""
    for day in dates:
        visits, failed, new = days.get(day, (0, 0, 0))
        line += " " if not visits else "×" if failed == visits else marks[min(7, new * 8 // (most + 1))]
    return line


def _flood(days: Mapping[str, Sequence[int]], today: str) -> tuple[int, float] | None:
    before = [counts[2] for day, counts in days.items() if day != today and counts[0] > counts[1]]
    if len(before) < 7 or today not in days:
        return None
    usual = sum(before) / len(before)
    return (days[today][2], usual) if days[today][2] > 20 + 5 * usual else None


def _days(hours: int) -> str:
    return f"{hours} hours" if hours < 72 else f"{hours // 24} days"
