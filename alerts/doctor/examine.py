"""Everything at once, in the order in which an operator would look."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator

from alerts.doctor.finding import Finding, problem, skipped
from alerts.doctor.machine import examine_clock, examine_database, examine_disk
from alerts.doctor.names import Names, examine_names
from alerts.doctor.service import (
    examine_daemon,
    examine_feeds,
    examine_limits,
    examine_mail,
    examine_rules,
    examine_settings,
    examine_signing,
    examine_templates,
)
from alerts.errors import AlertsError, SettingsError
from alerts.jobs.context import Context
from alerts.mail.dkim import DkimKey, load_keys
from alerts.mail.headers import mail_address
from alerts.mail.transport import host_of

CLOCK_URL = "https://www.jma.go.jp/"
"""Whose `Date` the clock is compared with: it is near our readers, and punctual."""


_STORED = frozenset({"database", "feeds", "daemon"})
"""What is looked at in the database."""
BACKUP = "see the message; in place of a damaged one put a copy made with: alerts db backup"
"""What to do about a database that cannot be used."""


def examine(context: Context, *, nameserver: str = "", clock_url: str = CLOCK_URL, database: bool = True) -> Iterator[Finding]:
    """Look at everything and yield findings as they come. One that fails unexpectedly is a finding itself.

    Without `database`, which cannot be used, as was told: what rests on it is skipped.
    """
    settings = context.settings
    sender = mail_address(settings.sender_address).rpartition("@")[2].lower()
    returns = mail_address(settings.bounce_address or settings.sender_address).rpartition("@")[2].lower()
    relay = host_of(settings.mail_url.get_secret_value())
    checks: tuple[tuple[str, Callable[[], Iterable[Finding]]], ...] = (
        ("settings", lambda: examine_settings(context)),
        ("sender's limits", lambda: examine_limits(context)),
        ("DKIM keys", lambda: examine_signing(context)),
        ("database", lambda: examine_database(context.database)),
        ("disk", lambda: examine_disk(context.home.path)),
        ("clock", lambda: examine_clock(context.clock.now(), clock_url)),
        ("templates", lambda: examine_templates(context)),
        ("rules", lambda: examine_rules(context)),
        ("feeds", lambda: examine_feeds(context)),
        ("daemon", lambda: examine_daemon(context)),
        ("mail server", lambda: asyncio.run(examine_mail(context))),
        ("DNS", lambda: examine_names(Names(nameserver), sender, returns, _usable(settings.dkim_keys), relay)),
    )
    for subject, check in checks:
        if not database and subject in _STORED:
            if subject != "database":
                yield skipped(subject, "this stands in the database", "mend the database, then run this again")
            continue
        try:
            yield from check()
        except AlertsError as error:
            yield problem(subject, str(error), "see the message")


def _usable(setting: str) -> tuple[DkimKey, ...]:
    """Return the keys; none where one cannot be read, which is a finding of its own and keeps nobody from asking the DNS for the rest."""
    try:
        return load_keys(setting)
    except SettingsError:
        return ()
