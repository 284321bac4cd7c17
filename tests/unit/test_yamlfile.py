"""YAML 1.2 scalars, every problem with its place, and nothing that explodes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, TypeAdapter

from alerts.errors import ConfigError, Problem
from alerts.yamlfile import MAX_DEPTH, load, parse, validate


class Point(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    x: int = 0


POINTS = TypeAdapter(list[Point])


def read(text: str | bytes) -> tuple[object, list[Problem]]:
    problems: list[Problem] = []
    document = parse("f.yaml", text, problems)
    return (document.data if document else None), problems


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        *((word, word) for word in ["NO", "on", "yes", "1:30", "0123", "2026-01-02", "1_000", "0x1F", "trueish", "<<"]),
        *[("true", True), ("False", False), ("0", 0), ("-7", -7), ("1.5", 1.5), ("1e3", 1000.0), ("~", None), ("null", None), ("''", "")],
    ],
)
def test_scalars_are_those_of_yaml_1_2(scalar: str, value: object) -> None:
    assert read(f"a: {scalar}")[0] == {"a": value}


@pytest.mark.parametrize("text", ["a: !!set {b: 1}", "a: !x {b: 1}", "- !y [1]", "!z [1]"])
def test_lists_and_mappings_have_no_tags_either(text: str) -> None:
    assert [problem.message.endswith("tags are not used here; remove it, or put the text in quotes") for problem in read(text)[1]] == [True]


def test_keys_are_text() -> None:
    assert read("{1: a, NO: b, true: c}")[0] == {"1": "a", "NO": "b", "true": "c"}


def test_every_duplicate_key_is_told() -> None:
    _, problems = read("a: 1\na: 2\nb:\n  c: 1\n  c: 2\n")
    assert [(each.line, each.column) for each in problems] == [(2, 1), (5, 3)]


def test_aliases_may_repeat_a_little() -> None:
    assert read("a: &x [1, 2]\nb: *x")[0] == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize("text", ["[" * 5000, "- " * 300 + "a", "{a: " * 200, "&a [*a]", "? [a]\n: b", "? {a: b}\n: c"])
def test_what_nests_or_turns_in_a_circle_is_refused(text: str) -> None:
    assert read(text)[1]


def test_depth_is_bounded() -> None:
    assert read("- " * MAX_DEPTH + "a")[1] == []
    assert "nested deeper" in read("- " * (MAX_DEPTH + 2) + "a")[1][0].message


def test_a_mistake_of_shape_has_the_place_of_the_value_or_key(tmp_path: Path) -> None:
    path = tmp_path / "points.yaml"
    path.write_text("- name: a\n  x: one\n- nam: b\n- name: [c]\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, POINTS)
    assert [str(each) for each in caught.value.problems] == [
        "points.yaml:2:6: x must be a whole number, not 'one'",
        "points.yaml:3:3: 'name' is missing",
        "points.yaml:3:3: unknown key 'nam'; did you mean 'name'? allowed: name, x",
        "points.yaml:4:9: name must be text, not a list",
    ]


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is missing; `alerts init`"):
        load(tmp_path / "none.yaml", POINTS)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_no_bytes_raise(raw: bytes) -> None:
    problems: list[Problem] = []
    document = parse("f.yaml", raw, problems)
    if document is None:
        assert problems
    else:
        validate(document, POINTS, problems)


WORDS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_json_reads_as_itself(value: object) -> None:
    data, problems = read(json.dumps(value, ensure_ascii=False))
    assert problems == []
    assert data == value
