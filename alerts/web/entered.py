"""What a person entered in the form of choices, and what is wrong with it: nothing that was entered is ever lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.datastructures import FormData

from alerts.digests.subscriber import Choices
from alerts.rules.levels import Level
from alerts.rules.wording import Wording
from alerts.web.options import ALERT_LEVELS, CADENCES, DEFAULT_SECTORS, LANGUAGES, LEVEL_NAMES, countries, known_zones
from alerts.web.site import word, words

DEFAULT_THRESHOLD = Level.watch
_DEFAULTS = Choices()


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: `id` is the element to jump to, `key` the phrase that says it."""

    id: str
    key: str


@dataclass(frozen=True, slots=True)
class Entered:
    """The form as filled in, every value as text. `thresholds` holds a level name for each sector, ticked (in `sectors`) or not."""

    address: str = ""
    language: str = "en"
    timezone: str = _DEFAULTS.timezone
    cadence: str = _DEFAULTS.cadence
    hour: str = str(_DEFAULTS.hour)
    weekday: str = str(_DEFAULTS.weekday)
    sectors: frozenset[str] = frozenset()
    thresholds: Mapping[str, str] = field(default_factory=dict)
    alert_level: str = _DEFAULTS.alert_level.name
    countries: frozenset[str] = frozenset()
    nationality: str = ""
    quiet: bool = True
    quiet_from: str = "22"
    quiet_to: str = "7"


def fresh(wording: Wording, language: str) -> Entered:
    """Return the form that a newcomer sees: sensible, and short to change."""
    return Entered(language=language, sectors=frozenset(DEFAULT_SECTORS) & frozenset(wording.sectors))


def of_choices(choices: Choices) -> Entered:
    """Return the form filled with a subscriber's choices."""
    start, end = choices.quiet or (22, 7)
    return Entered(
        language=choices.language,
        timezone=choices.timezone,
        cadence=choices.cadence,
        hour=str(choices.hour),
        weekday=str(choices.weekday),
        sectors=frozenset(sector for sector, _ in choices.sectors),
        thresholds={sector: level.name for sector, level in choices.sectors},
        alert_level=choices.alert_level.name,
        countries=frozenset(choices.countries),
        nationality=choices.nationality,
        quiet=choices.quiet is not None,
        quiet_from=str(start),
        quiet_to=str(end),
    )


def of_form(form: FormData, wording: Wording) -> Entered:
    """Return what was posted."""
    return Entered(
        address=word(form, "address"),
        language=word(form, "language"),
        timezone=word(form, "timezone"),
        cadence=word(form, "cadence"),
        hour=word(form, "hour"),
        weekday=word(form, "weekday"),
        sectors=frozenset(words(form, "sector")),
        thresholds={sector: word(form, f"level-{sector}") for sector in wording.sectors},
        alert_level=word(form, "alert_level"),
        countries=frozenset(words(form, "country")),
        nationality=word(form, "nationality"),
        quiet=word(form, "quiet") == "on",
        quiet_from=word(form, "quiet_from"),
        quiet_to=word(form, "quiet_to"),
    )


def read(entered: Entered, wording: Wording, *, host: str) -> tuple[Choices, tuple[FieldError, ...]]:
    """Return the choices, and everything that is wrong in the order of the page; with errors the choices are not to be used."""
    errors: list[FieldError] = []

    def known(value: str, allowed: object, id: str, key: str) -> bool:
        good = value in allowed  # type: ignore[operator]
        if not good:
            errors.append(FieldError(id, key))
        return good

    sectors = tuple(
        (sector, LEVEL_NAMES.get(entered.thresholds.get(sector, ""), DEFAULT_THRESHOLD))
        for sector in sorted(entered.sectors & frozenset(wording.sectors))
    )
    if not sectors:
        errors.append(FieldError(f"sector-{next(iter(wording.sectors), '')}", "error.sectors"))
    codes = {choice.value for choice in countries(wording, "en", host=host)}
    if not entered.countries <= codes:
        errors.append(FieldError("countries", "error.countries"))
    known(entered.cadence, CADENCES, "cadence-daily", "error.cadence")
    hour = known(entered.hour, _HOURS, "hour", "error.hour")
    weekday = known(entered.weekday, _WEEKDAYS, "weekday", "error.weekday")
    known(entered.timezone, known_zones(), "timezone", "error.timezone")
    alert = known(entered.alert_level, {level.name for level in ALERT_LEVELS}, "alert-prepare", "error.alert_level")
    known(entered.language, LANGUAGES, "language-en", "error.language")
    known(entered.nationality, codes | {"", host}, "nationality", "error.nationality")
    quiet = None
    if (
        entered.quiet
        and known(entered.quiet_from, _HOURS, "quiet_from", "error.quiet")
        and known(entered.quiet_to, _HOURS, "quiet_to", "error.quiet")
    ):
        quiet = (int(entered.quiet_from), int(entered.quiet_to))
    choices = Choices(
        language=entered.language,
        timezone=entered.timezone,
        cadence=next((cadence for cadence in CADENCES if cadence == entered.cadence), "daily"),
        hour=int(entered.hour) if hour else 7,
        weekday=int(entered.weekday) if weekday else 0,
        sectors=sectors,
        alert_level=LEVEL_NAMES[entered.alert_level] if alert else Level.prepare,
        countries=tuple(sorted(entered.countries & codes)),
        nationality=entered.nationality,
        quiet=quiet if quiet and quiet[0] != quiet[1] else None,
    )
    return choices, tuple(errors)


_HOURS = frozenset(map(str, range(24)))
_WEEKDAYS = frozenset(map(str, range(7)))
