"""`alerts feeds …`: look at a feed before it is used, check the list, see how the feeds are."""

from __future__ import annotations

import asyncio
import ipaddress
import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.markup import escape
from rich.table import Table

from alerts.cli.service import Json, Now
from alerts.cli.session import Session, moment_at
from alerts.errors import AlertsError, FeedError

if TYPE_CHECKING:
    from alerts.feeds.catalog import Feed
    from alerts.feeds.parse import Item, Parsed

app = typer.Typer(no_args_is_help=True)

_COLOURS = {
    "fine": "green",
    "new": "dim",
    "off": "dim",
    "failing": "yellow",
    "silent": "yellow",
    "flood": "yellow",
    "held": "yellow",
    "dead": "red",
}

Target = Annotated[str, typer.Argument(metavar="FILE_OR_URL", help="A file, a web address, or the id of a feed in feeds.yaml.")]


@app.command(name="try")
def try_(context: typer.Context, target: Target, now: Now = None, as_json: Json = False) -> None:
    """Read one feed and show what was read: decoded how, dated how, what was left out and why. Nothing is stored."""
    session: Session = context.obj
    moment = moment_at(now)
    parsed = _read(session, target, moment)
    if as_json:
        for item in parsed.items:
            typer.echo(json.dumps(_line(item), ensure_ascii=False))
    else:
        _show(session, parsed)
    for problem in parsed.problems:
        session.err.print(problem, style="yellow", markup=False, highlight=False)


@app.command()
def check(
    context: typer.Context,
    live: Annotated[bool, typer.Option("--live", help="Visit every enabled feed too, once.")] = False,
    now: Now = None,
) -> None:
    """Check feeds.yaml; with --live, whether the feeds answer."""
    session: Session = context.obj
    catalog = session.catalog()
    off = len(catalog.feeds) - len(catalog.enabled)
    session.out.print(f"feeds.yaml is valid: {len(catalog.enabled)} feeds, {off} not enabled", highlight=False)
    if not live:
        return
    failed = 0
    for feed, outcome in asyncio.run(_visit_all(session, catalog.enabled, moment_at(now))):
        if isinstance(outcome, FeedError):
            failed += 1
            session.out.print(f"[red]✗[/red] {feed.id}: {escape(str(outcome))} ({outcome.reason})", highlight=False)
        else:
            session.out.print(
                f"[green]✓[/green] {feed.id}: {len(outcome.items)} entries, {outcome.format}, {outcome.encoding}", highlight=False
            )
    if failed:
        raise AlertsError(f"{failed} of {len(catalog.enabled)} feeds cannot be read")


@app.command()
def status(context: typer.Context, now: Now = None, as_json: Json = False) -> None:
    """Show how every feed is: what fails, what has fallen silent, what is held back."""
    from alerts.feeds.health import report, sparkline
    from alerts.store.feeds import load_all

    session: Session = context.obj
    moment = moment_at(now)
    catalog = session.catalog()
    with session.database().read() as connection:
        states = load_all(connection)
    rows = [(feed, states.get(feed.id), report(feed, states.get(feed.id), moment)) for feed in catalog.feeds]
    if as_json:
        for feed, state, told in rows:
            facts: dict[str, Any] = {"id": feed.id, "verdict": told.verdict, "told": told.sentence, "url": feed.url}
            if state is not None:
                names = ("last_poll", "last_success", "last_new_entry", "due", "error_streak", "error_reason", "entries_seen")
                facts |= {name: getattr(state, name) for name in names}
                facts |= {"encoding": state.health.encoding, "format": state.health.format, "drift": state.health.drift}
                facts |= {"held": len(state.health.held.ids) if state.health.held else 0, "moved_to": state.health.moved_to}
                facts |= {"problems": state.health.problems, "days": state.health.days}
            typer.echo(json.dumps(facts, default=str, ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False)
    for name in ("feed", "is", "last new entry", "30 days", "told"):
        table.add_column(name, overflow="fold", no_wrap=name != "told")
    for feed, state, told in rows:
        if told.verdict == "off":
            continue
        when = _ago(state.last_new_entry, moment) if state else ""
        line = sparkline(state.health.days, moment) if state else ""
        table.add_row(feed.id, f"[{_COLOURS.get(told.verdict, 'yellow')}]{told.verdict}[/]", when, line, escape(told.sentence))
    session.out.print(table)
    off = sum(told.verdict == "off" for _, _, told in rows)
    session.out.print(f"{off} more are not enabled; feeds.yaml says why", highlight=False)


@app.command()
def release(context: typer.Context, feed: Annotated[str, typer.Argument(help="The id of a feed whose entries are held back.")]) -> None:
    """Take in the entries of a feed that were held back as a redesign, as news, with the next visit; it is due at once."""
    import dataclasses

    from alerts.store.feeds import load, save

    session: Session = context.obj
    with session.database().write() as connection:
        state = load(connection, [feed]).get(feed)
        if state is None or state.health.held is None:
            raise AlertsError(f"nothing of {feed!r} is held back; `alerts feeds status` shows what is")
        held = dataclasses.replace(state.health.held, released=True)
        health = dataclasses.replace(state.health, held=held)
        save(connection, [dataclasses.replace(state, health=health, due=moment_at(None))])
    session.out.print(f"{len(held.ids)} entries of {feed} come in with the next poll", highlight=False)


def _read(session: Session, target: str, now: datetime) -> Parsed:
    """Read a file, an address, or a feed of the catalog. Raises AlertsError."""
    from alerts.feeds.catalog import Feed
    from alerts.feeds.parse import parse

    path = Path(target)
    if not target.startswith(("http://", "https://")) and path.is_file():
        return parse(path.read_bytes(), content_type="", url="", feed_source=_named(path.stem).source, timezone="", now=now)
    if target.startswith(("http://", "https://")):
        feed = Feed(id="try", url=target, title=target, publisher=target)
    else:
        found = session.catalog().by_id(target)
        if found is None:
            raise AlertsError(f"{target!r} is neither a file, nor a web address, nor the id of a feed")
        feed = found
    for _, outcome in asyncio.run(_visit_all(session, (feed,), now, typed=target)):
        if isinstance(outcome, FeedError):
            raise outcome
        return outcome
    raise AssertionError("a visit has an outcome")


def _named(stem: str) -> Feed:
    from alerts.feeds.catalog import Feed

    return Feed(id="try", title=stem or "file", publisher=stem or "file", enabled=False, reason="a trial")


async def _visit_all(session: Session, feeds: tuple[Feed, ...], now: datetime, *, typed: str = "") -> list[tuple[Feed, Parsed | FeedError]]:
    """Visit feeds one by one, without storing anything. A private address may be visited if a person typed it as such."""
    from importlib import metadata

    from alerts.feeds.fetch import fetch
    from alerts.feeds.network import make_client, user_agent
    from alerts.feeds.parse import parse

    settings = session.settings() if session.home.path.is_dir() else None
    contact = (settings.user_agent_contact or settings.contact) if settings else ""
    allowed = (*(settings.allowed_networks if settings else ()), *_typed_network(typed))
    outcomes: list[tuple[Feed, Parsed | FeedError]] = []
    async with make_client(agent=user_agent(metadata.version("expat-impact-alerts"), contact), allowed_networks=allowed) as client:
        for feed in feeds:
            try:
                fetched = await fetch(client, feed)
                body = fetched.body or b""
                parsed = parse(
                    body,
                    content_type=fetched.content_type,
                    url=fetched.url,
                    feed_source=feed.source,
                    timezone="" if typed == feed.url else feed.timezone,
                    now=now,
                    format=feed.format,
                    selection=feed.selection,
                )
                outcomes.append((feed, parsed))
            except FeedError as error:
                outcomes.append((feed, error))
    return outcomes


def _typed_network(url: str) -> tuple[str, ...]:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return "127.0.0.0/8", "::1/128"
    try:
        return (str(ipaddress.ip_network(host)),)
    except ValueError:
        return ()


def _line(item: Item) -> dict[str, str]:
    entry = item.entry
    return {
        "guid": item.guid or entry.url or entry.id.partition(":")[2],
        "url": entry.url,
        "title": entry.title,
        "summary": entry.summary,
        "published": entry.published.isoformat(),
        "language": entry.language,
    }


def _show(session: Session, parsed: Parsed) -> None:
    head = f"{parsed.title or 'a feed without a title'}: {len(parsed.items)} entries, {parsed.format}, decoded as {parsed.encoding}"
    session.out.print(f"[bold]{escape(head)}[/bold]", highlight=False)
    table = Table(box=None, pad_edge=False)
    for name in ("published (UTC)", "date", "lang", "title"):
        table.add_column(name, no_wrap=name != "title")
    for item in parsed.items:
        entry = item.entry
        table.add_row(f"{entry.published:%Y-%m-%d %H:%M}", item.dated, entry.language, escape(entry.title))
    session.out.print(table)


def _ago(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return "never"
    hours = (now - moment).total_seconds() / 3600
    return f"{hours:.0f} h ago" if hours < 72 else f"{hours / 24:.0f} days ago"
