"""The manual of every operator is true: its examples match, or do not, as it says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml
from rules_sample import FILES, make_entry

from alerts.rules.compile import compile_texts
from alerts.rules.evaluate import held_rules, look_at
from alerts.rules.manual import operator_manuals

MANUALS = {each.name: each for each in operator_manuals()}


def examples() -> Iterator[tuple[str, str, bool, str, str]]:
    for name, manual in MANUALS.items():
        assert manual.when, f"{name} has no example"
        for example in manual.examples:
            yield name, manual.when, example.matches, example.given, example.text


@pytest.mark.parametrize(("name", "when", "matches", "given", "text"), list(examples()))
def test_the_manual_is_true(name: str, when: str, matches: bool, given: str, text: str) -> None:
    rule = {"id": "it", "title": "it", "development": "tariff-imposed", "when": yaml.safe_load(when)}
    rules = compile_texts({**FILES, "rules/all.yaml": yaml.safe_dump([rule], allow_unicode=True)})
    title, _, summary = text.partition(" | ")
    words = given.split()
    kind = next((word for word in words if word in {"official", "press", "aggregator"}), "press")
    country = next((word for word in words if word.isupper()), "")
    language = next((word for word in words if len(word) == 2), "")
    entry = make_entry(title, summary, kind=kind, country=country, language=language)
    look = look_at(rules, entry, "JPN")
    held = held_rules(rules, look)
    assert bool(held) is matches
    condition = rules.rules[0].condition
    assert condition.words()
    if not matches:
        assert condition.why_not(look, 0, len(look.found.text))


@pytest.mark.parametrize("name", MANUALS)
def test_every_operator_says_what_it_does_and_shows_both_verdicts(name: str) -> None:
    assert MANUALS[name].text
    assert {example.matches for example in MANUALS[name].examples} == {True, False}
