"""The manual of every operator is true: its examples match, or do not, as it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module

import pytest
import yaml
from rules_sample import FILES, make_entry

from alerts.rules.compile import OPERATORS, compile_texts
from alerts.rules.evaluate import held_rules, look_at

MODULES = {name: import_module(parse.__module__) for name, parse in OPERATORS.items()} | {
    "within": import_module("alerts.rules.operators.within")
}
EXAMPLE = re.compile(r"^ *(MATCHES|DOES NOT MATCH)(?: \[(.*)\])?: (.*)$", re.MULTILINE)


def examples() -> Iterator[tuple[str, str, bool, str, str]]:
    for name, module in MODULES.items():
        manual = module.__doc__ or ""
        when = re.search(r"^ *when: (.*)$", manual, re.MULTILINE)
        assert when, f"{name} has no example"
        for verdict, given, text in EXAMPLE.findall(manual):
            yield name, when[1], verdict == "MATCHES", given, text


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


@pytest.mark.parametrize("name", MODULES)
def test_every_operator_shows_both_verdicts(name: str) -> None:
    verdicts = {verdict for verdict, _, _ in EXAMPLE.findall(MODULES[name].__doc__ or "")}
    assert verdicts == {"MATCHES", "DOES NOT MATCH"}
