"""Patterns at rest: whatever is packed comes out again, each once, in the order of the texts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.rules.patterns import Meaning, packed
from alerts.rules.terms import Pattern

TEXTS = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), min_size=1, max_size=6)  # folding leaves no line break
PATTERNS = st.builds(Pattern, TEXTS, st.integers(0, 4), st.integers(0, 4), st.none() | TEXTS)
MEANINGS = st.lists(st.builds(Meaning, st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=3)


@given(st.dictionaries(PATTERNS, MEANINGS, max_size=12))
def test_what_is_packed_comes_out_again(meanings: dict[Pattern, list[Meaning]]) -> None:
    out = [*packed(meanings)]
    assert dict(out) == {pattern: tuple(dict.fromkeys(each)) for pattern, each in meanings.items()}
    assert len(out) == len(meanings)
    assert [pattern.text for pattern, _ in out] == sorted(pattern.text for pattern in meanings)
    assert packed(meanings).lines() == [pattern.text for pattern, _ in out]
