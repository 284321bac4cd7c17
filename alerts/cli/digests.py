"""`alerts digest preview`: what one subscriber would get now, and why."""

from __future__ import annotations

import email
import email.policy
import tempfile
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from alerts.cli.service import Now
from alerts.cli.session import Purpose, Session
from alerts.cli.written import write_file
from alerts.errors import AlertsError, UsageError

if TYPE_CHECKING:
    from alerts.jobs.preview import Preview

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """The mails that subscribers get."""


@app.command()
def preview(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="The mail address of a subscriber.")],
    edition: Annotated[
        str, typer.Option(help="alert, daily or weekly; or one that was made, by its name, such as daily:2026-01-05. Default: the cadence.")
    ] = "",
    days: Annotated[int | None, typer.Option(min=1, max=400, help="As if nothing of so many days had been told yet.")] = None,
    html: Annotated[Path | None, typer.Option("--html", dir_okay=False, help="Write the HTML part to this file.")] = None,
    eml: Annotated[Path | None, typer.Option("--eml", dir_okay=False, help="Write the whole mail to this file.")] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Show the HTML part in the browser.")] = False,
    now: Now = None,
) -> None:
    """Show what a subscriber would get now, with the reason for each story in it and each left out. Nothing is sent or changed."""
    from alerts.jobs.preview import preview as job
    from alerts.jobs.preview import stored
    from alerts.store import subscribers

    session: Session = context.obj
    given = session.context(now=now, purpose=Purpose.look)
    with given.database.read() as connection:
        person = subscribers.by_address(connection, address)
    if person is None:
        raise AlertsError(f"nobody with the address {address} is known; alerts subscribers list shows all")
    wanted = edition or ("alert" if person.choices.cadence == "immediate" else person.choices.cadence)
    if wanted in ("alert", "daily", "weekly"):
        made = job(given, person, wanted, days=days)  # type: ignore[arg-type]
    elif ":" in wanted:
        found = stored(given, person, wanted)
        if found is None:
            raise AlertsError(f"no edition {wanted} was made for {address}; alerts subscribers show {address} lists the last mails")
        made = found
    else:
        raise UsageError(f"--edition: {wanted!r} is not one; choose alert, daily, weekly, or the name of one that was made")
    _show(session, made, quiet=bool(html or eml or open_it))
    _write(session, made, html, eml, open_it=open_it)


def _show(session: Session, made: Preview, *, quiet: bool) -> None:
    """Print the mail as text, unless it goes to a file, and the reasons."""
    if made.stops:
        session.out.print(made.stops, style="yellow", highlight=False)
    if made.digest is None:
        session.out.print("There is nothing to tell at this moment; an empty mail is not sent.", highlight=False)
        session.out.print("With --days 30 you see it as if nothing of the last 30 days had been told yet.", highlight=False)
    elif not quiet:
        body = _parsed(made).get_body(("plain",))
        session.out.print(f"Subject: {made.digest.subject}\n", highlight=False, markup=False, soft_wrap=True)
        session.out.print(body.get_content() if body else "", highlight=False, markup=False, soft_wrap=True)
    for title, rows in (
        ("In it, and why", [(one.level.name, one.story, "; ".join(one.reasons)) for one in made.picked.picks]),
        ("Left out, and why", [(one.level.name, one.story, one.reason) for one in made.picked.left_out]),
    ):
        if not rows:
            continue
        table = Table(title=title, title_justify="left")
        for name in ("level", "story", "reason"):
            table.add_column(name, overflow="fold")
        for level, story, reason in rows:
            first = min(story.reports, key=lambda report: report.published)
            table.add_row(level, f"{escape(first.title)}\n[dim]{escape(first.outlet)}, {story.id}[/dim]", escape(reason))
        session.out.print(table)


def _write(session: Session, made: Preview, html: Path | None, eml: Path | None, *, open_it: bool) -> None:
    if made.digest is None:
        return
    if eml is not None:
        write_file(eml, made.message)
        session.out.print(f"The mail is in {eml}", highlight=False, soft_wrap=True)
    if open_it and html is None:
        html = Path(tempfile.mkdtemp(prefix="alerts-preview-")) / "mail.html"
    if html is not None:
        page = _parsed(made).get_body(("html",))
        write_file(html, page.get_content() if page else "")
        session.out.print(f"The page is in {html}", highlight=False, soft_wrap=True)
        if open_it:
            typer.launch(html.resolve().as_uri())


def _parsed(made: Preview) -> EmailMessage:
    message = email.message_from_bytes(made.message, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message
