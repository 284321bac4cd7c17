"""Tables about the service itself: what the operator is told, addresses that must not be mailed, what came back, rule sets, small facts."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index, Text, text
from sqlmodel import Field, SQLModel

from alerts.store.columns import claim_index, document, moment
from alerts.store.tables import NUMBERS_NEVER_USED_AGAIN


class NoticeRow(SQLModel, table=True):
    """A notice to the operator. `standing` while the state that `key` names lasts: one notice per state and key."""

    __tablename__: ClassVar[str] = "notice"
    __table_args__ = (
        claim_index("notice"),
        Index("uq_notice_standing", "key", unique=True, sqlite_where=text("standing = 1"), postgresql_where=text("standing")),
        NUMBERS_NEVER_USED_AGAIN,
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str
    standing: bool = True
    subject: str = Field(sa_type=Text)
    lines: list[str] = document()
    state: str = "pending"
    """pending, deferred, sent, failed, skipped."""
    open: bool = True
    due: datetime = moment()
    worker: str | None = None
    lease_until: datetime | None = moment(nullable=True)
    attempts: int = 0
    created_at: datetime = moment()
    sent_at: datetime | None = moment(nullable=True)
    outcome: str = Field(default="", sa_type=Text)


class SuppressionRow(SQLModel, table=True):
    """An address that we must not mail, with reason and date; only a keyed hash of it is kept."""

    __tablename__: ClassVar[str] = "suppression"

    address_hash: str = Field(primary_key=True)
    reason: str
    at: datetime = moment()


class BounceRow(SQLModel, table=True):
    """A report on a mail that came back, without any address. `report_hash` is that of the message, so that it counts once."""

    __tablename__: ClassVar[str] = "bounce"
    __table_args__ = (Index("ix_bounce_at", "at"), NUMBERS_NEVER_USED_AGAIN)

    id: int | None = Field(default=None, primary_key=True)
    report_hash: str = Field(unique=True)
    kind: str
    """hard, soft, policy or complaint."""
    status: str = ""
    said: str = Field(default="", sa_type=Text)
    found_by: str
    """token, message-id or address."""
    subscriber: int = Field(foreign_key="subscriber.id", ondelete="CASCADE", index=True)
    outbox: int | None = None
    at: datetime = moment()


class RulesetRow(SQLModel, table=True):
    """A rule set that made an impact, kept so that a year later the why still has an answer."""

    __tablename__: ClassVar[str] = "ruleset"

    hash: str = Field(primary_key=True)
    first_used: datetime = moment()
    files: dict[str, Any] = document()


class FactRow(SQLModel, table=True):
    """Small facts of the running service: last tick, last alarm, rule-set in force."""

    __tablename__: ClassVar[str] = "fact"

    name: str = Field(primary_key=True)
    at: datetime = moment()
    value: dict[str, Any] = document()
