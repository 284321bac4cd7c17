"""One picked story as one audience sees it, with every field of HANDBOOK §5.2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from alerts.digests import printed
from alerts.digests.audience import LeftOut, Pick
from alerts.digests.digest import Brief, Item, Meaning, WatchLine
from alerts.digests.headline import title, whose
from alerts.digests.phrases import phrase, some_of
from alerts.digests.reasons import MOST_SOURCES, MOST_SOURCES_IN_DIGEST, confidence, language_names, sources, why
from alerts.digests.subscriber import Choices
from alerts.digests.telling import DAYS, DECIDED, TALKS, Teller, capital, label, moved_on
from alerts.rules.assessment import Development, Impact, NamedDate
from alerts.rules.levels import Level
from alerts.rules.wording import Wording
from alerts.stories.story import Story
from alerts.text import is_japanese

MOST_ACTIONS = 3
WONDERED_ABOUT = "visas"
"""The sector of which a foreign resident wants to hear also that nothing changes."""


def teller_of(pick: Pick, choices: Choices, wording: Wording, now: datetime) -> Teller:
    """The story's teller: its developments in the order of what they mean for these readers.

    Plans whose day is over are left out. Of a story that moved on, so is what was told before and is not its main matter any more: the
    call that led to a meeting does not stay beside the meeting.
    """
    ordered = _ordered(pick.story, [(match.impact, match.level) for match in pick.matches])
    teller = Teller(pick.story, tuple(ordered), wording, choices.language, choices.timezone, now)
    fresh = moved_on(pick.updates)
    kept = [one for one in ordered if not teller.spent(one) and (not fresh or one is ordered[0] or one.type in fresh)]
    return replace(teller, developments=tuple(teller.as_of_today(one) for one in kept) or tuple(ordered))


def quiet_teller(story: Story, choices: Choices, wording: Wording, now: datetime) -> Teller:
    """The teller of a story without news or left out: named as it would be in a mail to these readers."""
    followed = dict(choices.sectors)
    ordered = _ordered(story, [(impact, impact.level) for impact in story.impacts if impact.sector in followed])
    return Teller(story, tuple(ordered), wording, choices.language, choices.timezone, now)


def _ordered(story: Story, reached: Sequence[tuple[Impact, Level]]) -> list[Development]:
    """The developments of a story in the order of what they mean to readers, whom it reaches by these impacts, at these levels."""
    by_level = sorted(reached, key=lambda pair: -pair[1])
    rank = {impact.development: (level, -number) for number, (impact, level) in reversed(list(enumerate(by_level)))}
    nothing = (Level.none, 0)
    talks = max((rank.get(one.type, nothing) for one in story.developments if one.type in TALKS), default=nothing)

    def weight(one: Development) -> tuple[tuple[Level, int], bool, tuple[Level, int]]:
        """A meeting that took place outweighs the calls and plans that led to it."""
        own = rank.get(one.type, nothing)
        return talks if one.type in TALKS else own, one.type == "summit" and one.stage in DECIDED, own

    return sorted(story.developments, key=weight, reverse=True)


def item(pick: Pick, choices: Choices, wording: Wording, *, host: str, now: datetime, alone: bool) -> Item:
    """Tell one story in full.

    `alone` is true for an alert, which has room: it says `none` also of sectors that are not touched, and always has key points. In a
    digest only `act` and `prepare` have them.
    """
    teller = teller_of(pick, choices, wording, now)
    story = pick.story
    last = max(report.published for report in story.reports)
    listed = sources(teller, language_names(choices.language), MOST_SOURCES if alone else MOST_SOURCES_IN_DIGEST)
    told = Item(
        story=story.id,
        level=pick.level,
        level_word=wording.level(pick.level, choices.language),
        level_act=teller.say("act.now") if pick.urgent else capital(wording.level_act(pick.level, choices.language)),
        title=title(teller),
        topic=_topic(pick, teller),
        stamp=teller.say(
            "stamp.item", time=printed.time(last, choices.timezone, choices.language), version=max(1, pick.story.version)
        ),
        in_short=teller.in_short(),
        key_points=teller.key_points() if alone or pick.level >= Level.prepare else (),
        meanings=meanings(pick, choices, wording, host=host, alone=alone),
        actions=actions(pick, teller),
        watch_next=tuple(watch_line(found, teller) for found in coming(story, teller)),
        trigger=trigger(teller),
        confidence=confidence(teller, pick),
        sources=listed,
        more_sources=len(story.reports) - len(listed),
        why=why(teller, pick),
        news=teller.news(pick.updates, level=pick.level, sectors=[match.sector for match in pick.matches]),
    )
    return _taken_back(told, pick, teller, alone=alone) if pick.withdrawn else told


def _taken_back(told: Item, pick: Pick, teller: Teller, *, alone: bool) -> Item:
    """The same story without a word that the withdrawn report would still be the ground of. An alert says so in its subject already."""
    text = teller.say("meaning.withdrawn")
    return replace(
        told,
        title=told.title if alone else teller.say("title.withdrawn", title=told.title),
        level_act=teller.say("withdrawn.act"),
        in_short=teller.say("withdrawn", told=teller.what_happened()),
        key_points=(teller.first_point(), teller.reports_point()) if told.key_points else (),
        meanings=tuple(_meaning(match.sector, Level.none, text, teller.wording, teller.language) for match in pick.matches),
        actions=(teller.say("act.withdrawn"),),
        watch_next=(),
        trigger=teller.say("watch.trigger.plain"),
        confidence=(teller.say("sure.event", grade=teller.say("sure.low"), reason=teller.say("sure.withdrawn")),),
    )


def brief(pick: Pick, choices: Choices, wording: Wording, *, now: datetime) -> Brief:
    """Tell one story in one line."""
    teller = teller_of(pick, choices, wording, now)
    return _brief(teller, pick.level)


def left_out_brief(one: LeftOut, choices: Choices, wording: Wording, *, now: datetime) -> Brief:
    """Tell one story that was left out, and why, in one line."""
    teller = quiet_teller(one.story, choices, wording, now)
    return replace(_brief(teller, one.level), reason=refusal(one.refusal, choices.language), refusal=one.refusal)


def refusal(word: str, language: str) -> str:
    """Why a story was left out, in words."""
    try:
        return phrase(language, f"reason.{word}")
    except KeyError:
        return phrase(language, "reason.other")


def _brief(teller: Teller, level: Level) -> Brief:
    best = next(iter(sources(teller, language_names(teller.language))), None)
    return Brief(teller.story.id, level, teller.wording.level(level, teller.language), title(teller), best)


def _topic(pick: Pick, teller: Teller) -> str:
    """Places, else actors (those whose matter it is, not all who are named beside it) · sectors."""
    sectors = teller.say("list.comma").join(teller.wording.sector(match.sector, teller.language) for match in pick.matches)
    places = dict.fromkeys(place for development in teller.developments for place in teller.places(development))
    actors = dict.fromkeys(actor for development in teller.developments for actor in development.actors) or pick.story.actors
    where = list(places) or [label(teller.wording.actor(actor, teller.language)) for actor in actors]
    return teller.say("list.dot").join(part for part in (some_of(teller.language, where), sectors) if part)


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
    wonder = host in pick.story.actors and (alone or (WONDERED_ABOUT in untouched and pick.story.developments[0].type in TALKS))
    if WONDERED_ABOUT not in touched and wonder:
        text = phrase(choices.language, "meaning.none.visas")
        lines.append(_meaning(WONDERED_ABOUT, Level.none, text, wording, choices.language))
    if alone:
        text = phrase(choices.language, "meaning.none")
        untouched = [sector for sector in untouched if not (wonder and sector == WONDERED_ABOUT)]
        lines += [_meaning(sector, Level.none, text, wording, choices.language) for sector in untouched]
    return tuple(lines)


def _meaning(sector: str, level: Level, text: str, wording: Wording, language: str) -> Meaning:
    return Meaning(sector, level, wording.level(level, language), text, wording.sector(sector, language))


def _why(impact: Impact, developments: Sequence[Development], wording: Wording, language: str) -> str:
    return wording.why(impact.rule, impact.development, impact.sector, language) or phrase(language, "meaning.plain")


def actions(pick: Pick, teller: Teller) -> tuple[str, ...]:
    """What the reader can do, for the sectors that decide; that nothing is required is worth saying."""
    counted = [match for match in pick.matches if match.level == pick.level or match.level >= Level.prepare] or pick.matches
    found = dict.fromkeys(
        line for match in counted for line in teller.wording.act(match.impact.rule, match.impact.development, match.sector, teller.language)
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
    return sorted((found for found in story.dates if found.last >= today), key=lambda found: (max(found.first, today), found.last))


def watch_line(found: NamedDate, teller: Teller, *, alone: bool = False) -> WatchLine:
    """A date and what is due, named after the development that the date belongs to; with the source's own words where they differ.

    `alone`: it stands in a calendar, away from its story, and says whose it is.
    """
    meant = [one for one in teller.developments if found.belongs_to(one.type)] or list(teller.developments)
    owner = next((one for one in meant if teller.date_of(one) == found), meant[0])
    when = printed.window(found.first, found.last, teller.language)
    days = printed.exact_window(found.first, found.last, teller.language)
    said = "" if found.first == found.last or found.text.casefold() in when.casefold() else found.text
    language = "" if not said else "ja" if is_japanese(said) else "en"
    due = "day" if owner.type in DAYS else found.kind
    name = (whose(teller, owner) if alone else "") + teller.name(owner)
    return WatchLine(capital(when), teller.say(f"watch.{due}", name=name), days, said, language)


def trigger(teller: Teller) -> str:
    """What would make us write again."""
    matter = teller.developments[0]
    settled = matter.stage in DECIDED and (matter.stage == "in-force" or teller.date_of(matter) is not None)
    lead = teller.wording.watch(matter.type, teller.language, settled=settled)
    return teller.say("watch.trigger", trigger=lead.rstrip(".。")) if lead else teller.say("watch.trigger.plain")
