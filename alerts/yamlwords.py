"""The sentences an admin reads: an error of pydantic or PyYAML said with the allowed values, a guess at what was meant, and what to do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, TypeAdapter

_KINDS = {bool: "true/false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a mapping", type(None): "empty"}
NOWHERE: Mapping[str, str] = {}


def did_you_mean(word: str, known: Iterable[str], *, limit: int = 12) -> str:
    """Return `; did you mean 'x'?` or `; allowed: a, b, c`, whichever helps, or nothing if nothing is known."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6) or [name for name in names if name.lower() == word.lower()]
    hint = f"; did you mean {near[0]!r}?" if near else ""
    if not names or (near and len(names) > limit):
        return hint
    shown = ", ".join(names[:limit]) + (", …" if len(names) > limit else "")
    return f"{hint.rstrip('?')}? allowed: {shown}" if hint else f"; allowed: {shown}"


def sentence(error: dict[str, Any], shape: TypeAdapter[Any], homes: Mapping[str, str] = NOWHERE) -> str:
    """Say one error of pydantic (`ValidationError.errors()`) to a person. `homes` says of keys in what other files they are known."""
    kind, loc, given, context = error["type"], error["loc"], error.get("input"), error.get("ctx", {})
    name = next((str(step) for step in reversed(loc) if isinstance(step, str) and step != "[key]"), "")
    if kind == "extra_forbidden" and loc[-1] == "<<":
        return "merge keys (<<) are not used here; write the keys out"
    if kind == "extra_forbidden":
        home = f"; it is a key of {homes[name]}" if name in homes else ""
        return f"unknown key {name!r}{home}{did_you_mean(name, _keys(shape, loc[:-1]), limit=30)}"
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
    if kind in {"dict_type", "model_type", "model_attributes_type"} and name and given is None:
        return f"{name} is empty; write what it should hold"
    if kind in {"dict_type", "model_type", "model_attributes_type"} and isinstance(given, float):
        return f"{name}: {given} is a number; put it in quotes if it is meant as text"
    if kind in {"dict_type", "model_type", "model_attributes_type"}:
        return f"{name or 'this'} must be a mapping of keys to values, not {_KINDS.get(type(given), 'this')}"
    if kind in {"value_error", "assertion_error"}:
        message = str(error["msg"]).removeprefix("Value error, ")
        return message if not name or loc[-1] == "[key]" else f"{name}: {message}"
    if kind in {"string_too_short", "too_short"}:
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


def unclosed(error: yaml.MarkedYAMLError) -> bool:
    """True if a text in quotes went on to the end of the file."""
    return "quoted scalar" in str(error.context) and "end of stream" in str(error.problem)


def syntax(error: yaml.MarkedYAMLError, text: str, line: int) -> str:
    """Say a syntax error of PyYAML, told at a line of a text, so that somebody who does not know YAML's grammar can put it right."""
    lines = text.splitlines()
    here = lines[line - 1] if 0 < line <= len(lines) else ""
    what = str(error.problem or error.context or "syntax error")
    if unclosed(error):
        return "a text in quotes begins here and never ends; close it with the same quote"
    if re.match(r" *\t", here):
        return "indented with a tab; YAML indents with spaces"
    if "undefined alias" in what:
        return f"{what}; a text that starts with * must be in quotes"
    if "could not find expected ':'" in what or "simple key" in what:
        return "a key without a colon, or a text that runs on at the wrong indentation"
    if "mapping values are not allowed" in what:
        return _colon(error, lines, here)
    if "another document" in what or "single document" in what:
        return "a second document (---); keep one document in a file"
    if "cannot start any token" in what:
        return f"a text that starts with {here[error.problem_mark.column :][:1] if error.problem_mark else '@'} must be in quotes"
    if begun := error.context_mark:
        place = "on this line or the one above" if begun.line + 1 == line else f"between line {begun.line + 1} and here"
        return f"this is not YAML ({what}); look for a quote, a bracket or an indentation that is wrong {place}"
    return f"this is not YAML: {what}"


def _colon(error: yaml.MarkedYAMLError, lines: Sequence[str], here: str) -> str:
    """A colon where none may stand: the second of its line, or that of a key which is indented as if it went on with the text above."""
    mark = error.problem_mark
    above = lines[mark.line - 1] if mark and mark.line else ""
    if mark and above and ":" not in here[: mark.column] and len(here) - len(here.lstrip()) > len(above) - len(above.lstrip("- ")):
        return "this line is indented deeper than the one above, which holds a text already; indent both alike"
    return "a second colon on this line; put a text that holds ': ' in quotes"
