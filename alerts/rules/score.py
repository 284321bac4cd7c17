"""How well a rule set does on entries that an editor has labelled: precision, recall, F1, and the entries it got wrong.

Sectors are compared at `watch` or above, levels over the labelled ones of these that the rules found at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from alerts.feeds.entry import Entry
from alerts.rules.assessment import Assessment
from alerts.rules.levels import Level

Mistake = Literal["missed", "false alarm", "other type", "level"]


class Label(BaseModel):
    """What an editor says of an entry. Levels may be written as 1..4 or by name. Other keys than ours, such as those of an editor's own
    tools, count for nothing and are told (`model_extra`).
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    relevant: bool
    development: tuple[str, ...] = ()
    sectors: dict[str, Level] = {}
    stage: Any = None
    actors: Any = None
    """Editors label these two as well; the score does not compare them."""

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if not self.relevant and (self.development or self.sectors):
            raise ValueError("relevant is false, so there can be no development and no sectors")
        return self

    @field_validator("sectors", mode="before")
    @classmethod
    def _named(cls, sectors: Any) -> Any:
        names = Level.__members__
        return {key: names.get(level, level) for key, level in sectors.items()} if isinstance(sectors, dict) else sectors


@dataclass(frozen=True, slots=True)
class Judged:
    """One labelled entry and what the rules said of it."""

    entry: Entry
    label: Label
    assessment: Assessment

    @property
    def types(self) -> set[str]:
        """The types found."""
        return {each.type for each in self.assessment.developments}

    @property
    def wanted(self) -> set[str]:
        """The types labelled."""
        return set(self.label.development)

    @property
    def levels(self) -> dict[str, Level]:
        """The level found for each sector."""
        return {impact.sector: impact.level for impact in self.assessment.impacts}

    @property
    def far(self) -> dict[str, tuple[Level, Level]]:
        """Sectors at `watch` or above whose level is more than one off, as (wanted, found)."""
        found = self.levels
        sectors = {name for name, level in (*self.label.sectors.items(), *found.items()) if level >= Level.watch}
        pairs = {name: (self.label.sectors.get(name, Level.none), found.get(name, Level.none)) for name in sorted(sectors)}
        return {name: pair for name, pair in pairs.items() if abs(pair[0] - pair[1]) > 1}

    @property
    def mistake(self) -> Mistake | None:
        """What is wrong, the gravest first, or None."""
        if self.label.relevant != self.assessment.relevant:
            return "missed" if self.label.relevant else "false alarm"
        if self.types != self.wanted:
            return "other type"
        return "level" if self.far else None


@dataclass(slots=True)
class Count:
    """True positives, false positives and false negatives."""

    right: int = 0
    extra: int = 0
    missed: int = 0

    def add(self, wanted: set[Any], found: set[Any]) -> None:
        """Compare two sets."""
        self.right += len(wanted & found)
        self.extra += len(found - wanted)
        self.missed += len(wanted - found)

    def figures(self) -> dict[str, float]:
        """Return precision, recall and F1, rounded; 0 where there is nothing to divide."""
        found, wanted = self.right + self.extra, self.right + self.missed
        return {
            "p": round(self.right / found, 3) if found else 0.0,
            "r": round(self.right / wanted, 3) if wanted else 0.0,
            "f1": round(2 * self.right / (found + wanted), 3) if self.right else 0.0,
        }


@dataclass(slots=True)
class Score:
    """The counts over some entries."""

    entries: int = 0
    relevant: Count = field(default_factory=Count)
    development: Count = field(default_factory=Count)
    sectors: Count = field(default_factory=Count)
    levels: int = 0
    exact: int = 0
    near: int = 0
    pairs: Counter[tuple[Level, Level]] = field(default_factory=Counter)
    """How often a level was wanted and another found."""

    def add(self, judged: Judged) -> None:
        """Count one entry."""
        found, wanted = judged.levels, judged.label.sectors
        self.entries += 1
        self.relevant.add({1} if judged.label.relevant else set(), {1} if judged.assessment.relevant else set())
        self.development.add(judged.wanted, judged.types)
        high = {sector for sector, level in wanted.items() if level >= Level.watch}
        self.sectors.add(high, {sector for sector, level in found.items() if level >= Level.watch})
        for sector in high & found.keys():
            self.levels += 1
            self.exact += found[sector] == wanted[sector]
            self.near += abs(found[sector] - wanted[sector]) <= 1
            self.pairs[wanted[sector], found[sector]] += 1

    def figures(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {
            "entries": self.entries,
            "relevant": self.relevant.figures(),
            "development": self.development.figures(),
            "sectors_watch_up": self.sectors.figures(),
            "level_exact": round(self.exact / self.levels, 3) if self.levels else None,
            "level_within_one": round(self.near / self.levels, 3) if self.levels else None,
        }


def score(judged: Sequence[Judged]) -> dict[str, Score]:
    """Score all entries together and those of each language."""
    scores = {"all": Score()} | {language: Score() for language in sorted({each.entry.language for each in judged})}
    for each in judged:
        scores["all"].add(each)
        scores[each.entry.language].add(each)
    return scores


def score_types(judged: Sequence[Judged]) -> dict[str, Count]:
    """Count each type of development by itself."""
    counts: dict[str, Count] = {}
    for each in judged:
        for name in each.wanted | each.types:
            counts.setdefault(name, Count()).add(each.wanted & {name}, each.types & {name})
    return dict(sorted(counts.items()))


def wrong(judged: Iterable[Judged]) -> list[Judged]:
    """Return the entries that the rules got wrong, the gravest mistakes first."""
    order = list(get_args(Mistake))
    return sorted((each for each in judged if each.mistake), key=lambda each: order.index(each.mistake))
