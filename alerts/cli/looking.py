"""Looking at feeds without storing anything: what `alerts feeds try`, `check --live` and `add` share."""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rich.markup import escape
from rich.table import Table

from alerts.cli.session import Session
from alerts.errors import FeedError, UsageError

if TYPE_CHECKING:
    import httpx

    from alerts.feeds.catalog import Catalog, Feed
    from alerts.feeds.fetch import Fetched
    from alerts.feeds.pace import Pace
    from alerts.feeds.parsed import Parsed


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of looking at one feed: what was fetched and what was read of it, or why not."""

    feed: Feed
    fetched: Fetched | None = None
    parsed: Parsed | None = None
    error: FeedError | None = None

    def read(self) -> Parsed:
        """Return what was read. Raises the FeedError if nothing was."""
        if self.error is not None:
            raise self.error
        assert self.parsed is not None
        return self.parsed


def trial(title: str, url: str = "") -> Feed:
    """A feed that stands in no list. Raises UsageError if the address is none."""
    from alerts.feeds.catalog import Feed, web_address

    try:
        web_address(url)
    except ValueError as error:
        raise UsageError(str(error)) from None
    reason = "" if url else "a trial"
    return Feed(id="try", url=url, title=title or "file", publisher=title or "file", enabled=bool(url), reason=reason)


def look_at(session: Session, feeds: tuple[Feed, ...], now: datetime, *, typed: str = "", pace: Pace | None = None) -> list[Looked]:
    """Visit feeds one by one, at a `pace` that several calls may share. A private address may be visited if a person typed it as such."""
    return asyncio.run(_look_at(session, feeds, now, typed, pace))


def look_at_page(session: Session, url: str, now: datetime, catalog: Catalog) -> Looked:
    """Visit an address that a person typed: a page that its site lets us read, or a feed, which is then read. Raises FeedError.

    What the catalog says of the feed, or of its publisher, holds here as it does in the service.
    """
    return asyncio.run(_look_at_page(session, url, now, catalog))


async def _look_at_page(session: Session, url: str, now: datetime, catalog: Catalog) -> Looked:
    from alerts.feeds.fetch import fetch
    from alerts.feeds.parse import parse
    from alerts.feeds.pool import here
    from alerts.feeds.robots import Robots

    target = trial("", url)
    known = catalog.at(url)
    target = known or target
    source = target.source if known else catalog.source_for((urlsplit(url).hostname or "").removeprefix("www."))
    async with _client(session, url) as client:
        await Robots().check(client, target, url, now)
        fetched = await fetch(client, target)
    try:
        parsed = here(
            parse,
            fetched.body or b"",
            content_type=fetched.content_type,
            url=fetched.url,
            feed_source=source,
            timezone=target.timezone if known else "",
            now=now,
            format=target.format,
            selection=target.selection,
        )
    except FeedError as error:
        return Looked(target, fetched, error=error)
    return Looked(target, fetched, parsed)


def _client(session: Session, typed: str) -> httpx.AsyncClient:
    """A client that says who we are; a private address may be visited if a person typed it as such."""
    from importlib import metadata

    from alerts.feeds.network import make_client, user_agent

    settings = session.settings() if session.home.path.is_dir() else None
    contact = (settings.user_agent_contact or settings.contact) if settings else ""
    allowed = (*(settings.allowed_networks if settings else ()), *_typed_network(typed))
    return make_client(agent=user_agent(metadata.version("expat-impact-alerts"), contact), allowed_networks=allowed)


async def _look_at(session: Session, feeds: tuple[Feed, ...], now: datetime, typed: str, pace: Pace | None) -> list[Looked]:
    from alerts.feeds.fetch import fetch
    from alerts.feeds.parse import parse
    from alerts.feeds.pool import here
    from alerts.feeds.robots import Robots

    robots = Robots()
    outcomes: list[Looked] = []
    async with _client(session, typed) as client:
        for feed in feeds:
            fetched: Fetched | None = None
            try:
                if feed.format == "html-list":
                    await robots.check(client, feed, feed.url, now, pace)
                fetched = await fetch(client, feed, pace=pace)
                parsed = here(
                    parse,
                    fetched.body or b"",
                    content_type=fetched.content_type,
                    url=fetched.url,
                    feed_source=feed.source,
                    timezone="" if typed == feed.url else feed.timezone,
                    now=now,
                    format=feed.format,
                    selection=feed.selection,
                )
                outcomes.append(Looked(feed, fetched, parsed))
            except FeedError as error:
                outcomes.append(Looked(feed, fetched, error=error))
    return outcomes


def show(session: Session, looked: Looked, *, most: int | None = None) -> None:
    """Print what was read: from where, decoded how, and each entry (at `most` so many) with its date and how that was found."""
    parsed = looked.read()
    decoded = f"decoded as {parsed.encoding} by {parsed.decoded_by}"
    head = f"{parsed.title or 'a feed without a title'}: {len(parsed.items)} entries, {parsed.format}, {decoded}"
    session.out.print(f"[bold]{escape(head)}[/bold]", highlight=False)
    if looked.fetched is not None:
        session.out.print(escape(_way(looked.fetched)), highlight=False, style="dim")
    table = Table(box=None, pad_edge=False)
    for name in ("published (UTC)", "date", "as written", "lang", "title"):
        table.add_column(name, no_wrap=name != "title")
    for item in parsed.items[:most]:
        entry = item.entry
        table.add_row(f"{entry.published:%Y-%m-%d %H:%M}", item.dated, escape(item.date_text[:31]), entry.language, escape(entry.title))
    session.out.print(table)


def _way(fetched: Fetched) -> str:
    said = [f"{len(fetched.body or b'') / 1000:.0f} KB from {fetched.url}"]
    if fetched.permanent_url:
        said.append("the feed has moved there for good")
    elif fetched.redirects:
        said.append(f"{fetched.redirects} redirects for now")
    given = fetched.validators
    said.append(
        "asks back with " + " and ".join(name for name, value in (("ETag", given.etag), ("Last-Modified", given.last_modified)) if value)
    )
    if not given.etag and not given.last_modified:
        said[-1] = "the server gives nothing to ask `has it changed?` with"
    if fetched.fresh_seconds:
        said.append(f"fresh for {fetched.fresh_seconds / 60:.0f} minutes")
    return "; ".join(said)


def is_dialled(session: Session, url: str) -> bool:
    """False if the service would refuse an address that a person may look at; a name is judged when it is dialled."""
    from alerts.feeds.network import may_dial, networks

    allowed = networks(session.settings().allowed_networks)
    return all(may_dial(network.partition("/")[0], allowed) for network in _typed_network(url)[:1])


def _typed_network(url: str) -> tuple[str, ...]:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return "127.0.0.0/8", "::1/128"
    try:
        return (str(ipaddress.ip_network(host)),)
    except ValueError:
        return ()
