"""Three days of the whole service on recorded feeds: a web server, a mail server, fifty readers, and an oracle that knows what they are owed."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from journey_feeds import MISBEHAVING, FeedServer, recordings
from journey_mail import MailServer
from journey_oracle import Oracle, Owed, World
from journey_readers import subscribe
from journey_ticks import Tick, ticks
from sqlalchemy import select

from alerts.cli.home import make_home
from alerts.clock import SetClock
from alerts.digests.compose import MOST_ITEMS, OVERFLOW
from alerts.digests.edition import local_zone
from alerts.feeds.catalog import load_catalog
from alerts.jobs.context import Context
from alerts.rules.files import load_rules
from alerts.settings import Home, load_settings
from alerts.store import feeds as feed_store
from alerts.store import stories
from alerts.store.counts import count_all
from alerts.store.db import Database
from alerts.store.leases import table_of
from alerts.store.ledger import EntryLine, MailLine, entry_lines, mail_lines
from alerts.store.recall import OVERTAKEN
from alerts.store.tables import DigestUpdateRow, OutboxRow, SubscriberRow

START = datetime(2026, 10, 31, tzinfo=UTC)
"""A Saturday; New York puts its clocks back on the Sunday."""
HOURS, STEP = 72, 2
FEEDS = 104
READERS = 50


@dataclass
class Journey:
    """What was seen on the way: per tick what was owed and what was made, and at the end everything."""

    home: Home
    server: FeedServer
    mail: MailServer
    oracle: Oracle
    owed: list[list[Owed]]
    made: list[list[Owed]]
    outcomes: list[dict[str, Any]]
    mails: list[MailLine]
    entries: list[EntryLine]
    world: World
    states: dict[str, Any]
    counts: dict[str, dict[str, Any]]
    again: dict[str, Any]
    taken_again: int
    end: datetime


def look(database: Database) -> World:
    with database.read() as connection:
        last = stories.last_number(connection)
        updates = tuple(stories.material_updates(connection, after=0, upto=last))
        return World(updates, stories.load_stories(connection, {update.story for update in updates}), last)


def _made(database: Database, at: datetime) -> list[Owed]:
    """The mails that were put into the outbox at a moment, with the updates that their digests tell."""
    outbox, told, people = table_of(OutboxRow), table_of(DigestUpdateRow), table_of(SubscriberRow)
    joined = outbox.join(people, people.c.id == outbox.c.subscriber).outerjoin(told, told.c.digest == outbox.c.digest)
    wanted = select(outbox.c.id, people.c.address, outbox.c.kind, told.c.update_number).select_from(joined).where(outbox.c.created_at == at)
    mails: dict[tuple[int, str, Any], list[int]] = {}
    with database.read() as connection:
        for row in connection.execute(wanted):
            mails.setdefault((row.id, row.address, row.kind), []).append(row.update_number)
    return sorted(Owed(address, kind, tuple(sorted(numbers))) for (_, address, kind), numbers in mails.items())


@pytest.fixture(scope="module")
def journey(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Journey:
    """The whole journey, once for all tests of this module."""
    clock = SetClock(START)
    server = FeedServer(recordings(recorded, FEEDS), lambda: clock.now() - START)
    mail = MailServer()
    with server.serving(), mail.serving():
        home = Home(tmp_path_factory.mktemp("journey") / "home")
        list(make_home(home))
        (home.config / "feeds.yaml").write_text(yaml.safe_dump(server.feeds_yaml(600), sort_keys=False), encoding="utf-8")
        home.env_file.write_text(
            f"ALERTS_MAIL_URL={mail.url}\nALERTS_SECRET_KEY=a-secret-key-of-a-journey\nALERTS_ALLOWED_NETWORKS=127.0.0.0/8\n"
            "ALERTS_FRESHNESS_DAYS=20000\nALERTS_BASE_URL=https://alerts.example.jp\nALERTS_SENDER_ADDRESS=alerts@example.jp\n",
            encoding="utf-8",
        )
        settings = load_settings(home, {})
        database = Database(settings.database_url)
        database.upgrade()
        context = Context(settings, home, database, clock, load_catalog(home.config / "feeds.yaml"), load_rules(home.config), "journey")
        try:
            return asyncio.run(_start(context, clock, home, server, mail))
        finally:
            database.close()


async def _start(context: Context, clock: SetClock, home: Home, server: FeedServer, mail: MailServer) -> Journey:
    async with ticks(context) as tick:
        return await _travel(tick, context.database, clock, home, server, mail)


async def _travel(tick: Tick, database: Database, clock: SetClock, home: Home, server: FeedServer, mail: MailServer) -> Journey:
    outcomes = [await tick()]
    people = subscribe(database, READERS, START)
    oracle = Oracle(people, START, look(database).last)
    owed: list[list[Owed]] = []
    made: list[list[Owed]] = []
    for hour in range(STEP, HOURS + 1, STEP):
        clock.set(START + timedelta(hours=hour))
        outcomes.append(await tick())
        world = look(database)
        owed.append(oracle.tick(world, clock.now()))
        made.append(_made(database, clock.now()))
    taken = len(mail.mails)
    again = await tick()
    with database.read() as connection:
        return Journey(
            home=home,
            server=server,
            mail=mail,
            oracle=oracle,
            owed=owed,
            made=made,
            outcomes=outcomes,
            mails=mail_lines(connection),
            entries=entry_lines(connection),
            world=look(database),
            states=feed_store.load_all(connection),
            counts=count_all(connection, clock.now()),
            again=again,
            taken_again=len(mail.mails) - taken,
            end=clock.now(),
        )


def test_a_hundred_feeds_are_read_and_the_three_that_misbehave_stop_nobody(journey: Journey, capsys: pytest.CaptureFixture[str]) -> None:
    good = {id: state for id, state in journey.states.items() if id not in MISBEHAVING}
    assert len(good) >= 100
    assert [id for id, state in good.items() if state.error_streak or not state.last_success] == []
    assert {name: journey.states[name].error_reason for name in MISBEHAVING} == {"page": "html", "broken": "http-500", "dropped": "reset"}
    assert journey.server.answers[304] > 0
    with capsys.disabled():
        told = {name: journey.counts[name] for name in ("entries", "impacts", "stories", "digests", "picks", "mails")}
        print(f"\njourney: {len(good)} feeds, answers {dict(journey.server.answers)}, {len(journey.oracle.books)} readers, {told}")


def test_no_job_of_any_tick_failed(journey: Journey) -> None:
    assert [
        (moment, name, outcome)
        for moment, each in enumerate(journey.outcomes)
        for name, outcome in each.items()
        if isinstance(outcome, Exception)
    ] == []


def test_every_tick_makes_exactly_the_mails_that_the_oracle_owes(journey: Journey) -> None:
    for moment, (owed, made) in enumerate(zip(journey.owed, journey.made, strict=True)):
        missing, extra = Counter(owed) - Counter(made), Counter(made) - Counter(owed)
        assert (moment, dict(missing), dict(extra)) == (moment, {}, {})
    kinds = Counter(mail.kind for owed in journey.owed for mail in owed)
    assert min(kinds["alert"], kinds["daily"], kinds["weekly"]) > 0, kinds


def test_no_update_is_told_to_a_reader_twice(journey: Journey) -> None:
    mails = [line for line in journey.mails if line.state != "skipped"]
    told = Counter((line.address, number) for line in mails if line.digest for number in line.digest.updates)
    assert [pair for pair, times in told.items() if times > 1] == []


def test_nobody_gets_two_digests_of_one_local_day(journey: Journey) -> None:
    digests = Counter((line.address, line.edition) for line in journey.mails if line.kind != "alert")
    assert set(digests.values()) == {1}


def test_every_story_told_stands_in_the_mail(journey: Journey) -> None:
    story_of = {update.number: update.story for update in journey.world.updates}
    for line in journey.mails:
        assert line.digest is not None
        shown = {item.story for item in line.digest.items} | {brief.story for brief in line.digest.briefs}
        told = {story_of[number] for number in line.digest.updates}
        assert shown <= told
        beyond = told - shown  # more than a mail holds: counted in it, and listed on its page
        assert len(beyond) == dict(line.digest.refusals).get(OVERFLOW, 0)
        assert beyond <= {brief.story for brief in line.digest.left_out_briefs}
        if beyond:
            assert len(line.digest.items) == MOST_ITEMS


def test_what_the_server_took_is_what_the_outbox_says_was_sent(journey: Journey) -> None:
    assert {line.state for line in journey.mails} <= {"sent", "pending", "skipped"}
    assert {line.outcome for line in journey.mails if line.state == "skipped"} <= {OVERTAKEN}
    sent = Counter((line.address, line.digest.subject) for line in journey.mails if line.state == "sent" and line.digest)
    assert Counter((mail.recipient, str(mail.message["Subject"])) for mail in journey.mail.mails) == sent
    assert set(journey.mail.by_message_id.values()) == {1}


def test_what_is_still_pending_waits_for_the_end_of_quiet_hours(journey: Journey) -> None:
    pending = [line for line in journey.mails if line.state == "pending"]
    for line in pending:
        choices = journey.oracle.books[line.address].choices
        hour = journey.end.astimezone(local_zone(choices.timezone)).hour
        start, end = choices.quiet or (0, 0)
        is_quiet = start <= hour < end if start <= end else hour >= start or hour < end
        assert is_quiet or (line.kind == "alert" and not 7 <= hour < 22), (line.kind, hour, choices.quiet)
    assert journey.counts["mails"].get("pending", 0) == len(pending)


def test_every_mail_is_valid_and_has_text_and_html(journey: Journey) -> None:
    assert len(journey.mail.mails) > 100
    for taken in journey.mail.mails:
        message = taken.message
        parts = [message, *message.walk()]
        assert [defect for part in parts for defect in part.defects] == []
        assert [defect for header in message.values() for defect in getattr(header, "defects", ())] == []
        text, html = message.get_body(("plain",)), message.get_body(("html",))
        assert text is not None
        assert html is not None
        assert len(text.get_content()) > 200
        assert "<html" in html.get_content()
        assert message["To"].addresses[0].addr_spec == taken.recipient


def test_a_second_run_at_the_same_moment_sends_nothing(journey: Journey) -> None:
    assert journey.taken_again == 0
    assert journey.again["publish"] == type(journey.again["publish"])()
    assert journey.again["send"].claimed == 0


def test_counts_reconcile_from_entries_to_mails(journey: Journey) -> None:
    counts, polled = journey.counts, [each["poll"] for each in journey.outcomes]
    entries, assessed = journey.entries, [each["assess"] for each in journey.outcomes]
    assert counts["entries"]["stored"] == len(entries) == sum(each.new + each.baseline for each in polled)
    assert counts["entries"]["waiting"] == 0
    relevant = [entry for entry in entries if entry.story]
    assert counts["impacts"]["entries_with_impact"] == sum(entry.assessment is not None for entry in entries)
    assert counts["stories"]["reports"] == len(relevant)
    assert counts["stories"]["stories"] == len({entry.story for entry in relevant}) == sum(each.new_stories for each in assessed)
    assert counts["stories"]["material_updates"] == len(journey.world.updates) == sum(each.updates for each in assessed)
    assert counts["stories"]["unpublished"] == 0
    digests = [line.digest for line in journey.mails if line.digest]
    assert counts["picks"]["picks"] == sum(len(digest.updates) for digest in digests)
    assert counts["picks"]["updates_told"] == len({number for digest in digests for number in digest.updates})
    assert sum(counts["mails_by_kind"].values()) == len(journey.mails) == sum(len(each) for each in journey.made)
    assert counts["mails"]["sent"] == len(journey.mail.mails)


def test_status_shows_the_same_numbers(journey: Journey) -> None:
    command = [sys.executable, "-m", "alerts", "--home", str(journey.home.path), "status", "--json", "--now", journey.end.isoformat()]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ALERTS_")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    for group in ("entries", "impacts", "stories", "subscribers", "digests", "picks", "mails", "mails_by_kind"):
        expected = json.loads(json.dumps(journey.counts[group], default=str))
        assert {name: shown[group].get(name) for name in expected} == expected, group
