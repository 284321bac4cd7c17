"""Small facts of the running service, by name: last tick, configuration in force, last alarm."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from alerts.store.leases import table_of
from alerts.store.service_tables import FactRow
from alerts.store.upsert import upsert

CONFIGURATION = "configuration"
"""Which rule set is in force, and what is wrong with the directory."""
LAST_GOOD = "last good"
"""Feeds and silences to go on with after a restart on a broken directory: for the service alone."""
OUTAGE_FACT = "outage"
"""When a daemon came back that had been away for long, and since when it was."""
TICK_FACT = "tick"
"""When a daemon last looked for work."""
TALLY_FACT = "sender_tally"
"""How the last mails went: for the sender alone."""
UNKNOWN_FACT = "bounces_unknown"
"""Which messages of the bounce mailbox were not understood: for its reader alone."""
VERDICTS_FACT = "feeds"
"""How many feeds are fine, failing, dead and so on, when they were last looked over."""

_FACT = table_of(FactRow)


def save_fact(connection: Connection, name: str, value: dict[str, Any], *, at: datetime) -> None:
    """Put a fact in the place of the one of that name."""
    row = {"name": name, "at": at, "value": value}
    statement = upsert(connection, _FACT).values(row)  # in one statement: two nodes may put the same fact on record at once
    connection.execute(statement.on_conflict_do_update(index_elements=[_FACT.c.name], set_={"at": at, "value": value}))


def load_fact(connection: Connection, name: str) -> tuple[datetime, dict[str, Any]] | None:
    """Return when a fact was put on record and what it says, or None."""
    row = connection.execute(select(_FACT.c.at, _FACT.c.value).where(_FACT.c.name == name)).one_or_none()
    return None if row is None else (row.at, row.value)


def load_facts(connection: Connection) -> dict[str, tuple[datetime, dict[str, Any]]]:
    """Return all facts by name that people read."""
    rows = connection.execute(select(_FACT).where(_FACT.c.name.not_in((LAST_GOOD, TALLY_FACT, UNKNOWN_FACT))).order_by(_FACT.c.name))
    return {row.name: (row.at, row.value) for row in rows}
