"""What the form of choices is drawn from: sign-up and preferences show the same one."""

from __future__ import annotations

from typing import Any

from alerts.web import options
from alerts.web.entered import DEFAULT_THRESHOLD, Entered
from alerts.web.options import Choice
from alerts.web.phrases import phrase
from alerts.web.site import Site


def values(site: Site, filled: Entered, language: str) -> dict[str, Any]:
    """Return the values of `templates/web/choices.html.j2` in a language."""
    wording, host, now = site.rules().wording, site.settings.host_country, site.clock.now()
    chosen = filled.timezone if filled.timezone in options.known_zones() else "Asia/Tokyo"
    known = options.countries(wording, language, host=host)
    first, others = options.offered_first(wording, known, host=host, chosen=filled.countries)
    return {
        "filled": filled,
        "sectors": options.sectors(wording, language),
        "levels": tuple(Choice(level.name, wording.level(level, language), wording.level_act(level, language)) for level in options.LEVELS),
        "alert_levels": tuple(
            Choice(level.name, wording.level(level, language), phrase(language, f"alert.{level.name}")) for level in options.ALERT_LEVELS
        ),
        "default_threshold": DEFAULT_THRESHOLD.name,
        "cadences": tuple(
            Choice(cadence, phrase(language, f"cadence.{cadence}"), phrase(language, f"cadence.{cadence}.hint"))
            for cadence in options.CADENCES
        ),
        "hours": tuple(Choice(str(hour), f"{hour:02}:00") for hour in range(24)),
        "weekdays": tuple(Choice(str(day), phrase(language, f"weekday.{day}")) for day in range(7)),
        "zones": options.zones(now, chosen),
        "countries": first,
        "more_countries": others,
        "nationalities": options.countries(wording, language, host=host, states_only=True),
        "host": wording.actor(host, language),
    }
