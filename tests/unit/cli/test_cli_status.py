"""What `alerts status` says to a person: the first two lines tell whether the service lives and whose rules it follows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.cli.status import lines

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GROUPS: dict[str, Any] = {
    **{name: {} for name in ("impacts", "stories", "subscribers", "digests", "picks", "mails", "mails_by_kind", "silences", "facts")},
    "feeds": {"known": 93, "failing": 2, "last_success": None},
    "entries": {"stored": 12345, "newest": NOW - timedelta(hours=3)},
    "trouble": {"told_and_not_over": []},
    "templates": {"of_the_home": 0, "broken": [], "never_used": []},
}


def said(**changed: Any) -> dict[str, str]:
    return dict(lines({**GROUPS, **changed}, NOW))


def test_a_service_that_never_ran_says_how_to_start_it() -> None:
    told = said()
    assert "alerts run" in told["last tick"]
    assert told["configuration"] == "none was in force yet"
    assert told["digests"] == "none yet"


def test_figures_and_moments_are_said_in_words() -> None:
    told = said(facts={"tick": {"at": NOW - timedelta(seconds=4)}, "feeds": {"at": NOW, "fine": 91, "dead": 2}})
    assert told["last tick"] == "4 seconds ago (2026-03-01 11:59 UTC)"
    assert told["entries"] == "12,345 stored, newest 3 hours ago (2026-03-01 09:00 UTC)"
    assert told["feeds"].startswith("93 known, [yellow]2 failing[/yellow], last success never; when looked over 91 fine, 2 dead")


def test_a_daemon_that_stands_still_and_a_refused_configuration_are_seen_at_once() -> None:
    refused = {"at": NOW, "ok": False, "ruleset": "0e60", "count": 5, "problems": [f"rules/a.yaml:{line}:1: [bad]" for line in range(5)]}
    told = said(facts={"tick": {"at": NOW - timedelta(hours=1)}, "configuration": refused})
    assert "is `alerts run` at work?" in told["last tick"]
    first, *rest = told["configuration"].splitlines()
    assert "refused since 2026-03-01 12:00 UTC: 5 mistakes; rule set 0e60 stays in force" in first
    assert rest == [*(f"rules/a.yaml:{line}:1: \\[bad]" for line in range(3)), "… and 2 more: alerts rules check"]
    failing = said(facts={"configuration": {**refused, "shown_by": "alerts rules test"}})["configuration"]
    assert failing.endswith("… and 2 more: alerts rules test")


def test_trouble_and_broken_templates_are_told_before_the_figures() -> None:
    told = list(said(trouble={"told_and_not_over": ["a feed died"]}, templates={"broken": ["x:1:1: y"], "never_used": []}))
    assert told[:4] == ["last tick", "configuration", "trouble", "templates"]
