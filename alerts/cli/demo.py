"""`alerts demo`: the whole service at work, with no network and no setup."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from alerts.cli.session import Session
from alerts.rules.levels import Level

if TYPE_CHECKING:
    from alerts.demo.play import Mail, Played
    from alerts.store.ledger import EntryLine

_COLOURS = {Level.none: "dim", Level.info: "cyan", Level.watch: "green", Level.prepare: "yellow", Level.act: "red"}


def register(app: typer.Typer) -> None:
    """Add the command to the top level."""
    app.command()(demo)


def demo(
    context: typer.Context,
    to: Annotated[Path, typer.Option("--to", help="The folder for the mails; one that an earlier demo made is replaced.")] = Path(
        "alerts-demo"
    ),
) -> None:
    """Show the service at work: eleven weeks of early 2026 in seconds, for two readers. No network, no server, no setup."""
    from alerts.demo.play import play

    session: Session = context.obj
    begun = time.perf_counter()
    session.out.print("Playing 1 January to 21 March 2026 on a virtual clock: three feeds, two readers, the real jobs.\n", highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed} of {task.total} moments"))
    with Progress(*columns, console=session.err, transient=True, disable=not session.err.is_terminal) as bar:
        line = bar.add_task("", total=None)

        def show(moment: datetime, done: int, total: int) -> None:
            bar.update(line, description=f"{moment:%d %b %Y}", completed=done, total=total)

        played = asyncio.run(play(to, show))
    _print_entries(session, played)
    _print_stories(session, played)
    _print_mails(session, played)
    _print_ending(session, played, time.perf_counter() - begun)


def _print_entries(session: Session, played: Played) -> None:
    table = Table(title="What was read, and what the rules made of it", title_justify="left", expand=False)
    for name in ("published", "headline", "recognised as (stage)", "level", "because of"):
        table.add_column(name, overflow="fold")
    for entry in played.entries:
        table.add_row(f"{_local(entry.published):%d %b %H:%M}", f"{entry.title}\n[dim]{entry.outlet or entry.feed}[/dim]", *_verdict(entry))
    session.out.print(table)


def _verdict(entry: EntryLine) -> tuple[str, str, str]:
    found = entry.assessment
    if found is None:
        return "[dim]nothing: stays silent[/dim]", "", ""
    what = "\n".join(f"{one.type} ({one.stage})" for one in found.developments)
    if entry.baseline:
        what += "\n[dim]known before the start: not mailed[/dim]"
    words = dict.fromkeys(evidence.text for one in found.developments for evidence in one.evidence)
    top = max(found.impacts, key=lambda impact: impact.level)
    total = " ".join(f"{term.name} {term.value:+d}" for term in top.terms if term.value or term.name == "base")
    return what, f"[{_COLOURS[top.level]}]{top.level.name}[/] {top.sector}\n[dim]{total}[/dim]", ", ".join(list(words)[:6])


def _print_stories(session: Session, played: Played) -> None:
    told: dict[str, list[EntryLine]] = {}
    for entry in played.entries:
        if entry.story:
            told.setdefault(entry.story, []).append(entry)
    table = Table(title="How reports were joined into stories", title_justify="left")
    for name in ("", "story", "reports", "outlets", "news in it", *(f"mails to {reader.name}" for reader in played.script.readers)):
        table.add_column(name, overflow="fold")
    fresh = {story: entries for story, entries in told.items() if not all(entry.baseline for entry in entries)}
    for number, (story, entries) in enumerate(fresh.items(), 1):
        news = ", ".join(
            f"{entry.update} ({_local(entry.published):%d %b})" for entry in entries if entry.update and entry.update != "source"
        )
        reached = [str(sum(_tells(mail, story) for mail in played.mails if mail.reader is reader)) for reader in played.script.readers]
        title = entries[0].title
        table.add_row(str(number), title, str(len(entries)), ", ".join(sorted({e.outlet or e.feed for e in entries})), news, *reached)
    session.out.print(table)


def _tells(mail: Mail, story: str) -> bool:
    digest = mail.line.digest
    return digest is not None and story in {item.story for item in digest.items} | {brief.story for brief in digest.briefs}


def _print_mails(session: Session, played: Played) -> None:
    for reader in played.script.readers:
        follows = ", ".join(f"{sector} from {level}" for sector, level in reader.sectors.items())
        table = Table(
            title=f"Mails to reader {reader.name}: {reader.about}\nfollows {follows}; daily at {reader.hour:02}:00", title_justify="left"
        )
        for name in ("sent", "subject", "why these stories", "file"):
            table.add_column(name, overflow="fold")
        for mail in (mail for mail in played.mails if mail.reader is reader):
            digest, sent = mail.line.digest, mail.line.sent_at
            assert digest is not None
            assert sent is not None
            why = "\n".join(dict.fromkeys(item.why[0] for item in digest.items if item.why))
            table.add_row(f"{_local(sent):%d %b %H:%M}", digest.subject, why, mail.files[1].name)
        session.out.print(table)


def _print_ending(session: Session, played: Played, seconds: float) -> None:
    silent = sum(entry.assessment is None for entry in played.entries)
    counts = Counter(mail.reader.name for mail in played.mails)
    mails = ", ".join(f"{number} to reader {name}" for name, number in sorted(counts.items()))
    session.out.print(
        f"\n{len(played.entries)} entries read, {silent} of them left alone; {len(played.mails)} mails ({mails}); {seconds:.1f} s.\n"
        f"The mails are in {played.folder / 'mails'}: open the .html files in a browser, the .eml files in a mail program.\n"
        f"Next: alerts init my-home makes a service of your own.",
        highlight=False,
        soft_wrap=True,
    )


def _local(moment: datetime) -> datetime:
    from alerts.demo.play import JAPAN

    return moment.astimezone(JAPAN)
