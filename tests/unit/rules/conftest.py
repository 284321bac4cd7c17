"""The small configuration, compiled, and what it finds in a title."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rules_sample import FILES, make_entry

from alerts.rules.compile import RuleSet, compile_texts
from alerts.rules.evaluate import look_at


@pytest.fixture(scope="session")
def rules() -> RuleSet:
    """The small configuration."""
    return compile_texts(FILES)


@pytest.fixture(scope="session")
def mentioned(rules: RuleSet) -> Callable[..., dict[str, list[str]]]:
    """Return what is found in a title: texts by concept of the lexicon."""

    def find(title: str, **more: str) -> dict[str, list[str]]:
        look = look_at(rules, make_entry(title, **more), "JPN")
        names = {number: rules.lexicon.concepts[number].id for number in look.found.mentions}
        return {
            names[number]: [look.found.evidence(each).text for each in mentions]
            for number, mentions in look.found.mentions.items()
            if names[number] in rules.lexicon.specs
        }

    return find
