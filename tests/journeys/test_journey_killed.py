"""`kill -9` at ten random moments of a journey, each time started anew: nothing is lost, and only what was in flight may go twice."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from journey_feeds import FeedServer, recordings
from journey_mail import MailServer
from journey_process import PLACE
from journey_readers import subscribe

from alerts.rules.levels import Level
from alerts.settings import Home
from alerts.store import outbox, stories, subscribers
from alerts.store.alerting import GATHERED
from alerts.store.db import Database
from alerts.store.ledger import mail_lines
from alerts.store.recall import OVERTAKEN

PROCESS = Path(__file__).with_name("journey_process.py")
START = datetime(2026, 10, 31, tzinfo=UTC)
HOURS, FEEDS, READERS, KILLS, CONNECTIONS = 54, 32, 20, 10, 4
PATIENCE = 0.8


@dataclass
class Executioner:
    """Kills the armed process when it has made so many visits, sent so many mails, or lived for so long."""

    count: int = 0
    left: int = 0
    victim: subprocess.Popen[str] | None = None
    kills: Counter[str] = field(default_factory=Counter)
    what: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(self, victim: subprocess.Popen[str], what: str, after: float) -> None:
        with self.lock:
            self.victim, self.what, self.left = victim, what, int(after) if what != "moment" else -1
        # Where little is left to visit or send, time decides, so that there always are ten kills.
        timer = threading.Timer(after if what == "moment" else PATIENCE, self.strike, (victim,))
        timer.daemon = True
        timer.start()

    def saw(self, what: str) -> None:
        """A visit or a mail: called by the servers before they answer a mail, after they answered a visit."""
        with self.lock:
            if self.victim is None or self.what != what:
                return
            self.left -= 1
            due, victim = self.left <= 0, self.victim
        if due:
            self.strike(victim)

    def strike(self, victim: subprocess.Popen[str]) -> None:
        with self.lock:
            if self.victim is not victim or victim.poll() is not None:
                return
            victim.kill()
            self.victim = None
            self.kills[self.what] += 1


def test_ten_kills_lose_nothing_and_repeat_at_most_what_was_in_flight(
    recorded: Path, database: Database, new_home: Callable[..., Home], capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("ALERTS_TEST_SEED", "") or random.randrange(10**6))
    dice = random.Random(seed)
    reaper = Executioner()
    place: list[Path] = []

    def age() -> timedelta:
        with contextlib.suppress(OSError, ValueError, IndexError):
            return timedelta(hours=int(place[0].read_text()))
        return timedelta()

    feeds = FeedServer(recordings(recorded, FEEDS), age, asked=lambda: reaper.saw("visit"))
    mail = MailServer(took=lambda: reaper.saw("mail"))
    with feeds.serving(), mail.serving():
        url = database.engine.url.render_as_string(hide_password=False)
        home = new_home(feeds, mail, poll_minutes=240, database_url=url, send_connections=CONNECTIONS, parse_workers=1)
        place.append(home.path / PLACE)
        subscribe(database, READERS, START)
        begun = time.perf_counter()
        in_doubt: list[int] = []

        def note_what_is_in_doubt() -> None:
            """Mails that the server took and of which no row says so yet: they, and no others, may go twice."""
            time.sleep(0.2)  # the server may still be reading what was sent before the kill
            with database.read() as connection:
                in_doubt.append(len(mail.by_message_id) - outbox.counts(connection, now=START)["sent"])

        starts = _run_to_the_end(home, reaper, dice, note_what_is_in_doubt)
        seconds = time.perf_counter() - begun
    left = _processes_of(home)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    end = START + timedelta(hours=HOURS)
    with database.read() as connection:
        lines = mail_lines(connection)
        people = {person.address: person for person in subscribers.listing(connection)}
        last = stories.last_number(connection)
        updates = stories.material_updates(connection, after=0, upto=last)
    taken = mail.by_message_id
    sent = [line for line in lines if line.state == "sent"]
    lost, twice = len(sent) - len(taken), taken.total() - len(taken)
    told = Counter((line.address, number) for line in lines if line.digest for number in line.digest.updates)
    # A gathered mail that waits is replaced by one that tells the same and more. Whatever else is overtaken is not told again.
    replaced = {
        (line.address, number)
        for line in lines
        if line.digest and line.state == "skipped" and line.edition.startswith(f"{GATHERED}:")
        for number in line.digest.updates
    }
    mailed = Counter((line.address, number) for line in lines if line.digest and line.state != "skipped" for number in line.digest.updates)
    with capsys.disabled():
        print(
            f"\nkill -9 on {database.engine.dialect.name}, seed {seed}: {reaper.kills.total()} kills {dict(reaper.kills)}, {starts} starts, "
            f"{len(updates)} updates, {len(sent)} mails sent, lost {lost}, twice {twice}, in doubt at each kill {in_doubt}, processes left {len(left)}, {seconds:.0f} s"
        )
    assert reaper.kills.total() == KILLS
    assert lost == 0
    assert len(in_doubt) == KILLS
    assert min(in_doubt) >= 0, "a row says sent and the server never saw the mail"
    assert 0 <= twice <= sum(in_doubt)
    assert twice <= KILLS * CONNECTIONS
    first = {str(each.message["Message-ID"]): (each.recipient, str(each.message["Subject"])) for each in mail.mails}
    assert Counter(first.values()) == Counter((line.address, line.digest.subject) for line in sent if line.digest)
    assert {line.state for line in lines} <= {"sent", "pending", "skipped"}
    assert {line.outcome for line in lines if line.state == "skipped"} <= {OVERTAKEN}  # what it told counts as told by the newer alert
    assert {line.kind for line in lines if line.state == "pending"} <= {"alert"}
    assert [pair for pair, times in told.items() if times > 1 and pair not in replaced] == []
    assert [pair for pair in replaced if mailed[pair] != 1] == []
    assert set(Counter((line.address, line.edition) for line in lines).values()) == {1}
    # Readers who asked for every sector from info must have heard of every update that had a level, up to their last digest.
    everything = {
        address: person for address, person in people.items() if not person.choices.countries and _follows_all(person.choices.sectors)
    }
    assert len(everything) >= 5
    for address, person in everything.items():
        upto = last if person.due is None else person.seen
        owed = {update.number for update in updates if update.level >= Level.info and update.number <= upto}
        assert owed - {number for who, number in told if who == address} == set()
    assert [person.address for person in people.values() if person.due is not None and person.due <= end] == []
    assert len(updates) > 0
    assert len(sent) > READERS
    assert left == []


def _follows_all(sectors: tuple[tuple[str, Level], ...]) -> bool:
    return len(sectors) == 10 and {level for _, level in sectors} == {Level.info}


def _run_to_the_end(home: Home, reaper: Executioner, dice: random.Random, killed: Callable[[], None]) -> int:
    """Start the service until it reaches the end, killing it the first ten times; return how often it was started."""
    for start in range(1, KILLS + 12):
        with subprocess.Popen(_command(home), stdout=subprocess.PIPE, text=True, env=_environment(home)) as service:
            assert service.stdout is not None
            assert service.stdout.readline() == "ready\n"
            if reaper.kills.total() < KILLS:
                what = dice.choice(("visit", "mail", "moment"))
                reaper.arm(service, what, {"visit": dice.randint(1, 20), "mail": dice.randint(1, 12), "moment": dice.uniform(0, PATIENCE)}[what])
            code = service.wait(500)
        if code == 0:
            return start
        assert code == -signal.SIGKILL
        killed()
    raise AssertionError("the service did not reach the end")


def _command(home: Home) -> list[str]:
    return [sys.executable, str(PROCESS), str(home.path), START.isoformat(), str(HOURS)]


def _environment(home: Home) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ALERTS_")}
    return kept | {"PYTHONPATH": str(PROCESS.parents[2]), "JOURNEY": str(home.path)}


def _processes_of(home: Home) -> list[int]:
    """Return the processes that the killed services left behind, after they had some seconds to notice."""
    mark = f"JOURNEY={home.path}".encode()
    for _ in range(100):
        found = []
        for place in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if mark in place.read_bytes().split(b"\0"):
                    found.append(int(place.parent.name))
        if not found:
            return []
        time.sleep(0.1)
    return found
