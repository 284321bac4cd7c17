"""`alerts db`: bring the database up to date, take it back, check it, copy it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alerts.cli.session import Session
from alerts.errors import AlertsError

if TYPE_CHECKING:
    from alerts.store.db import Database

app = typer.Typer(no_args_is_help=True)


@app.command()
def upgrade(context: typer.Context) -> None:
    """Apply the migrations that are missing. `alerts run` and all other commands do it too."""
    session: Session = context.obj
    database = _database(session)
    before = database.revision()
    database.upgrade()
    after = database.revision()
    session.out.print("The database is up to date." if before == after else f"The database is now at revision {after}.", highlight=False)
    database.close()


@app.command()
def downgrade(
    context: typer.Context,
    revision: Annotated[str, typer.Argument(help="The revision to go back to; `base` takes away every table.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Undo migrations, to go back to an older version of the service. What only the newer tables hold is lost."""
    session: Session = context.obj
    if not yes:
        typer.confirm(f"Undo all migrations after {revision}? What only they hold is lost", abort=True)
    database = _database(session)
    database.downgrade(revision)
    session.out.print(f"The database is now at revision {database.revision() or 'base'}.", highlight=False)
    database.close()


@app.command()
def check(context: typer.Context) -> None:
    """Say whether the database opens, is up to date, and has the tables that this version expects."""
    session: Session = context.obj
    database = _database(session)
    problems = database.problems()
    for problem in problems:
        session.out.print(problem, highlight=False)
    database.close()
    if problems:
        raise AlertsError("the database is not as it should be; try: alerts db upgrade")
    session.out.print(f"The database is in order, at revision {database.revision()}.", highlight=False)


@app.command()
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to write the copy; must not exist.")],
) -> None:
    """Copy the database (SQLite) into a file while the service runs on, and check the copy.

    To go back to it, stop the service and put the file in the place of the database, without the -wal and -shm files beside that one.
    What was mailed since is not mailed again.
    """
    from alerts.store.backup import back_up

    session: Session = context.obj
    with session.err.status("copying"):
        size = back_up(session.stored(), file)
    session.out.print(f"{file}: {size / 1e6:.1f} MB, checked.", highlight=False, markup=False, soft_wrap=True)


def _database(session: Session) -> Database:
    """The database of the home as it is, without bringing it up to date. Raises AlertsError."""
    from alerts.store.db import Database

    session.require_home()
    return Database(session.settings().database_url)
