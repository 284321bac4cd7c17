"""Rules that can never hold: conditions that contradict themselves, and concepts that no text can mention."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from alerts.rules.compile import Rule, RuleSet
from alerts.rules.lints.finding import Finding, Places
from alerts.rules.patterns import MASK, REJECT

Demand = tuple[str, str]
"""What must be there for a condition to hold: (concept, id) or (kind | language, the values allowed, sorted and joined)."""


def never(rules: RuleSet, places: Places, _: date) -> Iterator[Finding]:
    """Find rules that can never hold."""
    findable = _findable(rules)
    for rule in rules.rules:
        if reason := _dead(rules, rule, findable) or _contradiction(rules, rule):
            yield places.rule(rule.id, "L11", f"{rule.id} can never hold: {reason}")


def _findable(rules: RuleSet) -> set[int]:
    """Numbers of the concepts that some text can mention."""
    lexicon = rules.lexicon
    found: set[int] = set()
    for _, _, _, meanings in lexicon.patterns.kinds:
        for meaning in meanings:
            if meaning.tag in {REJECT, MASK}:
                continue
            for number in (meaning.concept, meaning.other, *meaning.roles):
                if number >= 0:
                    found.update(lexicon.concepts[number].ups)
    return found


def _dead(rules: RuleSet, rule: Rule, findable: set[int]) -> str:
    for need in rule.needs:
        if need.isdisjoint(findable):
            names = " or ".join(sorted(rules.lexicon.concepts[number].id.replace("~", "") for number in need))
            return f"no text can mention {names}"
    return ""


def _contradiction(rules: RuleSet, rule: Rule) -> str:
    when = rules.spelled_out(rule.spec.when)
    wanted = set(_demands(when))
    concepts = {name for kind, name in wanted if kind == "concept"}
    for name in sorted(set(_refusals(when))):
        if both := sorted(each for each in concepts if each == name or name in _above(rules, each)):
            return f"it asks for {both[0]}, and for no {name}" + (f", which includes {both[0]}" if both[0] != name else "")
    for kind in ("language", "kind", "country"):
        sets = [set(values.split()) for what, values in sorted(wanted) if what == kind]
        if sets and not set.intersection(*sets):
            return f"no entry has {kind} {' and '.join(' or '.join(sorted(each)) for each in sets)} at once"
    return ""


def _above(rules: RuleSet, name: str) -> set[str]:
    """The concepts that a mention of this one counts for, as conditions write them."""
    number = rules.lexicon.number(name.removeprefix("$"))
    return (
        {f"${rules.lexicon.concepts[up].id}" for up in rules.lexicon.concepts[number].ups}
        if name.startswith("$") and number >= 0
        else set()
    )


def _demands(when: Any) -> Iterator[Demand]:
    """Yield what must be there, whatever else is said."""
    if isinstance(when, str):
        yield "concept", when
    if not isinstance(when, dict):
        return
    for key, value in when.items():
        if key in {"all", "between"}:
            for each in value if isinstance(value, list) else [value]:
                yield from _demands(each)
        elif key == "any" and (not isinstance(value, list) or len(value) == 1):
            yield from _demands(value[0] if isinstance(value, list) else value)
        elif key in {"near", "then"}:
            for each in value["terms"]:
                yield from _demands(each)
        elif key == "field":
            for each in value.values():
                yield from _demands(each)
        elif key == "language":
            yield "language", " ".join(sorted([value] if isinstance(value, str) else value))
        elif key == "source":
            for name, allowed in value.items():
                yield name, " ".join(sorted([allowed] if isinstance(allowed, str) else allowed))


def _refusals(when: Any, *, scoped: bool = False) -> Iterator[str]:
    """Yield what must not stand anywhere in the entry; what is refused in a part of it alone contradicts nothing."""
    if not isinstance(when, dict):
        return
    scoped = scoped or when.get("within", "entry") != "entry"
    for key, value in when.items():
        if key == "none" and not scoped:
            yield from (each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str))
        elif key == "all":
            for each in value if isinstance(value, list) else [value]:
                yield from _refusals(each, scoped=scoped)
