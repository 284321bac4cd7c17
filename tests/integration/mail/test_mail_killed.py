"""`kill -9` while mails go out: nothing is lost, and what goes twice is bounded by the open connections."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.store.db import Database
from alerts.store.outbox import LEASE

PROCESS = Path(__file__).parent / "sending_process.py"


class Reaper:
    """Starts senders, kills them after random numbers of accepted mails, and starts them anew when their leases are over."""

    def __init__(self, post: Any, parts: Mapping[str, Any], *, connections: int, senders: int) -> None:
        self._post, self._parts, self._connections, self._senders = post, parts, connections, senders
        self.killed = 0

    async def reap(self, after: list[int]) -> Any:
        """Kill once for each number in `after` (mails accepted by then), then let the senders finish. Return the server."""
        reached = asyncio.Event()
        limit = [10**9]
        wire = self._parts["Wire"](
            fault=lambda phase, server: reached.set() if phase == "after" and server.accepted.total() >= limit[0] else None
        )
        async with self._parts["listening"](wire):
            moment = self._post.context.clock.now()
            for number in [*after, None]:
                reached.clear()
                limit[0] = 10**9 if number is None else number
                processes = [await self._start(wire, moment) for _ in range(self._senders)]
                ends = asyncio.gather(*(process.wait() for process in processes))
                if number is not None:
                    await asyncio.wait({asyncio.ensure_future(reached.wait()), ends}, return_when=asyncio.FIRST_COMPLETED)
                    victim = next((process for process in processes if process.returncode is None), None)
                    if victim is not None:
                        victim.kill()
                        self.killed += 1
                await ends
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


@pytest.mark.parametrize(
    "scale",
    [
        pytest.param((300, 5, 1), id="300-messages"),
        pytest.param((20_000, 20, 1), id="20000-messages", marks=pytest.mark.benchmark),
        pytest.param((20_000, 20, 2), id="20000-messages-two-senders", marks=pytest.mark.benchmark),
    ],
)
def test_killed_senders_lose_nothing_and_repeat_at_most_what_was_in_flight(
    database: Database, new_post: Callable[..., Any], wire_server: Mapping[str, Any], scale: tuple[int, int, int]
) -> None:
    messages, kills, senders = scale
    connections = 4
    post = new_post(database)
    post.fill([f"reader{number}@example.org" for number in range(messages)])
    reaper = Reaper(post, wire_server, connections=connections, senders=senders)
    moments = sorted(random.Random(messages).sample(range(1, messages), kills))
    wire = asyncio.run(reaper.reap(moments))
    twice = sum(number - 1 for number in wire.accepted.values())
    told = f"{reaper.killed} kills, {messages} mails, lost {messages - len(wire.accepted)}, twice {twice}"
    print(f"\nkill -9 on {database.engine.dialect.name}, {senders} sender(s): {told}")
    assert len(wire.accepted) == messages
    assert reaper.killed > 0
    assert twice <= connections * reaper.killed
    assert {row.state for row in post.rows()} == {"sent"}
