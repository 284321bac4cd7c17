"""How much fits into a mail: Gmail cuts what is larger than some 100 KB, and ours stay below 80."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass

FRAME, BYTE, PIECE = 12_500, 1.1, 36
"""Bytes of HTML of a mail's head and foot; what becomes of a byte of text; what each piece of text brings with it in tags and styles.

Least squares over 96 rendered digests of 5 to 60 stories, both languages: never more than 4.3 KB beside what was rendered.
"""
MOST = 75_000
"""What an estimate may come to, so that the mail itself stays below 80 KB."""


def fitting(lines: Sequence[object], *others: object) -> int:
    """Return how many of these lines fit into a mail that holds the others anyway."""
    size = FRAME + sum(map(_printed, others))
    for count, line in enumerate(lines):
        size += _printed(line)
        if size > MOST:
            return count
    return len(lines)


def _printed(value: object) -> float:
    """Estimate the bytes of HTML that a value of a digest becomes."""
    if isinstance(value, str):
        return BYTE * len(value.encode()) + PIECE if value else 0
    if is_dataclass(value):
        return sum(_printed(getattr(value, each.name)) for each in fields(value))
    return sum(map(_printed, value)) if isinstance(value, tuple | list) else 0
