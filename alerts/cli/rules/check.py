"""`alerts rules check`: every mistake of every file, then what is valid but unwise."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from alerts.cli.rules.options import Config, Json, load_set
from alerts.errors import AlertsError, ConfigError, UsageError
from alerts.rules.compile import RuleSet
from alerts.rules.lint import CODES, Finding, lint

if TYPE_CHECKING:
    from alerts.cli.session import Session


def check(
    context: typer.Context,
    config: Config = None,
    as_json: Json = False,
    fail_on: Annotated[str, typer.Option(help="Exit with 1 at findings of this level: info, warning or never; for CI.")] = "never",
    explain_code: Annotated[str | None, typer.Option("--explain", help="Say what a code means, such as L03.")] = None,
) -> None:
    """Read every file and say every mistake with its place (exit 2), then what is valid but unwise (exit 1)."""
    session: Session = context.obj
    if explain_code:
        if explain_code not in CODES:
            raise AlertsError(f"no code {explain_code!r}; known are {', '.join(CODES)}")
        session.out.print(f"{explain_code} ({CODES[explain_code].level}): {CODES[explain_code].text}", highlight=False)
        return
    if fail_on not in {"info", "warning", "never"}:
        raise UsageError(f"--fail-on {fail_on}: write info, warning or never")
    try:
        rules = load_set(context, config)
    except ConfigError as error:
        if as_json:
            typer.echo(json.dumps({"problems": [asdict(problem) for problem in error.problems], "findings": []}, ensure_ascii=False))
            raise typer.Exit(2) from None
        raise
    findings = lint(rules, today=datetime.now(UTC).date())
    if as_json:
        typer.echo(json.dumps({"problems": [], "findings": [asdict(finding) for finding in findings]}, ensure_ascii=False))
    else:
        for finding in findings:
            session.out.print(
                f"{finding.place}: {finding.level} {finding.code}: {escape(finding.message)}", highlight=False, soft_wrap=True
            )
        session.out.print(f"{_size(rules)}: no mistakes, {len(findings)} finding{'' if len(findings) == 1 else 's'}", highlight=False)
    if _fails(findings, fail_on):
        raise typer.Exit(1)


def _fails(findings: list[Finding], fail_on: str) -> bool:
    return fail_on != "never" and any(fail_on == "info" or finding.level == "warning" for finding in findings)


def _size(rules: RuleSet) -> str:
    return f"{len(rules.rules)} rules, {len(rules.lexicon.specs)} concepts, {len(rules.developments)} developments"
