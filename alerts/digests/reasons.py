"""Why a reader should believe a story and why it came: how sure we are, the sources, the rule, the words, the sum of the level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from alerts.digests import printed
from alerts.digests.audience import Match, Pick
from alerts.digests.digest import SourceLine
from alerts.digests.phrases import LANGUAGES, listed, phrase
from alerts.digests.subscriber import Choices
from alerts.digests.telling import Teller, publishers_of, shortened
from alerts.rules.assessment import Development, Evidence, Impact
from alerts.rules.levels import Level
from alerts.rules.wording import Wording
from alerts.stories.story import Report

MOST_SOURCES = 5
MOST_SOURCES_IN_DIGEST = 3
MOST_WORDS = 8
MOST_RULES = 3
QUOTED_WORDS = 25
QUOTED_SIGNS = 80
_DIRECT = Level.prepare
"""A base level from here on says that the event itself is the effect; below it the effect is our inference."""


def confidence(teller: Teller, pick: Pick) -> tuple[str, ...]:
    """Event and effect, each with its grade and the reason for it.

    HANDBOOK §5.2: high = an official source or two publishers, medium = one named publisher, low = our inference.
    """
    grade, reason = _event(teller)
    lines = [teller.say("sure.event", grade=teller.say(f"sure.{grade}"), reason=reason)]
    top = max(pick.matches, key=lambda match: match.level).impact
    if _base(top) >= _DIRECT and teller.developments[0].stage in {"announced", "adopted", "in-force", "reversed"}:
        lines.append(teller.say("sure.effect", grade=teller.say(f"sure.{grade}"), reason=teller.say("sure.direct")))
    else:
        lines.append(teller.say("sure.effect", grade=teller.say("sure.low"), reason=teller.say("sure.inference")))
    return tuple(lines + _conflicts(teller))


def _conflicts(teller: Teller) -> list[str]:
    """Where the reports do not agree: on the day of the start, or on whether it is so at all."""
    lines = []
    ours = [one for one in teller.story.dates if one.belongs_to(teller.developments[0].type)]
    starts = sorted((one for one in ours if one.kind == "effective"), key=lambda one: (one.first, one.last))
    if any(later.first > earlier.last for earlier, later in pairwise(starts)):
        days = listed(teller.language, [printed.window(one.first, one.last, teller.language) for one in starts])
        lines.append(teller.say("sure.dates", dates=days))
    stages = {one.stage for one in teller.story.developments}
    if "denied" in stages and stages != {"denied"}:
        names = [teller.name(one) for one in teller.story.developments if one.stage == "denied"]
        lines.append(teller.say("sure.denied", name=listed(teller.language, names)))
    return lines


def _event(teller: Teller) -> tuple[str, str]:
    reports = _telling(teller) or teller.story.reports
    named = publishers_of([report for report in reports if report.kind != "aggregator"])
    if any(report.kind == "official" for report in reports):
        return "high", teller.say("sure.official")
    if len(named) >= 2:
        return "high", teller.say("sure.two", n=len(named))
    if named:
        return "medium", teller.say("sure.one", outlet=named[0])
    return "low", teller.say("sure.relayed")


def _telling(teller: Teller) -> tuple[Report, ...]:
    """The reports that tell the main development, or one akin to it: an official paper on something else makes it no surer."""
    kin = teller.story.kin(teller.developments[0].type)
    return tuple(report for report in teller.story.reports if report.tells(kin))


def _base(impact: Impact) -> int:
    return next((term.value for term in impact.terms if term.name == "base"), 0)


def sources(teller: Teller, names: Mapping[str, str], most: int = MOST_SOURCES) -> tuple[SourceLine, ...]:
    """Official ones first, then those that tell the main development, then the newest; at most `most`, one per outlet and language.

    `names` maps language tags to printed names.
    """
    lead = {teller.developments[0].type}
    order = {report: (report.kind != "official", not report.tells(lead), -report.published.timestamp()) for report in teller.story.reports}
    ordered = sorted(order, key=lambda report: (order[report], report.entry))
    chosen: dict[tuple[str, str], Report] = {}
    for report in ordered:
        chosen.setdefault((report.outlet, report.language), report)
    return tuple(source_line(report, teller, names) for report in list(chosen.values())[:most])


def source_line(report: Report, teller: Teller, names: Mapping[str, str]) -> SourceLine:
    """Outlet, headline cut to what may be quoted, link, date in the reader's zone; a foreign language is named."""
    tag = report.language.split("-")[0]
    note = "" if not tag or tag == teller.language else names.get(tag) or teller.say("language.other", tag=tag)
    date = printed.day(printed.local_day(report.published, teller.timezone), teller.language)
    return SourceLine(report.outlet, quoted(report.title), report.url, tag, date, note)


def language_names(language: str) -> dict[str, str]:
    """Names of the catalogue's languages in one of them."""
    return {tag: phrase(language, f"language.{tag}") for tag in LANGUAGES}


def quoted(title: str) -> str:
    """A headline cut to what may be quoted: 25 words, or 80 signs where there are no spaces (HANDBOOK §7)."""
    words = title.split()
    if len(words) > QUOTED_WORDS:
        title = " ".join(words[:QUOTED_WORDS]) + " …"
    spaced = sum(character.isascii() for character in title) > len(title) / 2
    return title if spaced else shortened(title, QUOTED_SIGNS)


def why(teller: Teller, pick: Pick) -> tuple[str, ...]:
    """Rule titles, the words that matched, the level of the sector that decides as a sum of its terms."""
    wording, language = teller.wording, teller.language
    top = max(pick.matches, key=lambda match: match.level)
    rules = dict.fromkeys(_rule_name(one, teller) for one in teller.developments)
    lines = [teller.say("why.rule", rule=teller.say("list.comma").join(list(rules)[:MOST_RULES]))]
    pieces = [piece for development in teller.developments for piece in _whole(development.evidence)]
    words = dict.fromkeys(piece.text for piece in pieces if len(piece.text) > 1)
    if words:
        marked = [teller.say("quote", text=word) for word in list(words)[:MOST_WORDS]]
        lines.append(teller.say("why.words", words=teller.say("list.comma").join(marked)))
    lines.append(level_sum(top, wording, language, most=pick.level))
    return tuple(lines)


def _whole(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The pieces that lie in no longer one: "Cabinet approves bill to raise", not each word of it again."""

    def within(one: Evidence) -> bool:
        return any(
            other.field == one.field
            and other.start <= one.start
            and one.end <= other.end
            and one.text != other.text
            and one.text in other.text
            for other in evidence
        )

    return [one for one in evidence if not within(one)]


def _rule_name(development: Development, teller: Teller) -> str:
    """The title of the rule; where it has none in the reader's language, the development's name helps to read it."""
    title, english = (teller.wording.rule_title(development.rule, language) for language in (teller.language, "en"))
    return teller.say("why.rule.name", title=title, name=teller.name(development)) if title == english else title


def level_sum(match: Match, wording: Wording, language: str, *, most: Level = Level.act) -> str:
    """`Level for Automotive: base 1 + size 1 = 2, Watch`. Terms of zero are left out, but for the base; so is a distance not counted.

    `most` is what the whole story is shown at: less than its sum where it was denied or withdrawn.
    """
    level = min(match.level, most)
    terms = [term for term in match.impact.terms if (term.value or term.name == "base") and not (match.waived and term.name == "reach")]
    text = ""
    for term in terms:
        sign = "−" if term.value < 0 else "+" if text else ""
        text += f" {sign} {phrase(language, f'term.{term.name}')} {abs(term.value)}"
    total = sum(term.value for term in terms)
    plain = "why.level.plain" if len(terms) == 1 else "why.level"
    key = plain if total == level else "why.level.limited"
    names = {"sector": wording.sector(match.sector, language), "level": wording.level(level, language)}
    return phrase(language, key, terms=" ".join(text.split()), total=total, **names)


def follow_line(choices: Choices, wording: Wording) -> str:
    """What the reader follows, each with its threshold."""
    language = choices.language
    names = [
        phrase(language, "why.follow.sector", name=wording.sector(sector, language), level=wording.level(level, language))
        for sector, level in choices.sectors
    ]
    return phrase(language, "why.follow", sectors=phrase(language, "list.comma").join(names))


def choice_lines(choices: Choices, wording: Wording) -> tuple[str, ...]:
    """The reader's choices in words, for the end of a mail."""
    language = choices.language
    weekday = printed.weekday_name(choices.weekday, language)
    zone = printed.zone_name(choices.timezone, language)
    lines = [follow_line(choices, wording)]
    if choices.countries:
        lines.append(
            phrase(language, "why.countries", countries=listed(language, [wording.actor(one, language) for one in choices.countries]))
        )
    lines.append(phrase(language, f"why.choice.{choices.cadence}", weekday=weekday, hour=choices.hour, zone=zone))
    if choices.cadence != "immediate":
        lines.append(phrase(language, "why.alert", level=wording.level(choices.alert_level, language)))
    return tuple(lines)
