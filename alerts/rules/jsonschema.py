"""JSON Schema of every kind of configuration file, made from the models, for editors that complete and check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from alerts.rules import schema
from alerts.rules.schema_words import DESCRIPTIONS, EXAMPLES, OPERATORS
from alerts.rules.shapes import CONDITION

FILES: Mapping[str, TypeAdapter[Any]] = {
    "sectors": schema.SECTORS,
    "stages": schema.STAGES,
    "developments": schema.DEVELOPMENTS,
    "lexicon": schema.LEXICON,
    "conditions": schema.CONDITIONS,
    "rules": schema.RULES,
    "tests": schema.CASES,
}
OPTIONAL = frozenset({"conditions", "silences", "tests"})
"""Kinds of files that may hold nothing but comments."""


def _some(one: Mapping[str, Any]) -> dict[str, Any]:
    """A value or a list of values."""
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


_ONE = {"$ref": "#/$defs/Condition"}
_MANY = _some(_ONE)
_NAME = {"type": "string", "minLength": 1, "description": "$concept or a phrase"}
_NAMES = {"type": "array", "items": _NAME, "minItems": 2}
_COUNTRY, _TAG = {"type": "string", "pattern": "^[A-Z]{3}$"}, {"type": "string", "pattern": "^[A-Za-z]{2}$"}
_WORDS = {"type": "integer", "minimum": 0, "maximum": 50, "default": 5, "description": "At most so many words between two of them"}
_KIND = {"enum": ["official", "press", "aggregator"]}
_SOURCE = {
    "kind": {**_some(_KIND), "description": "Who says it"},
    "country": {**_some(_COUNTRY), "description": "Its country, ISO 3166 alpha-3"},
    "id": {**_some({"type": "string"}), "description": "The id of its feed"},
}
_OPERATORS: Mapping[str, Any] = {
    "all": {**_MANY, "description": "Every condition holds"},
    "any": {**_MANY, "description": "At least one condition holds"},
    "none": {**_MANY, "description": "No condition holds"},
    "at_least": {
        "type": "object", "required": ["n", "of"], "additionalProperties": False,
        "properties": {"n": {"type": "integer", "minimum": 1, "description": "How many"}, "of": {**_MANY, "description": "Of these"}},
        "description": "So many of the conditions hold",
    },
    "near": {
        "type": "object", "required": ["terms"], "additionalProperties": False,
        "properties": {"terms": {**_NAMES, "description": "At least two"}, "words": _WORDS},
        "description": "The terms stand close together in one sentence",
    },
    "then": {
        "type": "object", "required": ["terms"], "additionalProperties": False,
        "properties": {"terms": {**_NAMES, "description": "At least two, in their order"}, "words": _WORDS},
        "description": "The terms follow each other in one sentence",
    },
    "between": {**_NAMES, "description": "Distinct actors in one sentence"},
    "field": {
        "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": False,
        "properties": {"title": _ONE, "summary": _ONE}, "description": "Holds in this field alone",
    },
    "source": {
        "type": "object", "minProperties": 1, "additionalProperties": False,
        "properties": _SOURCE, "description": "Who published it",
    },
    "language": {**_some(_TAG), "description": "Primary tags: en, ja"},
    "re": {"type": "string", "minLength": 1, "description": "RE2 expression on the NFKC text, any case"},
    "within": {"enum": ["sentence", "title", "entry"], "description": "Where everything in this mapping must hold"},
}  # fmt: skip
_SHOWN = {name: {**each, "examples": [OPERATORS[name]]} for name, each in _OPERATORS.items()}
_CONDITION = {
    "anyOf": [
        {"type": ["string", "integer"], "description": "$concept, $condition or a phrase"},
        {"type": "object", "minProperties": 1, "additionalProperties": False, "properties": _SHOWN},
    ]
}


def schema_of(name: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a kind of rule file: one of FILES. Raises KeyError."""
    return schema_for(name, FILES[name])


def schema_for(name: str, shape: TypeAdapter[Any]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a shape, with a description of every key and an example of every mapping."""
    made = _refer(shape.json_schema(by_alias=True, mode="validation"))
    if name in {"rules", "developments", "conditions"}:
        made.setdefault("$defs", {})["Condition"] = _CONDITION
    if name in OPTIONAL:
        made["type"] = [made["type"], "null"]  # a file of comments alone
    for model, definition in made.get("$defs", {}).items():
        _say(model, definition)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"alerts: {name}", **made}


def _say(model: str, definition: dict[str, Any]) -> None:
    """Put in what the models do not carry: a case of `config/tests` has the keys of a text and more."""
    if model in EXAMPLES:
        definition["examples"] = [EXAMPLES[model]]
    for part in (definition, *definition.get("anyOf", ())):
        for key, value in part.get("properties", {}).items():
            text = DESCRIPTIONS.get(f"{model}.{key}") or (DESCRIPTIONS.get(f"CaseText.{key}") if model == "CaseSpec" else None)
            if text is not None:
                value.setdefault("description", text)


def _refer(node: Any) -> Any:
    """Replace every mark of a condition by a reference to its definition."""
    if isinstance(node, dict):
        if node.get("$comment") == CONDITION:
            return {**{key: value for key, value in node.items() if key != "$comment"}, **_ONE}
        return {key: _refer(value) for key, value in node.items()}
    return [_refer(each) for each in node] if isinstance(node, list) else node
