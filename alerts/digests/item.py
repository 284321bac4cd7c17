"""One picked story as one audience sees it, with every field of HANDBOOK §5.2."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alerts.digests import printed
from alerts.digests.audience import Pick
from alerts.digests.digest import Brief, Item, Meaning, WatchLine
from alerts.digests.phrases import phrase
from alerts.digests.reasons import confidence, language_names, sources, why
from alerts.digests.subscriber import Choices
from alerts.digests.telling import Teller
from alerts.rules.assessment import Development, Impact, NamedDate
from alerts.rules.levels import Level
from alerts.rules.wording import Wording
from alerts.stories.story import Story

MOST_ACTIONS = 3
WONDERED_ABOUT = "visas"
"""The sector of which a foreign resident wants to hear also that nothing changes."""


def teller_of(pick: Pick, choices: Choices, wording: Wording, now: datetime) -> Teller:
    """The story's teller, its developments in the order of what they mean for these readers."""
    rank = {match.impact.development: (match.level, -number) for number, match in reversed(list(enumerate(pick.matches)))}
    ordered = sorted(pick.story.developments, key=lambda one: rank.get(one.type, (Level.none, 0)), reverse=True)
    return Teller(pick.story, tuple(ordered), wording, choices.language, choices.timezone, now)


def item(pick: Pick, choices: Choices, wording: Wording, *, host: str, now: datetime, alone: bool) -> Item:
    """Tell one story in full. `alone` is true for an alert: it says `none` also of sectors that only a single story has room for."""
    teller = teller_of(pick, choices, wording, now)
    story = pick.story
    last = max(report.published for report in story.reports)
    listed = sources(teller, language_names(choices.language))
    return Item(
        story=story.id,
        level=pick.level,
        level_word=wording.level(pick.level, choices.language),
        level_act=wording.level_act(pick.level, choices.language),
        title=teller.title(),
        topic=" | ".join((*teller.actors()[:4], *dict.fromkeys(wording.sector(match.sector, choices.language) for match in pick.matches))),
        stamp=teller.say("stamp.item", time=printed.time(last, choices.timezone, choices.language)),
        in_short=teller.in_short(),
        key_points=teller.key_points(),
        meanings=meanings(pick, choices, wording, host=host, alone=alone),
        actions=actions(pick, teller),
        watch_next=tuple(watch_line(found, teller) for found in coming(story, teller)),
        trigger=trigger(teller),
        confidence=confidence(teller, pick),
        sources=listed,
        more_sources=len(story.reports) - len(listed),
        why=why(teller, pick, choices),
        news=teller.news(pick.updates),
    )


def brief(pick: Pick, choices: Choices, wording: Wording, *, now: datetime) -> Brief:
    """Tell one story in one line."""
    teller = teller_of(pick, choices, wording, now)
    best = next(iter(sources(teller, language_names(choices.language))), None)
    return Brief(pick.story.id, pick.level, wording.level(pick.level, choices.language), teller.title(), best)


def meanings(pick: Pick, choices: Choices, wording: Wording, *, host: str, alone: bool) -> tuple[Meaning, ...]:
    """What it means, highest level first: each followed sector that is touched, then what readers wonder about and is not."""
    levels = {match.sector: (match.level, match.impact) for match in pick.matches}
    for impact in pick.story.impacts:
        if impact.sector in dict(choices.sectors):
            levels.setdefault(impact.sector, (impact.level, impact))
    lines = [
        _meaning(sector, level, _why(impact, pick.story.developments, wording, choices.language), wording, choices.language)
        for sector, (level, impact) in sorted(levels.items(), key=lambda pair: -pair[1][0])
        if level > Level.none
    ]
    untouched = [sector for sector, _ in choices.sectors if sector not in levels or levels[sector][0] == Level.none]
    touched = {impact.sector for impact in pick.story.impacts if impact.level > Level.none}
    if WONDERED_ABOUT not in touched and (WONDERED_ABOUT in untouched or (alone and host in pick.story.actors)):
        text = phrase(choices.language, "meaning.none.visas")
        lines.append(_meaning(WONDERED_ABOUT, Level.none, text, wording, choices.language))
    if alone:
        text = phrase(choices.language, "meaning.none")
        lines += [_meaning(sector, Level.none, text, wording, choices.language) for sector in untouched if sector != WONDERED_ABOUT]
    return tuple(lines)


def _meaning(sector: str, level: Level, text: str, wording: Wording, language: str) -> Meaning:
    return Meaning(sector, level, wording.level(level, language), text, wording.sector(sector, language))


def _why(impact: Impact, developments: Sequence[Development], wording: Wording, language: str) -> str:
    return wording.why(impact.rule, impact.development, impact.sector, language) or phrase(language, "meaning.plain")


def actions(pick: Pick, teller: Teller) -> tuple[str, ...]:
    """What the reader can do, in the order of the matches; that nothing is required is worth saying."""
    found = dict.fromkeys(
        line
        for match in pick.matches
        for line in teller.wording.act(match.impact.rule, match.impact.development, match.sector, teller.language)
    )
    lines = list(found)[:MOST_ACTIONS]
    if not lines:
        official = any(report.kind == "official" for report in pick.story.reports)
        key = "act.nothing" if pick.level <= Level.watch else "act.official" if official else "act.await"
        lines = [teller.say(key)]
    return tuple(lines)


def coming(story: Story, teller: Teller) -> list[NamedDate]:
    """The named dates that are not over, soonest first."""
    today = printed.local_day(teller.now, teller.timezone)
    return sorted((found for found in story.dates if found.last >= today), key=lambda found: (found.first, found.last))


def watch_line(found: NamedDate, teller: Teller) -> WatchLine:
    """A date and what is due, named after the development that the date belongs to; with the source's own words where they differ."""
    owner = next((one for one in teller.developments if teller.date_of(one) == found), teller.developments[0])
    when = teller.when(found)
    said = "" if found.first == found.last or found.text.casefold() in when.casefold() else found.text
    language = "en" if said.isascii() else "ja"
    return WatchLine(when, teller.say(f"watch.{found.kind}", name=teller.name(owner)), said, language if said else "")


def trigger(teller: Teller) -> str:
    """What would make us write again."""
    lead = teller.wording.watch(teller.developments[0].type, teller.language)
    return teller.say("watch.trigger", trigger=lead.rstrip(".。")) if lead else teller.say("watch.trigger.plain")
