"""`kill -9` and SIGTERM while mails go out: nothing is lost, and what goes twice is bounded by the open connections of those killed.

The full size: pytest -m benchmark -n 0 -s tests/integration/mail/test_mail_killed.py
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.store.db import Database
from alerts.store.outbox import LEASE

PROCESS = Path(__file__).parent / "sending_process.py"


class Reaper:
    """Starts senders, ends one after the other after random numbers of accepted mails, and starts new ones when their leases are over."""

    def __init__(self, post: Any, parts: Mapping[str, Any], *, connections: int, senders: int) -> None:
        self._post, self._parts, self._connections, self._senders = post, parts, connections, senders
        self.ended: Counter[signal.Signals] = Counter()

    async def reap(self, ends: list[tuple[int, signal.Signals]]) -> Any:
        """Send a signal for each of `ends` (mails accepted by then, signal), then let the senders finish. Return the server."""
        reached, limit = asyncio.Event(), [10**9]
        wire = self._parts["Wire"](
            fault=lambda phase, server: reached.set() if phase == "after" and server.accepted.total() >= limit[0] else None
        )
        async with self._parts["listening"](wire):
            moment = self._post.context.clock.now()
            for start in range(0, len(ends) + self._senders, self._senders):
                processes = [await self._start(wire, moment) for _ in range(self._senders)]
                all_ended = asyncio.gather(*(process.wait() for process in processes))
                for limit[0], number in ends[start : start + self._senders]:
                    reached.clear()
                    await asyncio.wait({asyncio.ensure_future(reached.wait()), all_ended}, return_when=asyncio.FIRST_COMPLETED)
                    victim = next((process for process in processes if process.returncode is None), None)
                    if victim is not None:
                        victim.send_signal(number)
                        self.ended[number] += 1
                        await victim.wait()
                limit[0] = 10**9
                await all_ended
                moment += LEASE + timedelta(seconds=1)
        return wire

    async def _start(self, wire: Any, moment: Any) -> asyncio.subprocess.Process:
        database = self._post.context.settings.database_url
        mail = f"smtp://127.0.0.1:{wire.port}?starttls=off&hello=test.example"
        command = [
            sys.executable,
            str(PROCESS),
            database,
            mail,
            str(self._post.context.home.path),
            moment.isoformat(),
            str(self._connections),
        ]
        return await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.DEVNULL, env={"PYTHONPATH": str(PROCESS.parents[3])}
        )


@dataclass(frozen=True)
class Scale:
    """How many mails, `kill -9`, SIGTERM and senders."""

    messages: int
    kills: int
    terms: int
    senders: int


@pytest.mark.parametrize(
    "scale",
    [
        pytest.param(Scale(300, 3, 1, 1), id="300-messages"),
        pytest.param(Scale(20_000, 50, 10, 1), id="20000-messages", marks=pytest.mark.benchmark),
        pytest.param(Scale(20_000, 50, 10, 2), id="20000-messages-two-senders", marks=pytest.mark.benchmark),
    ],
)
def test_killed_senders_lose_nothing_and_repeat_at_most_what_was_in_flight(
    database: Database, new_post: Callable[..., Any], wire_server: Mapping[str, Any], scale: Scale
) -> None:
    connections = 4
    post = new_post(database)
    post.fill([f"reader{number}@example.org" for number in range(scale.messages)])
    reaper = Reaper(post, wire_server, connections=connections, senders=scale.senders)
    chance = random.Random(scale.messages)
    signals = [signal.SIGKILL] * scale.kills + [signal.SIGTERM] * scale.terms
    chance.shuffle(signals)
    moments = sorted(chance.sample(range(1, scale.messages), len(signals)))
    wire = asyncio.run(reaper.reap(list(zip(moments, signals, strict=True))))
    twice = sum(number - 1 for number in wire.accepted.values())
    killed, terminated = reaper.ended[signal.SIGKILL], reaper.ended[signal.SIGTERM]
    told = f"{scale.messages} mails, lost {scale.messages - len(wire.accepted)}, accepted twice {twice} (bound {connections * killed})"
    print(f"\n{database.engine.dialect.name}, {scale.senders} sender(s), {killed} kill -9, {terminated} SIGTERM: {told}")
    assert len(wire.accepted) == scale.messages
    assert killed > 0
    assert twice <= connections * killed
    assert {row.state for row in post.rows()} == {"sent"}
