"""`alerts rules test`: the tests that stand in the configuration, and what no test and no entry reaches."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from alerts.cli.rules.marking import marked
from alerts.cli.rules.options import Config, Json, directory_name, load_lines, load_set, stored_entries
from alerts.cli.service import Now
from alerts.clock import parse_period
from alerts.rules.cases import Outcome, run_tests, untested
from alerts.rules.compile import RuleSet
from alerts.rules.evaluate import held_rules, look_at
from alerts.rules.lints.lexicon import unused_concepts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alerts.cli.session import Session
    from alerts.feeds.entry import Entry


@dataclass(frozen=True, slots=True)
class Coverage:
    """What nothing reaches: rules without a test, concepts that nothing refers to, rules that did not fire on `entries` entries."""

    untested: tuple[str, ...]
    unused: tuple[str, ...]
    silent: tuple[str, ...]
    entries: int


def prove(
    context: typer.Context,
    rule: Annotated[str | None, typer.Argument(help="Test this rule alone.")] = None,
    *,
    config: Config = None,
    as_json: Json = False,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="List rules without a test, concepts never used, rules that did not fire.")
    ] = False,
    since: Annotated[str, typer.Option(help="For --coverage: stored entries of this long.")] = "90d",
    entries: Annotated[
        Path | None, typer.Option(help="For --coverage: JSON Lines instead of the stored entries.", exists=True, dir_okay=False)
    ] = None,
    now: Now = None,
) -> None:
    """Run the tests inside the rules and in config/tests/; exit 1 if one fails."""
    from alerts.cli.session import moment_at

    session: Session = context.obj
    rules = load_set(context, config, with_rule=rule)
    outcomes = list(run_tests(rules, only=rule or ""))
    failed = [outcome for outcome in outcomes if not outcome.passed]
    where = directory_name(session.config_directory(config))
    covered = None
    if coverage:
        news = load_lines(context, entries, config) if entries else stored_entries(session, moment_at(now) - parse_period(since))
        covered = _cover(rules, news)
    if as_json:
        rows = [{**asdict(outcome), "text": outcome.text} for outcome in failed]
        told = {"config": where, "run": len(outcomes), "failed": rows, "coverage": covered and asdict(covered)}
        typer.echo(json.dumps(told, ensure_ascii=False, default=str))
    else:
        for outcome in failed:
            _show(session, outcome)
        if covered:
            _show_coverage(session, rules, covered)
        session.out.print(f"{escape(where)}: {len(outcomes)} tests, {len(failed)} failed", highlight=False, soft_wrap=True)
    if failed:
        raise typer.Exit(1)


def _show(session: Session, outcome: Outcome) -> None:
    session.out.print(f"{outcome.place}: [bold]{outcome.subject}[/bold]", highlight=False)
    for field, text in (("title", outcome.title), ("summary", outcome.summary)):
        if text:
            session.out.print("    ", marked(session.out, text, field, outcome.evidence), sep="", soft_wrap=True)  # type: ignore[arg-type]
    session.out.print(f"    {escape(outcome.reason)}", highlight=False, soft_wrap=True)


def _cover(rules: RuleSet, entries: Iterable[Entry]) -> Coverage:
    fired: set[str] = set()
    count = 0
    for entry in entries:
        count += 1
        fired.update(each.rule.id for each in held_rules(rules, look_at(rules, entry, "JPN")))
    silent = [rule.id for rule in rules.rules if rule.id not in fired] if count else []
    return Coverage(tuple(rule.id for rule in untested(rules)), tuple(unused_concepts(rules)), tuple(silent), count)


def _show_coverage(session: Session, rules: RuleSet, covered: Coverage) -> None:
    places = {rule.id: f"{rule.place}: " for rule in rules.rules}
    for names, what in (
        (covered.untested, "lacks a text to match or to ignore"),
        (covered.unused, "is a concept that nothing refers to"),
        (covered.silent, f"did not fire on any of {covered.entries:,} entries"),
    ):
        for name in names:
            session.out.print(f"{places.get(name, '')}{name} {what}", highlight=False, soft_wrap=True)
    fired = len(rules.rules) - len(covered.silent)
    reach = (
        f"{fired} of {len(rules.rules)} rules fired on {covered.entries:,} entries"
        if covered.entries
        else "there are no entries to try them on"
    )
    session.out.print(
        f"{len(rules.rules) - len(covered.untested)} of {len(rules.rules)} rules have both kinds of tests, "
        f"{len(covered.unused)} concepts are not used, {reach}",
        highlight=False,
    )
