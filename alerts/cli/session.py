"""What every command is given: the home, and what is loaded from it when a command asks."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from alerts.clock import Clock, SetClock, SystemClock, parse_moment
from alerts.errors import AlertsError, ConfigError, Problem, UsageError
from alerts.feeds.catalog import Catalog, load_catalog
from alerts.resources import shipped
from alerts.rules.compile import RuleSet
from alerts.rules.files import load_rules
from alerts.settings import Home, Settings, load_settings

if TYPE_CHECKING:
    from alerts.jobs.context import Context
    from alerts.loaded import Loaded
    from alerts.store.db import Database


def silent(_done: int, _total: int) -> None:
    """Progress that nobody watches."""


class Purpose(Enum):
    """What a command is for: that decides which rules are used where the configuration is broken, and what may be changed."""

    change = auto()
    """Work that depends on the rules: broken ones are refused."""
    serve = auto()
    """The service: it tells the operator what is broken, and goes on with the last good rules."""
    keep_up = auto()
    """Work that does not wait until the rules are mended: the last good ones, nothing of the configuration put on record."""
    look = auto()
    """Only to look: the same, and the database is left as it is."""
    examine = auto()
    """To look at everything else where the database cannot be used."""


@dataclass(frozen=True, slots=True)
class Session:
    """One call of the command line. Nothing is read before it is asked for, so that `--help` needs no home."""

    home: Home
    out: Console
    err: Console
    named: bool = False
    """True if somebody said which home it is: one that is not there is a mistake then, not a place without a service."""

    def settings(self) -> Settings:
        """Load the settings of the home. Raises SettingsError."""
        return load_settings(self.home)

    def config_directory(self, given: Path | None = None) -> Path:
        """Choose the configuration: the one given, else the home's, else, where there is no home, the shipped one.

        A home whose configuration is gone has lost it: to take the shipped one in its place would be another service. Raises UsageError if
        the given is absent, or what was named as a home is none.
        """
        if given is not None:
            if not given.is_dir():
                raise UsageError(f"{given} is not a directory")
            return given
        if self.home.config.exists() or self.home.env_file.exists():
            return self.home.config
        if self.named:
            raise UsageError(self._no_home())
        return shipped("config")

    def catalog(self, directory: Path | None = None) -> Catalog:
        """Load feeds.yaml. Raises ConfigError."""
        return load_catalog(self.config_directory(directory) / "feeds.yaml")

    def rules(self, directory: Path | None = None) -> RuleSet:
        """Load the rules, compiled anew if anything has changed. Raises ConfigError."""
        return load_rules(self.config_directory(directory), self.home.cache)

    def everything(self, directory: Path | None = None) -> Loaded:
        """Load feeds, rules and silences, checked against each other. Raises ConfigError with every problem of every file."""
        from alerts.loaded import load

        return load(self.config_directory(directory), self.home.cache)

    def sound(self) -> Loaded:
        """Load everything and run the tests of the rules: what the service would take up. Raises ConfigError, FailedTestsError."""
        from alerts.loaded import load_sound

        return load_sound(self.config_directory(), self.home.cache)

    def database(self) -> Database:
        """Open the database and bring it up to date. Raises StoreError."""
        from alerts.store.db import Database

        self.require_home()
        database = Database(self.settings().database_url)
        database.upgrade()
        return database

    def stored(self) -> Database:
        """Open the database as it is, for commands that only look: nothing is made, brought up to date or changed. Raises StoreError."""
        from alerts.store.db import Database

        self.require_home()
        database = Database(self.settings().database_url)
        database.require_current()
        return database

    def found(self) -> Database:
        """Return the database as it is found, whatever its state: for who examines it. Nothing is opened yet."""
        from alerts.store.db import Database

        self.require_home()
        return Database(self.settings().database_url)

    def require_home(self) -> None:
        """Say what to do where there is no home yet. Raises AlertsError."""
        if not self.home.path.is_dir():
            raise AlertsError(self._no_home())

    def _no_home(self) -> str:
        return f"there is no home at {self.home.path}; make one with: alerts init {self.home.path}"

    def context(
        self,
        *,
        now: str | None = None,
        progress: Callable[[int, int], None] = silent,
        purpose: Purpose = Purpose.change,
    ) -> Context:
        """Put together everything a job may use, as its purpose asks. Raises AlertsError of every kind."""
        from alerts.jobs.context import Context, check_host
        from alerts.mail.transport import make_transport
        from alerts.store.shared_clock import clock_of

        examining = purpose is Purpose.examine
        database = self.found() if examining else self.stored() if purpose is Purpose.look else self.database()
        settings = self.settings()
        clock = clock_at(now) if now is not None else SystemClock() if examining else clock_of(database)
        loaded = self._configured(purpose, database, clock)
        make_transport(settings.mail_url.get_secret_value())  # a bad mail URL should show now, not at the first send
        check_host(settings, loaded.rules)
        return Context(
            settings=settings,
            home=self.home,
            database=database,
            clock=clock,
            catalog=loaded.catalog,
            rules=loaded.rules,
            silences=loaded.silences,
            worker=worker_name(),
            progress=progress,
        )

    def _configured(self, purpose: Purpose, database: Database, clock: Clock) -> Loaded:
        match purpose:
            case Purpose.serve:
                return self._last_good(database, clock)
            case Purpose.look | Purpose.keep_up:
                return self.in_force(database)
            case Purpose.change | Purpose.examine:
                return self.sound()

    def in_force(self, database: Database) -> Loaded:
        """Load the configuration; where it is broken say so on stderr and return the last good one. Changes nothing. Raises ConfigError."""
        from alerts.reload import last_good

        try:
            return self.sound()
        except ConfigError as error:
            loaded = last_good(database, error)
            self._tell(error.problems, loaded)
            return loaded

    def _tell(self, problems: Iterable[Problem], loaded: Loaded) -> None:
        """Say on stderr what is wrong with the configuration, and what is used in its place."""
        for problem in problems:
            self.err.print(str(problem), markup=False, highlight=False, soft_wrap=True)
        self.err.print(f"going on with the last good rules, {loaded.rules.hash}", highlight=False)

    def _last_good(self, database: Database, clock: Clock) -> Loaded:
        from alerts.reload import Configuration

        configuration = Configuration(self.config_directory(), database, clock, self.home.cache, patience=0)
        if configuration.problems:
            configuration.refresh()  # tells the operator
            self._tell(configuration.problems, configuration.current)
        return configuration.current


def clock_at(now: str | None) -> Clock:
    """The machine's clock, or one that stands at the moment of `--now`. Raises AlertsError."""
    return SystemClock() if now is None else SetClock(parse_moment(now))


def moment_at(now: str | None) -> datetime:
    """The present moment, or that of `--now`. Raises AlertsError."""
    return clock_at(now).now()


def worker_name() -> str:
    """Name this process in leases: unlike any other process, now and after a restart."""
    return f"{socket.gethostname()}-{os.getpid()}-{os.urandom(3).hex()}"
