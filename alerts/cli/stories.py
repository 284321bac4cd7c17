"""`alerts stories try`: how entries would be joined into stories, without touching the database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from alerts.cli.entry_lines import read_entries
from alerts.cli.service import Json
from alerts.cli.session import Session
from alerts.rules.evaluate import assess
from alerts.stories.cluster import Joiner
from alerts.stories.story import Story, Update
from alerts.stories.update import tell

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """How reports are joined into stories."""


@app.command(name="try")
def try_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSON Lines: id, title, summary, published, source, lang.", exists=True, dir_okay=False)],
    as_json: Json = False,
    config: Annotated[Path | None, typer.Option(help="Use this configuration instead of the home's or the shipped one.")] = None,
) -> None:
    """Join the entries of a file in the order of their dates. With --json one line `{"id", "story"}` for every line of the file."""
    session: Session = context.obj
    entries = read_entries(file, session.catalog(config))
    rules = session.rules(config)
    host = session.settings().host_country if session.home.path.is_dir() else "JPN"
    joiner = Joiner()
    stories: dict[str, Story] = {}
    placed: dict[str, str] = {}
    thread: dict[str, list[Update]] = {}
    for entry in sorted(entries, key=lambda one: (one.published, one.id)):
        assessment = assess(rules, entry, host=host)
        known = joiner.place(entry, assessment)
        story, update = tell(stories.get(known) if known else None, entry, assessment, at=entry.published, quiet=False)
        joiner.add(story)
        stories[story.id] = story
        placed[entry.id] = story.id
        if update is not None:
            thread.setdefault(story.id, []).append(update)
    if as_json:
        for entry in entries:
            typer.echo(json.dumps({"id": entry.id, "story": placed[entry.id]}, ensure_ascii=False))
        return
    for story in sorted(stories.values(), key=lambda one: (-len(one.reports), one.opened, one.id)):
        _show(session, story, thread[story.id])
    session.out.print(f"{len(entries)} entries, {len(stories)} stories", highlight=False)


def _show(session: Session, story: Story, thread: list[Update]) -> None:
    """Print one story: its level and developments, then each report with what was new in it."""
    news = {update.entry: f"{update.kind} ({update.note})" if update.note else update.kind for update in thread}
    matter = ", ".join(f"{one.type} {one.stage}" for one in story.developments) or "nothing that the rules know"
    session.out.print(f"[bold]{story.id}[/bold]  {story.level.name}  {escape(matter)}  {' '.join(story.actors)}", highlight=False)
    for report in story.reports:
        line = f"  {report.published:%m-%d %H:%M}  {report.language}  {report.title}  [{report.outlet}]  {news.get(report.entry, 'again')}"
        session.out.print(escape(line), highlight=False, soft_wrap=True)
