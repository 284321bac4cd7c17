"""When a subscriber's next digest is due, what that edition is called, and when mails may go out.

Due moments are worked out from the local calendar of the subscriber, never by adding 24 hours: exactly one edition on each local date,
whatever the clocks do. HANDBOOK §2 gives the delivery rules of the levels.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from alerts.digests.subscriber import Choices
from alerts.rules.levels import Level

DEFAULT_ZONE = "Asia/Tokyo"
WAKING = (7, 22)
"""Local hours in which mail below `act` may arrive unasked: from 07:00, before 22:00."""
STEP = timedelta(minutes=15)
"""Every present offset is a multiple of it, so that local hours begin on it."""
REACH = timedelta(hours=60)
"""No one's closed hours last so long, even where a clock change takes the one open hour of a day."""


def local_zone(name: str) -> ZoneInfo:
    """Return the zone called `name`; one that is unknown is taken as Asia/Tokyo, so that nobody's digest is due never."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(DEFAULT_ZONE)


def zone_problem(name: str) -> str:
    """Return the warning to show for a zone that is not known, or an empty text."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return f"the time zone {name!r} is not known, so {DEFAULT_ZONE} is used; choose one such as Europe/London"
    return ""


def next_due(choices: Choices, after: datetime, *, sent: str = "") -> datetime | None:
    """Return the first due moment later than `after`, in UTC; None for cadence immediate, which has no digest.

    `sent` is the name of the last edition made for the subscriber: an edition up to it is not due again, so that a change of hour or
    zone never gives two digests of one local date.
    """
    if choices.cadence == "immediate":
        return None
    zone = local_zone(choices.timezone)
    day = after.astimezone(zone).date() - timedelta(days=2)
    while True:
        if choices.cadence == "daily" or day.weekday() == choices.weekday:
            due = _edition_moment(choices, day, zone)
            if due is not None and due > after and not _covered(edition_name(choices, due), sent):
                return due
        day += timedelta(days=1)


def edition_name(choices: Choices, due: datetime) -> str:
    """Name the edition that is due at `due`, by the subscriber's calendar: `daily:2026-01-03`, `weekly:2026-W01`."""
    day = due.astimezone(local_zone(choices.timezone)).date()
    if choices.cadence == "weekly":
        year, week, _ = day.isocalendar()
        return f"weekly:{year}-W{week:02}"
    return f"{choices.cadence}:{day.isoformat()}"


def alert_due(choices: Choices, level: Level, sectors: Iterable[str], now: datetime) -> datetime:
    """Return when an alert of `level` may go out, at or after `now`, in UTC.

    `sectors` are those that reach the level. `act` in sector safety goes at once; other `act` waits for the end of the subscriber's quiet
    hours; all else for waking hours as well. Where quiet hours leave no waking hour, the subscriber's own wish counts alone.
    """
    now = now.astimezone(UTC)
    if level == Level.act and "safety" in sectors:
        return now
    open_hours = {hour for hour in range(24) if not _within(hour, choices.quiet)}
    if level < Level.act:
        open_hours = {hour for hour in open_hours if _within(hour, WAKING)} or open_hours
    return _first(open_hours, choices, now)


def digest_due(choices: Choices, now: datetime) -> datetime:
    """Return when a digest that was held up may go out, at or after `now`, in UTC: after the quiet hours, unless its own hour is one."""
    open_hours = {hour for hour in range(24) if not _within(hour, choices.quiet)}
    return now if _within(choices.hour, choices.quiet) else _first(open_hours, choices, now.astimezone(UTC))


def _first(open_hours: Collection[int], choices: Choices, now: datetime) -> datetime:
    """Return the first moment from now on in one of these hours of the subscriber's day."""
    zone = local_zone(choices.timezone)
    moment = now
    while moment.astimezone(zone).hour not in open_hours and moment - now < REACH:
        moment = _next_step(moment)
    return moment


def _edition_moment(choices: Choices, day: date, zone: ZoneInfo) -> datetime | None:
    """Return when the edition that the calendar plans for `day` is due; None where it has none."""
    due = _moment(day, choices.hour, zone)
    if due is None and choices.cadence == "weekly":
        # A weekday that the zone skips (a move across the date line) hands its edition to a neighbour in the same week.
        return _moment(day + timedelta(days=-1 if day.weekday() else 1), choices.hour, zone)
    return due


def _moment(day: date, hour: int, zone: ZoneInfo) -> datetime | None:
    """Return the one UTC moment of `hour` on `day`; None if the zone has no such date.

    An hour that comes twice counts the first time. One that is skipped is taken by the clock before the change (02:00 becomes 03:00), or,
    where that would be the next date, by the clock after it.
    """
    for fold in (0, 1):
        moment = datetime.combine(day, time(hour), zone).replace(fold=fold).astimezone(UTC)
        if moment.astimezone(zone).date() == day:
            return moment
    return None


def _covered(name: str, sent: str) -> bool:
    """True if edition `sent` is of the same cadence as `name` and not earlier."""
    return name.partition(":")[0] == sent.partition(":")[0] and name <= sent


def _within(hour: int, window: tuple[int, int] | None) -> bool:
    """True if `hour` lies in the window, which may wrap midnight; equal ends are an empty window."""
    if window is None:
        return False
    start, end = window
    return start <= hour < end if start <= end else hour >= start or hour < end


def _next_step(moment: datetime) -> datetime:
    """Return the next full quarter of an hour."""
    past = timedelta(minutes=moment.minute % 15, seconds=moment.second, microseconds=moment.microsecond)
    return moment - past + STEP
