"""Figures for Prometheus: what an alarm is worth, from the records that all nodes share. No address, no text, nothing personal."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, Info, ProcessCollector, generate_latest

from alerts.store import feeds, outbox, sender, silences
from alerts.store.counts import failing_feeds, waiting
from alerts.store.facts import CONFIGURATION, TICK_FACT, VERDICTS_FACT, load_fact
from alerts.store.sender import RATE_FACT
from alerts.web.site import SAFE, Site, The

router = APIRouter()


@router.api_route("/metrics", methods=SAFE)
def metrics(site: The) -> Response:
    """Return the figures as they stand, in the text format of Prometheus; 500 if the database cannot be read."""
    registry = CollectorRegistry()  # of this answer: two services in one process must not add up
    ProcessCollector(registry=registry)
    _fill(registry, site)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _fill(registry: CollectorRegistry, site: Site) -> None:
    now = site.clock.now()

    def gauge(name: str, text: str, value: float) -> None:
        Gauge(f"alerts_{name}", text, registry=registry).set(value)

    with site.database.read() as connection:
        configuration, tick = load_fact(connection, CONFIGURATION), load_fact(connection, TICK_FACT)
        verdicts = load_fact(connection, VERDICTS_FACT)
        figures = feeds.figures(connection)
        rate, stopped, oldest = load_fact(connection, RATE_FACT), sender.paused(connection, now), outbox.oldest_due(connection)
        muted, open_rows, failing = silences.count(connection, now), waiting(connection), failing_feeds(connection)
    if configuration:
        at, said = configuration
        gauge("configuration_ok", "1 if the configuration directory is in force, 0 if a change of it was refused", said["ok"])
        gauge("configuration_problems", "Mistakes for which it was refused", said.get("count", len(said["problems"])))
        gauge("configuration_change_timestamp_seconds", "When a change was last taken up or refused", at.timestamp())
        Info("alerts_ruleset", "The rule set in force", registry=registry).info({"hash": said["ruleset"]})
    if tick:
        gauge("tick_timestamp_seconds", "When the daemon last looked for work", tick[0].timestamp())
    gauge("sender_paused", "1 while no mail leaves: paused by hand, by itself, or because the mail server refuses us", stopped is not None)
    late = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    gauge("sender_late_seconds", "For how long the mail that has waited longest is due", late)
    if rate:
        gauge("sender_mails_per_second", "How fast mails last left", rate[1]["per_second"])
        gauge("sender_rate_timestamp_seconds", "When that was", rate[0].timestamp())
    gauge("feeds_failing", "Feeds whose last visit failed", failing)
    gauge("silences_active", "Silences in force", muted["active"])
    gauge("silenced_updates", "Story updates that nobody was told of because of a silence", muted["updates_silenced"])
    labelled = Gauge("alerts_waiting", "Rows that wait: entries to assess, updates to publish, mails to send", ["what"], registry=registry)
    for what, count in open_rows.items():
        labelled.labels(what).set(count)
    _fill_feeds(registry, figures)
    if verdicts:
        by_verdict = Gauge("alerts_feeds", "Feeds by how they are: fine, failing, dead, silent, held, …", ["verdict"], registry=registry)
        for verdict, count in verdicts[1].items():
            by_verdict.labels(verdict).set(count)


def _fill_feeds(registry: CollectorRegistry, figures: Sequence[feeds.Figures]) -> None:
    success, new, streak = (
        Gauge(f"alerts_feed_{name}", text, ["feed"], registry=registry)
        for name, text in (
            ("success_timestamp_seconds", "When a feed was last read"),
            ("entry_timestamp_seconds", "When a feed last brought a new entry"),
            ("failures_in_a_row", "How often a feed could not be read since"),
        )
    )
    for feed in figures:
        streak.labels(feed.id).set(feed.error_streak)
        for gauge, moment in ((success, feed.last_success), (new, feed.last_new_entry)):
            if moment is not None:
                gauge.labels(feed.id).set(moment.timestamp())
