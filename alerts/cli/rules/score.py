"""`alerts rules score`: the rules against an editor's labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from alerts.cli.rules.options import Config, Host, Json, load_lines, load_set
from alerts.errors import AlertsError
from alerts.rules.evaluate import assess
from alerts.rules.score import Judged, score_types, wrong
from alerts.rules.score import score as score_all

if TYPE_CHECKING:
    from alerts.cli.session import Session


def score(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSON Lines as for match, each with labels.", exists=True, dir_okay=False)],
    *,
    config: Config = None,
    as_json: Json = False,
    misses: Annotated[bool, typer.Option(help="List the entries that the rules got wrong.")] = False,
    host: Host = "JPN",
) -> None:
    """Compare the rules with an editor's labels: precision, recall and F1."""
    session: Session = context.obj
    rules = load_set(context, config)
    labels = _labels(file)
    judged = [
        Judged(entry, labels[entry.id], assess(rules, entry, host=host))
        for entry in load_lines(context, file, config)
        if entry.id in labels
    ]
    figures = {name: one.figures() for name, one in score_all(judged).items()}
    types = {name: count.figures() for name, count in score_types(judged).items()}
    if as_json:
        wrongs = [{"id": each.entry.id, "wanted": sorted(each.wanted), "found": sorted(each.types)} for each in wrong(judged)]
        typer.echo(json.dumps({"scores": figures, "types": types, "wrong": wrongs}, ensure_ascii=False))
        return
    table = Table("", "entries", "relevant", "development", "sectors at watch or above", "level exact", "within one")
    for name, row in figures.items():
        f1 = [
            f"{row[key]['f1']:.3f} (p {row[key]['p']:.2f} r {row[key]['r']:.2f})" for key in ("relevant", "development", "sectors_watch_up")
        ]
        table.add_row(name, str(row["entries"]), *f1, str(row["level_exact"]), str(row["level_within_one"]))
    session.out.print(table)
    by_type = Table("development", "precision", "recall", "F1")
    for name, row in types.items():
        by_type.add_row(name, *(f"{row[key]:.2f}" for key in ("p", "r", "f1")))
    session.out.print(by_type)
    for each in wrong(judged) if misses else ():
        missed, extra = sorted(each.wanted - each.types), sorted(each.types - each.wanted)
        session.out.print(f"{escape(each.entry.title)}  missed: {missed}  extra: {extra}", highlight=False, soft_wrap=True)


def _labels(file: Path) -> dict[str, dict[str, Any]]:
    labels: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8-sig").split("\n"), 1):
        if line.strip():
            try:
                row = json.loads(line)
                labels[str(row["id"])] = row["labels"]
            except (json.JSONDecodeError, KeyError, TypeError):
                raise AlertsError(f"{file}:{number}: a labelled entry is an object with id, title and labels") from None
    return labels
