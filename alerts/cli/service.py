"""`alerts init`, `run` and `tick`: the service as a whole."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import os
from typing import Annotated, Any

import typer

from alerts.cli.session import Purpose, Session, worker_name
from alerts.errors import AlertsError, SettingsError
from alerts.settings import Home

Now = Annotated[str | None, typer.Option("--now", metavar="ISO", help="Pretend that it is this moment, such as 2026-01-03T07:05:00+09:00.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the top level."""
    app.command()(init)
    app.command()(run)
    app.command()(tick)


def init(
    context: typer.Context,
    directory: Annotated[str | None, typer.Argument(help="Where to make the home; default: what --home says.")] = None,
) -> None:
    """Make a home: configuration, settings with a new secret key, database. Never overwrites."""
    from pathlib import Path

    from alerts.cli.home import make_home
    from alerts.store.db import Database

    session: Session = context.obj
    home = Home(Path(directory)) if directory else session.home
    done = list(make_home(home))
    Database(Session(home, session.out, session.err).settings().database_url).upgrade()
    for line in [*done, "ready    database"]:  # only now: whoever listens to the first lines alone gets a whole home all the same
        session.out.print(line, highlight=False)
    where = f"alerts --home {home.path}"
    session.out.print(
        f"""
The home is {home.path.resolve()}. What to do next:
  1. Open {home.env_file} and set ALERTS_MAIL_URL, ALERTS_BASE_URL, the sender and your contact.
     Until then mails go to {home.outbox}, a Maildir that any mail program can read.
  2. {where} subscribers add you@example.com --sector visas=info --sector automotive=watch --confirmed
  3. {where} run""",
        highlight=False,
        soft_wrap=True,
    )


def run(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Where to serve the pages; default: ALERTS_LISTEN_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the pages; 0 takes a free one; default: ALERTS_LISTEN_PORT.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log every detail.")] = False,
) -> None:
    """Run the service: poll, assess, publish, send and serve the pages, until SIGTERM or Ctrl-C."""
    from alerts.feeds.pool import load_parsers

    load_parsers()
    from alerts.daemon import serve
    from alerts.garbage import settle
    from alerts.jobs.context import Context, check_host
    from alerts.log import set_up_log
    from alerts.mail.dkim import load_keys
    from alerts.mail.fragments import Fragments
    from alerts.mail.mailboxes import check_mailbox_url
    from alerts.mail.rates import parse_limits, parse_warm_up
    from alerts.mail.transport import make_transport
    from alerts.reload import Configuration
    from alerts.store.shared_clock import clock_of
    from alerts.web.app import create_app

    session: Session = context.obj
    session.require_home()
    settings, worker = session.settings(), worker_name()
    make_transport(settings.mail_url.get_secret_value())  # what cannot be used should show now, not at the first send
    load_keys(settings.dkim_keys)
    parse_limits(settings.send_domains)
    parse_warm_up(settings.send_warm_up)
    if bounces := settings.bounce_url.get_secret_value():
        try:
            check_mailbox_url(bounces)
        except SettingsError as error:
            raise SettingsError(f"ALERTS_BOUNCE_URL: {error}") from None
    set_up_log(logging.DEBUG if verbose else logging.INFO, file=session.home.logs / "alerts.log")
    database = session.database()
    clock = clock_of(database)
    configuration = Configuration(session.config_directory(), database, clock, session.home.cache)
    check_host(settings, configuration.current.rules)
    fragments = Fragments()

    def given() -> Context:
        loaded = configuration.current
        return Context(
            settings, session.home, database, clock, loaded.catalog, loaded.rules, worker, silences=loaded.silences, fragments=fragments
        )

    def watch() -> None:
        if configuration.refresh():
            settle()

    overrides = session.home.templates if session.home.templates.is_dir() else None
    app = create_app(settings=settings, database=database, clock=clock, rules=lambda: configuration.current.rules, templates=overrides)
    where = host or settings.listen_host
    settle()
    cut_off = asyncio.run(
        serve(
            given,
            app,
            watch=watch,
            host=where,
            port=settings.listen_port if port is None else port,
            started=lambda bound: session.err.print(f"Serving pages at http://{where}:{bound}; stop with Ctrl-C.", highlight=False),
        )
    )
    database.close()
    if cut_off:  # a thread still works; its transaction is rolled back with the process, and leases give the work back
        logging.shutdown()
        os._exit(0)


def tick(context: typer.Context, now: Now = None, as_json: Json = False) -> None:
    """Do once everything that is due, then stop: for cron and for tests."""
    from alerts.feeds.pool import load_parsers
    from alerts.garbage import settle, uncollected

    load_parsers()
    session: Session = context.obj
    with uncollected():
        from alerts.daemon import tick as tick_once

        given = session.context(now=now, purpose=Purpose.serve)
    settle(first_look=False)
    outcomes = asyncio.run(tick_once(given))
    failed = {name: outcome for name, outcome in outcomes.items() if isinstance(outcome, Exception)}
    if as_json:
        typer.echo(json.dumps({name: _plain(outcome) for name, outcome in outcomes.items()}, ensure_ascii=False, default=str))
    else:
        for name, outcome in outcomes.items():
            session.out.print(f"{name:8} {_words(outcome)}", highlight=False)
    if failed:
        raise typer.Exit(1)


def _plain(outcome: Any) -> Any:
    return {"error": str(outcome)} if isinstance(outcome, Exception) else dataclasses.asdict(outcome)


def _words(outcome: Any) -> str:
    if isinstance(outcome, AlertsError):
        return f"failed: {outcome}"
    plain = _plain(outcome)
    rate = f", {plain.pop('rate')} a second" if plain.get("rate") else ""
    return (", ".join(f"{value} {name.replace('_', ' ')}" for name, value in plain.items() if value) or "nothing due") + rate
