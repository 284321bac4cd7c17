"""The rule sets that made impacts: kept whole, so that a year later the why still has an answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, insert, select

from alerts.store.leases import table_of
from alerts.store.service_tables import RulesetRow

_RULESET = table_of(RulesetRow)


def keep_ruleset(connection: Connection, hash_: str, files: Mapping[str, str], *, now: datetime) -> bool:
    """Keep the texts of a rule set under its hash; False if it is kept already."""
    if connection.scalar(select(_RULESET.c.hash).where(_RULESET.c.hash == hash_)) is not None:
        return False
    connection.execute(insert(_RULESET), {"hash": hash_, "first_used": now, "files": dict(files)})
    return True


def load_ruleset(connection: Connection, hash_: str) -> dict[str, str] | None:
    """Return the texts of a rule set by file name, or None if it is not known."""
    return connection.scalar(select(_RULESET.c.files).where(_RULESET.c.hash == hash_))


def newest_ruleset(connection: Connection) -> tuple[str, dict[str, str]] | None:
    """Return hash and texts of the rule set that was first used last, or None."""
    row = connection.execute(select(_RULESET.c.hash, _RULESET.c.files).order_by(_RULESET.c.first_used.desc()).limit(1)).one_or_none()
    return None if row is None else (row.hash, row.files)
