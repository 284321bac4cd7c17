"""`config/silences.yaml`: silences that stand beside the rules, checked against them. The file may be absent or empty."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime, time
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, model_validator

from alerts.errors import Problem
from alerts.feeds.catalog import Catalog
from alerts.rules.configuration import Names as RuleNames
from alerts.rules.lints.finding import Finding, at_line
from alerts.rules.salvage import salvage
from alerts.rules.shapes import Id, OneOrMany, Readable, Shape
from alerts.stories.silence import Silence, feed_source
from alerts.yamlfile import Document, parse, validate
from alerts.yamlwords import did_you_mean

NAME = "silences.yaml"


def _moment(value: object) -> object:
    """A day alone means its beginning; a moment without a zone is UTC."""
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{value!r} is not a moment; write it as 2026-03-31 or 2026-03-31T09:00+09:00") from None
    return datetime.combine(value, time()) if isinstance(value, date) and not isinstance(value, datetime) else value


def _utc(moment: datetime) -> datetime:
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{moment.isoformat()!r} lies beyond the calendar once it is in UTC; write an earlier or later day") from None


Moment = Annotated[datetime, BeforeValidator(_moment), AfterValidator(_utc)]
Names = Annotated[list[Readable], OneOrMany()]
_SPACE = re.compile(r"\s")


class SilenceSpec(Shape):
    """Mutes what fits all that it names: a rule, a development, a source or a story, until a moment."""

    id: Id = Field(description="Short and for ever: what was silenced is listed under it", examples=["false-tariff-alarms"])
    rule: Names = Field([], description="Ids of rules", examples=["us-tariff-on-japan"])
    development: Names = Field([], description="Ids of developments", examples=["military-exercise"])
    source: Names = Field(
        [], description="Ids of feeds, or publishers with all their feeds; a story that another source tells too is not muted"
    )
    story: Names = Field([], description="Ids of stories, as `alerts silences list --matched` and the log name them")
    from_: Moment | None = Field(None, alias="from", description="When it begins; default: at once", examples=["2026-03-01"])
    until: Moment = Field(
        description="When it ends: a day (its beginning, UTC) or a moment with its zone", examples=["2026-03-31T09:00+09:00"]
    )
    author: Readable = Field(description="Whom to ask")
    comment: Readable = Field(description="Why", examples=["fires on every opinion piece until the rule is mended"])

    @model_validator(mode="after")
    def _mutes_something(self) -> SilenceSpec:
        if not (self.rule or self.development or self.source or self.story):
            raise ValueError("names nothing to mute; write rule:, development:, source: or story:")
        if self.from_ and self.from_ >= self.until:
            raise ValueError("from is not before until")
        return self


SILENCES = TypeAdapter(list[SilenceSpec])


def silences_of(raw: bytes, rules: RuleNames | None, catalog: Catalog | None, problems: list[Problem]) -> tuple[Silence, ...]:
    """Read the silences of a file; mistakes go to `problems`. What could not be read itself (rules, feeds) is not checked against."""
    document = parse(NAME, raw, problems)
    if document is None or document.data is None:
        return ()
    specs = validate(document, SILENCES, problems)
    problems += _twice(document)
    checked: dict[int, SilenceSpec] = dict(enumerate(specs or ()))
    if specs is None and (saved := salvage(document, SILENCES)):  # one mistake hides no other
        checked = {index: spec for index, spec in enumerate(saved.good) if spec}
        checked |= {index: spec for index, (spec, _) in saved.mended.items()}
    for index, spec in checked.items():
        problems += [document.problem((index, *place), message) for place, message in unknown(spec, rules, catalog)]
    return tuple(silence_of(spec, catalog) for spec in specs or ())


def over(raw: bytes, now: datetime) -> Iterator[Finding]:
    """Find the silences of a file, known to be valid, that mute nothing any more."""
    document = parse(NAME, raw, [])
    specs = validate(document, SILENCES, []) if document and document.data is not None else None
    for index, spec in enumerate(specs or ()):
        if document is not None and spec.until <= now:
            place = document.place((index, "until"))
            yield at_line(NAME, *place, "L19", f"silence {spec.id} is over since {spec.until:%Y-%m-%d %H:%M} UTC")


def _twice(document: Document) -> Iterator[Problem]:
    """Problems for ids that stand already, whatever else is wrong with the silences."""
    seen: set[object] = set()
    for index, each in enumerate(document.data if isinstance(document.data, list) else ()):
        name = each.get("id") if isinstance(each, dict) else None
        if isinstance(name, str) and name in seen:
            yield document.problem((index, "id"), f"id {name!r} stands twice")
        seen.add(name if isinstance(name, str) else None)


def unknown(spec: SilenceSpec, rules: RuleNames | None, catalog: Catalog | None) -> list[tuple[tuple[str, int], str]]:
    """Return what a silence names that is not there or never comes together, as (place below the silence, message)."""
    known: dict[str, Collection[str]] = {}
    if rules is not None:
        known = {"rule": rules.rules, "development": rules.developments}
    found = [
        ((key, index), f"no {key} {name!r}{did_you_mean(name, names, limit=6)}")
        for key, names in known.items()
        for index, name in enumerate(getattr(spec, key))
        if name not in names
    ]
    if catalog is not None:
        names = {name for feed in catalog.feeds for name in (feed.id, feed.publisher)}
        found += [
            (("source", index), f"no source {name!r}{did_you_mean(name, names, limit=6)}")
            for index, name in enumerate(spec.source)
            if not _feeds(catalog, name)
        ]
    found += [
        (("story", index), f"{name!r} is no id of a story; `alerts silences add --story` finds one by words of a headline")
        for index, name in enumerate(spec.story)
        if _SPACE.search(name)
    ]
    if not found and rules is not None and spec.rule and spec.development:
        tell = {name: rules.rules[name] for name in spec.rule}
        if not any(development in {"", *spec.development} for development in tell.values()):
            told = ", ".join(f"{name} tells of {development}" for name, development in tell.items())
            found.append((("rule", 0), f"nothing fits this rule and this development: {told}; name one of the two"))
    return found


def silence_of(spec: SilenceSpec, catalog: Catalog | None) -> Silence:
    """Return the value of a silence; the name of a publisher stands for its feeds as well, the id of a feed for that feed alone."""
    sources: dict[str, None] = {}
    for name in spec.source:
        feeds = _feeds(catalog, name) if catalog else []
        if name not in feeds:
            sources[name.casefold()] = None
        sources |= dict.fromkeys(map(feed_source, feeds))
    kinds = {"rules": tuple(spec.rule), "developments": tuple(spec.development), "stories": tuple(spec.story)}
    return Silence(spec.id, spec.until, spec.author, spec.comment, spec.from_, sources=tuple(sources), **kinds)


def _feeds(catalog: Catalog, name: str) -> Sequence[str]:
    """The one feed of that id, as it is written, or the ids of the feeds of a publisher (also under its other names)."""
    if any(feed.id == name for feed in catalog.feeds):
        return [name]
    folded = name.casefold()
    publishers = {feed.publisher for feed in catalog.feeds if folded in {alias.casefold() for alias in (feed.publisher, *feed.aliases)}}
    return [feed.id for feed in catalog.feeds if feed.publisher in publishers]
