"""Feeds that rules ask for and nobody has; codes of countries and languages, in rules and feeds, that stand for nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any

from alerts.feeds.catalog import Catalog
from alerts.iso import LANGUAGES
from alerts.rules.compile import RuleSet
from alerts.rules.lints.finding import Finding, Places, at_line
from alerts.yamlfile import Document
from alerts.yamlwords import did_you_mean


def unknown_feeds(rules: RuleSet, feeds: Collection[str]) -> Iterator[Finding]:
    """Find conditions and rules that name (`source: {id: …}`) what none of the `feeds` (their ids) is called."""
    for at, key, value in _asked(rules):
        if key == "id" and value not in feeds:
            yield at("L16", f"no feed {value!r} in feeds.yaml{did_you_mean(value, feeds, limit=6)}")


def unknown_codes(rules: RuleSet, catalog: Catalog, written: Document) -> Iterator[Finding]:
    """Find languages and countries that nothing is called by, in conditions, rules and feeds; `written` is the file of the feeds."""
    countries = {spec.actor for spec in rules.lexicon.specs.values() if spec.actor}
    for at, key, value in _asked(rules):
        if said := _strange(key, value, countries):
            yield at("L18", said)
    for index, feed in enumerate(catalog.feeds):
        for key, value in (("country", feed.country), ("language", feed.language)):
            if said := _strange(key, value, countries):
                yield at_line(written.name, *written.place((index, key)), "L18", said)


def _strange(key: str, value: str, countries: Collection[str]) -> str:
    """Say that a code stands for nothing; nothing if it may. Languages of three letters are too many to be known."""
    if key == "language" and len(value) == 2 and value.lower() not in LANGUAGES:
        return f"language: {value!r} is the code of no language; write ISO 639-1, such as en or ja"
    if key == "country" and value and value not in countries:
        return f"country: no actor of the lexicon has the code {value!r}{did_you_mean(value, countries, limit=6)}"
    return ""


def _asked(rules: RuleSet) -> Iterator[tuple[Callable[[str, str], Finding], str, str]]:
    """Yield what conditions and rules ask of sources and languages, each once: where (makes a finding there), the key, the value."""
    places = Places(rules)
    for name, spec in rules.conditions.items():
        yield from ((partial(places.condition, name), *each) for each in sorted(set(_named(spec.when))))
    for rule in rules.rules:
        yield from ((partial(places.rule, rule.id), *each) for each in sorted(set(_named(rule.spec.when))))


def _named(when: Any) -> Iterator[tuple[str, str]]:
    """Yield the values of `source` and `language` in a condition, wherever they stand, with their keys."""
    for each in when if isinstance(when, list) else ():
        yield from _named(each)
    for key, value in when.items() if isinstance(when, dict) else ():
        given = value.items() if key == "source" and isinstance(value, dict) else [(key, value)] if key == "language" else ()
        for name, values in given:
            yield from ((name, each) for each in ([values] if isinstance(values, str) else values))
        if not given:
            yield from _named(value)
