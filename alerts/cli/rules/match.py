"""`alerts rules match`: what the rules find in every line of a file."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer
from rich.markup import escape

from alerts.cli.rules.options import Config, Host, Json, Lines, load_host, load_lines, load_set
from alerts.rules.assessment import Assessment
from alerts.rules.evaluate import assess

if TYPE_CHECKING:
    from alerts.cli.session import Session


def match(context: typer.Context, file: Lines, config: Config = None, as_json: Json = False, host: Host = None) -> None:
    """Say what the rules find in every line of a file."""
    session: Session = context.obj
    rules = load_set(context, config)
    country = load_host(context, rules, host)
    for entry in load_lines(context, file, config):
        assessment = assess(rules, entry, host=country)
        if as_json:
            typer.echo(json.dumps(as_row(assessment), ensure_ascii=False))
        elif assessment.relevant:
            types = ", ".join(f"{each.type} ({each.stage})" for each in assessment.developments)
            levels = "  ".join(f"{impact.sector} {impact.level.name}" for impact in assessment.impacts)
            session.out.print(f"[bold]{escape(entry.title)}[/bold]\n  {types}\n  {levels}", highlight=False)


def as_row(assessment: Assessment) -> dict[str, Any]:
    """Return the line that `rules match --json` prints for an entry."""
    evidence = dict.fromkeys(each for development in assessment.developments for each in development.evidence)
    return {
        "id": assessment.entry,
        "developments": [
            {"type": each.type, "stage": each.stage, "polarity": each.polarity, "actors": list(each.actors), "rule": each.rule}
            for each in assessment.developments
        ],
        "sectors": {impact.sector: impact.level.name for impact in assessment.impacts},
        "evidence": [asdict(each) for each in evidence],
    }
