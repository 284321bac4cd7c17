"""All files of a configuration, read: every problem of every file at once, each with its place (`cross_check.py`: of one with another)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from alerts.errors import Problem
from alerts.rules import schema
from alerts.rules.salvage import is_mapping, salvage
from alerts.rules.schema import CaseSpec, ConceptSpec, ConditionSpec, DevelopmentSpec, RuleSpec, SectorSpec, StageSpec
from alerts.rules.shapes import Shape
from alerts.yamlfile import EMPTY, MISSING, Document, Loc, parse, validate

T = TypeVar("T")
SINGLE: Mapping[str, TypeAdapter[Any]] = {
    "sectors.yaml": schema.SECTORS,
    "stages.yaml": schema.STAGES,
    "developments.yaml": schema.DEVELOPMENTS,
    "conditions.yaml": schema.CONDITIONS,
}
NO_FILE = "holds no file; `alerts init` puts the shipped ones in place and overwrites nothing"
NOTHING = "holds nothing; remove it, and `alerts init` puts the shipped one in its place"
_OPTIONAL = frozenset({"conditions.yaml"})
_ITEMS: Mapping[str, type[Shape]] = {
    "rules": RuleSpec,
    "lexicon": ConceptSpec,
    "developments.yaml": DevelopmentSpec,
    "stages.yaml": StageSpec,
    "tests": CaseSpec,
}
FOLDERS: Mapping[str, TypeAdapter[Any]] = {"lexicon": schema.LEXICON, "rules": schema.RULES, "tests": schema.CASES}


@dataclass(frozen=True, slots=True)
class Names:
    """Ids that files beside the rules may name: developments, and rules with the development that each tells of (empty if unknown)."""

    rules: Mapping[str, str]
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
        rules = {name: each.value.development or "" for name, each in self.rules.items() if each.value.kind == "development"}
        return Names(
            dict.fromkeys(self.spoilt.get("rules", ()), "") | rules,
            frozenset({*self.developments, *self.spoilt.get("developments.yaml", ())}),
        )


def shape_of(name: str) -> TypeAdapter[Any] | None:
    """Return the shape of a file by its name relative to the configuration directory, or None if it is none of ours."""
    folder, slash, rest = name.rpartition("/")
    return FOLDERS.get(folder) if slash and rest.endswith((".yaml", ".yml")) else SINGLE.get(name)


@cache
def _homes(where: str) -> Mapping[str, str]:
    """Return in which other files or folders the keys of items are known, for what stands in the wrong one."""
    homes: dict[str, list[str]] = {}
    for name, item in _ITEMS.items():
        for key, each in item.model_fields.items():
            homes.setdefault(each.alias or key, []).append(name)
    return {key: " and ".join(names) for key, names in homes.items() if where not in names}


def read_configuration(texts: Mapping[str, bytes | str], unreadable: Sequence[Problem] = ()) -> Configuration:
    """Read files by relative name; `unreadable` are further ones that are there. Never raises."""
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
        nothing: tuple[Any, ...] = (None, [], {}) if name in SINGLE else (None,)
        if document is not None and document.data in nothing:
            if not name.startswith("tests/") and name not in _OPTIONAL:
                read.problems.append(Problem(name, 1, 1, NOTHING if name in SINGLE else EMPTY))
                if name in SINGLE:
                    read.unread.add(name)
            continue
        if document is None:
            read.unread.add(name.partition("/")[0])
            continue
        value = validate(document, shape, read.problems, _homes(name.partition("/")[0]))
        read.problems += _twice(document, first)
        _sort_in(read, document, _saved(read, document, shape) if value is None else value)
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
