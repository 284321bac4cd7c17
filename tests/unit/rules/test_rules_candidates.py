"""Leaving out the rules that cannot hold changes nothing: whatever holds when every rule is tried is among the candidates."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_sample import FILES, make_entry

from alerts.resources import shipped
from alerts.rules.candidates import ALWAYS, MOST, WAYS, alike, either, every, index
from alerts.rules.cases import entry_of
from alerts.rules.compile import RuleSet, compile_texts
from alerts.rules.evaluate import look_at
from alerts.rules.files import load_rules
from alerts.rules.operators.condition import Look

TERMS = st.sampled_from(["$tariff", "$levy", "$missile", "$united-states", "$japan", "$foreign-state", "$sport", "plan", "計画", "米国"])
LEAVES = st.one_of(TERMS, st.sampled_from([{"re": "[0-9]%"}, {"language": "ja"}, {"source": {"country": "JPN"}}]))


def operators(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Every operator around conditions."""
    some, sides = st.lists(parts, min_size=1, max_size=3), st.lists(TERMS, min_size=2, max_size=3)
    return st.one_of(
        st.fixed_dictionaries({"all": some}, optional={"none": parts, "within": st.sampled_from(["sentence", "title", "entry"])}),
        st.builds(lambda each, place: {"any": each, "within": place}, some, st.sampled_from(["sentence", "title", "entry"])),
        st.builds(lambda each: {"any": each}, some),
        st.builds(lambda each: {"at_least": {"n": len(each) // 2 + 1, "of": each}}, some),
        st.builds(lambda field, part: {"field": {field: part}}, st.sampled_from(["title", "summary"]), parts),
        st.builds(lambda terms: {"near": {"terms": terms, "words": 4}}, sides),
        st.builds(lambda terms: {"then": {"terms": terms, "words": 4}}, sides),
        st.builds(lambda terms: {"between": terms}, sides),
    )


CONDITIONS = st.recursive(LEAVES, operators, max_leaves=8)
WORDS = ["tariff", "levies", "missile", "the US", "Japan's", "World Cup", "plan", "計画", "米国", "日本の", "関税", "25%", "China"]
TEXTS = st.lists(st.sampled_from([*WORDS, *WORDS, ". ", " ", "。", " of "]), max_size=9).map(" ".join)


def missed(rules: RuleSet, look: Look) -> list[str]:
    """Rules that hold when they are tried, and would not have been."""
    candidates = {*rules.telling.candidates(look.found.signs), *rules.discarding.candidates(look.found.signs)}
    high = len(look.found.text)
    return [
        rule.id for number, rule in enumerate(rules.rules) if number not in candidates and rule.condition.find(look, 0, high) is not None
    ]


@given(st.lists(CONDITIONS, min_size=8, max_size=8), st.lists(st.tuples(TEXTS, TEXTS), min_size=12, max_size=12))
@settings(max_examples=60, deadline=None)
def test_what_holds_is_a_candidate(conditions: list[Any], texts: list[tuple[str, str]]) -> None:
    lines = [{"id": f"x{i}", "title": "X", "development": "missile-launch", "when": {"all": [each]}} for i, each in enumerate(conditions)]
    rules = compile_texts({**FILES, "rules/all.yaml": yaml.safe_dump(lines, allow_unicode=True)})
    for title, summary in texts:
        assert missed(rules, look_at(rules, make_entry(title, summary, country="JPN"), "JPN")) == []


def test_a_part_that_looks_beyond_the_title_is_no_sign_of_the_title() -> None:
    lines = """
- {id: beyond, title: X, development: missile-launch, when: {field: {title: {all: [$missile], within: entry}}}}
- {id: by-name, title: X, development: missile-launch, when: {field: {title: $anywhere}}}
"""
    rules = compile_texts({**FILES, "rules/all.yaml": lines, "conditions.yaml": "anywhere: {when: {all: [$missile], within: entry}}"})
    look = look_at(rules, make_entry("Launch", "A missile."), "JPN")
    assert missed(rules, look) == []
    assert [rule.id for rule in rules.rules if rule.condition.find(look, 0, len(look.found.text)) is not None] == ["beyond", "by-name"]


def test_what_holds_of_the_shipped_rules_is_a_candidate() -> None:
    rules = load_rules(shipped("config"))
    cases = [case for rule in rules.rules for case in (*rule.spec.tests.match, *rule.spec.tests.ignore)]
    assert [missed(rules, look_at(rules, entry_of(case), "JPN")) for case in cases] == [[]] * len(cases)


@pytest.mark.parametrize(
    ("title", "summary", "found"),
    [
        ("Tariff in Japan", "", ["both", "title"]),
        ("Tariff", "Japan waits.", ["both"]),
        ("Prices", "A tariff in Japan.", ["both", "either"]),
        ("Prices", "Japan waits.", []),
    ],
)
def test_a_rule_is_a_candidate_only_where_all_that_it_needs_was_seen(title: str, summary: str, found: list[str]) -> None:
    """`either` needs one of two pairs; that one word of each is there is not enough."""
    lines = """
- {id: both, title: X, development: missile-launch, when: {all: [$tariff, $japan]}}
- {id: title, title: X, development: missile-launch, when: {field: {title: {all: [$tariff, $japan]}}}}
- {id: either, title: X, development: missile-launch, when: {any: [{all: [$missile, $japan]}, {all: [prices, $tariff]}]}}
"""
    rules = compile_texts({**FILES, "rules/all.yaml": lines})
    signs = look_at(rules, make_entry(title, summary), "JPN").found.signs
    assert sorted(rules.rules[number].id for number in rules.telling.candidates(signs)) == sorted(found)


def test_ways_of_alternatives_are_told_apart_but_for_single_signs() -> None:
    one, two, three, four = (frozenset({number}) for number in range(4))
    assert set(either([((one, two),), ((three,),), ((four,),)])) == {(one, two), (three | four,)}
    assert either([((one, two),), ALWAYS]) == ALWAYS
    assert every([((one, two),), ((one, four),)]) == ((one, two, four),)
    assert set(every([((one, two),), ((three,), (four, one))])) == {(one, two, three), (one, two, four)}


def test_what_ways_have_in_common_holds_whichever_it_is() -> None:
    one, two, three, _ = (frozenset({number}) for number in range(4))
    assert set(alike([(one, two), (three,)])) == {one | three, two | three}
    assert alike([(one, two), ()]) == ()
    assert alike([(one, two), (one,)]) == (one,)


def test_more_ways_than_are_told_apart_keep_the_shortest_clauses_of_all() -> None:
    parts = [tuple(frozenset({10 * part + number}) for number in range(9)) for part in range(3)]
    assert len(alike(parts)) == MOST
    several = [((frozenset({2 * number}), frozenset({2 * number + 1})),) for number in range(WAYS + 1)]
    assert len(either(several)) == 1
    assert len(either(several[1:])) == WAYS
    assert len(every([either(several[1:]), either(several[1:])])) <= WAYS


def test_a_rule_is_looked_up_by_what_is_met_most_rarely() -> None:
    found = index([(7, ((frozenset({0}), frozenset({1})),)), (8, ALWAYS)], breadth=[10, 1])
    assert set(found.triggers) == {1}
    assert [found.candidates(signs) for signs in ({0}, {1}, {0, 1}, set())] == [[8], [8], [7, 8], [8]]
