"""Concepts that nobody uses, terms that stand in many words, leaders out of office."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from alerts.rules.compile import Rule, RuleSet
from alerts.rules.lexicon import BUILT_IN
from alerts.rules.lints.finding import Finding, Places
from alerts.rules.operators.named import mentioned
from alerts.rules.patterns import PLAIN
from alerts.rules.schema import LeaderSpec

OWN = ("tightening", "easing", "unnamed-source", *BUILT_IN)
"""Concepts that the engine itself asks for."""


def unused_concepts(rules: RuleSet) -> Iterator[str]:
    """Yield the ids of concepts that nothing refers to; subjects join reports and places stand in mails without any rule."""
    used = {number for rule in rules.rules for need in rule.needs for number in need}
    text = "\n".join(rules.files.values())
    specs = rules.lexicon.specs
    included = {name for spec in specs.values() for name in (*spec.includes, *spec.implied_by)}
    roles = {leader.role for spec in specs.values() for leader in spec.leaders}
    for name, spec in specs.items():
        if spec.kind in {"mask", "actor", "subject", "place"} or spec.of or name in OWN or name in included or name in roles:
            continue
        if rules.lexicon.number(name) not in used and not any(f"${name}{end}" in text for end in (",", "]", "}", "\n", " ", '"', "'")):
            yield name


def unused(rules: RuleSet, places: Places, _: date) -> Iterator[Finding]:
    """Find concepts and conditions that nothing refers to."""
    for name in unused_concepts(rules):
        yield places.concept(name, "L03", f"concept {name!r} is not used")
    for name in sorted(rules.conditions.keys() - _called(rules)):
        yield places.condition(name, "L03", f"condition {name!r} is not used")


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
    """Find terms of one sign that may stand in any word. Where they only keep a rule out, a wide net is what was wanted."""
    refusing = _refusing(rules)
    for pattern, meanings in rules.lexicon.patterns:
        if len(pattern.text) != 1 or pattern.left or pattern.right:
            continue
        for meaning in meanings:
            concept = rules.lexicon.concepts[meaning.concept].id
            if meaning.tag == PLAIN and not meaning.near and not meaning.after and concept not in refusing:
                message = f"{pattern.text!r} of {concept.lstrip('~')} is one sign long and stands in many words"
                yield (
                    _at_phrase(rules, places, pattern.text, message) if concept.startswith("~") else places.concept(concept, "L06", message)
                )


def _refusing(rules: RuleSet) -> set[str]:
    """Ids of the concepts, and `~` with each phrase, that conditions name under `none` and nowhere else."""
    named = {(refused, _id(text)) for rule in rules.rules for when in _conditions(rules, rule) for refused, text in mentioned(when)}
    return {text for refused, text in named if refused} - {text for refused, text in named if not refused}


def _called(rules: RuleSet) -> set[str]:
    """Ids that rules and shared conditions name."""
    written = [rule.spec.when for rule in rules.rules] + [sizing.spec.when for rule in rules.rules for sizing in rule.sizings]
    return {name[1:] for when in [*written, *(spec.when for spec in rules.conditions.values())] for _, name in mentioned(when)}


def _conditions(rules: RuleSet, rule: Rule) -> Iterator[Any]:
    yield rules.spelled_out(rule.spec.when)
    yield from (rules.spelled_out(sizing.spec.when) for sizing in rule.sizings)


def _id(text: str) -> str:
    return text[1:] if text.startswith("$") else f"~{text}"


def _at_phrase(rules: RuleSet, places: Places, text: str, message: str) -> Finding:
    """Make a finding at the first rule that asks for the phrase."""
    using = (rule.id for rule in rules.rules if any((False, text) in mentioned(when) for when in _conditions(rules, rule)))
    return places.rule(next(using, ""), "L06", message)
