"""The report of a backtest: one page that needs no network, to attach to a change of the rules."""

from __future__ import annotations

from datetime import datetime
from itertools import islice

import jinja2

from alerts.digests.backtest import KINDS, Backtest
from alerts.resources import shipped
from alerts.rules.wording import Wording

MOST = 50
"""Headlines shown for each rule: a page of a change that touches everything should still open."""


def render(outcome: Backtest, wording: Wording, *, old: str, new: str, span: str, at: datetime) -> str:
    """Return the page. Texts of feeds are escaped; the style is inside, there are no scripts."""
    loader = jinja2.FileSystemLoader(shipped("templates"))
    pages = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    rules = [(rule, wording.rule_title(rule, "en"), len(changes), list(islice(changes, MOST))) for rule, changes in outcome.by_rule()]
    template = pages.get_template("report/backtest.html.j2")
    return template.render(outcome=outcome, rules=rules, kinds=KINDS, wording=wording, old=old, new=new, span=span, at=at)
