"""Dates, times and windows as a reader of each language writes them, in the reader's own zone."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta

from alerts.digests.edition import local_zone
from alerts.digests.phrases import phrase

_SEASONS = {(3, 5): "date.spring", (6, 8): "date.summer", (9, 11): "date.autumn", (12, 2): "date.winter"}


def day(value: date, language: str) -> str:
    """`2 Jan 2026`; `2026年1月2日`."""
    return phrase(
        language, "date.format", day=value.day, month=_month(value, language), number=value.month, year=value.year
    )  # fmt: skip


def weekday(value: date, language: str) -> str:
    """`Sat 3 Jan 2026`; `2026年1月3日（土）`."""
    return phrase(language, "date.weekday", weekday=weekday_name(value.weekday(), language), date=day(value, language))


def weekday_name(number: int, language: str) -> str:
    """Name of a weekday, 0 = Monday."""
    return phrase(language, "date.weekdays").split()[number]


def time(moment: datetime, timezone: str, language: str) -> str:
    """`3 Jan 2026, 07:05 (Japan time)`: in the reader's zone, with the zone."""
    local = moment.astimezone(local_zone(timezone))
    return phrase(language, "date.time", date=day(local.date(), language), time=f"{local:%H:%M}", zone=zone_name(timezone, language))


def local_day(moment: datetime, timezone: str) -> date:
    """The date of a moment in the reader's zone."""
    return moment.astimezone(local_zone(timezone)).date()


def zone_name(timezone: str, language: str) -> str:
    """`Japan time` where the catalogue has a name, else the IANA name, which people recognise by its city."""
    name = local_zone(timezone).key
    try:
        return phrase(language, f"zone.{name}")
    except KeyError:
        return name.replace("_", " ")


def window(first: date, last: date, language: str) -> str:
    """A day, month, season, fiscal year, year or span, as short as it can be said without losing anything."""
    values = {"year": first.year, "next": first.year + 1, "month": _month(first, language), "number": first.month}
    if first == last:
        return day(first, language)
    whole_months = first.day == 1 and (last + timedelta(days=1)).day == 1
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    if whole_months and months == 1:
        return phrase(language, "date.month", **values)
    if whole_months and months == 3 and (season := _SEASONS.get((first.month, last.month))):
        return phrase(language, season, **values)
    if whole_months and months == 12 and first.month in {1, 4}:
        return phrase(language, "date.year" if first.month == 1 else "date.fiscal", **values)
    return span(first, last, language)


def span(first: date, last: date, language: str) -> str:
    """`1 Mar – 31 May 2026`; month and year twice only where they differ."""
    if first.year == last.year:
        return phrase(
            language,
            "date.range.month" if first.month == last.month else "date.range.year",
            day=first.day,
            month=_month(first, language),
            number=first.month,
            year=first.year,
            last=day(last, language),
            end_number=last.month,
            end_day=last.day,
        )
    return phrase(language, "date.range", first=day(first, language), last=day(last, language))


def exact_window(first: date, last: date, language: str) -> str:
    """What a season or year stands for, in days; empty where `window` already says it."""
    spelled = span(first, last, language)
    return "" if first == last or window(first, last, language) == spelled or _one_month(first, last) else spelled


def _one_month(first: date, last: date) -> bool:
    return first.replace(day=calendar.monthrange(first.year, first.month)[1]) == last and first.day == 1


def _month(value: date, language: str) -> str:
    return phrase(language, "date.months").split()[value.month - 1]
