"""`config/silences.yaml`: silences that stand beside the rules, checked against them. The file may be absent or empty."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, model_validator

from alerts.errors import Problem
from alerts.feeds.catalog import Catalog
from alerts.rules.configuration import Names as RuleNames
from alerts.rules.shapes import Id, OneOrMany, Shape
from alerts.stories.silence import Silence
from alerts.yamlfile import parse, validate
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
Names = Annotated[list[str], OneOrMany()]


class SilenceSpec(Shape):
    """Mutes what fits all that it names: a rule, a development, a source or a story, until a moment."""

    id: Id = Field(description="Short and for ever: what was silenced is listed under it", examples=["false-tariff-alarms"])
    rule: Names = Field([], description="Ids of rules", examples=["us-tariff-on-japan"])
    development: Names = Field([], description="Ids of developments", examples=["military-exercise"])
    source: Names = Field([], description="Publishers, or ids of feeds; a story that another source tells too is not muted")
    story: Names = Field([], description="Ids of stories, as `alerts silences list --matched` and the log name them")
    from_: Moment | None = Field(None, alias="from", description="When it begins; default: at once", examples=["2026-03-01"])
    until: Moment = Field(
        description="When it ends: a day (its beginning, UTC) or a moment with its zone", examples=["2026-03-31T09:00+09:00"]
    )
    author: str = Field(min_length=1, description="Whom to ask")
    comment: str = Field(min_length=1, description="Why", examples=["fires on every opinion piece until the rule is mended"])

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
    specs = validate(document, SILENCES, problems) or []
    seen: set[str] = set()
    for index, spec in enumerate(specs):
        if spec.id in seen:
            problems.append(document.problem((index, "id"), f"id {spec.id!r} stands twice"))
        seen.add(spec.id)
        for key, message in unknown(spec, rules, catalog):
            problems.append(document.problem((index, key), message))
    return tuple(silence_of(spec, catalog) for spec in specs)


def unknown(spec: SilenceSpec, rules: RuleNames | None, catalog: Catalog | None) -> list[tuple[str, str]]:
    """Return what a silence names that is not there, as (key, message)."""
    known: dict[str, Collection[str]] = {}
    if rules is not None:
        known = {"rule": rules.rules, "development": rules.developments}
    found = [
        (key, f"no {key} {name!r}{did_you_mean(name, names, limit=6)}")
        for key, names in known.items()
        for name in getattr(spec, key)
        if name not in names
    ]
    if catalog is not None:
        names = {name for feed in catalog.feeds for name in (feed.id, feed.publisher)}
        found += [
            ("source", f"no source {name!r}{did_you_mean(name, names, limit=6)}") for name in spec.source if not _feeds(catalog, name)
        ]
    return found


def silence_of(spec: SilenceSpec, catalog: Catalog | None) -> Silence:
    """Return the value of a silence; the name of a publisher stands for its feeds as well."""
    sources = dict.fromkeys(name.casefold() for name in spec.source)
    for name in spec.source if catalog else ():
        assert catalog is not None
        sources |= dict.fromkeys(_feeds(catalog, name))
    kinds = {"rules": tuple(spec.rule), "developments": tuple(spec.development), "stories": tuple(spec.story)}
    return Silence(spec.id, spec.until, spec.author, spec.comment, spec.from_, sources=tuple(sources), **kinds)


def _feeds(catalog: Catalog, name: str) -> Iterable[str]:
    """Ids of the feeds of a publisher (also under its other names), or the one feed of that id."""
    folded = name.casefold()
    publishers = {feed.publisher for feed in catalog.feeds if folded in {alias.casefold() for alias in (feed.publisher, *feed.aliases)}}
    return [feed.id for feed in catalog.feeds if feed.publisher in publishers or feed.id == folded]
