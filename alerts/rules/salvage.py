"""What is good of a file that has mistakes, so that one mistake hides no other of the same item, the same file or a file beside it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydantic import TypeAdapter, ValidationError

from alerts.yamlfile import Document, validate

_LOCALISED = {"en": "unnamed"}
STAND_IN: Mapping[str, Mapping[str, Any]] = {
    "rules": {"id": "unnamed", "title": "untitled", "when": "nothing"},
    "tests": {"title": "untitled"},
    "lexicon": {"kind": "cue"},
    "silences.yaml": {"id": "unnamed", "until": "9999-01-01", "author": "unnamed", "comment": "none"},
    "conditions.yaml": {"when": "nothing"},
    "stages.yaml": {"name": _LOCALISED, "shift": 0, "rank": 0},
    "developments.yaml": {
        "id": "unnamed",
        "name": _LOCALISED,
        "family": "unnamed",
        "definition": "",
        "ceiling": "act",
        "told": {"default": _LOCALISED},
        "why": {},
        "watch": _LOCALISED,
    },
}
"""For what an item of a file or folder must have and has not got, or not as it should be."""
NEEDED: Mapping[str, frozenset[str]] = {"stages.yaml": frozenset({"id"})}
"""Keys without which nothing else of such an item can be checked."""
IN_LISTS: Mapping[str, tuple[str, str]] = dict.fromkeys(("en", "ja"), ("term", "unnamed")) | dict.fromkeys(
    ("match", "ignore"), ("title", "untitled")
)
"""For a wrong item of a list of terms or tests: the key that it may be written as, and a text for it. The items beside it stay in place."""
MOST = 100
"""Items that are looked at once more: a file of which everything is wrong holds something else."""


@dataclass(frozen=True, slots=True)
class Saved:
    """`good` is the value of the file, with None for each item of a list that is not as it should be; `spoilt` are the ids of such items;
    `mended` are those items, by number or id, without their wrong parts, as far as something is left, each with the keys of these parts."""

    good: Any
    spoilt: Collection[str]
    mended: Mapping[Any, tuple[Any, frozenset[str]]]


def salvage(document: Document, shape: TypeAdapter[Any]) -> Saved | None:
    """Return what is good of a file; None if it is neither the mapping nor the list that it should be."""
    data, folder = document.data, document.name.partition("/")[0]
    if is_mapping(document.name):
        if not isinstance(data, dict):
            return None
        good = {key: value for key, each in data.items() if (value := validate(_part(document, {key: each}), shape, []))}
        spoilt = data.keys() - good.keys()
        wrong = {key: each for key, each in data.items() if key in spoilt and isinstance(each, dict)}
        return Saved({key: value[key] for key, value in good.items()}, spoilt, _mended(wrong, shape, folder, lambda key, each: {key: each}))
    if not isinstance(data, list):
        return None
    parts = [validate(_part(document, [each]), shape, []) for each in data]
    bad = {index: each for index, (each, part) in enumerate(zip(data, parts, strict=True)) if not part and isinstance(each, dict)}
    spoilt = {each["id"] for each in bad.values() if isinstance(each.get("id"), str)}
    return Saved([part[0] if part else None for part in parts], spoilt, _mended(bad, shape, folder, lambda _, each: [each]))


def is_mapping(name: str) -> bool:
    """Return whether the file of this name holds a mapping of ids; the others hold a list."""
    return name.startswith("lexicon/") or name == "conditions.yaml"


def _part(document: Document, data: Any) -> Document:
    return Document(document.name, data, None)


def _mended(items: Mapping[Any, Any], shape: TypeAdapter[Any], folder: str, alone: Callable[[Any, Any], Any]) -> dict[Any, Any]:
    """Return items without what is wrong in them, by their step in the file; `alone` makes a file of one of them."""
    mended = {}
    for step, item in islice(items.items(), MOST):
        places = _places(shape, alone(step, item))
        lost = frozenset(str(place[0]) for place in places if place)
        if all(places) and not lost & NEEDED.get(folder, frozenset()):
            rest = {key: value for key, value in item.items() if key not in lost}
            for left in (rest, _without_all(item, places)):  # best last: with what is good of a wrong value
                kept = alone(step, {**STAND_IN.get(folder, {}), **left})
                with suppress(ValidationError):  # too little is left to say anything about it
                    mended[step] = shape.validate_python(kept)[step if isinstance(kept, dict) else 0], lost
    return mended


def _places(shape: TypeAdapter[Any], data: Any) -> list[tuple[int | str, ...]]:
    """Return where the mistakes of one item stand, as paths below it."""
    try:
        shape.validate_python(data)
    except ValidationError as error:
        return [each["loc"][1:] for each in error.errors(include_url=False)]
    return []


def _without_all(item: dict[str, Any], places: Iterable[tuple[int | str, ...]]) -> dict[str, Any]:
    for place in places:
        item = _without(item, tuple(step for step in place if step != "[key]"))
    return item


def _without(data: dict[str, Any], place: tuple[int | str, ...]) -> dict[str, Any]:
    """Return a mapping without what stands at a place: the deepest key that leads there, for in most lists the others would move up."""
    if not place or place[0] not in data:
        return data
    name, below = str(place[0]), place[1:]
    value = data[name]
    if isinstance(value, dict) and below and below[0] in value:
        keep = name in {"levels", "impact"}  # a sector is known or not, whatever the level
        return data | {name: value | {below[0]: "none"} if keep else _without(value, below)}
    if isinstance(value, list) and below and name in IN_LISTS:
        return data | {name: [_stand_in(name, each, below[1:]) if index == below[0] else each for index, each in enumerate(value)]}
    return {key: each for key, each in data.items() if key != name}


def _stand_in(name: str, item: Any, place: tuple[int | str, ...]) -> Any:
    """Return an item of a list without what stands at a place below it, or a text for all of it."""
    key, text = IN_LISTS[name]
    return {key: text} | _without(item, place) if isinstance(item, dict) and place else text
