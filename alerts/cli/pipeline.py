"""`alerts poll`, `assess`, `publish` and `send`: the steps of the pipeline, one at a time."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import json
from collections.abc import Callable
from typing import Any

import typer
from rich.progress import Progress

from alerts.cli.service import Json, Now
from alerts.cli.session import Session
from alerts.garbage import settle, uncollected


def register(app: typer.Typer) -> None:
    """Add the commands to the top level."""
    for command in (poll, assess, publish, send):
        app.command()(command)


def poll(context: typer.Context, now: Now = None, as_json: Json = False) -> None:
    """Visit the feeds whose moment has come and keep what is new in them."""
    from alerts.feeds.pool import load_parsers

    load_parsers()
    with uncollected():
        from alerts.jobs.poll import poll as job
    _once(context, job, "polling feeds", now, as_json)


def assess(context: typer.Context, now: Now = None, as_json: Json = False) -> None:
    """Evaluate the rules on new entries and join what matters into stories."""
    from alerts.jobs.assess import assess as job

    _once(context, job, "assessing entries", now, as_json)


def publish(context: typer.Context, now: Now = None, as_json: Json = False) -> None:
    """Compose the alerts and digests that are due and put them into the outbox."""
    from alerts.jobs.publish import publish as job

    _once(context, job, "publishing", now, as_json)


def send(context: typer.Context, now: Now = None, as_json: Json = False) -> None:
    """Send what the outbox holds, at once even if the mail server has just refused us."""
    from alerts.jobs.intake import try_at_once
    from alerts.jobs.send import send as job

    async def at_once(given: Any) -> Any:
        await asyncio.to_thread(try_at_once, given)
        return await job(given)

    _once(context, at_once, "sending mails", now, as_json)


def _once(context: typer.Context, job: Callable[..., Any], title: str, now: str | None, as_json: bool) -> None:
    """Do one job with a progress bar on a terminal, then say what it counted."""
    from alerts.jobs.epoch import heed_epoch

    session: Session = context.obj
    with Progress(console=session.err, transient=True, disable=not session.err.is_terminal) as bar:
        line = bar.add_task(title, total=None)
        with uncollected():
            given = session.context(now=now, progress=lambda done, total: bar.update(line, completed=done, total=total))
        settle(first_look=False)
        heed_epoch(given)
        counts = dataclasses.asdict(asyncio.run(job(given)) if inspect.iscoroutinefunction(job) else job(given))
    if as_json:
        typer.echo(json.dumps(counts, default=str))
    else:
        words = {"rate": "a second"}
        told = [f"{value} {words.get(name, name.replace('_', ' '))}" for name, value in counts.items() if not isinstance(value, str)]
        told += [f"{name}: {value}" for name, value in counts.items() if isinstance(value, str) and value]
        session.out.print(", ".join(told), highlight=False)
