"""The rule sets that made impacts: kept whole, so that a year later the why still has an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from alerts.store.leases import table_of
from alerts.store.service_tables import RulesetRow
from alerts.store.tables import AssessmentRow, DigestRow
from alerts.store.upsert import upsert

_RULESET, _ASSESSMENT, _DIGEST = table_of(RulesetRow), table_of(AssessmentRow), table_of(DigestRow)


@dataclass(frozen=True, slots=True)
class KeptRuleset:
    """A rule set on record, and how many assessments and digests still rest on it."""

    hash: str
    first_used: datetime
    impacts: int
    digests: int


def keep_ruleset(connection: Connection, hash_: str, files: Mapping[str, str], *, now: datetime) -> bool:
    """Keep the texts of a rule set under its hash; False if it is kept already."""
    if connection.scalar(select(_RULESET.c.hash).where(_RULESET.c.hash == hash_)) is not None:
        return False
    row = {"hash": hash_, "first_used": now, "files": dict(files)}
    kept = upsert(connection, _RULESET).values(row).on_conflict_do_nothing().returning(_RULESET.c.hash)
    return connection.scalar(kept) is not None


def load_ruleset(connection: Connection, hash_: str) -> dict[str, str] | None:
    """Return the texts of a rule set by file name, or None if it is not known."""
    return connection.scalar(select(_RULESET.c.files).where(_RULESET.c.hash == hash_))


def list_rulesets(connection: Connection) -> list[KeptRuleset]:
    """Return every rule set on record, the one first used last first."""
    impacts = select(func.count()).where(_ASSESSMENT.c.ruleset == _RULESET.c.hash).correlate(_RULESET).scalar_subquery()
    digests = select(func.count()).where(_DIGEST.c.ruleset == _RULESET.c.hash).correlate(_RULESET).scalar_subquery()
    rows = connection.execute(select(_RULESET.c.hash, _RULESET.c.first_used, impacts, digests).order_by(_RULESET.c.first_used.desc()))
    return [KeptRuleset(*row) for row in rows]
