"""Dates to watch: which are news, and how windows of different precision fold into one another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from alerts.rules.assessment import NamedDate

FIXED = timedelta(days=3)
"""A window up to this long is a fixed day (a summit of three days is one); seasons, months and `around` are longer."""


def is_fixed(named: NamedDate) -> bool:
    """True if the window is as good as a day."""
    return named.last - named.first < FIXED


def is_news(named: NamedDate, known: Iterable[NamedDate], published: datetime) -> bool:
    """True if readers should hear of a date told at `published`.

    It must lie ahead. A window that overlaps a known one is no news, with one exception: the first fixed day within a known season or
    month. A season that becomes a month is not material.
    """
    if named.last <= published.astimezone(UTC).date():
        return False
    near = [one for one in known if one.first <= named.last and named.first <= one.last]
    return not near or (is_fixed(named) and not any(is_fixed(one) for one in near))


def merge(known: Iterable[NamedDate], told: Iterable[NamedDate]) -> tuple[NamedDate, ...]:
    """Fold windows of one kind together: a finer one takes the place of those that contain it, and what they are the dates of.

    Sorted by first day.
    """
    kept: list[NamedDate] = []
    for one in sorted((*known, *told), key=lambda date: (date.last - date.first, date.first)):
        finer = [at for at, other in enumerate(kept) if one.kind == other.kind and one.first <= other.first and other.last <= one.last]
        if not finer:
            kept.append(one)
        for at in finer:
            both = one.types and kept[at].types
            kept[at] = replace(kept[at], types=tuple(sorted({*one.types, *kept[at].types})) if both else ())
    return tuple(sorted(kept, key=lambda date: (date.first, date.last, date.kind)))
