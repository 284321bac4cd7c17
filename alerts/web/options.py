"""What a subscriber may choose from: sectors and countries of the rule set, time zones, hours, levels."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from importlib import resources
from itertools import groupby
from zoneinfo import ZoneInfo, available_timezones

from alerts.digests.subscriber import Cadence
from alerts.rules.levels import Level
from alerts.rules.wording import Wording

LANGUAGES: Mapping[str, str] = {"en": "English", "ja": "日本語"}
CADENCES: tuple[Cadence, ...] = ("daily", "weekly", "immediate")
LEVELS = (Level.info, Level.watch, Level.prepare, Level.act)
LEVEL_NAMES = {level.name: level for level in LEVELS}
ALERT_LEVELS = (Level.watch, Level.prepare, Level.act)
DEFAULT_SECTORS = ("safety", "visas")
"""What every foreign resident shares; ticked on a new form if the rule set knows it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose: `value` goes over the wire, `name` and `hint` are read."""

    value: str
    name: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Choices under one heading."""

    name: str
    choices: tuple[Choice, ...]


def sectors(wording: Wording, language: str) -> tuple[Choice, ...]:
    """Return the sectors in the order of the configuration."""
    return tuple(
        Choice(id, wording.sector(id, language), getattr(spec.about, language, "") or spec.about.en) for id, spec in wording.sectors.items()
    )


def countries(wording: Wording, language: str, *, host: str, states_only: bool = False) -> tuple[Choice, ...]:
    """Return the countries and blocs that the lexicon knows, by name; the host country is followed by everybody and left out."""
    kinds = {"state", "economy"} if states_only else {"state", "economy", "bloc"}
    codes = {spec.actor for spec in wording.concepts.values() if spec.kind == "actor" and spec.actor and spec.type in kinds} - {host}
    # In a list "the United States" stands under U.
    named = (Choice(code, wording.actor(code, language).removeprefix("the ")) for code in codes)
    return tuple(sorted(named, key=lambda choice: choice.name.casefold()))


def offered_first(wording: Wording, offered: Iterable[Choice], *, host: str, chosen: Collection[str]) -> tuple[list[Choice], list[Choice]]:
    """Divide countries into those that a form shows at once and the others: first are the host's partners, and what was chosen before.

    Where the lexicon names no partners all are first.
    """
    partners = {code for spec in wording.concepts.values() if spec.actor == host for code in spec.partners}
    first: list[Choice] = []
    others: list[Choice] = []
    for choice in offered:
        (first if not partners or choice.value in partners or choice.value in chosen else others).append(choice)
    return first, others


@cache
def zone_names() -> tuple[str, ...]:
    """Return every zone of the tz database that is some country's clock (zone.tab), sorted."""
    table = resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8")
    return tuple(sorted({line.split("\t")[2] for line in table.splitlines() if line and not line.startswith("#")}))


def zones(now: datetime, chosen: str) -> tuple[Group, ...]:
    """Return the time zones by continent with their present offset. A known zone that `zone.tab` leaves out is added if it is `chosen`."""
    labels = {**_zone_labels(now.replace(minute=0, second=0, microsecond=0)), chosen: _zone_label(chosen, now)}
    groups = groupby(sorted(labels), key=lambda name: name.partition("/")[0])
    return tuple(Group(region, tuple(Choice(name, labels[name]) for name in found)) for region, found in groups)


@cache
def known_zones() -> frozenset[str]:
    """Return every zone that the system or the tzdata package knows."""
    return frozenset(available_timezones())


@lru_cache(maxsize=2)
def _zone_labels(hour: datetime) -> Mapping[str, str]:
    """The labels of all zones; reading four hundred files for each page would take longer than all the rest."""
    return {name: _zone_label(name, hour) for name in zone_names()}


def _zone_label(name: str, now: datetime) -> str:
    place = name.partition("/")[2].replace("_", " ").replace("/", ", ") or name
    offset = now.astimezone(ZoneInfo(name)).utcoffset()
    assert offset is not None
    minutes = int(offset.total_seconds()) // 60
    sign = "−" if minutes < 0 else "+"
    return f"{place} (UTC{sign}{abs(minutes) // 60}{f':{abs(minutes) % 60:02}' if minutes % 60 else ''})"
