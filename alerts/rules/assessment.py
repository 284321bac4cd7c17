"""What the rules say of one entry. Everything carries the evidence for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from alerts.rules.levels import Level

Stage = Literal["mooted", "arranging", "proposed", "announced", "adopted", "in-force", "suspended", "reversed", "denied"]
Polarity = Literal["tightening", "easing", "neutral", "mixed"]
Field = Literal["title", "summary"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The exact words that made a condition hold: `getattr(entry, field)[start:end] == text`, in code points."""

    field: Field
    start: int
    end: int
    text: str
    concept: str


@dataclass(frozen=True, slots=True)
class Term:
    """One summand of a level. `name` is base, stage, size, reach, clock, rule, cap or ceiling; `reason` says it in words."""

    name: str
    value: int
    reason: str


@dataclass(frozen=True, slots=True)
class Development:
    """What happened: one of the types of developments.yaml. `actors` are ids of the lexicon (ISO 3166 alpha-3 or a body), sorted.

    `family` is the type's family of developments.yaml (contact, trade, …): stories join within it. `strands` keep happenings of one type
    apart (a quake is never a typhoon, advice about one country never that about another); empty: nothing is known of it. What is
    `one_a_day` is one happening, however reports of a day word it. `places` are ids of concepts, in the order of the text. No day that
    a report names belongs to what is `undated`.
    """

    type: str
    stage: Stage
    polarity: Polarity
    actors: tuple[str, ...]
    rule: str
    evidence: tuple[Evidence, ...] = ()
    family: str = ""
    strands: tuple[str, ...] = ()
    one_a_day: bool = False
    places: tuple[str, ...] = ()
    undated: bool = False


@dataclass(frozen=True, slots=True)
class Impact:
    """What it means for one sector. `level` is the clamped sum of `terms`, at most `ceiling`."""

    sector: str
    level: Level
    ceiling: Level
    development: str
    rule: str
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class NamedDate:
    """A date or season that the text names, as precise as the text: `first` and `last` are the window, both included.

    `kind` is `effective` (a measure starts) or `next` (something is due). `text` is how the source said it. `types` are, in a story, the
    developments that the reports with this date tell; empty where nobody knows.
    """

    kind: Literal["effective", "next"]
    first: date
    last: date
    text: str
    types: tuple[str, ...] = ()

    def belongs_to(self, development: str) -> bool:
        """True unless other developments are known to be meant."""
        return not self.types or development in self.types


@dataclass(frozen=True, slots=True)
class Assessment:
    """All that the rules found in one entry; empty tuples where nothing held.

    `concepts` are the ids of the actors, institutions and subjects seen, `asides` those of cues and places, both sorted: the
    language-neutral gist that stories are joined by, in which asides count less. `ruleset` is the hash of the rule set that decided.
    """

    entry: str
    ruleset: str
    developments: tuple[Development, ...] = ()
    impacts: tuple[Impact, ...] = ()
    dates: tuple[NamedDate, ...] = ()
    actors: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()
    asides: tuple[str, ...] = ()

    @property
    def relevant(self) -> bool:
        """True if some sector is touched."""
        return bool(self.impacts)

    @property
    def level(self) -> Level:
        """The highest level over all sectors."""
        return max((impact.level for impact in self.impacts), default=Level.none)
