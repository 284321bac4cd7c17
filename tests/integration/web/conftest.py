"""A site on a fresh database, with a browser that speaks HTTP only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from web_place import NOW, SECRET, Place, TestClient

from alerts.clock import SetClock
from alerts.resources import shipped
from alerts.rules.compile import RuleSet, compile_texts
from alerts.rules.files import read_texts
from alerts.settings import Settings
from alerts.store.db import Database
from alerts.web.app import create_app


@pytest.fixture(scope="session")
def shipped_rules() -> RuleSet:
    """Sectors, developments and lexicon as shipped, and an empty file of rules, because one there must be; the pages need none."""
    shown = {name: text for name, text in read_texts(shipped("config")).items() if not name.startswith(("rules/", "tests/"))}
    return compile_texts(shown | {"rules/none.yaml": "[]\n"})


@pytest.fixture
def settings() -> Settings:
    return Settings(
        secret_key=SecretStr(SECRET),
        base_url="http://testserver",
        sender_name="Example Alerts",
        contact="https://example.org/contact",
        postal_address="1-2-3 Example, Naka-ku, Nagoya",
    )


@pytest.fixture
def place(database: Database, settings: Settings, shipped_rules: RuleSet) -> Iterator[Place]:
    clock = SetClock(NOW)
    app = create_app(settings=settings, database=database, clock=clock, rules=lambda: shipped_rules)
    with TestClient(app, follow_redirects=False) as client:
        yield Place(app, client, database, clock, settings)
