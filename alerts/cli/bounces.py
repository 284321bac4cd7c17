"""`alerts bounces`: read the mails that came back, and list what they said."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from typing import Annotated

import typer
from rich.table import Table

from alerts.cli.session import Purpose, Session
from alerts.errors import AlertsError, UsageError

app = typer.Typer(no_args_is_help=True)

Now = Annotated[str | None, typer.Option("--now", metavar="ISO", help="Pretend that it is this moment.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command()
def read(
    context: typer.Context,
    mailbox: Annotated[str, typer.Option("--from", metavar="URL", help="maildir:PATH or imaps://…; default: ALERTS_BOUNCE_URL.")] = "",
    pipe: Annotated[bool, typer.Option("--pipe", help="Read one message from standard input, as a mail server hands it over.")] = False,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Read unread bounces and complaints. What is understood is marked as read; all else is left as it lies.

    In a mail server's alias file: alerts-bounces: "|alerts --home /srv/alerts bounces read --pipe"

    With --pipe, what is not understood is kept in the home, in the Maildir unclaimed/, and trouble of our own ends with 75 (EX_TEMPFAIL),
    so that the mail server tries again.
    """
    from alerts.jobs.bounces import read_bounces
    from alerts.mail.mailboxes import open_mailbox

    session: Session = context.obj
    if pipe:
        count = _read_pipe(session, sys.stdin.buffer.read(), now)
        unknown = f"It is kept in {session.home.unclaimed}: no report, or about no mail of ours."
    else:
        job = session.context(now=now, purpose=Purpose.keep_up)
        if not mailbox and not job.settings.bounce_url.get_secret_value():
            raise UsageError("there is no mailbox to read: set ALERTS_BOUNCE_URL, or give --from maildir:PATH, or --pipe")
        count = dataclasses.asdict(read_bounces(job, open_mailbox(mailbox) if mailbox else None))
        unknown = "Unknown messages are left untouched: no reports, or about no mail of ours."
    if as_json:
        typer.echo(json.dumps(count))
        return
    told = ", ".join(f"{number} {name}" for name, number in count.items() if number)
    session.out.print(f"Read: {told or 'nothing'}.", highlight=False)
    if count["unknown"]:
        session.out.print(unknown, highlight=False)


def _read_pipe(session: Session, message: bytes, now: str | None) -> dict[str, int]:
    """Read what a mail server hands over. It takes any end but 0 and 75 for a refusal, and throws a bounce away that is refused."""
    from mailbox import Maildir

    from alerts.jobs.bounces import read_bounces
    from alerts.mail.mailboxes import Pipe

    try:
        session.stored().close()  # a database that is not there is not made anew for a bounce
        count = dataclasses.asdict(read_bounces(session.context(now=now, purpose=Purpose.keep_up), Pipe(message)))
        if count["unknown"]:
            Maildir(session.home.unclaimed, create=True).add(message)
    except (AlertsError, OSError) as error:
        session.err.print(str(error), highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(os.EX_TEMPFAIL) from error
    return count


@app.command("list")
def show(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many of the last.")] = 50,
    as_json: Json = False,
) -> None:
    """List the last reports: what came back, why, and how it was matched to a mail."""
    from alerts.store import bounces

    session: Session = context.obj
    with session.stored().read() as connection:
        found = bounces.latest(connection, limit=limit)
    if as_json:
        for bounce in found:
            typer.echo(json.dumps({**dataclasses.asdict(bounce), "at": bounce.at.isoformat()}))
        return
    if not found:
        session.out.print("Nothing has come back.")
        return
    table = Table()
    for name in ("when (UTC)", "kind", "status", "reader", "found by", "what the server said"):
        table.add_column(name, overflow="fold")
    for bounce in found:
        table.add_row(f"{bounce.at:%Y-%m-%d %H:%M}", bounce.kind, bounce.status, str(bounce.subscriber), bounce.found_by, bounce.said)
    session.out.print(table)
