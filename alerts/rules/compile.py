"""From the texts of a configuration to a rule set: read, check, put all terms into one automaton, index the rules by what they need."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alerts.errors import ConfigError, Problem
from alerts.garbage import uncollected
from alerts.rules.assessment import Term
from alerts.rules.candidates import Index, index
from alerts.rules.configuration import Configuration, Names, Placed, read_configuration, shape_of
from alerts.rules.cross_check import cross_check
from alerts.rules.levels import Level
from alerts.rules.lexicon import Lexicon, LexiconBuilder
from alerts.rules.operators import all as all_
from alerts.rules.operators import any as any_
from alerts.rules.operators import at_least, between, field, language, near, none, re, source, then, within
from alerts.rules.operators.condition import Condition, Needs, Parse, Reader
from alerts.rules.operators.named import NamedConditions, spelled_out
from alerts.rules.scan import Scanner
from alerts.rules.schema import CaseSpec, ConceptSpec, ConditionSpec, DevelopmentSpec, RuleSpec, SectorSpec, SizeSpec, StageSpec
from alerts.rules.wording import Wording

OPERATORS: Mapping[str, Parse] = {
    "all": all_.parse,
    "any": any_.parse,
    "none": none.parse,
    "at_least": at_least.parse,
    "near": near.parse,
    "then": then.parse,
    "between": between.parse,
    "field": field.parse,
    "source": source.parse,
    "language": language.parse,
    "re": re.parse,
}
ReaderAt = Callable[..., Reader]
"""Makes a reader of the condition at a place: called with what is placed, and the steps below it."""

ENGINE = "6"  # part of every hash: the same files mean something else to an engine that decides otherwise


@dataclass(frozen=True, slots=True)
class Sizing:
    """A condition under which a development is larger or smaller than usual."""

    spec: SizeSpec
    condition: Condition


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, ready to be evaluated. `bases` are the sectors that it touches, in the order of sectors.yaml, with the first term of their
    level."""

    spec: RuleSpec
    development: DevelopmentSpec | None
    condition: Condition
    sizings: tuple[Sizing, ...]
    bases: tuple[tuple[str, Term], ...]
    place: str

    @property
    def id(self) -> str:
        """Its id."""
        return self.spec.id

    @property
    def needs(self) -> Needs:
        """Sets of concepts of each of which one must have been found."""
        return self.condition.needs()


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A whole configuration, compiled and read-only. `files` holds the texts it was made from, `hash` stands for them.

    `telling` indexes the rules that tell of a development, `discarding` those that discard; `stage_cues` are the numbers of the concepts
    that hold the cues of each stage.
    """

    hash: str
    files: Mapping[str, str]
    wording: Wording
    lexicon: Lexicon
    scanner: Scanner
    rules: tuple[Rule, ...]
    telling: Index
    discarding: Index
    sectors: Mapping[str, SectorSpec]
    developments: Mapping[str, DevelopmentSpec]
    stages: Mapping[str, StageSpec]
    conditions: Mapping[str, ConditionSpec]
    stage_cues: tuple[tuple[int, StageSpec], ...]
    cases: tuple[tuple[str, CaseSpec], ...]

    @property
    def always(self) -> tuple[int, ...]:
        """Numbers of the rules that need no concept, and so are evaluated for every entry."""
        return tuple(sorted([*self.telling.always, *self.discarding.always]))

    def names(self) -> Names:
        """Return the ids that other files may name."""
        return Names({rule.id: rule.development.id for rule in self.rules if rule.development}, frozenset(self.developments))

    @property
    def national(self) -> frozenset[str]:
        """The development types that concern only people of a nationality."""
        return frozenset(name for name, spec in self.developments.items() if spec.nationality)

    def spelled_out(self, when: Any) -> Any:
        """Return a condition as it is written, with what they say in place of the names of shared conditions."""
        return spelled_out(when, {name: spec.when for name, spec in self.conditions.items()})

    def rule(self, name: str) -> Rule | None:
        """Return a rule by id."""
        return next((rule for rule in self.rules if rule.id == name), None)


def compile_texts(texts: Mapping[str, bytes | str], unreadable: Sequence[Problem] = ()) -> RuleSet:
    """Compile files given by their name relative to the configuration directory; `unreadable` says of further ones why they are not there.

    Raises ConfigError with all problems of all files.
    """
    with uncollected():
        return _compile(texts, unreadable)


def _compile(texts: Mapping[str, bytes | str], unreadable: Sequence[Problem]) -> RuleSet:
    read = read_configuration(texts, unreadable)
    problems = read.problems
    if not read.complete:
        raise ConfigError(problems)
    problems += cross_check(read)
    builder = _build_lexicon(read, problems)
    rules = _read_rules(read, builder, problems)
    if problems:
        raise ConfigError(problems)
    lexicon = builder.build()
    files = {name: _text(texts[name]) for name in sorted(texts) if shape_of(name) and not name.startswith("tests/")}
    sectors, stages = _values(read.sectors), _values(read.stages)
    developments = _values(read.developments)
    telling, discarding = _index(rules, lexicon, discard=False), _index(rules, lexicon, discard=True)
    return RuleSet(
        hash=_hash(files),
        files=files,
        wording=Wording(sectors, stages, developments, {rule.id: rule.spec for rule in rules}, lexicon.specs),
        lexicon=lexicon,
        scanner=Scanner(lexicon, telling.asked() | discarding.asked()),
        rules=rules,
        telling=telling,
        discarding=discarding,
        sectors=sectors,
        developments=developments,
        stages=stages,
        conditions=_values(read.conditions),
        stage_cues=tuple((lexicon.number(f"stage:{name}"), stages[name]) for name in sorted(stages)),
        cases=tuple((f"{case.document.name}:{case.document.place(case.loc)[0]}", case.value) for case in read.cases),
    )


def _values(placed: Mapping[str, Placed[Any]]) -> dict[str, Any]:
    return {name: each.value for name, each in placed.items()}


def _text(raw: bytes | str) -> str:
    return raw if isinstance(raw, str) else raw.decode("utf-8")


def _hash(files: Mapping[str, str]) -> str:
    digest = hashlib.sha256(ENGINE.encode())
    for name, text in files.items():
        digest.update(f"\0{name}\0{len(text)}\0{text}".encode())
    return digest.hexdigest()[:16]


def _build_lexicon(read: Configuration, problems: list[Problem]) -> LexiconBuilder:
    """Add concepts by id, so that nothing depends on the order of files."""
    concepts = {str(each.loc[0]): each for each in read.doubtful_of("lexicon")} | read.concepts
    specs: dict[str, ConceptSpec] = {name: concepts[name].value for name in sorted(concepts)}
    builder = LexiconBuilder(specs, frozenset(read.spoilt.get("lexicon", ())))
    for name in specs:
        problems += [concepts[name].problem(message, *loc) for loc, message in builder.concept(name)]
    stages = {each.value.id: each for each in read.doubtful_of("stages.yaml")} | read.stages
    for name, stage in sorted(stages.items()):
        problems += [stage.problem(message, "cues", *loc) for loc, message in builder.cues(f"stage:{name}", stage.value.cues)]
    return builder


def _read_rules(read: Configuration, builder: LexiconBuilder, problems: list[Problem]) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    reader = _readers(read, builder, problems)
    for doubtful in (*read.doubtful_of("rules"), *read.doubtful_of("conditions.yaml")):  # for their problems alone
        reader(doubtful, "when").read(doubtful.value.when)
    for doubtful in (*read.doubtful_of("rules"), *read.doubtful_of("developments.yaml")):
        _sizings(doubtful.value.sizes, doubtful, reader)
    usual = {name: _sizings(placed.value.sizes, placed, reader) for name, placed in sorted(read.developments.items())}
    common = {name: _bases(None, placed.value, read.sectors) for name, placed in read.developments.items()}
    for name in sorted(read.rules):
        placed = read.rules[name]
        spec = placed.value
        condition = reader(placed, "when").read(spec.when)
        sizings = _sizings(spec.sizes, placed, reader)
        development = None
        if parent := read.developments.get(spec.development or ""):
            development = parent.value
            sizings = sizings or usual[development.id]
        if condition is not None:
            line = placed.document.place(placed.loc)[0]
            bases = _bases(spec, development, read.sectors) if development and spec.levels else common.get(spec.development or "", ())
            rules.append(Rule(spec, development, condition, sizings, bases, f"{placed.document.name}:{line}"))
    return tuple(rules)


def _bases(spec: RuleSpec | None, development: DevelopmentSpec, sectors: Iterable[str]) -> tuple[tuple[str, Term], ...]:
    """Return the sectors that a rule touches, or every rule of a development without levels of its own."""
    own = spec.levels if spec else {}
    levels = {**development.impact, **own}
    bases: list[tuple[str, Term]] = []
    for sector in sectors:
        level = Level[levels.get(sector, "none")]
        if level is not Level.none:
            says = f"rule {spec.id}" if spec and sector in own else development.name.en
            bases.append((sector, Term("base", int(level), f"{says}: {level.name} for {sector}")))
    return tuple(bases)


def _sizings(specs: list[SizeSpec], placed: Placed[Any], reader: ReaderAt) -> tuple[Sizing, ...]:
    read = [(spec, reader(placed, "sizes", i, "when").read(spec.when)) for i, spec in enumerate(specs)]
    return tuple(Sizing(spec, condition) for spec, condition in read if condition is not None)


def _readers(read: Configuration, builder: LexiconBuilder, problems: list[Problem]) -> ReaderAt:
    """Return what makes a reader of the condition at a place. The shared conditions are read first, called or not."""

    def shared(name: str) -> Condition | None:
        placed = read.conditions.get(name)
        return reader(placed, "when").read(placed.value.when) if placed else None

    conditions = NamedConditions(frozenset({*read.conditions, *read.spoilt.get("conditions.yaml", ())}), shared)

    def reader(placed: Placed[Any], *steps: int | str) -> Reader:
        return Reader(placed.document, (*placed.loc, *steps), builder, problems, OPERATORS, within.parse, conditions)

    for name in sorted(conditions.ids):
        conditions.find(name)
    return reader


def _index(rules: tuple[Rule, ...], lexicon: Lexicon, *, discard: bool) -> Index:
    breadth = [0] * len(lexicon.concepts)
    for _, meanings in lexicon.patterns:
        for meaning in meanings:
            for up in lexicon.concepts[meaning.concept].ups:
                breadth[up] += 10 if lexicon.concepts[meaning.concept].actor else 1  # actors are in most headlines
    wanted = [(number, rule) for number, rule in enumerate(rules) if (rule.development is None) is discard]
    return index([(number, rule.condition.ways(title=False)) for number, rule in wanted], breadth)
