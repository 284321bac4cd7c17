"""Two configurations over the same entries: every difference is found once, with the rules behind it and the readers it reaches."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from rules_sample import FILES

from alerts.digests.backtest import Backtest, Reach, compare
from alerts.digests.subscriber import Choices
from alerts.feeds.entry import Entry, Source
from alerts.rules.compile import RuleSet, compile_texts
from alerts.rules.levels import Level

TITLES = ("Japan raises tariff on cars", "Missile passes over Japan", "Japan plants a tree", "Japan considers tariff on boats")
AUDIENCES = [
    (Choices(sectors=(("trade", Level.info),)), 3),
    (Choices(sectors=(("trade", Level.info),), language="ja", hour=9, timezone="Europe/Berlin"), 2),
    (Choices(sectors=(("safety", Level.watch),), cadence="immediate"), 5),
]


def entries() -> list[tuple[Entry, bool]]:
    source = Source("s", "S", "official", "JPN", "en")
    moment = datetime(2026, 2, 1, tzinfo=UTC)
    return [(Entry(f"s:{number}", source, "", title, "", moment, "en"), False) for number, title in enumerate(TITLES)]


@pytest.fixture(scope="module")
def old() -> RuleSet:
    return compile_texts(FILES)


def changed(old: RuleSet, was: str, now: str, name: str = "rules/all.yaml") -> Backtest:
    assert was in FILES[name]
    return compare(old, compile_texts({**FILES, name: FILES[name].replace(was, now)}), entries(), AUDIENCES)


def told(outcome: Backtest) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(change.kind, change.entry.title, change.rules) for change in outcome.changes]


def test_equal_configurations_differ_in_nothing(old: RuleSet) -> None:
    outcome = compare(old, old, entries(), AUDIENCES)
    assert outcome.changes == ()
    assert outcome.before == outcome.after
    assert (outcome.entries, outcome.subscribers, outcome.before.relevant) == (4, 10, 3)


def test_a_rule_that_is_gone_loses_its_alerts_and_says_how_many_people_miss_them(old: RuleSet) -> None:
    outcome = changed(old, "when: {all: [$missile]}", "when: {all: [$missile, $sport]}")
    assert told(outcome) == [("lost", TITLES[1], ("missile",))]
    assert (outcome.changes[0].before.reach, outcome.changes[0].after.reach) == (Reach(alert=5, digest=5), Reach())
    assert (outcome.before.alerts - outcome.after.alerts, outcome.before.lines - outcome.after.lines) == (5, 5)


def test_a_wider_rule_gains(old: RuleSet) -> None:
    outcome = changed(old, "when: {all: [$tariff]}", "when: {any: [$tariff, tree]}")
    assert told(outcome) == [("gained", TITLES[2], ("tariff",))]


def test_levels_that_rise_and_fall_are_told_apart(old: RuleSet) -> None:
    lower = changed(old, "impact: {trade: prepare, visas: none}", "impact: {trade: watch, visas: none}", "developments.yaml")
    assert told(lower) == [("lowered", TITLES[0], ("tariff",)), ("lowered", TITLES[3], ("tariff",))]
    higher = changed(old, "impact: {safety: prepare, trade: info}", "impact: {safety: act, trade: info}", "developments.yaml")
    assert told(higher) == [("raised", TITLES[1], ("missile",))]


def test_the_same_level_for_other_sectors_is_another_kind_of_change(old: RuleSet) -> None:
    outcome = changed(old, "impact: {safety: prepare, trade: info}", "impact: {safety: prepare, trade: watch}", "developments.yaml")
    assert told(outcome) == [("other", TITLES[1], ("missile",))]


def test_what_is_quiet_reaches_nobody(old: RuleSet) -> None:
    outcome = compare(old, old, [(entry, True) for entry, _ in entries()], AUDIENCES)
    assert (outcome.before.relevant, outcome.before.alerts, outcome.before.lines) == (3, 0, 0)


def test_that_a_story_was_wrong_is_counted_for_whoever_heard_of_it_and_nobody_else(old: RuleSet) -> None:
    """The second report names a country more, which is no news to tell; the third puts the story right."""
    source = Source("s", "S", "official", "JPN", "en")
    titles = (
        "China raises tariff on imported cars",
        "China raises tariff on imported cars from the United States",
        "Correction: China raises tariff on imported cars",
    )
    thread = [
        (Entry(f"s:{hour}", source, "", title, "", datetime(2026, 2, 1, hour, tzinfo=UTC), "en"), False) for hour, title in enumerate(titles)
    ]
    everybody = Choices(sectors=(("trade", Level.info),), alert_level=Level.info)
    before = compare(old, old, thread, [(everybody, 7), (replace(everybody, countries=("USA",)), 100)]).before
    assert (before.relevant, before.stories) == (3, 1)
    assert (before.alerts, before.lines) == (14, 0)
