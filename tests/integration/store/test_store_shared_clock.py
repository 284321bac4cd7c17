"""Machines that share a database share its clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from alerts.clock import SystemClock
from alerts.store import shared_clock
from alerts.store.db import Database
from alerts.store.shared_clock import clock_of


def test_the_clock_of_a_database_is_in_utc_and_goes_on(database: Database) -> None:
    clock = clock_of(database)
    first, second = clock.now(), clock.now()
    assert first <= second
    assert first.utcoffset() == timedelta(0)
    assert abs(first - datetime.now(UTC)) < timedelta(seconds=30), "the server of this test is on this machine"
    assert isinstance(clock, SystemClock) == database.is_sqlite


def test_a_machine_whose_clock_is_wrong_goes_by_the_database(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has one machine, and so one clock")
    clock = clock_of(database)
    before = clock.now()

    class Wrong(datetime):
        @classmethod
        def now(cls, tz: object = None) -> Wrong:  # type: ignore[override]
            return cls(2031, 1, 1, tzinfo=UTC)

    monkeypatch.setattr(shared_clock, "datetime", Wrong)
    steady = time.monotonic
    monkeypatch.setattr(shared_clock.time, "monotonic", lambda: steady() + 2 * shared_clock.MEASURED_FOR)
    assert abs(clock.now() - before) < timedelta(seconds=30)
