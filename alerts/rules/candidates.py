"""Which rules are worth evaluating for an entry. Told from what is mentioned alone, before anybody asks where it stands.

A *sign* is that a concept is mentioned: its number anywhere in the entry, the complement of its number in the title. A condition can hold
in one or more *ways*, each of them *clauses*, each a set of signs, and keeps this promise: **if the condition holds, there is a way of
which every clause has a sign that was seen.** So a rule of which no way was seen cannot hold, and leaving it out changes nothing but the
time. The opposite is not promised: ways know nothing of absence, order, distance, sentences, sources.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

Clauses = tuple[frozenset[int], ...]
Ways = tuple[Clauses, ...]
ALWAYS: Ways = ((),)
"""Nothing needs to be mentioned."""
WAYS = 512
"""So many ways are told apart; further ones would take more time than they save."""
FEW = 3
"""So many clauses are asked of a condition before it is looked at: more cost what they save."""
MOST = 12
"""So many clauses say enough of ways that are not told apart; all their combinations would be too many."""


def sign(concept: int, *, title: bool) -> int:
    """Return the sign of a concept, anywhere or in the title."""
    return ~concept if title else concept


def way(signs: Iterable[int]) -> Ways:
    """Return the only way of a condition that needs all of some signs."""
    return (tuple(dict.fromkeys(frozenset({each}) for each in signs)),)


def every(parts: Iterable[Ways]) -> Ways:
    """Return the ways of a condition that holds only if all its parts do."""
    joined: Ways = ALWAYS
    for ways in sorted(parts, key=len):
        further = ways if len(joined) * len(ways) <= WAYS else (alike(ways),)
        joined = tuple(dict.fromkeys(tuple(dict.fromkeys((*one, *other))) for one in joined for other in further))
    return joined


def either(parts: Iterable[Ways]) -> Ways:
    """Return the ways of a condition that holds only if one of its parts does. Ways of one clause each are one together; of too many, those
    of each part are."""
    known = [*parts]
    if sum(map(len, known)) > WAYS:
        known = [part if len(part) == 1 else (alike(part),) for part in known]
    ways = dict.fromkeys(each for part in known for each in part)
    if () in ways:
        return ALWAYS
    single = frozenset().union(*(each[0] for each in ways if len(each) == 1))
    several = [each for each in ways if len(each) > 1]
    if len(several) > WAYS:
        several = [alike(several)]
    return (*(((single,),) if single else ()), *several)


def alike(ways: Iterable[Clauses]) -> Clauses:
    """Return the clauses that all of some ways have: whichever it is, a clause of each, taken together, has a sign that was seen."""
    joined: Clauses = (frozenset(),)
    for clauses in ways:
        joined = _narrowest({one | other for one in joined for other in clauses})
    return joined


def narrow(ways: Ways) -> Clauses:
    """Return the few shortest clauses that all ways have, wherever the concepts are mentioned: what is asked before a condition is looked
    at, in whatever part of an entry."""
    clauses = sorted(ways[0] if len(ways) == 1 else alike(ways), key=len)[:FEW]
    return tuple(frozenset(each if each >= 0 else ~each for each in clause) for clause in clauses)


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
    """Rules by number. `triggers` maps a sign to the rules that it makes worth a look, each with the other clauses of the way; `always` are
    those that may hold whatever is mentioned."""

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
                if number in ready:
                    continue
                for clause in clauses:
                    if clause.isdisjoint(signs):
                        break
                else:
                    ready.add(number)
        return sorted(ready)


def index(rules: Iterable[tuple[int, Ways]], breadth: Sequence[int]) -> Index:
    """Index each way of a rule under the clause that is met most rarely; the others are tried the rarest first.

    `breadth` says of each concept how often it is met, in any unit. In a title everything is met less often.
    """

    def frequency(clause: frozenset[int]) -> tuple[int, list[int]]:
        return sum(breadth[each] * 3 if each >= 0 else breadth[~each] for each in clause), sorted(clause)

    triggers: dict[int, list[tuple[int, Clauses]]] = {}
    always: list[int] = []
    for number, ways in rules:
        if () in ways:
            always.append(number)
            continue
        for clauses in ways:
            rarest, *others = sorted(clauses, key=frequency)
            rest = tuple(others)
            for each in rarest:
                triggers.setdefault(each, []).append((number, rest))
    return Index({each: tuple(indexed) for each, indexed in triggers.items()}, tuple(always))
