"""The shapes of the configuration: what an admin may write, key by key. JSON Schema for editors is made from these models.

`config/sectors.yaml` list[SectorSpec] · `stages.yaml` list[StageSpec] · `developments.yaml` list[DevelopmentSpec] ·
`lexicon/*.yaml` dict[id, ConceptSpec] · `conditions.yaml` dict[id, ConditionSpec] · `rules/*.yaml` list[RuleSpec] ·
`tests/*.yaml` list[CaseSpec].
Conditions (`when:`) are read by the operators (`alerts.rules.compile`), which know the lexicon.
"""

# ruff: noqa: RUF012 - pydantic copies the defaults of its fields

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, field_validator

from alerts.iso import Country, Language, TimeZone
from alerts.rules.assessment import Polarity, Stage
from alerts.rules.shapes import (
    ActorType,
    Code,
    Condition,
    Edge,
    Flag,
    Id,
    Kind,
    LevelName,
    Localised,
    LocalisedList,
    OneOrMany,
    Shape,
    Shorthand,
    SizeName,
    Title,
    Told,
    Words,
)


class TermSpec(Shorthand):
    """One term; a mapping where it has conditions of its own."""

    _short = "term"

    term: Words
    edge: Edge | None = Field(None, description="What must not touch it (Japanese): kanji, katakana, or word = either, or Latin letters")
    near: Annotated[list[str], OneOrMany()] = Field([], description="Words or $concepts of which one must stand in the same sentence")
    after: Annotated[list[str], OneOrMany()] = Field([], description="Texts of which one must follow at once, such as 大統領")


class Terms(Shape):
    """Terms in both languages."""

    en: list[TermSpec] = []
    ja: list[TermSpec] = []


class Reject(Shape):
    """Phrases that hide what they cover."""

    en: list[Words] = []
    ja: list[Words] = []


class Cues(Terms):
    """Terms and what hides them."""

    reject: Reject = Reject()


class LeaderSpec(Shape):
    """Somebody who speaks for an actor, from and to a date (both included); outside it a former leader, whose words are no state action."""

    en: Words
    ja: Words
    aliases: list[TermSpec] = []
    role: Id = Field(description="Counts as a mention of the concept of this id, if there is one")
    from_: date | None = Field(None, alias="from")
    to: date | None = None


class ConceptSpec(Shape):
    """A named bilingual list of terms.

    Kinds: actor (acts or is acted on), institution (speaks for an actor), subject (what or whose office news is about),
    cue (what happened), context (helps to understand), place (a part of the readers' country, printed where a mail says where something
    happened), mask (hides every concept it covers).
    """

    kind: Kind
    name: Localised | None = Field(None, description="As printed in mails")
    note: str = ""
    en: list[TermSpec] = []
    ja: list[TermSpec] = []
    edge: Edge = Field("none", description="Default of the Japanese terms")
    reject: Reject = Reject()
    includes: list[Id] = Field([], description="Concepts whose mentions count as mentions of this one")
    actor: Code | None = Field(None, description="kind actor: its code")
    type: ActorType = "state"
    kanji: Annotated[list[str], OneOrMany()] = Field(
        [], description="kind actor: its one-kanji names; found in compounds only: 日米首脳, 訪米, 米政府"
    )
    members: list[Code] = Field(
        [], description="kind actor: whose mention this is as well (the Quad is Japan, the US, India and Australia)"
    )
    neighbours: list[Code] = Field([], description="kind actor: where an event is near for somebody who lives here")
    partners: list[Code] = Field([], description="kind actor: countries that its residents come from or look to; offered first in forms")
    languages: list[str] = Field([], description="kind actor: a text in it that names no other actor speaks of this one")
    timezone: TimeZone | None = Field(
        None, description="kind actor: the zone by whose days its press counts (tomorrow, 8日); without one UTC", examples=["Asia/Tokyo"]
    )
    implied_by: list[Id] = Field(
        [],
        description="kind actor: concepts (government, prime-minister) that mean it in its own press, if no other actor stands beside",
    )
    leaders: list[LeaderSpec] = []
    of: Code | None = Field(None, description="kind institution: the actor it speaks for")
    official: Flag = Field(False, description="kind institution: its own word is official")


class SectorSpec(Shape):
    """A part of an expat's life."""

    id: Id
    name: Localised
    about: Localised


class StageSpec(Shape):
    """How far a development has got."""

    id: Stage
    name: Localised
    shift: int = Field(ge=-4, le=4, description="Effect on the level")
    shift_for: dict[Id, int] = Field({}, description="Exceptions by development")
    rank: int = Field(description="How far it has got; of the stages asserted near the evidence the highest counts")
    hedge: Flag = Field(False, description="It takes back what stands beside it: in 'may announce' nothing is announced")
    opposite: Flag = Field(False, description="The development is undone: tightening becomes easing")
    ceiling: LevelName = Field("act", description="The highest level at this stage")
    cues: Cues = Cues()


class SizeSpec(Shape):
    """When something is larger or smaller than usual."""

    size: SizeName
    when: Condition
    reason: str = ""


class DevelopmentSpec(Shape):
    """A kind of thing that happens, with its usual effect on each sector and its sentences."""

    id: Id
    name: Localised
    family: Id = Field(description="Stories join within a family")
    tier: Literal[1, 2] = 1
    definition: str
    ceiling: LevelName
    polarity: Polarity = "neutral"
    impact: dict[Id, LevelName] = Field(min_length=1)
    nationality: Flag = Field(False, description="Only for readers of the nationality, or who follow the country")
    placed: Flag = Field(False, description="It happens somewhere: mails say in which of the places (kind: place) that reports name")
    undated: Flag = Field(False, description="It is told once it has happened: a day that is named beside it is that of something else")
    clock: Flag = Field(False, description="Readers must do something by the date: within 30 days the level rises by one")
    sizes: list[SizeSpec] = []
    stages: dict[str, Localised] = Field({}, description="Names of stages where the usual one does not fit: a typhoon is not in force")
    told: dict[str, Told]
    why: dict[Id, Localised]
    act: dict[Id, LocalisedList] = Field({}, description="By sector; `any` for whatever sector")
    watch: Localised = Field(description="Completes: We will write again if …")
    watch_settled: Localised | None = Field(None, description="The same once it is decided and its start is known")

    @field_validator("told")
    @classmethod
    def _has_default(cls, told: dict[str, Told]) -> dict[str, Told]:
        if "default" not in told:
            raise ValueError("needs a sentence under 'default'")
        return told


class ConditionSpec(Shape):
    """A condition that several rules share; they call it as `$id`, as they call a concept."""

    when: Condition
    note: str = ""


class InlineTests(Shape):
    """Headlines that the rule must match, and headlines that it must not."""

    match: list[CaseText] = []
    ignore: list[CaseText] = []


class CaseText(Shorthand):
    """A text to test with; a mapping where more than a match is expected."""

    _short = "title"

    title: str
    summary: str = ""
    language: Language | None = None
    source: Literal["official", "press", "aggregator"] = "press"
    country: Country = ""
    published: date | None = None
    stage: Stage | None = None
    polarity: Polarity | None = None
    actors: list[Code] | None = None
    places: list[Id] | None = Field(None, description="Where it is told to have happened, concepts of kind: place; []: nowhere")
    sectors: dict[Id, LevelName] | None = Field(None, description="Sectors to be found at exactly this level; others are free")


class CaseSpec(CaseText):
    """One line of `config/tests/*.yaml`: an entry and the developments that all rules together must find in it."""

    developments: list[Id] = Field([], description="Exactly these; none: the entry is irrelevant")
    note: str = ""


class RuleSpec(Shape):
    """Conditions, and the development that they tell of. `kind: discard` makes an entry irrelevant instead (sport, opinion, history)."""

    id: Id
    title: Title = Field(description="As printed in mails: English alone, or {en: …, ja: …}")
    kind: Literal["development", "discard"] = "development"
    development: Id | None = None
    when: Condition
    despite: Annotated[list[Id], OneOrMany()] = Field([], description="Discard rules that do not stop it; `any`: none does")
    yields_to: Annotated[list[Id], OneOrMany()] = Field(
        [], description="Developments that tell it better: if one is found too, this rule is left out"
    )
    stage: Stage | None = Field(None, description="Fixes the stage")
    polarity: Polarity | None = None
    actors: list[Code] = Field([], description="Actors even if the text does not name them")
    actors_from: Literal["evidence", "title", "entry", "rule"] = Field(
        "evidence",
        description="Where actors are looked for: sentences with evidence and the title; the title; the whole entry; "
        "`rule`: nowhere, they are those of `actors`, whoever else is named beside a typhoon",
    )
    levels: dict[Id, LevelName] = Field({}, description="What differs from the development's impact")
    ceiling: LevelName | None = None
    clock: Flag | None = None
    placed: Flag | None = Field(
        None, description="Whether it happens in one of the places, where it differs from the development: people who are flown home do not"
    )
    sizes: list[SizeSpec] = []
    strand: Id | None = Field(
        None,
        description="Reports of one development in different strands are never one story: quake, weather. "
        "`country`: whatever countries it names are the strands",
    )
    one_a_day: Flag = Field(
        False,
        description="Reports within a day of the first are one story, however they are worded, and of all rules for the development "
        "that say so: North Korea's missiles, a decision of the Bank of Japan",
    )
    called: Localised | None = Field(None, description="Its name in titles where it is more exact than the development's: Typhoon")
    told: dict[str, Told] = Field({}, description="What happened, by stage or `default`, where more exact than the development's")
    why: dict[Id, Localised] = {}
    act: dict[Id, LocalisedList] = {}
    review_by: date | None = None
    note: str = ""
    tests: InlineTests = InlineTests()


InlineTests.model_rebuild()
RuleSpec.model_rebuild()

SECTORS = TypeAdapter(list[SectorSpec])
STAGES = TypeAdapter(list[StageSpec])
DEVELOPMENTS = TypeAdapter(list[DevelopmentSpec])
LEXICON = TypeAdapter(dict[Id, ConceptSpec])
CONDITIONS = TypeAdapter(dict[Id, ConditionSpec])
RULES = TypeAdapter(list[RuleSpec])
CASES = TypeAdapter(list[CaseSpec])
