"""`alerts rules explain`: what was found in a text, which rules held, how each level came about."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from alerts.cli.rules.options import Config, Host, Json, load_set
from alerts.errors import AlertsError
from alerts.feeds.entry import Entry, Source
from alerts.rules import explain as explaining
from alerts.rules.explain import Verdict
from alerts.text import is_japanese

if TYPE_CHECKING:
    from alerts.cli.session import Session


def explain(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="A headline, or headline | summary.")],
    *,
    rule: Annotated[str | None, typer.Option(help="Say of this rule why it held or what failed.")] = None,
    published: Annotated[str | None, typer.Option(help="The entry's date, ISO 8601; default: now.")] = None,
    kind: Annotated[str, typer.Option(help="official, press or aggregator.")] = "press",
    country: Annotated[str, typer.Option(help="Country of the source.")] = "",
    config: Config = None,
    as_json: Json = False,
    host: Host = "JPN",
) -> None:
    """Show what was found in a text, which rules held and how each level came about."""
    from alerts.clock import parse_moment

    session: Session = context.obj
    rules = load_set(context, config)
    if rule and rules.rule(rule) is None:
        raise AlertsError(f"no rule {rule!r}")
    title, _, summary = text.partition(" | ")
    language = "ja" if is_japanese(text) else "en"
    moment = parse_moment(published) if published else datetime.now(UTC)
    source = Source("text", "text", kind, country, language)  # type: ignore[arg-type]
    explanation = explaining.explain(
        rules, Entry("text", source, "", title, summary, moment, language, outlet="text"), only=rule or "", host=host
    )
    if as_json:
        typer.echo(json.dumps(asdict(explanation), ensure_ascii=False, default=str))
        return
    session.out.print(
        "[bold]found[/bold]  " + escape(", ".join(f"{m.text} = {m.concept}" for m in explanation.mentions) or "nothing"), highlight=False
    )
    for verdict in explanation.verdicts:
        _print_verdict(session, verdict)
    for day in explanation.assessment.dates:
        session.out.print(f"[bold]date[/bold]  {day.kind} {day.first} to {day.last} ({escape(day.text)})", highlight=False)
    if not explanation.verdicts:
        session.out.print("no rule held or came close", highlight=False)


def _print_verdict(session: Session, verdict: Verdict) -> None:
    mark = (
        "[green]holds[/green]"
        if verdict.held and not verdict.reason
        else "[yellow]holds, but[/yellow]"
        if verdict.held
        else "[red]fails[/red]"
    )
    session.out.print(f"\n{mark}  [bold]{verdict.rule}[/bold]  {escape(verdict.title)}  ({verdict.place})", highlight=False)
    if verdict.reason:
        session.out.print(f"  {escape(verdict.reason)}", highlight=False)
    for each in verdict.evidence:
        session.out.print(f"  {each.field}[{each.start}:{each.end}]  “{escape(each.text)}”  {escape(each.concept)}", highlight=False)
    if verdict.development:
        actors = " ".join(verdict.development.actors) or "nobody named"
        session.out.print(
            f"  {verdict.development.type}, {verdict.development.stage}, {verdict.development.polarity}, {actors}", highlight=False
        )
    for impact in verdict.impacts:
        terms = "  ".join(f"{term.name} {term.value:+d} ({term.reason})" for term in impact.terms)
        session.out.print(f"  {impact.sector:14} [bold]{impact.level.name:8}[/bold] {escape(terms)}", highlight=False, soft_wrap=True)
