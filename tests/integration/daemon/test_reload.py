"""A bad edit never stops the service: the last good configuration stays in force, and where the mistake is stands on record."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError
from rich.console import Console
from sqlalchemy import select, update

from alerts.cli.session import Purpose, Session
from alerts.clock import SetClock
from alerts.daemon import _look
from alerts.digests.subscriber import Choices
from alerts.errors import ConfigError, StoreError
from alerts.feeds.entry import Entry, Source
from alerts.feeds.parsed import Item
from alerts.jobs.assess import AssessCount, assess
from alerts.jobs.context import Context
from alerts.jobs.publish import PublishCount, publish
from alerts.reload import Configuration
from alerts.rules.assessment import Stage
from alerts.rules.levels import Level
from alerts.settings import Home, Settings
from alerts.store import entries, outbox, subscribers
from alerts.store.db import Database
from alerts.store.facts import CONFIGURATION, LAST_GOOD, load_fact, save_fact
from alerts.store.leases import table_of
from alerts.store.rulesets import load_ruleset
from alerts.store.service_tables import NoticeRow, RulesetRow
from alerts.store.stories import load_assessment
from alerts.web.app import create_app

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

CLOCK = SetClock(datetime(2026, 1, 2, tzinfo=UTC))
FILES = {
    "sectors.yaml": "- id: trade\n  name: {en: Trade, ja: 貿易}\n  about: {en: goods, ja: 物}\n",
    "stages.yaml": "".join(
        f"- id: {name}\n  name: {{en: {name}, ja: {name}}}\n  shift: 0\n  rank: {rank}\n" for rank, name in enumerate(get_args(Stage))
    ),
    "developments.yaml": (
        "- id: tariff-imposed\n  name: {en: Tariff, ja: 関税}\n  family: trade\n  ceiling: act\n  definition: a duty\n  polarity: tightening\n  impact: {trade: prepare}\n"
        "  told: {default: {en: 'A tariff was raised{when}.', ja: '関税が上がりました。'}}\n"
        "  why: {trade: {en: 'Goods cost more.', ja: '商品が高くなります。'}}\n  watch: {en: a date is named, ja: 日付が出たら}\n"
    ),
    "lexicon/trade.yaml": "tariff:\n  kind: cue\n  en: [tariff]\n  ja: [関税]\n",
    "rules/trade.yaml": (
        "- id: tariff\n  title: A tariff\n  development: tariff-imposed\n  when: {all: [$tariff]}\n"
        "  tests: {match: ['New tariff on cars'], ignore: ['A new car']}\n"
    ),
    "feeds.yaml": "- {id: one, url: 'https://one.example.com/feed', title: One, publisher: One}\n",
}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    place = tmp_path / "config"
    for name, text in FILES.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text, encoding="utf-8")
    return place


@pytest.fixture
def database(tmp_path: Path, migrated_file: Path) -> Database:
    shutil.copyfile(migrated_file, tmp_path / "alerts.db")
    return Database(f"sqlite:///{tmp_path / 'alerts.db'}")


def configured(directory: Path, database: Database, **more: float) -> Configuration:
    """The configuration of a directory, taken up as soon as it is looked at."""
    return Configuration(directory, database, CLOCK, **{"settle": 0.0, "patience": 0.0, **more})


def fact(database: Database) -> dict[str, Any]:
    with database.read() as connection:
        found = load_fact(connection, CONFIGURATION)
    assert found is not None
    return found[1]


def test_a_good_change_is_taken_up_and_the_old_one_was_kept(directory: Path, database: Database) -> None:
    configuration = configured(directory, database)
    before = configuration.current
    (directory / "rules" / "trade.yaml").write_text(FILES["rules/trade.yaml"].replace("A tariff", "Another title"), encoding="utf-8")
    assert configuration.refresh()
    assert configuration.current.rules.hash != before.rules.hash
    assert fact(database) == {"ok": True, "ruleset": configuration.current.rules.hash, "count": 0, "problems": []}
    assert not configuration.refresh(), "nothing changed since"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("rules/trade.yaml", FILES["rules/trade.yaml"].replace("  title", "  titel"), "rules/trade.yaml:1:3: 'title' is missing"),
        (
            "rules/trade.yaml",
            FILES["rules/trade.yaml"].replace("New tariff on cars", "New duty on cars"),
            "rules/trade.yaml:5:1: test of tariff failed: “New duty on cars” must match",
        ),
        ("feeds.yaml", "- {id: one, url: 'ftp://x', title: One, publisher: One}\n", "feeds.yaml:1:"),
        ("lexicon/trade.yaml", "tariff: [", "lexicon/trade.yaml:2:1: this is not YAML ("),
    ],
    ids=["unknown key", "failing test of a rule", "bad feed", "half a file"],
)
def test_a_bad_change_leaves_the_last_good_in_force_and_names_its_place(
    directory: Path, database: Database, name: str, text: str, told: str
) -> None:
    configuration = configured(directory, database)
    before = configuration.current
    (directory / name).write_text(text, encoding="utf-8")
    assert not configuration.refresh()
    assert configuration.current is before
    found = fact(database)
    assert not found["ok"]
    assert found["ruleset"] == before.rules.hash
    assert found["problems"][0].startswith(told), found["problems"]
    shows = f"alerts rules {'test' if ': test of' in told else 'check'}"
    assert found["shown_by"] == shows
    with database.read() as connection:
        (lines,) = connection.scalars(select(table_of(NoticeRow).c.lines))
    assert lines[-1].startswith(f"`{shows} --config {directory}` shows everything.")
    (directory / name).write_text(FILES[name], encoding="utf-8")
    configuration.refresh()
    assert fact(database)["ok"], "mended"


def _silence(until: str) -> bytes:
    return f"- {{id: a, rule: tariff, until: '{until}', author: ann, comment: why}}\n".encode()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        pytest.param(b"silences.yaml", _silence("9999-12-31T23:59-12:00"), "lies beyond the calendar", id="a moment that is none in UTC"),
        pytest.param(b"rules/caf\xe9.yaml", b"[]", "rules/caf\\xe9.yaml:1:1: the name of this file is not UTF-8", id="a name of another code"),
        pytest.param(b"rules/pipe.yaml", None, "rules/pipe.yaml:1:1: is no regular file", id="a named pipe"),
    ],
)
def test_an_odd_edit_is_told_and_the_next_good_one_taken_up(
    directory: Path, database: Database, name: bytes, content: bytes | None, told: str
) -> None:
    configuration = configured(directory, database)
    odd = directory / os.fsdecode(name)
    if content is None:
        os.mkfifo(odd)
    else:
        odd.write_bytes(content)
    assert not configuration.refresh()
    assert told in fact(database)["problems"][0]
    assert configured(directory, database).current.rules.hash == configuration.current.rules.hash, "a service starts on it too"
    odd.unlink()
    (directory / "rules" / "trade.yaml").write_text(FILES["rules/trade.yaml"].replace("A tariff", "Another title"), encoding="utf-8")
    assert configuration.refresh()
    assert fact(database)["ok"]


def test_whatever_a_loader_stumbles_over_the_last_good_one_stays(
    directory: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = configured(directory, database)
    before = configuration.current
    with monkeypatch.context() as broken:
        broken.setattr("alerts.loaded.failed_tests", lambda _rules: 1 // 0)
        (directory / "rules" / "trade.yaml").write_text(FILES["rules/trade.yaml"].replace("A tariff", "Another"), encoding="utf-8")
        assert not configuration.refresh()
        assert configured(directory, database).current.rules.hash == before.rules.hash
    assert configuration.current is before
    assert "ZeroDivisionError" in fact(database)["problems"][0]


def test_the_watcher_looks_again_whatever_a_look_brought_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.daemon.WATCH_SECONDS", 0)
    troubles, looked = iter([OverflowError(), StoreError("the database is away")]), threading.Event()

    def look() -> None:
        for trouble in troubles:
            raise trouble
        looked.set()

    async def watched() -> bool:
        watching = asyncio.create_task(_look(look))
        found = await asyncio.to_thread(looked.wait, 10)
        watching.cancel()
        return found

    assert asyncio.run(watched())


def test_an_editor_that_writes_by_rename_is_noticed(directory: Path, database: Database) -> None:
    configuration = configured(directory, database)
    fresh = directory / ".trade.yaml.new"
    fresh.write_text(FILES["rules/trade.yaml"].replace("A tariff", "Another title"), encoding="utf-8")
    fresh.replace(directory / "rules" / "trade.yaml")
    assert configuration.refresh()


def test_a_start_on_a_broken_directory_goes_on_with_the_last_good_rules(directory: Path, database: Database) -> None:
    good = configured(directory, database).current.rules.hash
    (directory / "rules" / "trade.yaml").write_text("- id: [", encoding="utf-8")
    restarted = configured(directory, database)
    assert restarted.current.rules.hash == good
    assert restarted.problems
    assert not fact(database)["ok"]


@pytest.mark.parametrize("stricter", ["rules", "feeds"])
def test_what_a_newer_version_no_longer_takes_is_told_as_it_stands_in_the_directory(
    directory: Path, database: Database, stricter: str
) -> None:
    configured(directory, database)
    with database.write() as connection:  # what an older version thought good
        if stricter == "rules":
            connection.execute(update(table_of(RulesetRow)).values(files=FILES | {"rules/trade.yaml": "- id: tariff\n  titel: x\n"}))
        else:
            save_fact(connection, LAST_GOOD, {"catalog": {"feeds": [{"id": 1}]}, "silences": []}, at=CLOCK.now())
    (directory / "rules" / "trade.yaml").write_text("- id: tariff\n  titel: x\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="titel") as caught:
        configured(directory, database)
    assert isinstance(caught.value.__cause__, ConfigError if stricter == "rules" else ValidationError)


def test_a_first_start_on_a_broken_directory_says_every_problem(directory: Path, database: Database) -> None:
    (directory / "rules" / "trade.yaml").write_text("- id: tariff\n  titel: x\n", encoding="utf-8")
    (directory / "feeds.yaml").write_text("- {id: one}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        configured(directory, database)
    assert {problem.file.rpartition("/")[2] for problem in caught.value.problems} >= {"feeds.yaml", "trade.yaml"}


def notices_of(database: Database) -> list[tuple[str, bool]]:
    """Subject and whether the state it tells of lasts, in order."""
    with database.read() as connection:
        rows = connection.execute(select(table_of(NoticeRow)).order_by(table_of(NoticeRow).c.id)).all()
    return [(row.subject, row.standing) for row in rows]


def test_the_operator_hears_once_of_a_broken_state_and_once_of_its_end(directory: Path, database: Database) -> None:
    configuration = configured(directory, database)
    rules = directory / "rules" / "trade.yaml"
    for text in ("- id: [", "- id: x", "- id: [", "- {}"):
        rules.write_text(text, encoding="utf-8")
        configuration.refresh()
        configuration.refresh()
    assert notices_of(database) == [("The changed configuration is refused", True)]
    rules.write_text(FILES["rules/trade.yaml"], encoding="utf-8")
    configuration.refresh()
    assert notices_of(database) == [("The changed configuration is refused", False), ("The configuration is in order again", False)]


def test_what_is_mended_at_once_needs_no_mail(directory: Path, database: Database) -> None:
    configuration = configured(directory, database, patience=60)
    (directory / "rules" / "trade.yaml").write_text("- id: [", encoding="utf-8")
    configuration.refresh()
    configuration.refresh()
    assert not fact(database)["ok"]
    assert notices_of(database) == []


def test_a_file_that_is_still_being_written_is_not_read(directory: Path, database: Database) -> None:
    configuration = configured(directory, database, settle=60)
    before = configuration.current
    whole = FILES["rules/trade.yaml"]
    (directory / "rules" / "trade.yaml").write_text(whole[:40], encoding="utf-8")
    assert not configuration.refresh()
    (directory / "rules" / "trade.yaml").write_text("[]\n", encoding="utf-8")  # valid, and without the rules
    assert not configuration.refresh()
    assert configuration.current is before
    assert fact(database)["ok"]


@pytest.mark.parametrize("folder", ["config", "rules"])
def test_a_directory_that_is_a_swapped_link_is_noticed(directory: Path, database: Database, folder: str, tmp_path: Path) -> None:
    place = directory if folder == "config" else directory / "rules"
    old, new = tmp_path / "versions" / "old", tmp_path / "versions" / "new"
    old.parent.mkdir()
    place.rename(old)
    shutil.copytree(old, new)
    place.symlink_to(old)
    changed = new / ("rules/trade.yaml" if folder == "config" else "trade.yaml")
    changed.write_text(changed.read_text().replace("A tariff", "Another title"), encoding="utf-8")
    configuration = configured(directory, database)
    fresh = tmp_path / "link"
    fresh.symlink_to(new)
    fresh.replace(place)
    assert configuration.refresh()
    assert configuration.current.rules.rule("tariff").spec.title.en == "Another title"  # type: ignore[union-attr]


def test_a_restart_on_broken_feeds_goes_on_with_the_last_good_ones_and_its_silences(directory: Path, database: Database) -> None:
    (directory / "silences.yaml").write_text("- {id: a, rule: tariff, until: 2026-03-01, author: Ann, comment: c}\n", encoding="utf-8")
    good = configured(directory, database).current
    (directory / "feeds.yaml").write_text("- {id: [", encoding="utf-8")
    restarted = configured(directory, database)
    assert (restarted.current.catalog, restarted.current.silences) == (good.catalog, good.silences)
    assert not fact(database)["ok"]


def test_a_job_under_way_keeps_its_rules_and_nothing_is_assessed_or_sent_again(directory: Path, database: Database, tmp_path: Path) -> None:
    configuration = configured(directory, database)
    settings = Settings.model_validate({"secret_key": "a key for tests only"})

    def context() -> Context:
        loaded = configuration.current
        return Context(settings, Home(tmp_path), database, CLOCK, loaded.catalog, loaded.rules, "one", silences=loaded.silences)

    with database.write() as connection:
        subscribers.add(
            connection, "a@example.org", Choices(cadence="immediate", sectors=(("trade", Level.info),)), now=CLOCK.now(), confirmed=True
        )
        entry = Entry(
            "one:1", Source("one", "One", "official", "JPN", "en"), "https://one.example.com/1", "New tariff on cars", "", CLOCK.now(), "en"
        )
        entries.insert_new(connection, [Item(entry, "1", "given", "", "1")], feed="one", now=CLOCK.now(), baseline=False)
    under_way = context()
    assert assess(under_way).relevant == 1
    publish(under_way)
    old = configuration.current.rules.hash
    text = (directory / "developments.yaml").read_text().replace("{trade: prepare}", "{trade: act}")
    (directory / "developments.yaml").write_text(text, encoding="utf-8")
    assert configuration.refresh()
    assert (under_way.rules.hash, context().rules.hash != old) == (old, True)
    assert (assess(context()), publish(context())) == (AssessCount(), PublishCount())
    with database.read() as connection:
        decided = load_assessment(connection, "one:1")
        assert decided is not None
        assert decided.ruleset == old
        assert load_ruleset(connection, old) is not None
        assert outbox.counts(connection, now=CLOCK.now())["pending"] == 1


def test_the_metrics_say_what_is_in_force_and_what_is_wrong(directory: Path, database: Database, tmp_path: Path) -> None:
    configuration = configured(directory, database)
    settings = Settings.model_validate({"secret_key": "a key for tests only"})
    app = create_app(settings=settings, database=database, clock=CLOCK, rules=lambda: configuration.current.rules)
    client = TestClient(app, base_url="http://127.0.0.1:8000")
    assert f'alerts_ruleset_info{{hash="{configuration.current.rules.hash}"}} 1.0' in client.get("/metrics").text
    (directory / "rules" / "trade.yaml").write_text("- {id: x}\n", encoding="utf-8")
    configuration.refresh()
    text = client.get("/metrics").text
    assert "alerts_configuration_ok 0.0" in text
    assert 'alerts_waiting{what="mails"} 0.0' in text
    assert "alerts_sender_paused 0.0" in text
    assert "alerts_sender_late_seconds 0.0" in text
    assert client.get("/readyz").json()["configuration"].startswith("refused: ")


def test_a_tick_from_cron_goes_on_with_the_last_good_rules_and_says_so(
    directory: Path, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    (directory.parent / "alerts.env").write_text(
        f"ALERTS_SECRET_KEY=a key for tests only\nALERTS_DATABASE_URL={database.engine.url}\n", encoding="utf-8"
    )
    session = Session(Home(directory.parent), Console(), Console(stderr=True, width=200))
    good = session.context(purpose=Purpose.serve).rules.hash
    (directory / "rules" / "trade.yaml").write_text("- id: [", encoding="utf-8")
    assert session.context(purpose=Purpose.serve).rules.hash == good
    assert "going on with the last good rules" in capsys.readouterr().err
    assert notices_of(database) == [("The changed configuration is refused", True)]
    with pytest.raises(ConfigError):
        session.context()


def test_commands_that_only_look_use_the_last_good_rules_and_put_nothing_on_record(
    directory: Path, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    (directory.parent / "alerts.env").write_text(
        f"ALERTS_SECRET_KEY=a key for tests only\nALERTS_DATABASE_URL={database.engine.url}\n", encoding="utf-8"
    )
    session = Session(Home(directory.parent), Console(), Console(stderr=True, width=200))
    (directory / "rules" / "trade.yaml").write_text("- id: [", encoding="utf-8")
    with pytest.raises(ConfigError):
        session.context(purpose=Purpose.look)
    (directory / "rules" / "trade.yaml").write_text(FILES["rules/trade.yaml"], encoding="utf-8")
    good = session.context(purpose=Purpose.serve).rules.hash
    (directory / "rules" / "trade.yaml").write_text("- id: [", encoding="utf-8")
    assert session.context(purpose=Purpose.look).rules.hash == good
    assert "rules/trade.yaml:" in capsys.readouterr().err
    assert notices_of(database) == []


def test_a_restart_with_nothing_new_leaves_the_moment_of_the_last_change(directory: Path, database: Database) -> None:
    configured(directory, database)
    later = SetClock(CLOCK.now() + timedelta(hours=1))
    Configuration(directory, database, later, settle=0, patience=0)
    with database.read() as connection:
        known = load_fact(connection, CONFIGURATION)
    assert known is not None
    assert known[0] == CLOCK.now()
