"""How far a development has got and which way it goes, from the cues near its evidence.

The sentences that hold the evidence are read, the title first; with no cue there the whole title. Of the stages asserted the one that
has got furthest counts. A hedge takes back what stands beside it: in "may announce" and 発動を検討 nothing is announced. A hedged title
wins over a firm body (HANDBOOK §6). Of two things that a title tells, what is put off or undone is the one in whose clause that is said:
"Leaders talk by phone after US pauses tariffs" puts off no call.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

from alerts.rules.assessment import Polarity, Stage
from alerts.rules.compile import Rule, RuleSet
from alerts.rules.found import Mention
from alerts.rules.operators.condition import Look, Mentions
from alerts.rules.schema import StageSpec
from alerts.text import is_japanese

DEFAULT: Stage = "announced"
DEPARTURES = frozenset({"suspended", "reversed", "denied"})
"""Stages off the path, which a title says where they are the news."""
_REACH_ENGLISH = 60  # a hedge governs what follows within so many characters; in Japanese what stands before it
_REACH_JAPANESE = 14
_JAPANESE_CLAUSE = re.compile(r"[\s、。」』…]|\.\.")
_CLAUSE = re.compile(r"[;:]|\b(?:after|as|but|while|when|although|though|despite|because)\b")
_PART = re.compile(rf"{_CLAUSE.pattern}|[,\n] | - ")
"""What parts an English title; a comma does not end what a hedge governs."""

Cue = tuple[StageSpec, Mention]
"""What stage is said, and where."""


def stage_of(rules: RuleSet, look: Look, rule: Rule, mentions: Mentions, told: Sequence[Mentions]) -> tuple[Stage, Mention | None]:
    """Return the stage of a rule that held, and the cue that says so. `told` are the mentions of all rules that count for the entry.

    A stage that the rule fixes yields to a denial in the title alone.
    """
    seen = look.found.signs
    said = [(spec, mention) for number, spec in rules.stage_cues if number in seen for mention in look.found.of(number)]
    if len(told) > 1:
        said = [cue for cue in said if cue[0].id not in DEPARTURES or not _is_of_another(look, cue[1], mentions, told)]
    if not said:
        return rule.spec.stage or DEFAULT, None
    split = look.found.split
    spans = sorted({look.found.sentence(each.start) for each in _all_alike(look, mentions)} or {(0, split)})
    title = [span for span in spans if span[0] <= split]
    in_title = _furthest(look, said, title)
    if rule.spec.stage:
        denied = in_title if in_title and in_title[0].id == "denied" else None
        return ("denied", denied[1]) if denied else (rule.spec.stage, None)
    body = [span for span in spans if span[0] > split]
    if any(each.end <= split for each in mentions):
        # "US hits dozens with tariffs" is no reversal because the text recalls how a court struck earlier ones down.
        said = [cue for cue in said if cue[0].id not in DEPARTURES or cue[1].end <= split]
    in_body = _furthest(look, said, body)
    if in_title and in_body and not in_title[0].hedge and in_body[0].rank > in_title[0].rank and _is_got(in_body[0]):
        return in_body[0].id, in_body[1]
    best = in_title or in_body or _furthest(look, said, [(0, split)])
    return (best[0].id, best[1]) if best else (DEFAULT, None)


def _is_got(stage: StageSpec) -> bool:
    """True if a body that says so says more than its title. A bill that somebody announces is proposed all the same."""
    return not stage.hedge and stage.id != DEFAULT


def _all_alike(look: Look, mentions: Mentions) -> set[Mention]:
    """Return the mentions and all others of the same concepts, but for actors: a tariff in the body is that of the title."""
    alike = {each.concept for each in mentions if not look.found.actor(each)}
    return {*mentions, *(each for concept in alike for each in look.found.of(concept))}


def _is_of_another(look: Look, cue: Mention, mentions: Mentions, told: Sequence[Mentions]) -> bool:
    """True if in a clause of the title with a cue stands what other rules alone tell of, and what this one alone does stands elsewhere."""
    split, parts = look.found.split, _JAPANESE_CLAUSE if is_japanese(look.found.text[cue.start : cue.end]) else _PART
    if cue.end > split:
        return False
    gaps = [match.span() for match in parts.finditer(look.found.text, 0, split)]
    low = max((end for _, end in gaps if end <= cue.start), default=0)
    high = min((start for start, _ in gaps if start >= cue.end), default=split)
    own, others = set(mentions), set(chain.from_iterable(each for each in told if each != mentions))
    alone = {each for each in own - others if not look.found.actor(each)}
    theirs = {each for each in others - own if not look.found.actor(each)}

    def inside(of: set[Mention]) -> bool:
        return any(each.start < high and each.end > low for each in of)

    return bool(alone) and not inside(alone) and inside(theirs)


def _furthest(look: Look, said: Sequence[Cue], spans: Sequence[tuple[int, int]]) -> Cue | None:
    cues = [cue for cue in said if any(low <= cue[1].start and cue[1].end <= high for low, high in spans)]
    asserted = [cue for cue in cues if not any(_takes_back(look, other, cue) for other in cues)]
    return max(asserted, key=lambda each: (each[0].rank, -each[1].start, each[1].end), default=None)


def _takes_back(look: Look, other: Cue, cue: Cue) -> bool:
    """True if another cue says that this one does not hold.

    A longer cue hides what is inside it (政令を閣議決定 is more than 決定, 検討していない no 検討); a hedge takes back
    what has got further.
    """
    (by, hedge), (spec, mention) = other, cue
    if hedge.start < mention.end and mention.start < hedge.end:
        return hedge.end - hedge.start > mention.end - mention.start
    if not by.hedge or by.rank >= spec.rank or look.found.sentence(hedge.start) != look.found.sentence(mention.start):
        return False
    if is_japanese(look.found.text[hedge.start : hedge.end]):
        between = look.found.text[mention.end : hedge.start]
        return 0 <= hedge.start - mention.end <= _REACH_JAPANESE and not _JAPANESE_CLAUSE.search(between)
    return 0 <= mention.start - hedge.end <= _REACH_ENGLISH and not _CLAUSE.search(look.found.text[hedge.end : mention.start])


def polarity_of(rules: RuleSet, look: Look, rule: Rule, stage: Stage, mentions: Mentions) -> Polarity:
    """Return which way it goes for a resident: as the rule says, else cues beside the evidence, else the development's usual way."""
    if rule.spec.polarity:
        return rule.spec.polarity
    assert rule.development is not None
    polarity: Polarity = rule.development.polarity
    said = {name for name in ("tightening", "easing") if rules.lexicon.number(name) in look.found.signs}
    if said:
        spans = {look.found.sentence(each.start) for each in mentions} or {(0, look.found.split)}
        said = {name for name in said if any(any(look.found.within(rules.lexicon.number(name), *span)) for span in spans)}
    if len(said) == 2:
        polarity = "mixed"
    elif said:
        polarity = "tightening" if "tightening" in said else "easing"
    if rules.stages[stage].opposite and polarity == "tightening":
        polarity = "easing"  # but not the other way round: "tariff withdrawn" is itself the tariff lowered
    return polarity
