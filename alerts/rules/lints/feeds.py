"""Rules that ask for a feed which the configuration does not have."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from alerts.rules.compile import RuleSet
from alerts.rules.lints.finding import Finding, Places
from alerts.yamlwords import did_you_mean


def unknown_feeds(rules: RuleSet, feeds: Collection[str]) -> Iterator[Finding]:
    """Find conditions and rules that name (`source: {id: …}`) what none of the `feeds` (their ids) is called."""
    places = Places(rules)
    said = "no feed {!r} in feeds.yaml{}"
    for name, spec in rules.conditions.items():
        for missing in sorted(set(_named(spec.when)) - set(feeds)):
            yield places.condition(name, "L16", said.format(missing, did_you_mean(missing, feeds, limit=6)))
    for rule in rules.rules:
        for missing in sorted(set(_named(rule.spec.when)) - set(feeds)):
            yield places.rule(rule.id, "L16", said.format(missing, did_you_mean(missing, feeds, limit=6)))


def _named(when: Any) -> Iterator[str]:
    """Yield the ids of feeds in a condition, wherever they stand."""
    for each in when if isinstance(when, list) else ():
        yield from _named(each)
    for key, value in when.items() if isinstance(when, dict) else ():
        if key == "source" and isinstance(value, dict):
            given = value.get("id", ())
            yield from [given] if isinstance(given, str) else given
        else:
            yield from _named(value)
