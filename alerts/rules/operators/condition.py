"""What every condition can do, and how the YAML of a condition is read.

A condition looks at a span of one entry and returns the mentions that make it hold, or None. `needs` says which concepts must have been
found for it to have a chance, so that a rule without them is never looked at. `words` and `why_not` say it to an admin.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Protocol

from alerts.errors import Problem
from alerts.feeds.entry import Entry
from alerts.rules.candidates import Clauses, Ways, narrow, sign, way
from alerts.rules.found import Found, Mention
from alerts.rules.lexicon import LexiconBuilder
from alerts.yamlfile import Document, Loc
from alerts.yamlwords import did_you_mean

Mentions = tuple[Mention, ...]
Needs = tuple[frozenset[int], ...]


@dataclass(frozen=True, slots=True)
class Look:
    """What a condition looks at: the entry, the mentions in it, the readers' host country, and the day on which it was told there."""

    entry: Entry
    found: Found
    host: str
    day: date


class Condition(Protocol):
    """One compiled operator with its arguments."""

    def find(self, look: Look, low: int, high: int) -> Mentions | None:
        """Return the mentions inside the span that make the condition hold (perhaps none), or None if it does not hold."""
        ...

    def needs(self) -> Needs:
        """Return sets of concepts; of every set one must have been found, or the condition cannot hold."""
        ...

    def ways(self, *, title: bool) -> Ways:
        """Return the ways in which it can hold (see `candidates`). `title`: it looks in the title alone."""
        ...

    def words(self) -> str:
        """Say the condition in words."""
        ...

    def why_not(self, look: Look, low: int, high: int) -> str:
        """Say in words which clause fails, for a condition that does not hold in the span."""
        ...


Parse = Callable[[Any, "Reader"], "Condition | None"]


class Shared(Protocol):
    """Conditions that may be called by name."""

    ids: frozenset[str]

    def find(self, name: str) -> Condition | None:
        """Return the condition of this id, or None if it could not be read."""
        ...


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads conditions at one place of one file; mistakes go to `problems` with their place."""

    document: Document
    loc: Loc
    lexicon: LexiconBuilder
    problems: list[Problem]
    operators: Mapping[str, Parse]
    scopes: Parse
    shared: Shared

    def at(self, *steps: int | str) -> Reader:
        """Return a reader further down."""
        return replace(self, loc=(*self.loc, *steps))

    def refuse(self, message: str, *, key: bool = False) -> None:
        """Write a mistake down; always returns None."""
        self.problems.append(self.document.problem(self.loc, message, key=key))

    def read(self, value: Any) -> Condition | None:
        """Read a condition: `$concept`, `$condition`, a phrase, or a mapping of operators, all of which must hold."""
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value[:1] == "$" and value[1:] in self.shared.ids:
            return self.shared.find(value[1:])
        if isinstance(value, str):
            number = self.concept(value)
            return None if number is None else Concept(number, value)
        if isinstance(value, dict):
            return self.scopes(value, self)
        self.refuse("a condition is $concept, a phrase, or a mapping of operators" + did_you_mean("", self.operators, limit=30))
        return None

    def concept(self, value: Any) -> int | None:
        """Read `$concept` or a phrase as the number of a concept."""
        if not isinstance(value, str) or not value.strip():
            self.refuse("must be $concept or a phrase")
            return None
        if not value.startswith("$"):
            try:
                return self.lexicon.phrase(value)
            except ValueError as error:
                self.refuse(str(error))
                return None
        name = value[1:]
        if name not in self.lexicon.known():
            if name in self.shared.ids:
                self.refuse(f"{value} is a condition; here stands a concept or a phrase")
            elif " $" in value:
                self.refuse(f"{value!r} is one text; write each name on a '- ' line of its own, below all: or any:")
            else:
                self.refuse(f"no {self._nameable()} {value}" + did_you_mean(name, self.lexicon.known() | self.shared.ids, limit=6))
            return None
        return self.lexicon.number(name, self.lexicon.specs[name].kind if name in self.lexicon.specs else "context")

    def _nameable(self) -> str:
        return "concept or condition" if self.shared.ids else "concept"

    def many(self, value: Any) -> list[Condition] | None:
        """Read a list of conditions; one alone may stand without the list. None if any of them is wrong."""
        if not isinstance(value, list):
            one = self.read(value)
            return None if one is None else [one]
        if not value:
            self.refuse("the list is empty")
            return None
        read = [self.at(index).read(each) for index, each in enumerate(value)]
        good = [each for each in read if each is not None]
        return good if len(good) == len(read) else None

    def keys(self, value: Any, required: set[str], optional: set[str] = frozenset()) -> bool:  # type: ignore[assignment]
        """Check that a value is a mapping with these keys and no others."""
        if not isinstance(value, dict):
            self.refuse(f"must be a mapping with {', '.join(sorted(required | optional))}")
            return False
        before = len(self.problems)
        for name in value:
            if name not in required | optional:
                self.at(name).refuse(f"unknown key {name!r}{did_you_mean(name, required | optional)}", key=True)
        for name in sorted(required - value.keys()):
            self.refuse(f"{name!r} is missing")
        return len(self.problems) == before


@dataclass(frozen=True, slots=True)
class Concept:
    """A mention of a concept (`$tariff`) or of a phrase of the rule's own."""

    number: int
    text: str

    def find(self, look: Look, low: int, high: int) -> Mentions | None:
        """Return the first mention in the span."""
        for each in look.found.of(self.number):
            if each.start >= low and each.end <= high:
                return (each,)
        return None

    def needs(self) -> Needs:
        """Itself."""
        return (frozenset({self.number}),)

    def ways(self, *, title: bool) -> Ways:
        """Itself."""
        return way([sign(self.number, title=title)])

    def words(self) -> str:
        """Name it."""
        return self.text if self.text.startswith("$") else f"“{self.text}”"

    def why_not(self, look: Look, low: int, high: int) -> str:
        """Say whether it is nowhere, or elsewhere."""
        elsewhere = look.found.of(self.number)
        if elsewhere:
            quoted = look.found.evidence(next(iter(elsewhere)))
            return f"{self.words()} is not in this part; it stands as “{quoted.text}” in the {quoted.field} at {quoted.start}"
        return f"{self.words()} is not found"


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Conditions that are tried one after the other. Lists are long, and an entry mentions few of the concepts in them."""

    parts: tuple[Condition, ...]
    _concepts: Mapping[int, Condition] = field(init=False, repr=False, compare=False)
    _numbers: frozenset[int] = field(init=False, repr=False, compare=False)
    _others: tuple[tuple[Condition, Clauses], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Tell the concepts from what has to be asked, and what each of these needs."""
        concepts: dict[int, Condition] = {part.number: part for part in self.parts if isinstance(part, Concept)}
        others = [(part, narrow(part.ways(title=False))) for part in self.parts if not isinstance(part, Concept)]
        object.__setattr__(self, "_concepts", concepts)
        object.__setattr__(self, "_numbers", frozenset(concepts))
        object.__setattr__(self, "_others", tuple(others))

    def hopeful(self, look: Look) -> list[Condition]:
        """Return the parts that have a chance: all but those that need what the entry does not mention."""
        signs = look.found.signs
        chosen = [self._concepts[number] for number in self._numbers & signs]
        for part, clauses in self._others:
            for clause in clauses:
                if clause.isdisjoint(signs):
                    break
            else:
                chosen.append(part)
        return chosen


SPAN = re.compile(r"\s+")


def quote(look: Look, low: int, high: int) -> str:
    """Return a span of the entry's folded text for a sentence to an admin."""
    text = SPAN.sub(" ", look.found.cased[low:high]).strip()
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"
