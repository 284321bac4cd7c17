"""`alerts silences`: mute something until a moment, see what was silenced, end it."""

from __future__ import annotations

import getpass
import json
import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError
from rich.markup import escape
from rich.table import Table

from alerts.cli.service import Json, Now
from alerts.cli.session import Session, moment_at
from alerts.clock import parse_period
from alerts.errors import AlertsError, UsageError
from alerts.yamlwords import did_you_mean, sentence

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from alerts.loaded import Loaded
    from alerts.store.db import Database
    from alerts.store.silences import Kept, Met
    from alerts.stories.silence import Silence

app = typer.Typer(no_args_is_help=True)

Names = list[str] | None


@app.callback()
def group() -> None:
    """Mute a rule, a development, a source or a story until a moment. What is silenced is listed, never lost."""


@app.command()
def add(
    context: typer.Context,
    *,
    comment: Annotated[str, typer.Option("--comment", "-c", help="Why; who comes later will ask.")],
    rule: Annotated[Names, typer.Option(help="Id of a rule; may be given several times.")] = None,
    development: Annotated[Names, typer.Option(help="Id of a development.")] = None,
    source: Annotated[Names, typer.Option(help="The id of a feed, or a publisher with all its feeds.")] = None,
    story: Annotated[Names, typer.Option(help="Id of a story, of one of its entries, or words of a headline.")] = None,
    until: Annotated[str | None, typer.Option(help="When it ends: 2026-03-31T09:00+09:00; without a zone it is UTC.")] = None,
    lasting: Annotated[str | None, typer.Option("--for", help="How long it lasts instead: 12h, 3d, 2w.")] = None,
    author: Annotated[str | None, typer.Option(help="Whom to ask; default: your login.")] = None,
    now: Now = None,
) -> None:
    """Mute what fits everything that is named, from now on. Prints the silence's id."""
    from alerts.store import silences

    session: Session = context.obj
    moment = moment_at(now)
    if until is not None and lasting is not None:
        raise UsageError("--until and --for both say when it ends: give one of them")
    if until is None and lasting is None:
        raise UsageError("say when it ends: --until 2026-03-31, or --for 3d")
    end_ = until if until is not None else (moment + parse_period(lasting or "")).isoformat()
    if not (rule or development or source or story):
        raise UsageError("say what to mute: --rule, --development, --source or --story")
    database = session.database()
    stories = [_find_story(database, each) for each in story or []]
    names = {"rule": rule or [], "development": development or [], "source": source or [], "story": stories}
    silence = _read(session, database, {**names, "until": end_, "author": author or _login(), "comment": comment})
    if silence.until <= moment:
        raise UsageError(f"--until {until}: that is over already")
    with database.write() as connection:
        silences.keep(connection, silence, origin="command", now=moment)
    session.out.print(f"{silence.id}: {escape(silence.words)} is muted until {silence.until:%Y-%m-%d %H:%M} UTC", highlight=False)


def _read(session: Session, database: Database, given: dict[str, Any]) -> Silence:
    """Check a silence against the configuration, or the last good one where it is broken: that is when one is needed.

    Raises UsageError with everything that is wrong.
    """
    from alerts.stories.silences_file import SILENCES, silence_of, unknown

    loaded = session.in_force(database)
    try:
        (spec,) = SILENCES.validate_python([{"id": f"s-{secrets.token_hex(3)}", **given}])
    except ValidationError as error:
        raise UsageError("\n".join(sentence(dict(each), SILENCES).removeprefix(": ") for each in error.errors(include_url=False))) from None
    if wrong := unknown(spec, loaded.rules.names(), loaded.catalog):
        raise UsageError("\n".join(message for _, message in wrong))
    return silence_of(spec, loaded.catalog)


def _find_story(database: Database, words: str) -> str:
    """Return the id of the one story that is meant. Raises UsageError."""
    from alerts.store.trails import find_stories

    with database.read() as connection:
        found = find_stories(connection, words)
    if not found:
        raise UsageError(f"no story is known by {words!r}; give its id, an entry's id, or words of a headline")
    if len(found) > 1:
        names = "\n".join(f"  {each.id}  {each.changed:%Y-%m-%d}  {each.reports[-1].title}" for each in found)
        raise UsageError(f"several stories fit {words!r}; name one by its id:\n{names}")
    return found[0].id


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a name for its user
        raise UsageError("say who asks for it: --author NAME") from None


@app.command(name="list")
def list_(
    context: typer.Context,
    matched: Annotated[bool, typer.Option("--matched", help="List what was silenced.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Those that have ended too.")] = False,
    as_json: Json = False,
    now: Now = None,
) -> None:
    """List silences: what they mute, until when, who asked for it and why, and how much they met."""
    from alerts.store import silences

    session: Session = context.obj
    moment = moment_at(now)
    database = session.stored()
    loaded = session.in_force(database)
    with database.read() as connection:
        kept = _all_kept(connection, loaded, moment)
        kept = [each for each in kept if everything or matched or _state(each, moment) != "over"]
        met = silences.met(connection, moment) if matched else []
    if as_json:
        rows = [_met_row(each) for each in met] if matched else [_row(each, moment) for each in kept]
        typer.echo(json.dumps(rows, ensure_ascii=False, default=str))
        return
    if matched:
        for each in met:
            _show(session, each)
        session.out.print(f"{len(met)} updates met a silence", highlight=False)
        return
    if not kept:
        session.out.print("nothing is muted", highlight=False)
        return
    table = Table("id", "mutes", "until (UTC)", "author", "comment", "state", "met")
    for one in kept:
        until = f"{one.silence.until:%Y-%m-%d %H:%M}"
        row = (one.silence.id, one.silence.words, until, one.silence.author, one.silence.comment, _state(one, moment), str(one.met))
        table.add_row(*map(escape, row))
    session.out.print(table)


def _all_kept(connection: Connection, loaded: Loaded, now: datetime) -> list[Kept]:
    """Return every silence: those on record, and those of the file that the service has not taken up yet."""
    from alerts.store import silences

    kept = silences.load_all(connection)
    known = {each.silence.id for each in kept}
    return kept + [silences.Kept(each, "file", now, None, 0) for each in loaded.silences if each.id not in known]


def _state(kept: Kept, now: datetime) -> str:
    if kept.is_active(now):
        return "in force"
    return "to come" if kept.ended is None and now < kept.silence.until else "over"


def _row(kept: Kept, now: datetime) -> dict[str, Any]:
    each = kept.silence
    return {
        "id": each.id,
        **{name: list(getattr(each, name)) for name in ("rules", "developments", "publishers", "feeds", "stories")},
        "from": each.starts and each.starts.isoformat(),
        "until": each.until.isoformat(),
        "author": each.author,
        "comment": each.comment,
        "origin": kept.origin,
        "state": _state(kept, now),
        "met": kept.met,
    }


def _met_row(met: Met) -> dict[str, Any]:
    return {
        "silence": met.silence,
        "update": met.number,
        "kind": met.kind,
        "level": met.level.name,
        "at": met.at.isoformat(),
        "whole": met.whole,
        "told": met.told and met.told.isoformat(),
        "live": met.is_live,
        "story": met.story.id,
        "title": met.story.reports[-1].title,
        "url": met.story.reports[-1].url,
    }


def _show(session: Session, met: Met) -> None:
    what = "told after all" if met.told else "told to nobody" if met.whole else "told without what is muted"
    live = "still going on" if met.is_live else "over"
    head = f"{met.at:%m-%d %H:%M}  {met.level.name:8}  [bold]{escape(met.story.reports[-1].title)}[/bold]"
    session.out.print(f"{head}\n    {met.silence}  {met.kind}, {what}; story {met.story.id} {live}", highlight=False, soft_wrap=True)


@app.command()
def end(
    context: typer.Context,
    silence: Annotated[str, typer.Argument(help="Id of the silence, as `alerts silences list` shows it.")],
    tell: Annotated[bool, typer.Option("--tell", help="Tell readers now what it silenced and still goes on.")] = False,
    now: Now = None,
) -> None:
    """End a silence before its time. What it silenced stays listed; with --tell readers get what still matters after all."""
    from alerts.jobs.silencing import tell_after_all
    from alerts.store import silences

    session: Session = context.obj
    moment = moment_at(now)
    database = session.database()
    loaded = session.in_force(database)
    written = next((each for each in loaded.silences if each.id == silence), None)
    if written is not None and written.until > moment:
        raise AlertsError(f"{silence} stands in config/silences.yaml: remove it there, then call this again with --tell if you want that")
    with database.write() as connection:
        known = {each.silence.id: each for each in _all_kept(connection, loaded, moment)}
        if silence not in known:
            hint = did_you_mean(silence, known, limit=6)
            raise AlertsError(f"no silence {silence!r}; `alerts silences list --all` shows them{hint}")
        kept = known[silence]
        was_over = _state(kept, moment) == "over"
        silences.end(connection, silence, now=moment)
        missed = [each for each in silences.met(connection, moment, silences=[silence]) if each.whole and each.told is None]
        live = [each.number for each in missed if each.is_live]
        told = tell_after_all(connection, live, now=moment) if tell and live else 0
    ended = "had ended before" if was_over else "has ended"
    if tell:
        session.out.print(f"{silence} {ended}; {told} of what it silenced will be told as if it came now", highlight=False)
        return
    hint = f"; `alerts silences end {silence} --tell` tells it as if it came now" if live else ""
    session.out.print(f"{silence} {ended}; of {len(missed)} updates that nobody was told {len(live)} still go on{hint}", highlight=False)
