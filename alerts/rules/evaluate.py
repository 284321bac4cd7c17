"""One entry against one rule set: scan, look at the rules that have a chance, judge stage and polarity, weigh, keep the evidence.

Deterministic, and independent of the order of rules and files. No clock but the entry's own date, no I/O.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from alerts.feeds.entry import Entry
from alerts.rules.assessment import Assessment, Development, Evidence, Impact, NamedDate
from alerts.rules.candidates import Index
from alerts.rules.compile import Rule, RuleSet
from alerts.rules.dates import named_dates
from alerts.rules.operators.condition import Look, Mentions
from alerts.rules.progress import polarity_of, stage_of
from alerts.rules.schema import RuleSpec
from alerts.rules.weigh import Circumstances, weigh

_DATELINE = re.compile(
    r"\s*(?:[A-Z][\w .,'’/]{1,40}\([A-Z][\w .]{1,20}\) ?(?:-|–|—)|[A-Z][A-Z .,'’/]{2,40}[-–—]|"
    r"[\[【(][^\]】)]{2,20}(?:時事|共同|ロイター|AFP|AP)[\]】)])"
)
"""Where an agency wrote from, at the head of a summary: TOKYO (Kyodo) --, 【東京時事】."""
_YIELDS = "yields to "


@dataclass(frozen=True, slots=True)
class Held:
    """A rule whose condition held, with the mentions that made it hold. `dropped` says why it counts for nothing, if so."""

    rule: Rule
    mentions: Mentions
    dropped: str = ""


def look_at(rules: RuleSet, entry: Entry, host: str) -> Look:
    """Scan an entry."""
    speakers = _speakers(rules, entry, host)
    day = _day(rules, entry, speakers)
    return Look(entry, rules.scanner.scan(entry.title, entry.summary, day, host, speakers), host, day)


def _day(rules: RuleSet, entry: Entry, speakers: frozenset[str]) -> date:
    """The day on which an entry was told, by the clocks of those who told it: at 07:00 in Tokyo "tomorrow" is not that of London."""
    for each in speakers:
        if zone := rules.lexicon.zones.get(each):
            return entry.published.astimezone(_zone(zone)).date()
    return entry.published.date()


_zone = functools.cache(ZoneInfo)  # its own cache is asked with locks and weak references


def _speakers(rules: RuleSet, entry: Entry, host: str) -> frozenset[str]:
    """Whom a text that names nobody speaks of: the country of its source, else the host country if the text is in its language."""
    if entry.source.country in rules.lexicon.actors:
        return frozenset({entry.source.country})
    return rules.lexicon.languages.get(entry.language.partition("-")[0], frozenset()) & {host}


def held_rules(rules: RuleSet, look: Look, *, every: bool = True) -> list[Held]:
    """Return every rule whose condition holds, those that another takes out of account marked as dropped.

    Without `every`, discard rules are looked at only where something could be discarded: most entries are about nothing here.
    """
    held = _holding(look, rules, rules.telling)
    if not held and not every:
        return held
    held += _holding(look, rules, rules.discarding)
    return _yield(_discard(held))


def _holding(look: Look, rules: RuleSet, index: Index) -> list[Held]:
    """Return the rules of an index that hold, by number."""
    high = len(look.found.text)
    chosen = [rules.rules[number] for number in index.candidates(look.found.signs)]
    return [Held(rule, mentions) for rule in chosen if (mentions := rule.condition.find(look, 0, high)) is not None]


def _discard(held: list[Held]) -> list[Held]:
    discards = [each.rule.id for each in held if each.rule.development is None]
    return [each if not (by := _stopped_by(each.rule, discards)) else Held(each.rule, each.mentions, f"discarded by {by}") for each in held]


def counting(held: Iterable[Held]) -> list[Held]:
    """Return those that tell of a development and are not out of account."""
    return [each for each in held if each.rule.development and not each.dropped]


def _stopped_by(rule: Rule, discards: Iterable[str]) -> str:
    if rule.development is None or "any" in rule.spec.despite:
        return ""
    return next((name for name in discards if name not in rule.spec.despite), "")


def _yield(held: list[Held]) -> list[Held]:
    telling = counting(held)
    return [
        Held(each.rule, each.mentions, _YIELDS + better[0]) if not each.dropped and (better := _told_better(each.rule, telling)) else each
        for each in held
    ]


def _told_better(rule: Rule, telling: Sequence[Held]) -> list[str]:
    """Return the developments found to which a rule yields, by id. Of two that would yield to each other the first by id stays."""
    own = rule.spec.development or ""
    found: dict[str, list[Rule]] = {}
    for each in telling:
        found.setdefault(each.rule.spec.development or "", []).append(each.rule)
    return sorted(
        name
        for name in found.keys() & set(rule.spec.yields_to) - {own}
        if own > name or not all(own in other.spec.yields_to for other in found[name])
    )


def assess(rules: RuleSet, entry: Entry, *, host: str = "JPN") -> Assessment:
    """Return what the rules find in an entry, for readers who live in the host country. The entry's date is the clock."""
    look = look_at(rules, entry, host)
    held = held_rules(rules, look, every=False)
    counted = counting(held)
    if not counted:
        return _gist_only(rules, entry, look)
    dates = named_dates(look.found.cased, look.day)
    best = best_of_each_type([judge(rules, look, each, dates, counted) for each in counted])
    if not any(weighed for _, weighed in best) and (yielding := [each for each in held if each.dropped.startswith(_YIELDS)]):
        best = best_of_each_type([judge(rules, look, each, dates, yielding) for each in yielding])  # to what is not told
    impacts: dict[str, Impact] = {}
    for _, weighed in best:
        for impact in weighed:
            if impact.sector not in impacts or impact.level > impacts[impact.sector].level:
                impacts[impact.sector] = impact
    if not impacts:
        return _gist_only(rules, entry, look)
    return Assessment(
        entry=entry.id,
        ruleset=rules.hash,
        developments=tuple(development for development, weighed in best if weighed),
        impacts=tuple(impacts[sector] for sector in rules.sectors if sector in impacts),
        dates=dates,
        actors=tuple(sorted(look.found.named() | {actor for development, _ in best for actor in development.actors})),
        concepts=_ids(rules, look, rules.lexicon.telling),
        asides=_ids(rules, look, rules.lexicon.asides),
    )


def _gist_only(rules: RuleSet, entry: Entry, look: Look) -> Assessment:
    """Nothing held; what is mentioned still tells which story the entry belongs to."""
    lexicon = rules.lexicon
    concepts, asides = _ids(rules, look, lexicon.telling), _ids(rules, look, lexicon.asides)
    return Assessment(entry.id, rules.hash, actors=tuple(sorted(look.found.named())), concepts=concepts, asides=asides)


def judge(
    rules: RuleSet, look: Look, held: Held, dates: tuple[NamedDate, ...], counted: Sequence[Held]
) -> tuple[Development, list[Impact]]:
    """Return the development that a rule which held tells of, and what it means for each sector. `counted` are all that count."""
    rule = held.rule
    assert rule.development is not None
    stage, cue = stage_of(rules, look, rule, held.mentions, [each.mentions for each in counted])
    polarity = polarity_of(rules, look, rule, stage, held.mentions)
    actors = actors_of(rules, look, rule, held.mentions)
    impacts = weigh(rules, look, Circumstances(rule, stage, polarity, actors, dates))
    evidence = {look.found.evidence(each) for each in held.mentions} | ({look.found.evidence(cue)} if cue else set())
    words = tuple(sorted(evidence, key=_order))
    strands = _strands(rule.spec, actors)
    placed = rule.development.placed if rule.spec.placed is None else rule.spec.placed
    places = places_of(rules, look, held.mentions) if placed else ()
    told = Development(
        type=rule.development.id,
        stage=stage,
        polarity=polarity,
        actors=actors,
        rule=rule.id,
        evidence=words,
        family=rule.development.family,
        strands=strands,
        one_a_day=rule.spec.one_a_day,
        places=places,
        undated=rule.development.undated,
    )
    return told, impacts


def _order(evidence: Evidence) -> tuple[bool, int, int, str]:
    return evidence.field != "title", evidence.start, evidence.end, evidence.concept


def actors_of(rules: RuleSet, look: Look, rule: Rule, mentions: Mentions) -> tuple[str, ...]:
    """Return who acts or is acted on. A text that names nobody speaks of the country of its source or language."""
    if rule.spec.actors_from == "rule":
        return tuple(sorted(rule.spec.actors))
    found = look.found
    spans = {(0, found.split)}
    if rule.spec.actors_from == "entry":
        spans = {(0, len(found.text))}
    elif rule.spec.actors_from == "evidence":
        spans = _told_in(look, mentions)
    actors = {found.actor(each) for each in found.everybody() if any(low <= each.start and each.end <= high for low, high in spans)}
    actors |= set(rule.spec.actors)
    if not actors:
        actors = found.named()
    return tuple(sorted(actors or _speakers(rules, look.entry, look.host)))


def places_of(rules: RuleSet, look: Look, mentions: Mentions) -> tuple[str, ...]:
    """Return the places that the title and the sentences with evidence name, in the order of the text.

    A place that includes another is that one where it is named so; what else it includes are words for itself. The place that a summary
    was written in is none of them.
    """
    spans, known = _told_in(look, mentions), rules.lexicon.places
    body = look.found.split + 1
    dateline = _DATELINE.match(look.found.cased, body)
    written = range(body, dateline.end() if dateline else body)
    named = {
        (each.start, each.end, each.concept if each.concept in known else place)
        for place in known & look.found.signs
        for each in look.found.of(place)
    }
    inside = sorted(each for each in named if each[0] not in written and any(low <= each[0] and each[1] <= high for low, high in spans))
    return tuple(dict.fromkeys(rules.lexicon.ids[place] for _, _, place in inside))


def _told_in(look: Look, mentions: Mentions) -> set[tuple[int, int]]:
    """The spans of the title and of the sentences with evidence."""
    return {(0, look.found.split)} | {look.found.sentence(each.start) for each in mentions}


def best_of_each_type(judged: list[tuple[Development, list[Impact]]]) -> list[tuple[Development, list[Impact]]]:
    """Keep one development a type: the one of the highest level, then with the most evidence, then by the rule's id."""

    def worth(each: tuple[Development, list[Impact]]) -> tuple[int, int, int, str]:
        development, impacts = each
        highest = max((impact.level for impact in impacts), default=0)
        return -highest, -sum(impact.level for impact in impacts), -len(development.evidence), development.rule

    best: dict[str, tuple[Development, list[Impact]]] = {}
    for each in sorted(judged, key=worth):
        best.setdefault(each[0].type, each)
    return sorted(best.values(), key=lambda each: (worth(each)[:2], each[0].type))


def _ids(rules: RuleSet, look: Look, group: frozenset[int]) -> tuple[str, ...]:
    """Ids of the concepts of a group that were found, in the order of their numbers, which is that of the ids."""
    return tuple(map(rules.lexicon.ids.__getitem__, sorted(look.found.signs & group)))


def _strands(spec: RuleSpec, actors: tuple[str, ...]) -> tuple[str, ...]:
    """What keeps it apart from others of its type: the rule's own strand, or the countries that it names beside those that it supposes."""
    if spec.strand != "country":
        return (spec.strand,) if spec.strand else ()
    return tuple(actor for actor in actors if actor not in spec.actors)
