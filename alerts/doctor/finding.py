"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["fine", "warning", "problem", "skipped"]
"""fine; warning: it works, but see to it; problem: it does not work, or mail will be refused; skipped: it could not be looked at."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at (`subject`), how it is, in one sentence, and what to do about it (empty where nothing is)."""

    subject: str
    verdict: Verdict
    says: str
    advice: str = ""


def fine(subject: str, says: str) -> Finding:
    """Nothing to do."""
    return Finding(subject, "fine", says)


def warning(subject: str, says: str, advice: str) -> Finding:
    """It works, but somebody should see to it."""
    return Finding(subject, "warning", says, advice)


def problem(subject: str, says: str, advice: str) -> Finding:
    """It does not work."""
    return Finding(subject, "problem", says, advice)


def skipped(subject: str, says: str, advice: str = "") -> Finding:
    """It could not be looked at."""
    return Finding(subject, "skipped", says, advice)
