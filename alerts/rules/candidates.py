"""Which rules are worth evaluating for an entry. Told from what is mentioned alone, before anybody asks where it stands.

A *sign* is that a concept is mentioned: its number anywhere in the entry, the complement of its number in the title. A condition has
*clauses*, each a set of signs, and keeps this promise: **if the condition holds, every clause has a sign that was seen.** So a rule with a
clause of which nothing was seen cannot hold, and leaving it out changes nothing but the time. The opposite is not promised: clauses know
nothing of absence, order, distance, sentences, sources.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

Clauses = tuple[frozenset[int], ...]
MOST = 12
"""So many clauses say enough of alternatives; all their combinations would be too many."""


def sign(concept: int, *, title: bool) -> int:
    """Return the sign of a concept, anywhere or in the title."""
    return ~concept if title else concept


def every(parts: Iterable[Clauses]) -> Clauses:
    """Return the clauses of a condition that holds only if all its parts do."""
    return tuple(dict.fromkeys(clause for clauses in parts for clause in clauses))


def either(parts: Iterable[Clauses]) -> Clauses:
    """Return the clauses of a condition that holds only if one of its parts does: whichever it is, a clause of each part, taken together,
    has a sign that was seen. None if a part has none."""
    joined: Clauses = (frozenset(),)
    for clauses in parts:
        joined = _narrowest({one | other for one in joined for other in clauses})
    return joined


def _narrowest(clauses: Iterable[frozenset[int]]) -> Clauses:
    """Keep the shortest clauses, and none that another makes superfluous."""
    kept: list[frozenset[int]] = []
    for clause in sorted(clauses, key=lambda each: (len(each), sorted(each))):
        if len(kept) == MOST:
            break
        if not any(shorter <= clause for shorter in kept):
            kept.append(clause)
    return tuple(kept)


@dataclass(frozen=True, slots=True)
class Index:
    """Rules by number. `triggers` maps a sign to the rules that it makes worth a look, each with its other clauses; `always` are those that
    have no clause."""

    triggers: Mapping[int, tuple[tuple[int, Clauses], ...]]
    always: tuple[int, ...]
    _signs: frozenset[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Have the signs as a set: it meets another three times as fast as the keys of a mapping do."""
        object.__setattr__(self, "_signs", frozenset(self.triggers))

    def asked(self) -> frozenset[int]:
        """Return the signs that are asked for: no other one makes a difference."""
        return self._signs.union(*(clause for told in self.triggers.values() for _, clauses in told for clause in clauses))

    def candidates(self, signs: Set[int]) -> list[int]:
        """Return the rules that may hold where these signs were seen, by number."""
        ready = set(self.always)
        triggers = self.triggers
        for seen in self._signs & signs:
            for number, clauses in triggers[seen]:
                for clause in clauses:
                    if clause.isdisjoint(signs):
                        break
                else:
                    ready.add(number)
        return sorted(ready)


def index(rules: Iterable[tuple[int, Clauses]], breadth: Sequence[int]) -> Index:
    """Index rules under the clause that is met most rarely; the others are tried the rarest first.

    `breadth` says of each concept how often it is met, in any unit. In a title everything is met less often.
    """

    def frequency(clause: frozenset[int]) -> tuple[int, list[int]]:
        return sum(breadth[each] * 3 if each >= 0 else breadth[~each] for each in clause), sorted(clause)

    triggers: dict[int, list[tuple[int, Clauses]]] = {}
    always: list[int] = []
    for number, clauses in rules:
        if not clauses:
            always.append(number)
            continue
        rarest, *others = sorted(clauses, key=frequency)
        for each in rarest:
            triggers.setdefault(each, []).append((number, tuple(others)))
    return Index({each: tuple(indexed) for each, indexed in triggers.items()}, tuple(always))
