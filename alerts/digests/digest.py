"""What an audience gets in one edition, before markup. Every text is already in the audience's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from alerts.rules.levels import Level

DigestKind = Literal["alert", "daily", "weekly"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What it means for one sector; level `none` says that nothing changes there. `sector` is the id, `name` as printed."""

    sector: str
    level: Level
    level_word: str
    text: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """Headline (at most 25 words or 80 Japanese signs) and link only. `language` is that of the headline, `note` says what it is."""

    outlet: str
    title: str
    url: str
    language: str
    date: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class WatchLine:
    """A date or window to watch, and what is due.

    `days` are what a season or year stands for. `said` is how the source put it, in `said_language`, where that says more than `when`.
    """

    when: str
    what: str
    days: str = ""
    said: str = ""
    said_language: str = ""


@dataclass(frozen=True, slots=True)
class Brief:
    """A story in one line; `source` is its best source. If it was left out, `reason` says why and `refusal` is the word for that."""

    story: str
    level: Level
    level_word: str
    text: str
    source: SourceLine | None = None
    reason: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many stories touched one sector in the period of a weekly digest, by level word, highest first."""

    name: str
    total: int
    counts: tuple[tuple[Level, str, int], ...]


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
    level_act: str = ""
    """What the level asks of the reader: "nothing changes today; keep an eye on one date"."""
    stamp: str = ""
    """When the story was last told, in the reader's zone, and its version."""
    trigger: str = ""
    """What would make us write again."""
    more_sources: int = 0
    """How many further reports are not listed."""


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
    briefs: tuple[Brief, ...]
    """One-liners beyond the seven full items."""
    calendar: tuple[WatchLine, ...]
    quiet_stories: tuple[str, ...]
    left_out: int
    why: tuple[str, ...]
    updates: tuple[int, ...]
    late: bool = False
    stamp: str = ""
    """When it was made, in the reader's zone, with the zone."""
    level: Level = Level.none
    """The highest level in it; its word opens the subject."""
    held_back: str = ""
    """What was left out and why, in words."""
    left_out_briefs: tuple[Brief, ...] = ()
    """The stories left out, for the web view; the mail only counts them."""
    notice: str = ""
    """Why this mail is unusual: late, a catch-up."""
    refusals: tuple[tuple[str, int], ...] = ()
    """How many stories were left out for which reason; empty in digests of before it was kept."""
    tallies: tuple[Tally, ...] = ()
    """Weekly only: the week by sector."""

    @property
    def items(self) -> tuple[Item, ...]:
        """All full items in order."""
        return tuple(item for section in self.sections for item in section.items)
