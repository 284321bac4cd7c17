"""JSON Schemas of every kind of configuration file, where they are kept, and the line by which an editor finds the one of a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from alerts.feeds.catalog import FEEDS
from alerts.rules import jsonschema
from alerts.stories.silences_file import SILENCES

FILES: Mapping[str, TypeAdapter[Any]] = {**jsonschema.FILES, "feeds": FEEDS, "silences": SILENCES}
FOLDER = "schema"
"""Beside the files of a configuration."""


def schema_of(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a kind of file: one of FILES. Raises KeyError."""
    return jsonschema.schema_for(name, FILES[name])


def write_schemas(directory: Path, names: Iterable[str] = FILES) -> list[Path]:
    """Write schemas as NAME.schema.json; return the paths of those that were not there or were of another version: nobody edits them."""
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for name in names:
        path, text = directory / f"{name}.schema.json", json.dumps(schema_of(name), indent=2, ensure_ascii=False) + "\n"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            written.append(path)
    return written


def editor_line(file: Path) -> str:
    """Return the first line by which an editor finds the schema of a file, named relative to the configuration; empty if it has none.

    The language server for YAML that most editors use reads it: https://github.com/redhat-developer/yaml-language-server
    """
    kind = file.stem if file.parent == Path() else file.parts[0]
    if kind not in FILES or file.suffix not in {".yaml", ".yml"}:
        return ""
    up = "../" * (len(file.parts) - 1)
    return f"# yaml-language-server: $schema={up}{FOLDER}/{kind}.schema.json\n"
