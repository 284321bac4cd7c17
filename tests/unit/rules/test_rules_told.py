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
            "Japan, US leaders talk by phone as tariffs are paused",
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
