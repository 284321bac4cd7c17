"""A configuration directory as a whole: feeds, rules and silences, every problem of every file at once."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alerts import yamlfile
from alerts.compiling import load_rules_apart
from alerts.errors import ConfigError, FailedTestsError, Problem
from alerts.feeds.catalog import Catalog, load_catalog
from alerts.rules.cases import run_tests
from alerts.rules.compile import RuleSet
from alerts.rules.configuration import FOLDERS, Names, shape_of
from alerts.rules.files import load_rules, names_in, no_directory
from alerts.rules.lints.finding import Finding
from alerts.stories.silence import Silence
from alerts.stories.silences_file import NAME, over, silences_of

Fingerprint = tuple[tuple[str, int, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Feeds, rules and silences that belong together."""

    catalog: Catalog
    rules: RuleSet
    silences: tuple[Silence, ...] = ()


def load(directory: Path, cache: Path | None = None, *, apart: bool = False) -> Loaded:
    """Read a directory and check its files against each other; `cache` is where compiled rules are kept.

    With `apart` another process compiles them, if there is a cache to leave them in: for what runs long and should stay small.

    Raises ConfigError with every problem of every file.
    """
    problems: list[Problem] = []
    if not directory.is_dir():
        raise ConfigError([no_directory(directory)])
    catalog = rules = None
    try:
        catalog = load_catalog(directory / "feeds.yaml")
    except ConfigError as error:
        problems += error.problems
    try:
        rules = load_rules_apart(directory, cache) if apart and cache else load_rules(directory, cache)
    except ConfigError as error:
        problems += error.problems
    names = rules.names() if rules else names_in(directory)
    silences = load_silences(directory, names, catalog, problems)
    if catalog is None or rules is None or problems:
        raise ConfigError(problems)
    return Loaded(catalog, rules, silences)


def load_sound(directory: Path, cache: Path | None = None, *, apart: bool = False) -> Loaded:
    """Read a directory as `load` does and run its tests: what is fit to be in force. Raises ConfigError, FailedTestsError."""
    loaded = load(directory, cache, apart=apart)
    if failed := failed_tests(loaded.rules):
        raise FailedTestsError(failed)
    return loaded


def load_silences(directory: Path, rules: Names | None, catalog: Catalog | None, problems: list[Problem]) -> tuple[Silence, ...]:
    """Read silences.yaml, if it is there; mistakes go to `problems`."""
    if not os.path.lexists(directory / NAME):
        return ()
    try:
        return silences_of(yamlfile.read(directory / NAME, NAME), rules, catalog, problems)
    except ConfigError as error:
        problems += error.problems
        return ()


def over_silences(directory: Path, now: datetime) -> list[Finding]:
    """Return a finding for every silence of silences.yaml, if it is there, that is over at this moment."""
    return list(over(yamlfile.read(directory / NAME, NAME), now)) if os.path.lexists(directory / NAME) else []


def failed_tests(rules: RuleSet) -> list[Problem]:
    """Run the tests that stand in the configuration; return those that fail, as problems at their places."""
    failed = []
    for outcome in run_tests(rules):
        if not outcome.passed:
            file, _, line = outcome.place.partition(":")
            message = f"test of {outcome.subject} failed: “{outcome.text}” {outcome.reason}"
            failed.append(Problem(file, int(line.partition(":")[0] or 0), 1, message))
    return failed


def unread(directory: Path) -> list[str]:
    """Return the YAML files below a directory that `load` does not read, by relative name: whoever wrote one believes it to be in force."""
    known = {"feeds.yaml", NAME}
    names = sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.suffix.lower() in {".yaml", ".yml"})
    return [name for name in names if not re.search(r"(?:\A|/)\.", name) and name not in known and shape_of(name) is None]


def fingerprint(directory: Path) -> Fingerprint:
    """Return what changes whenever a file does: also when an editor writes by rename, or a link to a file or directory is swapped."""
    found = []
    for folder in ("", *FOLDERS):
        for path in sorted((directory / folder).glob("*.y*ml")):
            try:
                status = path.stat()
            except OSError:  # it was there a moment ago
                continue
            found.append((str(path), status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino))
    return tuple(found)
