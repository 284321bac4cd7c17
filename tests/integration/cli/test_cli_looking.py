"""Commands that only look leave the database as it is: also one that is not there yet, or that an older version of the service made."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from alerts.cli.app import app
from alerts.cli.home import make_home
from alerts.errors import AlertsError, SettingsError
from alerts.settings import Home
from alerts.store.db import Database

LOOKING = (
    "status",
    "status --json",
    "subscribers list",
    "feeds status",
    "silences list",
    "suppressions list",
    "sender status",
    "bounces list",
    "doctor",
    "digest preview a@example.org",
    "why a@example.org story",
    "rules show",
    "rules explain ministry:0123456789abcdef0123",
    "rules backtest",
    "rules check",
    "rules test --coverage",
)
GOES_ON = ("rules check", "rules test --coverage")
"""These need no stored entries; they say that they did not look at them."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    list(make_home(made))
    return made


def call(home: Home, words: str) -> Result:
    return CliRunner().invoke(app, ["--home", str(home.path), *words.split()])


@pytest.mark.parametrize("words", LOOKING)
def test_an_older_database_is_left_as_it_is_and_what_to_do_is_said(home: Home, migrated_file: Path, words: str) -> None:
    shutil.copyfile(migrated_file, home.database)
    database = Database(f"sqlite:///{home.database}")
    database.downgrade("0001")
    database.close()
    before = home.database.read_bytes()
    result = call(home, words)
    said = f"{result.exception or ''}{result.output}{result.stderr}"
    assert "of an older version of the service (revision 0001); run: alerts db upgrade" in said, result.output
    assert (result.exit_code == 0) is (words in GOES_ON)
    assert home.database.read_bytes() == before


@pytest.mark.parametrize("words", LOOKING)
def test_no_database_is_made(home: Home, words: str) -> None:
    result = call(home, words)
    assert "make it with: alerts db upgrade" in f"{result.exception or ''}{result.output}{result.stderr}", result.output
    assert not home.database.exists()


def test_a_doctor_looks_at_everything_else_where_the_database_is_none(home: Home) -> None:
    home.database.write_text("this is no database at all", encoding="utf-8")
    result = call(home, "doctor --nameserver 127.0.0.1:9 --clock-url http://127.0.0.1:9/")
    assert "problem database: the database cannot be used: its file is not an SQLite database; move it away" in result.output
    assert "skipped daemon: this stands in the database" in result.output
    assert "fine    disk:" in result.output
    assert "rules in force" in result.output
    assert isinstance(result.exception, AlertsError)
    assert home.database.read_text(encoding="utf-8") == "this is no database at all", "it is left as it was found"


@pytest.mark.parametrize("command", ["tick", "run", "doctor"])
def test_a_country_that_the_lexicon_does_not_know_is_a_mistake_in_the_settings(home: Home, command: str) -> None:
    Database(f"sqlite:///{home.database}").upgrade()
    with home.env_file.open("a", encoding="utf-8") as file:
        file.write("\nALERTS_HOST_COUNTRY=JPM\n")
    result = call(home, command)
    assert isinstance(result.exception, SettingsError)
    assert "ALERTS_HOST_COUNTRY: JPM is no country of config/lexicon/; did you mean 'JPN'?" in str(result.exception)
