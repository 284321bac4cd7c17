"""What is stored comes back as it was."""

from __future__ import annotations

import json
import types
import typing
from dataclasses import is_dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.digests.digest import Digest
from alerts.digests.subscriber import Choices
from alerts.feeds.entry import Source
from alerts.rules.assessment import Assessment
from alerts.store.values import document, value
from alerts.stories.story import Story

PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=4),
    datetime: st.integers(0, 4_000_000_000_000_000).map(lambda count: datetime.fromtimestamp(count / 1_000_000, UTC)),
    date: st.dates(date(1970, 1, 1), date(2100, 1, 1)),
}


def some(kind: Any) -> st.SearchStrategy[Any]:
    """Small values of a type, of every shape that it allows."""
    inner = typing.get_args(kind)
    if is_dataclass(kind):
        return st.builds(kind, **{name: some(hint) for name, hint in typing.get_type_hints(kind).items()})
    if typing.get_origin(kind) is tuple:
        return st.lists(some(inner[0]), max_size=2).map(tuple) if inner[-1] is Ellipsis else st.tuples(*map(some, inner))
    if typing.get_origin(kind) in {typing.Union, types.UnionType}:
        return st.one_of(*map(some, inner))
    return PLAIN[kind] if kind in PLAIN else st.from_type(kind)


@pytest.mark.parametrize("kind", [Source, Assessment, Story, Choices, Digest])
def test_every_value_survives_being_a_document(kind: type) -> None:
    """Through the very JSON text that the database keeps."""

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(some(kind))
    def holds(original: Any) -> None:
        stored = json.loads(json.dumps(document(original), ensure_ascii=False))
        assert value(kind, stored) == original

    holds()


def test_a_field_that_came_later_takes_its_default() -> None:
    """A database of last year must open with the code of today."""
    stored = document(Choices(quiet=None))
    del stored["nationality"], stored["quiet"]
    assert value(Choices, stored) == replace(Choices(), nationality="")
