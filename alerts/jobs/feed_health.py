"""Look at the health of all feeds and tell the operator what has changed: one mail for many feeds, never a storm."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from alerts.feeds.trouble import change, is_network
from alerts.feeds.verdict import report
from alerts.jobs.context import Context
from alerts.store import feeds as feed_store
from alerts.store import notices
from alerts.store.db import exclusive
from alerts.store.facts import VERDICTS_FACT, load_fact, save_fact

TOLD_FACT = "feeds told"
NETWORK_KEY = "network"


@dataclass(frozen=True, slots=True)
class HealthCount:
    """How many feeds the operator was told of."""

    in_trouble: int = 0
    back: int = 0


def tell_of_feeds(context: Context) -> HealthCount:
    """Put on record what the operator should hear of the feeds. Doing it again changes nothing. Raises StoreError."""
    now = context.clock.now()
    with context.database.read() as connection:
        states = feed_store.load_all(connection)
        fact = load_fact(connection, TOLD_FACT)
        offline = notices.is_told(connection, NETWORK_KEY)
    reports = [(feed, report(feed, states.get(feed.id), now)) for feed in context.catalog.feeds]
    with context.database.write() as connection:
        save_fact(connection, VERDICTS_FACT, dict(Counter(each.verdict for _, each in reports)), at=now)
    network = is_network([each for _, each in reports])
    if network or offline:
        if network != offline:
            with context.database.write() as connection:
                (_tell_of_network if network else _settle_network)(connection, now=now)
        if network:
            return HealthCount()
    if change(reports, fact[1] if fact else {}, fact[0] if fact else None, now) is None:
        return HealthCount()
    with context.database.write() as connection:
        exclusive(connection, TOLD_FACT)
        fact = load_fact(connection, TOLD_FACT)  # another node may have been faster
        found = change(reports, fact[1] if fact else {}, fact[0] if fact else None, now)
        if found is None:
            return HealthCount()
        notices.report(connection, key="feeds", subject=found.subject, lines=found.lines, now=now)
        save_fact(connection, TOLD_FACT, dict(found.told), at=now)
    return HealthCount(len(found.began), len(found.back))


def _tell_of_network(connection: Connection, *, now: datetime) -> None:
    notices.tell(
        connection,
        key=NETWORK_KEY,
        subject="Most feeds cannot be read: is the network up?",
        lines=(
            "More than half of the feeds fail at once, so the trouble is probably on this side: the network, the name server, a firewall.",
            "Nothing is lost: feeds are visited on, and what they published meanwhile is read as soon as they answer.",
        ),
        now=now,
    )


def _settle_network(connection: Connection, *, now: datetime) -> None:
    notices.settle(connection, key=NETWORK_KEY, subject="Most feeds can be read again", now=now)
