"""Shared conditions: what a rule calls by name decides exactly as if it were written out in the rule, and says its name."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_sample import FILES, make_entry
from test_rules_lint import TODAY

from alerts.errors import ConfigError
from alerts.rules.compile import RuleSet, compile_texts
from alerts.rules.evaluate import held_rules, look_at
from alerts.rules.lint import lint
from alerts.rules.operators.named import spelled_out

LEAVES = ("$tariff", "$missile", "$sport", "$japan", "talks")


def with_rule(when: Any, **conditions: Any) -> RuleSet:
    rule = {"id": "it", "title": "it", "development": "tariff-imposed", "when": when}
    shared = {name: {"when": condition} for name, condition in conditions.items()}
    files = {**FILES, "rules/all.yaml": yaml.safe_dump([rule], allow_unicode=True)}
    return compile_texts({**files, "conditions.yaml": yaml.safe_dump(shared, allow_unicode=True)} if shared else files)


def problems(when: Any, **conditions: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        with_rule(when, **conditions)
    return [str(problem) for problem in caught.value.problems]


def conditions_of(names: list[str]) -> st.SearchStrategy[Any]:
    leaf = st.sampled_from([*LEAVES, *(f"${name}" for name in names)])
    return st.recursive(
        leaf,
        lambda below: st.one_of(
            st.builds(lambda name, parts: {name: parts}, st.sampled_from(["all", "any", "none"]), st.lists(below, min_size=1, max_size=3)),
            st.builds(lambda name, part: {"field": {name: part}}, st.sampled_from(["title", "summary"]), below),
            st.builds(lambda part: {"all": [part], "within": "sentence"}, below),
        ),
        max_leaves=6,
    )


TEXTS = st.lists(st.sampled_from(["tariff", "missile", "basketball", "Japan", "talks", "relief.", "関税", "日本"]), max_size=6).map(" ".join)


@settings(max_examples=40)
@given(st.data())
def test_a_named_condition_decides_as_if_it_were_written_out(data: st.DataObject) -> None:
    first = data.draw(conditions_of([]))
    second = data.draw(conditions_of(["first"]))
    when = {"all": ["$first", data.draw(conditions_of(["first", "second"]))]}
    conditions = {"first": first, "second": second}
    called, written = with_rule(when, **conditions), with_rule(spelled_out(when, conditions))
    entry = make_entry(data.draw(TEXTS), data.draw(TEXTS))
    mentions = [
        [(each.start, each.end) for held in held_rules(rules, look_at(rules, entry, "JPN")) for each in held.mentions]
        for rules in (called, written)
    ]
    assert mentions[0] == mentions[1]
    assert {frozenset(need) for need in _ids(called)} == {frozenset(need) for need in _ids(written)}


def _ids(rules: RuleSet) -> list[list[str]]:
    return [[rules.lexicon.concepts[number].id for number in need] for need in rules.rules[0].needs]


def test_explain_says_the_name_and_which_clause_of_it_failed() -> None:
    rules = with_rule({"all": ["$tariff", "$calm"]}, calm={"none": ["$missile"]})
    look = look_at(rules, make_entry("Tariff on missiles"), "JPN")
    condition = rules.rules[0].condition
    assert condition.words() == "$tariff and $calm"
    assert condition.why_not(look, 0, len(look.found.text)) == (
        "$calm does not hold: $missile must not hold, but “missiles” is in the title at 10"
    )


def test_what_is_wrong_with_a_condition_is_told_once_at_its_own_place() -> None:
    assert problems({"any": ["$bad", {"field": {"title": "$bad"}}]}, bad={"all": ["$tarif"]}) == [
        "conditions.yaml:4:7: no concept or condition $tarif; did you mean 'tariff'?"
    ]


def test_conditions_may_not_go_in_a_circle() -> None:
    assert problems("$one", one={"any": ["$two", "$tariff"]}, two={"none": "$one"}) == [
        "conditions.yaml:3:5: conditions go in a circle: one -> two -> one"
    ]


def test_no_condition_bears_the_name_of_a_concept() -> None:
    assert problems("$tariff", tariff="$missile") == ["conditions.yaml:1:1: 'tariff' is a concept in lexicon/all.yaml:25; choose another id"]
    assert problems("$tariff", **{"any-state": "$missile"}) == [
        "conditions.yaml:1:1: 'any-state' is built in: any country or economy; choose another id"
    ]


def test_where_only_a_concept_will_do_a_condition_is_refused() -> None:
    assert problems({"between": ["$us-or-china", "$japan"]}, **{"us-or-china": {"any": ["$united-states", "$china"]}}) == [
        "rules/all.yaml:6:7: $us-or-china is a condition; here stands a concept or a phrase"
    ]


def test_a_misspelt_name_is_guessed_at() -> None:
    assert problems("$about-japn", **{"about-japan": {"field": {"title": "$japan"}}}) == [
        "rules/all.yaml:4:9: no concept or condition $about-japn; did you mean 'about-japan'?"
    ]


def test_an_empty_file_is_no_mistake() -> None:
    assert compile_texts({**FILES, "conditions.yaml": "# none yet\n"}).conditions == {}


def test_lint_sees_through_names() -> None:
    contradictory = with_rule({"all": ["$tariff", "$no-trade"]}, **{"no-trade": {"none": ["$levy"]}})
    assert spelled_out({"all": ["$tariff", "$no-trade"]}, {"no-trade": {"none": ["$levy"]}}) == {"all": ["$tariff", {"none": ["$levy"]}]}
    assert [one.message for one in lint(contradictory, today=TODAY) if one.code == "L11"] == [
        "it can never hold: it asks for $tariff, and for no $levy, which includes $tariff"
    ]


def test_a_condition_that_nobody_calls_is_found() -> None:
    rules = with_rule("$used", used="$by-another", **{"by-another": "$tariff", "idle": "$missile"})
    assert [(one.place, one.message) for one in lint(rules, today=TODAY) if one.code == "L03" and "condition" in one.message] == [
        ("conditions.yaml:3:1", "condition 'idle' is not used")
    ]
