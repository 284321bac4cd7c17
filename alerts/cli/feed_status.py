"""`alerts feeds status`: all feeds at a glance with what is to be said of them, or everything that is known of one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from alerts.cli.service import Json, Now
from alerts.cli.session import Session, moment_at
from alerts.errors import AlertsError

if TYPE_CHECKING:
    from alerts.feeds.catalog import Feed
    from alerts.feeds.state import FeedState
    from alerts.feeds.verdict import Report

_COLOURS = {"fine": "green", "new": "dim", "off": "dim", "dead": "red"}
"""Everything else is yellow."""

Row = tuple["Feed", "FeedState | None", "Report"]


def status(
    context: typer.Context,
    id: Annotated[str, typer.Argument(metavar="[ID]", help="Show everything that is known of this feed.")] = "",
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Show how every feed is: what fails, what has fallen silent, what is held back."""
    from alerts.feeds.verdict import report
    from alerts.store.feeds import load_all

    session: Session = context.obj
    moment = moment_at(now)
    feeds = session.catalog().feeds
    chosen = [feed for feed in feeds if id in {"", feed.id}]
    if not chosen:
        raise AlertsError(f"feeds.yaml lists no feed {id!r}")
    with session.stored().read() as connection:
        states = load_all(connection)
    rows: list[Row] = [(feed, states.get(feed.id), report(feed, states.get(feed.id), moment)) for feed in chosen]
    if as_json:
        for row in rows:
            typer.echo(json.dumps(_facts(*row), default=str, ensure_ascii=False))
    elif id:
        _show_one(session, rows[0], moment)
    else:
        _show_all(session, rows, moment)


def _show_all(session: Session, rows: list[Row], now: datetime) -> None:
    from alerts.feeds.state import local_day
    from alerts.feeds.verdict import sparkline

    table = Table(box=None, pad_edge=False)
    for name in ("feed", "is", "read", "new", "30 days"):
        table.add_column(name, no_wrap=name != "feed", overflow="fold")
    visited = [row for row in rows if row[2].verdict != "off"]
    for feed, state, told in visited:
        read, new = (_ago(state.last_success, now), _ago(state.last_new_entry, now)) if state else ("", "")
        line = sparkline(state.health.days, local_day(feed, now)) if state else ""
        table.add_row(feed.id, _coloured(told), read, new, line)
    session.out.print(table)
    # Below and not beside: a sentence in a column of its own is a tower of syllables on a narrow terminal.
    for feed, _, told in visited:
        if told.sentence and told.verdict != "new":
            session.out.print(
                f"{feed.id} {_coloured(told)}: {escape(told.sentence)}", highlight=False, soft_wrap=not session.out.is_terminal
            )
    counts = Counter(told.verdict for _, _, told in rows)
    off = counts.pop("off", 0)
    said = ", ".join(f"{number} {verdict}" for verdict, number in counts.most_common())
    session.out.print(f"{said or 'no feeds'}" + (f"; {off} more are not enabled, feeds.yaml says why" if off else ""), highlight=False)


def _show_one(session: Session, row: Row, now: datetime) -> None:
    feed, state, told = row
    kind = ", ".join(each for each in (feed.kind, feed.country, feed.language, f"tier {feed.tier}") if each)
    session.out.print(f"[bold]{escape(f'{feed.publisher}: {feed.title}')}[/bold] ({kind})", highlight=False)
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("is", _coloured(told) + (f": {escape(told.sentence)}" if told.sentence else ""))
    for name, text in _details(feed, state, now):
        table.add_row(name, escape(text))
    session.out.print(Padding(table, (0, 0, 0, 2)), highlight=False)


def _details(feed: Feed, state: FeedState | None, now: datetime) -> Iterator[tuple[str, str]]:
    """Give what is known of one feed, as (name, text)."""
    from alerts.feeds.login import part_login
    from alerts.feeds.state import local_day
    from alerts.feeds.verdict import limit, sparkline

    yield "address", part_login(feed.url)[0] or "none"
    if state is None:
        return
    health = state.health
    if health.moved_to:
        yield "moved to", f"{part_login(health.moved_to)[0]}, for good; change url in feeds.yaml"
    yield "read", f"{_ago(state.last_success, now)} ago" if state.last_success else "never"
    yield "next visit", f"{state.due:%Y-%m-%d %H:%M} UTC"
    usual = _rhythm(state)
    rhythm = f"; usually one every {_span(usual * 60)}" if usual else ""
    yield "new entry", (f"{_ago(state.last_new_entry, now)} ago" if state.last_new_entry else "never") + rhythm
    yield "silence", limit(feed, health.days)
    if health.format:
        yield "document", f"{health.format} in {health.encoding}, {len(health.shown)} entries, dates: {health.dated or 'none'}"
    if health.held is not None:
        yield "held", f"{len(health.held.ids)} entries since {health.held.since:%Y-%m-%d %H:%M} UTC"
    for number, text in enumerate(reversed(health.drift)):
        yield ("drift" if not number else ""), text
    for number, text in enumerate(health.problems):
        yield ("problems" if not number else ""), text
    visits, failed, new = (sum(counts) for counts in zip(*health.days.values(), strict=True)) if health.days else (0, 0, 0)
    yield "30 days", f"{sparkline(health.days, local_day(feed, now))}  {visits} visits, {failed} failed, {new} new entries"


def _facts(feed: Feed, state: FeedState | None, told: Report) -> dict[str, Any]:
    from alerts.feeds.login import part_login

    facts: dict[str, Any] = {
        "id": feed.id,
        "verdict": told.verdict,
        "told": told.sentence,
        "url": part_login(feed.url)[0],
        "tier": feed.tier,
    }
    if state is not None:
        names = ("last_poll", "last_success", "last_new_entry", "due", "error_streak", "error_reason", "entries_seen")
        facts |= {name: getattr(state, name) for name in names}
        facts |= {name: getattr(state.health, name) for name in ("encoding", "format", "dated", "drift", "rebuilt", "problems", "days")}
        facts |= {"held": len(state.health.held.ids) if state.health.held else 0, "moved_to": part_login(state.health.moved_to)[0]}
        facts |= {"staleness_hours": feed.staleness_hours, "rhythm_minutes": _rhythm(state)}
    return facts


def _coloured(told: Report) -> str:
    return f"[{_COLOURS.get(told.verdict, 'yellow')}]{told.verdict}[/]"


def _rhythm(state: FeedState) -> float | None:
    """Return the usual minutes between two entries."""
    from alerts.feeds.cadence import rhythm

    usual = rhythm(state.health.arrivals)
    return None if usual is None else round(usual.total_seconds() / 60, 1)


def _ago(moment: datetime | None, now: datetime) -> str:
    return "never" if moment is None else _span(max(0.0, (now - moment).total_seconds()))


def _span(seconds: float) -> str:
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 72 * 3600 else f"{seconds / 86400:.0f} d"
