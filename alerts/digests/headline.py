"""The title of a story: who + what + when, filled from fields, in the length that a subject line has room for (HANDBOOK §5.2)."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.digests import printed
from alerts.digests.edition import local_zone
from alerts.digests.phrases import some_of
from alerts.digests.telling import ONE_COUNTRYS, TALKS, Teller, label, shortened, signs
from alerts.rules.assessment import Development, NamedDate

TITLE_SIGNS = {"en": 70, "ja": 30}
MOST_ACTORS = 3


def title(teller: Teller) -> str:
    """The fullest way to say it that fits."""
    limit = TITLE_SIGNS.get(teller.language, TITLE_SIGNS["en"])
    fitting = (text for text in _titles(teller) if signs(text) <= limit)
    return next(fitting, shortened(teller.name(teller.developments[0]), limit))


def whose(teller: Teller, development: Development, count: int = MOST_ACTORS) -> str:
    """Where a development happened, or its actors (the story's, where it names none), to stand before its name: "China–Japan: ".

    Of more actors than there is room for, those that the words which made it name; also of what is one country's matter, such as a
    decision of a central bank in a report that names a war.
    """
    if places := teller.places(development):
        return some_of(teller.language, places, count) + teller.say("colon")
    actors = development.actors or teller.story.actors
    if len(actors) > (1 if development.type in ONE_COUNTRYS else MOST_ACTORS):
        named = dict.fromkeys(teller.wording.actor_of(one.concept) for one in development.evidence)
        actors = tuple(one for one in named if one in actors) or actors
    names = teller.say("actors.joint").join(_short(teller, actor) for actor in actors[:count])
    return names + teller.say("colon") if names else ""


def _titles(teller: Teller) -> Iterator[str]:
    """Ways to title the story, fullest first."""
    lead = teller.developments[0]
    whats = _whats(teller, lead)
    for what in whats:
        for count in (MOST_ACTORS, MOST_ACTORS - 1):
            yield whose(teller, lead, count) + what
    yield from whats


def _whats(teller: Teller, lead: Development) -> list[str]:
    """Ways to say what happened and when."""
    name, joint = teller.name(lead), teller.say("title.and")
    second = next((one for one in teller.developments[1:] if teller.name(one) != name), None)
    own = _when(teller, teller.date_of(lead))
    whats = []
    if second and not own and (date := teller.date_of(second)):
        # The shorter way names what is to come: the day of the last report is not that of the lead.
        whats += [name + joint + teller.name(second) + _when(teller, date), teller.name(second) + _when(teller, date)]
    elif second and own and {lead.type, second.type} <= TALKS and not teller.date_of(second):
        whats.append(teller.name(second) + joint + name + own)
    if not teller.says_itself(lead):
        whats.append(teller.say("title.stage", name=name, stage=teller.staged(lead)) + own)
    return [*whats, name + (own or _reported(teller)), name]


def _when(teller: Teller, found: NamedDate | None) -> str:
    return teller.say("when", when=printed.window(found.first, found.last, teller.language)) if found else ""


def _reported(teller: Teller) -> str:
    last = max(report.published for report in teller.story.reports).astimezone(local_zone(teller.timezone))
    return teller.say("title.reported", date=printed.day(last, teller.language))


def _short(teller: Teller, actor: str) -> str:
    """An actor's name for a title."""
    try:
        return teller.say(f"short.{actor}")
    except KeyError:
        return label(teller.wording.actor(actor, teller.language))
