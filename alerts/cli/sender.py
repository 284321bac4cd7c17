"""`alerts sender`: pause and resume the mail, see how it goes, try it out, make a key that signs it."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from alerts.cli.session import Purpose, Session, moment_at
from alerts.errors import AlertsError, UsageError

app = typer.Typer(no_args_is_help=True)

Now = Annotated[str | None, typer.Option("--now", metavar="ISO", help="Pretend that it is this moment.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command()
def status(context: typer.Context, now: Now = None, as_json: Json = False) -> None:
    """Say whether mail leaves, how fast it did last, how much waits and what limits it."""
    from alerts.mail.rates import parse_warm_up
    from alerts.store import outbox, sender
    from alerts.store.facts import load_fact

    session: Session = context.obj
    session.require_home()
    settings, moment = session.settings(), moment_at(now)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    warm_up = parse_warm_up(settings.send_warm_up)
    with session.stored().read() as connection:
        pause, rate = sender.paused(connection, moment), load_fact(connection, sender.RATE_FACT)
        counts, today = outbox.counts(connection, now=moment), sender.sent_since(connection, midnight)
    allowed = warm_up.allowance(moment.date()) if warm_up else None
    if as_json:
        values = {
            "paused": dataclasses.asdict(pause) if pause else None,
            "last_rate": {"at": rate[0], **rate[1]} if rate else None,
            "mails": counts,
            "sent_today": today,
            "allowed_today": allowed,
        }
        typer.echo(json.dumps(values, default=str))
        return
    last = (
        f"{rate[1]['per_second']} mails a second ({rate[1]['sent']} sent, {rate[0]:%Y-%m-%d %H:%M} UTC)" if rate else "no mail has left yet"
    )
    limit = f"{settings.send_rate:g} a second" if settings.send_rate else "no limit"
    domains = f"; {settings.send_domains}" if settings.send_domains else ""
    lines = {
        "state": str(pause) if pause else "mail leaves as it is due",
        "rate": last,
        "waiting": f"{counts['pending']} pending, {counts['deferred']} deferred, {counts['sending']} being sent",
        "today": f"{today} sent" + (f" of {allowed} that the warm-up allows" if allowed is not None else ""),
        "limits": f"{settings.send_connections} connections a process, {limit} in all{domains}",
    }
    for name, text in lines.items():
        session.out.print(f"{name:9} {text}", highlight=False, markup=False)


@app.command()
def pause(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="Why, for whoever asks later.")] = "an operator paused it",
    now: Now = None,
) -> None:
    """Let no more mail leave, of any process, until it is resumed; what is in flight is finished and nothing is lost."""
    from alerts.store import sender

    session: Session = context.obj
    with session.database().write() as connection:
        sender.pause(connection, reason=reason.strip() or "an operator paused it", now=moment_at(now))
    session.out.print("No more mail leaves; mails wait. Send again with: alerts sender resume", highlight=False)


@app.command()
def resume(context: typer.Context, now: Now = None) -> None:
    """Let mail leave again, after a pause by an operator or by the sender itself."""
    from alerts.store import sender

    session: Session = context.obj
    with session.database().write() as connection:
        was = sender.resume(connection, now=moment_at(now))
    session.out.print("Mail leaves again." if was else "The sender was not paused.", highlight=False)


@app.command()
def test(context: typer.Context, address: Annotated[str, typer.Argument(help="A mailbox that you can look into.")]) -> None:
    """Send one test mail now, as all mail is sent, and say whether the mail server took it. What waits is left alone."""
    from alerts.jobs.trial import send_trial

    session: Session = context.obj
    given = session.context(purpose=Purpose.look)
    message_id = asyncio.run(send_trial(given, address))
    way = urlsplit(given.settings.mail_url.get_secret_value())
    where = f"the mail server at {way.hostname}" if way.hostname else f"{way.scheme}:{way.path}"
    session.out.print(f"Taken by {where}. Message-ID {message_id}", highlight=False, markup=False, soft_wrap=True)
    session.out.print("Now look into the mailbox, and among its spam; the mail says what to look for.", highlight=False)


@app.command()
def dkim(
    context: typer.Context,
    domain: Annotated[str, typer.Argument(help="Your mail domain.")],
    selector: Annotated[str, typer.Argument(help="A new name for this key, such as s2026.")],
    file: Annotated[Path, typer.Argument(help="Where to write the private key; must not exist.")],
    kind: Annotated[
        str, typer.Option(help="rsa, which everybody checks, or ed25519, which is faster; list both to sign with both.")
    ] = "rsa",
) -> None:
    """Make a key that signs mails, and say what to put into the DNS. To rotate: publish, list both, and drop the old one a week later."""
    from alerts.mail.dkim import SETTING, is_name, load_keys, make_key

    session: Session = context.obj
    if kind not in {"rsa", "ed25519"}:
        raise UsageError(f"--kind is rsa or ed25519, not {kind!r}")
    for name, given in (("DOMAIN", domain), ("SELECTOR", selector)):
        if not is_name(given):
            raise UsageError(f"{name}: {given!r} is no name of the DNS; write letters, digits and hyphens, beyond ASCII in the form xn--…")
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(make_key(kind))
    except OSError as error:
        raise AlertsError(f"{file} cannot be written: {error.strerror}") from error
    (key,) = load_keys(f"{domain}:{selector}:{file}")
    say = session.out.print
    say(f"The private key is in {file}. Publish this TXT record:", highlight=False, soft_wrap=True)
    say(
        f"\n{key.dns_name}. IN TXT",
        *(f'"{key.dns_record[at : at + 250]}"' for at in range(0, len(key.dns_record), 250)),
        highlight=False,
        soft_wrap=True,
    )
    say(f"\nOnce `alerts doctor` finds it, add to {SETTING}: {domain}:{selector}:{file.resolve()}", highlight=False, soft_wrap=True)
