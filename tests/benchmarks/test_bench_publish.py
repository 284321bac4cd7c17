"""Digests for 100,000 and a million subscribers on SQLite: who is due, composing, filling the outbox. Figures, no timed assertion.

pytest -n 0 -m benchmark -s tests/benchmarks/test_bench_publish.py

Seen on two shared cores, processor time a subscriber, 100,000 and 1,000,000 of them in 1,600 audiences: one alert 30 and 31 µs, who is due
1.4 and 1.6 µs, digests 84 and 43 µs (composing 800 of them is a fixed cost); 165 and 184 MB of memory; a file of 77 and 589 MB.
"""

from __future__ import annotations

import itertools
import resource
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import insert

from alerts.clock import SetClock
from alerts.digests.edition import next_due
from alerts.digests.subscriber import Choices
from alerts.feeds.catalog import Catalog
from alerts.jobs.context import Context
from alerts.jobs.publish import publish
from alerts.resources import shipped
from alerts.rules.assessment import Development, Impact, Term
from alerts.rules.files import load_rules
from alerts.rules.levels import Level
from alerts.settings import Home, Settings
from alerts.store import audiences, outbox, stories
from alerts.store.db import Database
from alerts.store.leases import table_of
from alerts.store.tables import SubscriberRow
from alerts.stories.story import Report, Story, Update

NOON = datetime(2026, 1, 5, 3, tzinfo=UTC)
SECTORS = ("automotive", "technology", "finance", "trade", "visas")
PEOPLE = (100_000, 1_000_000)
STORIES = 40
Result = TypeVar("Result")


def different_choices() -> Iterator[Choices]:
    """Two languages, every pair of sectors, five thresholds, twenty countries: 2,000 audiences, all due at seven."""
    pairs = itertools.combinations(SECTORS, 2)
    for language, pair, level, country in itertools.product(("en", "ja"), pairs, Level, range(20)):
        sectors = tuple((sector, max(level, Level.info)) for sector in pair)
        yield Choices(language=language, sectors=sectors, countries=(f"A{country:02}",), alert_level=Level.prepare)


def fill(database: Database, people: int) -> int:
    """Subscribe everybody, by executemany; return how many audiences they are."""
    chosen = list(dict.fromkeys(different_choices()))
    with database.write() as connection:
        keys = [audiences.keep_audience(connection, choices) for choices in chosen]
        due = next_due(chosen[0], NOON)
        fixed: dict[str, object] = {"open": True, "due": due, "seen": 0, "alerted": "", "edition": "", "created_at": NOON, "confirmed_at": NOON, "consent": {}}
        rows = (
            {"address": f"p{number}@example.org", "address_key": f"p{number}@example.org", "audience": keys[number % len(keys)], **fixed}
            for number in range(people)
        )
        while some := list(itertools.islice(rows, 10_000)):
            connection.execute(insert(table_of(SubscriberRow)), some)
    return len(chosen)


def tell(database: Database, at: datetime, level: Level, first: int, count: int) -> None:
    """So many stories happen."""
    told, updates = [], []
    for number in range(first, first + count):
        development = Development("tariff-imposed", "announced", "tightening", ("JPN", "USA"), "a-rule", family="trade")
        terms = (Term("base", level, "a reason"),)
        impacts = tuple(Impact(SECTORS[(number + shift) % 5], level, Level.act, "tariff-imposed", "a-rule", terms) for shift in range(2))
        report = Report(f"e{number}", "The Paper", f"Duties {number}", "https://news.example.com/", "en", at, "press")
        story = Story(f"s{number}", at, at, (development,), impacts, (), ("JPN", "USA"), (report,))
        told.append(story)
        updates.append(Update(story.id, "new", report.entry, at, level))
    with database.write() as connection:
        stories.save_stories(connection, told)
        stories.append_updates(connection, updates)


@pytest.mark.benchmark
@pytest.mark.parametrize("people", PEOPLE)
def test_publishing_to_many(tmp_path: Path, people: int) -> None:
    """The cost of a subscriber stays what it is, and memory does not grow with them: all of it is set-based SQL."""
    rules = load_rules(shipped("config"))
    database = Database(f"sqlite:///{tmp_path}/alerts.db")
    database.upgrade()
    clock = SetClock(NOON)
    context = Context(
        Settings.model_validate({"secret_key": "a key for tests only"}), Home(tmp_path), database, clock, Catalog(), rules, "bench"
    )
    seconds: dict[str, tuple[float, float]] = {}

    def timed(what: str, work: Callable[[], Result]) -> Result:
        start = time.perf_counter(), time.process_time()
        result = work()
        seconds[what] = time.perf_counter() - start[0], time.process_time() - start[1]
        return result

    count = timed("subscribing", lambda: fill(database, people))
    tell(database, NOON, Level.watch, 0, STORIES)
    timed("40 stories that alert nobody", lambda: publish(context))
    tell(database, NOON, Level.prepare, 1000, 1)
    alerts = timed("one alert", lambda: publish(context))
    clock.set(NOON + timedelta(hours=19))
    with database.read() as connection:
        due = timed("choosing who is due", lambda: audiences.due_groups(connection, clock.now()))
    digests = timed("digests", lambda: publish(context))
    with database.write() as connection:
        timed("claiming 500 mails", lambda: outbox.claim(connection, worker="w", now=clock.now(), limit=500))
    assert len(due) >= count
    database.close()
    print(f"\n{people:,} subscribers in {count:,} audiences, {STORIES} stories\n  {alerts}\n  {digests}")
    for what, took in seconds.items():
        print(f"  {what:28}{took[0]:9.2f} s, of them {took[1]:7.2f} s of processor, {took[1] / people * 1e6:7.2f} µs a subscriber")
    print(f"  file {sum(path.stat().st_size for path in tmp_path.iterdir()) / 1e6:.0f} MB,", end=" ")
    print(f"most memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB")
