"""What an audience gets in one edition, before markup. Every text is already in the audience's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from alerts.rules.levels import Level

DigestKind = Literal["alert", "daily", "weekly"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What it means for one followed sector; level `none` says that nothing changes there."""

    sector: str
    level: Level
    level_word: str
    text: str


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source: headline and link only. `language` is that of the headline."""

    outlet: str
    title: str
    url: str
    language: str
    date: str


@dataclass(frozen=True, slots=True)
class WatchLine:
    """A date or season to watch, as the source said it, and what is due."""

    when: str
    what: str


@dataclass(frozen=True, slots=True)
class Item:
    """One story as one audience sees it. HANDBOOK §5.2 gives the order and length of the fields."""

    story: str
    level: Level
    level_word: str
    title: str
    topic: str
    in_short: str
    key_points: tuple[str, ...]
    meanings: tuple[Meaning, ...]
    actions: tuple[str, ...]
    watch_next: tuple[WatchLine, ...]
    confidence: tuple[str, ...]
    sources: tuple[SourceLine, ...]
    why: tuple[str, ...]
    news: str
    """What is new since the last mail about it, in words; empty for a new story."""


@dataclass(frozen=True, slots=True)
class Section:
    """Items of one level, highest level first."""

    level: Level
    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """A composed digest. `updates` are the numbers of the story updates that it tells; `late` if sent after an outage."""

    kind: DigestKind
    language: str
    edition: str
    subject: str
    preheader: str
    title: str
    scope: str
    summary: str
    made: datetime
    sections: tuple[Section, ...]
    briefs: tuple[tuple[str, str], ...]
    """One-liners beyond the seven full items: (level word, text)."""
    calendar: tuple[WatchLine, ...]
    quiet_stories: tuple[str, ...]
    left_out: int
    why: tuple[str, ...]
    updates: tuple[int, ...]
    late: bool = False

    @property
    def items(self) -> tuple[Item, ...]:
        """All full items in order."""
        return tuple(item for section in self.sections for item in section.items)
