"""A database that comes back from last week's backup sends nothing again; an outage of the same length is caught up with."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.jobs.assess import assess
from alerts.jobs.epoch import EPOCH_FILE, heed_epoch, note_tick
from alerts.jobs.publish import PublishCount, publish
from alerts.rules.levels import Level
from alerts.store.db import Database
from alerts.store.leases import table_of
from alerts.store.service_tables import NoticeRow
from alerts.store.tables import OutboxRow, StoryUpdateRow

DAY = timedelta(days=1)
HEADLINE = "Trump announces 25% tariff on Japanese cars"
Service = Any


@pytest.fixture
def week(tmp_path: Path, new_service: Callable[[Database], Any]) -> tuple[Any, Path]:
    """A service that is backed up on Monday with a mail waiting, and that then goes on for three days."""
    file, backup = tmp_path / "alerts.db", tmp_path / "backup.db"
    database = Database(f"sqlite:///{file}")
    database.upgrade()
    service = new_service(database)
    service.subscribe("ann")
    service.subscribe("ben", cadence="weekly", weekday=0)
    service.happens("cars", Level.watch)
    service.happens("boats", Level.prepare)
    publish(service.context)
    note_tick(service.context)
    database.close()
    shutil.copy(file, backup)
    database = Database(f"sqlite:///{file}")
    service = type(service)(service.worker("one", database), service.clock)
    for _ in range(3):
        service.clock.set(service.clock.now() + DAY)
        service.happens(f"news of {service.clock.now():%d}", Level.watch)
        publish(service.context)
        service.set(OutboxRow, table_of(OutboxRow).c.open, state="sent", open=False)
        note_tick(service.context)
    database.close()
    return service, backup


def on(service: Any, file: Path) -> Any:
    return type(service)(service.worker("one", Database(f"sqlite:///{file}")), service.clock)


def test_a_restored_database_sends_nothing_again_and_goes_on_with_what_is_new(week: tuple[Any, Path]) -> None:
    restored = on(*week)
    reported = restored.clock.now() - DAY
    assert heed_epoch(restored.context)
    restored.reads(HEADLINE, published=reported)
    assess(restored.context)
    assert publish(restored.context) == PublishCount()
    waiting = {row["kind"]: row for row in restored.rows(OutboxRow)}
    assert {(row["state"], row["open"]) for row in waiting.values()} == {("skipped", False)}
    (told,) = restored.rows(NoticeRow)
    assert told["subject"] == "The database was brought back from a backup"
    assert all(row["quiet"] for row in restored.rows(StoryUpdateRow) if row["entry"].endswith(HEADLINE))
    assert not heed_epoch(restored.context), "once is enough"
    note_tick(restored.context)
    restored.clock.set(restored.clock.now() + DAY)
    number = restored.happens("planes", Level.watch)
    publish(restored.context)
    assert [mail for mail in restored.mails() if mail[2] == [number]] == [("ann", "daily:2026-01-09", [number])]


def test_an_outage_is_no_restore(week: tuple[Any, Path], tmp_path: Path) -> None:
    service = on(week[0], tmp_path / "alerts.db")
    number = service.happens("planes", Level.watch)
    service.clock.set(service.clock.now() + 3 * DAY)
    assert not heed_epoch(service.context)
    assert publish(service.context).digest_mails == 1
    assert number in service.told()["ann"]


def test_without_a_memory_of_the_home_nothing_is_supposed(week: tuple[Any, Path], tmp_path: Path) -> None:
    service = on(*week)
    (service.context.home.path / EPOCH_FILE).write_text("{", encoding="utf-8")
    assert not heed_epoch(service.context)


@pytest.mark.parametrize(("away", "late"), [(timedelta(hours=5), True), (timedelta(hours=2), False)])
def test_what_was_reported_during_an_outage_says_that_it_comes_late(
    tmp_path: Path, new_service: Callable[[Database], Any], away: timedelta, late: bool
) -> None:
    """The report is read only now, so nothing but the outage tells that it is old."""
    database = Database(f"sqlite:///{tmp_path / 'alerts.db'}")
    database.upgrade()
    service = new_service(database)
    service.subscribe("ann")
    note_tick(service.context)
    reported = service.clock.now() + timedelta(minutes=5)
    service.clock.set(service.clock.now() + away)
    assert not heed_epoch(service.context)
    service.reads(HEADLINE, published=reported)
    assess(service.context)
    publish(service.context)
    service.reads("Japan to raise visa renewal fees to 30,000 yen from April 1, cabinet decides", published=service.clock.now())
    assess(service.context)
    publish(service.context)
    assert [digest.late for digest in (service.digest(1), service.digest(2))] == [late, False], "what happens now is not late"
