"""`alerts rules backtest` and `alerts rules show`, as an admin meets them."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console
from rules_sample import FILES, make_entry
from typer.testing import CliRunner, Result

from alerts.cli.rules.app import app
from alerts.cli.session import Session
from alerts.digests.subscriber import Choices
from alerts.errors import AlertsError, UsageError
from alerts.feeds.parsed import Item
from alerts.rules.compile import compile_texts
from alerts.rules.levels import Level
from alerts.settings import Home
from alerts.store import entries, subscribers
from alerts.store.db import Database
from alerts.store.facts import CONFIGURATION, save_fact
from alerts.store.rulesets import keep_ruleset

FEEDS = "- {id: one, url: 'https://news.example.org/feed', title: One, publisher: One, kind: press, country: JPN}\n"
TITLES = ["Japan raises tariff", "日本、<b>関税</b>を発動", "Missile passes over Japan"]


@pytest.fixture
def home(tmp_path: Path, migrated_file: Path) -> Path:
    directory = tmp_path / "home" / "config"
    for name, text in (*FILES.items(), ("feeds.yaml", FEEDS)):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text, encoding="utf-8")
    shutil.copyfile(migrated_file, tmp_path / "home" / "alerts.db")
    (tmp_path / "home" / "alerts.env").write_text("ALERTS_SECRET_KEY=a key for tests only\n")
    return tmp_path / "home"


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "lines.jsonl"
    rows = [{"id": f"one:{number}", "title": title, "published": "2026-02-01", "source": "One"} for number, title in enumerate(TITLES)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def call(home: Path):
    def invoke(*arguments: str) -> Result:
        result = CliRunner().invoke(app, list(arguments), obj=Session(Home(home), Console(width=200), Console(stderr=True)))
        if isinstance(result.exception, AlertsError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result

    return invoke


def narrow(home: Path) -> None:
    rules = home / "config" / "rules" / "all.yaml"
    rules.write_text(FILES["rules/all.yaml"].replace("when: {all: [$missile]}", "when: {all: [$missile, $sport]}"), encoding="utf-8")


def git(home: Path, *arguments: str) -> None:
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments], cwd=home, check=True, capture_output=True)


def test_a_change_is_compared_with_what_git_has(call, home: Path, lines: Path) -> None:
    git(home, "init", "-q")
    git(home, "add", "config")
    git(home, "commit", "-qm", "one")
    narrow(home)
    found = json.loads(call("backtest", str(lines), "--against", "HEAD", "--json").stdout)
    assert found["counts"] == {"gained": 0, "lost": 1, "raised": 0, "lowered": 0, "other": 0}
    assert found["rules"]["missile"]["lost"] == 1
    output = call("backtest", str(lines), "--against", "HEAD").output
    assert "1 lost" in output
    assert "prepare → none" in output
    with pytest.raises(UsageError, match="'nowhere' is no directory, rule set on record or git revision"):
        call("backtest", str(lines), "--against", "nowhere")
    with pytest.raises(UsageError, match="'-x' is no revision"):
        call("backtest", str(lines), "--against", "-x")


def test_an_old_configuration_that_cannot_be_used_is_a_wrong_word(call, home: Path, lines: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "config", tmp_path / "old")
    (tmp_path / "old" / "rules" / "all.yaml").write_text("- {id: A B}\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"old is not a configuration that this version can use:\nrules/all\.yaml:1:3: "):
        call("backtest", str(lines), "--against", str(tmp_path / "old"))


def test_it_compares_with_a_directory_and_with_a_rule_set_on_record_that_show_writes(call, home: Path, lines: Path, tmp_path: Path) -> None:
    old = compile_texts(FILES)
    with Database(f"sqlite:///{home / 'alerts.db'}").write() as connection:
        keep_ruleset(connection, old.hash, old.files, now=datetime(2026, 1, 1, tzinfo=UTC))
    narrow(home)
    assert json.loads(call("backtest", str(lines), "--against", old.hash, "--json").stdout)["old"]["ruleset"] == old.hash
    assert old.hash in call("show").output
    assert call("show", old.hash[:8], "--file", "rules/all.yaml").stdout == FILES["rules/all.yaml"]
    call("show", old.hash, "--directory", str(tmp_path / "old"))
    assert json.loads(call("backtest", str(lines), "--against", str(tmp_path / "old"), "--json").stdout)["counts"]["lost"] == 1
    with pytest.raises(AlertsError, match="no rule set 'ffff'"):
        call("show", "ffff")


def test_the_report_is_one_page_that_escapes_what_feeds_say(call, home: Path, lines: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "config", tmp_path / "old")
    text = FILES["rules/all.yaml"].replace("when: {all: [$tariff]}", "when: {all: [$tariff, $sport]}")
    (home / "config" / "rules" / "all.yaml").write_text(text, encoding="utf-8")
    report = tmp_path / "report.html"
    call("backtest", str(lines), "--against", str(tmp_path / "old"), "--html", str(report))
    page = report.read_text(encoding="utf-8")
    assert "日本、&lt;b&gt;関税&lt;/b&gt;を発動" in page
    assert "<script" not in page
    assert "prefers-color-scheme: dark" in page


def test_without_file_or_home_it_says_what_to_give(home: Path) -> None:
    result = CliRunner().invoke(app, ["backtest"], obj=Session(Home(home / "none"), Console(), Console(stderr=True)))
    assert isinstance(result.exception, UsageError)
    assert "give a FILE of entries" in str(result.exception)


def test_stored_entries_are_compared_with_what_is_in_force_for_the_subscribers_there_are(call, home: Path) -> None:
    now = datetime(2026, 2, 2, tzinfo=UTC)
    database, old = Database(f"sqlite:///{home / 'alerts.db'}"), compile_texts(FILES)
    with database.write() as connection:
        keep_ruleset(connection, old.hash, old.files, now=now)
        save_fact(connection, CONFIGURATION, {"ok": True, "ruleset": old.hash, "problems": []}, at=now)
        subscribers.add(
            connection, "a@example.org", Choices(cadence="immediate", sectors=(("safety", Level.info),)), now=now, confirmed=True
        )
        for number, (title, baseline) in enumerate((("Missile passes over Japan", False), ("Missile over Japan again", True))):
            entry = replace(make_entry(title), id=f"one:{number}")
            entries.insert_new(connection, [Item(entry, str(number), "given", "", "1")], feed="one", now=now, baseline=baseline)
    narrow(home)
    found = json.loads(call("backtest", "--json", "--now", "2026-02-03").stdout)
    assert found["old"]["ruleset"] == old.hash
    assert (found["entries"], found["subscribers"], found["counts"]["lost"]) == (2, 1, 2)
    assert (found["old"]["alerts"], found["new"]["alerts"]) == (1, 0), "what came with a first poll reaches nobody"
    assert json.loads(call("backtest", "--json", "--now", "2026-05-03").stdout)["entries"] == 0
    with pytest.raises(AlertsError, match=r"none of the 2 stored entries is of the last 30d; go further back with --since"):
        call("backtest", "--now", "2026-05-03")
    assert "no mistakes" in call("check", "--now", "2026-02-03").output


def test_a_comparison_over_nothing_says_so_and_what_to_do(call, home: Path, tmp_path: Path) -> None:
    with pytest.raises(AlertsError, match=r"no entries are stored yet.*run `alerts poll` first, or give a FILE"):
        call("backtest")
    (tmp_path / "none.jsonl").touch()
    with pytest.raises(AlertsError, match=r"none\.jsonl holds no entries"):
        call("backtest", str(tmp_path / "none.jsonl"))
