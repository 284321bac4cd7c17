"""The sentences an admin reads: a pydantic error said with the allowed values and a guess at what was meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter

_KINDS = {bool: "true/false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a mapping", type(None): "empty"}


def did_you_mean(word: str, known: Iterable[str], *, limit: int = 12) -> str:
    """Return `; did you mean 'x'?` or `; allowed: a, b, c`, whichever helps, or nothing if nothing is known."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6) or [name for name in names if name.lower() == word.lower()]
    hint = f"; did you mean {near[0]!r}?" if near else ""
    if not names or (near and len(names) > limit):
        return hint
    shown = ", ".join(names[:limit]) + (", …" if len(names) > limit else "")
    return f"{hint.rstrip('?')}? allowed: {shown}" if hint else f"; allowed: {shown}"


def sentence(error: dict[str, Any], shape: TypeAdapter[Any]) -> str:
    """Say one error of pydantic (`ValidationError.errors()`) to a person."""
    kind, loc, given, context = error["type"], error["loc"], error.get("input"), error.get("ctx", {})
    name = next((str(step) for step in reversed(loc) if isinstance(step, str) and step != "[key]"), "")
    if kind == "extra_forbidden" and loc[-1] == "<<":
        return "merge keys (<<) are not used here; write the keys out"
    if kind == "extra_forbidden":
        return f"unknown key {loc[-1]!r}{did_you_mean(str(loc[-1]), _keys(shape, loc[:-1]), limit=30)}"
    if kind == "missing":
        return f"{loc[-1]!r} is missing"
    if kind in {"literal_error", "enum"}:
        allowed = re.findall(r"'([^']*)'", context.get("expected", ""))
        return f"{name}: {given!r} is not known{did_you_mean(str(given), allowed, limit=30)}"
    if kind == "string_type":
        hint = ": put it in quotes" if isinstance(given, bool | int | float) else ""
        return f"{name} must be text, not {_KINDS.get(type(given), 'this')}{hint}"
    if kind in {"list_type", "tuple_type"}:
        if not name:
            return f"this must be a list, not {_KINDS.get(type(given), 'this')}: begin each item with '- '"
        return f"{name} must be a list (write [{given}] or one '- ' line each)" if isinstance(given, str) else f"{name} must be a list"
    if kind in {"dict_type", "model_type", "model_attributes_type"}:
        return f"{name or 'this'} must be a mapping of keys to values, not {_KINDS.get(type(given), 'this')}"
    if kind in {"value_error", "assertion_error"}:
        message = str(error["msg"]).removeprefix("Value error, ")
        return message if not name or loc[-1] == "[key]" else f"{name}: {message}"
    if kind == "string_too_short":
        return f"{name} must not be empty"
    if kind.startswith("int_"):
        return f"{name} must be a whole number, not {given!r}"
    if kind.startswith("bool_"):
        return f"{name} must be true or false, not {given!r}"
    if kind.startswith("date"):
        return f"{name}: {given!r} is not a date; write it as 2026-03-31"
    return f"{name}: {error['msg'][:1].lower()}{error['msg'][1:]}"


def _keys(shape: TypeAdapter[Any], loc: Sequence[int | str]) -> set[str]:
    """Return the keys allowed in the mapping at a path."""
    kinds: list[Any] = [shape._type]
    for step in loc:
        kinds = [found for kind in kinds for found in _step(kind, step)] or kinds
    return {field.alias or name for kind in kinds for model in _models(kind) for name, field in model.model_fields.items()}


def _plain(kind: Any) -> Iterator[Any]:
    """Strip Annotated, and spread a union."""
    origin = get_origin(kind)
    if origin is Annotated:
        yield from _plain(get_args(kind)[0])
    elif origin in {Union, UnionType}:
        for each in get_args(kind):
            yield from _plain(each)
    else:
        yield kind


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    return (each for each in _plain(kind) if isinstance(each, type) and issubclass(each, BaseModel))


def _step(kind: Any, step: int | str) -> Iterator[Any]:
    """Return the types one step down; a step that names a branch of a union stays where it is."""
    for each in _plain(kind):
        args = get_args(each)
        if isinstance(step, int):
            if args:
                yield args[0]
        elif isinstance(each, type) and issubclass(each, BaseModel):
            for name, field in each.model_fields.items():
                if step in {name, field.alias}:
                    yield field.annotation
        elif get_origin(each) is dict or (args and len(args) == 2 and args[1] is not Ellipsis):
            yield args[1]
