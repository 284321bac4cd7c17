"""Compiled rules at rest: what has not changed need not be compiled by every command.

A file holds one rule set. Its name stands for the texts that it was made from and for the engine that made it: this package's own source,
the version of Python and of pydantic. So it is never out of date, only unused.

A cache is not believed. It is read only if it is a plain file of our own that nobody else may write; its bytes must have the digest that
stands at their head; and reading them can make nothing but the values that a rule set consists of, whatever the bytes say (`_Reader`).
Whatever is wrong with it, the rules are compiled as if it were not there, and it is written anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import pickle
import stat
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pydantic

from alerts.rules.compile import RuleSet

SUFFIX = ".rules"
KEPT = 4
"""Files of so many rule sets are kept: that of the home, the shipped ones, and what an admin is trying out."""

_MAGIC = b"expat-impact-alerts compiled rules 1\n"
_LIMIT = 256 * 1024 * 1024
_HERE = Path(__file__).parent
_PLAIN = {("builtins", "set"): set, ("builtins", "frozenset"): frozenset}


def key_of(texts: Mapping[str, bytes]) -> str:
    """Return what a configuration, compiled by this engine, is called at rest."""
    digest = hashlib.sha256(_engine())
    for name in sorted(texts):
        digest.update(f"\0{name}\0{len(texts[name])}\0".encode())
        digest.update(texts[name])
    return digest.hexdigest()[:40]


def is_kept(directory: Path, key: str) -> bool:
    """True if there is a file under a key; whether it can be believed shows when it is read."""
    return (directory / (key + SUFFIX)).is_file()


def recall(directory: Path, key: str) -> RuleSet | None:
    """Return the rule set that is kept under a key, or None if there is none that can be believed. Never raises."""
    try:
        raw = _bytes(directory / (key + SUFFIX))
        head = _MAGIC + key.encode()
        start = len(head) + 32
        if not raw.startswith(head) or hashlib.sha256(memoryview(raw)[start:]).digest() != raw[len(head) : start]:
            return None
        stream = io.BytesIO(raw)  # shares the bytes; of a part it would make a copy
        stream.seek(start)
        found = _Reader(stream).load()
    except Exception:  # the bytes may be anything, and whatever they break is no reason to stop
        return None
    return found if isinstance(found, RuleSet) else None


def keep(directory: Path, key: str, rules: RuleSet) -> None:
    """Keep a rule set under a key, whole or not at all, readable by us alone. A directory that cannot be written is left as it is."""
    body = pickle.dumps(rules, protocol=5)
    with contextlib.suppress(OSError):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=directory, suffix=".new")  # mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_MAGIC + key.encode() + hashlib.sha256(body).digest() + body)
            Path(name).replace(directory / (key + SUFFIX))
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
        _tidy(directory)


def _tidy(directory: Path) -> None:
    """Remove all but the files that were written last."""
    files = sorted(directory.glob("*" + SUFFIX), key=lambda path: path.stat().st_mtime_ns)
    for path in files[:-KEPT]:
        path.unlink(missing_ok=True)


def _bytes(path: Path) -> bytes:
    """Read a file that is plain, ours, and writable by nobody else; else raise OSError."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        ours = status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        if not (stat.S_ISREG(status.st_mode) and ours and status.st_size <= _LIMIT):
            raise PermissionError(path)
        return file.read(status.st_size)


@cache
def _engine() -> bytes:
    """Return a digest of everything that decides what a configuration compiles to."""
    digest = hashlib.sha256(f"{sys.version}\0{pydantic.VERSION}".encode())
    sources = [*_HERE.rglob("*.py"), *(_HERE.parent / name for name in ("text.py", "yamlfile.py", "yamlwords.py", "errors.py"))]
    for path in sorted(sources):
        digest.update(path.relative_to(_HERE.parent).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.digest()


class _Reader(pickle.Unpickler):
    """Makes plain values and instances of this package's own classes, and nothing else: bytes that name anything else are refused."""

    def find_class(self, module: str, name: str) -> Any:
        """Return a class that a rule set may hold. Raises UnpicklingError for any other name."""
        if (module, name) in _PLAIN:
            return _PLAIN[module, name]
        if (module, name) == ("datetime", "date") or module.startswith("alerts.rules."):
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a rule set")
