"""`alerts doctor`: look at everything that a service needs, and say what to do about what is not right."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from alerts.cli.session import Purpose, Session
from alerts.errors import AlertsError, ConfigError, StoreError

if TYPE_CHECKING:
    from alerts.doctor.finding import Finding

_MARKS = {
    "fine": "[green]fine   [/green]",
    "warning": "[yellow]warning[/yellow]",
    "problem": "[red]problem[/red]",
    "skipped": "[dim]skipped[/dim]",
}
_PLURALS = {"warning": "warnings", "problem": "problems"}


def register(app: typer.Typer) -> None:
    """Add the command to the top level."""
    app.command("doctor")(examine_all)


def examine_all(
    context: typer.Context,
    nameserver: Annotated[str, typer.Option(metavar="ADDRESS[:PORT]", help="Ask this DNS server instead of the machine's.")] = "",
    clock_url: Annotated[str, typer.Option(metavar="URL", help="Compare the clock with that of this web server.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False,
) -> None:
    """Check settings, database, disk, clock, rules, feeds, daemon, mail server and DNS (MX, SPF, DKIM, DMARC, PTR).

    Exit code 1 if there is a problem; warnings and what could not be looked at are none. Sends no mail and changes nothing.
    """
    session: Session = context.obj
    count = {"fine": 0, "warning": 0, "problem": 0, "skipped": 0}
    for finding in _findings(session, nameserver, clock_url):
        count[finding.verdict] += 1
        if as_json:
            typer.echo(json.dumps(dataclasses.asdict(finding), ensure_ascii=False))
            continue
        session.out.print(_MARKS[finding.verdict], finding.subject + ":", end=" ")
        session.out.print(finding.says, markup=False, highlight=False, soft_wrap=True)
        if finding.advice:
            session.out.print(f"          → {finding.advice}", markup=False, highlight=False, soft_wrap=True)
    told = ", ".join(f"{number} {_PLURALS.get(verdict, verdict) if number > 1 else verdict}" for verdict, number in count.items() if number)
    if count["problem"]:
        raise AlertsError(f"doctor: {told}")
    if not as_json:
        session.out.print(f"doctor: {told}", highlight=False)


def _findings(session: Session, nameserver: str, clock_url: str) -> Iterator[Finding]:
    """Look at everything, also where the configuration is broken, as long as the database holds one that was good."""
    from alerts.doctor.examine import BACKUP, CLOCK_URL, examine
    from alerts.doctor.finding import problem

    try:
        session.sound()
    except ConfigError as error:
        advice = f"mend it, then: {error.shown_by}; until then the last good rules are in force"
        yield problem("configuration", f"cannot be used: {error.problems[0]}", advice)
    try:
        context = session.context(purpose=Purpose.look)
    except StoreError as error:
        yield problem("database", str(error), BACKUP)
        with contextlib.suppress(StoreError, ConfigError):  # the database does not give the last good rules either
            context = session.context(purpose=Purpose.examine)
            yield from examine(context, nameserver=nameserver, clock_url=clock_url or CLOCK_URL, database=False)
        return
    yield from examine(context, nameserver=nameserver, clock_url=clock_url or CLOCK_URL)
