"""Compile a configuration in a process of its own, into the directory of compiled ones.

Compiling needs half as much memory again as the rules do afterwards, and whatever a process once needed it mostly keeps; in the daemon it
also takes turns with everything else. So what is to run for long lets another process compile, and takes from disk what that leaves there.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

from alerts.errors import ConfigError
from alerts.garbage import uncollected
from alerts.rules.cache import is_kept, key_of
from alerts.rules.compile import RuleSet
from alerts.rules.files import load_rules, read_texts

SECONDS = 60.0
"""The longest that the other process is waited for; 20,000 rules take it seven."""


def load_rules_apart(directory: Path, cache: Path) -> RuleSet:
    """Do what `load_rules` does, but leave the compiling to another process, if there is any to do.

    Whatever becomes of that process, what is not in the cache afterwards is compiled here. Raises ConfigError with every problem of every
    file.
    """
    with contextlib.suppress(ConfigError):  # said by load_rules
        if not is_kept(cache, key_of(read_texts(directory))):
            _compile_apart(directory, cache)
    return load_rules(directory, cache)


def _compile_apart(directory: Path, cache: Path) -> None:
    # -P: a folder `alerts` that happens to stand where we were started is not this program.
    command = [sys.executable, "-P", "-m", "alerts.compiling", str(directory), str(cache)]
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(
            command, check=False, timeout=SECONDS, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )


def main(directory: str, cache: str) -> None:
    """Compile the configuration in a directory into a cache. A broken one is left to whoever asked: they say what is wrong with it."""
    with contextlib.suppress(ConfigError), uncollected():
        load_rules(Path(directory), Path(cache))


if __name__ == "__main__":
    main(*sys.argv[1:])
