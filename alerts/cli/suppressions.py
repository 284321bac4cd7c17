"""`alerts suppressions`: the addresses that must not be mailed. Only keyed marks are kept, so the list names nobody."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table

from alerts.cli.session import Session, moment_at
from alerts.errors import AlertsError

app = typer.Typer(no_args_is_help=True)

Now = Annotated[str | None, typer.Option("--now", metavar="ISO", help="Pretend that it is this moment.")]
Address = Annotated[str, typer.Argument(help="The mail address.")]


@app.command("list")
def show(
    context: typer.Context,
    address: Annotated[str, typer.Option(help="Say of one address only whether it is on the list, and why.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False,
) -> None:
    """List marks with reason and date. No address can be read from a mark; ask with --address."""
    from alerts.store import suppressions

    session: Session = context.obj
    with session.stored().read() as connection:
        found = suppressions.listing(connection)
    if address:
        wanted = _mark(session, address)
        found = [each for each in found if each[0] == wanted]
    if as_json:
        for mark, reason, at in found:
            typer.echo(json.dumps({"mark": mark, "reason": reason, "at": at.isoformat()}))
        return
    if not found:
        session.out.print("This address is not suppressed." if address else "No address is suppressed.")
        return
    table = Table()
    for name in ("mark", "since (UTC)", "reason"):
        table.add_column(name, overflow="fold")
    for mark, reason, at in found:
        table.add_row(mark, f"{at:%Y-%m-%d %H:%M}", reason)
    session.out.print(table)


@app.command()
def add(
    context: typer.Context,
    address: Address,
    reason: Annotated[str, typer.Option(help="Kept with the date.")] = "operator",
    now: Now = None,
) -> None:
    """Suppress an address: whatever happens, it gets no mail, not even if somebody signs it up again."""
    from alerts.store import suppressions

    session: Session = context.obj
    mark = _mark(session, address)
    with session.database().write() as connection:
        new = suppressions.suppress(connection, [mark], reason=reason.strip() or "operator", at=moment_at(now))
    session.out.print("Suppressed." if new else "Was suppressed before; the first reason stays.")


@app.command()
def remove(context: typer.Context, address: Address) -> None:
    """Take an address off the list: it may be mailed again, and its score of bounces starts anew."""
    from alerts.store import bounces, suppressions

    session: Session = context.obj
    mark = _mark(session, address)
    with session.database().write() as connection:
        lifted = suppressions.lift(connection, mark)
        bounces.forgive(connection, address)
    if not lifted:
        raise AlertsError("this address is not suppressed; alerts suppressions list shows all marks")
    session.out.print("It may be mailed again.")


def _mark(session: Session, address: str) -> str:
    """Return the mark of an address as the sender makes it. Raises AlertsError if it is none."""
    from alerts.mail.address import fold_address, parse_address
    from alerts.signing import Signer
    from alerts.store import suppressions

    session.require_home()
    signer = Signer(session.settings().secret_key.get_secret_value())
    return suppressions.mark_of(signer, fold_address(parse_address(address)))
