"""A subscriber's choices in words, as (label, value) lines: what one is about to agree to, and what one has."""

from __future__ import annotations

from alerts.digests.subscriber import Choices
from alerts.web.phrases import phrase
from alerts.web.site import Site


def lines(site: Site, choices: Choices, language: str) -> tuple[tuple[str, str], ...]:
    """Return the choices in the language of the page."""
    wording = site.rules().wording
    order = list(wording.sectors)
    followed = sorted(choices.sectors, key=lambda pair: order.index(pair[0]) if pair[0] in order else len(order))
    comma = phrase(language, "comma")
    sectors = comma.join(
        phrase(language, "summary.sector", sector=wording.sector(sector, language), level=wording.level(level, language))
        for sector, level in followed
    )
    when = {"day": phrase(language, f"weekday.{choices.weekday}"), "hour": f"{choices.hour:02}:00", "zone": choices.timezone}
    told = [
        ("summary.sectors", sectors),
        ("summary.cadence", phrase(language, f"summary.cadence.{choices.cadence}", **when)),
    ]
    if choices.cadence != "immediate":
        told.append(("summary.alerts", phrase(language, "summary.alerts.from", level=wording.level(choices.alert_level, language))))
    if choices.countries:
        told.append(("summary.countries", comma.join(wording.actor(country, language) for country in choices.countries)))
    return tuple((phrase(language, key), text) for key, text in told)
