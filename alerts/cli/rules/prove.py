"""`alerts rules test`: the tests that stand in the configuration."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from alerts.cli.rules.options import Config, Json, load_set
from alerts.errors import AlertsError
from alerts.rules.cases import run_tests, untested

if TYPE_CHECKING:
    from alerts.cli.session import Session


def prove(
    context: typer.Context,
    rule: Annotated[str | None, typer.Argument(help="Test this rule alone.")] = None,
    config: Config = None,
    as_json: Json = False,
    coverage: Annotated[bool, typer.Option(help="Name the rules without a text to match or to ignore.")] = False,
) -> None:
    """Run the tests inside the rules and in config/tests/; exit 1 if one fails."""
    session: Session = context.obj
    rules = load_set(context, config)
    if rule and rules.rule(rule) is None:
        raise AlertsError(f"no rule {rule!r}")
    outcomes = list(run_tests(rules, only=rule or ""))
    failed = [outcome for outcome in outcomes if not outcome.passed]
    if as_json:
        typer.echo(json.dumps({"run": len(outcomes), "failed": [asdict(outcome) for outcome in failed]}, ensure_ascii=False))
    else:
        for outcome in failed:
            session.out.print(f"{outcome.place}: [bold]{outcome.subject}[/bold]", highlight=False)
            session.out.print(f"    {escape(outcome.text)}\n    {escape(outcome.reason)}", highlight=False, soft_wrap=True)
        if coverage:
            for each in untested(rules):
                session.out.print(f"{each.place}: {each.id} lacks a text to match or to ignore", highlight=False)
        session.out.print(f"{len(outcomes)} tests, {len(failed)} failed", highlight=False)
    if failed:
        raise typer.Exit(1)
