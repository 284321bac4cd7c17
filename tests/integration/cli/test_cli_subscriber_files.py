"""`alerts subscribers export`, `import` and `erase`."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from alerts.cli.app import app
from alerts.errors import AlertsError, UsageError

Alerts = Callable[..., Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("files") / "home"
    assert CliRunner().invoke(app, ["--home", str(home), "init"]).exit_code == 0
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    """A home of its own, without anybody."""
    copy = tmp_path / "home"
    shutil.copytree(made, copy)
    return copy


@pytest.fixture
def alerts(home: Path) -> Alerts:
    def call(*arguments: str, fails: int = 0) -> Any:
        done = CliRunner().invoke(app, ["--home", str(home), *arguments])
        if isinstance(done.exception, AlertsError):
            raise done.exception
        assert done.exit_code == fails, done.output
        return done

    return call


def people(alerts: Alerts) -> dict[str, dict[str, str]]:
    return {row["address"]: row for row in csv.DictReader(io.StringIO(alerts("subscribers", "export").stdout))}


def written(tmp_path: Path, text: str, encoding: str = "utf-8") -> str:
    file = tmp_path / "people.csv"
    file.write_bytes(text.encode(encoding))
    return str(file)


def test_what_is_exported_makes_the_same_people_elsewhere(alerts: Alerts, tmp_path: Path) -> None:
    many = ["--sector", "visas=info", "--sector", "trade=prepare", "--country", "usa", "--country", "kor", "--nationality", "ind"]
    alerts("subscribers", "add", "One@example.org", *many, "--quiet", "none", "--cadence", "weekly", "--weekday", "friday", "--confirmed")
    alerts("subscribers", "add", "two@example.org", "--sector", "finance=watch", "--language", "ja", "--timezone", "Asia/Kathmandu")
    before = people(alerts)
    file = written(tmp_path, alerts("subscribers", "export").stdout)
    for address in before:
        alerts("subscribers", "erase", address, "--yes")
    assert people(alerts) == {}
    assert alerts("subscribers", "import", file, "--consent", "agreed on the old service").stdout == "1 added, 1 asked to confirm.\n"
    after = people(alerts)
    changing = {"confirmed_at", "consent"}
    for address, row in before.items():
        assert {name: value for name, value in after[address].items() if name not in changing} == {
            name: value for name, value in row.items() if name not in changing
        }
    assert [row["state"] for row in after.values()] == ["open", "unconfirmed"]
    consent = json.loads(after["One@example.org"]["consent"])
    assert (consent["how"], consent["said"]) == ("import", "agreed on the old service")


def test_a_wrong_line_is_told_and_all_others_go_in(alerts: Alerts, tmp_path: Path) -> None:
    lines = [
        "E-Mail;Name;sectors;hour",
        "a@example.org;Ann;visas=info, trade=watch;8",
        "nobody;X;visas=info;",
        "c@example.org;C;visa=info;",
    ]
    lines += ["d@example.org;D;;", "e@example.org;E;visas=info;25", "f@example.org;F;visas=info;x", '"g@example.org";"G;1";visas=info;0']
    done = alerts("subscribers", "import", written(tmp_path, "\ufeff" + "\r\n".join(lines)), "--consent", "yes", fails=1)
    assert done.stdout == "2 added, 5 not read.\n"
    assert [line.partition("people.csv:")[2] for line in sorted(done.stderr.splitlines())] == [
        "1: columns that are not used: Name",
        "3: a mail address has one @ between a name and a domain, such as name@example.com",
        "4: sector: 'visa' is not known; did you mean visas?; known are safety, visas, travel, employment, tax-pension, finance, "
        "living-costs, automotive, technology, trade",
        "5: no sectors: the line has none, and no --sector was given",
        "6: hour 25: write an hour from 0 to 23",
        "7: hour x: write an hour from 0 to 23",
    ]
    found = people(alerts)
    assert (found["a@example.org"]["sectors"], found["a@example.org"]["hour"]) == ("trade=watch visas=info", "8")
    assert found["g@example.org"]["hour"] == "0"


def test_without_consent_each_is_asked_first_and_only_once(alerts: Alerts, tmp_path: Path) -> None:
    file = written(tmp_path, "address\na@example.org\na@example.org\n")
    assert alerts("subscribers", "import", file, "--sector", "visas=info", "--dry-run").stdout == "Would be: 2 asked to confirm.\n"
    assert people(alerts) == {}
    assert alerts("subscribers", "import", file, "--sector", "visas=info").stdout == "1 asked to confirm, 1 known already.\n"
    shown = json.loads(alerts("subscribers", "show", "a@example.org", "--json").stdout)
    assert (shown["state"], [mail["kind"] for mail in shown["mails"]]) == ("unconfirmed", ["confirmation"])


def test_nobody_is_mailed_who_ended_or_is_suppressed(alerts: Alerts, tmp_path: Path) -> None:
    alerts("suppressions", "add", "never@example.org")
    file = written(tmp_path, "email,state\nNEVER@example.org,open\nwent@example.org,ended\n")
    done = alerts("subscribers", "import", file, "--sector", "visas=info", "--consent", "yes")
    assert done.stdout == "1 left out, as mail to them is suppressed, 1 left out, as they ended.\n"
    assert people(alerts) == {}


def test_those_who_are_known_keep_their_choices_unless_they_are_to_be_replaced(alerts: Alerts, tmp_path: Path) -> None:
    alerts("subscribers", "add", "a@example.org", "--sector", "visas=info", "--confirmed", "--no-welcome")
    file = written(tmp_path, "address\tsectors\na@example.org\ttrade=watch\nb@example.org\ttrade=watch\n")
    alerts("subscribers", "import", file, "--consent", "yes", "--welcome")
    assert people(alerts)["a@example.org"]["sectors"] == "visas=info"
    assert alerts("subscribers", "import", file, "--consent", "yes", "--replace", "--welcome").stdout == "2 replaced.\n"
    assert people(alerts)["a@example.org"]["sectors"] == "trade=watch"
    mails = {address: json.loads(alerts("subscribers", "show", address, "--json").stdout)["mails"] for address in people(alerts)}
    assert {address: [mail["kind"] for mail in some] for address, some in mails.items()} == {
        "a@example.org": [],
        "b@example.org": ["welcome"],
    }


@pytest.mark.parametrize(
    ("text", "encoding", "said"),
    [
        ("name,town\nAnn,Oslo\n", "utf-8", "people.csv:1: no column is called address or email; there are: name, town"),
        ("", "utf-8", "there are: none"),
        ('address\n"' + "a@example.org\n" * 10_000, "utf-8", "is a quotation mark open"),
        ("address\n\u5c71@example.org\n", "cp932", "not UTF-8"),
    ],
)
def test_a_file_that_is_none_is_told_in_one_sentence(alerts: Alerts, tmp_path: Path, text: str, encoding: str, said: str) -> None:
    with pytest.raises(AlertsError, match=said):
        alerts("subscribers", "import", written(tmp_path, text, encoding), "--consent", "yes")
    with pytest.raises(AlertsError, match="cannot be read"):
        alerts("subscribers", "import", str(tmp_path / "nothing.csv"))
    with pytest.raises(UsageError, match="--consent"):
        alerts("subscribers", "import", written(tmp_path, text), "--replace")


def test_who_is_erased_is_gone_and_stays_suppressed(alerts: Alerts) -> None:
    alerts("subscribers", "add", "a@example.org", "--sector", "visas=info", "--confirmed")
    alerts("suppressions", "add", "a@example.org")
    with pytest.raises(UsageError, match="--yes"):
        alerts("subscribers", "erase", "a@example.org")
    done = alerts("subscribers", "erase", "A@example.org", "--yes")
    assert done.stdout == "Erased, and 1 of their mails from the record. Backups of the database still know them.\n"
    with pytest.raises(AlertsError, match="nobody with this address"):
        alerts("subscribers", "erase", "a@example.org", "--yes")
    assert "operator" in alerts("suppressions", "list", "--address", "a@example.org").stdout
