"""Other versions of the configuration: a directory, a rule set on record, or what git knows of the directory."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from alerts.cli.session import Session
from alerts.errors import UsageError
from alerts.rules.configuration import shape_of
from alerts.rules.files import read_texts

HASH = re.compile(r"[0-9a-f]{6,16}")


def texts_of(session: Session, version: str, directory: Path) -> Mapping[str, bytes | str]:
    """Return the files of a version: a directory, the hash of a rule set on record, or a git revision of it. Raises UsageError."""
    if Path(version).is_dir():
        return read_texts(Path(version))
    if HASH.fullmatch(version) and session.home.path.is_dir() and (texts := _recorded(session, version)):
        return texts
    return _from_git(version, directory)


def in_force(session: Session) -> tuple[str, Mapping[str, str]] | None:
    """Return the rule set that the service has in force, with its hash; None if it has never run."""
    from alerts.store.facts import CONFIGURATION, load_fact
    from alerts.store.rulesets import load_ruleset

    with session.stored().read() as connection:
        fact = load_fact(connection, CONFIGURATION)
        texts = load_ruleset(connection, fact[1]["ruleset"]) if fact else None
    return None if fact is None or texts is None else (fact[1]["ruleset"], texts)


def _recorded(session: Session, version: str) -> Mapping[str, str] | None:
    from alerts.store.rulesets import list_rulesets, load_ruleset

    with session.stored().read() as connection:
        found = [each.hash for each in list_rulesets(connection) if each.hash.startswith(version)]
        return load_ruleset(connection, found[0]) if len(found) == 1 else None


def _from_git(revision: str, directory: Path) -> Mapping[str, bytes]:
    if revision.startswith("-"):
        raise UsageError(f"{revision!r} is no revision")
    listed = _git(directory, "ls-tree", "-r", "-z", "--name-only", revision, "--", ".", about=revision)
    names = [name for name in listed.decode("utf-8", "replace").split("\0") if name and shape_of(name)]
    if not names:
        raise UsageError(f"{revision} has no configuration at {directory}")
    return {name: _git(directory, "show", f"{revision}:./{name}", about=revision) for name in names}


def _git(directory: Path, *arguments: str, about: str) -> bytes:
    """Ask git about the repository that a directory is in. Raises UsageError in one line."""
    try:
        return subprocess.run(["git", "-C", directory, *arguments], check=True, capture_output=True, timeout=60).stdout
    except FileNotFoundError:
        raise UsageError(f"{about!r} is neither a directory nor a rule set on record, and git is not installed to ask") from None
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = (getattr(error, "stderr", None) or b"").decode("utf-8", "replace").strip().split("\n")[0]
        raise UsageError(f"{about!r} is no directory, rule set on record or git revision of {directory}: {said}") from None
