"""Rules without tests, past their review, looked at for every entry, shadowed, with keys that do nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from alerts.feeds.entry import Entry
from alerts.rules.assessment import Development, Impact
from alerts.rules.cases import entry_of
from alerts.rules.compile import Rule, RuleSet
from alerts.rules.dates import named_dates
from alerts.rules.evaluate import best_of_each_type, counting, held_rules, judge, look_at
from alerts.rules.lints.finding import Finding, Places
from alerts.rules.shapes import Localised, LocalisedList, Shape

OF_A_DEVELOPMENT = frozenset(
    {"stage", "polarity", "actors", "actors_from", "levels", "ceiling", "clock", "placed", "sizes", "strand", "one_a_day"}
    | {"called", "told", "why", "act", "yields_to", "despite"}
)
"""Keys of a rule that say something of the development that it tells of."""


def tests(rules: RuleSet, places: Places, _: date) -> Iterator[Finding]:
    """Find rules that lack a text to match or to ignore."""
    for rule in rules.rules:
        lacking = [name for name in ("match", "ignore") if not getattr(rule.spec.tests, name)]
        if lacking:
            yield places.rule(rule.id, "L01", f"{rule.id} has no text to {' or '.join(lacking)}")


def review(rules: RuleSet, places: Places, today: date) -> Iterator[Finding]:
    """Find rules whose day of review is over."""
    for rule in rules.rules:
        if rule.spec.review_by and rule.spec.review_by < today:
            yield places.rule(rule.id, "L02", f"{rule.id} was to be reviewed by {rule.spec.review_by}")


def wide(rules: RuleSet, places: Places, _: date) -> Iterator[Finding]:
    """Find rules that nothing narrows down."""
    for number in rules.always:
        yield places.rule(rules.rules[number].id, "L04", f"{rules.rules[number].id} needs no concept that the text must hold")


def shadowed(rules: RuleSet, places: Places, _: date) -> Iterator[Finding]:
    """Find rules without which all their texts would be told just as they are, by other rules."""
    for rule in rules.rules:
        texts = rule.spec.tests.match
        if not texts or rule.development is None:
            continue
        instead: set[str] = set()
        for case in texts:
            other = _stand_in(rules, rule, entry_of(case))
            if not other:
                break
            instead.add(other)
        else:
            yield places.rule(rule.id, "L08", f"without {rule.id} its texts would be told the same, by {' and '.join(sorted(instead))}")


def _stand_in(rules: RuleSet, rule: Rule, entry: Entry) -> str:
    """Return the rule that would tell an entry if this one were not there and make no difference; nothing if one would be seen."""
    look = look_at(rules, entry, "JPN")
    counted = counting(held_rules(rules, look))
    dates = named_dates(look.found.cased, look.day)
    judged = [judge(rules, look, each, dates, counted) for each in counted if each.rule.development is rule.development]
    first = best_of_each_type(judged)
    second = best_of_each_type([each for each in judged if each[0].rule != rule.id])
    if not first or not second:
        return ""
    chosen = first[0][0].rule == rule.id
    says = rule.spec.why or rule.spec.act or rule.spec.told or rule.spec.called
    differs = _seen(*first[0]) != _seen(*second[0]) or bool(says)
    return "" if chosen and differs else second[0][0].rule


def _seen(development: Development, impacts: list[Impact]) -> tuple[object, ...]:
    """What a reader would notice, be it by what is joined into one story."""
    joined = development.strands, development.one_a_day, development.places
    return development.stage, development.polarity, development.actors, joined, [(impact.sector, impact.level) for impact in impacts]


def untold(rules: RuleSet, places: Places, _: date) -> Iterator[Finding]:
    """Find developments that no rule tells of."""
    told = {rule.spec.development for rule in rules.rules}
    for name in rules.developments:
        if name not in told:
            yield places.development(name, "L09", f"no rule tells of {name}")


def idle(rules: RuleSet, places: Places, _: date) -> Iterator[Finding]:
    """Find keys without effect."""
    for rule in rules.rules:
        if rule.spec.development in rule.spec.yields_to:
            yield places.rule(rule.id, "L10", f"{rule.id} yields to its own development")
        if "any" in rule.spec.despite and len(rule.spec.despite) > 1:
            yield places.rule(rule.id, "L10", f"{rule.id} is despite any discard, and names some besides")
        if rule.development is None and (vain := sorted(places.keys(rule.id) & OF_A_DEVELOPMENT)):
            yield places.rule(rule.id, "L10", f"{rule.id} discards, so nothing comes of {', '.join(vain)}")
    if not rules.lexicon.places:
        for name in (name for name, development in rules.developments.items() if development.placed):
            yield places.development(name, "L10", f"{name} is placed, and no concept is of kind: place")


def languages(rules: RuleSet, places: Places, _: date) -> Iterator[Finding]:
    """Find sentences that only readers of English can read."""
    for name, development in rules.developments.items():
        for key in _only_english(development):
            yield places.development(name, "L07", f"{name}: {key} has no Japanese")
    for rule in rules.rules:
        for key in _only_english(rule.spec):
            if rule.development or key != "title":  # nobody is told by which rule news was left out
                yield places.rule(rule.id, "L07", f"{rule.id}: {key} has no Japanese")
    for name, concept in rules.lexicon.specs.items():
        for key in _only_english(concept):
            yield places.concept(name, "L07", f"{name}: {key} has no Japanese")


def _only_english(spec: Shape) -> Iterator[str]:
    """Yield the keys, with dots between, under which a text stands in English alone."""
    for key, value in spec:
        named = {f"{key}.{each}": text for each, text in value.items()} if isinstance(value, dict) else {key: value}
        yield from (name for name, text in named.items() if isinstance(text, Localised | LocalisedList) and not text.ja)
