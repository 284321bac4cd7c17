"""`alerts …` as a person types it: what it is called by, and what it says."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

Alerts = Callable[..., subprocess.CompletedProcess[str]]


def environment() -> dict[str, str]:
    """The environment without settings of the machine that runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ALERTS_")}
    return kept | {"COLUMNS": "200", "PYTHONPATH": str(Path(__file__).parents[2])}


def say(done: subprocess.CompletedProcess[str]) -> str:
    """The whole output, for the message of a failed assertion."""
    return f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"


def one_line(text: str) -> str:
    """The only line of a text that must have one."""
    lines = [line for line in text.splitlines() if line.strip()]
    assert len(lines) == 1, text
    return lines[0]
