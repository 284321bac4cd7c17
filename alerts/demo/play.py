"""Let the real jobs run over the demo's timeline, on a virtual clock, in a home of their own; then lay the mails out as files."""

from __future__ import annotations

import contextlib
import email
import email.policy
import mailbox
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

from alerts.clock import SetClock
from alerts.demo.script import Reader, Script, Stage, read_script
from alerts.errors import AlertsError
from alerts.feeds.pool import ParsePool
from alerts.jobs.assess import assess
from alerts.jobs.context import Context
from alerts.jobs.poll import poll
from alerts.jobs.publish import publish
from alerts.jobs.send import send
from alerts.resources import shipped
from alerts.rules.files import load_rules
from alerts.settings import Home, Settings
from alerts.store import subscribers
from alerts.store.db import Database
from alerts.store.ledger import EntryLine, MailLine, entry_lines, mail_lines

MARK = ".alerts-demo"
"""Lies in every folder that the demo made, so that it never replaces anything else."""
JAPAN = ZoneInfo("Asia/Tokyo")
POLL_AFTER = timedelta(minutes=5)
SEND_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it lies in the folder."""

    reader: Reader
    line: MailLine
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Played:
    """The outcome of the play."""

    script: Script
    entries: tuple[EntryLine, ...]
    mails: tuple[Mail, ...]
    folder: Path


async def play(folder: Path, progress: Callable[[datetime, int, int], None]) -> Played:
    """Play the timeline; `progress(moment, done, total)` is called on the way. Raises AlertsError if the folder is somebody else's."""
    script = read_script()
    home = _fresh(folder)
    clock = SetClock(script.starts)
    context = Context(
        settings=_settings(home),
        home=home,
        database=Database(f"sqlite:///{home.database}"),
        clock=clock,
        catalog=script.catalog,
        rules=load_rules(shipped("config")),
        worker="demo",
    )
    context.database.upgrade()
    stage = Stage(script)
    moments = list(_moments(script))
    async with httpx.AsyncClient(transport=httpx.MockTransport(stage.answer)) as client, _parsers() as pool:
        for done, moment in enumerate(moments, 1):
            clock.set(moment)
            if stage.moves_to(moment):
                await poll(context, client=client, pool=pool)
                assess(context)
            if done == 1:
                _subscribe(context, script)
            publish(context)
            await send(context)
            progress(moment.astimezone(JAPAN), done, len(moments))
    with context.database.read() as connection:
        entries, mails = tuple(entry_lines(connection)), mail_lines(connection)
    context.database.close()
    return Played(script, entries, tuple(_lay_out(folder, home, script, mails)), folder)


@contextlib.asynccontextmanager
async def _parsers() -> AsyncIterator[ParsePool]:
    pool = ParsePool(1)
    try:
        yield pool
    finally:
        pool.close()


def _moments(script: Script) -> Iterator[datetime]:
    """Every moment at which something may happen: after an entry appears, and each morning when a digest may be due."""
    mornings = []
    day = script.starts.astimezone(JAPAN).date() + timedelta(days=1)
    while (morning := datetime(day.year, day.month, day.day, 7, tzinfo=JAPAN) + SEND_AFTER) <= script.ends:
        mornings.append(morning)
        day += timedelta(days=1)
    yield from sorted({script.starts, *mornings, *(moment + POLL_AFTER for moment in script.moments[1:])})


def _subscribe(context: Context, script: Script) -> None:
    now = context.clock.now()
    with context.database.write() as connection:
        for reader in script.readers:
            subscribers.add(connection, reader.address, reader.choices, now=now, confirmed=True, consent={"how": "demo"})


def _fresh(folder: Path) -> Home:
    """Make the folder anew. Raises AlertsError if it holds anything that is not the demo's."""
    if folder.exists() and any(folder.iterdir()) if folder.is_dir() else folder.exists():
        if not (folder / MARK).exists():
            raise AlertsError(f"{folder} exists and was not made by the demo; name another folder with --to")
        shutil.rmtree(folder)
    home = Home(folder / "home")
    try:
        home.path.mkdir(parents=True)
        (folder / MARK).write_text("made by `alerts demo`, which replaces this folder\n", encoding="utf-8")
    except OSError as error:
        raise AlertsError(f"{folder} cannot be made: {error.strerror}") from error
    return home


def _settings(home: Home) -> Settings:
    return Settings.model_validate(
        {
            "secret_key": "the demo signs links that nobody serves",
            "database_url": f"sqlite:///{home.database}",
            "mail_url": f"maildir:{home.outbox}",
            "base_url": "https://alerts.example.com",
            "sender_address": "alerts@example.com",
            "postal_address": "your postal address stands here",
            "contact": "https://alerts.example.com/contact",
        }
    )


def _lay_out(folder: Path, home: Home, script: Script, lines: list[MailLine]) -> Iterator[Mail]:
    """Copy each mail out of the Maildir under a name that says what it is, with its HTML part beside it."""
    waiting = {
        reader.address: [line for line in lines if line.address == reader.address and line.state == "sent"] for reader in script.readers
    }
    letters = sorted(_letters(home.outbox), key=lambda letter: letter["Date"].datetime)
    for reader in script.readers:
        place = folder / "mails" / f"reader-{reader.name.lower()}"
        place.mkdir(parents=True)
        mine = [letter for letter in letters if reader.address in letter["To"]]
        for line, letter in zip(sorted(waiting[reader.address], key=lambda line: (line.sent_at, line.edition)), mine, strict=True):
            name = f"{letter['Date'].datetime.astimezone(JAPAN):%Y-%m-%d-%H%M}-{line.kind}"
            name = name if not (place / f"{name}.eml").exists() else f"{name}-{len(list(place.glob(f'{name}*.eml'))) + 1}"
            html = letter.get_body(("html",))
            assert html is not None, "every mail has an HTML part"
            files = (place / f"{name}.eml", place / f"{name}.html")
            files[0].write_bytes(letter.as_bytes())
            files[1].write_text(html.get_content(), encoding="utf-8")
            yield Mail(reader, line, files)


def _letters(outbox: Path) -> Iterator[EmailMessage]:
    for key in (box := mailbox.Maildir(outbox, create=False)).keys():  # noqa: SIM118 - a Maildir is no dict
        letter = email.message_from_bytes(box.get_bytes(key), policy=email.policy.default)
        assert isinstance(letter, EmailMessage)
        yield letter
