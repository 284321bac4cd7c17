"""`alerts rules backtest`: what another configuration would change, before it goes live."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from alerts.cli.rules.options import Config, Json, has_database, load_host, load_lines
from alerts.cli.service import Now
from alerts.cli.written import write_file
from alerts.clock import parse_period
from alerts.errors import AlertsError, ConfigError, UsageError

if TYPE_CHECKING:
    from alerts.cli.session import Session
    from alerts.digests.backtest import Audience, Backtest, Change, Traffic
    from alerts.feeds.entry import Entry
    from alerts.rules.compile import RuleSet

PLAIN_EVERY = 5_000
"""Entries after which a line is printed where there is no terminal for a bar."""
SINCE = "30d"
_COLOURS = {"gained": "green", "lost": "red", "raised": "yellow", "lowered": "cyan", "other": "magenta"}


def backtest(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="JSON Lines as for match, instead of the stored entries.", exists=True, dir_okay=False)
    ] = None,
    *,
    since: Annotated[str | None, typer.Option(help="Stored entries of this long: 12h, 30d, 8w.", show_default=SINCE)] = None,
    against: Annotated[
        str | None,
        typer.Option(metavar="DIR|GIT_REF|HASH", help="The old configuration; default: the one in force, else the shipped one."),
    ] = None,
    config: Config = None,
    html: Annotated[Path | None, typer.Option(help="Write a report that a browser shows.", dir_okay=False)] = None,
    as_json: Json = False,
    samples: Annotated[int, typer.Option(min=0, help="Headlines shown for each rule.")] = 3,
    now: Now = None,
) -> None:
    """Compare the configuration with another: alerts gained, lost and changed, rule by rule, and how many subscribers would get what."""
    from alerts.cli.session import moment_at

    session: Session = context.obj
    if file is not None and since is not None:
        raise UsageError("--since is for stored entries; every entry of a FILE is compared")
    since = since or SINCE
    moment = moment_at(now)
    name, old = _old(session, against, config)
    new = session.rules(config)
    if file is None and not session.home.path.is_dir():
        raise UsageError("there is no home with stored entries here; give a FILE of entries, or --home")
    host = load_host(context, new, None)
    entries, total = _entries(context, file, config, since=moment - parse_period(since))
    if not total:
        if not as_json:
            raise AlertsError(_nothing(session, file, since))
        session.err.print(_nothing(session, file, since), markup=False, highlight=False, soft_wrap=True)
    outcome = _compare(session, old, new, entries, _audiences(session), total, host)
    if html is not None:
        from alerts.cli.rules.report import render

        span = str(file) if file else f"stored entries of {since}"
        write_file(html, render(outcome, new.wording, old=f"{name} ({old.hash})", new=f"{new.hash}", span=span, at=moment))
        session.err.print(f"wrote {html}", highlight=False)
    if as_json:
        typer.echo(json.dumps(as_row(outcome, old=old.hash, new=new.hash), ensure_ascii=False))
        return
    session.out.print(f"old: {escape(name)} ({old.hash})   new: {session.config_directory(config)} ({new.hash})", highlight=False)
    _print(session, outcome, samples)


def _nothing(session: Session, file: Path | None, since: str) -> str:
    """Say why there is nothing to compare on, and what to do."""
    if file is not None:
        return f"{file} holds no entries, so there is nothing to compare"
    from alerts.store import entries

    with session.stored().read() as connection:
        known = entries.count(connection, since=datetime.min.replace(tzinfo=UTC))
    if known:
        return f"none of the {known:,} stored entries is of the last {since}; go further back with --since, or give a FILE of entries"
    return "no entries are stored yet, so there is nothing to compare; run `alerts poll` first, or give a FILE of entries"


def _old(session: Session, against: str | None, config: Path | None) -> tuple[str, RuleSet]:
    """Return the configuration to compare with, and how to call it. Raises UsageError, ConfigError."""
    from alerts.cli.rules.versions import in_force, texts_of
    from alerts.resources import shipped
    from alerts.rules.compile import compile_texts

    if against is not None and not against.strip():
        raise UsageError("--against names nothing; give a directory, a git revision or the hash of a rule set on record")
    if against is not None:
        try:
            return against, compile_texts(texts_of(session, against, session.config_directory(config)))
        except ConfigError as error:
            raise UsageError(f"{against} is not a configuration that this version can use:\n{error}") from None
    if has_database(session) and (found := in_force(session)):
        return "in force", compile_texts(found[1])
    return "shipped", session.rules(shipped("config"))


def _entries(
    context: typer.Context, file: Path | None, config: Path | None, *, since: datetime
) -> tuple[Iterator[tuple[Entry, bool]], int]:
    """Return entries with whether they are quiet, and how many there are."""
    session: Session = context.obj
    if file is not None:
        lines = sorted(load_lines(context, file, config), key=lambda entry: (entry.published, entry.id))
        return ((entry, False) for entry in lines), len(lines)
    from alerts.store import entries

    database, fresh = session.stored(), timedelta(days=session.settings().freshness_days)

    def stored() -> Iterator[tuple[Entry, bool]]:
        with database.read() as connection:
            for one in entries.all_stored(connection, since=since):
                yield one.entry, one.baseline or one.first_seen - one.entry.published > fresh

    with database.read() as connection:
        return stored(), entries.count(connection, since=since)


def _audiences(session: Session) -> list[Audience]:
    if not has_database(session):
        return []
    from alerts.store import audiences

    with session.stored().read() as connection:
        return audiences.all_audiences(connection)


def _compare(
    session: Session, old: RuleSet, new: RuleSet, entries: Iterator[tuple[Entry, bool]], audiences: list[Audience], total: int, host: str
) -> Backtest:
    from alerts.digests.backtest import compare

    if not session.err.is_terminal:

        def told(done: int) -> None:
            if done % PLAIN_EVERY == 0:
                session.err.print(f"assessed {done:,} of {total:,} entries by both", highlight=False)

        return compare(old, new, entries, audiences, host=host, progress=told)
    columns = (TextColumn("assessing twice"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=session.err, transient=True) as bar:
        task = bar.add_task("", total=total)
        return compare(old, new, entries, audiences, host=host, progress=lambda done: bar.update(task, completed=done))


def _print(session: Session, outcome: Backtest, samples: int) -> None:
    from alerts.digests.backtest import KINDS

    before, after = outcome.before, outcome.after
    table = Table("", "old", "new", "")
    rows = {
        "entries": (outcome.entries, outcome.entries),
        "relevant": (before.relevant, after.relevant),
        "stories": (before.stories, after.stories),
        **{f"entries at {level}": (before.levels[level], after.levels[level]) for level in ("act", "prepare", "watch", "info")},
        f"alerts to {outcome.subscribers} subscribers": (before.alerts, after.alerts),
        "lines in their digests": (before.lines, after.lines),
    }
    for name, (was, now) in rows.items():
        table.add_row(name, f"{was:,}", f"{now:,}", f"{now - was:+,}" if now != was else "")
    session.out.print(table)
    if not outcome.changes:
        session.out.print("no entry is told differently", highlight=False)
        return
    session.out.print(", ".join(f"{outcome.count(kind)} {kind}" for kind in KINDS), highlight=False)
    for rule, changes in outcome.by_rule():
        counts = ", ".join(f"{count} {kind}" for kind in KINDS if (count := sum(each.kind == kind for each in changes)))
        session.out.print(f"\n[bold]{escape(rule)}[/bold]  {counts}", highlight=False)
        for change in changes[:samples]:
            session.out.print(f"  {_line(change)}", highlight=False, soft_wrap=True)
        if len(changes) > samples:
            session.out.print(f"  … and {len(changes) - samples} more", highlight=False)


def _line(change: Change) -> str:
    was, now = change.before, change.after
    levels = f"{was.assessment.level.name} → {now.assessment.level.name}"
    alerts, lines = now.reach.alert - was.reach.alert, now.reach.digest - was.reach.digest
    people = ", ".join(f"{count:+} {word}" for count, word in ((alerts, "alerts"), (lines, "digest lines")) if count)
    colour = _COLOURS[change.kind]
    return f"[{colour}]{change.kind:8}[/{colour}] {levels:18} {escape(change.entry.title)}" + (f"  ({people})" if people else "")


def as_row(outcome: Backtest, *, old: str, new: str) -> dict[str, Any]:
    """Return the whole comparison as plain data."""
    from alerts.digests.backtest import KINDS

    return {
        "old": {"ruleset": old, **_traffic(outcome.before)},
        "new": {"ruleset": new, **_traffic(outcome.after)},
        "entries": outcome.entries,
        "subscribers": outcome.subscribers,
        "counts": {kind: outcome.count(kind) for kind in KINDS},
        "rules": {rule: {kind: sum(each.kind == kind for each in changes) for kind in KINDS} for rule, changes in outcome.by_rule()},
        "changes": [
            {
                "id": change.entry.id,
                "title": change.entry.title,
                "kind": change.kind,
                "rules": list(change.rules),
                "old": _side(change, "before"),
                "new": _side(change, "after"),
            }
            for change in outcome.changes
        ],
    }


def _traffic(traffic: Traffic) -> dict[str, Any]:
    names = ("relevant", "stories", "alerts", "lines")
    return {**{name: getattr(traffic, name) for name in names}, "levels": dict(traffic.levels)}


def _side(change: Change, name: str) -> dict[str, Any]:
    told = getattr(change, name)
    return {
        "level": told.assessment.level.name,
        "developments": [f"{each.type} ({each.stage})" for each in told.assessment.developments],
        "sectors": {impact.sector: impact.level.name for impact in told.assessment.impacts},
        "alerts": told.reach.alert,
        "digest_lines": told.reach.digest,
    }
