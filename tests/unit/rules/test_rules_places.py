"""Whose rules a command of `alerts rules` reads, and for whom: the home that was named, its country, and words that cannot be meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rules_sample import FILES
from typer.testing import CliRunner, Result

from alerts.cli.app import app, standing_in
from alerts.errors import SettingsError, UsageError
from alerts.settings import DEFAULT_HOME, Home

FEEDS = "- {id: one, url: 'https://news.example.org/feed', title: One, publisher: One, kind: press, country: JPN, language: en}\n"
ENTRY = {"id": "a", "title": "Japan announces tariff", "published": "2026-02-01", "source": "One", "lang": "en"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    directory = tmp_path / "home"
    for name, text in {**FILES, "feeds.yaml": FEEDS}.items():
        (directory / "config" / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / "config" / name).write_text(text, encoding="utf-8")
    (directory / "alerts.env").write_text("ALERTS_SECRET_KEY=a key for tests only\nALERTS_HOST_COUNTRY=KOR\n", encoding="utf-8")
    return directory


@pytest.fixture
def lines(tmp_path: Path) -> str:
    (tmp_path / "entries.jsonl").write_text(json.dumps(ENTRY) + "\n", encoding="utf-8")
    return str(tmp_path / "entries.jsonl")


def call(*words: str, **variables: str) -> Result:
    return CliRunner().invoke(app, list(words), env=variables)


@pytest.mark.parametrize("words", [["check"], ["test"], ["explain", "Japan announces tariff"]], ids=str)
def test_a_home_that_was_named_and_is_not_there_is_no_reason_to_read_other_rules(tmp_path: Path, words: list[str]) -> None:
    nowhere, hollow = str(tmp_path / "nowhere"), str(tmp_path / "hollow")
    Path(hollow).mkdir()
    told = call("--home", hollow, "rules", *words)
    assert isinstance(told.exception, UsageError), "exit code 1 is for findings and failed tests"
    assert str(told.exception) == f"there is no home at {hollow}; make one with: alerts init {hollow}"
    for result in (call("--home", nowhere, "rules", *words), call("rules", *words, ALERTS_HOME=nowhere)):
        assert isinstance(result.exception, UsageError)
        assert str(result.exception) == f"there is no home at {nowhere}; make one with: alerts init {nowhere}"


def test_tests_say_whose_rules_they_are_of(home: Path) -> None:
    assert call("--home", str(home), "rules", "test").stdout.startswith(f"{home / 'config'}: ")
    for words in (("test", "--json"), ("check", "--json")):
        assert json.loads(call("--home", str(home), "rules", *words).stdout)["config"] == str(home / "config")


def test_who_stands_in_a_config_of_a_home_means_that_home(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(home / "config")
    assert standing_in(Home(DEFAULT_HOME)).path == Path("..")
    monkeypatch.chdir(home / "config" / "rules")
    assert standing_in(Home(DEFAULT_HOME)).path == Path("../..")
    assert call("rules", "test").stdout.startswith("../../config: ")
    (home / "config" / "rules" / "more").mkdir()
    monkeypatch.chdir(home / "config" / "rules" / "more")
    assert standing_in(Home(DEFAULT_HOME)).path == DEFAULT_HOME, "nothing reads what stands here"
    (home / "elsewhere").mkdir()
    monkeypatch.chdir(home / "elsewhere")
    assert standing_in(Home(DEFAULT_HOME)).path == DEFAULT_HOME


def test_texts_are_explained_for_the_country_of_the_home(home: Path) -> None:
    for words, host in (((), "KOR"), (("--host", "JPN"), "JPN")):
        told = call("--home", str(home), "rules", "explain", "Japan announces tariff", "--json", *words)
        reaches = {term["value"] for each in json.loads(told.stdout)["verdicts"][0]["impacts"] for term in each["terms"] if term["name"] == "reach"}
        assert (reaches == {-1}) is (host == "KOR"), told.stdout


@pytest.mark.parametrize("words", [["explain", "x"], ["match", "LINES"], ["score", "LINES"], ["backtest", "LINES"]], ids=lambda words: words[0])
def test_a_country_of_the_home_that_the_lexicon_does_not_know_is_told(home: Path, lines: str, words: list[str]) -> None:
    (home / "alerts.env").write_text("ALERTS_SECRET_KEY=a key for tests only\nALERTS_HOST_COUNTRY=JPM\n", encoding="utf-8")
    words = [lines if word == "LINES" else word for word in words]
    if words[0] == "backtest":
        words += ["--against", str(home / "config")]
    result = call("--home", str(home), "rules", *words)
    assert isinstance(result.exception, SettingsError), result.output
    assert str(result.exception).startswith("ALERTS_HOST_COUNTRY: JPM is no country of config/lexicon/; did you mean 'JPN'?")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["explain", "x", "--host", "japan"], "--host japan: no country of the lexicon; write JPN"),
        (["explain", "x", "--host", "JPM"], "--host JPM: no country of the lexicon; did you mean 'JPN'"),
        (["explain", "x", "--country", "JP"], "--country: 'JP' is no country's code; write ISO 3166 alpha-3, such as JPN"),
        (["explain", "x", "--rule", "tarif"], "no rule 'tarif'; did you mean 'tariff'"),
        (["explain", "x", "--config", "/no/such/place"], "/no/such/place is not a directory"),
        (["test", "tarif"], "no rule 'tarif'; did you mean 'tariff'"),
        (["match", "LINES", "--host", "japan"], "--host japan: no country"),
        (["score", "LINES", "--host", "japan"], "--host japan: no country"),
        (["backtest", "LINES", "--since", "3d"], "--since is for stored entries; every entry of a FILE is compared"),
        (["backtest", "LINES", "--against", " "], "--against names nothing; give a directory"),
    ],
    ids=lambda value: " ".join(value[:4]) if isinstance(value, list) else "",
)
def test_a_word_that_cannot_be_meant_is_wrong_usage(home: Path, lines: str, words: list[str], told: str) -> None:
    result = call("--home", str(home), "rules", *(lines if word == "LINES" else word for word in words))
    assert isinstance(result.exception, UsageError), result.output
    assert str(result.exception).startswith(told)
    assert result.exception.exit_code == 2


def test_entries_that_cannot_be_read_are_no_finding(home: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.jsonl").write_text("{", encoding="utf-8")
    result = call("--home", str(home), "rules", "check", "--entries", str(tmp_path / "broken.jsonl"))
    assert isinstance(result.exception, UsageError), "exit code 1 is for findings"
