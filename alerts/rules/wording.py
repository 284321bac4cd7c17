"""The sentences of the configuration in a reader's language. Nothing here raises: what is missing falls back to English, then to the id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.rules.levels import Level
from alerts.rules.schema import ConceptSpec, DevelopmentSpec, RuleSpec, SectorSpec, StageSpec
from alerts.rules.shapes import Localised, LocalisedList

_LEVELS = {
    Level.none: Localised(en="None", ja="なし"),
    Level.info: Localised(en="Info", ja="参考"),
    Level.watch: Localised(en="Watch", ja="注視"),
    Level.prepare: Localised(en="Prepare", ja="準備"),
    Level.act: Localised(en="Act", ja="行動"),
}
_LEVEL_ACTS = {
    Level.none: Localised(en="nothing to do", ja="することはありません"),
    Level.info: Localised(en="good to know; nothing to do", ja="知っておくだけで十分です"),
    Level.watch: Localised(en="nothing changes today; keep an eye on it", ja="今日は何も変わりません。今後の動きに注意してください"),
    Level.prepare: Localised(
        en="this will cost or change something for you; make ready", ja="お金・時間・権利に影響します。準備を始めてください"
    ),
    Level.act: Localised(en="do something within days", ja="数日以内に行動が必要です"),
}


_BRACKETED = (" ({actors})", "（{actors}）")
_ON_ITS_WAY = ("mooted", "proposed", "arranging")


@dataclass(frozen=True, slots=True)
class Wording:
    """Looks sentences up by id and language (`en`, `ja`)."""

    sectors: Mapping[str, SectorSpec]
    stages: Mapping[str, StageSpec]
    developments: Mapping[str, DevelopmentSpec]
    rules: Mapping[str, RuleSpec]
    concepts: Mapping[str, ConceptSpec]

    def sector(self, sector: str, language: str) -> str:
        """Name of a sector."""
        return _say(self.sectors[sector].name, language) if sector in self.sectors else sector

    def level(self, level: Level, language: str) -> str:
        """Name of a level."""
        return _say(_LEVELS[level], language)

    def level_act(self, level: Level, language: str) -> str:
        """What the reader does at a level."""
        return _say(_LEVEL_ACTS[level], language)

    def development(self, development: str, language: str, rule: str = "") -> str:
        """Name of a kind of development; the rule's own name for it where there is one."""
        if rule in self.rules and (called := self.rules[rule].called):
            return _say(called, language)
        return _say(self.developments[development].name, language) if development in self.developments else development

    def told(self, development: str, stage: str, language: str, *, rule: str = "", actors: str = "", when: str = "") -> str:
        """What happened, in one plain sentence; `actors` and `when` (" in spring 2026") are put where the sentence asks for them.

        The rule's own sentence comes first, unless only the development has one for the stage.

        Actors in brackets are only a note of place (`has_place`) and are left out.
        """
        if development not in self.developments:
            return development
        sentence = self._sentence(development, stage, language, rule)
        for bracketed in _BRACKETED:
            sentence = sentence.replace(bracketed, "")
        return " ".join(sentence.replace("{actors}", actors).replace("{when}", when).split())

    def tells(self, development: str, stage: str, rule: str = "") -> bool:
        """True if there is a sentence for this very stage."""
        own: Mapping[str, Localised] = self.rules[rule].told if rule in self.rules else {}
        return stage in own or (development in self.developments and stage in self.developments[development].told)

    def has_place(self, development: str, stage: str, language: str, rule: str = "") -> bool:
        """True if the sentence does not name the actors itself, so that they have to stand before it."""
        known = development in self.developments
        return known and any(bracketed in self._sentence(development, stage, language, rule) for bracketed in _BRACKETED)

    def why(self, rule: str, development: str, sector: str, language: str) -> str:
        """Why it matters to a sector: the rule's own words, else the development's; empty if there are none."""
        for texts in (self.rules[rule].why if rule in self.rules else {}, self._spec_why(development)):
            if sector in texts:
                return _say(texts[sector], language)
        return ""

    def act(self, rule: str, development: str, sector: str, language: str) -> tuple[str, ...]:
        """What a reader of a sector can do: the rule's own words, else the development's, each for the sector or for any."""
        own: Mapping[str, LocalisedList] = self.rules[rule].act if rule in self.rules else {}
        general = self.developments[development].act if development in self.developments else {}
        for texts in (own, general):
            for key in (sector, "any"):
                if key in texts:
                    return tuple(getattr(texts[key], language, None) or texts[key].en)
        return ()

    def watch(self, development: str, language: str, *, settled: bool = False) -> str:
        """What would make the next mail; empty for an unknown development. `settled`: it is decided, and its start known."""
        if development not in self.developments:
            return ""
        spec = self.developments[development]
        return _say((spec.watch_settled if settled else None) or spec.watch, language)

    def stage(self, stage: str, language: str, development: str = "") -> str:
        """Name of a stage; the development's own for it where there is one."""
        if development in self.developments and (named := self.developments[development].stages.get(stage)):
            return _say(named, language)
        return _say(self.stages[stage].name, language) if stage in self.stages else stage

    def actor(self, actor: str, language: str) -> str:
        """Name of an actor by its code."""
        for spec in self.concepts.values():
            if spec.actor == actor and spec.name:
                return _say(spec.name, language)
        return actor

    def actor_of(self, concept: str) -> str:
        """The code of the actor that a concept is, or speaks for as its institution; empty for any other."""
        spec = self.concepts.get(concept)
        return (spec.actor or spec.of or "") if spec else ""

    def rule_title(self, rule: str, language: str) -> str:
        """Title of a rule; in English if its author gave none in the language."""
        return _say(self.rules[rule].title, language) if rule in self.rules else rule

    def supposed(self, rule: str) -> tuple[str, ...]:
        """The actors that a rule adds although no text names them."""
        return tuple(self.rules[rule].actors) if rule in self.rules else ()

    def concept(self, concept: str, language: str) -> str:
        """Name of a concept: its own, else its id in words."""
        spec = self.concepts.get(concept)
        return _say(spec.name, language) if spec and spec.name else concept.lstrip("~").replace("-", " ")

    def _sentence(self, development: str, stage: str, language: str, rule: str) -> str:
        own: Mapping[str, Localised] = self.rules[rule].told if rule in self.rules else {}
        general = self.developments[development].told
        # What is only on its way must not be told as done, for want of a sentence of its very stage.
        stages = (stage, *(each for each in _ON_ITS_WAY if stage in _ON_ITS_WAY))
        exact = (texts[each] for each in stages for texts in (own, general) if each in texts)
        return _say(next(exact, None) or own.get("default") or general["default"], language)

    def _spec_why(self, development: str) -> Mapping[str, Localised]:
        return self.developments[development].why if development in self.developments else {}


def _say(text: Localised, language: str) -> str:
    return getattr(text, language, "") or text.en
