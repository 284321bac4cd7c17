"""A service in a process of its own that ticks every other virtual hour, to be killed: `journey_process.py HOME START HOURS`.

The hour it is in stands in a file of the home, from where a successor goes on.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from datetime import timedelta
from pathlib import Path

from journey_ticks import ticks

from alerts.clock import SetClock, parse_moment
from alerts.feeds.catalog import load_catalog
from alerts.jobs.context import Context
from alerts.log import set_up_log
from alerts.rules.files import load_rules
from alerts.settings import Home, load_settings
from alerts.store.db import Database

PLACE = "journey-hour"
STEP = 2


async def travel(context: Context, clock: SetClock, place: Path, hours: int) -> None:
    start = clock.now()
    first = int(place.read_text()) if place.exists() else 0
    async with ticks(context) as tick:
        for hour in range(first, hours + 1, STEP):
            draft = place.with_suffix(".new")
            draft.write_text(str(hour))
            draft.replace(place)
            clock.set(start + timedelta(hours=hour))
            failed = {name: outcome for name, outcome in (await tick()).items() if isinstance(outcome, Exception)}
            if failed:
                sys.exit(f"hour {hour}: {failed}")


def main() -> None:
    set_up_log(logging.ERROR)
    home, clock = Home(Path(sys.argv[1])), SetClock(parse_moment(sys.argv[2]))
    settings = load_settings(home, {})
    database = Database(settings.database_url)
    rules = load_rules(home.config, home.cache)
    context = Context(settings, home, database, clock, load_catalog(home.config / "feeds.yaml"), rules, f"w{os.getpid()}")
    print("ready", flush=True)
    asyncio.run(travel(context, clock, home.path / PLACE, int(sys.argv[3])))
    database.close()


if __name__ == "__main__":
    main()
