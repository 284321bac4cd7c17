"""A finding, and what each code means. Codes are stable: CI and suppressions name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from alerts.rules.compile import RuleSet
from alerts.rules.configuration import shape_of
from alerts.yamlfile import Document, parse

Severity = Literal["warning", "info"]


@dataclass(frozen=True, slots=True)
class Code:
    """What a code means: in short, and what to do."""

    level: Severity
    title: str
    text: str


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One unwise thing: where (line and column count from 1), which code, and what about it."""

    file: str
    line: int
    column: int
    code: str
    message: str
    level: Severity

    @property
    def place(self) -> str:
        """`file:line:column`, as editors understand it."""
        return f"{self.file}:{self.line}:{self.column}"


CODES: Mapping[str, Code] = {
    "L01": Code(
        "info",
        "rule without tests",
        "A rule needs at least one headline that it must match and one that it must ignore: the second is what catches false alarms.",
    ),
    "L02": Code("warning", "review date has passed", "review_by has passed. Read the rule again, then move the date."),
    "L03": Code("info", "name is not used", "No rule, stage or other concept uses this name. Use it, or remove it."),
    "L04": Code(
        "info",
        "rule is looked at for every entry",
        "The rule can hold without any word of the lexicon (a bare re, language or source), so it costs time for every entry. A few of "
        "these do no harm; add a concept or a phrase where you can.",
    ),
    "L05": Code(
        "info",
        "leader outside dates",
        "A leader's time in office has ended or has no beginning, or a role has nobody in office. Ended roles stay useful for old "
        "entries; add the successor.",
    ),
    "L06": Code(
        "warning",
        "term stands in many words",
        "A term of one Latin letter or one kanji is found in many words. Give it an edge, near: or after:.",
    ),
    "L07": Code(
        "info",
        "sentence in one language only",
        "A sentence or a name is missing in one of the readers' languages; they will read English.",
    ),
    "L08": Code(
        "warning",
        "rule is shadowed",
        "Another rule of the same development matches every text that this rule must match, and tells it no less exactly: same stage, "
        "polarity, actors and levels, or higher ones. Remove this rule, or give it a text that only it matches.",
    ),
    "L09": Code("info", "development without a rule", "No rule tells of this development; it can never be found."),
    "L10": Code(
        "warning",
        "key without effect",
        "yields_to names the rule's own development, despite: any hides single ids, or a discard rule says how to tell: remove it. "
        "A placed development needs concepts of kind: place.",
    ),
    "L11": Code(
        "warning",
        "rule can never hold",
        "What the rule asks for contradicts itself, or rests on a concept that no text can mention. It will never tell of anything.",
    ),
    "L12": Code(
        "warning",
        "term matches too much",
        "A term of a cue stands in a large part of the stored entries, so that it tells hardly anything. Make it longer, or give it "
        "near:, an edge or reject phrases.",
    ),
    "L13": Code(
        "warning",
        "rule fires too often",
        "A rule fires on a large part of the stored entries. News that comes all day is background: narrow the rule.",
    ),
    "L14": Code(
        "warning",
        "other tools read this word as true or false",
        "Here NO is the text NO (YAML 1.2), but tools that read YAML 1.1 take it for false, and 1:30 for a number. Put it in quotes.",
    ),
    "L15": Code(
        "warning",
        "file that nothing reads",
        "A YAML file in the configuration directory that is none of ours: rules are read from rules/*.yaml, concepts from lexicon/*.yaml, "
        "cases from tests/*.yaml, and no folders inside these. Move it, rename it, or give it another ending.",
    ),
    "L16": Code(
        "warning",
        "feed that is not there",
        "source: {id: …} names a feed that feeds.yaml does not have, so that part of the rule never holds. Correct the id, or remove it.",
    ),
    "L17": Code(
        "warning",
        "phrase that is meant otherwise",
        "The name of a concept or condition without its $ is looked for as words, $name inside a longer text with its sign, and terms with "
        "commas between them as one long term. Write $name alone, and each term as an item of the list.",
    ),
    "L18": Code(
        "warning",
        "code that stands for nothing",
        "No language has this code (ISO 639-1), or no actor of the lexicon has that of the country, so what asks for it never holds. "
        "Correct it, or add the actor.",
    ),
    "L19": Code(
        "info",
        "silence that is over",
        "The until: of a silence in silences.yaml has passed, so it mutes nothing any more. Remove it, or, if it is still needed, give it "
        "a later one.",
    ),
}


class Places:
    """Knows where concepts, developments and rules stand. The files are parsed when they are first asked for."""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        self._documents: dict[str, Document] | None = None

    def documents(self) -> Mapping[str, Document]:
        """Return the parsed files by name."""
        if self._documents is None:
            parsed = {name: parse(name, text, []) for name, text in self._rules.files.items() if shape_of(name)}
            self._documents = {name: document for name, document in parsed.items() if document is not None}
        return self._documents

    def concept(self, name: str, code: str, message: str) -> Finding:
        """Make a finding at a concept."""
        for document in self.documents().values():
            if document.name.startswith("lexicon/") and name in (document.data or {}):
                return _at(document, (name,), code, message, key=True)
        return _find("lexicon", 1, 1, code, message)

    def condition(self, name: str, code: str, message: str) -> Finding:
        """Make a finding at a shared condition."""
        return _at(self.documents()["conditions.yaml"], (name,), code, message, key=True)

    def development(self, name: str, code: str, message: str) -> Finding:
        """Make a finding at a development."""
        return self._of("developments.yaml", name, code, message)

    def rule(self, name: str, code: str, message: str) -> Finding:
        """Make a finding at a rule."""
        return self._of(self._file(name), name, code, message)

    def keys(self, name: str) -> frozenset[str]:
        """Return the keys that a rule is written with: one that was recalled from the cache does not know which of its values those are."""
        document = self.documents().get(self._file(name))
        return frozenset(key for each in (document.data if document else []) if each.get("id") == name for key in each)

    def _file(self, rule: str) -> str:
        found = self._rules.rule(rule)
        return found.place.partition(":")[0] if found else "rules"

    def _of(self, file: str, name: str, code: str, message: str) -> Finding:
        document = self.documents().get(file)
        for index, each in enumerate(document.data if document else []):
            if each.get("id") == name:
                assert document is not None
                return _at(document, (index, "id"), code, message, key=False)
        return _find(file, 1, 1, code, message)


def _at(document: Document, loc: tuple[int | str, ...], code: str, message: str, *, key: bool) -> Finding:
    return _find(document.name, *document.place(loc, key=key), code, message)


def _find(file: str, line: int, column: int, code: str, message: str) -> Finding:
    return Finding(file, line, column, code, message, CODES[code].level)


def at_line(file: str, line: int, column: int, code: str, message: str) -> Finding:
    """Make a finding at a place of a file."""
    return _find(file, line, column, code, message)
