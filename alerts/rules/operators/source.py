"""`source`: who published the entry: by kind (official, press, aggregator), country, or id of the feed; a value or a list of values.

when: {all: [visa], source: {kind: official, country: [JPN, USA]}}
MATCHES [official JPN]: Visa fee to rise
DOES NOT MATCH [press JPN]: Visa fee to rise
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from alerts.rules.candidates import Clauses
from alerts.rules.operators.condition import Look, Mentions, Needs, Reader
from alerts.yamlwords import did_you_mean

_COUNTRY = re.compile(r"[A-Z]{3}")
KINDS = ("official", "press", "aggregator")


@dataclass(frozen=True, slots=True)
class Source:
    """Attributes of the source, each with the values allowed."""

    allowed: tuple[tuple[str, frozenset[str]], ...]

    def find(self, look: Look, low: int, high: int) -> Mentions | None:
        """Compare; a source is no mention."""
        source = look.entry.source
        return () if all(getattr(source, name) in values for name, values in self.allowed) else None

    def needs(self) -> Needs:
        """Nothing."""
        return ()

    def clauses(self, *, title: bool) -> Clauses:
        """None."""
        return ()

    def words(self) -> str:
        """Name what is asked."""
        return "from a source with " + " and ".join(f"{name} {' or '.join(sorted(values))}" for name, values in self.allowed)

    def why_not(self, look: Look, low: int, high: int) -> str:
        """Say what the source is."""
        given = ", ".join(f"{name} {getattr(look.entry.source, name) or 'unknown'}" for name, _ in self.allowed)
        return f"{self.words()}: the source has {given}"


def parse(value: Any, reader: Reader) -> Source | None:
    """Read `{kind, country, id}`."""
    if not reader.keys(value, set(), {"kind", "country", "id"}):
        return None
    if not value:
        reader.refuse("source needs kind, country or id")
        return None
    allowed: list[tuple[str, frozenset[str]]] = []
    for name, given in sorted(value.items()):
        values = given if isinstance(given, list) else [given]
        for index, each in enumerate(values):
            place = reader.at(name, index) if isinstance(given, list) else reader.at(name)
            if not isinstance(each, str):
                place.refuse(f"{name} is empty" if each is None else f"{name} must be text; put it in quotes")
                return None
            if name == "kind" and each not in KINDS:
                place.refuse(f"kind: {each!r} is not known{did_you_mean(each, KINDS)}")
                return None
            if name == "country" and not _COUNTRY.fullmatch(each):
                place.refuse(f"country: {each!r} is no country's code; write ISO 3166 alpha-3, such as JPN")
                return None
        allowed.append((name, frozenset(values)))
    return Source(tuple(allowed))
