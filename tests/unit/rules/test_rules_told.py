"""What the shipped sentences say of news in which something is suspended or struck down: never the contrary of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from alerts.resources import shipped
from alerts.rules.compile import RuleSet
from alerts.rules.evaluate import assess
from alerts.rules.explain import entry_of_text
from alerts.rules.files import load_rules


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules(shipped("config"))


@pytest.mark.parametrize(
    ("title", "development", "language", "sentence"),
    [
        ("US Supreme Court strikes down tariffs on Japan", "tariff-lifted", "en", "An import duty is being lowered or lifted."),
        (
            "Japan, US leaders talk by phone on paused tariffs",
            "leader-call",
            "en",
            "Reports on a call between the leaders of Japan and the US speak of something put off or suspended.",
        ),
        (
            "中国、日本産水産物の輸入を一時停止",
            "import-restriction",
            "en",
            "Imports of certain goods, or a limit on them, were put off or suspended.",
        ),
        (
            "中国、日本産水産物の輸入を一時停止",
            "import-restriction",
            "ja",
            "一部の品目の輸入、またはその制限が、先送りまたは停止されました。",
        ),
        (
            "中国、レアアースの対日輸出を一時停止",
            "export-control",
            "en",
            "Exports of certain goods, or controls on them, were put off or suspended.",
        ),
    ],
)
def test_what_is_suspended_or_struck_down_is_not_told_as_its_contrary(
    rules: RuleSet, title: str, development: str, language: str, sentence: str
) -> None:
    found = {each.type: each for each in assess(rules, entry_of_text(title, published=datetime(2026, 2, 20, 12, tzinfo=UTC))).developments}
    told = found[development]
    assert rules.wording.told(development, told.stage, language, rule=told.rule, actors="Japan and the US") == sentence


@pytest.mark.parametrize(
    ("title", "stages"),
    [
        ("Japan, US leaders talk by phone as US pauses tariffs", {"leader-call": "announced", "tariff-lifted": "suspended"}),
        ("US pauses tariffs, leaders of Japan and US talk by phone", {"leader-call": "announced", "tariff-lifted": "suspended"}),
        ("米、対日関税の発動停止 日米首脳が電話会談", {"leader-call": "announced", "tariff-lifted": "suspended"}),
        ("日米首脳会談は延期 中国、レアアースの対日輸出を禁止", {"visit-arranged": "suspended", "export-control": "announced"}),
        ("対日追加関税、米が発動を見送り", {"tariff-lifted": "suspended"}),
        ("Visit to Tokyo by US president put off", {"visit-arranged": "suspended"}),
    ],
)
def test_of_two_things_the_one_in_whose_clause_it_is_said_is_suspended(rules: RuleSet, title: str, stages: dict[str, str]) -> None:
    found = {each.type: each.stage for each in assess(rules, entry_of_text(title, published=datetime(2026, 2, 20, 12, tzinfo=UTC))).developments}
    assert {name: found.get(name) for name in stages} == stages


@pytest.mark.parametrize("title", ["イラン、米国に制裁解除を要求", "中国、米に対中制裁の撤回を迫る", "Iran demands an end to US sanctions on its oil"])
def test_what_is_demanded_is_not_lifted(rules: RuleSet, title: str) -> None:
    entry = entry_of_text(title, published=datetime(2026, 2, 20, 12, tzinfo=UTC))
    assert all(each.stage != "reversed" for each in assess(rules, entry).developments)
