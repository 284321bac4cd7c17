"""A running site, and the ways to look at it from outside and, to check, from inside."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from typing import Any

from fastapi import FastAPI

from alerts.clock import SetClock
from alerts.digests.subscriber import Choices
from alerts.mail.links import Links
from alerts.rules.levels import Level
from alerts.settings import Settings
from alerts.signing import Signer
from alerts.store import subscribers
from alerts.store.db import Database
from alerts.store.subscribers import Subscriber

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have a client that it brings along itself
    from starlette.testclient import TestClient

SECRET = "a key for tests only, never used"
NOW = datetime(2026, 1, 3, 3, 0, tzinfo=UTC)


@dataclass
class Place:
    """A running site and the ways to look at it from outside and, to check, from inside."""

    app: FastAPI
    client: TestClient
    database: Database
    clock: SetClock
    settings: Settings
    links: Links = field(init=False)
    signer: Signer = field(init=False)

    def __post_init__(self) -> None:
        self.signer = Signer(SECRET, self.clock)
        self.links = Links("", self.signer)

    def subscriber(self, address: str = "reader@example.com", *, confirmed: bool = True, **choices: Any) -> Subscriber:
        chosen = Choices(sectors=(("visas", Level.watch),), **choices)
        with self.database.write() as connection:
            return subscribers.add(connection, address, chosen, now=self.clock.now(), confirmed=confirmed)

    def find(self, address: str = "reader@example.com") -> Subscriber | None:
        with self.database.read() as connection:
            return subscribers.by_address(connection, address)

    def mails(self) -> list[tuple[str, int]]:
        """(kind, subscriber) of every row of the outbox, in order."""
        with self.database.read() as connection:
            return [tuple(row) for row in connection.exec_driver_sql("SELECT kind, subscriber FROM outbox ORDER BY id")]

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        from sqlmodel import SQLModel

        with self.database.read() as connection:
            tables = [table.name for table in SQLModel.metadata.sorted_tables]
            return {name: sorted(map(repr, connection.exec_driver_sql(f"SELECT * FROM {name}"))) for name in tables}


def hidden(html: str) -> dict[str, str]:
    """The hidden fields of a page's forms; of several forms the last wins, and all carry the same token."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html)
    return {name: unescape(value) for name, value in found}


def sign_up_fields(token: str, **changes: Any) -> dict[str, Any]:
    """A sign-up as a browser would send it."""
    fields: dict[str, Any] = {
        "address": "new@example.com",
        "language": "en",
        "timezone": "Asia/Tokyo",
        "cadence": "daily",
        "hour": "7",
        "weekday": "0",
        "sector": ["visas", "automotive"],
        "level-visas": "info",
        "level-automotive": "watch",
        "alert_level": "prepare",
        "country": ["USA"],
        "nationality": "",
        "quiet": "on",
        "quiet_from": "22",
        "quiet_to": "7",
        "homepage": "",
        "form_token": token,
    }
    return fields | changes
