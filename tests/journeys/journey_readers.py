"""People with different choices, made from a seed: the same in every run."""

from __future__ import annotations

import random
from datetime import datetime

from alerts.digests.subscriber import Cadence, Choices
from alerts.rules.levels import Level
from alerts.store import subscribers
from alerts.store.db import Database

SECTORS = ("automotive", "employment", "finance", "living-costs", "safety", "tax-pension", "technology", "trade", "travel", "visas")
ZONES = ("Asia/Tokyo", "Asia/Kathmandu", "Australia/Lord_Howe", "America/New_York", "Europe/London", "Pacific/Auckland", "UTC")
COUNTRIES = ((), (), (), ("USA",), ("CHN", "KOR"), ("GBR",))


def choices(number: int, *, weekday: int) -> Choices:
    """Return the choices of one reader. Half are daily, three in ten immediate, two weekly on one of three days from `weekday`."""
    dice = random.Random(number)
    cadence: Cadence = "daily" if number % 10 < 5 else "immediate" if number % 10 < 8 else "weekly"
    followed = dice.sample(SECTORS, dice.randint(1, len(SECTORS))) if number % 4 else SECTORS
    least = [Level.info, Level.info, Level.watch, Level.watch, Level.prepare]
    return Choices(
        language="ja" if number % 3 == 0 else "en",
        timezone=ZONES[number % len(ZONES)],
        cadence=cadence,
        hour=dice.choice((0, 5, 7, 12, 18, 21, 23)),
        weekday=(weekday + number) % 7 if number % 20 == 9 else (weekday + number % 3) % 7,
        sectors=tuple(sorted((sector, Level.info if number % 4 == 0 else dice.choice(least)) for sector in followed)),
        alert_level=dice.choice((Level.watch, Level.prepare, Level.prepare, Level.act)),
        countries=dice.choice(COUNTRIES) if number % 4 else (),
        nationality=dice.choice(("", "", "USA", "NPL")),
        quiet=dice.choice(((22, 7), (22, 7), None, (1, 5))),
    )


def subscribe(database: Database, count: int, now: datetime) -> dict[str, Choices]:
    """Add confirmed readers; return the choices by address."""
    people = {f"reader{number:02}@example.org": choices(number, weekday=now.weekday()) for number in range(count)}
    with database.write() as connection:
        for address, wanted in people.items():
            subscribers.add(connection, address, wanted, now=now, confirmed=True, consent={"how": "journey"})
    return people
