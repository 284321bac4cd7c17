"""`alerts rules show`: a rule set that once decided, as its files were then."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from alerts.errors import AlertsError

if TYPE_CHECKING:
    from alerts.cli.session import Session


def show(
    context: typer.Context,
    ruleset: Annotated[str | None, typer.Argument(metavar="[HASH]", help="Hash of a rule set, or its beginning; none: list them.")] = None,
    file: Annotated[str | None, typer.Option(help="Print this file of it, such as rules/trade.yaml.")] = None,
    directory: Annotated[Path | None, typer.Option(help="Write all its files here, to explain and backtest with --config.")] = None,
) -> None:
    """Show the rule sets that made impacts and digests: a year later, "why did X get Y" still has an answer."""
    from alerts.store import rulesets

    session: Session = context.obj
    with session.stored().read() as connection:
        known = rulesets.list_rulesets(connection)
        if ruleset is None:
            table = Table("hash", "first used (UTC)", "impacts", "digests")
            for each in known:
                table.add_row(each.hash, f"{each.first_used:%Y-%m-%d %H:%M}", str(each.impacts), str(each.digests))
            session.out.print(table)
            return
        found = [each.hash for each in known if each.hash.startswith(ruleset)]
        if len(found) != 1:
            raise AlertsError(f"{'no rule set' if not found else 'several rule sets'} {ruleset!r}; `alerts rules show` lists them")
        texts = rulesets.load_ruleset(connection, found[0]) or {}
    if file is not None:
        if file not in texts:
            raise AlertsError(f"{found[0]} has no file {file!r}; it has {', '.join(texts)}")
        typer.echo(texts[file], nl=False)
    elif directory is not None:
        for name, text in texts.items():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).write_text(text, encoding="utf-8")
        session.out.print(f"wrote {len(texts)} files of {found[0]} to {directory}", highlight=False)
    else:
        for name, text in texts.items():
            session.out.print(f"{name}  {text.count(chr(10))} lines", highlight=False)
        session.out.print("--file NAME prints one, --directory DIR writes all of them", highlight=False)
