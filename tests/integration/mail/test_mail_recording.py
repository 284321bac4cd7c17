"""What the server took is on record whatever becomes of the connection to the database."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

import pytest

from alerts.errors import StoreError
from alerts.store import outbox
from alerts.store.sent import SentMarks


def broken(post: Any, marks: SentMarks) -> None:
    """Take the connection away from under the marks, as a restart of the server does."""
    driver = marks._connection.driver_connection
    if post.database.is_sqlite:
        driver.close()
        return
    number = driver.info.backend_pid
    with post.database.write() as connection, contextlib.suppress(Exception):
        connection.exec_driver_sql(f"SELECT pg_terminate_backend({number})")


@pytest.fixture
def held(post: Any) -> Any:
    """Four rows under a lease."""
    post.fill([f"reader{number}@example.org" for number in range(4)])
    with post.database.write() as connection:
        outbox.claim(connection, worker="w1", now=post.context.clock.now(), limit=4)
    return post


def test_rows_are_marked_as_the_slow_way_marks_them(held: Any) -> None:
    at = held.context.clock.now() + timedelta(microseconds=17)
    first, second, third, fourth = (row.id for row in held.rows())
    marks = SentMarks(held.database)
    marks.put([first, second], at)
    marks.put([third], at)
    marks.close()
    with held.database.write() as connection:
        outbox.record(connection, [outbox.Outcome(fourth, "sent", at, at, 1)], worker="w1")
    quick, slow = (
        {name: value for name, value in row._mapping.items() if name not in {"id", "subscriber", "address"}}
        for row in (held.rows()[0], held.rows()[3])
    )
    assert quick == slow
    assert quick["sent_at"] == at
    assert [row.state for row in held.rows()] == ["sent"] * 4


def test_a_connection_that_falls_costs_no_outcome(held: Any) -> None:
    at = held.context.clock.now()
    marks = SentMarks(held.database)
    rows = [row.id for row in held.rows()]
    marks.put(rows[:1], at)
    broken(held, marks)
    marks.put(rows[1:2], at)
    marks.put(rows[2:3], at)
    marks.close()
    assert [row.state for row in held.rows()] == ["sent", "sent", "sent", "pending"]


def test_a_lasting_connection_leaves_nothing_open_behind(held: Any) -> None:
    marks = SentMarks(held.database)
    marks.put([row.id for row in held.rows()][:1], held.context.clock.now())
    marks.close()
    marks.close()
    with contextlib.suppress(ZeroDivisionError), held.database.write() as connection:  # a transaction again, not commits by themselves
        outbox.release(connection, [row.id for row in held.rows()], worker="w1")
        raise ZeroDivisionError
    assert [row.worker for row in held.rows()] == [None, "w1", "w1", "w1"]


def test_a_database_that_is_gone_is_told_in_one_sentence(held: Any) -> None:
    marks = SentMarks(held.database)
    with held.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE outbox RENAME TO elsewhere")
    with pytest.raises(StoreError, match="its tables are missing"):
        marks.put([1], held.context.clock.now())
    marks.close()
