"""Choices of a subscriber from words that an operator typed or a file holds; a word that is not known is an error with the nearest one."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from alerts.digests.edition import zone_problem
from alerts.digests.subscriber import Choices
from alerts.errors import UsageError
from alerts.rules.compile import RuleSet
from alerts.rules.levels import Level

LANGUAGES = ("en", "ja")
CADENCES = ("immediate", "daily", "weekly")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LEVELS = tuple(level.name for level in Level if level is not Level.none)


@dataclass(frozen=True, slots=True)
class Words:
    """What was typed, a word or a list of words for each choice."""

    sectors: Collection[str]
    cadence: str = "daily"
    hour: int = 7
    weekday: str = "monday"
    timezone: str = "Asia/Tokyo"
    language: str = "en"
    countries: Collection[str] = ()
    nationality: str = ""
    alert: str = "prepare"
    quiet: str = "22-7"


def choices_of(words: Words, rules: RuleSet) -> Choices:
    """Return the choices that words stand for. Raises UsageError naming the option, as it would be typed."""
    actors = {spec.actor for spec in rules.wording.concepts.values() if spec.kind == "actor" and spec.actor}
    if problem := zone_problem(words.timezone):
        raise UsageError(f"--timezone: {problem.partition(', so ')[0]}; choose one such as Asia/Tokyo or Europe/London")
    if not 0 <= words.hour <= 23:
        raise UsageError(f"--hour {words.hour}: write an hour from 0 to 23")
    return Choices(
        language=one_of("--language", words.language, LANGUAGES),
        timezone=words.timezone,
        cadence=one_of("--cadence", words.cadence, CADENCES),  # type: ignore[arg-type]
        hour=words.hour,
        weekday=WEEKDAYS.index(one_of("--weekday", words.weekday.lower(), WEEKDAYS)),
        sectors=_sectors(words.sectors, rules),
        alert_level=Level[one_of("--alert", words.alert, LEVELS)],
        countries=tuple(sorted({one_of("--country", each.upper(), actors) for each in words.countries})),
        nationality=one_of("--nationality", words.nationality.upper(), actors) if words.nationality else "",
        quiet=_quiet(words.quiet),
    )


def words_of(choices: Choices) -> Mapping[str, str]:
    """Return choices as words by the name of their column, as a file holds them; `choices_of` makes the same choices of them."""
    return {
        "language": choices.language,
        "timezone": choices.timezone,
        "cadence": choices.cadence,
        "hour": str(choices.hour),
        "weekday": WEEKDAYS[choices.weekday],
        "sectors": " ".join(f"{name}={level.name}" for name, level in choices.sectors),
        "alert": choices.alert_level.name,
        "countries": " ".join(choices.countries),
        "nationality": choices.nationality,
        "quiet": f"{choices.quiet[0]}-{choices.quiet[1]}" if choices.quiet else "none",
    }


def _sectors(given: Collection[str], rules: RuleSet) -> tuple[tuple[str, Level], ...]:
    chosen: dict[str, Level] = {}
    for each in given:
        name, equals, level = each.partition("=")
        if not equals:
            raise UsageError(f"--sector {each}: write it with the least level worth a line, such as {each}=watch")
        known = one_of("--sector", name, rules.sectors)
        if known in chosen:
            raise UsageError(f"--sector {known} stands twice; one level is enough")
        chosen[known] = Level[one_of(f"--sector {name}", level, LEVELS)]
    return tuple(sorted(chosen.items()))


def _quiet(text: str) -> tuple[int, int] | None:
    if text in ("none", ""):
        return None
    start, dash, stop = text.partition("-")
    if not dash or not start.isdecimal() or not stop.isdecimal() or int(start) > 23 or int(stop) > 23:
        raise UsageError(f"--quiet {text}: write two hours from 0 to 23, such as 22-7, or none")
    return int(start), int(stop)


def one_of(option: str, value: str, allowed: Collection[str]) -> str:
    """Return a value that is allowed. Raises UsageError with the nearest one, and all of them where they are few."""
    if value in allowed:
        return value
    near = difflib.get_close_matches(value, list(allowed), n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]}?" if near else ""
    listed = f"; known are {', '.join(sorted(allowed) if len(allowed) > 12 else allowed)}" if len(allowed) < 60 else ""
    raise UsageError(f"{option}: {value!r} is not known{hint}{listed}")
