"""What only real entries show: terms and rules that match far too many of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from alerts.feeds.entry import Entry
from alerts.rules.compile import RuleSet
from alerts.rules.evaluate import counting, held_rules, look_at
from alerts.rules.lints.finding import Finding, Places

TERM_SHARE = 0.05
"""Of the entries of its language, that one term of a cue may stand in."""
RULE_SHARE = 0.05
"""Of all entries, that one rule may tell of."""
LEAST = 200
"""Entries below which a share says nothing."""


def frequent(
    rules: RuleSet, places: Places, entries: Iterable[Entry], *, host: str = "JPN", term_share: float = TERM_SHARE
) -> Iterator[Finding]:
    """Find terms of cues and rules of developments that match too many entries; `term_share` is a part of one."""
    terms: Counter[tuple[str, str, str]] = Counter()
    fired: Counter[str] = Counter()
    total: Counter[str] = Counter()
    cues = {rules.lexicon.number(name): name for name, spec in rules.lexicon.specs.items() if spec.kind == "cue"}
    for entry in entries:
        language = entry.language.partition("-")[0]
        total[language] += 1
        look = look_at(rules, entry, host)
        terms.update(
            {
                (cues[mention.concept], look.found.text[mention.start : mention.end], language)
                for number in look.found.seen & cues.keys()
                for mention in look.found.of(number)
                if mention.concept in cues
            }
        )
        fired.update({each.rule.id for each in counting(held_rules(rules, look, every=False))})
    for (concept, text, language), count in sorted(terms.items()):
        if total[language] >= LEAST and count > term_share * total[language]:
            share = f"{count / total[language]:.1%} of {total[language]:,} entries in {language}"
            yield places.concept(concept, "L12", f"“{text}” of {concept} stands in {share}")
    everything = total.total()
    for rule, count in sorted(fired.items()):
        if everything >= LEAST and count > RULE_SHARE * everything:
            yield places.rule(rule, "L13", f"{rule} fires on {count / everything:.1%} of {everything:,} entries")
