"""`alerts status`: how the service is, one line for each thing that somebody may ask about."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import typer
from rich.markup import escape
from rich.table import Table

from alerts.cli.service import Json, Now
from alerts.cli.session import Session

SILENT = timedelta(minutes=10)
"""The daemon ticks every few seconds."""


def register(app: typer.Typer) -> None:
    """Add the command to the top level."""
    app.command()(status)


def status(context: typer.Context, as_json: Json = False, now: Now = None) -> None:
    """Say how the service is: feeds, entries, stories, mails, trouble that lasts, templates of the home that cannot be used."""
    from alerts.cli.session import moment_at
    from alerts.mail.overrides import examine_overrides
    from alerts.store import notices
    from alerts.store.counts import count_all

    session: Session = context.obj
    moment = moment_at(now)
    with session.stored().read() as connection:
        counts = count_all(connection, moment) | {"trouble": {"told_and_not_over": notices.standing(connection)}}
    overrides = examine_overrides(session.home.templates)
    counts["templates"] = {
        "of_the_home": len(overrides.used),
        "broken": list(map(str, overrides.broken)),
        "never_used": list(overrides.unknown),
    }
    if as_json:
        typer.echo(json.dumps(counts, ensure_ascii=False, default=str))
        return
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for name, said in lines(counts, moment):
        table.add_row(name, said)
    session.out.print(table, highlight=False)


def lines(counts: Mapping[str, Mapping[str, Any]], now: datetime) -> Iterator[tuple[str, str]]:
    """Say what was counted, in the order in which an operator asks: is it alive, what is wrong, then what there is, along the pipeline."""
    facts = dict(counts["facts"])
    tick = facts.pop("tick", None)
    yield "last tick", _tick(tick and tick["at"], now)
    yield "configuration", _configuration(facts.pop("configuration", None))
    for name, shown in (("trouble", counts["trouble"]["told_and_not_over"]), ("templates", counts["templates"]["broken"])):
        if shown:
            yield name, "[yellow]" + escape("\n".join(map(str, shown))) + "[/yellow]"
    verdicts = facts.pop("feeds", {})
    judged = ", ".join(f"{value} {name}" for name, value in verdicts.items() if name != "at")
    for group in ("feeds", "entries", "impacts", "stories", "subscribers", "digests", "picks", "mails", "mails_by_kind", "silences"):
        said = _words(counts[group], now)
        yield group.replace("_", " "), f"{said}; when looked over {judged} (alerts feeds status)" if group == "feeds" and judged else said
    if unused := counts["templates"]["never_used"]:
        yield "templates", escape(f"nothing asks for {', '.join(unused)}")
    for name, fact in facts.items():
        yield escape(name), _words({key: value for key, value in fact.items() if key != "at"}, now) + f", {_ago(fact['at'], now)}"


def _tick(at: datetime | None, now: datetime) -> str:
    if at is None:
        return "[yellow]never; start the service with: alerts run[/yellow]"
    return _ago(at, now) if now - _utc(at) < SILENT else f"[yellow]{_ago(at, now)}; is `alerts run` at work?[/yellow]"


def _configuration(fact: Mapping[str, Any] | None) -> str:
    if fact is None:
        return "none was in force yet"
    since = f"{_utc(fact['at']):%Y-%m-%d %H:%M} UTC"
    if fact["ok"]:
        return f"rule set {fact['ruleset']} in force since {since}"
    count, problems = fact.get("count", len(fact["problems"])), fact["problems"][:3]
    more = "" if count <= len(problems) else f"\n… and {count - len(problems)} more: {fact.get('shown_by', 'alerts rules check')}"
    what = f"{count} mistake" if count == 1 else f"{count} mistakes"
    return f"[red]refused since {since}: {what}; rule set {fact['ruleset']} stays in force[/red]\n" + escape("\n".join(problems)) + more


def _words(values: Mapping[str, Any], now: datetime) -> str:
    """Say figures and moments, each with its name."""
    said = []
    for key, value in values.items():
        name = key.replace("_", " ")
        match value:
            case datetime():
                said.append(f"{name} {_ago(value, now)}")
            case None:
                said.append(f"{name} never")
            case int() | float() if not isinstance(value, bool):
                figure = f"{value:,} {name}"
                said.append(f"[yellow]{figure}[/yellow]" if value and key in {"failing", "overdue", "failed"} else figure)
            case _:
                said.append(f"{name} {escape(str(value))}")
    return ", ".join(said) or "none yet"


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _ago(moment: datetime, now: datetime) -> str:
    """Say how long ago something was, and when."""
    passed = now - _utc(moment)
    exact = f"{_utc(moment):%Y-%m-%d %H:%M} UTC"
    if passed < timedelta():
        return exact
    for unit, name in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if (number := int(passed.total_seconds()) // unit) >= 1:
            return f"{number} {name}{'' if number == 1 else 's'} ago ({exact})"
    return f"just now ({exact})"
