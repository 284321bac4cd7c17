"""Strict YAML with a place for every problem.

In: the bytes of one file and the pydantic shape it must have. Out: the value, or problems as `file:line:column: what, and what to do`.
YAML 1.2 scalars (`NO` is Norway, `0123` and `2026-01-02` are text), duplicate keys refused, tags refused, aliases and nesting bounded.
One file gives all its problems at once; a syntax error ends the reading of that file only.
"""

from __future__ import annotations

import os
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from alerts.errors import ConfigError, Problem
from alerts.yamlwords import NOWHERE, sentence, syntax, unclosed

T = TypeVar("T")
Loc = Sequence[int | str]

MAX_BYTES = 8_000_000
MAX_DEPTH = 40
MAX_ALIASED = 20_000  # nodes that aliases may add to one file
MAX_TOLD = 500
"""Mistakes of shape that are told of one file: where a whole file has another shape, nobody reads a million lines."""

EMPTY = "is empty; write what it should hold, or remove it"
MISSING = "is missing; `alerts init` puts the shipped one in place and overwrites nothing"

_TAG = "tag:yaml.org,2002:"
_PLAIN = {f"{_TAG}map", f"{_TAG}seq"}
_SCALARS = {
    "null": (re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""]),
    "bool": (re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF")),
    "int": (re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z"), list("-+0123456789")),
    "float": (re.compile(r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?\Z"), list("-+0123456789")),
}
_OF_VALUES = {"string_type", "list_type", "dict_type", "model_type", "value_error", "string_too_short"}
_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # YAML 1.2 §5.1
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Strict(_Loader):  # type: ignore[misc]
    """Resolves the scalars of YAML 1.2 and no others; merge keys (`<<`) are plain text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - the name PyYAML looks for


for _name, (_pattern, _first) in _SCALARS.items():
    _Strict.add_implicit_resolver(_TAG + _name, _pattern, _first)


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed file: plain data, and the tree that knows where each value stands."""

    name: str
    data: Any
    node: yaml.Node | None

    def place(self, loc: Loc, *, key: bool = False) -> tuple[int, int]:
        """Return line and column of the value at a path (of its key with `key`), or of its nearest known parent."""
        node, mark = self.node, None
        if node is None:
            return 1, 1
        for step in loc:
            mark = None
            if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
            elif isinstance(node, yaml.MappingNode):
                for name, value in node.value:
                    if name.value == step:
                        node, mark = value, name.start_mark
                        break
        mark = mark if key and mark else node.start_mark
        return mark.line + 1, mark.column + 1

    def written(self, loc: Loc) -> Loc:
        """Return as much of a path as stands in the file: `title: 5` is short for `title: {en: 5}`, and nobody wrote `en`."""
        data, known = self.data, 0
        for step in loc:
            if step != "[key]":
                if not (step in data if isinstance(data, dict) else isinstance(data, list) and isinstance(step, int) and step < len(data)):
                    break
                data = data[step]
            known += 1
        return loc[:known]

    def problem(self, loc: Loc, message: str, *, key: bool = False) -> Problem:
        """Make a problem at a path of this file."""
        return Problem(self.name, *self.place(loc, key=key), message)


def parse(name: str, raw: bytes | str, problems: list[Problem]) -> Document | None:
    """Read the text of one file; `name` is how problems call it. Returns None if it cannot be read at all; never raises.

    A duplicate key is told and left out, so that it hides no other mistake.
    """
    text = _decode(name, raw, problems)
    if text is None:
        return None
    loader = _Strict(text)
    try:
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.context_mark if unclosed(error) else error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problems.append(Problem(name, line, column, syntax(error, text, line)))
        return None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if found := _CONTROL.search(text):
            head = text[: found.start()]
            place = head.count("\n") + 1, found.start() - (head.rfind("\n") + 1) + 1
            problems.append(Problem(name, *place, f"a control character (U+{ord(found[0]):04X}) that no text may hold; remove it"))
            return None
        problems.append(Problem(name, 1, 1, f"this is not YAML: {' '.join(str(error).split())[:200]}"))
        return None
    finally:
        loader.dispose()
    if node is None:
        return Document(name, None, None)
    builder = _Builder(name, problems)
    data = builder.build(node)
    return None if builder.unusable else Document(name, data, node)


def validate(document: Document, shape: TypeAdapter[T], problems: list[Problem], homes: Mapping[str, str] = NOWHERE) -> T | None:
    """Check a document against its shape; every mistake becomes a problem with its place. Returns None if there was one.

    `homes` says of keys in what other files they are known, for one that stands in the wrong file.
    """
    try:
        return shape.validate_python(document.data)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        for each in errors[:MAX_TOLD]:
            loc = each["loc"]
            message = sentence({**each, "loc": document.written(loc)} if each["type"] in _OF_VALUES else dict(each), shape, homes)
            problems.append(document.problem(loc, message, key=each["type"] == "extra_forbidden" or (bool(loc) and loc[-1] == "[key]")))
        if len(errors) > MAX_TOLD:
            problems.append(document.problem(errors[MAX_TOLD]["loc"], f"… and {len(errors) - MAX_TOLD:,} more mistakes from here on"))
        return None


def load(path: Path, shape: TypeAdapter[T], name: str | None = None) -> tuple[T, Document]:
    """Read and check one file. Raises ConfigError with every problem of it."""
    problems: list[Problem] = []
    name = name or path.name
    document = parse(name, read(path, name), problems)
    value = validate(document, shape, problems) if document else None
    if problems or document is None or value is None:
        raise ConfigError(problems or [Problem(name, 1, 1, EMPTY)])
    return value, document


def read(path: Path, name: str) -> bytes:
    """Read the bytes of a file, at most one more than MAX_BYTES. Raises ConfigError if it cannot be read, or its name is not UTF-8."""
    if not name.isascii() and (shown := os.fsencode(name).decode("utf-8", "backslashreplace")) != name:
        raise ConfigError([Problem(shown, 1, 1, "the name of this file is not UTF-8; rename it")])
    try:
        if path.exists() and not path.is_file():  # to open a named pipe is to wait for ever
            raise ConfigError([Problem(name, 1, 1, "is no regular file; remove it")])
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        missing = isinstance(error, FileNotFoundError) and not path.is_symlink()
        said = MISSING if missing else f"cannot be read: {error.strerror or error}"
        raise ConfigError([Problem(name, 1, 1, said)]) from error


def _decode(name: str, raw: bytes | str, problems: list[Problem]) -> str | None:
    if len(raw) > MAX_BYTES:
        problems.append(Problem(name, 1, 1, f"is larger than {MAX_BYTES // 1_000_000} MB; split it into several files"))
        return None
    if isinstance(raw, str):
        return raw.removeprefix("\ufeff")
    try:
        return raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        head = raw[: error.start]
        line = head.count(b"\n") + 1
        column = len(head.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        problems.append(Problem(name, line, column, f"byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8"))
        return None


class _Builder:
    """Turns a node tree into plain data, collecting problems instead of stopping at the first; `unusable` if the data are not all there."""

    def __init__(self, name: str, problems: list[Problem]) -> None:
        self._name = name
        self._problems = problems
        self._built: dict[int, tuple[Any, int]] = {}
        self._open: set[int] = set()
        self._aliased = 0
        self._full = False
        self.unusable = False

    def build(self, node: yaml.Node) -> Any:
        """Return the data of a whole file."""
        return self._value(node, 0)[0]

    def _say(self, node: yaml.Node, message: str) -> tuple[None, int]:
        self.unusable = True
        self._note(node, message)
        return None, 1

    def _note(self, node: yaml.Node, message: str) -> None:
        self._problems.append(Problem(self._name, node.start_mark.line + 1, node.start_mark.column + 1, message))

    def _value(self, node: yaml.Node, depth: int) -> tuple[Any, int]:
        """Return data and its size in nodes; a node met again is an alias, whose size counts again."""
        if id(node) in self._open:
            return self._say(node, "an alias (*) that holds itself; write the value out")
        if id(node) in self._built:
            self._aliased += self._built[id(node)][1]
            if self._aliased > MAX_ALIASED:
                return (None, 1) if self._full else self._overflow(node)
            return self._built[id(node)]
        if depth > MAX_DEPTH:
            return self._say(node, f"nested deeper than {MAX_DEPTH} levels")
        self._open.add(id(node))
        built: tuple[Any, int]
        if not isinstance(node, yaml.ScalarNode) and node.tag not in _PLAIN:
            built = self._tagged(node)
        elif isinstance(node, yaml.MappingNode):
            built = self._mapping(node, depth)
        elif isinstance(node, yaml.SequenceNode):
            parts = [self._value(item, depth + 1) for item in node.value]
            built = [value for value, _ in parts], 1 + sum(size for _, size in parts)
        else:
            built = self._scalar(node), 1
        self._open.discard(id(node))
        self._built[id(node)] = built
        return built

    def _tagged(self, node: yaml.Node) -> tuple[None, int]:
        return self._say(node, f"tag {node.tag!r}: tags are not used here; remove it, or put the text in quotes")

    def _overflow(self, node: yaml.Node) -> tuple[None, int]:
        self._full = True
        return self._say(node, f"aliases (*) that repeat more than {MAX_ALIASED} values; write them out")

    def _mapping(self, node: yaml.MappingNode, depth: int) -> tuple[dict[str, Any], int]:
        data: dict[str, Any] = {}
        lines: dict[Hashable, int] = {}
        size = 1
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._say(key, "a key must be one word or text, not a list or mapping")
                continue
            if key.value in lines:
                self._note(key, f"duplicate key {key.value!r}; it is already on line {lines[key.value]}")
                continue
            lines[key.value] = key.start_mark.line + 1
            data[key.value], part = self._value(value, depth + 1)
            size += part
        return data, size

    def _scalar(self, node: yaml.Node) -> Any:
        text: str = node.value
        kind = node.tag.removeprefix(_TAG)
        if kind == "str":
            return text
        if kind not in _SCALARS or node.tag == kind:
            return self._tagged(node)[0]
        if not _SCALARS[kind][0].match(text) or len(text) > 300:
            return self._say(node, f"{text[:40]!r} is not a {kind}")[0]
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        return int(text) if kind == "int" else float(text)
