"""What happened, in sentences filled from fields: in short, key points, what is new. The feed's own text is never retold as ours."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.digests import printed
from alerts.digests.phrases import listed, phrase, some_of
from alerts.rules.assessment import Development, NamedDate
from alerts.rules.levels import Level
from alerts.rules.wording import Wording
from alerts.stories.story import Report, Story, Update

IN_SHORT_WORDS = 60
IN_SHORT_SIGNS = 180
MOST_POINTS = 5
TALKS = frozenset({"leader-call", "visit-arranged", "summit", "ministerial-talks", "trade-talks"})
"""Developments that are talk: by themselves they change no rule."""
PLANS = frozenset({"visit-arranged", "trade-talks", "election"})
"""Developments about something still to come, so that a date named for the next step is their date."""
DAYS = TALKS | {"election", "leadership-change", "disaster", "military-exercise", "missile-launch", "rate-decision"}
"""Developments that a named day is the day of, where of others it is the start or the next step."""
UNDOINGS = frozenset({"tariff-lifted", "court-ruling"})
"""Developments that may themselves be the withdrawal: a tariff is lifted, a ruling strikes down; neither was withdrawn."""
ONE_COUNTRYS = frozenset({"court-ruling", "rate-decision", "leadership-change", "election", "travel-advisory", "tax-change"})
"""Developments that are the matter of one country, whatever others a report names."""
DAYS_AGO = timedelta(days=3)
"""After so long what began a story is how it came about, not what happened."""
_OPEN = frozenset({"mooted", "arranging"})
_OVER = frozenset({"suspended", "reversed", "denied"})
DECIDED = frozenset({"announced", "adopted", "in-force"})
_SAID = frozenset({"announced", "in-force"})
"""Stages that a development's name says by itself."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells one story to one audience: `developments` with the one that matters most to it first."""

    story: Story
    developments: tuple[Development, ...]
    wording: Wording
    language: str
    timezone: str
    now: datetime

    def say(self, key: str, **values: object) -> str:
        """A fixed string in the reader's language."""
        return phrase(self.language, key, **values)

    def name(self, development: Development) -> str:
        """The development's name as printed."""
        return self.wording.development(development.type, self.language, development.rule)

    def staged(self, development: Development) -> str:
        """The name of the stage that a development has reached."""
        return self.wording.stage(development.stage, self.language, development.type)

    def places(self, development: Development) -> tuple[str, ...]:
        """Names of the places where it happened, as far as reports name them."""
        return tuple(dict.fromkeys(self.wording.concept(place, self.language) for place in development.places))

    def date_of(self, development: Development) -> NamedDate | None:
        """The named date that belongs to a development: when a plan is for, or when a measure starts. None if no date is surely its own,
        or if it was a plan for a day that is over."""
        return None if self.spent(development) else self._date_of(development)

    def _date_of(self, development: Development) -> NamedDate | None:
        if development.stage in _OPEN or (development.type in PLANS and development.stage not in _OVER):
            kind = "next"
        elif development.stage in DECIDED and development.type not in TALKS:
            kind = "effective"
        else:
            return None
        today = printed.local_day(self.now, self.timezone)
        fits = [found for found in self.story.dates if found.kind == kind and found.belongs_to(development.type)]
        return min(fits, key=lambda found: (found.last < today, found.first), default=None)

    def spent(self, development: Development) -> bool:
        """True for a plan whose day is over: what came of it is told by other developments."""
        is_plan = development.type in PLANS or (development.type in TALKS and development.stage in _OPEN)
        found = self._date_of(development) if is_plan else None
        return found is not None and found.last < printed.local_day(self.now, self.timezone)

    def as_of_today(self, development: Development) -> Development:
        """A measure that a report calls in force, although the day it names for the start is still to come, is announced so far."""
        found = self.date_of(development) if development.stage == "in-force" else None
        ahead = found is not None and found.first > printed.local_day(self.now, self.timezone)
        return replace(development, stage="announced") if ahead else development

    def says_itself(self, development: Development) -> bool:
        """True if the development's name says its stage: a plan is arranged, a tariff lowered is a tariff lifted."""
        undone = development.type in UNDOINGS and development.stage == "reversed"
        return undone or development.stage in _SAID or (development.type in PLANS and development.stage in _OPEN)

    def first_date(self) -> NamedDate | None:
        """The date to name where there is room for one: the soonest that is not over, else the day on which something began."""
        today = printed.local_day(self.now, self.timezone)
        ours = [found for found in self.story.dates if found.belongs_to(self.developments[0].type)]
        told = [found for found in ours if found.last >= today or found.kind == "effective"]
        return min(told, key=lambda found: (found.last < today, found.first, found.last), default=None)

    def in_short(self) -> str:
        """What happened, and what did not: at most 60 words (180 signs in Japanese)."""
        told = list(dict.fromkeys((self._place(one), self._told(one)) for one in self.developments[:3]))
        negative = self.not_yet()
        gap = self.say("sentence.gap")
        while len(told) > 1 and not self._fits(gap.join([*self._placed(told), negative])):
            told.pop()
        return gap.join([*self._placed(told), negative]).strip()

    def what_happened(self) -> str:
        """The main matter in one sentence."""
        return self._placed([(self._place(self.developments[0]), self._told(self.developments[0]))])[0]

    def _placed(self, told: Sequence[tuple[str, str]]) -> list[str]:
        """Put the place before the sentences, once where several are of one: "United States: a duty is lifted. A court ruled."."""
        before, sentences = "", []
        for place, sentence in told:
            sentences.append(place + self.say("colon") + uncapital(sentence) if place not in ("", before) else sentence)
            before = place or before
        return sentences

    def not_yet(self) -> str:
        """What the reports do not say: the sentence that calms or warns. Filled from stage and dates only."""
        lead = self.developments[0]
        keys = []
        if all(development.type in TALKS for development in self.developments):
            keys.append("not.talk")
        elif lead.stage in {"mooted", "arranging", "proposed", "suspended", "denied"}:
            keys.append(f"not.{lead.stage}")
        elif lead.stage in {"announced", "adopted"} and lead.polarity != "neutral" and self.date_of(lead) is None:
            keys.append("not.no_date")
        return self.say("sentence.gap").join(self.say(key) for key in keys)

    def key_points(self) -> tuple[str, ...]:
        """Three to five facts, each from a field: stages, dates, who reported first, who is official, how many reports."""
        points = []
        for development in self.developments[:2]:
            if (development.type in TALKS and development.stage in DECIDED) or (
                development.type in UNDOINGS and self.says_itself(development)
            ):
                continue  # the sentence in short says it: they met, they spoke, it was lifted
            points.append(self.say("point.development", name=self.name(development), stage=self.staged(development)))
        found = self.first_date()
        points.append(self.say(f"point.date.{found.kind}", when=self.when(found)) if found else self.say("point.no_date"))
        points.append(self.first_point())
        official = next((report for report in self.story.reports if report.kind == "official"), None)
        if official:
            points.append(self.say("point.official", outlet=official.outlet))
        if len(points) < MOST_POINTS:
            points.append(self.reports_point())
        return tuple(points[:MOST_POINTS])

    def first_point(self) -> str:
        """Who told it first, and when."""
        first = min(self.story.reports, key=lambda report: report.published)
        return self.say("point.first", outlet=first.outlet, time=printed.time(first.published, self.timezone, self.language))

    def reports_point(self) -> str:
        """How many reports, by how many publishers."""
        publishers = self.say("publishers", n=len(publishers_of(self.story.reports)))
        return self.say("point.reports", n=len(self.story.reports), publishers=publishers)

    def when(self, found: NamedDate) -> str:
        """A window with the days that it stands for: "spring 2026 (1 Mar 2026 to 31 May 2026)"."""
        exact = printed.exact_window(found.first, found.last, self.language)
        short = printed.window(found.first, found.last, self.language)
        return short + self.say("when", when=exact) if exact else short

    def news(self, updates: Sequence[Update], *, level: Level, sectors: Collection[str]) -> str:
        """What is new since the last mail; empty for a new story. `level` and `sectors` are those that the story has for these readers."""
        kinds = [kind for update in updates if update.material for kind in _kinds(update, sectors)]
        if "new" in kinds and not {"correction", "withdrawal"} & set(kinds):
            return ""
        lead = next((one for one in self.developments if one.type in moved_on(updates)), self.developments[0])
        held = lead.type in TALKS and lead.stage in DECIDED  # "announced" says nothing of a meeting that took place
        stage = self.name(lead)
        if not held:
            stage = self.say("title.stage", name=stage, stage=self.staged(lead))
        found = self._new_date(updates) or self.first_date()
        lines = {
            "correction": self.say("news.correction"),
            "withdrawal": self.say("news.withdrawal"),
            "stage": self.say("news.stage", stage=stage),
            "level": self.say("news.level", level=self.wording.level(level, self.language), sectors=self._risen(updates, sectors)),
            "date": self.say("news.date", when=self.when(found)) if found else self.say("news.date.bare"),
        }
        return self.say("sentence.gap").join(line for kind, line in lines.items() if kind in kinds)

    def _risen(self, updates: Sequence[Update], sectors: Collection[str]) -> str:
        """The sectors of these readers in which the level rose."""
        risen = [fact[1] for update in updates for fact in _facts(update) if fact[0] == "level" and fact[1] in sectors]
        return listed(self.language, [self.wording.sector(sector, self.language) for sector in dict.fromkeys(risen)])

    def _new_date(self, updates: Sequence[Update]) -> NamedDate | None:
        """The date that the updates brought, which is not always the soonest of the story."""
        named = {fact[1] for update in updates for fact in _facts(update) if fact[0] == "date"}
        return next((found for found in self.story.dates if found.first.isoformat() in named), None)

    def _told(self, development: Development) -> str:
        found = self.date_of(development)
        when = self.say(f"when.{found.kind}", when=printed.window(found.first, found.last, self.language)) if found else ""
        actors = development.actors or self.story.actors
        names = listed(self.language, [self.wording.actor(actor, self.language) for actor in actors])
        text = capital(
            self.wording.told(development.type, development.stage, self.language, rule=development.rule, actors=names, when=when)
        )
        if not self._falls_short(development):
            return text
        who = names + self.say("colon") if names else ""
        return self.say("told.over", who=who, name=self.name(development), stage=self.staged(development))

    def _falls_short(self, development: Development) -> bool:
        """True of what was denied, suspended or withdrawn and has only sentences that would tell it as if it stood."""
        over = development.stage in _OVER and not self.says_itself(development)
        return over and not self.wording.tells(development.type, development.stage, development.rule)

    def _place(self, development: Development) -> str:
        """Whose matter a development is, where its sentence does not say so: those that a report named, not those that the rule supposes.

        A court or a central bank is one country's: where several are named it is not known whose, so none is noted.
        """
        if places := self.places(development):
            return some_of(self.language, places)
        stage = development.stage
        if self._falls_short(development) or not self.wording.has_place(development.type, stage, self.language, development.rule):
            return ""
        actors = development.actors or self.story.actors
        named = [actor for actor in actors if actor not in self.wording.supposed(development.rule)] or list(actors)
        if development.type in ONE_COUNTRYS and len(named) > 1:
            return ""
        return self.say("list.comma").join(label(self.wording.actor(actor, self.language)) for actor in named)

    def _fits(self, text: str) -> bool:
        return signs(text) <= IN_SHORT_SIGNS if self.language == "ja" else len(text.split()) <= IN_SHORT_WORDS


def moved_on(updates: Sequence[Update]) -> frozenset[str]:
    """The types of development that a story moved on by since readers heard of it, or since it began if that is days ago."""
    began = max((update.at for update in updates if update.kind == "new"), default=None)
    later = [update for update in updates if began is None or update.at - began > DAYS_AGO]
    return frozenset(fact[1] for update in later for fact in _facts(update) if fact[0] == "stage")


def _facts(update: Update) -> list[list[str]]:
    """What a note says, in words: `["stage", "visit-arranged", "announced"]`, `["date", "2026-03-19"]`."""
    return [fact.split() for fact in update.note.split("; ") if fact]


def _kinds(update: Update, sectors: Collection[str]) -> list[str]:
    """What an update is to readers of some sectors: a level that rose only elsewhere is no news to them, a date named with it is."""
    facts = _facts(update)
    risen = {fact[1] for fact in facts if fact[0] == "level"}
    if update.kind != "level" or not risen:
        return [update.kind]
    dated = ["date"] if any(fact[0] == "date" for fact in facts) else []
    return [*(["level"] if risen.intersection(sectors) else []), *dated]


def capital(text: str) -> str:
    """Open with a capital letter."""
    return text[:1].upper() + text[1:]


def uncapital(text: str) -> str:
    """Open with a small letter, but leave a name in capitals as it is: "US", "AI"."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def label(name: str) -> str:
    """A name without the article that it has in a sentence: "the United States" → "United States"."""
    return name.removeprefix("the ")


def publishers_of(reports: Sequence[Report]) -> tuple[str, ...]:
    """Outlets, each once, official ones first, then in the order of publication."""
    ordered = sorted(reports, key=lambda report: (report.kind != "official", report.published))
    return tuple(dict.fromkeys(report.outlet for report in ordered))


def signs(text: str) -> int:
    """Length of a text in characters as a reader counts them: composed."""
    return len(unicodedata.normalize("NFC", text))


def shortened(text: str, limit: int) -> str:
    """Cut a text to a number of signs, with an ellipsis that counts; at a space where one is near."""
    text = unicodedata.normalize("NFC", text)
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > limit * 2 // 3 else cut).rstrip(" ,;:、。") + "…"
