"""`re`: a regular expression finds something in the span. RE2 syntax, linear time, no back-references; on the NFKC text, any case.

    when: {all: [tariff], re: '\\b[2-9][0-9]( percent|%)'}
    MATCHES: Tariff of 25% announced
    DOES NOT MATCH: Tariff of 5% announced

Full-width digits and signs are already plain ones. Use it for numbers and forms; words belong in the lexicon. The scan knows nothing of
expressions: a word that the expression needs anyway, asked for beside it as `tariff` above, spares it most entries.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import re2

from alerts.rules.candidates import ALWAYS, Ways
from alerts.rules.found import Mention
from alerts.rules.operators.condition import Look, Mentions, Needs, Reader


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled expression. Raises re2.error."""

    source: str
    compiled: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compile it: any case, bounded memory."""
        options = re2.Options()
        options.case_sensitive = False
        options.log_errors = False
        options.max_mem = 1 << 20
        object.__setattr__(self, "compiled", re2.compile(self.source, options))

    def __reduce__(self) -> tuple[type[Pattern], tuple[str]]:
        """Rest as the expression: RE2's automaton cannot be pickled."""
        return Pattern, (self.source,)

    def find(self, look: Look, low: int, high: int) -> Mentions | None:
        """Return what it matched first; an empty match is no mention."""
        match = self.compiled.search(look.found.cased[low:high])
        if match is None:
            return None
        start, end = match.span()
        return (Mention(low + start, low + end, -1),) if end > start else ()

    def needs(self) -> Needs:
        """Nothing that the scan could have found."""
        return ()

    def ways(self, *, title: bool) -> Ways:
        """Whatever is mentioned: the scan sees no expressions."""
        return ALWAYS

    def words(self) -> str:
        """Quote the expression."""
        return f"re {self.source!r}"

    def why_not(self, look: Look, low: int, high: int) -> str:
        """Say that nothing matches."""
        return f"{self.words()} matches nothing"


def parse(value: Any, reader: Reader) -> Pattern | None:
    """Read one expression."""
    if not isinstance(value, str) or not value:
        reader.refuse("re needs a regular expression in quotes")
        return None
    try:
        return Pattern(value)
    except re2.error as error:
        reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        hint = " (RE2 has no back-references and no look-around)" if "escape" in reason or "perl" in reason.lower() else ""
        reader.refuse(f"re: {reason}{hint}")
        return None
