"""Valid but unwise: findings about a rule set, each with a stable code. Nothing here stops a configuration from being used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from alerts.rules.cases import entry_of
from alerts.rules.compile import RuleSet
from alerts.rules.evaluate import held_rules, look_at
from alerts.rules.lexicon import BUILT_IN, PLAIN

Severity = Literal["warning", "info"]


@dataclass(frozen=True, slots=True)
class Code:
    """What a code means."""

    level: Severity
    text: str


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One unwise thing: where, which code, and what about it."""

    place: str
    code: str
    message: str
    level: Severity


CODES: Mapping[str, Code] = {
    "L01": Code(
        "info",
        "A rule needs at least one headline that it must match and one that it must ignore: the second is what catches false alarms.",
    ),
    "L02": Code("warning", "review_by has passed. Read the rule again, then move the date."),
    "L03": Code("info", "No rule, stage or other concept uses this concept. Use it, or remove it."),
    "L04": Code("warning", "Nothing the rule needs narrows it down: it is looked at for every entry. Add a concept or a phrase."),
    "L05": Code(
        "info", "A leader's time in office has ended or has no beginning. Ended roles stay useful for old entries; check the successor."
    ),
    "L06": Code("warning", "A term of one or two Latin letters or one kanji is found in many words. Give it an edge, near: or after:."),
    "L07": Code("info", "A sentence is missing in one of the readers' languages; they will read English."),
    "L08": Code(
        "warning", "Every text that this rule must match is matched by another rule of the same development too: one of them is not needed."
    ),
    "L09": Code("info", "No rule tells of this development; it can never be found."),
    "L10": Code("warning", "yields_to names the rule's own development, or despite: any hides single ids. It has no effect."),
}


def lint(rules: RuleSet, *, today: date) -> list[Finding]:
    """Return all findings, ordered by place."""
    found = {finding for check in _CHECKS for finding in check(rules, today)}
    return sorted(found)


def _find(code: str, place: str, message: str) -> Finding:
    return Finding(place, code, message, CODES[code].level)


def _tests(rules: RuleSet, _: date) -> Iterator[Finding]:
    for rule in rules.rules:
        lacking = [name for name in ("match", "ignore") if not getattr(rule.spec.tests, name)]
        if lacking:
            yield _find("L01", rule.place, f"{rule.id} has no text to {' or '.join(lacking)}")


def _review(rules: RuleSet, today: date) -> Iterator[Finding]:
    for rule in rules.rules:
        if rule.spec.review_by and rule.spec.review_by < today:
            yield _find("L02", rule.place, f"{rule.id} was to be reviewed by {rule.spec.review_by}")


def _unused(rules: RuleSet, _: date) -> Iterator[Finding]:
    used = {number for rule in rules.rules for need in rule.needs for number in need}
    text = "\n".join(rules.files.values())
    for name, spec in rules.lexicon.specs.items():
        included = any(name in other.includes for other in rules.lexicon.specs.values())
        role = any(leader.role == name for other in rules.lexicon.specs.values() for leader in other.leaders)
        special = name in {"tightening", "easing", "unnamed-source", *BUILT_IN} or spec.kind in {"mask", "actor"} or bool(spec.of)
        if rules.lexicon.number(name) not in used and not included and not role and not special and f"${name}" not in text:
            yield _find("L03", "lexicon", f"concept {name!r} is not used")


def _wide(rules: RuleSet, _: date) -> Iterator[Finding]:
    for number in rules.always:
        yield _find("L04", rules.rules[number].place, f"{rules.rules[number].id} needs no concept that the text must hold")


def _leaders(rules: RuleSet, today: date) -> Iterator[Finding]:
    for name, spec in rules.lexicon.specs.items():
        for leader in spec.leaders:
            if leader.from_ is None:
                yield _find("L05", "lexicon", f"{leader.en} ({name}) has no 'from'")
            elif leader.to and today - timedelta(90) < leader.to < today:
                yield _find("L05", "lexicon", f"{leader.en} ({name}) left office on {leader.to}")


def _short(rules: RuleSet, _: date) -> Iterator[Finding]:
    for pattern, meanings in zip(rules.lexicon.patterns, rules.lexicon.meanings, strict=True):
        for meaning in meanings:
            concept = rules.lexicon.concepts[meaning.concept].id
            bare = len(pattern.text) == 1 and not pattern.left and not pattern.right
            if bare and meaning.tag == PLAIN and not meaning.near and not meaning.after:
                yield _find("L06", "lexicon", f"{pattern.text!r} of {concept.lstrip('~')} is one sign long and stands in many words")


def _languages(rules: RuleSet, _: date) -> Iterator[Finding]:
    for name, development in rules.developments.items():
        sentences = {"name": development.name, "watch": development.watch}
        sentences |= {f"told.{key}": text for key, text in development.told.items()} | {
            f"why.{key}": text for key, text in development.why.items()
        }
        for key, text in sentences.items():
            if not text.ja:
                yield _find("L07", "developments.yaml", f"{name}: {key} has no Japanese")


def _shadowed(rules: RuleSet, _: date) -> Iterator[Finding]:
    for rule in rules.rules:
        texts = rule.spec.tests.match
        if not texts or rule.development is None:
            continue
        others: set[str] | None = None
        for case in texts:
            held = {
                each.rule.id
                for each in held_rules(rules, look_at(rules, entry_of(case), "JPN"))
                if each.rule.id != rule.id and each.rule.development is rule.development and not each.dropped
            }
            others = held if others is None else others & held
        if others:
            yield _find("L08", rule.place, f"all that {rule.id} must match, {sorted(others)[0]} matches too")


def _untold(rules: RuleSet, _: date) -> Iterator[Finding]:
    told = {rule.spec.development for rule in rules.rules}
    for name in rules.developments:
        if name not in told:
            yield _find("L09", "developments.yaml", f"no rule tells of {name}")


def _idle(rules: RuleSet, _: date) -> Iterator[Finding]:
    for rule in rules.rules:
        if rule.spec.development in rule.spec.yields_to:
            yield _find("L10", rule.place, f"{rule.id} yields to its own development")
        if "any" in rule.spec.despite and len(rule.spec.despite) > 1:
            yield _find("L10", rule.place, f"{rule.id} is despite any discard, and names some besides")


_CHECKS: tuple[Callable[[RuleSet, date], Iterable[Finding]], ...] = (
    _tests, _review, _unused, _wide, _leaders, _short, _languages, _shadowed, _untold, _idle,
)  # fmt: skip
