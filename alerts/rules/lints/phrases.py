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
    ids = rules.lexicon.ids
    words = {pattern.text for pattern, meanings in rules.lexicon.patterns if any(ids[each.concept][0] != "~" for each in meanings)}
    names = {name for name in (*rules.lexicon.specs, *rules.conditions) if "-" in name} - words
    for document in places.documents().values():
        for node in _phrases(document):
            text = str(node.value)
            if text in names:
                yield _at(document, node, f"{text!r} is looked for as words; ${text} is what stands for it")
            elif _DOLLAR.search(text, 1) or text.startswith("＄"):
                yield _at(document, node, f"{text!r} is one phrase, looked for with its sign; $name stands alone, in ASCII")
            elif _several(text):
                yield _at(document, node, f"{text!r} is one phrase; put each on its own: {{any: [first, second]}}")
        for node in _terms(document):
            if _several(node.value):
                yield _at(document, node, f"{node.value!r} is one term; put each on its own: [first, second]")


def _several(text: str) -> bool:
    return sum(bool(part.strip()) for part in _BETWEEN.split(text)) >= _SEVERAL


def _at(document: Document, node: yaml.ScalarNode, message: str) -> Finding:
    return at_line(document.name, node.start_mark.line + 1, node.start_mark.column + 1, "L17", message)


def _phrases(document: Document) -> Iterator[yaml.ScalarNode]:
    """Yield the phrases and names in the conditions of a file of rules or developments, or of shared conditions."""
    if document.name.startswith("rules/") or document.name in {"conditions.yaml", "developments.yaml"}:
        for item in document.node.value if document.node is not None else ():
            yield from _asked(item[1] if isinstance(item, tuple) else item)


def _asked(spec: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """Yield what a rule, a shared condition or a size asks for, and what the sizes of a rule or development do."""
    for key, value in spec.value if isinstance(spec, yaml.MappingNode) else ():
        if key.value == "when":
            yield from _below(value)
        elif key.value == "sizes" and isinstance(value, yaml.SequenceNode):
            for size in value.value:
                yield from _asked(size)


def _terms(document: Document) -> Iterator[yaml.ScalarNode]:
    """Yield the terms of a lexicon file, also those of `reject` and those written as mappings."""
    if document.name.startswith("lexicon/") and isinstance(document.node, yaml.MappingNode):
        for _, concept in document.node.value:
            yield from _listed(concept)


def _listed(spec: yaml.Node) -> Iterator[yaml.ScalarNode]:
    for key, value in spec.value if isinstance(spec, yaml.MappingNode) else ():
        if key.value == "reject":
            yield from _listed(value)
        elif key.value in {"en", "ja"} and isinstance(value, yaml.SequenceNode):
            for item in value.value:
                written = [item] if not isinstance(item, yaml.MappingNode) else [each for name, each in item.value if name.value == "term"]
                yield from (each for each in written if isinstance(each, yaml.ScalarNode))


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
