"""Short ways to make entries and assessments for the tests of stories and of what is picked from them."""

from collections.abc import Callable
from datetime import datetime
from itertools import count
from zoneinfo import ZoneInfo

import pytest

from alerts.feeds.entry import Entry, Source, SourceKind
from alerts.rules.assessment import Assessment, Development, Impact, NamedDate, Stage, Term
from alerts.rules.levels import Level, clamp

MakeEntry = Callable[..., Entry]
MakeAssessment = Callable[..., Assessment]
TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.fixture
def entry() -> MakeEntry:
    numbers = count(1)

    def make(
        title: str,
        at: str = "2026-01-02 22:40",
        *,
        outlet: str = "Sample Wire",
        kind: SourceKind = "press",
        summary: str = "",
        via: str = "",
    ) -> Entry:
        language = "ja" if any("\u3040" <= sign <= "\u9fff" for sign in title) else "en"
        published = datetime.strptime(at, "%Y-%m-%d %H:%M").replace(tzinfo=TOKYO)
        number = next(numbers)
        source = Source(via or outlet, via or outlet, "aggregator" if via else kind, "JPN", language)
        return Entry(f"e{number}", source, f"https://example.com/{number}", title, summary, published, language, outlet if via else "")

    return make


@pytest.fixture
def found() -> MakeAssessment:
    """`found(entry, "leader-call:announced", {"trade": 1}, actors="JPN USA", concepts="…", dates=["2026-03-19"])`."""

    def make(
        entry: Entry,
        developments: str,
        levels: dict[str, int] | None = None,
        *,
        actors: str = "JPN USA",
        concepts: str = "",
        asides: str = "",
        dates: tuple[str, ...] = (),
        family: str = "contact",
        terms: tuple[Term, ...] = (),
        ceiling: Level = Level.act,
    ) -> Assessment:
        pairs = [one.split(":") for one in developments.split()]
        who = tuple(actors.split())
        made = []
        for sector, base in (levels or {}).items():
            parts = (Term("base", base, "what such a development usually means"), *terms)
            level = clamp(sum(part.value for part in parts), ceiling)
            made.append(Impact(sector, level, ceiling, pairs[0][0], "rule", parts))
        return Assessment(
            entry=entry.id,
            ruleset="set",
            developments=tuple(Development(kind, _stage(stage), "neutral", who, "rule", family=family) for kind, stage in pairs),
            impacts=tuple(made),
            dates=tuple(window(one) for one in dates),
            actors=who,
            concepts=tuple(sorted(concepts.split())),
            asides=tuple(sorted(asides.split())),
        )

    return make


def _stage(text: str) -> Stage:
    return text  # type: ignore[return-value]


def window(text: str) -> NamedDate:
    """`2026-03-19` or `2026-03-01/2026-05-31`."""
    first, _, last = text.partition("/")
    return NamedDate("next", datetime.fromisoformat(first).date(), datetime.fromisoformat(last or first).date(), text)
