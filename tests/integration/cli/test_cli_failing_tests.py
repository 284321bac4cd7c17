"""Rules whose own tests fail are refused by the running service, so no command of one step uses them either."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from alerts.cli.app import app
from alerts.cli.home import make_home
from alerts.clock import SetClock
from alerts.errors import AlertsError, FailedTestsError
from alerts.reload import Configuration
from alerts.settings import Home
from alerts.store.db import Database

FAILING = "- {title: A quiet day by the river, developments: [tariff-imposed]}\n"
SAID = "tests/mine.yaml:1:1: test of tests/mine.yaml failed: “A quiet day by the river”"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home that was in order once; since then an admin has written a case that fails."""
    made = Home(tmp_path_factory.mktemp("failing") / "home")
    list(make_home(made))
    database = Database(f"sqlite:///{made.database}")
    database.upgrade()
    Configuration(made.config, database, SetClock(datetime(2026, 1, 2, tzinfo=UTC)))
    database.close()
    (made.config / "tests" / "mine.yaml").write_text(FAILING, encoding="utf-8")
    return made


def call(home: Home, words: str, text: str = "") -> Result:
    return CliRunner().invoke(app, ["--home", str(home.path), *words.split()], input=text)


@pytest.mark.parametrize("command", ["poll", "assess", "publish", "send"])
def test_no_step_is_taken_with_them(home: Home, command: str) -> None:
    result = call(home, command)
    assert isinstance(result.exception, FailedTestsError)
    assert str(result.exception).startswith(SAID)
    assert result.exception.exit_code == 2


def test_who_only_looks_is_told_and_sees_what_is_in_force(home: Home) -> None:
    result = call(home, "silences list")
    assert result.exit_code == 0, result.output
    assert SAID in result.stderr
    assert "going on with the last good rules" in result.stderr


def test_the_doctor_names_the_command_that_shows_them(home: Home) -> None:
    result = call(home, "doctor --nameserver 127.0.0.1:9 --clock-url http://127.0.0.1:9/")
    assert isinstance(result.exception, AlertsError)
    assert f"problem configuration: cannot be used: {SAID}" in result.output
    assert "→ mend it, then: alerts rules test; until then the last good rules are in force" in result.output


def test_bounces_are_read_meanwhile(home: Home, tmp_path: Path) -> None:
    for name in ("new", "cur", "tmp"):
        (tmp_path / "returned" / name).mkdir(parents=True)
    result = call(home, f"bounces read --from maildir:{tmp_path / 'returned'}")
    assert result.exit_code == 0, result.output
    assert "Read: nothing." in result.output
    piped = call(home, "bounces read --pipe", "From: somebody@example.net\nSubject: a question\n\nWhen?\n")
    assert piped.exit_code == 0, piped.output
    assert "1 unknown" in piped.output


def test_check_finds_no_mistake_in_them_and_says_what_runs_them(home: Home) -> None:
    result = call(home, "rules check")
    assert result.exit_code == 0
    assert result.output.rstrip().endswith("its tests: alerts rules test")
