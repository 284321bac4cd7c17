"""`alerts rules schema`: JSON Schema of every kind of configuration file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alerts.errors import AlertsError
from alerts.rules.jsonschema import FILES, schema_of

if TYPE_CHECKING:
    from alerts.cli.session import Session


def schema(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help=f"One of {', '.join(FILES)}.")] = None,
    directory: Annotated[Path | None, typer.Option(help="Write all schemas here, as NAME.schema.json.")] = None,
) -> None:
    """Print the JSON Schema of a kind of file, for editors that complete and check."""
    session: Session = context.obj
    if name is not None and name not in FILES:
        raise AlertsError(f"no schema {name!r}; known are {', '.join(FILES)}")
    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
        for each in [name] if name else FILES:
            (directory / f"{each}.schema.json").write_text(
                json.dumps(schema_of(each), indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
            )
        session.out.print(f"wrote {len([name] if name else FILES)} schemas to {directory}", highlight=False)
        return
    wanted = {each: schema_of(each) for each in FILES} if name is None else schema_of(name)
    typer.echo(json.dumps(wanted, indent=2, ensure_ascii=False))
