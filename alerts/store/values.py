"""Values of the stages as JSON documents and back, without loss: what a story, an assessment or a digest looks like at rest."""

from __future__ import annotations

import functools
from typing import Any, TypeVar

from pydantic import TypeAdapter

Value = TypeVar("Value")


def document(value: Any) -> Any:
    """Return a frozen dataclass as a JSON value: tuples as lists, levels as numbers, moments and dates as ISO 8601."""
    kind: Any = type(value)
    return _adapter(kind).dump_python(value, mode="json")


def value(kind: type[Value], stored: Any) -> Value:
    """Return the value that `document` was made of. A field that came later takes its default. Raises pydantic.ValidationError."""
    hashable: Any = kind
    found: Value = _adapter(hashable).validate_python(stored)
    return found


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    # Building one takes milliseconds; it depends on nothing but the type.
    return TypeAdapter(kind)
