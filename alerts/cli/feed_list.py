"""`alerts feeds add`, `import` and `export`: change the list of feeds, keeping what people wrote in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alerts.cli.looking import Looked, is_dialled, look_at, show, trial
from alerts.cli.service import Now
from alerts.cli.session import Session, moment_at
from alerts.errors import AlertsError, ConfigError, UsageError

if TYPE_CHECKING:
    from alerts.feeds.catalog import Catalog

Dry = Annotated[bool, typer.Option("--dry-run", help="Show what would be added, and change nothing.")]


def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="A feed, or a page that names one.")],
    id: Annotated[str, typer.Option("--id", help="Its id in feeds.yaml; made from the address if left out.")] = "",
    publisher: Annotated[str, typer.Option(help="Who publishes it; taken from the feed if left out.")] = "",
    kind: Annotated[str, typer.Option(help="official, press or aggregator; guessed from the address if left out.")] = "",
    country: Annotated[str, typer.Option(help="ISO 3166 alpha-3 code; guessed from the address if left out.")] = "",
    dry_run: Dry = False,
    now: Now = None,
) -> None:
    """Find the feed of a page, show what it would read, and add it to the end of feeds.yaml; comments stay as they are."""
    from alerts.feeds.draft import block, draft

    session: Session = context.obj
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"{url!r} is not a web address; it starts with https:// or http://")
    path = _file(session)
    catalog = session.catalog()
    looked = _find(session, url, now)
    parsed = looked.read()
    fetched = looked.fetched
    assert fetched is not None
    address = fetched.permanent_url or looked.feed.url
    _refuse_known(catalog, address)
    show(session, looked, most=10)
    for problem in parsed.problems:
        session.err.print(problem, style="yellow", markup=False, highlight=False)
    given = {"id": id, "publisher": publisher, "kind": kind, "country": country}
    values = draft(address, parsed, {feed.id for feed in catalog.feeds}) | {name: value for name, value in given.items() if value}
    _append(session, path, [block(values)], dry_run=dry_run)
    if not dry_run:
        session.out.print(f"Look over publisher, kind, country and timezone, then: alerts feeds try {values['id']}", highlight=False)
    if not is_dialled(session, address):
        said = "The service will refuse this private address until ALERTS_ALLOWED_NETWORKS in alerts.env names its network."
        session.err.print(said, style="yellow", markup=False, highlight=False)


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="An OPML file, as other readers export it.")],
    kind: Annotated[str, typer.Option(help="Kind of all of them: official, press or aggregator.")] = "press",
    dry_run: Dry = False,
) -> None:
    """Add the feeds of an OPML list to feeds.yaml; those that stand there already, tombstones too, are left out."""
    from alerts.feeds.draft import block, free_id
    from alerts.feeds.identity import address_key
    from alerts.feeds.opml import read_opml

    session: Session = context.obj
    path = _file(session)
    try:
        outlines = read_opml(file.read_text(encoding="utf-8-sig", errors="replace"))
    except OSError as error:
        raise AlertsError(f"{file} cannot be read: {error.strerror}") from None
    catalog = session.catalog()
    known = {address_key(feed.url) for feed in catalog.feeds if feed.url}
    taken = {feed.id for feed in catalog.feeds}
    blocks = []
    for outline in outlines:
        if address_key(outline.url) in known:
            continue
        name = free_id(outline.url, taken)
        taken.add(name)
        known.add(address_key(outline.url))
        title = " ".join(outline.title.split()) or name
        blocks.append(block({"id": name, "url": outline.url, "title": title, "publisher": title, "kind": kind}))
    left_out = len(outlines) - len(blocks)
    if blocks:
        _append(session, path, blocks, dry_run=dry_run)
    session.out.print(
        f"{len(blocks)} feeds of {len(outlines)}, {left_out} known already. See what they are like: alerts feeds check --live",
        highlight=False,
    )


def export(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Feeds that are not enabled, too.")] = False,
) -> None:
    """Write the feeds as OPML to standard output, for other readers. Pages and documents that are no feed are left out."""
    from alerts.feeds.opml import write_opml

    session: Session = context.obj
    catalog = session.catalog()
    chosen = [feed for feed in (catalog.feeds if everything else catalog.enabled) if feed.url and feed.format == "feed"]
    typer.echo(write_opml(chosen, "Expat impact alerts"), nl=False)


def _file(session: Session) -> Path:
    session.require_home()
    return session.config_directory() / "feeds.yaml"


def _refuse_known(catalog: Catalog, address: str) -> None:
    from alerts.feeds.identity import address_key

    for feed in catalog.feeds:
        if feed.url and address_key(feed.url) == address_key(address):
            state = "enabled" if feed.enabled else f"not enabled: {feed.reason}"
            raise AlertsError(f"{address} stands in feeds.yaml already, as {feed.id!r} ({state})")


def _find(session: Session, url: str, now: str | None) -> Looked:
    """Look at an address, and if it is a page, at the feeds that it names; the first that can be read is taken."""
    from alerts.feeds.discover import feed_links
    from alerts.feeds.encoding import decode

    moment = moment_at(now)
    first = look_at(session, (trial("page", url),), moment, typed=url)[0]
    if first.error is None or first.fetched is None or first.error.reason not in {"html", "login"}:
        first.read()
        return first
    page = decode(first.fetched.body or b"", content_type=first.fetched.content_type).text
    named = feed_links(page, first.fetched.url)
    if not named:
        raise AlertsError(
            f"{url} is a page that names no feed; format html-list in feeds.yaml can read its list of news (config/README.md)"
        )
    failures = []
    for address in named:
        try:
            feed = trial("page", address)
        except UsageError as error:
            failures.append(str(error))
            continue
        looked = look_at(session, (feed,), moment, typed=address)[0]
        if looked.error is None:
            others = [other for other in named if other != address]
            session.out.print(f"{url} names {address}" + (f"; also {', '.join(others)}" if others else ""), highlight=False, markup=False)
            return looked
        failures.append(f"{address}: {looked.error}")
    raise AlertsError("no feed that the page names can be read:\n" + "\n".join(failures))


def _append(session: Session, path: Path, blocks: list[str], *, dry_run: bool) -> None:
    """Add feeds to the end of the file, if the whole is valid then. Raises ConfigError, and nothing is changed."""
    from alerts.feeds.catalog import load_catalog
    from alerts.feeds.draft import appended

    text = appended(path.read_text(encoding="utf-8"), blocks)
    trial_file = path.with_name(".feeds.yaml.new")
    try:
        trial_file.write_text(text, encoding="utf-8")
        load_catalog(trial_file)
        session.out.print("\n".join(blocks), end="", markup=False, highlight=False, soft_wrap=True)
        if dry_run:
            session.out.print(f"Nothing was changed. Without --dry-run this goes to the end of {path}", highlight=False, soft_wrap=True)
        else:
            trial_file.replace(path)
            session.out.print(f"Added to {path}", highlight=False, soft_wrap=True)
    except ConfigError as error:
        said = "; ".join(dict.fromkeys(problem.message for problem in error.problems))
        raise UsageError(f"it was not added: {said}") from None
    finally:
        trial_file.unlink(missing_ok=True)
