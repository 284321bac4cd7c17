"""What the patterns of a lexicon stand for, laid out for the scan: all that can be known before a text is seen.

A pattern has one or more meanings. Neighbouring ones that count as they stand, whatever surrounds them, are one sense together; any other
is a sense of its own, whose `traits` say what has to be looked at before it counts.
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from itertools import chain, groupby

from alerts.rules.lexicon import Lexicon
from alerts.rules.patterns import GLUED, MASK, PAIR, REJECT, Meaning

ACTOR, GUARDED, KANJI, HIDING, SPEAKS = 1, 2, 4, 8, 16
"""Traits: names an actor, whom a longer one may cover; counts on conditions of its own (leader, after, near); is a one-kanji name, glued
or in a pair; hides others (a reject phrase, a mask); is an institution, which speaks for an actor."""

Form = tuple[int, int, str | None, "Sense | None", tuple["Sense", ...]]
"""What must not touch a pattern on the left and on the right, the only spelling that is accepted, and what it stands for: one sense alone
that counts as it stands, as most do, and all."""


@dataclass(frozen=True, slots=True)
class Sense:
    """One or more concepts that are mentioned together.

    `counts` pairs each with the numbers of all concepts that its mention counts for; `ups` are these numbers, and `signs` they again, as a
    set, with what a mention in the title is a sign of (`candidates`), as far as that is `asked` for. `actor` is who is named. `domestic`
    is the sense for readers of the actor's own country, to whom it is not foreign.
    """

    counts: tuple[tuple[int, tuple[int, ...]], ...]
    meaning: Meaning
    asked: frozenset[int] = field(repr=False, compare=False)
    actor: str = ""
    traits: int = 0
    domestic: Sense | None = None
    ups: tuple[int, ...] = field(init=False)
    signs: frozenset[int] = field(init=False)
    near: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        """Reckon once what every mention asks. Most senses have their numbers in common with others."""
        ups, signs = _shared(tuple(dict.fromkeys(chain.from_iterable(counted for _, counted in self.counts))), self.asked)
        object.__setattr__(self, "ups", ups)
        object.__setattr__(self, "signs", signs)
        object.__setattr__(self, "near", _one(frozenset(self.meaning.near)))

    def without(self, concepts: Collection[int], ups: Collection[int]) -> Sense:
        """Return what is left when some concepts are not mentioned here, and the others do not count for some."""
        counts = tuple(
            [(concept, tuple([up for up in counted if up not in ups])) for concept, counted in self.counts if concept not in concepts]
        )
        return replace(self, counts=counts, domestic=self.domestic.without(concepts, ups) if self.domestic else None)


@functools.lru_cache(maxsize=20_000)
def _shared(ups: tuple[int, ...], asked: frozenset[int]) -> tuple[tuple[int, ...], frozenset[int]]:
    """Return numbers and their signs, one object each for all senses that have the same numbers."""
    return ups, frozenset([*ups, *(~up for up in ups if ~up in asked)])


@functools.lru_cache(maxsize=20_000)
def _one(numbers: frozenset[int]) -> frozenset[int]:
    """Return one object for all that are equal: most senses have none."""
    return numbers


class Senses:
    """Makes the senses of a lexicon, each once, for rules that ask for some signs."""

    def __init__(self, lexicon: Lexicon, asked: frozenset[int]) -> None:
        self._lexicon = lexicon
        self._asked = asked
        self._one: dict[Meaning, Sense] = {}
        self._several: dict[tuple[Meaning, ...], tuple[Sense, ...]] = {}

    def one(self, meaning: Meaning) -> Sense:
        """Return one meaning as a sense."""
        if meaning not in self._one:
            self._one[meaning] = _sense(self._lexicon, meaning, self._asked)
        return self._one[meaning]

    def of(self, meanings: tuple[Meaning, ...]) -> tuple[Sense, ...]:
        """Return what a pattern stands for, in the order of its meanings."""
        if meanings not in self._several:
            groups = groupby(map(self.one, meanings), key=lambda sense: not sense.traits)
            self._several[meanings] = tuple(sense for together, group in groups for sense in (_joined([*group]) if together else group))
        return self._several[meanings]


def _joined(senses: list[Sense]) -> list[Sense]:
    """Return senses that count as they stand as one."""
    if len(senses) == 1:
        return senses
    return [replace(senses[0], counts=tuple(chain.from_iterable(sense.counts for sense in senses)))]


def alone(senses: tuple[Sense, ...]) -> Sense | None:
    """Return the only sense of a pattern if it counts as it stands."""
    return senses[0] if len(senses) == 1 and not senses[0].traits else None


def _sense(lexicon: Lexicon, meaning: Meaning, asked: frozenset[int]) -> Sense:
    """A leader counts for the roles too."""
    concept = lexicon.concepts[meaning.concept]
    ups = concept.ups
    for role in meaning.roles:
        ups += lexicon.concepts[role].ups
    traits = (ACTOR if concept.actor else 0) | (SPEAKS if concept.actor and concept.kind == "institution" else 0)
    if meaning.leader or meaning.near or meaning.after:
        traits |= GUARDED
    traits |= {GLUED: KANJI, PAIR: KANJI, REJECT: HIDING, MASK: HIDING}.get(meaning.tag, 0)
    sense = Sense(((meaning.concept, ups),), meaning, asked, concept.actor, traits)
    if concept.actor and lexicon.foreign in ups:
        return replace(sense, domestic=sense.without((), {lexicon.foreign}))
    return sense
