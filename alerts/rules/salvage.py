"""What is good of a file that has mistakes, so that one mistake hides no other of the same item, the same file or a file beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydantic import TypeAdapter, ValidationError

from alerts.yamlfile import Document, validate

STAND_IN = {"id": "unnamed", "title": "untitled", "when": "nothing"}
"""For what a rule must have and has not got, or not as it should be."""
MOST = 100
"""Items that are looked at once more: a file of which everything is wrong holds something else."""


@dataclass(frozen=True, slots=True)
class Saved:
    """`good` is the value of the file, with None for each item of a list that is not as it should be; `spoilt` are the ids of such items;
    `mended` are those items, by number, without their wrong parts, as far as something is left."""

    good: Any
    spoilt: Collection[str]
    mended: Mapping[int, Any]


def salvage(document: Document, shape: TypeAdapter[Any]) -> Saved | None:
    """Return what is good of a file; None if it is neither the mapping nor the list that it should be."""
    data = document.data
    if is_mapping(document.name):
        if not isinstance(data, dict):
            return None
        good = {key: value for key, each in data.items() if (value := validate(_part(document, {key: each}), shape, []))}
        return Saved({key: value[key] for key, value in good.items()}, data.keys() - good.keys(), {})
    if not isinstance(data, list):
        return None
    parts = [validate(_part(document, [each]), shape, []) for each in data]
    bad = {index: each for index, (each, part) in enumerate(zip(data, parts, strict=True)) if not part and isinstance(each, dict)}
    spoilt = {each["id"] for each in bad.values() if isinstance(each.get("id"), str)}
    mended = {index: value for index, each in islice(bad.items(), MOST) if (value := _mend(each, shape)) is not None}
    return Saved([part[0] if part else None for part in parts], spoilt, mended)


def is_mapping(name: str) -> bool:
    """Return whether the file of this name holds a mapping of ids; the others hold a list."""
    return name.startswith("lexicon/") or name == "conditions.yaml"


def _part(document: Document, data: Any) -> Document:
    return Document(document.name, data, None)


def _mend(item: dict[str, Any], shape: TypeAdapter[Any]) -> Any:
    """Return an item of a list without what is wrong in it, or None if too little is left to say anything about it."""
    try:
        return shape.validate_python([item])[0]
    except ValidationError as error:
        places = [each["loc"][1:] for each in error.errors(include_url=False)]
    if any(place[:1] == ("development",) for place in places):
        return None  # without it nothing else can be checked
    for place in places:
        item = _without(item, tuple(step for step in place if step != "[key]"))
    try:
        return shape.validate_python([STAND_IN | item])[0]
    except ValidationError:
        return None


def _without(data: dict[str, Any], place: tuple[int | str, ...]) -> dict[str, Any]:
    """Return a mapping without what stands at a place: the deepest key that leads there, for in a list the others would move up."""
    if not place or place[0] not in data:
        return data
    name = str(place[0])
    if isinstance(data[name], dict) and len(place) > 1 and place[1] in data[name]:
        keep = name == "levels"  # a sector is known or not, whatever the level
        return data | {name: data[name] | {place[1]: "none"} if keep else _without(data[name], place[1:])}
    return {key: value for key, value in data.items() if key != name}
