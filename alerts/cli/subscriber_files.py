"""`alerts subscribers export` and `import`: the people as a CSV file, to move them from one service to another."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress

from alerts.cli.choosing import Words, choices_of, one_of, words_of
from alerts.cli.session import Session, moment_at
from alerts.digests.subscriber import Choices
from alerts.errors import AlertsError, UsageError

if TYPE_CHECKING:
    from alerts.store.subscribers import Subscriber

COLUMNS = ("address", "state", *words_of(Choices()), "confirmed_at", "consent")
ALIASES = {"email": "address", "e-mail": "address", "mail": "address"}
"""What other services call our columns."""
BATCH = 200
"""People in one transaction: whoever else writes waits no longer than for these."""
PAGE = 1000

Now = Annotated[str | None, typer.Option("--now", metavar="ISO", help="Pretend that it is this moment.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the group."""
    app.command("export")(write)
    app.command("import")(read)


def write(
    context: typer.Context,
    state: Annotated[str, typer.Option(help="Only those who are open, unconfirmed or ended.")] = "",
) -> None:
    """Write the people with their choices and consent as CSV to standard output: alerts subscribers export > people.csv."""
    from alerts.store import subscribers

    session: Session = context.obj
    wanted: Any = one_of("--state", state, ("open", "unconfirmed", "ended")) if state else None
    after = 0
    with session.stored().read() as connection:
        out = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
        out.writeheader()
        while people := subscribers.listing(connection, state=wanted, after=after, limit=PAGE):
            after = people[-1].id
            out.writerows(_row(person) for person in people)


def read(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV with a header; the only column that must be there is address (or email).")],
    sector: Annotated[
        list[str] | None,
        typer.Option("--sector", metavar="SECTOR=LEVEL", help="What people follow whose line does not say; again for more."),
    ] = None,
    language: Annotated[str, typer.Option(help="Language of people whose line does not say.")] = "en",
    consent: Annotated[
        str, typer.Option(metavar="TEXT", help="All have agreed, and this says when and how; without it each is asked by mail first.")
    ] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="With --consent: give those who are known already the choices of the file.")
    ] = False,
    welcome: Annotated[bool, typer.Option("--welcome", help="With --consent: send who is new a welcome mail.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    now: Now = None,
) -> None:
    """Add people from a CSV file, as `export` writes it or another service does. A line that is wrong is told; all others go in.

    Nobody is mailed who is suppressed here or whose line says that they ended; whose line says `unconfirmed` is asked in any case.
    """
    if (replace or welcome) and not consent:
        raise UsageError("--replace and --welcome are for people who have agreed: say when and how with --consent")
    session: Session = context.obj
    session.require_home()
    moment = moment_at(now)
    given = Words(sector or (), language=language)
    rules = session.rules()
    rows = list(_rows(file))
    count: Counter[str] = Counter()
    wanted: list[_Entry] = []
    for line, row in rows:
        try:
            wanted.append(_Entry(line, row["address"], choices_of(_words(row, given), rules), row))
        except (AlertsError, ValueError) as error:
            _complain(file, line, error, count)
    plan = _Plan(consent, replace, welcome, dry_run)
    with Progress(console=session.err, transient=True, disable=not session.err.is_terminal) as bar:
        task = bar.add_task("adding people", total=len(wanted))
        database = session.stored() if dry_run else session.database()
        for start in range(0, len(wanted), BATCH):
            some = wanted[start : start + BATCH]
            with (database.read if dry_run else database.write)() as connection:
                for entry in some:
                    try:
                        count[_take(connection, session, entry, plan, moment)] += 1
                    except AlertsError as error:
                        _complain(file, entry.line, error, count)
            bar.advance(task, len(some))
    told = ", ".join(f"{number} {what}" for what, number in sorted(count.items())) or "the file names nobody"
    session.out.print(f"{'Would be: ' if dry_run else ''}{told}.", highlight=False, markup=False, soft_wrap=True)
    if count["not read"]:
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line that could be read."""

    line: int
    address: str
    choices: Choices
    row: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the options say is to be done with each line."""

    consent: str
    replace: bool
    welcome: bool
    dry: bool


def _take(connection: Any, session: Session, entry: _Entry, plan: _Plan, moment: Any) -> str:
    """Add one person; return in words what became of them. Raises AlertsError if the address is none."""
    from alerts.jobs.suppressed import suppression_of
    from alerts.mail.address import parse_address
    from alerts.store import outbox, subscribers

    address = parse_address(entry.address)
    if entry.row.get("state") == "ended":
        return "left out, as they ended"
    if suppression_of(session.settings(), connection, address):
        return "left out, as mail to them is suppressed"
    known = subscribers.by_address(connection, address)
    if known is not None and not (plan.replace and known.state == "open"):
        return "known already"
    agreed = bool(plan.consent) and entry.row.get("state") != "unconfirmed"
    done = "replaced" if known else "added" if agreed else "asked to confirm"
    if plan.dry:
        return done
    earlier = _json(entry.row.get("consent", ""))
    consent = {**earlier, "how": "import", "said": plan.consent, "at": moment.isoformat()} if agreed else {}
    person = subscribers.add(connection, address, entry.choices, now=moment, confirmed=agreed, consent=consent)
    if not agreed:
        outbox.ask_to_confirm(connection, person.id, now=moment)
    elif plan.welcome and known is None:
        outbox.welcome(connection, person.id, now=moment)
    return done


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the lines of a file by number, with our names for the columns. Raises AlertsError if it is no such file."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise AlertsError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise AlertsError(f"{file}: not UTF-8 (byte {error.start}); save it as CSV UTF-8") from error
    header = text.partition("\n")[0]
    separator = max(",;\t", key=header.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=separator, restkey="", restval="")
    names = {name: ALIASES.get(name.strip().lower(), name.strip().lower()) for name in reader.fieldnames or ()}
    if "address" not in names.values():
        raise AlertsError(f"{file}:1: no column is called address or email; there are: {', '.join(names) or 'none'}")
    unused = [name for name, ours in names.items() if ours not in COLUMNS]
    if unused:
        sys.stderr.write(f"{file}:1: columns that are not used: {', '.join(unused)}\n")
    try:
        for row in reader:
            yield reader.line_num, {ours: str(row[name]).strip() for name, ours in names.items()}
    except csv.Error as error:
        raise AlertsError(f"{file}:{reader.line_num}: {error}; is a quotation mark open?") from error


def _words(row: Mapping[str, str], given: Words) -> Words:
    """Return the words of a line, and where it says nothing those that were given. Raises UsageError, ValueError."""
    sectors = row.get("sectors", "").replace(",", " ").split() or given.sectors
    if not sectors:
        raise UsageError("no sectors: the line has none, and no --sector was given")
    return Words(
        sectors=sectors,
        cadence=row.get("cadence") or given.cadence,
        hour=_hour(row["hour"]) if row.get("hour") else given.hour,
        weekday=row.get("weekday") or given.weekday,
        timezone=row.get("timezone") or given.timezone,
        language=row.get("language") or given.language,
        countries=row.get("countries", "").replace(",", " ").split(),
        nationality=row.get("nationality", ""),
        alert=row.get("alert") or given.alert,
        quiet=row.get("quiet") or given.quiet,
    )


def _hour(text: str) -> int:
    if not text.isdecimal():
        raise UsageError(f"--hour {text}: write an hour from 0 to 23")
    return int(text)


def _row(person: Subscriber) -> dict[str, str]:
    return {
        "address": person.address,
        "state": person.state,
        **words_of(person.choices),
        "confirmed_at": person.confirmed_at.isoformat() if person.confirmed_at else "",
        "consent": json.dumps(dict(person.consent), ensure_ascii=False) if person.consent else "",
    }


def _json(text: str) -> dict[str, Any]:
    """Return what a line says of consent; words that are no JSON are kept as words."""
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        return {"earlier": text}
    return found if isinstance(found, dict) else {"earlier": text}


def _complain(file: Path, line: int, error: Exception, count: Counter[str]) -> None:
    """Say which line is wrong and why, in the words of the file: its columns are called as the options are."""
    count["not read"] += 1
    sys.stderr.write(f"{file}:{line}: {str(error).removeprefix('--')}\n")
