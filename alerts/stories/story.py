"""One happening, told by one or more entries, with the thread of what was new and when."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from alerts.rules.assessment import Development, Impact, NamedDate
from alerts.rules.levels import Level

UpdateKind = Literal["new", "stage", "level", "date", "correction", "withdrawal", "source"]


@dataclass(frozen=True, slots=True)
class Report:
    """One entry that tells the story: what a reader needs to judge and open it. `types` are the developments it tells; empty: unknown."""

    entry: str
    outlet: str
    title: str
    url: str
    language: str
    published: datetime
    kind: str
    types: tuple[str, ...] = ()

    def tells(self, types: Collection[str]) -> bool:
        """True unless the report is known to tell none of these developments."""
        return not self.types or not set(types).isdisjoint(self.types)


@dataclass(frozen=True, slots=True)
class Update:
    """Something new in a story. `number` grows with every update of the service, in the order of commits; 0 before it is stored.

    `source` (one more report, nothing new) is never material; the other kinds re-alert. `quiet` marks what came with a feed's first
    poll, or is too old: stored, never mailed. `sectors` are those whose level rose (kind `level`); empty means that the news is for all.
    """

    story: str
    kind: UpdateKind
    entry: str
    at: datetime
    level: Level
    note: str = ""
    quiet: bool = False
    number: int = 0
    sectors: tuple[str, ...] = ()

    @property
    def material(self) -> bool:
        """True if readers should hear of it."""
        return self.kind != "source" and not self.quiet

    @property
    def amends(self) -> bool:
        """True if whoever was told should hear of it, whatever they choose by now: it puts that right, or what was told is lifted."""
        lifted = self.kind == "stage" and any(fact.startswith("stage ") and fact.endswith(" reversed") for fact in self.note.split("; "))
        return lifted or self.kind in {"correction", "withdrawal"}


@dataclass(frozen=True, slots=True)
class Story:
    """The state of one happening after all its reports.

    `impacts` holds one impact per sector, the highest. `developments` one per type, at its furthest stage. `gist` holds the signatures
    (`signature.py`) that further reports are joined by. Times are aware UTC.
    """

    id: str
    opened: datetime
    changed: datetime
    developments: tuple[Development, ...]
    impacts: tuple[Impact, ...]
    dates: tuple[NamedDate, ...]
    actors: tuple[str, ...]
    reports: tuple[Report, ...]
    gist: tuple[str, ...] = ()
    ruleset: str = ""
    told: bool = False
    """True once a report that may be mailed told it; until then readers have not heard of it, however long it is known."""
    withdrawn: bool = False
    """True once what it tells was taken back."""
    struck: tuple[NamedDate, ...] = ()
    """Dates that a correction has put right: whoever repeats them is behind."""
    version: int = 0
    """How often there was something to tell readers: a mail with a higher one replaces that with a lower (HANDBOOK §5.2)."""

    def kin(self, development: str) -> frozenset[str]:
        """The types of its developments that are of one family with this one, itself included: different words for one matter."""
        families = {one.type: one.family for one in self.developments}
        family = families.get(development)
        return frozenset({development, *(type_ for type_, each in families.items() if each and each == family)})

    @property
    def level(self) -> Level:
        """The highest level over all sectors."""
        return max((impact.level for impact in self.impacts), default=Level.none)
