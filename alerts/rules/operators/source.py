"""`source`: who published the entry: by kind (official, press, aggregator), country, or id of the feed; a value or a list of values.

when: {all: [visa], source: {kind: official, country: [JPN, USA]}}
MATCHES [official JPN]: Visa fee to rise
DOES NOT MATCH [press JPN]: Visa fee to rise
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alerts.iso import country_code
from alerts.rules.candidates import ALWAYS, Ways
from alerts.rules.operators.condition import Look, Mentions, Needs, Reader
from alerts.yamlwords import did_you_mean

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

    def ways(self, *, title: bool) -> Ways:
        """Whatever is mentioned."""
        return ALWAYS

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
            if refusal := _refusal(name, each):
                place.refuse(refusal)
                return None
        allowed.append((name, frozenset(values)))
    return Source(tuple(allowed))


def _refusal(name: str, value: Any) -> str:
    """Say what is wrong with one value of a key; nothing if it can be used."""
    if not isinstance(value, str) or not value:
        return f"{name} must be text; put it in quotes" if value else f"{name} is empty"
    if name == "kind" and value not in KINDS:
        return f"kind: {value!r} is not known{did_you_mean(value, KINDS)}"
    try:
        country_code(value if name == "country" else "")
    except ValueError as error:
        return f"country: {error}"
    return ""
