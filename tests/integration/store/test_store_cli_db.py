"""`alerts db` says how the database is, brings it up to date and takes it back."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from alerts.cli import db
from alerts.cli.home import make_home
from alerts.cli.session import Session
from alerts.errors import AlertsError, StoreError
from alerts.settings import Home
from alerts.store.backup import back_up
from alerts.store.db import Database
from alerts.store.facts import load_fact, save_fact

NOW = datetime(2026, 1, 5, 3, tzinfo=UTC)


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


def test_a_backup_holds_what_the_database_held_while_others_write_and_can_take_its_place(session: Session, tmp_path: Path) -> None:
    call(session, "upgrade")
    file = tmp_path / "copy.db"
    database = Database(session.settings().database_url)
    with database.write() as connection:
        save_fact(connection, "before", {"n": 1}, at=NOW)
    stop = threading.Event()

    def go_on() -> None:
        number = 0
        while not stop.is_set():
            with database.write() as connection:
                save_fact(connection, f"during-{number}", {"n": number}, at=NOW)
            number += 1

    other = threading.Thread(target=go_on)
    other.start()
    try:
        assert "checked." in call(session, "backup", str(file))
    finally:
        stop.set()
        other.join()
    database.close()
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["copy.db", "home"]
    copy = Database(f"sqlite:///{file}")
    assert copy.problems() == []
    with copy.read() as connection:
        assert load_fact(connection, "before") == (NOW, {"n": 1})
    copy.close()
    assert "overwrites nothing" in call(session, "backup", str(file))
    assert "cannot be written" in call(session, "backup", str(tmp_path / "no" / "copy.db"))


def test_a_backup_of_postgresql_is_made_with_its_own_tools(database: Database, tmp_path: Path) -> None:
    if database.is_sqlite:
        return
    with pytest.raises(StoreError, match="pg_dump"):
        back_up(database, tmp_path / "copy")
