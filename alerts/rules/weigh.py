"""The level of one sector as a sum whose every term is kept, because the terms are the why (HANDBOOK §1.6).

level = clamp(base + stage + size + reach + clock, 0, ceiling), then capped by how well the source knows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from alerts.rules.assessment import Impact, NamedDate, Polarity, Stage, Term
from alerts.rules.compile import Rule, RuleSet
from alerts.rules.levels import Level, clamp
from alerts.rules.operators.condition import Look
from alerts.rules.schema import ConceptSpec

SIZES: Mapping[str, int] = {"exceptional": 1, "normal": 0, "small": -1, "routine": -2}
LOCAL = ("safety", "travel")  # felt only where it happens
SOON = timedelta(days=30)
_DECIDED: tuple[Stage, ...] = ("announced", "adopted", "in-force")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the levels of one development depend on."""

    rule: Rule
    stage: Stage
    polarity: Polarity
    actors: tuple[str, ...]
    dates: tuple[NamedDate, ...]


def weigh(rules: RuleSet, look: Look, facts: Circumstances) -> list[Impact]:
    """Return an impact for every sector that the development touches at `info` or above."""
    rule, development = facts.rule, facts.rule.development
    assert development is not None
    ceiling, why = Level[rule.spec.ceiling or development.ceiling], development.name.en
    stage = rules.stages[facts.stage]
    if Level[stage.ceiling] < ceiling:
        ceiling, why = Level[stage.ceiling], f"what is {stage.name.en}"
    shared = [term for term in (_stage(rules, facts), _size(look, rule)) if term]
    clock = _clock(look, facts)
    caps = _caps(rules, look)
    reach = _reach(rules, look, facts)
    sums = {}
    for sector, base in rule.bases:
        near = clock if base.value >= Level.watch else None  # where it is hardly felt, a day that is near makes nobody hurry
        sums[sector] = [base, *shared, *filter(None, (near, reach[sector in LOCAL]))]
    if facts.stage != "denied":
        _keep_audible(sums)
    impacts = []
    for sector, terms in sums.items():
        total = _sum(terms)
        bounded = min(total, ceiling)
        if bounded < total:
            terms.append(Term("ceiling", bounded - total, f"{why} never rises above {ceiling.name}"))
        for cap, reason in caps:
            if bounded > cap:
                terms.append(Term("cap", cap - bounded, reason))
                bounded = int(cap)
        if bounded > Level.none:
            impacts.append(Impact(sector, clamp(bounded, ceiling), ceiling, development.id, rule.id, tuple(terms)))
    return impacts


def _keep_audible(sums: dict[str, list[Term]]) -> None:
    """Distance alone makes no entry irrelevant: where no sector reaches `info`, it takes less from the sectors of the highest base."""
    if max((_sum(terms) for terms in sums.values()), default=Level.info) >= Level.info:
        return
    highest = max(terms[0].value for terms in sums.values())
    for sector, terms in sums.items():
        far = terms[-1]
        near = _sum(terms) - far.value
        if far.name == "reach" and terms[0].value == highest and near >= Level.info:
            value = Level.info - near
            sums[sector] = [*terms[:-1], *([Term("reach", value, far.reason)] if value else [])]


def _sum(terms: Sequence[Term]) -> int:
    return sum(term.value for term in terms)


def _stage(rules: RuleSet, facts: Circumstances) -> Term | None:
    stage = rules.stages[facts.stage]
    development = facts.rule.spec.development or ""
    shift = stage.shift_for.get(development, stage.shift)
    return Term("stage", shift, f"so far it is {stage.name.en}") if shift else None


def _size(look: Look, rule: Rule) -> Term | None:
    for sizing in rule.sizings:
        if sizing.condition.find(look, 0, len(look.found.text)) is not None:
            value = SIZES[sizing.spec.size]
            return Term("size", value, sizing.spec.reason or f"{sizing.spec.size}: {sizing.condition.words()}") if value else None
    return None


def _reach(rules: RuleSet, look: Look, facts: Circumstances) -> dict[bool, Term | None]:
    """What happens elsewhere reaches a resident less; least what is felt only where it happens (True)."""
    host = look.host
    if host in widened(rules, facts.actors):
        return dict.fromkeys((False, True))
    spec = actor_spec(rules, host)
    near = set(spec.neighbours) if spec else set()
    place = ", ".join(facts.actors) or "no country named"
    beside = Term("reach", -1, f"{host} is neither actor nor target ({place})")
    far = Term("reach", -2, f"far from {host} and its neighbours ({place})")
    return {False: beside, True: beside if near & set(facts.actors) else far}


def _clock(look: Look, facts: Circumstances) -> Term | None:
    wanted = facts.rule.spec.clock
    if wanted is None:
        wanted = facts.rule.development is not None and facts.rule.development.clock
    if not wanted or facts.stage not in _DECIDED:
        return None
    first = next((each for each in facts.dates if each.kind == "effective" and is_soon(each.first, look.day)), None)
    return Term("clock", 1, f"it takes effect within 30 days ({first.text})") if first else None


def is_soon(day: date, today: date) -> bool:
    """True for today and the thirty days after it."""
    return today <= day <= today + SOON


def _caps(rules: RuleSet, look: Look) -> Sequence[tuple[Level, str]]:
    """How high the evidence allows: lowest last, so that the strictest reason is kept."""
    caps: list[tuple[Level, str]] = []
    entry = look.entry
    official = entry.source.kind == "official" or speaks_officially(rules, look)
    if not official:
        caps.append((Level.prepare, "act needs an official source or two independent publishers"))
    if entry.source.kind == "aggregator" and not official and (unnamed(rules, look) or not entry.outlet):
        caps.append((Level.watch, "one aggregator repeats it and names no source"))
    return caps


def speaks_officially(rules: RuleSet, look: Look) -> bool:
    """True if the text names an institution whose own word is official."""
    return not rules.lexicon.official.isdisjoint(look.found.signs)


def unnamed(rules: RuleSet, look: Look) -> bool:
    """True if the text rests on sources that it does not name (concept `unnamed-source`, if the lexicon has one)."""
    return rules.lexicon.number("unnamed-source") in look.found.signs


def actor_spec(rules: RuleSet, code: str) -> ConceptSpec | None:
    """Return the concept of an actor, or None."""
    number = rules.lexicon.actors.get(code)
    return None if number is None else rules.lexicon.specs[rules.lexicon.concepts[number].id]


def widened(rules: RuleSet, actors: Collection[str]) -> set[str]:
    """Return actors and the members of the blocs among them."""
    wide = set(actors)
    for code in actors:
        if spec := actor_spec(rules, code):
            wide.update(spec.members)
    return wide
