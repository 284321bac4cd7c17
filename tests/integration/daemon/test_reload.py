"""A bad edit never stops the service: the last good configuration stays in force, and where the mistake is stands on record."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest

from alerts.clock import SetClock
from alerts.errors import ConfigError
from alerts.reload import FACT, Configuration
from alerts.rules.assessment import Stage
from alerts.store.db import Database
from alerts.store.facts import load_fact

CLOCK = SetClock(datetime(2026, 1, 2, tzinfo=UTC))
FILES = {
    "sectors.yaml": "- id: trade\n  name: {en: Trade, ja: 貿易}\n  about: {en: goods, ja: 物}\n",
    "stages.yaml": "".join(
        f"- id: {name}\n  name: {{en: {name}, ja: {name}}}\n  shift: 0\n  rank: {rank}\n" for rank, name in enumerate(get_args(Stage))
    ),
    "developments.yaml": (
        "- id: tariff-imposed\n  name: {en: Tariff, ja: 関税}\n  family: trade\n  ceiling: act\n  definition: a duty\n  polarity: tightening\n  impact: {trade: prepare}\n"
        "  told: {default: {en: 'A tariff was raised{when}.', ja: '関税が上がりました。'}}\n"
        "  why: {trade: {en: 'Goods cost more.', ja: '商品が高くなります。'}}\n  watch: {en: a date is named, ja: 日付が出たら}\n"
    ),
    "lexicon/trade.yaml": "tariff:\n  kind: cue\n  en: [tariff]\n  ja: [関税]\n",
    "rules/trade.yaml": (
        "- id: tariff\n  title: A tariff\n  development: tariff-imposed\n  when: {all: [$tariff]}\n"
        "  tests: {match: ['New tariff on cars'], ignore: ['A new car']}\n"
    ),
    "feeds.yaml": "- {id: one, url: 'https://one.example.com/feed', title: One, publisher: One}\n",
}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    place = tmp_path / "config"
    for name, text in FILES.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text, encoding="utf-8")
    return place


@pytest.fixture
def database(tmp_path: Path, migrated_file: Path) -> Database:
    shutil.copyfile(migrated_file, tmp_path / "alerts.db")
    return Database(f"sqlite:///{tmp_path / 'alerts.db'}")


def fact(database: Database) -> dict[str, Any]:
    with database.read() as connection:
        found = load_fact(connection, FACT)
    assert found is not None
    return found[1]


def test_a_good_change_is_taken_up_and_the_old_one_was_kept(directory: Path, database: Database) -> None:
    configuration = Configuration(directory, database, CLOCK)
    before = configuration.current
    (directory / "rules" / "trade.yaml").write_text(FILES["rules/trade.yaml"].replace("A tariff", "Another title"), encoding="utf-8")
    assert configuration.refresh()
    assert configuration.current.rules.hash != before.rules.hash
    assert fact(database) == {"ok": True, "ruleset": configuration.current.rules.hash, "problems": []}
    assert not configuration.refresh(), "nothing changed since"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("rules/trade.yaml", FILES["rules/trade.yaml"].replace("  title", "  titel"), "rules/trade.yaml:1:3: 'title' is missing"),
        ("rules/trade.yaml", FILES["rules/trade.yaml"].replace("New tariff on cars", "New duty on cars"), "rules/trade.yaml:1:1: test of tariff failed: must match"),
        ("feeds.yaml", "- {id: one, url: 'ftp://x', title: One, publisher: One}\n", "feeds.yaml:1:"),
        ("lexicon/trade.yaml", "tariff: [", "lexicon/trade.yaml:2:1: this is not YAML"),
    ],
    ids=["unknown key", "failing test of a rule", "bad feed", "half a file"],
)
def test_a_bad_change_leaves_the_last_good_in_force_and_names_its_place(
    directory: Path, database: Database, name: str, text: str, told: str
) -> None:
    configuration = Configuration(directory, database, CLOCK)
    before = configuration.current
    (directory / name).write_text(text, encoding="utf-8")
    assert not configuration.refresh()
    assert configuration.current is before
    found = fact(database)
    assert not found["ok"]
    assert found["ruleset"] == before.rules.hash
    assert found["problems"][0].startswith(told), found["problems"]
    (directory / name).write_text(FILES[name], encoding="utf-8")
    configuration.refresh()
    assert fact(database)["ok"], "mended"


def test_an_editor_that_writes_by_rename_is_noticed(directory: Path, database: Database) -> None:
    configuration = Configuration(directory, database, CLOCK)
    fresh = directory / ".trade.yaml.new"
    fresh.write_text(FILES["rules/trade.yaml"].replace("A tariff", "Another title"), encoding="utf-8")
    fresh.replace(directory / "rules" / "trade.yaml")
    assert configuration.refresh()


def test_a_start_on_a_broken_directory_goes_on_with_the_last_good_rules(directory: Path, database: Database) -> None:
    good = Configuration(directory, database, CLOCK).current.rules.hash
    (directory / "rules" / "trade.yaml").write_text("- id: [", encoding="utf-8")
    restarted = Configuration(directory, database, CLOCK)
    assert restarted.current.rules.hash == good
    assert restarted.problems
    assert not fact(database)["ok"]


def test_a_first_start_on_a_broken_directory_says_every_problem(directory: Path, database: Database) -> None:
    (directory / "rules" / "trade.yaml").write_text("- id: tariff\n  titel: x\n", encoding="utf-8")
    (directory / "feeds.yaml").write_text("- {id: one}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Configuration(directory, database, CLOCK)
    assert {problem.file.rpartition("/")[2] for problem in caught.value.problems} >= {"feeds.yaml", "trade.yaml"}
