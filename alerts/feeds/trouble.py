"""What the operator should hear of feeds, and when: one mail when feeds die, one when they are back, many feeds in one mail. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.feeds.catalog import Feed
from alerts.feeds.verdict import Report

GAP = timedelta(hours=4)
"""Never two mails about feeds within this time: what comes meanwhile is told together."""
TROUBLE = frozenset({"dead", "silent", "held", "rebuilt"})
"""Verdicts that need a person. A flood shows in the status and is usually over before anybody could act."""
OVER = frozenset({"fine", "flood", "off", "new"})
NETWORK_SHARE = 0.5
NETWORK_LEAST = 5
"""If more than this share of at least so many feeds fail at once, the trouble is ours and not theirs."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a mail about feeds tells: feeds whose trouble `began`, feeds that are `back`; `told` is what the operator knows after it."""

    began: tuple[tuple[Feed, Report], ...]
    back: tuple[tuple[Feed, str], ...]
    told: Mapping[str, str]

    @property
    def subject(self) -> str:
        """The subject, naming feeds as long as they are few."""
        parts = []
        if self.began:
            parts.append(f"{_named([feed for feed, _ in self.began])} in trouble")
        if self.back:
            parts.append(f"{_named([feed for feed, _ in self.back])} back")
        return f"Feeds: {'; '.join(parts)}"

    @property
    def lines(self) -> tuple[str, ...]:
        """One line a feed, and what to do."""
        said = [f"{feed.id} ({feed.publisher}, {feed.title}) is {report.verdict}: {report.sentence}" for feed, report in self.began]
        said += [f"{feed.id} ({feed.publisher}, {feed.title}) is back; it was {verdict}." for feed, verdict in self.back]
        return (*said, "Visits go on by themselves. `alerts feeds status` shows all feeds, `alerts feeds try ID` what one answers.")


def is_network(reports: Sequence[Report]) -> bool:
    """True if so many feeds fail at once that our own network is to be suspected."""
    asked = [report for report in reports if report.verdict not in {"off", "new"}]
    failing = sum(report.verdict in {"failing", "dead"} for report in asked)
    return failing >= NETWORK_LEAST and failing > len(asked) * NETWORK_SHARE


def change(reports: Sequence[tuple[Feed, Report]], told: Mapping[str, str], last: datetime | None, now: datetime) -> Change | None:
    """Return what to mail now, or None. `told`: feeds in trouble that the operator knows of, with verdicts; `last`: the last mail."""
    if last is not None and now - last < GAP:
        return None
    reports = sorted(reports, key=lambda pair: pair[0].tier)
    began = tuple((feed, report) for feed, report in reports if report.verdict in TROUBLE and feed.id not in told)
    back = tuple((feed, told[feed.id]) for feed, report in reports if feed.id in told and report.verdict in OVER)
    if not began and not back:
        return None
    listed = {feed.id for feed, _ in reports}
    over = {feed.id for feed, _ in back}
    known = {id: verdict for id, verdict in told.items() if id in listed - over} | {feed.id: report.verdict for feed, report in began}
    return Change(began, back, known)


def _named(feeds: Sequence[Feed]) -> str:
    return f"{len(feeds)} feeds" if len(feeds) > 3 else ", ".join(feed.id for feed in feeds)
