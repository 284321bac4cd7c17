"""Picks and choices in, a digest out: every text that the reader sees, in the reader's language (HANDBOOK §5). Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from alerts.digests import printed
from alerts.digests.audience import Pick, Picked, amends
from alerts.digests.digest import Brief, Digest, DigestKind, Item, Section, Tally, WatchLine
from alerts.digests.edition import zone_problem
from alerts.digests.headline import title
from alerts.digests.item import brief, coming, item, left_out_brief, quiet_teller, refusal, teller_of, watch_line
from alerts.digests.phrases import phrase
from alerts.digests.reasons import choice_lines
from alerts.digests.room import fitting
from alerts.digests.subscriber import Choices
from alerts.digests.telling import label, shortened
from alerts.rules.levels import Level
from alerts.rules.wording import Wording
from alerts.stories.story import Story

MOST_ITEMS = 7
MOST_BRIEFS = 30
"""Stories in one line each, where there is room (`room.py`); what is beyond is counted, and listed on the web."""
MOST_LEFT_OUT = 20
MOST_QUIET = 8
WORDS_A_MINUTE = 220
SIGNS_A_MINUTE = 500
_LEVELS = (Level.act, Level.prepare, Level.watch, Level.info)
OVERFLOW, SILENCED = "overflow", "silenced"
"""The words for what found no room, and for what an operator set aside."""
_UNCOUNTED = {"nothing-new", "never-told"}
"""Refusals that are no loss to the reader: the story was told before, or there is only something put right that never was."""


def compose(
    kind: DigestKind,
    picked: Picked,
    choices: Choices,
    wording: Wording,
    *,
    edition: str,
    now: datetime,
    host: str = "JPN",
    quiet_stories: Sequence[Story] = (),
    late: bool = False,
    gathered: bool = False,
    silenced: int = 0,
) -> Digest:
    """Compose what an audience gets.

    `picked` is in the order of the digest. `now` is the moment printed, aware. `quiet_stories` are followed stories without news, most
    recent first. `late`: it was due long ago and is one catch-up. `gathered`: an alert of all that a day had too many alerts for.
    `silenced` stories would have been told, but for a silence. An alert says `none` of untouched sectors; a digest only of visas. At most
    seven stories are told in full, the rest in one line each.
    """
    language = choices.language
    alone = kind == "alert" and len(picked.picks) == 1
    items = [item(pick, choices, wording, host=host, now=now, alone=alone) for pick in picked.picks[:MOST_ITEMS]]
    tallies = _tallies(picked, choices, wording) if kind == "weekly" else ()
    calendar = () if kind == "alert" else _calendar(picked, quiet_stories, choices, wording, now)
    briefs = tuple(brief(pick, choices, wording, now=now) for pick in picked.picks[MOST_ITEMS : MOST_ITEMS + MOST_BRIEFS])
    briefs = briefs[: fitting(briefs, items, tallies, calendar)]
    counts = _counts([pick.level for pick in picked.picks], language)
    level = max((pick.level for pick in picked.picks), default=Level.none)
    left_out = [one for one in picked.left_out if one.refusal not in _UNCOUNTED] if kind != "alert" else []
    overflow = picked.picks[MOST_ITEMS + len(briefs) :]
    refusals = Counter[str](one.refusal for one in left_out) + Counter({OVERFLOW: len(overflow), SILENCED: silenced})
    host_name = label(wording.actor(host, language))
    head = "alerts" if kind == "alert" and not alone else kind
    amended = _amended(picked.picks[0]) if alone else ""
    digest = Digest(
        kind=kind,
        language=language,
        edition=edition,
        subject=phrase(
            language,
            f"subject.{amended or head}" if kind == "alert" else "subject.late" if late else "subject.digest",
            level=wording.level(level, language),
            title=items[0].title if items else "",
            host=host_name,
            date=printed.weekday(printed.local_day(now, choices.timezone), language),
            counts=counts,
        ),
        preheader=_preheader(items, language, alone=alone),
        title=items[0].title if alone else phrase(language, f"title.{head}", host=host_name),
        scope="" if alone else _scope(choices, wording),
        summary="" if alone else phrase(language, "summary", counts=counts, n=_minutes(items, briefs, language)),
        made=now,
        sections=_sections(items, language),
        briefs=briefs,
        calendar=calendar,
        quiet_stories=() if kind == "alert" else _quiet(quiet_stories, choices, wording, now),
        left_out=0,
        why=choice_lines(choices, wording),
        updates=picked.updates,
        late=late,
        stamp=phrase(language, "stamp.digest", time=printed.time(now, choices.timezone, language)),
        level=level,
        notice=phrase(language, "sentence.gap").join(_notices(kind, choices, late=late, gathered=gathered)),
        tallies=tallies,
    )
    lines = [brief(pick, choices, wording, now=now) for pick in overflow]
    lines += [left_out_brief(one, choices, wording, now=now) for one in sorted(left_out, key=lambda one: -one.level)[:MOST_LEFT_OUT]]
    return with_left_out(digest, refusals, lines)


def with_left_out(digest: Digest, refusals: Counter[str], briefs: Sequence[Brief]) -> Digest:
    """Say in a digest how many stories were left out for which reason; `briefs` are those that the web view lists."""
    told = bool(refusals) or digest.kind != "alert"
    return replace(
        digest,
        left_out=refusals.total(),
        refusals=tuple(refusals.items()),
        held_back=_held_back(refusals, digest.language) if told else "",
        left_out_briefs=tuple(briefs),
    )


def _amended(pick: Pick) -> str:
    """`withdrawal` or `correction` if that is what an alert is about."""
    kinds = {update.kind for update in pick.updates} if amends(pick.updates) else set()
    return next((kind for kind in ("withdrawal", "correction") if kind in kinds), "")


def _notices(kind: DigestKind, choices: Choices, *, late: bool, gathered: bool) -> Iterator[str]:
    """What is unusual about this mail."""
    if gathered:
        yield phrase(choices.language, "notice.gathered")
    elif late:
        yield phrase(choices.language, "notice.late.alert" if kind == "alert" else "notice.late")
    if zone_problem(choices.timezone):
        yield phrase(choices.language, "notice.zone", zone=choices.timezone)


def _preheader(items: Sequence[Item], language: str, *, alone: bool) -> str:
    if not items:
        return ""
    text = items[0].in_short if alone else phrase(language, "list.preheader").join(one.title for one in items[:3])
    return shortened(text, 120 if language != "ja" else 60)


def _scope(choices: Choices, wording: Wording) -> str:
    language = choices.language
    comma = phrase(language, "list.comma")
    names = [label(wording.actor(one, language)) for one in choices.countries]
    parts = [phrase(language, "scope", sectors=comma.join(wording.sector(sector, language) for sector, _ in choices.sectors))]
    if choices.countries:
        parts.append(phrase(language, "scope.countries", countries=comma.join(names)))
    return phrase(language, "list.dot").join(parts)


def _counts(levels: Sequence[Level], language: str) -> str:
    counted = Counter(levels)
    return phrase(language, "list.comma").join(
        phrase(language, f"count.{level.name}", n=counted[level]) for level in _LEVELS if counted[level]
    )


def _sections(items: Sequence[Item], language: str) -> tuple[Section, ...]:
    return tuple(
        Section(level, phrase(language, f"section.{level.name}"), told)
        for level in _LEVELS
        if (told := tuple(one for one in items if one.level == level))
    )


def _calendar(picked: Picked, quiet: Sequence[Story], choices: Choices, wording: Wording, now: datetime) -> tuple[WatchLine, ...]:
    """Every coming date of the stories told and of the followed ones without news, soonest first, each once."""
    today = printed.local_day(now, choices.timezone)
    tellers = [teller_of(pick, choices, wording, now) for pick in picked.picks]
    tellers += [quiet_teller(story, choices, wording, now) for story in quiet]
    lines: dict[tuple[str, str], tuple[tuple[date, date], WatchLine]] = {}
    for teller in tellers:
        for found in coming(teller.story, teller):
            line = watch_line(found, teller, alone=True)
            lines.setdefault((line.when, line.what), ((max(found.first, today), found.last), line))
    return tuple(line for _, line in sorted(lines.values(), key=lambda pair: (pair[0], pair[1].what)))


def _quiet(stories: Sequence[Story], choices: Choices, wording: Wording, now: datetime) -> tuple[str, ...]:
    tellers = (quiet_teller(story, choices, wording, now) for story in stories)
    return tuple(dict.fromkeys(map(title, tellers)))[:MOST_QUIET]


def _held_back(refusals: Counter[str], language: str) -> str:
    if not refusals:
        return phrase(language, "held.none")
    reasons = [phrase(language, "held.part", n=count, reason=refusal(word, language)) for word, count in refusals.most_common()]
    return phrase(language, "held", reasons=phrase(language, "list.comma").join(reasons))


def _tallies(picked: Picked, choices: Choices, wording: Wording) -> tuple[Tally, ...]:
    """The week by followed sector: how many stories at which level."""
    language = choices.language
    tallies = []
    for sector, _ in choices.sectors:
        counted = Counter(match.level for pick in picked.picks for match in pick.matches if match.sector == sector)
        counts = tuple((level, wording.level(level, language), counted[level]) for level in _LEVELS if counted[level])
        tallies.append(Tally(wording.sector(sector, language), counted.total(), counts))
    return tuple(tallies)


def _minutes(items: Sequence[Item], briefs: Sequence[Brief], language: str) -> int:
    """Reading time, at least a minute."""
    texts = [one.text for one in briefs]
    for one in items:
        texts += [one.title, one.in_short, *one.key_points, *(line.text for line in one.meanings), *one.actions, *one.confidence]
    count = (
        sum(len(text) for text in texts) / SIGNS_A_MINUTE if language == "ja" else sum(len(text.split()) for text in texts) / WORDS_A_MINUTE
    )
    return max(1, round(count))
