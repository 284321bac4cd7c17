"""`language`: the entry is in one of these languages (primary tag: en, ja).

when: {all: [visa], language: en}
MATCHES [en]: Visa fee to rise
DOES NOT MATCH [ja]: visa の手数料
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from alerts.rules.candidates import ALWAYS, Ways
from alerts.rules.operators.condition import Look, Mentions, Needs, Reader

_TAG = re.compile(r"[A-Za-z]{2}")


@dataclass(frozen=True, slots=True)
class Language:
    """The entry's language is one of these."""

    languages: frozenset[str]

    def find(self, look: Look, low: int, high: int) -> Mentions | None:
        """Compare the primary tag."""
        return () if look.entry.language.partition("-")[0].lower() in self.languages else None

    def needs(self) -> Needs:
        """Nothing."""
        return ()

    def ways(self, *, title: bool) -> Ways:
        """Whatever is mentioned."""
        return ALWAYS

    def words(self) -> str:
        """Name the languages."""
        return f"in {' or '.join(sorted(self.languages))}"

    def why_not(self, look: Look, low: int, high: int) -> str:
        """Say the entry's language."""
        return f"{self.words()}: the entry is in {look.entry.language or 'an unknown language'}"


def parse(value: Any, reader: Reader) -> Language | None:
    """Read one tag or a list of tags."""
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(each, str) and _TAG.fullmatch(each) for each in values):
        reader.refuse(f"language needs primary tags of two letters such as en or [en, ja] (ISO 639-1), not {value!r}")
        return None
    return Language(frozenset(each.lower() for each in values))
