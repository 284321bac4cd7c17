"""`alerts subscribers`: what an operator types, and what comes back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from alerts.cli.app import app
from alerts.errors import AlertsError

ADD = [
    "--sector",
    "automotive=watch",
    "--sector",
    "visas=info",
    "--cadence",
    "daily",
    "--hour",
    "7",
    "--timezone",
    "Asia/Tokyo",
    "--language",
    "en",
]


@pytest.fixture(scope="module")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("cli") / "home"
    assert CliRunner().invoke(app, ["--home", str(home), "init"]).exit_code == 0
    return home


def alerts(home: Path, *arguments: str) -> Any:
    return CliRunner().invoke(app, ["--home", str(home), "subscribers", *arguments])


def test_a_confirmed_person_is_added_listed_shown_and_ended(made_home: Path) -> None:
    added = alerts(made_home, "add", "Reader@Example.com", *ADD, "--country", "usa", "--confirmed")
    assert added.exit_code == 0, added.exception
    listed = [json.loads(line) for line in alerts(made_home, "list", "--json").stdout.splitlines()]
    (person,) = [each for each in listed if each["address"] == "Reader@example.com"]
    assert person["state"] == "open"
    assert person["sectors"] == {"automotive": "watch", "visas": "info"}
    assert (person["countries"], person["cadence"], person["hour"], person["timezone"]) == (["USA"], "daily", 7, "Asia/Tokyo")
    shown = json.loads(alerts(made_home, "show", "reader@example.com", "--json").stdout)
    assert shown["consent"]["how"] == "operator"
    assert [mail["kind"] for mail in shown["mails"]] == ["welcome"]
    assert "Ended." in alerts(made_home, "end", "reader@example.com").stdout
    assert "ended" in alerts(made_home, "list", "--state", "ended").stdout


def test_who_is_new_and_confirmed_is_welcomed_once_and_not_at_all_if_so_wished(made_home: Path) -> None:
    def mails(address: str) -> list[str]:
        return [mail["kind"] for mail in json.loads(alerts(made_home, "show", address, "--json").stdout)["mails"]]

    assert "welcome mail" in alerts(made_home, "add", "new@example.com", *ADD, "--confirmed").stdout
    assert mails("new@example.com") == ["welcome"]
    again = alerts(made_home, "add", "new@example.com", *ADD, "--confirmed", "--now", "2031-01-01T00:00:00Z")
    assert "welcome" not in again.stdout, "changed choices make nobody new"
    assert mails("new@example.com") == ["welcome"]
    assert "welcome" not in alerts(made_home, "add", "moved@example.com", *ADD, "--confirmed", "--no-welcome").stdout
    assert mails("moved@example.com") == []


def test_an_address_that_must_not_be_mailed_is_shown_as_such_wherever_it_stands(made_home: Path) -> None:
    assert alerts(made_home, "add", "dead@example.com", *ADD, "--confirmed").exit_code == 0
    suppress = ["--home", str(made_home), "suppressions", "add", "DEAD@example.com", "--reason", "came back"]
    assert CliRunner().invoke(app, suppress).exit_code == 0
    said = alerts(made_home, "add", "dead@example.com", *ADD, "--confirmed").stdout
    assert "gets nothing" in said
    assert "(came back)" in said
    assert "suppressed" in alerts(made_home, "list").stdout
    by_address = {one["address"]: one for one in map(json.loads, alerts(made_home, "list", "--json").stdout.splitlines())}
    assert by_address["dead@example.com"]["suppressed"].endswith("(came back)")
    assert {one["suppressed"] for address, one in by_address.items() if address != "dead@example.com"} == {None}
    shown = json.loads(alerts(made_home, "show", "dead@example.com", "--json").stdout)
    assert shown["suppressed"] == by_address["dead@example.com"]["suppressed"]


def test_without_confirmed_the_person_is_asked_first(made_home: Path) -> None:
    added = alerts(made_home, "add", "waiting@example.com", *ADD)
    assert "asks to confirm" in added.stdout
    shown = json.loads(alerts(made_home, "show", "waiting@example.com", "--json").stdout)
    assert (shown["state"], [mail["kind"] for mail in shown["mails"]]) == ("unconfirmed", ["confirmation"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--sector", "automotiv=watch"], "did you mean automotive?"),
        (["--sector", "visas=wach"], "did you mean watch?"),
        (["--sector", "visas"], "visas=watch"),
        (["--sector", "visas=info", "--timezone", "Asia/Tokio"], "Asia/Tokyo"),
        (["--sector", "visas=info", "--country", "Narnia"], "is not known"),
        (["--sector", "visas=info", "--cadence", "dayly"], "did you mean daily?"),
        (["--sector", "visas=info", "--language", "fr"], "known are en, ja"),
        (["--sector", "visas=info", "--quiet", "late"], "such as 22-7"),
    ],
)
def test_a_wrong_choice_is_named_with_what_was_meant(made_home: Path, arguments: list[str], said: str) -> None:
    answer = alerts(made_home, "add", "x@example.com", *arguments)
    assert isinstance(answer.exception, AlertsError)
    assert said in str(answer.exception)
    assert answer.exception.exit_code == 2


def test_an_address_that_cannot_be_mailed_and_one_that_nobody_has_are_said(made_home: Path) -> None:
    assert "one @" in str(alerts(made_home, "add", "nonsense", *ADD).exception)
    assert "nobody" in str(alerts(made_home, "end", "nobody@example.com").exception)


def test_help_loads_neither_the_database_nor_the_parsers() -> None:
    heavy = ("sqlalchemy", "aiohttp", "feedparser", "jinja2")
    program = f"import sys, alerts.cli.app; print(*(name for name in {heavy} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not done.stdout.split(), "so that --help and completion answer at once"
