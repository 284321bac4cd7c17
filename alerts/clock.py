"""Time comes in as an argument: the clocks that jobs are given, and moments as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Protocol

from alerts.errors import UsageError


class Clock(Protocol):
    """Tells the present moment."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(UTC)


class SetClock:
    """A clock that stands where it is put: for `--now`, the demo and tests."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment.astimezone(UTC)

    def now(self) -> datetime:
        """Return the moment that was set."""
        return self._moment

    def set(self, moment: datetime) -> None:
        """Move the clock."""
        self._moment = moment.astimezone(UTC)


YEARS = range(1900, 2201)


def parse_moment(text: str) -> datetime:
    """Read an ISO 8601 moment of the years that news can be of; one without a zone is taken as UTC. Raises UsageError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a moment; write it as 2026-01-02T07:00:00+09:00") from None
    if moment.year not in YEARS:  # near the ends of the calendar a day earlier or later is none
        raise UsageError(f"{text!r} is not in the years {YEARS.start} to {YEARS.stop - 1}")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_PERIOD = re.compile(r"([0-9]{1,5})([mhdw])")


def parse_period(text: str) -> timedelta:
    """Read a length of time such as 90m, 12h, 30d or 2w. Raises UsageError."""
    found = _PERIOD.fullmatch(text.strip())
    if not found or found[1].strip("0") == "":
        raise UsageError(f"{text!r} is not a length of time; write it as 90m, 12h, 30d or 2w")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
