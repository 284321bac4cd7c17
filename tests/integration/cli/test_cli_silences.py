"""`alerts silences`: add, list, what was silenced, end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alerts.cli.app import app
from alerts.errors import AlertsError, UsageError

NOW = ("--now", "2026-03-01T00:00:00Z")


@pytest.fixture(scope="module")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("cli") / "home"
    assert CliRunner().invoke(app, ["--home", str(home), "init"]).exit_code == 0
    return home


def alerts(home: Path, *arguments: str) -> str:
    result = CliRunner().invoke(app, ["--home", str(home), "silences", *arguments])
    if isinstance(result.exception, AlertsError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_silence_is_added_listed_and_ended(made_home: Path) -> None:
    name = alerts(made_home, "add", "--development", "leader-call", "--for", "3d", "-c", "too many", "--author", "Ann", *NOW).partition(
        ":"
    )[0]
    (row,) = json.loads(alerts(made_home, "list", "--json", *NOW))
    assert row["id"] == name
    assert (row["developments"], row["until"], row["author"], row["state"]) == (
        ["leader-call"],
        "2026-03-04T00:00:00+00:00",
        "Ann",
        "in force",
    )
    assert "0 updates met a silence" in alerts(made_home, "list", "--matched", *NOW)
    assert f"{name} has ended;" in alerts(made_home, "end", name, *NOW)
    assert f"{name} had ended before;" in alerts(made_home, "end", name, *NOW)
    assert "nothing is muted" in alerts(made_home, "list", *NOW)
    (ended,) = json.loads(alerts(made_home, "list", "--all", "--json", *NOW))
    assert ended["state"] == "over"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--rule", "no-such-rule", "--for", "3d"], "no rule 'no-such-rule'"),
        (["--development", "leader-cal", "--for", "3d"], "did you mean 'leader-call'"),
        (["--development", "leader-call"], "say when it ends: --until 2026-03-31, or --for 3d"),
        (["--development", "leader-call", "--for", "soon"], "'soon' is not a length of time; write it as 90m, 12h, 30d or 2w"),
        (["--story", "s1", "--for", "1d"], "no story is known by 's1'"),
        (["--development", "leader-call", "--until", "2026-02-01"], "that is over already"),
        (["--for", "3d"], "say what to mute: --rule"),
        (["--development", "leader-call", "--for", "3d", "--until", "2026-04-01"], "--until and --for both say when it ends"),
        (["--development", "leader-call", "--for", "3d", "--author", " "], "author: is blank"),
        (["--rule", "tariff-on-japan", "--development", "disaster", "--for", "3d"], "tariff-on-japan tells of tariff-imposed"),
    ],
)
def test_wrong_words_are_told(made_home: Path, arguments: list[str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        alerts(made_home, "add", "-c", "why", *arguments, *NOW)


def test_a_moment_without_a_zone_is_utc_and_told_so(made_home: Path) -> None:
    told = alerts(made_home, "add", "--development", "summit", "--until", "2026-03-02T09:00", "-c", "c", "--author", "Ann", *NOW)
    assert "is muted until 2026-03-02 09:00 UTC" in told
    alerts(made_home, "end", told.partition(":")[0], *NOW)


def test_the_feeds_that_are_muted_are_named(made_home: Path) -> None:
    for source, muted in (("nhk-world", "feed nhk-world is muted"), ("NHK", "source nhk, feed nhk-main or nhk-politics or")):
        told = alerts(made_home, "add", "--source", source, "--for", "3d", "-c", "c", "--author", "Ann", *NOW)
        assert muted in told
        alerts(made_home, "end", told.partition(":")[0], *NOW)


def test_an_unknown_silence_cannot_end(made_home: Path) -> None:
    with pytest.raises(AlertsError, match="no silence 'x'"):
        alerts(made_home, "end", "x")


def test_silences_of_the_file_are_listed_before_the_service_has_taken_them_up(made_home: Path) -> None:
    file = made_home / "config" / "silences.yaml"
    before = file.read_text(encoding="utf-8")
    file.write_text("- {id: from-file, development: summit, until: 2026-03-05, author: Ann, comment: c}\n", encoding="utf-8")
    try:
        assert [row["origin"] for row in json.loads(alerts(made_home, "list", "--json", *NOW)) if row["id"] == "from-file"] == ["file"]
        with pytest.raises(AlertsError, match=r"from-file stands in config/silences\.yaml: remove it there"):
            alerts(made_home, "end", "from-file", *NOW)
    finally:
        file.write_text(before, encoding="utf-8")


def test_a_silence_of_the_file_that_was_over_before_the_service_saw_it_had_ended(made_home: Path) -> None:
    file = made_home / "config" / "silences.yaml"
    before = file.read_text(encoding="utf-8")
    file.write_text("- {id: long-past, development: summit, until: 2026-01-05, author: Ann, comment: c}\n", encoding="utf-8")
    try:
        assert "long-past" in alerts(made_home, "list", "--all", *NOW)
        assert "long-past had ended before; of 0 updates" in alerts(made_home, "end", "long-past", *NOW)
        with pytest.raises(AlertsError, match=r"no silence 'long-pat'; `alerts silences list --all` shows them; did you mean 'long-past'\?"):
            alerts(made_home, "end", "long-pat", *NOW)
    finally:
        file.write_text(before, encoding="utf-8")


def test_a_silence_that_has_left_the_file_is_not_said_to_stand_there(made_home: Path) -> None:
    config = made_home / "config"
    before = {name: (config / name).read_text(encoding="utf-8") for name in ("silences.yaml", "feeds.yaml")}
    (config / "feeds.yaml").write_text("[]\n", encoding="utf-8")
    (config / "silences.yaml").write_text("- {id: left, development: summit, until: 2026-03-05, author: Ann, comment: c}\n", encoding="utf-8")
    try:
        assert CliRunner().invoke(app, ["--home", str(made_home), "tick", *NOW]).exit_code == 0, "the service takes it up"
        (config / "silences.yaml").write_text("", encoding="utf-8")
        assert "left has ended;" in alerts(made_home, "end", "left", *NOW)
    finally:
        for name, text in before.items():
            (config / name).write_text(text, encoding="utf-8")


def test_a_rule_can_be_muted_while_the_configuration_is_broken(made_home: Path) -> None:
    stages = made_home / "config" / "stages.yaml"
    (made_home / "config" / "feeds.yaml").write_text("[]\n", encoding="utf-8")
    assert CliRunner().invoke(app, ["--home", str(made_home), "tick", *NOW]).exit_code == 0, "this is in force"
    before = stages.read_text(encoding="utf-8")
    stages.write_text("- id: [", encoding="utf-8")
    try:
        name = alerts(made_home, "add", "--development", "summit", "--for", "3d", "-c", "floods", "--author", "Ann", *NOW).partition(":")[0]
        assert name in alerts(made_home, "list", *NOW)
    finally:
        stages.write_text(before, encoding="utf-8")
