"""The `alerts` command: global options, the groups of commands, and how errors reach a person."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import metadata
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, NoReturn, TextIO

import typer
from rich.console import Console

from alerts.cli import (
    bounces,
    db,
    demo,
    digests,
    doctor,
    feeds,
    pipeline,
    sender,
    service,
    silences,
    status,
    stories,
    subscribers,
    suppressions,
    why,
)
from alerts.cli.rules.app import app as rules
from alerts.cli.session import Session
from alerts.errors import AlertsError
from alerts.log import set_up_log
from alerts.settings import DEFAULT_HOME, HOME_VARIABLE, Home

HELP = """Tells foreign residents what the news means for them, and what to do.

Reads news and government feeds in English and Japanese, recognises developments with rules that admins write in YAML, joins reports
into stories, and mails every subscriber a personal digest.

[bold]New here?[/bold]  alerts demo        shows the whole service at work, with no network and no setup
[bold]For real:[/bold]  alerts init my-home, then alerts --home my-home run
"""

app = typer.Typer(
    name="alerts", help=HELP, rich_markup_mode="rich", no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False
)
app.add_typer(rules, name="rules", help="Check, test and explain the rules that admins write.")
app.add_typer(feeds.app, name="feeds", help="The feeds that are polled: add one, try one, see how they are.")
app.add_typer(stories.app, name="stories", help="How reports are joined into stories.")
app.add_typer(silences.app, name="silences", help="Mute a rule, development, source or story until a moment.")
app.add_typer(subscribers.app, name="subscribers", help="The people who get mail.")
app.add_typer(digests.app, name="digest", help="The mails that subscribers get: preview one, with its reasons.")
app.add_typer(sender.app, name="sender", help="The mail on its way: pause, resume, how fast it goes; keys that sign it.")
app.add_typer(bounces.app, name="bounces", help="Mails that came back: read them, see what became of them.")
app.add_typer(suppressions.app, name="suppressions", help="Addresses that must not be mailed.")
app.add_typer(db.app, name="db", help="The database: bring it up to date, check it, copy it.")
service.register(app)
status.register(app)
pipeline.register(app)
demo.register(app)
why.register(app)
doctor.register(app)


PIPE_WIDTH = 160


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"alerts {metadata.version('expat-impact-alerts')}")
        raise typer.Exit


@app.callback()
def start(
    context: typer.Context,
    home: Annotated[
        Path, typer.Option(envvar=HOME_VARIABLE, help="The directory that holds config/, alerts.env, the database and the outbox.")
    ] = DEFAULT_HOME,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")] = False,
) -> None:
    """Take the global options."""
    set_up_log()
    said_by = context.get_parameter_source("home")
    named = said_by is not None and said_by.name != "DEFAULT"
    context.obj = Session(home=standing_in(Home(home)), out=console(sys.stdout), err=console(sys.stderr), named=named)


def standing_in(home: Home) -> Home:
    """Whoever has gone into a home, its config/ or a folder of that means that one, not the `alerts-home` that is not there."""
    if home.path != DEFAULT_HOME or home.path.exists():
        return home
    here = Home(Path())
    if here.env_file.exists():
        return here
    for inside in (Path(), Path("..")):
        above = Home(inside / "..")
        if above.env_file.exists() and above.config.exists() and above.config.samefile(inside):
            return above
    return home


def home_first(words: Sequence[str]) -> list[str]:
    """Bring `--home X` to the front, where the command line wants it: people write it where they think of it. What follows `--` is data."""
    end = words.index("--") if "--" in words else len(words)
    homes: list[str] = []
    others: list[str] = []
    left = iter(words[:end])
    for word in left:
        value = next(left, None) if word == "--home" else None
        if value is not None:
            homes += [word, value]
        else:
            (homes if word.startswith("--home=") else others).append(word)
    return [*homes, *others, *words[end:]]


def console(stream: TextIO) -> Console:
    """A terminal is as wide as it is; a pipe gets room, so that tables in logs and files stay readable. `file:100:1` holds no picture."""
    return Console(file=stream, emoji=False, width=None if stream.isatty() else PIPE_WIDTH)


def main() -> None:
    """Run the command line; an error that people can act on is its text alone, on stderr, with the exit code of its kind."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that knows no Japanese must not stop a command
    # Words that the locale could not decode are UTF-8 all the same.
    sys.argv[1:] = home_first([os.fsencode(word).decode("utf-8", "replace") for word in sys.argv[1:]])
    try:
        app()
    except AlertsError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        _end_quietly()
    except SystemExit as end:  # what click and rich make of it
        if isinstance(end.__context__, BrokenPipeError):
            _end_quietly()
        raise


def _end_quietly() -> NoReturn:
    """`alerts … | head` is no error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(0)


if __name__ == "__main__":
    main()
