"""The tables of silences: what is muted, and what that met. See `tables.py` for the others."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from alerts.store.columns import document, moment


class SilenceRow(SQLModel, table=True):
    """A silence that is or was in force, by command or in silences.yaml (`origin`); kept, so that what was silenced has an answer."""

    __tablename__: ClassVar[str] = "silence"

    id: str = Field(primary_key=True)
    origin: str
    """command or file."""
    made: datetime = moment()
    ended: datetime | None = moment(nullable=True)
    judged: int = 0
    """The number of the last story update that it was held against."""
    content: dict[str, Any] = document()


class SilencedRow(SQLModel, table=True):
    """A story update that a silence met. `whole`: nobody was told of it; else it was told without what is muted. `told`: made up for."""

    __tablename__: ClassVar[str] = "silenced"
    __table_args__ = (Index("ix_silenced_update", "update_number"),)

    silence: str = Field(primary_key=True, foreign_key="silence.id", ondelete="CASCADE")
    update_number: int = Field(primary_key=True, foreign_key="story_update.number", ondelete="CASCADE")
    at: datetime = moment()
    whole: bool
    told: datetime | None = moment(nullable=True)
