"""Know a database that was brought back from a backup, and send nothing again.

What was sent since the backup is not in such a database. Only the home remembers how far the service had got: in `epoch.json`, written with
every sign of life. If the database is behind it, all that was due by that moment counts as told, and the operator hears of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from alerts.jobs.context import Context
from alerts.store import notices, stories
from alerts.store.db import exclusive
from alerts.store.facts import TICK_FACT, load_fact, save_fact
from alerts.store.restored import take_as_told

EPOCH_FILE = "epoch.json"
LAG = timedelta(minutes=10)
"""The file is written right after the database; ten minutes between them are no accident of a crash."""
_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Epoch:
    """How far the service had got: the moment of a sign of life, and the number of the last update of a story."""

    at: datetime
    updates: int


def note_tick(context: Context) -> None:
    """Put on record that the service is alive, in the database and in the home. A restored database is known first. Raises StoreError."""
    heed_epoch(context)
    now = context.clock.now()
    with context.database.write() as connection:
        save_fact(connection, TICK_FACT, {"worker": context.worker}, at=now)
        reached = stories.last_number(connection)
    _write(context, Epoch(now, reached))


def heed_epoch(context: Context) -> bool:
    """Look whether the database is behind the home, and take as told what may have gone out; True if so. Raises StoreError."""
    epoch = _read(context)
    if epoch is None:
        return False
    with context.database.read() as connection:
        if not _is_behind(load_fact(connection, TICK_FACT), stories.last_number(connection), epoch):
            return False
    now = context.clock.now()
    with context.database.write() as connection:
        exclusive(connection, "stories")
        exclusive(connection, "digests")
        tick = load_fact(connection, TICK_FACT)
        mails, digests = take_as_told(connection, upto=epoch.at, now=now)
        save_fact(connection, TICK_FACT, {"worker": context.worker}, at=now)
        since = f"{tick[0]:%Y-%m-%d %H:%M} UTC" if tick else "before its first sign of life"
        lines = (
            f"The database ends at {since}; the service had got to {epoch.at:%Y-%m-%d %H:%M} UTC ({context.home.path / EPOCH_FILE}).",
            f"What was due by then counts as told: {mails} waiting mails and {digests} digests are not sent again.",
            "Whoever subscribed since the backup is gone, and whoever unsubscribed is back: the log names them by number.",
        )
        notices.report(connection, key="restored", subject="The database was brought back from a backup", lines=lines, now=now)
        reached = stories.last_number(connection)
    _write(context, Epoch(now, reached))
    _LOG.warning("epoch.restored", upto=epoch.at.isoformat(), mails=mails, digests=digests)
    return True


def _is_behind(tick: tuple[datetime, object] | None, updates: int, epoch: Epoch) -> bool:
    return updates < epoch.updates or tick is None or epoch.at - tick[0] > LAG


def _read(context: Context) -> Epoch | None:
    """The epoch of the home; None where there is none, or it cannot be read, for then nothing can be known."""
    try:
        stored = json.loads((context.home.path / EPOCH_FILE).read_text(encoding="utf-8"))
        return Epoch(datetime.fromisoformat(stored["at"]), int(stored["updates"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(context: Context, epoch: Epoch) -> None:
    if not context.home.path.is_dir():
        return
    file = context.home.path / EPOCH_FILE
    fresh = file.with_suffix(f".{context.worker}.tmp")
    try:
        fresh.write_text(json.dumps({"at": epoch.at.isoformat(), "updates": epoch.updates}), encoding="utf-8")
        fresh.replace(file)
    except OSError as error:
        _LOG.warning("epoch.not_written", error=str(error))
