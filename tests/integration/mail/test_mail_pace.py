"""Pauses, warm-up and limits of the sender on a real database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from alerts.errors import DeliveryError
from alerts.jobs.intake import BATCH, COOLING, NOTE_SECONDS
from alerts.jobs.send import RECLAIM_SECONDS, send
from alerts.mail.rates import FEW, WINDOW
from alerts.store import notices, outbox, sender
from alerts.store.counts import count_all
from alerts.store.db import Database
from alerts.store.facts import load_fact


class Taking:
    """A transport that notes whom it sent to, or refuses everything."""

    def __init__(self, refusal: DeliveryError | None = None) -> None:
        self.taken: list[str] = []
        self.refusal = refusal

    async def send(self, email: Any, following: Any = None) -> None:
        await asyncio.sleep(0)
        if self.refusal is not None:
            raise self.refusal
        self.taken.append(email.recipient)


def sent(post: Any, transport: Any, **settings: Any) -> Any:
    context = replace(post.context, settings=post.context.settings.model_copy(update=settings))
    return asyncio.run(send(context, transport=transport))


def test_a_paused_sender_sends_nothing_says_why_and_goes_on_when_it_is_resumed(post: Any) -> None:
    post.fill(["a@example.org", "b@example.org"])
    now, transport = post.context.clock.now(), Taking()
    with post.database.write() as connection:
        sender.pause(connection, reason="the relay moves", now=now)
    count = sent(post, transport)
    assert (count.claimed, count.stopped) == (0, "paused until `alerts sender resume`: the relay moves")
    with post.database.write() as connection:
        assert sender.resume(connection, now=now)
        assert not sender.resume(connection, now=now)
    assert sent(post, transport).sent == 2


def test_a_pause_is_noticed_by_a_sender_at_work(post: Any) -> None:
    post.fill([f"r{number}@example.org" for number in range(BATCH + 10)])

    class Pausing(Taking):
        async def send(self, email: Any, following: Any = None) -> None:
            await super().send(email, following)
            if len(self.taken) == 1:
                with post.database.write() as connection:
                    sender.pause(connection, reason="enough", now=post.context.clock.now())

    count = sent(post, Pausing())
    assert 0 < count.sent < BATCH
    assert "enough" in count.stopped
    assert {(row.state, row.worker) for row in post.rows() if row.open} == {("pending", None)}


@pytest.mark.parametrize("permanent", [True, False], ids=["refused", "put-off"])
def test_when_most_mails_are_not_taken_the_sender_stops_by_itself_and_the_operator_is_told(post: Any, permanent: bool) -> None:
    post.fill([f"r{number}@example.org" for number in range(120)])
    refusal = DeliveryError("the mail server refused it: 554 5.7.1 blocked", permanent=permanent, code=554)
    count = sent(post, Taking(refusal))
    enough = FEW if permanent else WINDOW
    assert enough <= count.failed + count.deferred < enough + 20
    assert "most of the last" in count.stopped
    assert "554 5.7.1 blocked" in count.stopped
    assert sent(post, Taking()).claimed == 0
    clock = post.context.clock
    with post.database.write() as connection:
        (notice,) = notices.claim(connection, worker="w9", now=clock.now())
        assert "No more mail leaves" in notice.subject
        assert "alerts sender resume" in " ".join(notice.lines)
    clock.set(clock.now() + COOLING)
    assert (sent(post, Taking()).claimed > 0) == (not permanent), "who only put us off is asked again"
    with post.database.write() as connection:
        assert notices.is_told(connection, sender.NOTICE) == permanent
        assert sender.resume(connection, now=clock.now())
    clock.set(clock.now() + timedelta(days=1))
    assert (sent(post, Taking()).sent > 0) == permanent


def test_a_service_that_sends_little_at_a_time_is_judged_over_its_runs(post: Any) -> None:
    refusal = DeliveryError("the mail server refused it: 554 5.7.1 spam", permanent=True, code=554)
    digest = post.digest()
    for number in range(FEW - 1):
        post.put(post.subscriber(f"r{number}@example.org"), digest)
        assert sent(post, Taking(refusal)).stopped == ""
    post.put(post.subscriber("last@example.org"), digest)
    assert f"most of the last {FEW} mails were refused for good" in sent(post, Taking(refusal)).stopped
    with post.database.write() as connection:
        assert sender.resume(connection, now=post.context.clock.now())
    post.put(post.subscriber("later@example.org"), digest)
    assert sent(post, Taking(refusal)).stopped == "", "whoever resumes it has it judged anew"


def test_dead_addresses_alone_stop_no_small_run(post: Any) -> None:
    gone = DeliveryError("the mail server refused it: 550 5.1.1 no such user", permanent=True, code=550, address_at_fault=True)
    post.fill([f"r{number}@example.org" for number in range(WINDOW - 1)])
    count = sent(post, Taking(gone))
    assert (count.failed, count.suppressed, count.stopped) == (WINDOW - 1, WINDOW - 1, "")


def test_a_warm_up_lets_out_so_many_a_day_and_what_is_urgent_always(post: Any) -> None:
    post.fill([f"r{number}@example.org" for number in range(20)])
    transport = Taking()
    count = sent(post, transport, send_warm_up="2026-01-02=8")
    assert (count.sent, "warming up" in count.stopped) == (8, True)
    asked = post.subscriber("new@example.org", open=False, confirmed_at=None)
    with post.database.write() as connection:
        assert outbox.ask_to_confirm(connection, asked, now=post.context.clock.now())
    post.put(post.subscriber("warned@example.org"), post.digest("alert:s1:1", kind="alert"), "alert:s1:1", "alert", priority=1)
    assert sent(post, transport, send_warm_up="2026-01-02=8").sent == 2
    assert set(transport.taken[8:]) == {"new@example.org", "warned@example.org"}
    post.context.clock.set(post.context.clock.now() + timedelta(days=1))
    assert sent(post, transport, send_warm_up="2026-01-02=8").sent == 12


def test_what_another_sender_has_in_hand_counts_for_the_warm_up(post: Any) -> None:
    post.fill([f"r{number}@example.org" for number in range(20)])
    with post.database.write() as connection:
        assert len(outbox.claim(connection, worker="w2", now=post.context.clock.now(), limit=5)) == 5
    assert sent(post, Taking(), send_warm_up="2026-01-02=8").sent == 3


def test_mails_for_a_slow_domain_are_spread_over_time_and_the_others_leave_at_once(post: Any) -> None:
    post.fill([*(f"r{number}@slow.example" for number in range(30)), *(f"r{number}@example.org" for number in range(30))])
    transport = Taking()
    count = sent(post, transport, send_domains="slow.example=0.001/1")
    assert sum(recipient.endswith("@example.org") for recipient in transport.taken) == 30
    assert count.sent == 31
    waiting = sorted(row.due for row in post.rows() if row.open)
    assert {(later - earlier).total_seconds() for earlier, later in pairwise(waiting)} == {1000.0}
    assert {row.attempts for row in post.rows() if row.open} == {0}


def test_the_achieved_rate_is_on_record(database: Database, new_post: Callable[..., Any]) -> None:
    post = new_post(database)
    post.fill(["a@example.org", "b@example.org"])
    assert asyncio.run(send(post.context)).sent == 2
    with database.read() as connection:
        rate = count_all(connection, post.context.clock.now())["facts"]["sender_rate"]
    assert rate["sent"] == 2
    assert rate["per_second"] > 0


def test_what_comes_while_one_mail_hangs_leaves_at_once(post: Any) -> None:
    post.fill(["slow@example.org"])

    class Hanging(Taking):
        async def send(self, email: Any, following: Any = None) -> None:
            if email.recipient == "slow@example.org":
                await asyncio.sleep(0.5)  # the outbox is empty by now
                asked = await asyncio.to_thread(post.subscriber, "new@example.org", open=False, confirmed_at=None)
                await asyncio.to_thread(ask, asked)
                async with asyncio.timeout(30):
                    while not self.taken:  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
            await super().send(email, following)

    def ask(asked: int) -> None:
        with post.database.write() as connection:
            assert outbox.ask_to_confirm(connection, asked, now=post.context.clock.now())

    transport = Hanging()
    assert sent(post, transport).sent == 2
    assert transport.taken == ["new@example.org", "slow@example.org"]


@pytest.mark.parametrize("what", ["confirmation", "pause"])
def test_a_sender_whose_line_is_long_hears_within_seconds_of_a_confirmation_and_of_a_pause(post: Any, what: str) -> None:
    post.fill([f"r{number}@example.org" for number in range(BATCH)])

    class Slow(Taking):
        async def send(self, email: Any, following: Any = None) -> None:
            if not self.taken:
                await asyncio.to_thread(tell)
            await super().send(email, following)
            await asyncio.sleep(0.5)

    def tell() -> None:
        if what == "pause":
            with post.database.write() as connection:
                sender.pause(connection, reason="enough", now=post.context.clock.now())
            return
        asked = post.subscriber("new@example.org", open=False, confirmed_at=None)
        with post.database.write() as connection:
            assert outbox.ask_to_confirm(connection, asked, now=post.context.clock.now())

    async def scenario() -> list[str]:
        transport = Slow()
        context = replace(post.context, settings=post.context.settings.model_copy(update={"send_connections": 2}))
        task = asyncio.create_task(send(context, transport=transport))
        await asyncio.wait({task}, timeout=RECLAIM_SECONDS + 3)
        assert task.done() == (what == "pause")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return transport.taken

    taken = asyncio.run(scenario())
    assert ("new@example.org" in taken) == (what == "confirmation")


def test_a_clock_that_is_set_forward_lets_no_mail_go_twice(post: Any) -> None:
    post.fill([f"r{number}@example.org" for number in range(6)])
    clock = post.context.clock

    class Aging(Taking):
        async def send(self, email: Any, following: Any = None) -> None:
            await super().send(email, following)
            clock.set(clock.now() + outbox.LEASE)

    transport = Aging()
    assert sent(post, transport, send_rate=4.0, send_connections=6).sent == 6
    assert len(transport.taken) == len(set(transport.taken)) == 6


def test_a_confirmation_takes_the_next_turn_of_a_low_rate(post: Any) -> None:
    post.fill([f"r{number}@example.org" for number in range(8)])
    transport = Taking()

    async def scenario() -> None:
        context = replace(post.context, settings=post.context.settings.model_copy(update={"send_rate": 2.0, "send_connections": 8}))
        task = asyncio.create_task(send(context, transport=transport))
        while not transport.taken:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        asked = post.subscriber("new@example.org", open=False, confirmed_at=None)
        with post.database.write() as connection:
            assert outbox.ask_to_confirm(connection, asked, now=context.clock.now())
        await task

    asyncio.run(scenario())
    assert "new@example.org" in transport.taken[:-1], "not behind all digests that were claimed before"


def test_the_lease_of_a_mail_that_a_slow_server_has_in_hand_is_renewed(post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.jobs.hold.RENEW_SECONDS", 0.0)
    post.fill(["slow@example.org"])
    clock, others = post.context.clock, []

    class Hanging(Taking):
        async def send(self, email: Any, following: Any = None) -> None:
            clock.set(clock.now() + outbox.LEASE - timedelta(seconds=1))
            await asyncio.sleep(RECLAIM_SECONDS + 0.5)
            clock.set(clock.now() + timedelta(seconds=2))
            with post.database.write() as connection:
                others.extend(outbox.claim(connection, worker="w2", now=clock.now(), limit=9))
            await super().send(email, following)

    assert sent(post, Hanging()).sent == 1
    assert others == []


def test_an_operators_pause_is_not_shortened_by_what_was_in_flight(post: Any) -> None:
    now = post.context.clock.now()
    with post.database.write() as connection:
        sender.pause(connection, reason="the relay moves", now=now)
        sender.brake(connection, reason="most were put off", now=now, length=COOLING)
        (notice,) = notices.claim(connection, worker="w9", now=now)
        assert "No more mail leaves" in notice.subject
        standing = sender.paused(connection, now + 2 * COOLING)
    assert standing is not None
    assert standing.reason == "the relay moves"


def test_a_clock_that_was_ahead_holds_the_sender_off_no_longer_than_it_would_have(post: Any) -> None:
    now = post.context.clock.now()
    ahead = now + timedelta(days=300)
    with post.database.write() as connection:
        sender.brake(connection, reason="most were put off", now=ahead, length=COOLING)
        sender.alarm(connection, reason="login refused", now=ahead)
        assert sender.paused(connection, ahead) is not None
        assert sender.paused(connection, now) is None
        sender.pause(connection, reason="enough", now=ahead)
        assert sender.paused(connection, now) is not None, "an operator's pause holds until it is taken back"


def test_senders_at_work_share_the_rate(post: Any) -> None:
    post.fill([f"r{number}@example.org" for number in range(6)])
    with post.database.write() as connection:
        taken = outbox.claim(connection, worker="elsewhere", now=post.context.clock.now(), limit=2)
        assert outbox.senders(connection, worker=post.context.worker, now=post.context.clock.now()) == 2
        assert outbox.senders(connection, worker="elsewhere", now=post.context.clock.now()) == 1
    assert len(taken) == 2
    started = time.monotonic()
    assert sent(post, Taking(), send_rate=10.0).sent == 4
    assert time.monotonic() - started > 3 * 0.2 - 0.02, "half of ten a second"


def test_a_low_rate_is_one_over_several_calls(post: Any) -> None:
    post.fill(["a@example.org"])
    with post.database.write() as connection:
        sender.note_rate(connection, sent=1, seconds=1.0, now=post.context.clock.now())
    started = time.monotonic()
    assert sent(post, Taking(), send_rate=2.0).sent == 1
    assert time.monotonic() - started > 0.45


def test_the_rate_is_on_record_while_a_long_run_goes_on(post: Any) -> None:
    post.fill([f"r{number}@example.org" for number in range(BATCH * 2 + 10)])
    clock, seen = post.context.clock, []

    class Noting(Taking):
        async def send(self, email: Any, following: Any = None) -> None:
            await super().send(email, following)
            if len(self.taken) == BATCH // 8:
                clock.set(clock.now() + timedelta(seconds=NOTE_SECONDS))
            if len(self.taken) == BATCH + BATCH // 2:
                with post.database.read() as connection:
                    seen.append(load_fact(connection, sender.RATE_FACT))

    assert sent(post, Noting()).sent == BATCH * 2 + 10
    assert seen[0] is not None
    assert 0 < seen[0][1]["sent"] < BATCH * 2
