"""Concepts that nobody uses, terms that stand in many words, leaders out of office."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from alerts.rules.compile import RuleSet
from alerts.rules.lexicon import BUILT_IN, PLAIN
from alerts.rules.lints.finding import Finding, Places
from alerts.rules.schema import LeaderSpec

OWN = ("tightening", "easing", "unnamed-source", *BUILT_IN)
"""Concepts that the engine itself asks for."""


def unused_concepts(rules: RuleSet) -> Iterator[str]:
    """Yield the ids of concepts that nothing refers to."""
    used = {number for rule in rules.rules for need in rule.needs for number in need}
    text = "\n".join(rules.files.values())
    specs = rules.lexicon.specs
    included = {name for spec in specs.values() for name in (*spec.includes, *spec.implied_by)}
    roles = {leader.role for spec in specs.values() for leader in spec.leaders}
    for name, spec in specs.items():
        if spec.kind in {"mask", "actor"} or spec.of or name in OWN or name in included or name in roles:
            continue
        if rules.lexicon.number(name) not in used and not any(f"${name}{end}" in text for end in (",", "]", "}", "\n", " ", '"', "'")):
            yield name


def unused(rules: RuleSet, places: Places, _: date) -> Iterator[Finding]:
    """Find concepts that nothing refers to."""
    for name in unused_concepts(rules):
        yield places.concept(name, "L03", f"concept {name!r} is not used")


def leaders(rules: RuleSet, places: Places, today: date) -> Iterator[Finding]:
    """Find leaders without a beginning, roles that somebody left of late, and roles that nobody holds."""
    for name, spec in rules.lexicon.specs.items():
        roles: dict[str, list[LeaderSpec]] = {}
        for leader in spec.leaders:
            roles.setdefault(leader.role, []).append(leader)
            if leader.from_ is None:
                yield places.concept(name, "L05", f"{leader.en} ({name}) has no 'from'")
            elif leader.to and today - timedelta(90) < leader.to < today:
                yield places.concept(name, "L05", f"{leader.en} ({name}) left office on {leader.to}")
        for role, people in roles.items():
            if all(leader.to is not None and leader.to < today for leader in people):
                yield places.concept(
                    name, "L05", f"nobody is {role} of {name} on {today}: the last one left on {max(p.to for p in people if p.to)}"
                )


def short(rules: RuleSet, places: Places, _: date) -> Iterator[Finding]:
    """Find terms of one sign that may stand in any word."""
    for pattern, meanings in zip(rules.lexicon.patterns, rules.lexicon.meanings, strict=True):
        for meaning in meanings:
            concept = rules.lexicon.concepts[meaning.concept].id
            bare = len(pattern.text) == 1 and not pattern.left and not pattern.right
            if bare and meaning.tag == PLAIN and not meaning.near and not meaning.after:
                message = f"{pattern.text!r} of {concept.lstrip('~')} is one sign long and stands in many words"
                yield (
                    _at_phrase(rules, places, pattern.text, message) if concept.startswith("~") else places.concept(concept, "L06", message)
                )


def _at_phrase(rules: RuleSet, places: Places, text: str, message: str) -> Finding:
    """Make a finding at a rule that has the phrase in its condition."""
    using = (rule.id for rule in rules.rules if f"“{text}”" in rule.condition.words())
    return places.rule(next(using, ""), "L06", message)
