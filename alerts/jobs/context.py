"""Everything a job is given. Built in `cli` and `daemon`, never kept in a module."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from alerts.clock import Clock
from alerts.errors import SettingsError
from alerts.feeds.catalog import Catalog
from alerts.mail.fragments import Fragments
from alerts.rules.compile import RuleSet
from alerts.settings import Home, Settings
from alerts.store.db import Database
from alerts.stories.silence import Silence
from alerts.yamlwords import did_you_mean


def _silent(_done: int, _total: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a job may use. `progress(done, total)` is called on long work; `worker` names this process in leases; `silences` are those of
    silences.yaml; `fragments` are the parts of mails that were made already, which whoever runs for long hands on."""

    settings: Settings
    home: Home
    database: Database
    clock: Clock
    catalog: Catalog
    rules: RuleSet
    worker: str
    progress: Callable[[int, int], None] = field(default=_silent)
    silences: tuple[Silence, ...] = ()
    fragments: Fragments = field(default_factory=Fragments, repr=False, compare=False)


def check_host(settings: Settings, rules: RuleSet) -> None:
    """See that the country of the readers is one that the lexicon knows. Raises SettingsError."""
    known = rules.lexicon.actors
    if "host_country" in settings.model_fields_set and settings.host_country not in known:
        hint = did_you_mean(settings.host_country, known, limit=8)
        raise SettingsError(f"ALERTS_HOST_COUNTRY: {settings.host_country} is no country of config/lexicon/{hint}")
