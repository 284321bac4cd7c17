"""The published schemas, judged by a validator that is not ours: shipped files, examples and what editors are told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from alerts.cli.home import make_home
from alerts.rules.compile import OPERATORS
from alerts.schemas import FILES, schema_of
from alerts.settings import Home
from alerts.yamlfile import parse


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home as `alerts init` makes it."""
    made = Home(tmp_path_factory.mktemp("schemas") / "home")
    list(make_home(made))
    return made


def plain(path: Path) -> Any:
    """Read a file as an editor would: the scalars of YAML 1.2."""
    document = parse(path.name, path.read_bytes(), [])
    assert document is not None
    return document.data


def test_every_file_of_a_home_names_its_schema_and_follows_it(home: Home) -> None:
    import json

    files = sorted(home.config.rglob("*.yaml"))
    kinds = set()
    for path in files:
        first = path.read_text(encoding="utf-8").split("\n", 1)[0]
        named = (path.parent / first.removeprefix("# yaml-language-server: $schema=")).resolve()
        assert named.is_relative_to(home.config.resolve()), path
        kinds.add(named.name.partition(".")[0])
        data = plain(path)
        validator = jsonschema_rs.validator_for(json.loads(named.read_text(encoding="utf-8")))
        errors = (
            [f"{path.name}: {list(error.instance_path)}: {error.message}" for error in validator.iter_errors(data)]
            if data is not None
            else []
        )
        assert errors == []
    assert kinds >= set(FILES) - {"tests"}


@pytest.mark.parametrize("kind", FILES)
def test_a_schema_is_one_and_its_examples_follow_it(kind: str) -> None:
    schema = schema_of(kind)
    jsonschema_rs.meta.validate(schema)
    for definition in parts(schema):
        for example in definition.get("examples", ()):
            validator = jsonschema_rs.validator_for({**definition, "$defs": schema.get("$defs", {}), "$schema": schema["$schema"]})
            assert validator.is_valid(example), (example, list(validator.iter_errors(example)))


@pytest.mark.parametrize("kind", FILES)
def test_every_key_is_described(kind: str) -> None:
    silent = [
        key
        for part in parts(schema_of(kind))
        for key, value in part.get("properties", {}).items()
        if "description" not in value and "$ref" not in value
    ]
    assert silent == []


def test_every_operator_has_an_example() -> None:
    shown = schema_of("rules")["$defs"]["Condition"]["anyOf"][1]["properties"]
    assert set(shown) == {*OPERATORS, "within"}
    assert all(each["examples"] for each in shown.values())


def parts(node: Any) -> Iterator[dict[str, Any]]:
    """Every schema inside a schema."""
    if isinstance(node, dict):
        yield node
        for key, value in node.items():
            if key not in {"examples", "default", "enum", "const"}:
                yield from parts(value)
    elif isinstance(node, list):
        for each in node:
            yield from parts(each)


def test_a_schema_refuses_what_the_loader_refuses() -> None:
    validator = jsonschema_rs.validator_for(schema_of("rules"))
    good: dict[str, Any] = {"id": "a", "title": "A", "development": "b", "when": {"all": ["$c", {"any": ["d"]}], "within": "sentence"}}
    assert validator.is_valid([good])
    for bad in ({"when": {"al": ["$c"]}}, {"when": []}, {"id": "Not An Id"}, {"unknown": 1}, {"levels": {"visas": "high"}}):
        assert not validator.is_valid([{**good, **bad}])
    silences = jsonschema_rs.validator_for(schema_of("silences"))
    assert silences.is_valid([{"id": "a", "rule": "b", "until": "2026-12-01T09:00+09:00", "author": "Ann", "comment": "c"}])
    assert not silences.is_valid([{"id": "a", "rule": "b", "author": "Ann", "comment": "c"}])
