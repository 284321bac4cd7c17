"""`alerts rules schema`: JSON Schema of every kind of configuration file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alerts.errors import UsageError

if TYPE_CHECKING:
    from alerts.cli.session import Session


def schema(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="A kind of file, such as rules, lexicon, feeds or silences.")] = None,
    directory: Annotated[Path | None, typer.Option(help="Write all schemas here, as NAME.schema.json.")] = None,
) -> None:
    """Print the JSON Schema of a kind of file, for editors that complete and check."""
    from alerts.schemas import FILES, schema_of, write_schemas

    session: Session = context.obj
    if name is not None and name not in FILES:
        raise UsageError(f"no schema {name!r}; known are {', '.join(FILES)}")
    if directory is not None:
        names = [name] if name else list(FILES)
        changed = write_schemas(directory, names)
        session.out.print(f"{len(changed)} of {len(names)} schemas written to {directory}, the others are current", highlight=False)
        return
    wanted = {each: schema_of(each) for each in FILES} if name is None else schema_of(name)
    typer.echo(json.dumps(wanted, indent=2, ensure_ascii=False))
