"""Why: every rule that held for a text and what it led to, and for a rule that did not hold the clause that failed, in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from alerts.feeds.entry import Entry, Source, SourceKind
from alerts.rules.assessment import Assessment, Development, Evidence, Impact, NamedDate
from alerts.rules.compile import Rule, RuleSet
from alerts.rules.dates import named_dates
from alerts.rules.evaluate import Held, assess, counting, held_rules, judge, look_at
from alerts.rules.nearest import nearest
from alerts.rules.operators.condition import Look
from alerts.text import is_japanese


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule about one entry. `reason` is why it counts for nothing, empty if it counts: for a rule that did not hold the first clause
    that failed, and `nearest` what came closest to it. `condition` says in words what the rule asks.
    """

    rule: str
    title: str
    place: str
    condition: str
    held: bool
    reason: str
    development: Development | None = None
    impacts: tuple[Impact, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    nearest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that was found in an entry: the assessment, a verdict a rule, and every mention of a concept of the lexicon."""

    entry: Entry
    assessment: Assessment
    verdicts: tuple[Verdict, ...]
    mentions: tuple[Evidence, ...]


def entry_of_text(text: str, *, published: datetime, kind: SourceKind = "press", country: str = "") -> Entry:
    """Make an entry of `headline` or `headline | summary`, as a person types it; the script tells its language."""
    title, _, summary = text.partition(" | ")
    language = "ja" if is_japanese(text) else "en"
    return Entry("text", Source("text", "text", kind, country, language), "", title, summary, published, language, outlet="text")


def explain(rules: RuleSet, entry: Entry, *, only: str = "", host: str = "JPN") -> Explanation:
    """Explain an entry: the rules that held and those that came close; with `only`, that rule alone, whatever it did."""
    look = look_at(rules, entry, host)
    held = {each.rule.id: each for each in held_rules(rules, look)}
    counted = counting(held.values())
    assessment = assess(rules, entry, host=host)
    told = {each.rule for each in assessment.developments}
    dates = named_dates(look.found.cased, look.day)
    verdicts = []
    for rule in rules.rules:
        if only and rule.id != only:
            continue
        if each := held.get(rule.id):
            heard = replace(each, dropped="") if rule.id in told else each  # it yields to what comes out below info
            verdicts.append(_held(rules, look, heard, dates, counted))
        elif only or _came_close(rule, look):
            reason = rule.condition.why_not(look, 0, len(look.found.text))
            verdicts.append(
                Verdict(rule.id, rule.spec.title.en, rule.place, rule.condition.words(), False, reason, nearest=nearest(rules, look, rule))
            )
    verdicts.sort(key=lambda each: (not each.held, bool(each.reason), each.rule))
    return Explanation(entry, assessment, tuple(verdicts), _mentions(look))


def _held(rules: RuleSet, look: Look, held: Held, dates: tuple[NamedDate, ...], counted: list[Held]) -> Verdict:
    rule = held.rule
    evidence = tuple(dict.fromkeys(look.found.evidence(each) for each in held.mentions))
    condition = rule.condition.words()
    if rule.development is None:
        reason = "a discard rule: nothing in this entry counts, but for rules that say `despite`"
        return Verdict(rule.id, rule.spec.title.en, rule.place, condition, True, reason, evidence=evidence)
    development, impacts = judge(rules, look, held, dates, counted)
    reason = held.dropped or ("" if impacts else "every sector comes out below info")
    return Verdict(rule.id, rule.spec.title.en, rule.place, condition, True, reason, development, tuple(impacts), development.evidence)


def _came_close(rule: Rule, look: Look) -> bool:
    """True if everything that the rule needs was found, though not where or how it asks."""
    return bool(rule.needs) and all(not need.isdisjoint(look.found.seen) for need in rule.needs)


def _mentions(look: Look) -> tuple[Evidence, ...]:
    """Return all mentions of concepts of the lexicon and of stage cues, in the order of the text."""
    seen = {look.found.evidence(each) for mentions in look.found.mentions.values() for each in mentions}
    return tuple(sorted(seen, key=lambda each: (each.field != "title", each.start, each.end, each.concept)))
