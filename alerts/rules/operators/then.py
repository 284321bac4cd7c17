"""`then`: the terms follow each other in this order, close together in one sentence: who does what to whom. Default: 5 words.

    when: {then: {terms: [$united-states, attack, ship], words: 3}}
    MATCHES: US attacks a foreign ship
    DOES NOT MATCH: Ship with US flag under attack
    DOES NOT MATCH: Attack on a US ship

At most so many words stand between one term and the next. Japanese puts the verb last, so it needs a list of its own:
`[$united-states, 船舶, 攻撃]`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from alerts.rules.found import Mention
from alerts.rules.operators import near
from alerts.rules.operators.condition import Look, Mentions, Reader


@dataclass(frozen=True, slots=True)
class Then(near.Near):
    """`near` in the order of the list, as the `ordered` of an intervals query in Elasticsearch."""

    JOINED: ClassVar = "then"
    FARTHER: ClassVar = "further apart, in another order, or in different sentences"

    def _group(self, look: Look, lists: list[list[Mention]]) -> Mentions | None:
        return self._following(look, lists, None)

    def _following(self, look: Look, lists: list[list[Mention]], before: Mention | None) -> Mentions | None:
        if not lists:
            return ()
        for each in lists[0]:
            if before and (each.start < before.end or not self.close(look, before, each)):
                continue
            rest = self._following(look, lists[1:], each)
            if rest is not None:
                return (each, *rest)
        return None


def parse(value: Any, reader: Reader) -> near.Near | None:
    """Read `{terms, words}`."""
    return near.parse(value, reader, Then)
