"""Options that several commands of `alerts rules` share, and what they load."""

from __future__ import annotations

import sys
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alerts.errors import StoreError, UsageError
from alerts.iso import country_code
from alerts.rules.compile import RuleSet

if TYPE_CHECKING:
    from alerts.cli.session import Session
    from alerts.feeds.entry import Entry

Config = Annotated[Path | None, typer.Option("--config", help="Use this configuration instead of the home's or the shipped one.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Lines = Annotated[Path, typer.Argument(help="JSON Lines: id, title, summary, published, source, lang.", exists=True, dir_okay=False)]
Host = Annotated[
    str | None, typer.Option(metavar="CODE", help="Country the readers live in, ISO 3166 alpha-3; default: the home's, else JPN.")
]


def directory_name(directory: Path) -> str:
    """Name a configuration to its admin: who stands in the wrong place should see that it is not theirs."""
    from alerts.resources import shipped

    return "the shipped configuration" if directory == shipped("config") else str(directory)


def load_set(context: typer.Context, config: Path | None, *, with_rule: str | None = None) -> RuleSet:
    """Compile the rules. Raises ConfigError, and UsageError if a rule that is named is not there."""
    session: Session = context.obj
    rules = session.rules(config)
    if with_rule and rules.rule(with_rule) is None:
        from alerts.yamlwords import did_you_mean

        raise UsageError(f"no rule {with_rule!r}{did_you_mean(with_rule, [rule.id for rule in rules.rules], limit=6)}")
    return rules


def load_host(context: typer.Context, rules: RuleSet, given: str | None) -> str:
    """Return the country of the readers: the one given, else the home's, else Japan. Raises UsageError, SettingsError."""
    session: Session = context.obj
    if given is None and not has_database(session):
        return "JPN"
    if given is None:
        from alerts.jobs.context import check_host

        settings = session.settings()
        check_host(settings, rules)
        return settings.host_country
    if given not in rules.lexicon.actors:
        from alerts.yamlwords import did_you_mean

        named = rules.lexicon.specs.get(given.lower())
        hint = f"; write {named.actor}" if named and named.actor else did_you_mean(given, rules.lexicon.actors, limit=8)
        raise UsageError(f"--host {given}: no country of the lexicon{hint}")
    return given


def known_country(given: str) -> str:
    """Return the country of a source, or nothing. Raises UsageError if it is no code of three letters."""
    try:
        return country_code(given)
    except ValueError as error:
        raise UsageError(f"--country: {error}") from None


def load_lines(context: typer.Context, file: Path, config: Path | None) -> list[Entry]:
    """Read entries from JSON Lines. Raises UsageError."""
    from alerts.cli.entry_lines import read_entries

    session: Session = context.obj
    return read_entries(file, session.catalog(config))


def has_database(session: Session) -> bool:
    """False where no service has been set up. Raises StoreError if there is one whose database cannot be looked at."""
    return session.home.path.is_dir() and session.home.env_file.exists()


def stored_entries(session: Session, since: datetime, most: int = sys.maxsize) -> list[Entry]:
    """Return the newest stored entries; none where there is no service, or none that can be looked at: rules can be checked anywhere."""
    if not has_database(session):
        return []
    from alerts.store import entries

    try:
        with session.stored().read() as connection:
            surplus = max(0, entries.count(connection, since=since) - most)
            return [one.entry for one in islice(entries.all_stored(connection, since=since), surplus, None)]
    except StoreError as error:
        session.err.print(f"stored entries were not looked at: {error}", markup=False, highlight=False, soft_wrap=True)
        return []
