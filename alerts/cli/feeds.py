"""`alerts feeds …`: look at a feed before it is used, check the list, see how the feeds are."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from alerts.cli import feed_list, feed_status
from alerts.cli.looking import Looked, look_at, show, trial
from alerts.cli.service import Json, Now
from alerts.cli.session import Session, moment_at
from alerts.errors import AlertsError

if TYPE_CHECKING:
    from alerts.feeds.parsed import Item

app = typer.Typer(no_args_is_help=True)
app.command()(feed_list.add)
app.command()(feed_status.status)
app.command(name="import")(feed_list.import_)
app.command()(feed_list.export)

Target = Annotated[str, typer.Argument(metavar="FILE_OR_URL", help="A file, a web address, or the id of a feed in feeds.yaml.")]


@app.command(name="try")
def try_(context: typer.Context, target: Target, now: Now = None, as_json: Json = False) -> None:
    """Read one feed and show what was read: decoded how, dated how, what was left out and why. Nothing is stored."""
    session: Session = context.obj
    moment = moment_at(now)
    looked = _look(session, target, moment)
    if looked.error is not None and looked.error.reason == "html" and target.startswith("http"):
        raise AlertsError(f"{looked.error} `alerts feeds add {target} --dry-run` looks for the feed that the page names")
    parsed = looked.read()
    if as_json:
        for item in parsed.items:
            typer.echo(json.dumps(_line(item), ensure_ascii=False))
    else:
        show(session, looked)
    for problem in parsed.problems:
        session.err.print(problem, style="yellow", markup=False, highlight=False)


@app.command()
def check(
    context: typer.Context,
    live: Annotated[bool, typer.Option("--live", help="Visit every enabled feed too, once.")] = False,
    now: Now = None,
) -> None:
    """Check feeds.yaml; with --live, whether the feeds answer."""
    from alerts.feeds.pace import Pace

    session: Session = context.obj
    catalog = session.catalog()
    off = len(catalog.feeds) - len(catalog.enabled)
    session.out.print(f"feeds.yaml is valid: {len(catalog.enabled)} feeds, {off} not enabled", highlight=False)
    if not live:
        return
    failed = 0
    pace = Pace()
    for feed in catalog.enabled:
        looked = look_at(session, (feed,), moment_at(now), pace=pace)[0]
        if looked.error is not None:
            failed += 1
            session.out.print(f"[red]✗[/red] {feed.id}: {escape(str(looked.error))} ({looked.error.reason})", highlight=False)
        else:
            read = looked.read()
            session.out.print(f"[green]✓[/green] {feed.id}: {len(read.items)} entries, {read.format}, {read.encoding}", highlight=False)
    if failed:
        raise AlertsError(f"{failed} of {len(catalog.enabled)} feeds cannot be read")


@app.command()
def release(
    context: typer.Context,
    feed: Annotated[str, typer.Argument(help="The id of a feed whose entries are held back, or that has ended.")],
    quiet: Annotated[bool, typer.Option("--quiet", help="As old ones: they are kept, and nobody is told of them.")] = False,
) -> None:
    """Take in the entries of a feed that were held back, as news, with the next visit; it is due at once.

    A feed that has ended, because its publisher said often enough that it is gone for good, is visited again.
    """
    import dataclasses

    from alerts.feeds.health import take_up
    from alerts.feeds.merge import CONFIRMATIONS
    from alerts.store.feeds import load, save

    session: Session = context.obj
    with session.database().write() as connection:
        state = load(connection, [feed]).get(feed)
        if state is not None and state.ended:
            save(connection, [take_up(state, moment_at(None))])
            session.out.print(f"{feed} is visited again, with the next poll", highlight=False)
            return
        if state is None or state.health.held is None:
            raise AlertsError(f"nothing of {feed!r} is held back, nor has it ended; `alerts feeds status` shows what is")
        held = dataclasses.replace(state.health.held, released=not quiet)
        if quiet:
            held = dataclasses.replace(held, visits=CONFIRMATIONS, late=True)
        health = dataclasses.replace(state.health, held=held)
        save(connection, [dataclasses.replace(state, health=health, due=moment_at(None))])
    how = "as old ones" if quiet else "as news"
    session.out.print(f"{len(held.ids)} entries of {feed} come in with the next poll, {how}", highlight=False)


def _look(session: Session, target: str, now: datetime) -> Looked:
    """Look at a file, an address, or a feed of the catalog. Raises AlertsError."""
    from alerts.feeds.parse import parse
    from alerts.feeds.pool import here

    path = Path(target)
    if not target.startswith(("http://", "https://")) and path.is_file():
        feed = trial(path.stem)
        body = _unpacked(path.read_bytes())
        return Looked(feed, parsed=here(parse, body, content_type="", url="", feed_source=feed.source, timezone="", now=now))
    found = trial(target, target) if target.startswith(("http://", "https://")) else session.catalog().by_id(target)
    if found is None:
        raise AlertsError(f"{target!r} is neither a file, nor a web address, nor the id of a feed")
    return look_at(session, (found,), now, typed=target)[0]


def _unpacked(raw: bytes) -> bytes:
    """Unpack what `bodies/` keeps; anything else is taken as it is. Raises FeedError for what is larger than we read."""
    from alerts.feeds.body import MAX_BYTES
    from alerts.feeds.unpack import GZIP_BITS, Zlib

    return Zlib(GZIP_BITS, MAX_BYTES).feed(raw, 0) if raw.startswith(b"\x1f\x8b") else raw


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
