"""The manual of the operators, from their own docstrings: the tests run every example, so what admins read is true."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from alerts.rules.compile import OPERATORS
from alerts.rules.operators import within

_EXAMPLE = re.compile(r"^ *(MATCHES|DOES NOT MATCH)(?: \[(.*)\])?: (.*)$", re.MULTILINE)
_WHEN = re.compile(r"^ *when: (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Example:
    """A text, and whether it matches. `given` says of what source and language it is, as `official JPN` or `ja`; mostly empty."""

    matches: bool
    given: str
    text: str


@dataclass(frozen=True, slots=True)
class OperatorManual:
    """What an operator does, a condition to try it with, and texts for that. `more` is what else there is to say."""

    name: str
    text: str
    when: str
    examples: tuple[Example, ...]
    more: str


def operator_manuals() -> Iterator[OperatorManual]:
    """Yield the manual of every operator, in the order of their list, then of `within`."""
    for name, parse in {**OPERATORS, "within": within.parse}.items():
        manual = inspect.cleandoc(sys.modules[parse.__module__].__doc__ or "")
        when = _WHEN.search(manual)
        examples = tuple(Example(verdict == "MATCHES", given, text) for verdict, given, text in _EXAMPLE.findall(manual))
        first, _, rest = manual.partition("\n\n")
        more = "\n".join(line for line in rest.split("\n") if not _EXAMPLE.match(line) and not _WHEN.match(line)).strip()
        text = first.partition(": ")[2]
        yield OperatorManual(name, text[:1].upper() + text[1:], when[1] if when else "", examples, more)


def as_markdown() -> str:
    """Return the manual of all operators as it stands in config/README.md."""
    return "\n".join(_section(each) for each in operator_manuals())


def _section(each: OperatorManual) -> str:
    lines = [f"### `{each.name}`", "", each.text, "", "```yaml", f"when: {each.when}", "```", ""]
    for example in each.examples:
        given = f" *({example.given})*" if example.given else ""
        lines.append(f"- {'matches' if example.matches else 'does not match'}: {example.text}{given}")
    return "\n".join([*lines, *(["", each.more] if each.more else []), ""])
