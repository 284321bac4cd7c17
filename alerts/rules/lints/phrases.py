"""Phrases that nobody meant as phrases: names without their `$`, and several terms written as one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import yaml

from alerts.rules.compile import RuleSet
from alerts.rules.lints.finding import Finding, Places, at_line
from alerts.yamlfile import Document

_NOT_PHRASES = frozenset({"re", "source", "language", "kind"})
"""Keys whose values are no phrases: an expression may hold a dollar sign."""
_DOLLAR = re.compile(r"[$＄]")
_BETWEEN = re.compile("[、，]|, ")
_SEVERAL = 3
"""Parts from which on a term is a list of terms: two may be one phrase (*gas, mineral deals*)."""


def meant_otherwise(rules: RuleSet, places: Places, _: date) -> Iterator[Finding]:
    """Find phrases in conditions that are the id of a concept or hold its sign, and terms that hold several."""
    words = {name for name, spec in rules.lexicon.specs.items() if any(term.term.casefold() == name for term in (*spec.en, *spec.ja))}
    names = {name for name in (*rules.lexicon.specs, *rules.conditions) if "-" in name} - words
    for document in places.documents().values():
        for node in _phrases(document):
            text = str(node.value)
            if text in names:
                yield _at(document, node, f"{text!r} is looked for as words; ${text} is what stands for it")
            elif _DOLLAR.search(text, 1) or text.startswith("＄"):
                yield _at(document, node, f"{text!r} is one phrase, looked for with its sign; $name stands alone, in ASCII")
        for node in _terms(document):
            if sum(bool(part.strip()) for part in _BETWEEN.split(node.value)) >= _SEVERAL:
                yield _at(document, node, f"{node.value!r} is one term; put each on its own: [first, second]")


def _at(document: Document, node: yaml.ScalarNode, message: str) -> Finding:
    return at_line(document.name, node.start_mark.line + 1, node.start_mark.column + 1, "L17", message)


def _phrases(document: Document) -> Iterator[yaml.ScalarNode]:
    """Yield the phrases and names in the conditions of a file of rules, or of shared conditions."""
    if not document.name.startswith("rules/") and document.name != "conditions.yaml":
        return
    items = document.node.value if document.node is not None else []
    for item in items:
        spec = item[1] if isinstance(item, tuple) else item
        for key, value in spec.value if isinstance(spec, yaml.MappingNode) else ():
            if key.value == "when":
                yield from _below(value)


def _terms(document: Document) -> Iterator[yaml.ScalarNode]:
    """Yield the terms of a lexicon file that are written as plain texts."""
    if document.name.startswith("lexicon/") and isinstance(document.node, yaml.MappingNode):
        for _, concept in document.node.value:
            for key, value in concept.value if isinstance(concept, yaml.MappingNode) else ():
                if key.value in {"en", "ja"} and isinstance(value, yaml.SequenceNode):
                    yield from (each for each in value.value if isinstance(each, yaml.ScalarNode))


def _below(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        for each in node.value:
            yield from _below(each)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value not in _NOT_PHRASES:
                yield from _below(value)
