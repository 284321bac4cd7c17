"""Whoever changes choices while news comes in misses none of it and hears none of it twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.digests.subscriber import Choices
from alerts.jobs.publish import publish
from alerts.rules.levels import Level
from alerts.store import subscribers
from alerts.store.db import Database
from alerts.store.leases import table_of
from alerts.store.tables import OutboxRow

WANTED = Choices(sectors=(("trade", Level.info),))
CHANGES = st.builds(
    lambda **values: replace(WANTED, **values),
    cadence=st.sampled_from(["daily", "weekly", "immediate"]),
    hour=st.integers(0, 23),
    weekday=st.integers(0, 6),
    timezone=st.sampled_from(["Asia/Tokyo", "America/New_York", "Pacific/Apia", "Pacific/Honolulu", "Asia/Kathmandu", "No/Where"]),
    alert_level=st.sampled_from([Level.watch, Level.prepare, Level.act]),
    quiet=st.sampled_from([None, (22, 7), (0, 0), (9, 17)]),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("news"), st.sampled_from([Level.info, Level.watch, Level.prepare, Level.act])),
        st.tuples(st.just("change"), CHANGES),
        st.tuples(st.just("wait"), st.integers(1, 30)),
        st.tuples(st.just("pause"), st.integers(0, 3)),
    ),
    max_size=14,
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its tables, to copy from."""
    file = tmp_path_factory.mktemp("choices") / "empty.db"
    database = Database(f"sqlite:///{file}")
    database.upgrade()
    database.close()
    return file


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=STEPS)
def test_changed_choices_leave_neither_gap_nor_double(
    empty: Path, tmp_path: Path, new_service: Callable[[Database], Any], steps: list[tuple[str, Any]]
) -> None:
    """Fifteen days after the last change everything that happened was told, once, and no edition came twice."""
    file = tmp_path / "alerts.db"
    for rest in tmp_path.glob("alerts.db*"):
        rest.unlink()
    file.write_bytes(empty.read_bytes())
    service = new_service(Database(f"sqlite:///{file}"))
    person = service.subscribe("ann", sectors=WANTED.sectors)
    numbers: list[int] = []
    for what, value in steps:
        if what == "news":
            numbers.append(service.happens(f"n{len(numbers)}", value))
        elif what == "wait":
            hours_go_by(service, value)
        else:
            with service.database.write() as connection:
                if what == "change":
                    subscribers.change(connection, person, value, now=service.clock.now())
                else:
                    until = service.clock.now() + timedelta(days=value) if value else None
                    subscribers.pause(connection, person, until, now=service.clock.now())
        publish(service.context)
    hours_go_by(service, 24 * 15)
    rows = [row for row in service.rows(OutboxRow) if row["state"] != "skipped"]
    told = Counter(number for row in rows for number in service.digest(row["digest"]).updates)
    service.database.close()
    assert told == Counter(numbers)
    assert max(Counter(row["edition"] for row in rows).values(), default=1) == 1


def hours_go_by(service: Any, hours: int) -> None:
    """Publish and send every six hours, and at the end."""
    while hours > 0:
        step = min(hours, 6)
        hours -= step
        service.clock.set(service.clock.now() + timedelta(hours=step))
        publish(service.context)
        outbox = table_of(OutboxRow)
        due = outbox.c.open & (outbox.c.due <= service.clock.now())
        service.set(OutboxRow, due, state="sent", open=False)
