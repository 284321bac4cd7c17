"""The shipped configuration: its own tests pass, its files follow the published schemas, and ambiguous words are told apart."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.cli.entry_lines import read_entries
from alerts.feeds.catalog import Catalog
from alerts.feeds.entry import Entry, Source
from alerts.resources import shipped
from alerts.rules.cases import run_tests
from alerts.rules.compile import RuleSet
from alerts.rules.evaluate import assess
from alerts.rules.files import load_rules
from alerts.rules.lint import lint
from alerts.rules.lints.finding import CODES
from alerts.stories.cluster import Joiner
from alerts.stories.story import Story
from alerts.stories.update import tell
from alerts.text import is_japanese

STORIES = Path(__file__).parents[3] / "shared" / "data" / "stories.jsonl"


def read_cases(name: str) -> list[dict[str, Any]]:
    """Read a file of cases beside this one."""
    cases: list[dict[str, Any]] = yaml.load((Path(__file__).parent / name).read_text(encoding="utf-8"), yaml.BaseLoader)
    return cases


def entry_of(text: str, *, country: str = "") -> Entry:
    """Make an entry of the press whose title is the text; the script tells its language."""
    language = "ja" if is_japanese(text) else "en"
    return Entry("e", Source("s", "s", country=country, language=language), "", text, "", datetime(2026, 2, 15, tzinfo=UTC), language)


WORDINGS: dict[str, list[str]] = yaml.load((Path(__file__).parent / "wordings.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules(shipped("config"))


def test_every_test_inside_the_configuration_passes(rules: RuleSet) -> None:
    outcomes = list(run_tests(rules))
    assert [f"{one.place} {one.subject}: {one.text}: {one.reason}" for one in outcomes if not one.passed] == []
    assert len(outcomes) > 100


@pytest.mark.parametrize("case", read_cases("ambiguous.yaml"), ids=lambda case: case["text"])
def test_ambiguous_words_are_told_apart(rules: RuleSet, case: dict[str, Any]) -> None:
    actors = set(assess(rules, entry_of(case["text"])).actors)
    assert set(case.get("has", [])) <= actors
    assert not set(case.get("lacks", [])) & actors


@pytest.mark.parametrize("case", read_cases("stages.yaml"), ids=lambda case: case["text"])
def test_hedges_and_denials_take_back_what_stands_beside_them(rules: RuleSet, case: dict[str, Any]) -> None:
    assert assess(rules, entry_of(case["text"])).developments[0].stage == case["stage"]


@pytest.mark.parametrize("development", list(WORDINGS))
def test_a_development_is_known_in_many_wordings(rules: RuleSet, development: str) -> None:
    """English lines are as a paper of Japan prints them: it need not name the country."""
    missed = []
    for text in WORDINGS[development]:
        found = {each.type for each in assess(rules, entry_of(text, country="" if is_japanese(text) else "JPN")).developments}
        if found if development == "none" else development not in found:
            missed.append(f"{text}: {sorted(found)}")
    assert missed == []


def test_lint_knows_its_codes_and_finds_no_rule_that_is_looked_at_for_every_entry_without_cause(rules: RuleSet) -> None:
    findings = lint(rules, today=date(2026, 11, 24))
    assert {finding.code for finding in findings} <= set(CODES)
    assert all(finding.level == CODES[finding.code].level for finding in findings)


@pytest.mark.skipif(not STORIES.is_file(), reason="no labelled stories: ../shared/data is absent (the texts belong to their publishers)")
def test_reports_that_two_editors_call_one_story_are_joined_also_across_languages(rules: RuleSet) -> None:
    """Pairwise F1 over the pairs on which both editors agree; the editors themselves agree to 0.93."""
    rows = {row["id"]: row for row in map(json.loads, STORIES.read_text(encoding="utf-8").splitlines())}
    joiner = Joiner()
    stories: dict[str, Story] = {}
    placed: dict[str, str] = {}
    for entry in sorted(read_entries(STORIES, Catalog()), key=lambda one: (one.published, one.id)):
        assessment = assess(rules, entry)
        known = joiner.place(entry, assessment)
        story, _ = tell(stories.get(known) if known else None, entry, assessment, at=entry.published, quiet=False)
        joiner.add(story)
        stories[story.id], placed[entry.id] = story, story.id
    counts: dict[tuple[bool, bool], list[int]] = {}
    for one, other in combinations(rows.values(), 2):
        same = one["story_a"] == other["story_a"]
        if same == (one["story_b"] == other["story_b"]):
            joined = placed[one["id"]] == placed[other["id"]]
            counts.setdefault((same, joined), [0, 0])[one["lang"] != other["lang"]] += 1
    (right, abroad), (missed, missed_abroad), (wrong, wrong_abroad) = counts[True, True], counts[True, False], counts[False, True]
    assert 2 * (right + abroad) / (2 * (right + abroad) + missed + missed_abroad + wrong + wrong_abroad) > 0.88
    assert 2 * abroad / (2 * abroad + missed_abroad + wrong_abroad) > 0.88


def test_every_shipped_rule_has_a_title_in_both_languages(rules: RuleSet) -> None:
    title = rules.wording.rule_title
    assert [rule.id for rule in rules.rules if rule.development and title(rule.id, "ja") == title(rule.id, "en")] == []


@pytest.mark.parametrize(
    ("concept", "meant", "not_meant"),
    [
        ("carmaker", "日産が北米の生産を調整。", "日産100トンのごみ処理施設。"),
        ("carmaker", "Auto makers cut output.", "Automatic stabilisers will soften the slump."),
        ("cabinet", "The Cabinet approved the bill on Tuesday.", "A shop recalls a filing cabinet."),
        ("government", "The cabinet will meet on Friday.", "A shop recalls a filing cabinet."),
    ],
)
def test_a_word_is_no_concept_where_it_means_something_else(rules: RuleSet, concept: str, meant: str, not_meant: str) -> None:
    number = rules.lexicon.number(concept)
    for text, expected in ((meant, True), (not_meant, False)):
        found = rules.scanner.scan(text, "", date(2026, 2, 15), "JPN", frozenset())
        assert (number in found.mentions) is expected, text
