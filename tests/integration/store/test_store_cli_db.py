"""`alerts db` says how the database is, brings it up to date and takes it back."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from alerts.cli import db
from alerts.cli.home import make_home
from alerts.cli.session import Session
from alerts.errors import AlertsError
from alerts.settings import Home


@pytest.fixture
def session(tmp_path: Path) -> Session:
    home = Home(tmp_path / "home")
    list(make_home(home))
    return Session(home=home, out=Console(width=200), err=Console(stderr=True))


def call(session: Session, *words: str) -> str:
    result = CliRunner().invoke(db.app, list(words), obj=session)
    if isinstance(result.exception, AlertsError):
        return str(result.exception)
    assert result.exit_code == 0, result.output
    return result.output


def test_up_check_down_and_check(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    assert "alerts db upgrade" in call(session, "check")
    call(session, "upgrade")
    call(session, "check")
    call(session, "downgrade", "base", "--yes")
    assert "not as it should be" in call(session, "check")
    call(session, "upgrade")


def test_an_unknown_revision_is_one_sentence(session: Session) -> None:
    call(session, "upgrade")
    assert "7777" in call(session, "downgrade", "7777", "--yes")


def test_going_back_asks_first(session: Session) -> None:
    call(session, "upgrade")
    result = CliRunner().invoke(db.app, ["downgrade", "base"], obj=session, input="n\n")
    assert result.exit_code == 1
    call(session, "check")
