"""How fast mails may leave, and the line in which they wait for it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.errors import SettingsError
from alerts.jobs.letters import Letter
from alerts.jobs.lineup import LONGEST_WAIT, Lineup
from alerts.mail.rates import ENOUGH, FEW, GONE, WINDOW, Limit, Tally, WarmUp, parse_limits, parse_warm_up
from alerts.store.outbox import Ready

NOW = datetime(2026, 1, 2, 22, tzinfo=UTC)
PREPARED: Any = None


def a_letter(number: int, domain: str = "free.example", priority: int = 5) -> Letter:
    address = f"r{number}@{domain}"
    ready = Ready(number, number, "x", "daily", 1, 0, NOW, NOW, address, address, "a", True, NOW, None, None, priority)
    return Letter(ready, PREPARED, "")


def drained(lineup: Lineup, *, until: float, step: float = 0.25) -> list[tuple[float, int]]:
    """Take all there is as time goes by, each done at once."""
    taken, now = [], 0.0
    while now <= until:
        while letter := lineup.take(now):
            lineup.done(letter.ready)
            taken.append((now, letter.ready.id))
        now += step
    return taken


def test_limits_are_read_by_domain_and_for_all_others() -> None:
    limits = parse_limits("Gmail.com=5/2, docomo.ne.jp=0.5,yahoo.co.jp=/3, *=20")
    assert limits.of("gmail.com") == Limit(5, 2)
    assert limits.of("docomo.ne.jp") == Limit(0.5, 0)
    assert limits.of("yahoo.co.jp") == Limit(0, 3)
    assert limits.of("other.example") == Limit(20, 0)
    assert parse_limits("").of("gmail.com") is None


@pytest.mark.parametrize("setting", ["gmail.com", "gmail.com=", "=5", "gmail.com=fast", "gmail.com=5/0", "a b=5", "gmail=5", "@gmail.com=5"])
def test_a_limit_that_cannot_be_read_is_told_with_what_to_write(setting: str) -> None:
    with pytest.raises(SettingsError, match=r"^ALERTS_SEND_DOMAINS: .*such as gmail.com=5/2"):
        parse_limits(setting)


def test_a_limit_meets_the_domain_as_it_stands_in_addresses() -> None:
    limits = parse_limits("例え.JP=1, Ｇｍａｉｌ.com=2, example.org.=3")
    assert limits.of("xn--r8jz45g.jp") == Limit(1, 0)
    assert limits.of("gmail.com") == Limit(2, 0)
    assert limits.of("example.org") == Limit(3, 0)


@pytest.mark.parametrize(
    ("setting", "said"),
    [("gmail.com=1,GMAIL.com=9", "two limits"), ("gmail.com=0.0000000001", "lets nothing leave"), ("gmail.com=0", "leave the domain out"), ("-例.jp=1", "not the name of a domain")],
)
def test_a_limit_that_cannot_be_meant_is_refused(setting: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        parse_limits(setting)


@pytest.mark.parametrize("setting", ["2026-12-01", "today=5", "2026-12-01=0", "2026-12-01=many"])
def test_a_warm_up_that_cannot_be_read_is_told_with_what_to_write(setting: str) -> None:
    with pytest.raises(SettingsError, match=r"^ALERTS_SEND_WARM_UP: .*such as 2026-12-01=200"):
        parse_warm_up(setting)


def test_a_warm_up_grows_by_half_a_day_and_ends() -> None:
    warm_up = parse_warm_up("2026-12-01=200")
    assert warm_up is not None
    days = [warm_up.allowance(date(2026, 12, day)) for day in (1, 2, 3, 11)]
    assert days == [200, 300, 450, 11533]
    assert warm_up.allowance(date(2026, 11, 1)) == 200
    assert warm_up.allowance(date(2036, 12, 1)) is None


@given(first=st.integers(1, 10**6), days=st.integers(-100, 5000))
def test_a_warm_up_never_shrinks(first: int, days: int) -> None:
    warm_up, day = WarmUp(date(2026, 12, 1), first), date(2026, 12, 1) + timedelta(days=days)
    today, tomorrow = warm_up.allowance(day), warm_up.allowance(day + timedelta(days=1))
    assert first <= (today or ENOUGH) <= (tomorrow or ENOUGH) or first >= ENOUGH


def test_a_verdict_needs_enough_outcomes_and_most_of_them_bad() -> None:
    tally = Tally()
    assert [tally.add("failed") for _ in range(FEW - 1)] == [None] * (FEW - 1)
    assert tally.add("failed") == "failed"
    dead = Tally()
    assert [dead.add(GONE) for _ in range(WINDOW - 1)] == [None] * (WINDOW - 1), "so many may have died in a short list"
    assert dead.add(GONE) == "failed"
    assert Tally(dead.last).add("deferred") == "failed", "what it remembers counts"
    greylisted = Tally()
    verdicts = [greylisted.add(state) for state in ["sent"] * 25 + ["deferred"] * 26]
    assert verdicts == [None] * 50 + ["deferred"]
    mixed = Tally()
    assert not any(mixed.add(state) for state in ["sent", "failed"] * 200), "half is not most"


def test_the_urgent_go_first_whenever_they_come() -> None:
    lineup = Lineup(parse_limits(""))
    for number in range(3):
        lineup.push(a_letter(number), 1e9)
    lineup.push(a_letter(10, priority=0), 1e9)
    lineup.push(a_letter(11, priority=2), 1e9)
    assert [number for _, number in drained(lineup, until=0)] == [10, 11, 0, 1, 2]


def test_a_slow_domain_waits_for_its_turns_and_holds_up_nobody() -> None:
    lineup = Lineup(parse_limits("slow.example=2"))
    for number in range(4):
        lineup.push(a_letter(number, "slow.example"), 1e9)
    for number in range(4, 8):
        lineup.push(a_letter(number), 1e9)
    taken = drained(lineup, until=3)
    assert [number for now, number in taken if now == 0] == [0, 4, 5, 6, 7]
    assert [now for now, number in taken if number < 4] == [0, 0.5, 1.0, 1.5]
    assert len(lineup) == 0


def test_a_domain_with_one_connection_has_one_mail_in_flight() -> None:
    lineup = Lineup(parse_limits("narrow.example=/1"))
    for number in range(2):
        lineup.push(a_letter(number, "narrow.example"), 1e9)
    first = lineup.take(0)
    assert first is not None
    assert lineup.take(0) is None
    assert lineup.opens_in(0) is None
    assert lineup.done(first.ready)
    second = lineup.take(0)
    assert second is not None
    assert not lineup.done(second.ready)


def test_what_the_lease_covers_no_more_is_left_out() -> None:
    lineup = Lineup(parse_limits(""))
    lineup.push(a_letter(1), 5.0)
    lineup.push(a_letter(2), 50.0)
    letter = lineup.take(6.0)
    assert letter is not None
    assert letter.ready.id == 2


@given(rate=st.floats(0.01, 50), batches=st.lists(st.integers(1, 40), min_size=1, max_size=5))
def test_what_would_wait_long_is_put_off_to_its_turn(rate: float, batches: list[int]) -> None:
    lineup = Lineup(parse_limits(f"slow.example={rate:.3f}"))
    number, dues = 0, []
    for size in batches:
        batch = [a_letter(number + each, "slow.example").ready for each in range(size)] + [a_letter(10**6).ready]
        later = lineup.put_off(batch, NOW)
        number += size
        assert 10**6 not in later
        dues += [later.get(ready.id, NOW) for ready in batch[:-1]]
    assert dues == sorted(dues)
    for place, due in enumerate(dues):
        expected = place / float(f"{rate:.3f}")
        assert (due == NOW) == (expected <= LONGEST_WAIT) or abs(expected - LONGEST_WAIT) < 0.01
        assert due == NOW or abs((due - NOW).total_seconds() - expected) < 0.01


def test_a_confirmation_does_not_wait_behind_the_digests_of_a_slow_domain() -> None:
    lineup = Lineup(parse_limits("slow.example=1"))
    digests = [a_letter(number, "slow.example").ready for number in range(1000)]
    assert len(lineup.put_off(digests, NOW)) == 1000 - LONGEST_WAIT - 1
    asked, warned = a_letter(2000, "slow.example", priority=0), a_letter(2001, "slow.example", priority=2)
    assert lineup.put_off([asked.ready, warned.ready], NOW) == {}
    crowd = [a_letter(number, "slow.example", priority=0).ready for number in range(3000, 3100)]
    assert lineup.put_off(crowd, NOW), "even they keep to the rate"
