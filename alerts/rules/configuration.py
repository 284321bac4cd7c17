"""All files of a configuration, read and checked against each other: every problem of every file at once, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, get_args

from pydantic import TypeAdapter

from alerts.errors import Problem
from alerts.rules import schema
from alerts.rules.assessment import Stage
from alerts.rules.lexicon import BUILT_IN
from alerts.rules.operators.named import mentioned
from alerts.rules.salvage import is_mapping, salvage
from alerts.rules.schema import CaseSpec, ConceptSpec, ConditionSpec, DevelopmentSpec, RuleSpec, SectorSpec, StageSpec
from alerts.yamlfile import EMPTY, MISSING, Document, Loc, parse, validate
from alerts.yamlwords import did_you_mean

T = TypeVar("T")
SINGLE: Mapping[str, TypeAdapter[Any]] = {
    "sectors.yaml": schema.SECTORS,
    "stages.yaml": schema.STAGES,
    "developments.yaml": schema.DEVELOPMENTS,
    "conditions.yaml": schema.CONDITIONS,
}
NO_FILE = "holds no file; `alerts init` puts the shipped ones in place and overwrites nothing"
_OPTIONAL = frozenset({"conditions.yaml"})
_STAGES = frozenset(get_args(Stage))
_TERMS = frozenset({"en", "ja", "includes", "leaders", "kanji"})
"""Keys of which a concept needs one."""
_TOLD = _STAGES | {"default"}
FOLDERS: Mapping[str, TypeAdapter[Any]] = {"lexicon": schema.LEXICON, "rules": schema.RULES, "tests": schema.CASES}


@dataclass(frozen=True, slots=True)
class Names:
    """Ids that files beside the rules may name: rules that tell of a development, and developments."""

    rules: frozenset[str]
    developments: frozenset[str]


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """A value and where it stands. `lost` are the keys that it has not got, or not all of, because they were not as they should be."""

    value: T
    document: Document
    loc: Loc
    lost: frozenset[str] = frozenset()

    def problem(self, message: str, *steps: int | str, key: bool = False) -> Problem:
        """Make a problem at or below this place."""
        return self.document.problem((*self.loc, *steps), message, key=key)


@dataclass(slots=True)
class Configuration:
    """What all files say, by id, with places; `problems` is what is wrong with it.

    `spoilt` are, by file or folder, the ids of what is there but not as it should be: to name them is no mistake. `unread` holds the
    files and folders of which something could not be read at all, so that nobody knows what it would have defined. `doubtful` are, by
    file or folder, items with mistakes, without the parts that are wrong: to be checked like the others, so that all mistakes of an item
    come at once, never used.
    """

    sectors: dict[str, Placed[SectorSpec]] = field(default_factory=dict)
    stages: dict[str, Placed[StageSpec]] = field(default_factory=dict)
    developments: dict[str, Placed[DevelopmentSpec]] = field(default_factory=dict)
    concepts: dict[str, Placed[ConceptSpec]] = field(default_factory=dict)
    conditions: dict[str, Placed[ConditionSpec]] = field(default_factory=dict)
    rules: dict[str, Placed[RuleSpec]] = field(default_factory=dict)
    cases: list[Placed[CaseSpec]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    spoilt: dict[str, set[str]] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    doubtful: dict[str, list[Placed[Any]]] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """True if everything that rules may name is known."""
        return self.unread <= {"rules", "tests"}

    def doubtful_of(self, where: str) -> Sequence[Placed[Any]]:
        """Return the doubtful items of a file or folder."""
        return self.doubtful.get(where, ())

    def names(self) -> Names | None:
        """Return the ids that other files may name, also of what is not as it should be; None if some could not be read."""
        if self.unread & {"rules", "developments.yaml"}:
            return None
        rules = {name for name, each in self.rules.items() if each.value.kind == "development"}
        return Names(
            frozenset(rules | self.spoilt.get("rules", set())),
            frozenset({*self.developments, *self.spoilt.get("developments.yaml", ())}),
        )


def shape_of(name: str) -> TypeAdapter[Any] | None:
    """Return the shape of a file by its name relative to the configuration directory, or None if it is none of ours."""
    folder, slash, rest = name.rpartition("/")
    return FOLDERS.get(folder) if slash and rest.endswith((".yaml", ".yml")) else SINGLE.get(name)


def read_configuration(texts: Mapping[str, bytes | str], unreadable: Sequence[Problem] = ()) -> Configuration:
    """Read files by relative name, and check what they say of each other; `unreadable` are further ones that are there. Never raises."""
    read = Configuration(problems=list(unreadable), unread={problem.file.partition("/")[0] for problem in unreadable})
    for name in SINGLE:
        if name not in texts and name not in _OPTIONAL | read.unread:
            read.problems.append(Problem(name, 1, 1, MISSING))
            read.unread.add(name)
    for folder in ("lexicon", "rules"):
        if folder not in read.unread and not any(name.startswith(f"{folder}/") for name in texts):
            read.problems.append(Problem(folder, 1, 1, NO_FILE))
            read.unread.add(folder)
    first: dict[tuple[str, str], str] = {}
    for name in sorted(texts):
        shape = shape_of(name)
        if shape is None:
            continue
        document = parse(name, texts[name], read.problems)
        if document is not None and document.data is None:
            if not name.startswith("tests/") and name not in _OPTIONAL:
                read.problems.append(Problem(name, 1, 1, EMPTY))
                if name in SINGLE:
                    read.unread.add(name)
            continue
        if document is None:
            read.unread.add(name.partition("/")[0])
            continue
        value = validate(document, shape, read.problems)
        read.problems += _twice(document, first)
        _sort_in(read, document, _saved(read, document, shape) if value is None else value)
    if read.complete:  # else half of the names would be unknown only because their file could not be read
        read.problems.extend(_cross_check(read))
    return read


def _sort_in(read: Configuration, document: Document, value: Any) -> None:
    """Put what a file holds where it belongs. In a list None stands for what was not as it should be."""
    name = document.name
    if is_mapping(name):
        into: Any = read.conditions if name == "conditions.yaml" else read.concepts
        for key, each in value.items():
            into.setdefault(key, Placed(each, document, (key,)))
    elif name.startswith("tests/"):
        read.cases += [Placed(case, document, (index,)) for index, case in enumerate(value) if case]
    else:
        into = {"sectors.yaml": read.sectors, "stages.yaml": read.stages, "developments.yaml": read.developments}.get(name, read.rules)
        for index, each in enumerate(value):
            if each:
                into.setdefault(each.id, Placed(each, document, (index,)))


def _saved(read: Configuration, document: Document, shape: TypeAdapter[Any]) -> Any:
    """Return what is good of a file that has mistakes; what is not is noted."""
    folder = document.name.partition("/")[0]
    saved = salvage(document, shape)
    if saved is None:
        read.unread.add(folder)
        return {} if is_mapping(document.name) else []
    read.spoilt.setdefault(folder, set()).update(saved.spoilt)
    read.doubtful.setdefault(folder, []).extend(Placed(spec, document, (step,), lost) for step, (spec, lost) in saved.mended.items())
    return saved.good


def _twice(document: Document, first: dict[tuple[str, str], str]) -> list[Problem]:
    """Problems for ids that stand already, in this file or an earlier one, whatever else is wrong with the items; `first` says where."""
    folder = document.name.partition("/")[0]
    named: list[tuple[Loc, Any]] = []
    if folder == "lexicon":
        named = [((key,), key) for key in document.data] if isinstance(document.data, dict) else []
    elif isinstance(document.data, list):
        named = [((index, "id"), each["id"]) for index, each in enumerate(document.data) if isinstance(each, dict) and "id" in each]
    problems = []
    for loc, name in named:
        line = document.place(loc[:1], key=True)[0]
        before = first.setdefault((folder, str(name)), place := f"{document.name}:{line}")
        if before != place:
            what = "concept" if folder == "lexicon" else "id"
            problems.append(document.problem(loc, f"{what} {name!r} stands already in {before}", key=True))
    return problems


def _unknown(
    placed: Placed[Any], names: Iterable[str], known: Iterable[str], what: str, *steps: int | str, keys: bool = False
) -> list[Problem]:
    """Problems for names that nobody defines; `steps` lead to the list or mapping that holds them."""
    known = set(known)
    return [
        placed.problem(f"no {what} {name!r}{did_you_mean(name, known)}", *steps, name if keys else index, key=keys)
        for index, name in enumerate(names)
        if name not in known
    ]


def _cross_check(read: Configuration) -> list[Problem]:
    def spoilt(where: str) -> set[str]:
        return read.spoilt.get(where, set())

    sectors, developments = {*read.sectors, *spoilt("sectors.yaml")}, {*read.developments, *spoilt("developments.yaml")}
    problems: list[Problem] = []
    for development in (*read.developments.values(), *read.doubtful_of("developments.yaml")):
        spec = development.value
        problems += _unknown(development, spec.impact, sectors, "sector", "impact", keys=True)
        problems += _unknown(development, spec.why, sectors, "sector", "why", keys=True)
        problems += _unknown(development, spec.act, sectors | {"any"}, "sector", "act", keys=True)
        problems += _unknown(development, spec.told, _TOLD, "stage", "told", keys=True)
        problems += _unknown(development, spec.stages, _STAGES, "stage", "stages", keys=True)
        missing = [sector for sector, level in spec.impact.items() if level != "none" and sector in sectors and sector not in spec.why]
        if not development.lost & {"impact", "why"}:
            problems += [development.problem(f"'why' has no sentence for {sector!r}", "why", key=True) for sector in missing]
    for stage in (*read.stages.values(), *read.doubtful_of("stages.yaml")):
        problems += _unknown(stage, stage.value.shift_for, developments, "development", "shift_for", keys=True)
    missing_stages = sorted(_STAGES - set(read.stages)) if read.stages else []
    problems += [Problem("stages.yaml", 1, 1, f"stage {name!r} is missing") for name in missing_stages if name not in spoilt("stages.yaml")]
    actors = {each.value.actor or "" for each in read.concepts.values()}
    for concept in (*read.concepts.values(), *read.doubtful_of("lexicon")):
        problems += _concept(concept, read, actors)
    problems += _circles(read.concepts, lambda spec: spec.includes, "includes", "includes")
    problems += _circles(read.conditions, _called, "conditions", "when")
    problems += _shared_names(read)
    discards = {name for name, each in read.rules.items() if each.value.kind == "discard"} | spoilt("rules")
    for rule in (*read.rules.values(), *read.doubtful_of("rules")):
        problems += _rule(rule, read, sectors, developments, discards)
    for case in (*read.cases, *read.doubtful_of("tests")):
        problems += _unknown(case, case.value.developments, developments, "development", "developments")
        problems += _unknown(case, case.value.sectors or {}, sectors, "sector", "sectors", keys=True)
    return problems


def _concept(placed: Placed[ConceptSpec], read: Configuration, actors: set[str]) -> list[Problem]:
    spec, name = placed.value, str(placed.loc[0])
    known = {*read.concepts, *read.spoilt.get("lexicon", ())}
    problems = _unknown(placed, spec.includes, known, "concept", "includes")
    problems += _unknown(placed, spec.implied_by, known, "concept", "implied_by")
    if name in BUILT_IN:
        problems.append(placed.problem(f"{name!r} is built in: {BUILT_IN[name]}; choose another id", key=True))
    if spec.kind == "actor" and not spec.actor and "actor" not in placed.lost:
        problems.append(placed.problem("an actor needs its code: write actor: JPN, ISO 3166 alpha-3 or the name of a body", key=True))
    if spec.actor and spec.kind != "actor":
        problems.append(placed.problem("'actor' is for kind: actor; an institution says of: CODE", "actor", key=True))
    for key in ("kanji", "members", "neighbours", "partners", "languages", "implied_by", "leaders"):
        if getattr(spec, key) and spec.kind != "actor":
            problems.append(placed.problem(f"{key!r} is for kind: actor", key, key=True))
    for key in ("of", "official"):
        if getattr(spec, key) and spec.kind != "institution":
            problems.append(placed.problem(f"{key!r} is for kind: institution", key, key=True))
    if spec.of and spec.of not in actors and not read.spoilt.get("lexicon"):
        problems.append(placed.problem(f"of: no actor {spec.of!r}{did_you_mean(spec.of, [code for code in actors if code])}", "of"))
    if not placed.lost & _TERMS and not (spec.en or spec.ja or spec.includes or spec.leaders or spec.kanji):
        problems.append(placed.problem("has no terms; write en:, ja: or includes:", key=True))
    return problems


def _circles(placed: Mapping[str, Placed[T]], below: Callable[[T], Iterable[str]], what: str, key: str) -> list[Problem]:
    """What leads to itself, over however many steps, reported once a circle. `below` are the ids that one names."""
    problems: list[Problem] = []
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circle = path[path.index(name) :]
            if not set(circle) & done:
                problems.append(placed[name].problem(f"{what} go in a circle: {' -> '.join([*circle, name])}", key))
            done.update(circle)
        elif name not in done and name in placed:
            for child in below(placed[name].value):
                visit(child, (*path, name))
            done.add(name)

    for name in sorted(placed):
        visit(name, ())
    return problems


def _called(spec: ConditionSpec) -> Iterable[str]:
    return dict.fromkeys(name[1:] for _, name in mentioned(spec.when) if name.startswith("$"))


def _shared_names(read: Configuration) -> list[Problem]:
    """Rules call concepts and conditions in the same way, so no two may have one id."""
    problems = []
    for name, condition in read.conditions.items():
        if name in BUILT_IN:
            problems.append(condition.problem(f"{name!r} is built in: {BUILT_IN[name]}; choose another id", key=True))
        elif concept := read.concepts.get(name):
            line = concept.document.place(concept.loc)[0]
            problems.append(condition.problem(f"{name!r} is a concept in {concept.document.name}:{line}; choose another id", key=True))
    return problems


def _rule(placed: Placed[RuleSpec], read: Configuration, sectors: set[str], developments: set[str], discards: set[str]) -> list[Problem]:
    spec = placed.value
    problems = _unknown(placed, spec.levels, sectors, "sector", "levels", keys=True)
    problems += _unknown(placed, spec.why, sectors, "sector", "why", keys=True)
    problems += _unknown(placed, spec.act, sectors | {"any"}, "sector", "act", keys=True)
    problems += _unknown(placed, spec.told, _TOLD, "stage", "told", keys=True)
    if "rules" not in read.unread:
        problems += _unknown(placed, spec.despite, discards | {"any"}, "discard rule", "despite")
    problems += _unknown(placed, spec.yields_to, developments, "development", "yields_to")
    if not read.spoilt.get("lexicon"):
        codes = {each.value.actor for each in read.concepts.values() if each.value.actor}
        problems += _unknown(placed, spec.actors, codes, "actor", "actors")
    if spec.kind == "discard":
        if spec.development:
            problems.append(placed.problem("a discard rule tells of no development; remove it", "development", key=True))
    elif spec.development is None:
        problems.append(placed.problem("'development' is missing"))
    else:
        problems += _unknown(placed, [spec.development], developments, "development", "development")
        if spec.development in read.developments and "why" not in placed.lost:
            known = read.developments[spec.development].value
            for sector, level in spec.levels.items():
                if level != "none" and sector in sectors and sector not in known.why and sector not in spec.why:
                    problems.append(placed.problem(f"'why' has no sentence for {sector!r}, which levels adds", "levels", sector, key=True))
    return problems
