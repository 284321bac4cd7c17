"""The tests that admins write: headlines inside rules, and whole entries in `config/tests/*.yaml`. In: a rule set. Out: an outcome each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from alerts.feeds.entry import Entry, Source
from alerts.rules.assessment import Development, Evidence, Impact
from alerts.rules.compile import Rule, RuleSet
from alerts.rules.evaluate import Held, assess, counting, held_rules, judge, look_at
from alerts.rules.found import Mention
from alerts.rules.levels import Level
from alerts.rules.nearest import nearest
from alerts.rules.operators.condition import Look
from alerts.rules.schema import CaseSpec, CaseText
from alerts.text import is_japanese
from alerts.yamlfile import parse

Verdict = tuple[str, tuple[Evidence, ...]]
"""What went wrong, empty if nothing did, and the words that it rests on."""
TEST_DAY = date(2026, 2, 15)  # when a test takes place that does not say: tests must not age with the calendar


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test. `place` is its file and line (of one inside a rule that passed: of the rule), `subject` the rule or case file, `reason`
    what went wrong, empty if it passed: the clause that failed, if one did. `evidence` are the words that the verdict rests on, in
    `title` and `summary`.
    """

    place: str
    subject: str
    title: str
    summary: str
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()

    @property
    def text(self) -> str:
        """The whole text."""
        return f"{self.title} | {self.summary}" if self.summary else self.title

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
            reason, evidence = _case(rules, case, host)
            yield Outcome(place, place.partition(":")[0], case.title, case.summary, reason, evidence)


def untested(rules: RuleSet) -> Iterator[Rule]:
    """Yield the rules that lack a text to match, or one to ignore."""
    return (rule for rule in rules.rules if not rule.spec.tests.match or not rule.spec.tests.ignore)


def _rule_tests(rules: RuleSet, rule: Rule, host: str) -> Iterator[Outcome]:
    for index, case in enumerate(rule.spec.tests.match):
        reason, evidence = _must_match(rules, rule, case, host)
        place = _place(rules, rule, "match", index) if reason else rule.place
        yield Outcome(place, rule.id, case.title, case.summary, reason, evidence)
    for index, case in enumerate(rule.spec.tests.ignore):
        look = look_at(rules, entry_of(case), host)
        held = next((each for each in held_rules(rules, look) if each.rule.id == rule.id and not each.dropped), None)
        if held is None:
            yield Outcome(rule.place, rule.id, case.title, case.summary)
            continue
        reason, place = f"must be ignored, but matched: {_quoted(look, held)}", _place(rules, rule, "ignore", index)
        yield Outcome(place, rule.id, case.title, case.summary, reason, _evidence(look, held.mentions))


def _place(rules: RuleSet, rule: Rule, kind: str, index: int) -> str:
    """Return the file and line of a test inside a rule. The file is read once more for it: only what fails is looked up."""
    file = rule.place.partition(":")[0]
    document = parse(file, rules.files[file], [])
    number = next((at for at, each in enumerate(document.data) if each.get("id") == rule.id), None) if document else None
    if document is None or number is None:
        return rule.place
    return f"{file}:{document.place((number, 'tests', kind, index))[0]}"


def _must_match(rules: RuleSet, rule: Rule, case: CaseText, host: str) -> Verdict:
    look = look_at(rules, entry_of(case), host)
    holding = held_rules(rules, look)
    held = next((each for each in holding if each.rule.id == rule.id), None)
    if held is None:
        return f"must match, but {_failed_clause(rules, rule, look)}", _asked_for(rule, look)
    evidence = _evidence(look, held.mentions)
    if held.dropped:
        return f"must match, but {'is ' if held.dropped.startswith('discarded') else ''}{held.dropped}", evidence
    if rule.development is None:
        return "", evidence
    development, impacts = judge(rules, look, held, assess(rules, look.entry, host=host).dates, counting(holding))
    return _differs(case, [development], impacts), evidence


def _failed_clause(rules: RuleSet, rule: Rule, look: Look) -> str:
    return "; ".join([rule.condition.why_not(look, 0, len(look.found.text)), *nearest(rules, look, rule)])


def _asked_for(rule: Rule, look: Look) -> tuple[Evidence, ...]:
    """Return the words that a rule which did not hold found of what it needs."""
    return _evidence(look, (each for need in rule.needs for number in need & look.found.seen for each in look.found.of(number)))


def _evidence(look: Look, mentions: Iterable[Mention]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(map(look.found.evidence, mentions)))


def _case(rules: RuleSet, case: CaseSpec, host: str) -> Verdict:
    entry = entry_of(case)
    assessment = assess(rules, entry, host=host)
    evidence = tuple(dict.fromkeys(each for development in assessment.developments for each in development.evidence))
    wanted, found = set(case.developments), {each.type for each in assessment.developments}
    if wanted == found:
        return _differs(case, assessment.developments, assessment.impacts), evidence
    wrong = [f"not found: {name} ({why_missing(rules, look_at(rules, entry, host), name)})" for name in sorted(wanted - found)]
    by = {each.type: each.rule for each in assessment.developments}
    wrong += [f"found but not expected: {name} (rule {by[name]})" for name in sorted(found - wanted)]
    return "; ".join(wrong), evidence


def why_missing(rules: RuleSet, look: Look, development: str) -> str:
    """Say of the rule that came nearest to a development what it lacked."""
    candidates = [rule for rule in rules.rules if rule.spec.development == development]
    if not candidates:
        return "no rule tells of it"
    for each in held_rules(rules, look):
        if each.rule.spec.development == development:
            return f"rule {each.rule.id} held, but {each.dropped or 'every sector comes out below info'}"
    best = max(candidates, key=lambda rule: (sum(not need.isdisjoint(look.found.seen) for need in rule.needs) - len(rule.needs), rule.id))
    return f"nearest is rule {best.id}: {_failed_clause(rules, best, look)}"


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
        if case.places is not None and set(first.places) != set(case.places):
            wrong.append(f"places are {', '.join(first.places) or 'none'}, not {', '.join(case.places) or 'none'}")
    levels = {impact.sector: impact for impact in impacts}
    for sector, level in (case.sectors or {}).items():
        impact = levels.get(sector)
        name = impact.level.name if impact else Level.none.name
        if name != level:
            terms = ", ".join(f"{term.name} {term.value:+d}" for term in impact.terms) if impact else "not touched"
            wrong.append(f"{sector} is {name}, not {level} ({terms})")
    return "; ".join(wrong)


def _quoted(look: Look, held: Held) -> str:
    return (
        ", ".join(f"“{each.text}” ({each.concept.lstrip('~')})" for each in map(look.found.evidence, held.mentions))
        or held.rule.condition.words()
    )
