"""`alerts rules explain`: what was found in a text, which rules held, how each level came about, and what failed where one did not."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from alerts.cli.rules.marking import marked
from alerts.cli.rules.options import Config, Host, Json, has_database, known_country, load_host, load_set
from alerts.cli.service import Now
from alerts.clock import parse_moment
from alerts.errors import AlertsError, FeedError, UsageError
from alerts.feeds.entry import Entry
from alerts.rules import explain as explaining
from alerts.rules.assessment import Evidence
from alerts.rules.explain import Explanation, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from alerts.cli.session import Session
    from alerts.feeds.catalog import Catalog

ENTRY_ID = re.compile(r"[a-z0-9][a-z0-9-]*:[!-~]+")
HASHED = re.compile(r"[a-z0-9][a-z0-9-]*:[0-9a-f]{20}")
"""An id as `alerts.feeds.identity` makes it: of a feed, and a hash."""


def explain(
    context: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT|URL|ENTRY_ID", help="A headline, or headline | summary; a page; a stored entry.")],
    *,
    rule: Annotated[str | None, typer.Option(help="Say of this rule why it held or what failed.")] = None,
    published: Annotated[str | None, typer.Option(help="The date of a text, ISO 8601; default: now.")] = None,
    kind: Annotated[str, typer.Option(help="Who says a text: official, press or aggregator.")] = "press",
    country: Annotated[str, typer.Option(help="Country of the source of a text.")] = "",
    config: Config = None,
    as_json: Json = False,
    host: Host = None,
    now: Now = None,
) -> None:
    """Show what was found in a text, which rules held and how each level came about."""
    from alerts.cli.session import moment_at

    session: Session = context.obj
    if kind not in {"official", "press", "aggregator"}:
        raise UsageError(f"--kind {kind}: write official, press or aggregator")
    country = known_country(country)
    if not text.strip():
        raise UsageError("there is no text; write a headline in quotes, a URL or the id of a stored entry")
    rules = load_set(context, config, with_rule=rule)
    moment = parse_moment(published) if published else moment_at(now)
    if text.startswith(("https://", "http://")) and " " not in text:
        entry = _fetched(session, text, moment_at(now), session.catalog(config))
    else:
        entry = _stored(session, text, config) or explaining.entry_of_text(text, published=moment, kind=kind, country=country)  # type: ignore[arg-type]
    explanation = explaining.explain(rules, entry, only=rule or "", host=load_host(context, rules, host))
    if as_json:
        typer.echo(json.dumps(asdict(explanation), ensure_ascii=False, default=str))
        return
    _show(session, explanation)


def _stored(session: Session, name: str, config: Path | None) -> Entry | None:
    """Return the stored entry with this id; None if the text is no id. Raises AlertsError if it is one, but of no entry."""
    if not ENTRY_ID.fullmatch(name):
        return None
    if has_database(session):
        from alerts.store import entries

        with session.stored().read() as connection:
            if found := entries.load(connection, [name]):
                return found[0].entry
    if session.catalog(config).by_id(name.partition(":")[0]) is None and not HASHED.fullmatch(name):
        session.err.print("no stored entry has this id: it is explained as a text", highlight=False)
        return None
    where = f"in {session.home.path.resolve()}" if has_database(session) else f"here, for there is no service at {session.home.path}"
    raise AlertsError(f"no entry {name!r} is stored {where}; `alerts rules backtest --json` names ids, --home another service")


def _fetched(session: Session, url: str, now: datetime, catalog: Catalog) -> Entry:
    """Read a page, or the newest entry of a feed, as politely as a poll. Raises AlertsError."""
    from alerts.cli.looking import look_at_page
    from alerts.feeds.page import entry_of_page

    try:
        looked = look_at_page(session, url, now, catalog)
        if looked.parsed is not None:
            newest = max(looked.parsed.items, key=lambda item: (item.entry.published, item.entry.id))
            session.err.print(f"a feed with {len(looked.parsed.items)} entries; its newest is explained", highlight=False)
            return newest.entry
        assert looked.fetched is not None
        fetched = looked.fetched
        return entry_of_page(fetched.body or b"", content_type=fetched.content_type, url=fetched.url, catalog=catalog, now=now)
    except FeedError as error:
        raise AlertsError(f"{url}: {error}") from None


def _show(session: Session, explanation: Explanation) -> None:
    entry, out = explanation.entry, session.out
    out.print(marked(out, entry.title, "title", explanation.mentions), style="bold", soft_wrap=True)
    if entry.summary:
        out.print(marked(out, entry.summary, "summary", explanation.mentions), soft_wrap=True)
    said = [entry.credit(), entry.source.kind, entry.source.country, entry.language, f"{entry.published:%Y-%m-%d %H:%M} UTC"]
    out.print(escape(", ".join(filter(None, said))), style="dim", highlight=False)
    out.print(f"[bold]found[/bold]  {escape(_found(explanation.mentions)) or 'nothing'}", highlight=False)
    for day in explanation.assessment.dates:
        out.print(f"[bold]date[/bold]   {day.kind} {day.first} to {day.last} ({escape(day.text)})", highlight=False)
    for verdict in explanation.verdicts:
        _show_verdict(session, entry, verdict)
    if not explanation.verdicts:
        out.print("no rule held or came close; --rule ID says what one of them lacks", highlight=False)


def _found(mentions: tuple[Evidence, ...]) -> str:
    """Say what each word counts for; phrases that rules spell out count for themselves and are left out."""
    concepts: dict[str, list[str]] = {}
    for each in mentions:
        if not each.concept.startswith("~"):
            concepts.setdefault(each.text, []).append(each.concept)
    return "; ".join(f"{text} = {', '.join(dict.fromkeys(names))}" for text, names in concepts.items())


def _show_verdict(session: Session, entry: Entry, verdict: Verdict) -> None:
    mark = "[red]fails[/red]" if not verdict.held else "[yellow]holds, but[/yellow]" if verdict.reason else "[green]holds[/green]"
    out = session.out
    out.print(f"\n{mark}  [bold]{verdict.rule}[/bold]  {escape(verdict.title)}  ({verdict.place})", highlight=False)
    for field, text in (("title", entry.title), ("summary", entry.summary)):
        if any(each.field == field for each in verdict.evidence):
            out.print("  ", marked(out, text, field, verdict.evidence), sep="", soft_wrap=True)  # type: ignore[arg-type]
    if verdict.reason:
        out.print(f"  {escape(verdict.reason)}", highlight=False, soft_wrap=True)
    for sentence in verdict.nearest:
        out.print(f"  nearest: {escape(sentence)}", highlight=False, soft_wrap=True)
    if not verdict.held:
        out.print(f"  it asks for {escape(verdict.condition)}", highlight=False, soft_wrap=True, style="dim")
    for each in verdict.evidence:
        out.print(f"  {each.field}[{each.start}:{each.end}]  “{escape(each.text)}”  {escape(each.concept)}", highlight=False)
    if verdict.development:
        actors = " ".join(verdict.development.actors) or "nobody named"
        actors += f"; in {', '.join(verdict.development.places)}" if verdict.development.places else ""
        actors += "; one a day" if verdict.development.one_a_day else ""
        out.print(f"  {verdict.development.type}, {verdict.development.stage}, {verdict.development.polarity}, {actors}", highlight=False)
    for impact in verdict.impacts:
        terms = "  ".join(f"{term.name} {term.value:+d} ({term.reason})" for term in impact.terms)
        out.print(
            f"  {impact.sector:14} [bold]{impact.level.name:8}[/bold] {int(impact.level)} = {escape(terms)}",
            highlight=False,
            soft_wrap=True,
        )
