"""Levels are named by what the reader does. The arithmetic is HANDBOOK §1.6; every term is kept, because it is the why."""

from __future__ import annotations

from enum import IntEnum


class Level(IntEnum):
    """none < info < watch < prepare < act."""

    none = 0
    info = 1
    watch = 2
    prepare = 3
    act = 4


def clamp(value: int, ceiling: Level = Level.act) -> Level:
    """Bring a sum of terms into `none`..`ceiling`."""
    return Level(max(Level.none, min(value, ceiling)))
