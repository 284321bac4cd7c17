"""Entries become assessments, stories and numbered updates: each once, whatever crashes and whoever else is at work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from alerts.jobs import assess as job
from alerts.jobs.assess import AssessCount, assess
from alerts.jobs.publish import publish
from alerts.rules.levels import Level
from alerts.store.db import Database
from alerts.store.service_tables import RulesetRow
from alerts.store.tables import AssessmentRow, EntryRow, StoryEntryRow, StoryRow, StoryUpdateRow

TARIFF = "US announces 25% tariff on Japanese cars"
VISA = "Japan to raise visa renewal fees from April, immigration agency says"
CHAFF = "Local team wins the cup after extra time"
Service = Any


def test_what_matters_becomes_a_story_and_the_rest_is_closed(service: Service) -> None:
    service.reads(TARIFF, VISA, CHAFF)
    count = assess(service.context)
    assert (count.assessed, count.relevant, count.new_stories, count.failed) == (3, 2, 2, 0)
    assert count.impacts >= 2
    assert [row["open"] for row in service.rows(EntryRow)] == [False] * 3
    assert {row["entry"] for row in service.rows(AssessmentRow)} == {f"paper-{TARIFF}", f"paper-{VISA}"}
    assert len(service.rows(StoryRow)) == len(service.rows(StoryEntryRow)) == 2
    assert [row["number"] for row in service.rows(StoryUpdateRow)] == [1, 2]
    assert [row["hash"] for row in service.rows(RulesetRow)] == [service.context.rules.hash]
    assert assess(service.context) == AssessCount()


def test_a_further_report_joins_its_story(service: Service) -> None:
    service.reads(TARIFF)
    assess(service.context)
    service.clock.set(service.clock.now() + timedelta(hours=2))
    service.reads("US announces 25% tariff on cars from Japan", feed="gazette")
    count = assess(service.context)
    assert (count.relevant, count.new_stories) == (1, 0)
    assert len({row["story"] for row in service.rows(StoryEntryRow)}) == 1


@pytest.mark.parametrize("old", [True, False])
def test_what_was_old_when_we_first_saw_it_is_told_to_nobody(service: Service, old: bool) -> None:
    service.subscribe("ann", cadence="immediate", sectors=(("automotive", Level.info), ("trade", Level.info)))
    service.reads(TARIFF, baseline=not old, published=service.clock.now() - timedelta(days=8) if old else None)
    count = assess(service.context)
    assert (count.relevant, count.updates) == (1, 0)
    publish(service.context)
    assert service.mails() == []


def test_the_way_from_entry_to_alert(service: Service) -> None:
    service.subscribe("ann", cadence="immediate", sectors=(("automotive", Level.info), ("trade", Level.info)))
    service.reads(TARIFF)
    assert assess(service.context).updates == 1
    publish(service.context)
    assert service.told() == {"ann": [1]}


def test_an_entry_that_the_rules_stumble_over_holds_nobody_up(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.reads(TARIFF, CHAFF)
    evaluate = job.evaluate

    def stumble(rules: Any, entry: Any, *, host: str) -> Any:
        if entry.title == CHAFF:
            raise ValueError("a mistake of ours")
        return evaluate(rules, entry, host=host)

    monkeypatch.setattr(job, "evaluate", stumble)
    count = assess(service.context)
    assert (count.assessed, count.relevant, count.failed) == (1, 1, 1)
    assert assess(service.context) == AssessCount()
    monkeypatch.undo()
    service.clock.set(service.clock.now() + timedelta(hours=1))
    assert assess(service.context).assessed == 1


def test_an_entry_that_its_publisher_changed_stays_in_its_story(service: Service) -> None:
    service.reads(TARIFF)
    assess(service.context)
    service.set(EntryRow, True, open=True, title=CHAFF)
    assert assess(service.context).assessed == 1
    assert service.rows(AssessmentRow) == []
    service.set(EntryRow, True, open=True, title=TARIFF)
    assess(service.context)
    assert len(service.rows(StoryRow)) == len(service.rows(StoryEntryRow)) == 1
    assert len(service.rows(StoryUpdateRow)) == 1


def test_workers_at_once_assess_each_entry_once_and_join_across_batches(
    service: Service, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "BATCH", 7)
    for number in range(12):
        service.reads(TARIFF, VISA, CHAFF, feed=f"feed{number}")
    others = [Database(database_url) for _ in range(3)]
    counts: list[AssessCount] = []
    threads = [
        threading.Thread(target=lambda name, database: counts.append(assess(service.worker(name, database))), args=(f"w{each}", database))
        for each, database in enumerate(others)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in others:
        database.close()
    assert sum(count.assessed for count in counts) == 36
    assert sum(count.relevant for count in counts) == len(service.rows(StoryEntryRow)) == 24
    assert sum(count.new_stories for count in counts) == len(service.rows(StoryRow)) == 2
    assert sum(row["kind"] == "new" for row in service.rows(StoryUpdateRow)) == 2


def test_a_crash_between_any_two_statements_leaves_each_entry_undone_or_done(
    new_database_url: Callable[[], str], new_service: Any, statements: Any
) -> None:
    """The job dies before its nth statement, for every n; when its leases have run out it runs again. Nothing differs then."""

    def play(die_at: int) -> tuple[int, Any]:
        database = Database(new_database_url())
        service = new_service(database)
        service.reads(TARIFF, VISA, CHAFF)
        with statements(database.engine, die_at) as counted:
            assess(service.context)
        service.clock.set(service.clock.now() + timedelta(minutes=30))
        assess(service.context)
        outcome = (
            [(row["id"], row["open"]) for row in service.rows(EntryRow)],
            sorted(row["entry"] for row in service.rows(AssessmentRow)),
            sorted((row["entry"], row["story"]) for row in service.rows(StoryEntryRow)),
            [(row["story"], row["kind"], row["level"]) for row in service.rows(StoryUpdateRow)],
        )
        database.close()
        return counted.count, outcome

    last, quiet = play(0)
    step = 1 if new_database_url().startswith("sqlite") else 5
    for die_at in range(1, last + 1, step):
        assert play(die_at)[1] == quiet, f"died before statement {die_at} of {last}"
