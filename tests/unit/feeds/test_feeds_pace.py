"""A host is left alone for a moment after each visit, and what is remembered of hosts does not grow for ever."""

from __future__ import annotations

from alerts.feeds import pace
from alerts.feeds.pace import GAP_SECONDS, Pace


def test_a_host_waits_for_the_rest_of_its_gap_and_no_other_host_does() -> None:
    known = Pace()
    assert known.wait("a.example", 100) == 0
    known.visited("a.example", 100)
    assert known.wait("a.example", 100.25) == GAP_SECONDS - 0.25
    assert known.wait("a.example", 100 + GAP_SECONDS) == 0
    assert known.wait("b.example", 100) == 0


def test_what_is_remembered_is_bounded() -> None:
    known = Pace()
    for number in range(pace.MOST + 5):
        known.visited(f"{number}.example", number)
    assert known.wait("4.example", 4) == 0
    assert known.wait("5.example", 5) == GAP_SECONDS
