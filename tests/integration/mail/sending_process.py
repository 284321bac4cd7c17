"""A sender in a process of its own, to be killed: `sending_process.py DATABASE_URL MAIL_URL HOME MOMENT CONNECTIONS`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from alerts.clock import SetClock, parse_moment
from alerts.jobs.context import Context
from alerts.jobs.send import SendCount, send
from alerts.settings import Home, Settings
from alerts.store.db import Database


def main() -> None:
    database_url, mail_url, home, moment, connections = sys.argv[1:]
    values = {
        "database_url": database_url,
        "mail_url": mail_url,
        "secret_key": "a secret key of a test",
        "sender_address": "alerts@example.jp",
        "send_connections": int(connections),
    }
    unused: Any = SimpleNamespace()
    clock = SetClock(parse_moment(moment))
    context = Context(Settings.model_validate(values), Home(Path(home)), Database(database_url), clock, unused, unused, f"w{os.getpid()}")
    with contextlib.suppress(asyncio.CancelledError):
        print(asyncio.run(until_told(context)))


async def until_told(context: Context) -> SendCount:
    """Send; SIGTERM ends it as it does in the service."""
    task = asyncio.ensure_future(send(context))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


if __name__ == "__main__":
    main()
