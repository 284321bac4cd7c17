"""What the files of a configuration say of each other: names that nobody defines, keys that do not go together, circles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, get_args

from alerts.errors import Problem
from alerts.rules.assessment import Stage
from alerts.rules.configuration import Configuration, Placed
from alerts.rules.lexicon import BUILT_IN
from alerts.rules.operators.named import mentioned
from alerts.rules.schema import CaseText, ConceptSpec, ConditionSpec, RuleSpec
from alerts.yamlwords import did_you_mean

T = TypeVar("T")
_STAGES = frozenset(get_args(Stage))
_TOLD = _STAGES | {"default"}
_TERMS = frozenset({"en", "ja", "includes", "leaders", "kanji"})
"""Keys of which a concept needs one."""


def cross_check(read: Configuration) -> list[Problem]:
    """Return every problem between the files. Call it where all names are known (`read.complete`): others would only seem to be unknown."""

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
    missing_stages = sorted(_STAGES - set(read.stages))
    problems += [Problem("stages.yaml", 1, 1, f"stage {name!r} is missing") for name in missing_stages if name not in spoilt("stages.yaml")]
    for concept in (*read.concepts.values(), *read.doubtful_of("lexicon")):
        problems += _concept(concept, read)
    problems += _circles(read.concepts, lambda spec: spec.includes, "includes", "includes")
    problems += _circles(read.conditions, _called, "conditions", "when")
    problems += _shared_names(read)
    discards = {name for name, each in read.rules.items() if each.value.kind == "discard"} | spoilt("rules")
    for rule in (*read.rules.values(), *read.doubtful_of("rules")):
        problems += _rule(rule, read, sectors, developments, discards)
    for case in (*read.cases, *read.doubtful_of("tests")):
        problems += _unknown(case, case.value.developments, developments, "development", "developments")
        problems += _expected(case, case.value, read, sectors)
    return problems


def _expected(placed: Placed[Any], case: CaseText, read: Configuration, sectors: set[str], *steps: int | str) -> list[Problem]:
    """Problems for what a test expects and nobody can ever find; `steps` lead to the test."""
    problems = _unknown(placed, case.sectors or {}, sectors, "sector", *steps, "sectors", keys=True)
    places = {name for name, each in read.concepts.items() if each.value.kind == "place"} | read.spoilt.get("lexicon", set())
    problems += _unknown(placed, case.places or (), places, "place", *steps, "places")
    return problems + _strangers(placed, case.actors or (), read, *steps, "actors")


def _strangers(placed: Placed[Any], codes: Sequence[str], read: Configuration, *steps: int | str) -> list[Problem]:
    """Problems for codes that no actor has; none where a code is not known because its actor is not as it should be."""
    known = _codes(read) if codes else None
    return [] if known is None else _unknown(placed, codes, known, "actor", *steps)


def _codes(read: Configuration) -> set[str] | None:
    """The codes of all actors; None where one is there that cannot be read."""
    doubtful = read.doubtful_of("lexicon")
    lost = read.spoilt.get("lexicon", set()) - {str(each.loc[0]) for each in doubtful if "actor" not in each.lost}
    return None if lost else {each.value.actor for each in (*read.concepts.values(), *doubtful) if each.value.actor}


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


def _concept(placed: Placed[ConceptSpec], read: Configuration) -> list[Problem]:
    spec, name = placed.value, str(placed.loc[0])
    known = {*read.concepts, *read.spoilt.get("lexicon", ())}
    problems = _unknown(placed, spec.includes, known, "concept", "includes")
    problems += _unknown(placed, spec.implied_by, known, "concept", "implied_by")
    if name in BUILT_IN:
        problems.append(placed.problem(f"{name!r} is built in: {BUILT_IN[name]}; choose another id", key=True))
    problems += _of_kind(placed) if "kind" not in placed.lost else []
    if spec.of and (actors := _codes(read)) is not None and spec.of not in actors:
        problems.append(placed.problem(f"of: no actor {spec.of!r}{did_you_mean(spec.of, actors)}", "of"))
    if not placed.lost & _TERMS and not (spec.en or spec.ja or spec.includes or spec.leaders or spec.kanji):
        problems.append(placed.problem("has no terms; write en:, ja: or includes:", key=True))
    return problems


def _of_kind(placed: Placed[ConceptSpec]) -> list[Problem]:
    """Problems of keys that belong to another kind of concept, and of what an actor lacks."""
    spec = placed.value
    problems: list[Problem] = []
    if spec.kind == "actor" and not spec.actor and "actor" not in placed.lost:
        problems.append(placed.problem("an actor needs its code: write actor: JPN, ISO 3166 alpha-3 or the name of a body", key=True))
    if spec.kind == "place" and not spec.name and "name" not in placed.lost:
        problems.append(placed.problem("a place needs the name that mails print: write name: {en: …, ja: …}", key=True))
    if spec.actor and spec.kind != "actor":
        problems.append(placed.problem("'actor' is for kind: actor; an institution says of: CODE", "actor", key=True))
    of_actors = ("kanji", "members", "neighbours", "partners", "languages", "timezone", "implied_by", "leaders")
    for kind, keys in (("actor", of_actors), ("institution", ("of", "official"))):
        strange = [key for key in keys if getattr(spec, key) and spec.kind != kind]
        problems += [placed.problem(f"{key!r} is for kind: {kind}", key, key=True) for key in strange]
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
    problems += _strangers(placed, spec.actors, read, "actors")
    for kind, cases in (("match", spec.tests.match), ("ignore", spec.tests.ignore)):
        for index, case in enumerate(cases):
            problems += _expected(placed, case, read, sectors, "tests", kind, index)
    if spec.actors_from == "rule" and not spec.actors and "actors" not in placed.lost:
        problems.append(placed.problem("'actors' is missing, from which alone actors are to come", "actors_from"))
    if spec.kind == "discard":
        if spec.development:
            problems.append(placed.problem("a discard rule tells of no development; remove it", "development", key=True))
    elif spec.development is None:
        problems += [placed.problem("'development' is missing")] if "development" not in placed.lost else []
    else:
        problems += _unknown(placed, [spec.development], developments, "development", "development")
        if spec.development in read.developments and "why" not in placed.lost:
            known = read.developments[spec.development].value
            for sector, level in spec.levels.items():
                if level != "none" and sector in sectors and sector not in known.why and sector not in spec.why:
                    problems.append(placed.problem(f"'why' has no sentence for {sector!r}, which levels adds", "levels", sector, key=True))
    return problems
