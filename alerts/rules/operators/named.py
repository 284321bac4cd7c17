"""`$name` of `conditions.yaml`: a condition that several rules share, written and explained once.

Rules call it as they call a concept. What it says holds where it is called: under `field: {title: …}` it is asked of the title.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from alerts.rules.candidates import Ways
from alerts.rules.operators.condition import Condition, Look, Mentions, Needs

_PLAIN = frozenset({"re", "source", "language", "within"})
"""Operators whose arguments name no concepts."""


@dataclass(frozen=True, slots=True)
class Named:
    """A condition under the name that admins gave it."""

    name: str
    part: Condition

    def find(self, look: Look, low: int, high: int) -> Mentions | None:
        """Look as the condition does."""
        return self.part.find(look, low, high)

    def needs(self) -> Needs:
        """What the condition needs."""
        return self.part.needs()

    def ways(self, *, title: bool) -> Ways:
        """Those of the condition."""
        return self.part.ways(title=title)

    def words(self) -> str:
        """Its name: what it asks stands in `conditions.yaml`."""
        return f"${self.name}"

    def why_not(self, look: Look, low: int, high: int) -> str:
        """Say why it does not hold."""
        return f"${self.name} does not hold: {self.part.why_not(look, low, high)}"


@dataclass(slots=True)
class NamedConditions:
    """The shared conditions of a configuration by id, each read when it is first called. `read` reads one at its own place.

    One that is wrong, or calls itself, is None wherever it is called; what is wrong with it is told once, at its own place.
    """

    ids: frozenset[str]
    read: Callable[[str], Condition | None]
    _made: dict[str, Condition | None] = field(default_factory=dict)

    def find(self, name: str) -> Condition | None:
        """Return the condition of this id, or None if it could not be read."""
        if name not in self._made:
            self._made[name] = None  # what it is while it is being read: a circle ends here
            part = self.read(name)
            self._made[name] = Named(name, part) if part else None
        return self._made[name]


def spelled_out(when: Any, conditions: Mapping[str, Any]) -> Any:
    """Return a condition as it is written, with what stands in `conditions` (its YAML by id) in place of every name."""
    if isinstance(when, str) and when[:1] == "$" and when[1:] in conditions:
        return spelled_out(conditions[when[1:]], conditions)
    if isinstance(when, list):
        return [spelled_out(each, conditions) for each in when]
    if isinstance(when, dict):
        return {key: value if key in _PLAIN else spelled_out(value, conditions) for key, value in when.items()}
    return when


def mentioned(when: Any, *, refused: bool = False) -> Iterator[tuple[bool, str]]:
    """Yield each `$name` and phrase of a condition as it is written, and whether it stands under `none`."""
    if isinstance(when, str):
        yield refused, when
    elif isinstance(when, list):
        for each in when:
            yield from mentioned(each, refused=refused)
    elif isinstance(when, dict):
        for key, value in when.items():
            if key not in _PLAIN:
                yield from mentioned(value, refused=refused or key == "none")
