"""The levels of a story: the highest of its reports per sector, with the evidence cap taken over all of them together.

A single entry cannot know who else says so, so the rules cap it: `act` needs an official source or two independent publishers
(HANDBOOK §1.6). The story knows, and the cap goes when the second publisher arrives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from alerts.rules.assessment import Impact
from alerts.rules.levels import Level, clamp

CAP = "cap"


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


def with_evidence(impacts: Iterable[Impact], is_confirmed: Callable[[str], bool]) -> tuple[Impact, ...]:
    """Take the evidence cap off where the development is confirmed: more than one entry can know stands behind it."""
    return tuple(_lifted(impact) if is_confirmed(impact.development) else impact for impact in impacts)


def _weight(impact: Impact) -> tuple[Level, Level, Level]:
    return level_without(impact, CAP), level_without(impact, CAP, "reach"), impact.level


def _lifted(impact: Impact) -> Impact:
    terms = tuple(term for term in impact.terms if term.name != CAP)
    return replace(impact, level=level_without(impact, CAP), terms=terms) if terms != impact.terms else impact
