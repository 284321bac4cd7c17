"""Values of the stages as JSON documents and back, without loss: what a story, an assessment or a digest looks like at rest."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter

from alerts.digests.digest import Digest
from alerts.digests.subscriber import Choices
from alerts.feeds.entry import Source
from alerts.rules.assessment import Assessment
from alerts.stories.story import Story

Value = TypeVar("Value")

_ADAPTERS: dict[Any, TypeAdapter[Any]] = {kind: TypeAdapter(kind) for kind in (Source, Assessment, Story, Choices, Digest)}
"""All that is stored as a document."""


def document(value: Any) -> Any:
    """Return a value as JSON: tuples as lists, levels as numbers, moments and dates as ISO 8601."""
    return _ADAPTERS[type(value)].dump_python(value, mode="json")


def value(kind: type[Value], stored: Any) -> Value:
    """Return the value that `document` was made of. A field that came later takes its default. Raises pydantic.ValidationError."""
    found: Value = _ADAPTERS[kind].validate_python(stored)
    return found
