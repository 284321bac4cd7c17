"""The tests that admins write: headlines inside rules, and whole entries in `config/tests/*.yaml`. In: a rule set. Out: an outcome each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from alerts.feeds.entry import Entry, Source
from alerts.rules.assessment import Development, Impact
from alerts.rules.compile import Rule, RuleSet
from alerts.rules.evaluate import Held, assess, held_rules, judge, look_at
from alerts.rules.levels import Level
from alerts.rules.operators.condition import Look
from alerts.rules.schema import CaseSpec, CaseText
from alerts.text import is_japanese

TEST_DAY = date(2026, 2, 15)  # when a test takes place that does not say: tests must not age with the calendar


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test. `place` is its file and line, `subject` the rule or case file, `reason` what went wrong, empty if it passed."""

    place: str
    subject: str
    text: str
    reason: str = ""

    @property
    def passed(self) -> bool:
        """True if nothing went wrong."""
        return not self.reason


def entry_of(case: CaseText, name: str = "test") -> Entry:
    """Make an entry of a test text; its language is guessed from the script if it is not given."""
    language = case.language or ("ja" if is_japanese(case.title + case.summary) else "en")
    source = Source(id=name, publisher=name, kind=case.source, country=case.country, language=language)
    published = datetime.combine(case.published or TEST_DAY, time(3), UTC)
    return Entry(name, source, "", case.title, case.summary, published, language, outlet=name)


def run_tests(rules: RuleSet, *, only: str = "", host: str = "JPN") -> Iterator[Outcome]:
    """Run the tests inside the rules (of one rule with `only`), then the case files."""
    for rule in rules.rules:
        if not only or rule.id == only:
            yield from _rule_tests(rules, rule, host)
    if not only:
        for place, case in rules.cases:
            yield Outcome(place, place.partition(":")[0], _shown(case), _case(rules, case, host))


def untested(rules: RuleSet) -> Iterator[Rule]:
    """Yield the rules that lack a text to match, or one to ignore."""
    return (rule for rule in rules.rules if not rule.spec.tests.match or not rule.spec.tests.ignore)


def _rule_tests(rules: RuleSet, rule: Rule, host: str) -> Iterator[Outcome]:
    for case in rule.spec.tests.match:
        yield Outcome(rule.place, rule.id, _shown(case), _must_match(rules, rule, case, host))
    for case in rule.spec.tests.ignore:
        look = look_at(rules, entry_of(case), host)
        held = next((each for each in held_rules(rules, look) if each.rule.id == rule.id and not each.dropped), None)
        yield Outcome(rule.place, rule.id, _shown(case), f"must be ignored, but matched: {_quoted(look, held)}" if held else "")


def _must_match(rules: RuleSet, rule: Rule, case: CaseText, host: str) -> str:
    look = look_at(rules, entry_of(case), host)
    held = next((each for each in held_rules(rules, look) if each.rule.id == rule.id), None)
    if held is None:
        return f"must match, but {rule.condition.why_not(look, 0, len(look.found.text))}"
    if held.dropped:
        return f"must match, but is {held.dropped}" if held.dropped.startswith("discarded") else f"must match, but {held.dropped}"
    if rule.development is None:
        return ""
    entry = look.entry
    development, impacts = judge(rules, look, held, assess(rules, entry, host=host).dates)
    return _differs(case, [development], impacts)


def _case(rules: RuleSet, case: CaseSpec, host: str) -> str:
    assessment = assess(rules, entry_of(case), host=host)
    wanted, found = set(case.developments), {each.type for each in assessment.developments}
    if wanted != found:
        missing, extra = ", ".join(sorted(wanted - found)), ", ".join(sorted(found - wanted))
        return "; ".join(filter(None, [missing and f"not found: {missing}", extra and f"found but not expected: {extra}"]))
    return _differs(case, assessment.developments, assessment.impacts)


def _differs(case: CaseText, developments: Iterable[Development], impacts: Iterable[Impact]) -> str:
    """Compare what a test asks for beyond matching."""
    first = next(iter(developments), None)
    wrong: list[str] = []
    if first is not None:
        if case.stage and first.stage != case.stage:
            wrong.append(f"stage is {first.stage}, not {case.stage}")
        if case.polarity and first.polarity != case.polarity:
            wrong.append(f"polarity is {first.polarity}, not {case.polarity}")
        if case.actors is not None and set(first.actors) != set(case.actors):
            wrong.append(f"actors are {', '.join(first.actors) or 'nobody'}, not {', '.join(case.actors) or 'nobody'}")
    levels = {impact.sector: impact for impact in impacts}
    for sector, level in (case.sectors or {}).items():
        impact = levels.get(sector)
        name = impact.level.name if impact else Level.none.name
        if name != level:
            terms = ", ".join(f"{term.name} {term.value:+d}" for term in impact.terms) if impact else "not touched"
            wrong.append(f"{sector} is {name}, not {level} ({terms})")
    return "; ".join(wrong)


def _shown(case: CaseText) -> str:
    return f"{case.title} | {case.summary}" if case.summary else case.title


def _quoted(look: Look, held: Held) -> str:
    return (
        ", ".join(f"“{each.text}” ({each.concept.lstrip('~')})" for each in map(look.found.evidence, held.mentions))
        or held.rule.condition.words()
    )
