"""Alembic's environment: the connection is the caller's, in the caller's transaction."""

from typing import Any, Literal

from alembic import context
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from alerts.store.columns import Moment


def render(kind: str, value: Any, _context: Any) -> str | Literal[False]:
    """Write column types of ours as plain SQLAlchemy, so that an old migration never depends on today's code."""
    if kind == "type" and isinstance(value, Moment):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(value, AutoString):
        return "sa.String()"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    render_item=render,
    compare_type=False,
)
context.run_migrations()
