"""A host has one visitor at a time and is left alone for a moment after each; what is remembered of hosts does not grow for ever."""

from __future__ import annotations

import asyncio
import time

import pytest

from alerts.feeds import pace
from alerts.feeds.network import networks
from alerts.feeds.pace import Pace


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "GAP_SECONDS", 0.1)


def visits(known: Pace, *hosts: str) -> list[tuple[str, float, float]]:
    """Visit hosts all at once; when each visit began and ended."""
    done: list[tuple[str, float, float]] = []

    async def visit(host: str) -> None:
        async with known.turn(host):
            begun = time.monotonic()
            await asyncio.sleep(0.02)
            done.append((host, begun, time.monotonic()))

    async def main() -> None:
        await asyncio.gather(*(visit(host) for host in hosts))

    asyncio.run(main())
    return done


def test_a_host_has_one_visitor_at_a_time_with_a_gap_between_two_and_no_other_host_waits() -> None:
    found = visits(Pace(), "a.example", "a.example", "b.example", "a.example")
    one, two, three = [(begun, ended) for host, begun, ended in found if host == "a.example"]
    assert two[0] - one[1] >= 0.09
    assert three[0] - two[1] >= 0.09
    assert found[1][0] == "b.example", "it went while the first host was left alone"


def test_the_gap_holds_between_two_rounds_and_after_a_failure() -> None:
    known = Pace()

    async def failing() -> float:
        with pytest.raises(ConnectionError):
            async with known.turn("a.example"):
                raise ConnectionError
        return time.monotonic()

    ended = asyncio.run(failing())
    assert visits(known, "a.example")[0][1] - ended >= 0.09


def test_a_host_of_our_own_network_needs_no_gap_but_has_one_visitor_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "GAP_SECONDS", 3600)
    one, two = visits(Pace(networks(["10.0.0.0/8"])), "10.1.2.3", "10.1.2.3")
    assert two[1] >= one[2]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "MOST", 3)
    known = Pace()
    visits(known, *(f"{number}.example" for number in range(9)))
    visits(known, "again.example")
    assert len(known._hosts) <= 9
    for number in range(9):
        visits(known, f"{number}.later")
    assert len(known._hosts) <= 3
