"""The configuration in force: exchanged whole when a changed directory is good, kept as it is when it is not.

A changed directory is loaded, compiled and its rules' own tests are run, off to the side. Only if all is well does it take the place of
the running one, between jobs and never within one. Otherwise the last good one stays, and the log, `alerts status` and `/readyz` say where
the problem is. A service that is started on a broken directory goes on with the last good rules that it knows from its database.
"""

from __future__ import annotations

import threading
from pathlib import Path

import structlog

from alerts.clock import Clock
from alerts.errors import ConfigError, Problem
from alerts.feeds.catalog import Catalog, load_catalog
from alerts.loaded import Loaded, failed_tests, load
from alerts.rules.compile import compile_texts
from alerts.store.db import Database
from alerts.store.facts import load_fact, save_fact
from alerts.store.rulesets import keep_ruleset, load_ruleset

FACT = "configuration"
SHOWN = 20
"""Problems kept in the fact; `alerts rules check` shows all."""

log = structlog.get_logger()
Fingerprint = tuple[tuple[str, int, int, int], ...]


class Configuration:
    """Holds the configuration in force. `refresh` looks at the directory and takes up what changed, if it is good."""

    def __init__(self, directory: Path, database: Database, clock: Clock, cache: Path | None = None) -> None:
        """Load the directory, or the last good rules if it is broken. Raises ConfigError if there are none."""
        self._directory = directory
        self._cache = cache
        self._database = database
        self._clock = clock
        self._looking = threading.Lock()
        self.problems: tuple[Problem, ...] = ()
        self._seen = self._fingerprint()
        try:
            self.current = self._load()
        except ConfigError as error:
            self.current = self._last_good(error)
            self._report(error.problems)
        else:
            self._report(())

    def refresh(self) -> bool:
        """Take up a changed directory; True if another configuration is in force now. Never raises ConfigError.

        Safe to call from several threads: while one looks, the others go on with what is in force.
        """
        if not self._looking.acquire(blocking=False):
            return False
        try:
            return self._refresh()
        finally:
            self._looking.release()

    def _refresh(self) -> bool:
        found = self._fingerprint()
        if found == self._seen:
            return False
        try:
            loaded = self._load()
        except ConfigError as error:
            # An editor may be halfway through writing: only what stands still is reported.
            if found == self._fingerprint():
                self._seen = found
                self._report(error.problems)
            return False
        self._seen = found
        changed = loaded != self.current
        self.current = loaded
        self._report(())
        return changed

    def _load(self) -> Loaded:
        """Load the directory and run the tests of its rules. Raises ConfigError."""
        loaded = load(self._directory, self._cache)
        if failed := failed_tests(loaded.rules):
            raise ConfigError(failed)
        return loaded

    def _last_good(self, error: ConfigError) -> Loaded:
        """Go on with what was in force before. Raises `error` if nothing was."""
        with self._database.read() as connection:
            fact = load_fact(connection, FACT)
            texts = fact and load_ruleset(connection, fact[1]["ruleset"])
        if not texts:
            raise error
        try:
            catalog = load_catalog(self._directory / "feeds.yaml")
        except ConfigError:
            catalog = Catalog(feeds=())  # nothing is polled, but what is stored is still published and sent
        return Loaded(catalog, compile_texts(texts))

    def _report(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        rules, now = self.current.rules, self._clock.now()
        value = {"ok": not problems, "ruleset": rules.hash, "problems": [str(problem) for problem in problems[:SHOWN]]}
        with self._database.write() as connection:
            keep_ruleset(connection, rules.hash, rules.files, now=now)
            save_fact(connection, FACT, value, at=now)
        if problems:
            log.error("configuration.refused", problems=[str(problem) for problem in problems[:SHOWN]], in_force=self.current.rules.hash)
        else:
            log.info("configuration.in_force", ruleset=self.current.rules.hash)

    def _fingerprint(self) -> Fingerprint:
        """What changes whenever a file does: also when an editor writes by rename or a link is swapped."""
        found = []
        for path in sorted(self._directory.rglob("*.y*ml")):
            try:
                status = path.stat()
            except OSError:
                continue
            found.append((str(path), status.st_mtime_ns, status.st_size, status.st_ino))
        return tuple(found)
