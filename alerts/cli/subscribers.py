"""`alerts subscribers`: add, list, show, end and erase the people who get mail."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from alerts.cli import subscriber_files
from alerts.cli.choosing import CADENCES, LANGUAGES, WEEKDAYS, Words, choices_of, one_of
from alerts.cli.session import Session, moment_at
from alerts.errors import AlertsError, UsageError

if TYPE_CHECKING:
    from alerts.store.subscribers import Subscriber

app = typer.Typer(no_args_is_help=True)
subscriber_files.register(app)

PAGE = 1000


Now = Annotated[str | None, typer.Option("--now", metavar="ISO", help="Pretend that it is this moment.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]


@app.command()
def add(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="The mail address.")],
    sector: Annotated[
        list[str], typer.Option("--sector", metavar="SECTOR=LEVEL", help="A sector and the least level worth a line; again for more.")
    ],
    cadence: Annotated[str, typer.Option(help=f"Rhythm of the digest: {', '.join(CADENCES)}.")] = "daily",
    hour: Annotated[int, typer.Option(min=0, max=23, help="Local hour of the digest.")] = 7,
    weekday: Annotated[str, typer.Option(help="Day of a weekly digest.")] = "monday",
    timezone: Annotated[str, typer.Option(help="IANA time zone.")] = "Asia/Tokyo",
    language: Annotated[str, typer.Option(help=f"Language of the mails: {', '.join(LANGUAGES)}.")] = "en",
    country: Annotated[list[str] | None, typer.Option("--country", metavar="ISO3", help="A country to follow; again for more.")] = None,
    nationality: Annotated[str, typer.Option(metavar="ISO3", help="For rules that concern one nationality; optional.")] = "",
    alert: Annotated[str, typer.Option(help="From which level on a story is sent at once.")] = "prepare",
    quiet: Annotated[
        str, typer.Option(metavar="FROM-TO", help="Local hours without mail, such as 22-7; none: no quiet hours. Danger breaks them.")
    ] = "22-7",
    confirmed: Annotated[
        bool,
        typer.Option(
            "--confirmed", help="The person has agreed: no confirmation mail is sent, and the choices of a subscriber are replaced."
        ),
    ] = False,
    no_welcome: Annotated[
        bool,
        typer.Option("--no-welcome", help="Send no welcome mail to who is new and confirmed, as after a move from another service."),
    ] = False,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Add a person: alerts subscribers add you@example.com --sector visas=info --sector automotive=watch --confirmed."""
    from alerts.jobs.suppressed import suppressed
    from alerts.store import outbox, subscribers

    session: Session = context.obj
    words = Words(sector, cadence, hour, weekday, timezone, language, country or (), nationality, alert, quiet)
    choices = choices_of(words, session.rules())
    moment = moment_at(now)
    consent = {"how": "operator", "at": moment.isoformat()} if confirmed else {}
    with session.database().write() as connection:
        before = subscribers.by_address(connection, address)
        person = subscribers.add(connection, address, choices, now=moment, confirmed=confirmed, consent=consent)
        new = person.state == "open" and (before is None or before.state != "open")
        welcomed = new and not no_welcome and outbox.welcome(connection, person.id, now=moment)
        if person.state == "unconfirmed":
            outbox.ask_to_confirm(connection, person.id, now=moment)
        barred = suppressed(session.settings(), connection, [person])
    if as_json:
        typer.echo(json.dumps(_plain(person, barred), ensure_ascii=False))
        return
    then = {
        "open": ("gets a welcome mail, then " if welcomed else "gets mail; ")
        + (f"next digest {person.due:%Y-%m-%d %H:%M} UTC" if person.due else "every story at once"),
        "unconfirmed": "gets a mail that asks to confirm (alerts send), and nothing else before",
        "ended": f"has ended ({person.ended_reason})",
    }[person.state]
    if person.id in barred:
        then = f"gets nothing: {barred[person.id]}; alerts suppressions remove {person.address} lets mail go there again"
    session.out.print(f"Subscriber {person.id}: {person.address} {then}.", highlight=False, soft_wrap=True)


@app.command("list")
def show(
    context: typer.Context,
    state: Annotated[str, typer.Option(help="Only those who are open, unconfirmed or ended.")] = "",
    as_json: Json = False,
) -> None:
    """List the people, with what they chose."""
    from alerts.jobs.suppressed import suppressed
    from alerts.store import subscribers

    session: Session = context.obj
    wanted: Any = one_of("--state", state, ("open", "unconfirmed", "ended")) if state else None
    table = Table()
    for name in ("id", "address", "state", "cadence", "next digest (UTC)", "sectors", "countries", "language"):
        table.add_column(name, overflow="fold")
    after = 0
    with session.stored().read() as connection:
        while people := subscribers.listing(connection, state=wanted, after=after, limit=PAGE):
            after = people[-1].id
            barred = suppressed(session.settings(), connection, people)
            for person in people:
                if as_json:
                    typer.echo(json.dumps(_plain(person, barred), ensure_ascii=False))
                else:
                    table.add_row(*_cells(person, barred))
    if not as_json:
        session.out.print(table if table.row_count else "Nobody yet; alerts subscribers add --help says how.")


@app.command("show")
def show_one(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="The mail address.")],
    as_json: Json = False,
) -> None:
    """Show one person: choices, consent, and what became of the last mails."""
    from alerts.jobs.suppressed import suppressed
    from alerts.store import outbox, subscribers

    session: Session = context.obj
    with session.stored().read() as connection:
        person = _known(subscribers.by_address(connection, address))
        mails = outbox.history(connection, person.id)
        barred = suppressed(session.settings(), connection, [person])
    told = {**_plain(person, barred), "consent": dict(person.consent)}
    if as_json:
        last = [{"kind": kind, "state": state, "at": at.isoformat(), "outcome": outcome} for kind, state, at, outcome in mails]
        typer.echo(json.dumps({**told, "mails": last}, ensure_ascii=False))
        return
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in told.items():
        shown = ", ".join(f"{key}={each}" for key, each in value.items()) if isinstance(value, dict) else value
        table.add_row(name.replace("_", " "), "-" if shown in (None, "", []) else str(shown))
    session.out.print(table, highlight=False)
    for kind, state, at, outcome in mails:
        session.out.print(f"{at:%Y-%m-%d %H:%M} UTC  {kind}  {state}  {outcome}".rstrip(), highlight=False, soft_wrap=True)


@app.command()
def end(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="The mail address.")],
    reason: Annotated[str, typer.Option(help="Kept with the date.")] = "operator",
    now: Now = None,
) -> None:
    """End a subscription: no more mail. What was agreed and when stays on record."""
    from alerts.store import subscribers

    session: Session = context.obj
    with session.database().write() as connection:
        person = _known(subscribers.by_address(connection, address))
        ended = subscribers.end(connection, [person.id], reason=reason, now=moment_at(now))
    session.out.print("Ended." if ended else "Had ended before.")


@app.command()
def erase(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="The mail address.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Forget a person at once: address, choices, consent, the record of their mails. A suppression stays, as a mark without address."""
    from alerts.store import subscribers

    session: Session = context.obj
    database = session.database()
    with database.read() as connection:
        person = _known(subscribers.by_address(connection, address))
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("what is erased cannot be brought back; to go ahead without being asked: --yes")
        typer.confirm(f"Erase {person.address} and all that is on record of them? This cannot be undone", abort=True)
    with database.write() as connection:
        mails = subscribers.erase(connection, person.id)
    session.out.print(f"Erased, and {mails} of their mails from the record. Backups of the database still know them.", highlight=False)


def _known(person: Subscriber | None) -> Subscriber:
    if person is None:
        raise AlertsError("nobody with this address is known; alerts subscribers list shows all")
    return person


def _plain(person: Subscriber, barred: Mapping[int, str]) -> dict[str, Any]:
    choices = person.choices
    return {
        "id": person.id,
        "address": person.address,
        "state": person.state,
        "suppressed": barred.get(person.id),
        "language": choices.language,
        "timezone": choices.timezone,
        "cadence": choices.cadence,
        "hour": choices.hour,
        "weekday": WEEKDAYS[choices.weekday],
        "sectors": {name: level.name for name, level in choices.sectors},
        "alert": choices.alert_level.name,
        "countries": list(choices.countries),
        "nationality": choices.nationality,
        "quiet": list(choices.quiet) if choices.quiet else None,
        "next_digest": person.due.isoformat() if person.due else None,
        "paused_until": person.paused_until.isoformat() if person.paused_until else None,
        "confirmed_at": person.confirmed_at.isoformat() if person.confirmed_at else None,
        "ended_reason": person.ended_reason,
    }


def _cells(person: Subscriber, barred: Mapping[int, str]) -> tuple[str, ...]:
    choices = person.choices
    rhythm = f"{choices.cadence} {choices.hour:02}:00 {choices.timezone}" if choices.cadence != "immediate" else "immediate"
    due = f"{person.due:%Y-%m-%d %H:%M}" if person.due else "-"
    sectors = ", ".join(f"{name}={level.name}" for name, level in choices.sectors)
    state = "suppressed" if person.id in barred and person.state != "ended" else person.state
    return str(person.id), person.address, state, rhythm, due, sectors, ", ".join(choices.countries) or "all", choices.language
