"""A home for each journey, and the recorded feeds where they are at hand."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from journey_command import Alerts, environment
from journey_feeds import FeedServer
from journey_mail import MailServer

from alerts.cli.home import make_home
from alerts.settings import Home

RECORDED = Path(__file__).parents[3] / "shared" / "data" / "feeds"


@pytest.fixture(scope="session")
def recorded() -> Path:
    """The directory of recorded feeds; skips where they are not beside the repository."""
    if not (RECORDED / "MANIFEST.csv").is_file():
        pytest.skip("no recorded feeds: ../shared/data/feeds is not beside the repository (the texts belong to their publishers)")
    return RECORDED


@pytest.fixture
def new_home(tmp_path: Path) -> Callable[..., Home]:
    """Makes a home whose feeds are those of a server and whose mail goes to another; further settings by name."""

    def make(feeds: FeedServer, mail: MailServer, *, poll_minutes: int, database_url: str = "", **settings: object) -> Home:
        home = Home(tmp_path / "home")
        list(make_home(home))
        lines = feeds.feeds_yaml(poll_minutes)
        (home.config / "feeds.yaml").write_text(yaml.safe_dump(lines, sort_keys=False), encoding="utf-8")
        values = {
            "database_url": database_url,
            "mail_url": mail.url,
            "secret_key": "a secret key of a journey",
            "base_url": "https://alerts.example.jp",
            "sender_address": "alerts@example.jp",
            "postal_address": "1 Example Street, Tokyo",
            "contact": "https://alerts.example.jp/contact",
            "allowed_networks": "127.0.0.0/8",
            "freshness_days": 20_000,
        } | settings
        text = "".join(f"ALERTS_{name.upper()}='{value}'\n" for name, value in values.items() if value != "")
        home.env_file.write_text(text, encoding="utf-8")
        return home

    return make


@pytest.fixture
def alerts(tmp_path: Path) -> Alerts:
    """Runs `alerts …` in the test's directory and returns what it said."""

    def call(*words: object, limit: int = 0, **settings: str) -> subprocess.CompletedProcess[str]:
        def confine() -> None:
            if limit:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        command = [sys.executable, "-m", "alerts", *map(str, words)]
        given = environment() | {f"ALERTS_{name.upper()}": value for name, value in settings.items()}
        return subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=given, preexec_fn=confine, timeout=500, check=False
        )

    return call


@pytest.fixture
def home(alerts: Alerts, tmp_path: Path) -> Home:
    """A new home that visits no feeds."""
    assert alerts("init", "home").returncode == 0
    made = Home(tmp_path / "home")
    (made.config / "feeds.yaml").write_text("[]\n", encoding="utf-8")
    return made
