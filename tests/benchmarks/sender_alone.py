"""A sender in a process of its own, as the service is one: `sender_alone.py DATABASE_URL MAIL_URL HOME CONNECTIONS MESSAGES`.

Prints a line for each tenth: messages a second, microseconds of processor time each, MB resident; then the peak of its memory. Beside the
peers, the rows they share and the test itself, its memory could not be told.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from alerts.clock import SystemClock
from alerts.garbage import settle
from alerts.jobs.context import Context
from alerts.jobs.send import send
from alerts.settings import Home, Settings
from alerts.store.db import Database


def memory(field: str = "VmRSS") -> float:
    """Resident memory of this process in MB, now or at its peak (`VmHWM`; what `getrusage` tells is also that of whoever started us)."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024


def sending(database: Database, mail_url: str, home: Path, connections: int) -> Context:
    """What a sender needs of a service, and no more."""
    values = {
        "database_url": "",
        "mail_url": mail_url,
        "secret_key": "a secret key of a test",
        "sender_address": "alerts@example.jp",
        "base_url": "https://alerts.example.jp",
        "send_connections": connections,
    }
    unused: Any = SimpleNamespace()
    return Context(Settings.model_validate(values), Home(home), database, SystemClock(), unused, unused, "w1")


def main() -> None:
    database_url, mail_url, home, connections, messages = sys.argv[1:]
    tenth = int(messages) // 10
    before = [time.perf_counter(), time.process_time()]

    def progress(done: int, _total: int) -> None:
        if done % tenth == 0:
            wall, used = time.perf_counter() - before[0], time.process_time() - before[1]
            print(f"  {tenth / wall:>7.0f}/s, {used / tenth * 1e6:>5.0f} us of processor each, {memory():>4.0f} MB resident", flush=True)
            before[:] = time.perf_counter(), time.process_time()

    context = replace(sending(Database(database_url), mail_url, Path(home), int(connections)), progress=progress)
    settle()  # as the daemon does before its first tick
    before[:] = time.perf_counter(), time.process_time()
    count = asyncio.run(send(context))
    if count.sent != int(messages):
        sys.exit(f"{count.sent} of {messages} sent: {count}")
    print(f"  {count.sent} sent; peak memory of the sender alone {memory('VmHWM'):.0f} MB")


if __name__ == "__main__":
    main()
