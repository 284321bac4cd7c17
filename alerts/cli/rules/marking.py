"""Texts with the words that counted marked in them."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from alerts.rules.assessment import Evidence, Field


def marked(console: Console, text: str, field: Field, evidence: Iterable[Evidence]) -> Text:
    """Return a title or summary with its evidence marked: in colour on a terminal, in ⟦brackets⟧ elsewhere."""
    spans = _joined(sorted({(each.start, each.end) for each in evidence if each.field == field}))
    made, last = Text(), 0
    for start, end in spans:
        made.append(text[last:start])
        if console.is_terminal and not console.no_color:
            made.append(text[start:end], style="bold black on yellow")
        else:
            made.append(f"⟦{text[start:end]}⟧")
        last = end
    return made.append(text[last:])


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Put together what overlaps or touches."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined
