"""`alerts rules check`: every mistake of every file, then what is valid but unwise."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from alerts.cli.rules.options import Config, Json, directory_name, load_lines, stored_entries
from alerts.cli.service import Now
from alerts.clock import parse_period
from alerts.errors import ConfigError, Problem, UsageError
from alerts.yamlwords import did_you_mean

if TYPE_CHECKING:
    from alerts.cli.session import Session
    from alerts.loaded import Loaded
    from alerts.rules.lints.finding import Finding

MOST_ENTRIES = 5000


class Format(StrEnum):
    """How findings are printed."""

    text = "text"
    json = "json"
    sarif = "sarif"
    github = "github"


class FailOn(StrEnum):
    """From which level on a finding is a failure."""

    info = "info"
    warning = "warning"
    never = "never"


def check(
    context: typer.Context,
    config: Config = None,
    *,
    fail_on: Annotated[FailOn, typer.Option(help="Exit with 1 at findings of this level or above; for CI.")] = FailOn.never,
    form: Annotated[Format, typer.Option("--format", help="text; json; sarif for code scanning; github for annotations.")] = Format.text,
    json_too: Json = False,
    explain_code: Annotated[str | None, typer.Option("--explain", metavar="CODE", help="Say what a code means, such as L03.")] = None,
    since: Annotated[str, typer.Option(help="Find terms and rules that match too many stored entries of this long.")] = "30d",
    entries: Annotated[
        Path | None, typer.Option(help="JSON Lines for that instead of the stored entries.", exists=True, dir_okay=False)
    ] = None,
    most: Annotated[
        float | None, typer.Option(min=0, max=100, help="Per cent of the entries that one term may stand in (L12); default: 5.")
    ] = None,
    now: Now = None,
) -> None:
    """Read every file and say every mistake with its place (exit 2), then what is valid but unwise (exit 1 with --fail-on)."""
    from alerts.cli.session import moment_at
    from alerts.loaded import over_silences, unread
    from alerts.rules.files import no_directory
    from alerts.rules.lint import lint
    from alerts.rules.lints.entries import TERM_SHARE
    from alerts.rules.lints.feeds import unknown_codes, unknown_feeds
    from alerts.rules.lints.finding import at_line
    from alerts.yamlfile import parse, read

    session: Session = context.obj
    if explain_code:
        _explain(session, explain_code)
        return
    form = Format.json if json_too else form
    directory, moment = config or session.config_directory(), moment_at(now)
    try:
        if not directory.is_dir():
            raise ConfigError([no_directory(directory)])
        loaded = session.everything(config)
    except ConfigError as error:
        if form is Format.text:
            raise
        _print(form, error.problems, [], directory)
        raise typer.Exit(2) from None
    news = load_lines(context, entries, config) if entries else stored_entries(session, moment - parse_period(since), MOST_ENTRIES)
    share = TERM_SHARE if most is None else most / 100
    findings = lint(loaded.rules, today=moment.date(), entries=news, term_share=share)
    findings += unknown_feeds(loaded.rules, {feed.id for feed in loaded.catalog.feeds})
    if feeds := parse("feeds.yaml", read(directory / "feeds.yaml", "feeds.yaml"), []):
        findings += unknown_codes(loaded.rules, loaded.catalog, feeds)
    findings += over_silences(directory, moment)
    findings = sorted(findings + [at_line(name, 1, 1, "L15", "nothing reads this file") for name in unread(directory)])
    if form is Format.text:
        for finding in findings:
            line = f"{finding.place}: {finding.level} {finding.code}: {escape(finding.message)}"
            session.out.print(line, highlight=False, soft_wrap=True)
        where = escape(directory_name(directory))
        said = f"{where}: {_size(loaded)}: no mistakes, {_counted(findings)}; its tests: alerts rules test"
        session.out.print(said, highlight=False, soft_wrap=True)
    else:
        _print(form, (), findings, directory)
    if any(fail_on == "info" or (fail_on == "warning" and finding.level == "warning") for finding in findings):
        raise typer.Exit(1)


def _explain(session: Session, code: str) -> None:
    from alerts.cli.rules.formats import INVALID, REFUSED
    from alerts.rules.lints.finding import CODES

    if code.upper() == INVALID:
        session.out.print(f"{INVALID} (error): {REFUSED}", highlight=False)
        return
    known = CODES.get(code.upper())
    if known is None:
        raise UsageError(f"no code {code!r}{did_you_mean(code, [INVALID, *CODES], limit=30)}")
    session.out.print(f"{code.upper()} ({known.level}): {known.title}\n{known.text}", highlight=False)


def _print(form: Format, problems: Sequence[Problem], findings: Sequence[Finding], directory: Path) -> None:
    from alerts.cli.rules.formats import as_github, as_json, as_sarif

    match form:
        case Format.sarif:
            text = as_sarif(problems, findings, directory)
        case Format.github:
            text = as_github(problems, findings, directory)
        case _:
            text = as_json(problems, findings, directory_name(directory))
    if text:
        typer.echo(text)


def _counted(findings: Sequence[Finding]) -> str:
    warnings = sum(finding.level == "warning" for finding in findings)
    return f"{warnings} warning{'' if warnings == 1 else 's'}, {len(findings) - warnings} hints" if findings else "no findings"


def _size(loaded: Loaded) -> str:
    rules = loaded.rules
    counts = f"{len(rules.rules)} rules, {len(rules.lexicon.specs)} concepts, {len(rules.developments)} developments"
    silences = f", {len(loaded.silences)} silences" if loaded.silences else ""
    return f"{counts}, {len(loaded.catalog.feeds)} feeds{silences}"
