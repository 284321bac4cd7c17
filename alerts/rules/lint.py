"""Valid but unwise: findings about a rule set, each with a stable code. Nothing here stops a configuration from being used."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from alerts.feeds.entry import Entry
from alerts.rules.compile import RuleSet
from alerts.rules.lints import entries as from_entries
from alerts.rules.lints import lexicon, never, phrases, quoting
from alerts.rules.lints import rules as of_rules
from alerts.rules.lints.finding import Finding, Places

_CHECKS: tuple[Callable[[RuleSet, Places, date], Iterable[Finding]], ...] = (
    of_rules.tests, of_rules.review, of_rules.wide, of_rules.shadowed, of_rules.untold, of_rules.idle, of_rules.languages,
    lexicon.unused, lexicon.leaders, lexicon.short, never.never, quoting.unquoted, phrases.meant_otherwise,
)  # fmt: skip


def lint(
    rules: RuleSet, *, today: date, entries: Iterable[Entry] = (), host: str = "JPN", term_share: float = from_entries.TERM_SHARE
) -> list[Finding]:
    """Return all findings, ordered by place. With `entries`, also terms and rules that match too many of them."""
    places = Places(rules)
    found = {finding for check in _CHECKS for finding in check(rules, places, today)}
    found |= set(from_entries.frequent(rules, places, entries, host=host, term_share=term_share))
    return sorted(found)
