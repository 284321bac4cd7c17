"""`alerts rules`: check, match, test, explain, score and schema: what an admin who writes YAML needs to never wonder."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from alerts.errors import AlertsError, ConfigError, UsageError
from alerts.feeds.entry import Entry, Source
from alerts.rules.assessment import Assessment
from alerts.rules.cases import run_tests, untested
from alerts.rules.compile import RuleSet
from alerts.rules.evaluate import assess
from alerts.rules.explain import Verdict, explain
from alerts.rules.files import load_rules
from alerts.rules.jsonschema import FILES, schema_of
from alerts.rules.lint import CODES, Finding, lint
from alerts.rules.score import Judged, score, score_types, wrong
from alerts.text import is_japanese

if TYPE_CHECKING:
    from alerts.cli.session import Session

app = typer.Typer(no_args_is_help=True)

Config = Annotated[Path | None, typer.Option("--config", help="Use this configuration instead of the home's or the shipped one.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Lines = Annotated[Path, typer.Argument(help="JSON Lines: id, title, summary, published, source, lang.", exists=True, dir_okay=False)]
Host = Annotated[str, typer.Option(help="Country the readers live in, ISO 3166 alpha-3.")]


@app.callback()
def group() -> None:
    """Check, test and explain the rules that admins write."""


def _rules(context: typer.Context, config: Path | None) -> RuleSet:
    session: Session = context.obj
    return load_rules(session.config_directory(config))


def _entries(context: typer.Context, file: Path, config: Path | None) -> list[Entry]:
    from alerts.cli.entry_lines import read_entries

    session: Session = context.obj
    return read_entries(file, session.catalog(config))


@app.command()
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
        rules = _rules(context, config)
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


@app.command()
def match(context: typer.Context, file: Lines, config: Config = None, as_json: Json = False, host: Host = "JPN") -> None:
    """Say what the rules find in every line of a file."""
    session: Session = context.obj
    rules = _rules(context, config)
    for entry in _entries(context, file, config):
        assessment = assess(rules, entry, host=host)
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


@app.command(name="test")
def prove(
    context: typer.Context,
    rule: Annotated[str | None, typer.Argument(help="Test this rule alone.")] = None,
    config: Config = None,
    as_json: Json = False,
    coverage: Annotated[bool, typer.Option(help="Name the rules without a text to match or to ignore.")] = False,
) -> None:
    """Run the tests inside the rules and in config/tests/; exit 1 if one fails."""
    session: Session = context.obj
    rules = _rules(context, config)
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


@app.command(name="explain")
def explain_(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="A headline, or headline | summary.")],
    *,
    rule: Annotated[str | None, typer.Option(help="Say of this rule why it held or what failed.")] = None,
    published: Annotated[str | None, typer.Option(help="The entry's date, ISO 8601; default: now.")] = None,
    kind: Annotated[str, typer.Option(help="official, press or aggregator.")] = "press",
    country: Annotated[str, typer.Option(help="Country of the source.")] = "",
    config: Config = None,
    as_json: Json = False,
    host: Host = "JPN",
) -> None:
    """Show what was found in a text, which rules held and how each level came about."""
    from alerts.clock import parse_moment

    session: Session = context.obj
    rules = _rules(context, config)
    if rule and rules.rule(rule) is None:
        raise AlertsError(f"no rule {rule!r}")
    title, _, summary = text.partition(" | ")
    language = "ja" if is_japanese(text) else "en"
    moment = parse_moment(published) if published else datetime.now(UTC)
    source = Source("text", "text", kind, country, language)  # type: ignore[arg-type]
    explanation = explain(rules, Entry("text", source, "", title, summary, moment, language, outlet="text"), only=rule or "", host=host)
    if as_json:
        typer.echo(json.dumps(asdict(explanation), ensure_ascii=False, default=str))
        return
    session.out.print(
        "[bold]found[/bold]  " + escape(", ".join(f"{m.text} = {m.concept}" for m in explanation.mentions) or "nothing"), highlight=False
    )
    for verdict in explanation.verdicts:
        _print_verdict(session, verdict)
    for day in explanation.assessment.dates:
        session.out.print(f"[bold]date[/bold]  {day.kind} {day.first} to {day.last} ({escape(day.text)})", highlight=False)
    if not explanation.verdicts:
        session.out.print("no rule held or came close", highlight=False)


def _print_verdict(session: Session, verdict: Verdict) -> None:
    mark = (
        "[green]holds[/green]"
        if verdict.held and not verdict.reason
        else "[yellow]holds, but[/yellow]"
        if verdict.held
        else "[red]fails[/red]"
    )
    session.out.print(f"\n{mark}  [bold]{verdict.rule}[/bold]  {escape(verdict.title)}  ({verdict.place})", highlight=False)
    if verdict.reason:
        session.out.print(f"  {escape(verdict.reason)}", highlight=False)
    for each in verdict.evidence:
        session.out.print(f"  {each.field}[{each.start}:{each.end}]  “{escape(each.text)}”  {escape(each.concept)}", highlight=False)
    if verdict.development:
        actors = " ".join(verdict.development.actors) or "nobody named"
        session.out.print(
            f"  {verdict.development.type}, {verdict.development.stage}, {verdict.development.polarity}, {actors}", highlight=False
        )
    for impact in verdict.impacts:
        terms = "  ".join(f"{term.name} {term.value:+d} ({term.reason})" for term in impact.terms)
        session.out.print(f"  {impact.sector:14} [bold]{impact.level.name:8}[/bold] {escape(terms)}", highlight=False, soft_wrap=True)


@app.command(name="score")
def score_(
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
    rules = _rules(context, config)
    labels = _labels(file)
    judged = [
        Judged(entry, labels[entry.id], assess(rules, entry, host=host)) for entry in _entries(context, file, config) if entry.id in labels
    ]
    figures = {name: one.figures() for name, one in score(judged).items()}
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


@app.command()
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
