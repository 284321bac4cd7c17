"""A copy of the database while the service goes on: SQLite's own backup, which sees one consistent state."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from alerts.errors import AlertsError, StoreError
from alerts.store.db import Database
from alerts.store.engine import told


def back_up(database: Database, file: Path) -> int:
    """Copy the database into a new file that only we may read, check the copy, and return its size in bytes.

    The copy appears under its name when it is whole. Raises AlertsError if the file is there or cannot be written, StoreError on
    PostgreSQL, which has tools of its own for it, and if the copy is not as it should be.
    """
    if not database.is_sqlite:
        raise StoreError(f"PostgreSQL is backed up with its own tools: pg_dump --format=custom --file={file} DATABASE")
    if file.exists():
        raise AlertsError(f"{file} is there already; a backup overwrites nothing")
    part = file.with_name(f".{file.name}.part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        _copy(database, part)
        part.rename(file)
    except OSError as error:
        raise AlertsError(f"{file} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return file.stat().st_size


def _copy(database: Database, part: Path) -> None:
    with told():
        source = database.engine.raw_connection()
        try:
            target = sqlite3.connect(part)
            try:
                driver = source.driver_connection
                assert isinstance(driver, sqlite3.Connection)
                # In one step: beside a write-ahead log nobody waits for a reader, and a copy in steps would begin anew at every write.
                driver.backup(target)
                target.execute("PRAGMA journal_mode=DELETE")
                damage = [str(line) for (line,) in target.execute("PRAGMA quick_check")]
            finally:
                target.close()
        finally:
            source.close()
    if damage != ["ok"]:
        raise StoreError(f"the copy is damaged, as the database may be: {damage[0]}; try: alerts db check")
