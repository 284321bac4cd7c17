"""Words that are text here and something else to tools that read YAML 1.1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import yaml

from alerts.rules.compile import RuleSet
from alerts.rules.lints.finding import Finding, Places, at_line

_OTHERWISE = re.compile(
    r"(?:y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF)|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+|0[0-7_]+|[0-9]+(?:_[0-9]+)+"
)


_OUR_KEYS = frozenset({"n"})
"""Keys of ours among them: `at_least: {n: 2, …}`. Nobody can write these otherwise, and no other tool reads our operators."""


def unquoted(_rules: RuleSet, places: Places, _: date) -> Iterator[Finding]:
    """Find plain scalars that YAML 1.1 reads as a truth value or a number."""
    for document in places.documents().values():
        for node in _scalars(document.node):
            if not node.style and _OTHERWISE.fullmatch(node.value):
                mark = node.start_mark
                yield at_line(
                    document.name,
                    mark.line + 1,
                    mark.column + 1,
                    "L14",
                    f"put {node.value!r} in quotes: other tools do not read it as text",
                )


def _scalars(root: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    waiting, seen = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if node is None or id(node) in seen:  # an alias: seen where it was written out
            continue
        seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            yield node
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            waiting += [value for _, value in node.value]
            waiting += [key for key, _ in node.value if key.value not in _OUR_KEYS]
