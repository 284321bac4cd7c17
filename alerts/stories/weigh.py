"""The levels of a story: the highest of its reports per sector, with the evidence cap taken over all of them together.

A single entry cannot know who else says so; the story can. `act` needs an official source or two independent publishers
(HANDBOOK §1.6): without them it is held at `prepare`, and the cap goes when the second publisher arrives.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from alerts.rules.assessment import Impact, Term
from alerts.rules.levels import Level, clamp

CAP = "cap"
CAP_REASON = "act needs an official source or two independent publishers"


def level_without(impact: Impact, *names: str) -> Level:
    """Return the level that the impact would have without its terms called `names`; never above its ceiling."""
    if not any(term.name in names for term in impact.terms):
        return impact.level
    return clamp(sum(term.value for term in impact.terms if term.name not in (*names, "ceiling")), impact.ceiling)


def highest(impacts: Iterable[Impact]) -> tuple[Impact, ...]:
    """Return one impact per sector, sorted by sector: the highest, whoever says so; the earlier one of equals.

    Of equal ones, that which loses less by distance comes first, so that a reader who follows the actor gets the full level.
    """
    best: dict[str, Impact] = {}
    for impact in impacts:
        known = best.get(impact.sector)
        if known is None or _weight(impact) > _weight(known):
            best[impact.sector] = impact
    return tuple(best[sector] for sector in sorted(best))


def with_evidence(impacts: Iterable[Impact], *, is_confirmed: bool) -> tuple[Impact, ...]:
    """Put the evidence cap on, or take it off where the story is confirmed."""
    return tuple(_lifted(impact) if is_confirmed else _capped(impact) for impact in impacts)


def _weight(impact: Impact) -> tuple[Level, Level]:
    return level_without(impact, CAP), level_without(impact, CAP, "reach")


def _lifted(impact: Impact) -> Impact:
    terms = tuple(term for term in impact.terms if term.name != CAP)
    return replace(impact, level=level_without(impact, CAP), terms=terms) if terms != impact.terms else impact


def _capped(impact: Impact) -> Impact:
    if impact.level < Level.act:
        return impact
    total = sum(term.value for term in impact.terms)
    return replace(impact, level=Level.prepare, terms=(*impact.terms, Term(CAP, Level.prepare - max(total, Level.act), CAP_REASON)))
