"""How long a server asks to be left alone: Retry-After, Cache-Control, Expires (RFC 9110 §10.2.3, RFC 9111 §5).

Dates are read against the server's own `Date`, so that a wrong clock, ours or theirs, changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MAX_SECONDS = timedelta(days=7).total_seconds()
"""Nobody is waited for longer than this: absurd values are mistakes."""

_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,12})", re.I)
_NO_STORE = re.compile(r"(?:^|[,\s])no-(?:store|cache)\b", re.I)


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Return the wait that a server asks for, or None if it asks for none that makes sense."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if re.fullmatch(r"\d{1,15}(?:\.\d+)?", value):
        return min(float(value), MAX_SECONDS)
    wait = _until(value, headers)
    return wait if wait else None


def fresh_seconds(headers: Mapping[str, str]) -> float | None:
    """Return for how long an answer stays fresh, or None if the server does not say. The age it already has is taken off."""
    control = headers.get("cache-control", "")
    if _NO_STORE.search(control):
        return None
    match = _MAX_AGE.search(control)
    if match:
        age = headers.get("age", "")
        return min(max(0.0, float(match[1]) - (float(age) if age.isascii() and age.isdigit() else 0.0)), MAX_SECONDS)
    return _until(headers.get("expires", ""), headers)


def _until(value: str, headers: Mapping[str, str]) -> float | None:
    """Seconds from the server's `Date` to a date; None without both."""
    target, start = _date(value), _date(headers.get("date", ""))
    if target is None or start is None:
        return None
    return min(max(0.0, (target - start).total_seconds()), MAX_SECONDS)


def _date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value.strip())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
