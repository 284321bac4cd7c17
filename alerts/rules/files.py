"""Read a configuration directory into a rule set: the only place of the rules that touches files."""

from __future__ import annotations

import os
from pathlib import Path

from alerts.errors import ConfigError, Problem
from alerts.garbage import give_back, settle, uncollected
from alerts.rules.cache import keep, key_of, recall
from alerts.rules.compile import RuleSet, compile_texts
from alerts.rules.configuration import FOLDERS, SINGLE, Names, read_configuration
from alerts.yamlfile import read


def no_directory(directory: Path) -> Problem:
    """Say that a configuration is not there, and what to do."""
    if directory.is_symlink():
        return Problem(str(directory), 1, 1, f"is a link to {directory.readlink()}, which is no directory; point it at one, or remove it")
    return Problem(str(directory), 1, 1, "is not a directory; `alerts init` makes it from the shipped files")


def read_texts(directory: Path) -> dict[str, bytes]:
    """Read the files of a configuration by their name relative to it. Raises ConfigError if the directory or a file cannot be read."""
    texts, problems = _readable(directory)
    if problems:
        raise ConfigError(problems)
    return texts


def _readable(directory: Path) -> tuple[dict[str, bytes], list[Problem]]:
    """Return the files that can be read, and a problem for each that cannot. Raises ConfigError if the directory is not there."""
    if not directory.is_dir():
        raise ConfigError([no_directory(directory)])
    paths = [directory / name for name in SINGLE if os.path.lexists(directory / name)]
    for folder in FOLDERS:
        paths += sorted(path for path in (directory / folder).glob("*.y*ml") if not path.is_dir() and not path.name.startswith("."))
    texts: dict[str, bytes] = {}
    problems: list[Problem] = []
    for path in paths:
        name = path.relative_to(directory).as_posix()
        try:
            texts[name] = read(path, name)
        except ConfigError as error:
            problems.extend(error.problems)
    return texts, problems


def load_rules(directory: Path, cache: Path | None = None) -> RuleSet:
    """Compile the configuration in a directory, or take it from `cache`, a directory for compiled ones, if nothing has changed.

    Raises ConfigError with every problem of every file.
    """
    texts, unreadable = _readable(directory)
    if unreadable:
        return compile_texts(texts, unreadable)  # for all the other problems
    if cache is None:
        return compile_texts(texts)
    key = key_of(texts)
    with uncollected():
        rules = recall(cache, key)
        if rules is not None:
            settle(first_look=False)  # it stays, and a walk through it takes a third as long again
    if rules is None:
        rules = compile_texts(texts)
        keep(cache, key, rules)
    give_back()
    return rules


def names_in(directory: Path) -> Names | None:
    """Return what a configuration with mistakes defines, for files that name it; None if too little of it can be read. Never raises."""
    try:
        texts, unreadable = _readable(directory)
    except ConfigError:
        return None
    return read_configuration(texts, unreadable).names()
