"""What the machine gives: room on the disk, the right time, a database in order."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
from sqlalchemy import text

from alerts.doctor.finding import Finding, fine, problem, skipped, warning
from alerts.errors import AlertsError
from alerts.store.db import Database

FEW_BYTES = 500_000_000
SKEW = timedelta(seconds=60)
"""Links, leases and DKIM signatures are dated; a minute is what receivers put up with."""


def examine_disk(home: Path) -> Iterator[Finding]:
    """Look at the disk that the home is on."""
    free = shutil.disk_usage(home).free
    told = f"{free / 1e9:.1f} GB are free at {home}"
    if free < FEW_BYTES:
        yield problem("disk", told, "make room, or move the home; a full disk stops every job")
    else:
        yield fine("disk", told)


def examine_clock(now: datetime, url: str) -> Iterator[Finding]:
    """Compare the clock with the `Date` that a web server sends."""
    try:
        answer = httpx.head(url, timeout=10, follow_redirects=True)
        theirs = parsedate_to_datetime(answer.headers["date"]).astimezone(UTC)
    except (httpx.HTTPError, KeyError, ValueError):
        yield skipped("clock", f"{url} tells no time to compare with", "run this where there is a network")
        return
    skew = abs(now - theirs)
    if skew > SKEW:
        yield problem(
            "clock", f"it differs by {int(skew.total_seconds())} s from that of {httpx.URL(url).host}", "let the machine keep time by NTP"
        )
    else:
        yield fine("clock", f"it agrees with that of {httpx.URL(url).host}")


def examine_database(database: Database) -> Iterator[Finding]:
    """Look whether the database opens, is of this version, is whole and can be written."""
    try:
        differences = database.problems()
        with database.write() as connection:
            connection.execute(text("CREATE TEMPORARY TABLE doctor_probe (n INTEGER)"))
            connection.execute(text("DROP TABLE doctor_probe"))
        whole = "ok"
        if database.is_sqlite:
            with database.read() as connection:
                whole = str(connection.execute(text("PRAGMA quick_check(1)")).scalar())
    except AlertsError as error:
        yield problem("database", str(error), "see that the file or server is there, and that this user may write to it")
        return
    if whole != "ok":
        yield problem("database", f"the file is damaged: {whole}", "stop the service and take back the last backup")
    elif differences:
        yield problem("database", differences[0], "run: alerts db upgrade")
    else:
        kind = "SQLite" if database.is_sqlite else "PostgreSQL"
        yield fine("database", f"{kind} at revision {database.revision()}, whole and writable")
    if database.is_sqlite and database.engine.url.database and Path(database.engine.url.database).stat().st_size > 20e9:
        yield warning("database", "the SQLite file is over 20 GB", "consider PostgreSQL: ALERTS_DATABASE_URL")
