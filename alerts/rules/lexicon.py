"""The lexicon, compiled: concepts by number, and the patterns that stand for them. Built once, read-only afterwards."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from alerts.rules.kanji import glued
from alerts.rules.patterns import GLUED, MASK, PAIR, PLAIN, REJECT, Meaning, Patterns, packed
from alerts.rules.schema import ConceptSpec, Cues, LeaderSpec, Reject, TermSpec
from alerts.rules.terms import FREE, Pattern, expand

BUILT_IN = {
    "any-actor": "any country, economy, bloc or body of the lexicon",
    "any-state": "any country or economy",
    "foreign-state": "any country or economy but the readers' own",
}
TELLING = frozenset({"actor", "institution", "subject"})
"""Kinds of concepts that say what news is about."""
ASIDE = frozenset({"cue", "place"})
"""Kinds of concepts that say what happened, and where, in many kinds of news; what helps to understand says neither."""


class Concept(NamedTuple):
    """`ups` are the numbers of the concepts that a mention counts for, itself first. `actor` is who is mentioned, if anybody."""

    number: int
    id: str
    kind: str
    actor: str = ""
    official: bool = False
    ups: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Concepts and patterns; `specs` are what admins wrote of concepts, without their terms; `kanji` maps one-kanji names to actors,
    `anybody` and `foreign` are the numbers of what is built in, `actors` maps codes to concept numbers, `languages` to the actors that a
    text in them speaks of, `implied` actors to the concepts that mean them there; `ids` are those of all
    concepts by number. Of those that admins gave a name, `telling` are what news is about and `asides` the cues and places;
    `zones` are the time zones of actors by code, `places` are where something can happen, `official` institutions whose own word is
    official."""

    concepts: tuple[Concept, ...]
    numbers: Mapping[str, int]
    patterns: Patterns
    kanji: Mapping[str, str]
    actors: Mapping[str, int]
    specs: Mapping[str, ConceptSpec]
    anybody: int
    foreign: int
    languages: Mapping[str, frozenset[str]]
    implied: Mapping[str, frozenset[int]]
    ids: tuple[str, ...]
    telling: frozenset[int]
    asides: frozenset[int]
    zones: Mapping[str, str]
    places: frozenset[int]
    official: frozenset[int]

    def number(self, concept: str) -> int:
        """Return the number of a concept, -1 if there is none."""
        return self.numbers.get(concept, -1)


@dataclass(slots=True)
class LexiconBuilder:
    """Takes concepts, cues and phrases in any order; `build` puts them together.

    `spoilt` are ids that may be named although their concept was not as it should be; with any of them there is no building.
    """

    specs: dict[str, ConceptSpec] = field(default_factory=dict)
    spoilt: frozenset[str] = frozenset()
    _numbers: dict[str, int] = field(default_factory=dict)
    _kinds: list[str] = field(default_factory=list)
    _meanings: dict[Pattern, list[Meaning]] = field(default_factory=dict)

    def number(self, name: str, kind: str = "context") -> int:
        """Return the number of a concept, giving it one if it has none."""
        if name not in self._numbers:
            self._numbers[name] = len(self._kinds)
            self._kinds.append(kind)
        return self._numbers[name]

    def known(self) -> set[str]:
        """Return the ids that conditions may name."""
        return {*self.specs, *BUILT_IN, *self.spoilt}

    def phrase(self, text: str) -> int:
        """Return the number of a nameless concept that has one term. Raises ValueError if there is nothing to look for."""
        patterns = expand(text)
        fresh = f"~{text}" not in self._numbers
        number = self.number(f"~{text}")
        if fresh:
            for pattern in patterns:
                self._mean(pattern, Meaning(number))
        return number

    def cues(self, name: str, cues: Cues) -> list[tuple[tuple[str | int, ...], str]]:
        """Add an internal concept (a stage's cues). Returns mistakes as (path below the cues, message)."""
        number = self.number(name, "cue")
        return [
            *self._terms(number, cues.en, "en", "none"),
            *self._terms(number, cues.ja, "ja", "none"),
            *self._rejects(number, cues.reject),
        ]

    def concept(self, name: str) -> list[tuple[tuple[str | int, ...], str]]:
        """Add the terms of a concept of `specs`. Returns mistakes as (path below the concept, message)."""
        spec = self.specs[name]
        number = self.number(name, spec.kind)
        tag = MASK if spec.kind == "mask" else PLAIN
        problems = [*self._terms(number, spec.en, "en", "none", tag), *self._terms(number, spec.ja, "ja", spec.edge, tag)]
        problems += self._rejects(number, spec.reject)
        for index, leader in enumerate(spec.leaders):
            problems += [(("leaders", index, *loc), message) for loc, message in self._leader(number, leader)]
        for kanji in spec.kanji:
            for text, place in glued(kanji):
                self._mean(Pattern(text, FREE, FREE), Meaning(number, GLUED, place=place))
        return problems

    def build(self) -> Lexicon:
        """Put everything together. Circles of `includes` must have been refused before."""
        kanji: dict[str, str] = {sign: spec.actor for spec in self.specs.values() if spec.actor for sign in spec.kanji}
        actors = {spec.actor: self.number(name) for name, spec in self.specs.items() if spec.kind == "actor" and spec.actor}
        for first, second in itertools.permutations(sorted(kanji), 2):
            if kanji[first] != kanji[second]:
                pair = Meaning(actors[kanji[first]], PAIR, other=actors[kanji[second]])
                self._mean(Pattern(first + second, FREE, FREE), pair)
        for name in BUILT_IN:
            self.number(name)
        ups = self._ups(actors)
        concepts = tuple(
            Concept(
                number,
                name,
                self._kinds[number],
                self._actor(name),
                self._official(name),
                tuple(dict.fromkeys([number, *sorted(ups[number])])),
            )
            for name, number in self._numbers.items()
        )
        tongues: dict[str, set[str]] = {}
        for spec in self.specs.values():
            for language in spec.languages:
                tongues.setdefault(language, set()).add(spec.actor or "")
        return Lexicon(
            concepts=concepts,
            numbers=self._numbers,
            patterns=packed(self._meanings),
            kanji=kanji,
            actors=actors,
            specs={name: spec.model_copy(update={"en": [], "ja": [], "reject": Reject()}) for name, spec in self.specs.items()},
            anybody=self._numbers["any-actor"],
            foreign=self._numbers["foreign-state"],
            languages={language: frozenset(codes) for language, codes in tongues.items()},
            implied={spec.actor: frozenset(map(self.number, spec.implied_by)) for spec in self.specs.values() if spec.actor},
            ids=tuple(concept.id for concept in concepts),
            telling=frozenset(each.number for each in concepts if each.id in self.specs and each.kind in TELLING),
            asides=frozenset(each.number for each in concepts if each.id in self.specs and each.kind in ASIDE),
            zones={spec.actor: spec.timezone for spec in self.specs.values() if spec.actor and spec.timezone},
            places=frozenset(each.number for each in concepts if each.kind == "place"),
            official=frozenset(each.number for each in concepts if each.official),
        )

    def _actor(self, name: str) -> str:
        spec = self.specs.get(name)
        return (spec.actor or spec.of or "") if spec else ""

    def _official(self, name: str) -> bool:
        return name in self.specs and self.specs[name].official

    def _ups(self, actors: Mapping[str, int]) -> dict[int, set[int]]:
        """For each concept the numbers of all that its mention counts for."""
        parents: dict[int, set[int]] = {number: set() for number in self._numbers.values()}
        for name, spec in self.specs.items():
            number = self._numbers[name]
            for child in spec.includes:
                parents[self.number(child)].add(number)
            if spec.of and spec.of in actors:
                parents[number].add(actors[spec.of])
            if spec.kind == "actor":
                parents[number].add(self._numbers["any-actor"])
                if spec.type in {"state", "economy"}:
                    parents[number] |= {self._numbers["any-state"], self._numbers["foreign-state"]}
        ups: dict[int, set[int]] = {}
        for number, above in parents.items():
            seen: set[int] = set()
            todo = list(above)
            while todo:
                if (up := todo.pop()) not in seen:
                    seen.add(up)
                    todo.extend(parents[up])
            ups[number] = seen
        return ups

    def _mean(self, pattern: Pattern, meaning: Meaning) -> None:
        self._meanings.setdefault(pattern, []).append(meaning)

    def _terms(
        self, number: int, terms: Iterable[TermSpec], language: str, edge: str, tag: int = PLAIN, *, meaning: Meaning | None = None
    ) -> list[tuple[tuple[str | int, ...], str]]:
        problems: list[tuple[tuple[str | int, ...], str]] = []
        for index, term in enumerate(terms):
            try:
                near = tuple(self._near(word) for word in term.near)
                given = meaning or Meaning(number, tag)
                if near or term.after:
                    given = Meaning(number, tag, near, tuple(term.after), given.since, given.until, given.leader, given.roles)
                for pattern in expand(term.term, term.edge or edge):
                    self._mean(pattern, given)
            except ValueError as error:
                problems.append(((language, index), str(error)))
        return problems

    def _near(self, word: str) -> int:
        if not word.startswith("$"):
            return self.phrase(word)
        if word[1:] not in self.known():
            raise ValueError(f"near: no concept {word}")
        return self.number(word[1:], self.specs[word[1:]].kind if word[1:] in self.specs else "context")

    def _rejects(self, number: int, reject: Reject) -> list[tuple[tuple[str | int, ...], str]]:
        specs = {"en": [TermSpec(term=text) for text in reject.en], "ja": [TermSpec(term=text) for text in reject.ja]}
        found = [self._terms(number, terms, language, "none", REJECT) for language, terms in specs.items()]
        return [(("reject", *loc), message) for problems in found for loc, message in problems]

    def _leader(self, number: int, leader: LeaderSpec) -> list[tuple[tuple[str | int, ...], str]]:
        if leader.from_ and leader.to and leader.to < leader.from_:
            return [(("to",), f"to: {leader.to} is before from: {leader.from_}")]
        roles = (self.number(leader.role, self.specs[leader.role].kind),) if leader.role in self.specs else ()
        meaning = Meaning(number, since=leader.from_, until=leader.to, leader=True, roles=roles)
        names = [TermSpec(term=leader.en), TermSpec(term=leader.ja), *leader.aliases]
        return self._terms(number, names, "aliases", "none", meaning=meaning)
