"""The configuration in force: exchanged whole when a changed directory is good, kept as it is when it is not.

`refresh` is called every other second, in a thread of its own. A directory that changed is left alone until it stands still, because an
editor may be halfway through; then it is loaded, compiled and its tests are run, off to the side. Only if all is well does it take the
place of the running one: one assignment, seen by the next job and by none that is under way, each of which keeps the context it was given.
Otherwise the last good one stays; the log, `alerts status`, `/readyz`, `/metrics` and, if it lasts, a mail to the operator say why. A
service that is started on a broken directory goes on with the last good configuration that it knows from its database.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy import Connection

from alerts.clock import Clock
from alerts.errors import ConfigError, Problem
from alerts.feeds.catalog import Catalog
from alerts.loaded import Fingerprint, Loaded, fingerprint, load_sound
from alerts.rules.compile import compile_texts
from alerts.store import notices
from alerts.store.db import Database
from alerts.store.facts import CONFIGURATION, LAST_GOOD, load_fact, save_fact
from alerts.store.rulesets import keep_ruleset, load_ruleset
from alerts.store.values import document, value
from alerts.stories.silence import Silence

SHOWN = 20
"""Problems kept in the fact and mailed; `alerts rules check` or `test` shows all."""
SETTLE = 2.0
"""Seconds for which nothing may change before a directory is read."""
PATIENCE = 60.0
"""Seconds after which a broken directory is mailed about: whoever mends it at once needs no mail."""
NOTICE = "configuration"

log = structlog.get_logger()


def last_good(database: Database, error: ConfigError) -> Loaded:
    """Return what was in force before the configuration broke; changes nothing. Raises `error` if nothing was, or if a newer version of the
    service no longer takes what was good for an older one.
    """
    with database.read() as connection:
        fact, rest = load_fact(connection, CONFIGURATION), load_fact(connection, LAST_GOOD)
        texts = fact and load_ruleset(connection, fact[1]["ruleset"])
    if not texts or not rest:
        raise error
    try:
        catalog = Catalog.model_validate(rest[1]["catalog"])
        return Loaded(catalog, compile_texts(texts), tuple(value(Silence, each) for each in rest[1]["silences"]))
    except (ConfigError, ValidationError) as unusable:
        said = str(unusable).partition("\n")[0]
        log.warning("configuration.last_good_unusable", ruleset=fact and fact[1]["ruleset"], reason=said)
        raise error from unusable


class Configuration:
    """Holds the configuration in force. `refresh` looks at the directory and takes up what changed, if it is good."""

    def __init__(
        self,
        directory: Path,
        database: Database,
        clock: Clock,
        cache: Path | None = None,
        *,
        settle: float = SETTLE,
        patience: float = PATIENCE,
    ) -> None:
        """Load the directory, or the last good configuration if it is broken. Raises ConfigError if there is none.

        `cache` is where compiled rules are kept.
        """
        self._directory, self._cache = directory, cache
        self._database = database
        self._clock = clock
        self._settle, self._patience = settle, patience
        self._looking = threading.Lock()
        self._refusal: ConfigError | None = None
        self._seen = fingerprint(directory)
        self._moving: tuple[Fingerprint, float] = self._seen, 0.0
        self._broken_since = time.monotonic()
        self._is_told = False
        try:
            self.current = self._load()
        except ConfigError as error:
            self.current = last_good(database, error)
            self._report(error)
        else:
            self._report(None)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the directory; empty if it is in force."""
        return self._refusal.problems if self._refusal else ()

    def refresh(self) -> bool:
        """Take up a changed directory; True if another configuration is in force now. Never raises ConfigError. Raises StoreError.

        Safe to call from several threads: while one looks, the others go on with what is in force.
        """
        if not self._looking.acquire(blocking=False):
            return False
        try:
            return self._refresh()
        finally:
            self._looking.release()

    def _refresh(self) -> bool:
        found = fingerprint(self._directory)
        if found == self._seen:
            self._tell_if_it_lasts()
            return False
        if not self._stands_still(found):
            return False
        try:
            loaded, refusal = self._load(), None
        except ConfigError as error:
            loaded, refusal = self.current, error
        if found != fingerprint(self._directory):
            return False  # it moved while it was read: what was read may be half of each
        before, self.current = self.current, loaded
        self._report(refusal)
        self._seen = found
        self._tell_if_it_lasts()
        return _says(before) != _says(loaded)

    def _stands_still(self, found: Fingerprint) -> bool:
        """True once nothing has changed for a while; reckoned from when we saw it, for clocks of file servers differ."""
        now = time.monotonic()
        if found != self._moving[0]:
            self._moving = found, now
        return now - self._moving[1] >= self._settle

    def _load(self) -> Loaded:
        """Load the directory and run the tests of its rules. Raises ConfigError, whatever is wrong: the last good one has to go on."""
        try:
            return load_sound(self._directory, self._cache, apart=True)
        except ConfigError:
            raise
        except Exception as error:
            log.exception("configuration.unreadable", error=type(error).__name__)
            said = f"cannot be used, and the reader of it stumbled: {type(error).__name__}; undo the last change, the log says more"
            raise ConfigError([Problem(str(self._directory), 1, 1, said)]) from error

    def _report(self, refusal: ConfigError | None) -> None:
        """Put on record what is in force and why the directory is refused."""
        if refusal and not self._refusal:
            self._broken_since, self._is_told = time.monotonic(), False
        self._refusal = refusal
        problems = self.problems
        loaded, now = self.current, self._clock.now()
        said = [str(problem) for problem in problems[:SHOWN]]
        with self._database.write() as connection:
            keep_ruleset(connection, loaded.rules.hash, loaded.rules.files, now=now)
            fact = {"ok": not problems, "ruleset": loaded.rules.hash, "count": len(problems), "problems": said}
            if refusal:
                fact["shown_by"] = refusal.shown_by
            _save_if_new(connection, CONFIGURATION, fact, now)
            if not problems:
                silences = [document(each) for each in loaded.silences]
                _save_if_new(connection, LAST_GOOD, {"catalog": loaded.catalog.model_dump(mode="json"), "silences": silences}, now)
                lines = [f"Rule set {loaded.rules.hash} is in force since {now:%Y-%m-%d %H:%M} UTC."]
                notices.settle(connection, key=NOTICE, subject="The configuration is in order again", lines=lines, now=now)
        if problems:
            log.error("configuration.refused", problems=said, count=len(problems), in_force=loaded.rules.hash)
        else:
            log.info("configuration.in_force", ruleset=loaded.rules.hash)

    def _tell_if_it_lasts(self) -> None:
        """Mail the operator once that a changed directory was refused."""
        if not self._refusal or self._is_told or time.monotonic() - self._broken_since < self._patience:
            return
        more = [f"… and {len(self.problems) - SHOWN} more"] if len(self.problems) > SHOWN else []
        lines = [
            "The configuration was changed and cannot be used. Nothing is lost: the last good one stays in force until this is mended.",
            *(str(problem) for problem in self.problems[:SHOWN]),
            *more,
            f"`{self._refusal.shown_by} --config {self._directory}` shows everything. In force: rule set {self.current.rules.hash}.",
        ]
        with self._database.write() as connection:
            notices.tell(connection, key=NOTICE, subject="The changed configuration is refused", lines=lines, now=self._clock.now())
        self._is_told = True


def _save_if_new(connection: Connection, name: str, value: dict[str, Any], now: datetime) -> None:
    """Put a fact on record if it says something new; its moment is when that began."""
    known = load_fact(connection, name)
    if known is None or known[1] != value:
        save_fact(connection, name, value, at=now)


def _says(loaded: Loaded) -> tuple[object, ...]:
    """What makes a configuration another one."""
    return loaded.rules.hash, loaded.catalog, loaded.silences
