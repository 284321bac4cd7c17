"""Know a database that was brought back from a backup, and send nothing again.

What was sent since the backup is not in such a database. Only the home remembers how far the service had got: in `epoch.json`, written with
every sign of life. If the database is behind it, all that was due by that moment counts as told, and the operator hears of it.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from alerts.jobs.context import Context
from alerts.store import notices
from alerts.store.db import exclusive
from alerts.store.facts import OUTAGE_FACT, TICK_FACT, load_fact, save_fact
from alerts.store.restored import take_as_told

EPOCH_FILE = "epoch.json"
LAG = timedelta(minutes=10)
"""The file is written right after the database. A power cut may cost the database its last seconds; ten minutes are no accident."""
OUTAGE = timedelta(hours=3)
"""Away for so long, the service says of what it brings that it is late."""
CATCHING_UP = timedelta(hours=1)
"""How long after it came back what happened in the meantime may still come in."""
_LOG = structlog.get_logger(__name__)


def note_tick(context: Context) -> None:
    """Put on record that the service is alive, in the database and in the home. A restored database is known first. Raises StoreError."""
    heed_epoch(context)
    now = context.clock.now()
    with context.database.write() as connection:
        save_fact(connection, TICK_FACT, {"worker": context.worker}, at=now)
    _write(context, now)


def heed_epoch(context: Context) -> bool:
    """Look whether the database is behind the home, and take as told what may have gone out; True if so. Raises StoreError."""
    epoch, now = _read(context), context.clock.now()
    if epoch is None or epoch > now + LAG:  # a file of a clock that was ahead says nothing
        return False
    with context.database.read() as connection:
        tick = load_fact(connection, TICK_FACT)
    if tick is not None and now - tick[0] > OUTAGE:
        with context.database.write() as connection:
            save_fact(connection, OUTAGE_FACT, {"since": tick[0].isoformat()}, at=now)
    if tick is not None and epoch - tick[0] <= LAG:
        return False
    with context.database.write() as connection:
        exclusive(connection, "stories")
        exclusive(connection, "digests")
        mails, digests = take_as_told(connection, upto=epoch, now=now)
        save_fact(connection, TICK_FACT, {"worker": context.worker}, at=now)
        ends = f"ends at {tick[0]:%Y-%m-%d %H:%M} UTC" if tick else "is new or older than the first run"
        lines = (
            f"The database {ends}; the service had got to {epoch:%Y-%m-%d %H:%M} UTC ({context.home.path / EPOCH_FILE}).",
            f"What was due by then counts as told: {mails} waiting mails and {digests} digests are not sent again.",
            "Whoever subscribed since the backup is gone, and whoever unsubscribed is back: the log names them by number.",
        )
        notices.report(connection, key="restored", subject="The database was brought back from a backup", lines=lines, now=now)
    _write(context, now)
    _LOG.warning("epoch.restored", upto=epoch.isoformat(), mails=mails, digests=digests)
    return True


def back_since(connection: Connection, now: datetime) -> datetime | None:
    """Return when the service came back from an outage that it is still catching up on, or None."""
    found = load_fact(connection, OUTAGE_FACT)
    return found[0] if found is not None and now - found[0] < CATCHING_UP else None


def _read(context: Context) -> datetime | None:
    """The last sign of life that the home knows of; None where there is none, or it cannot be read, for then nothing can be known."""
    try:
        return datetime.fromisoformat(json.loads((context.home.path / EPOCH_FILE).read_text(encoding="utf-8"))["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(context: Context, at: datetime) -> None:
    if not context.home.path.is_dir():
        return
    file = context.home.path / EPOCH_FILE
    fresh = file.with_suffix(f".{context.worker}.tmp")
    try:
        fresh.write_text(json.dumps({"at": at.isoformat()}), encoding="utf-8")
        fresh.replace(file)
    except OSError as error:
        _LOG.warning("epoch.not_written", error=str(error))
