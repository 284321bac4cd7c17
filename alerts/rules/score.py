"""How well a rule set does on entries that an editor has labelled: precision, recall, F1, and the entries it got wrong.

A label is `{"relevant": bool, "development": [...], "sectors": {sector: 1..4}}`. Sectors are compared at `watch` or above.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from alerts.feeds.entry import Entry
from alerts.rules.assessment import Assessment
from alerts.rules.levels import Level


@dataclass(frozen=True, slots=True)
class Judged:
    """One labelled entry and what the rules said of it."""

    entry: Entry
    label: dict[str, Any]
    assessment: Assessment

    @property
    def types(self) -> set[str]:
        """The types found."""
        return {each.type for each in self.assessment.developments}

    @property
    def wanted(self) -> set[str]:
        """The types labelled."""
        return set(self.label.get("development", ()))


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

    def add(self, judged: Judged) -> None:
        """Count one entry."""
        found = {impact.sector: impact.level for impact in judged.assessment.impacts}
        wanted = {sector: Level(level) for sector, level in judged.label.get("sectors", {}).items()}
        self.entries += 1
        self.relevant.add({1} if judged.label.get("relevant") else set(), {1} if judged.assessment.relevant else set())
        self.development.add(judged.wanted, judged.types)
        high = {sector for sector, level in wanted.items() if level >= Level.watch}
        self.sectors.add(high, {sector for sector, level in found.items() if level >= Level.watch})
        for sector in high & found.keys():
            self.levels += 1
            self.exact += found[sector] == wanted[sector]
            self.near += abs(found[sector] - wanted[sector]) <= 1

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
    scores: dict[str, Score] = {"all": Score()}
    for each in judged:
        scores["all"].add(each)
        scores.setdefault(each.entry.language, Score()).add(each)
    return scores


def score_types(judged: Sequence[Judged]) -> dict[str, Count]:
    """Count each type of development by itself."""
    counts: dict[str, Count] = {}
    for each in judged:
        for name in each.wanted | each.types:
            counts.setdefault(name, Count()).add(each.wanted & {name}, each.types & {name})
    return dict(sorted(counts.items()))


def wrong(judged: Iterable[Judged]) -> list[Judged]:
    """Return the entries whose types or relevance differ from the label."""
    return [each for each in judged if each.types != each.wanted or each.assessment.relevant != bool(each.label.get("relevant"))]
