"""`alerts bounces read --pipe`: a mail server throws away what we refuse, so nothing may be lost by the way we end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from alerts.cli.app import app

QUESTION = b"From: somebody@example.net\nTo: alerts@example.jp\nSubject: a question\n\nWhen is the next mail?\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    assert CliRunner().invoke(app, ["--home", str(tmp_path / "home"), "init"]).exit_code == 0
    return tmp_path / "home"


def piped(home: Path, message: bytes) -> Result:
    return CliRunner().invoke(app, ["--home", str(home), "bounces", "read", "--pipe"], input=message)


def test_what_is_no_report_is_kept_for_a_person(home: Path) -> None:
    done = piped(home, QUESTION)
    assert done.exit_code == 0
    assert "1 unknown" in done.stdout
    (kept,) = (home / "unclaimed" / "new").iterdir()
    assert kept.read_bytes() == QUESTION


@pytest.mark.parametrize("trouble", ["no database", "bad settings"])
def test_trouble_of_our_own_has_the_mail_server_try_again(home: Path, trouble: str) -> None:
    if trouble == "no database":
        (home / "alerts.db").unlink()
    else:
        (home / "alerts.env").write_text("ALERTS_DATABASE_URL=mysql://nowhere\n")
    done = piped(home, QUESTION)
    assert done.exit_code == os.EX_TEMPFAIL
    assert not (home / "alerts.db").exists() or trouble == "bad settings", "nothing is made anew for a bounce"
    assert not (home / "unclaimed").exists()
