"""Work in rows is taken by one worker at a time, and taken up again when its lease has run out."""

from __future__ import annotations

import multiprocessing
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import insert, select, text, update

from alerts.store.db import Database
from alerts.store.leases import claim, extend, release, still_held, table_of
from alerts.store.tables import EntryRow

START = datetime(2026, 1, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ENTRY = table_of(EntryRow)


def entries(database: Database, count: int, *, due: datetime = START) -> list[str]:
    names = [f"e{number:05}" for number in range(count)]
    fixed = {"feed": "f", "source": {}, "url": "", "title": "", "summary": "", "outlet": "", "language": "", "content_hash": ""}
    fixed |= {"published": due, "first_seen": due, "baseline": False, "due": due, "open": True}
    with database.write() as connection:
        connection.execute(insert(ENTRY), [{"id": name, **fixed} for name in names])
    return names


def take(database: Database, worker: str, limit: int = 10, now: datetime = START) -> list[str]:
    with database.write() as connection:
        return claim(connection, ENTRY, worker=worker, now=now, lease=MINUTE, limit=limit)


def close(database: Database, ids: list[str], worker: str) -> int:
    with database.write() as connection:
        mine = still_held(connection, ENTRY, ids, worker=worker)
        connection.execute(update(ENTRY).where(ENTRY.c.id.in_(mine)).values(open=False, worker=None, lease_until=None))
        return len(mine)


def test_a_row_is_leased_to_one_worker_until_the_lease_runs_out(database: Database) -> None:
    names = entries(database, 3)
    assert take(database, "a", 2) == names[:2]
    assert take(database, "b") == names[2:]
    assert take(database, "c", now=START + MINUTE - timedelta(seconds=1)) == []
    assert take(database, "c", now=START + MINUTE) == names
    assert close(database, names, "a") == 0
    assert close(database, names, "c") == 3
    assert take(database, "c", now=START + 9 * MINUTE) == []


def test_what_is_not_due_is_not_taken_and_the_longest_due_goes_first(database: Database) -> None:
    names = entries(database, 3)
    with database.write() as connection:
        connection.execute(update(ENTRY).where(ENTRY.c.id == names[0]).values(due=START + MINUTE))
        connection.execute(update(ENTRY).where(ENTRY.c.id == names[2]).values(due=START - MINUTE))
    assert take(database, "a") == [names[2], names[1]]


def test_a_lease_can_be_lengthened_and_given_back_by_who_has_it_only(database: Database) -> None:
    names = entries(database, 2)
    take(database, "a")
    with database.write() as connection:
        assert extend(connection, ENTRY, names, worker="b", until=START + 9 * MINUTE) == 0
        assert extend(connection, ENTRY, names, worker="a", until=START + 9 * MINUTE) == 2
        assert release(connection, ENTRY, names[:1], worker="b") == 0
        assert release(connection, ENTRY, names[:1], worker="a") == 1
    assert take(database, "b", now=START + 5 * MINUTE) == names[:1]


def test_a_claim_walks_the_index_of_open_work_and_sorts_nothing(database: Database) -> None:
    """Otherwise a claim slows down with all that was ever done."""
    entries(database, 2000)
    with database.write() as connection:
        connection.execute(update(ENTRY).where(ENTRY.c.id >= "e00050").values(open=False))
    statement = select(ENTRY.c.id).where(ENTRY.c.open, ENTRY.c.due <= START).order_by(ENTRY.c.due, ENTRY.c.id).limit(10)
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(text("ANALYZE entry"))
        words = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        query = words + str(statement.compile(database.engine, compile_kwargs={"literal_binds": True}))
        plan = "\n".join(str(row) for row in connection.execute(text(query)))
    assert "ix_entry_claim" in plan, plan
    assert "TEMP B-TREE" not in plan, plan
    assert "Sort" not in plan, plan


def _drain(url: str, worker: str, taken: Any) -> None:
    database = Database(url)
    while ids := take(database, worker, 7):
        taken.put((worker, ids))
        close(database, ids, worker)
    database.close()


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_many_workers_take_each_row_once(database: Database, database_url: str, kind: str) -> None:
    names = entries(database, 300)
    spawn = multiprocessing.get_context("spawn")
    taken: Any = spawn.Queue()
    start = threading.Thread if kind == "threads" else spawn.Process
    workers = [start(target=_drain, args=(database_url, f"w{number}", taken)) for number in range(2)]
    for worker in workers:
        worker.start()
    got: list[str] = []
    while len(got) < len(names):
        got += taken.get(timeout=60)[1]
    for worker in workers:
        worker.join()
    assert sorted(got) == names
    assert taken.empty()


class Leases(RuleBasedStateMachine):
    """Workers that claim, finish, give back, die and come back, on a clock that goes on: checked against a model in plain words."""

    database: Database

    @initialize(count=st.integers(1, 12))
    def fill(self, count: int) -> None:
        with self.database.write() as connection:
            connection.execute(ENTRY.delete())
        self.now = START
        self.undone = set(entries(self.database, count))
        self.holder: dict[str, tuple[str, datetime]] = {}
        self.finished: list[str] = []

    @rule(worker=st.sampled_from("abc"), limit=st.integers(1, 5))
    def claims(self, worker: str, limit: int) -> None:
        free = sorted(name for name in self.undone if name not in self.holder or self.holder[name][1] <= self.now)
        got = take(self.database, worker, limit, self.now)
        assert got == free[:limit]
        self.holder.update((name, (worker, self.now + MINUTE)) for name in got)

    @rule(worker=st.sampled_from("abc"))
    def finishes_what_it_believes_to_have(self, worker: str) -> None:
        mine = sorted(name for name, (holder, _) in self.holder.items() if holder == worker and name in self.undone)
        assert close(self.database, mine, worker) == len(mine)
        self.finished += mine
        self.undone.difference_update(mine)

    @rule(worker=st.sampled_from("abc"))
    def gives_back(self, worker: str) -> None:
        mine = [name for name, (holder, _) in self.holder.items() if holder == worker and name in self.undone]
        with self.database.write() as connection:
            assert release(connection, ENTRY, mine, worker=worker) == len(mine)
        for name in mine:
            del self.holder[name]

    @rule(seconds=st.sampled_from([1, 59, 60, 61]))
    def time_goes_on(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @invariant()
    def nothing_is_done_twice_and_nothing_is_lost(self) -> None:
        assert len(self.finished) == len(set(self.finished))
        with self.database.read() as connection:
            assert set(connection.scalars(select(ENTRY.c.id).where(ENTRY.c.open))) == getattr(self, "undone", set())


def test_leases_agree_with_their_model_whatever_workers_do(database: Database) -> None:
    machine = type("Machine", (Leases,), {"database": database})
    checks = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    run_state_machine_as_test(
        machine, settings=settings(max_examples=12, stateful_step_count=15, deadline=None, suppress_health_check=checks)
    )
