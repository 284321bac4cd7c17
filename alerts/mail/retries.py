"""When a deferred mail, or a domain that defers, is tried again: exponential back-off with jitter, always the same for one key."""

from __future__ import annotations

import zlib
from datetime import timedelta

FIRST = timedelta(minutes=1)
LONGEST = timedelta(hours=4)
EXPIRY = timedelta(days=3)
"""A mail this long in the outbox is given up: news that old helps nobody, and RFC 5321 §4.5.4.1 asks for 4–5 days of relays, not of us."""


def pause(key: str, attempts: int) -> timedelta:
    """Return how long to wait after the given number of attempts (from 1): doubled each time, 75 to 125 %, four hours at most.

    The jitter comes from the key of the mail or the name of the domain, so that what was deferred together does not come back together, and
    a test knows what to expect.
    """
    doubled: timedelta = min(LONGEST, FIRST * 2 ** min(attempts - 1, 20))
    return doubled * (0.75 + zlib.crc32(f"{key}:{attempts}".encode()) / 2**32 / 2)
