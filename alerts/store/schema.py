# ruff: noqa: PLC0415 - Alembic is slow to load and seldom needed
"""The migrations, used from the program: one set for both databases."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from alerts.errors import StoreError

if TYPE_CHECKING:
    from alembic.config import Config

_VERSIONS = "alembic_version"


def revision(connection: Connection) -> str | None:
    """Return the revision of a database, or None if it is empty."""
    if not inspect(connection).has_table(_VERSIONS):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {_VERSIONS}")).scalar()  # noqa: S608 - a constant
    return None if found is None else str(found)


def head() -> str:
    """Return the newest revision that ships."""
    return known()[-1]


def known() -> list[str]:
    """Return every revision that ships, oldest first: the history is a line, and the names of its files begin with its numbers."""
    versions = files("alerts.store") / "migrations" / "versions"
    return sorted(file.name.partition("_")[0] for file in versions.iterdir() if file.name.endswith(".py") and file.name[0].isdigit())


def upgrade(connection: Connection, target: str) -> None:
    """Apply the migrations up to `target` (`head`: all) in the caller's transaction. Raises StoreError."""
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(_config(connection), target)
    except CommandError as error:
        raise StoreError(str(error)) from error


def downgrade(connection: Connection, target: str) -> None:
    """Undo the migrations down to `target` (`base`: all) in the caller's transaction. Raises StoreError."""
    from alembic import command
    from alembic.util import CommandError

    try:
        command.downgrade(_config(connection), target)
    except CommandError as error:
        raise StoreError(str(error)) from error


def differences(connection: Connection) -> list[str]:
    """Say in what the database differs from `tables.py` and `service_tables.py`: what a migration would have to do, a line each."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from sqlmodel import SQLModel

    from alerts.store import service_tables, silence_tables, tables

    assert tables.SubscriberRow.metadata is silence_tables.SilenceRow.metadata is service_tables.FactRow.metadata is SQLModel.metadata
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return [str(difference) for difference in compare_metadata(context, SQLModel.metadata)]


def _config(connection: Connection | None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "alerts.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
