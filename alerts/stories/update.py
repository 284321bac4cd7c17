"""What a further report changes in a story, and whether readers should hear of it.

Readers hear again only of a new stage, a higher level, a new date, a correction or a withdrawal (DESIGN §8, HANDBOOK §2). All else is one
more source.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

from alerts.feeds.entry import Entry
from alerts.rules.assessment import Assessment, Development, Impact, NamedDate
from alerts.rules.levels import Level
from alerts.stories.dates import is_news, merge
from alerts.stories.independent import is_confirmed, publisher_key
from alerts.stories.retraction import corrects, retracts, takes_back
from alerts.stories.signature import KEPT, signature
from alerts.stories.story import Report, Story, Update, UpdateKind
from alerts.stories.weigh import highest, with_evidence

RANK = {"mooted": 0, "arranging": 1, "proposed": 2, "announced": 3, "adopted": 4, "in-force": 5}
"""How far a stage has got; suspended, reversed and denied are departures from that path."""
OVER = ("reversed", "denied")
TOLD_AT_ONCE = timedelta(hours=24)
"""Outlets that tell one event within a day name it differently; a new type after that is a further step."""


def tell(story: Story | None, entry: Entry, assessment: Assessment, *, at: datetime, quiet: bool) -> tuple[Story, Update | None]:
    """Add an assessed entry to its story, or open a story with it (`story` None); return the new state and what was new.

    There is one Update per entry, of the most telling kind: withdrawal, correction, stage, level, date, source. It is None only where an
    entry that the story has already is told again with nothing new. `note` lists all that was new, in the form
    `stage visit-arranged announced; level trade watch; date 2026-03-19`. `quiet` marks what must not be mailed.
    """
    report = _report(entry, assessment)
    if story is None:
        opened = Story(
            id="s" + hashlib.sha256(entry.id.encode()).hexdigest()[:15],
            opened=at,
            changed=at,
            developments=_merged((), assessment.developments, late=False),
            impacts=highest(assessment.impacts),
            dates=merge((), _told_dates(assessment)),
            actors=tuple(sorted(set(assessment.actors))),
            reports=(report,),
            gist=(signature(entry, assessment),),
            ruleset=assessment.ruleset,
            told=not quiet,
            version=int(not quiet),
        )
        opened = replace(opened, impacts=with_evidence(opened.impacts, partial(is_confirmed, opened)))
        return opened, Update(story=opened.id, kind="new", entry=entry.id, at=at, level=opened.level, quiet=quiet)
    before = next((one for one in story.reports if one.entry == entry.id), None)
    known = before is not None
    fresh = entry.title if before is None or before.title != entry.title else ""
    if retracts(fresh) and (left := _without(story.reports, report)):
        return _disowned(story, entry, left, at=at, quiet=quiet)
    reports = tuple(report if one.entry == entry.id else one for one in story.reports) + (() if known else (report,))
    late = entry.published < max(one.published for one in story.reports)
    dates, struck = _dates(story, assessment, fresh)
    developments = _merged(story.developments, assessment.developments, late=late)
    grown = replace(
        story,
        changed=max(story.changed, at),
        developments=developments,
        impacts=highest(_impacts(story, assessment, developments)),
        dates=dates,
        struck=struck,
        actors=tuple(sorted({*story.actors, *assessment.actors})),
        reports=reports,
        gist=story.gist if known else (*story.gist, signature(entry, assessment))[-KEPT:],
        ruleset=assessment.ruleset,
        told=story.told or not quiet,
        withdrawn=story.withdrawn or _is_taken_back(story, report, fresh),
    )
    grown = replace(grown, impacts=with_evidence(grown.impacts, partial(is_confirmed, grown)))
    kind, note, sectors = _news(story, grown, entry, assessment, fresh)
    if known and kind == "source":
        return grown, None
    if grown.told and not story.told:
        # All that was known of it came with a feed's first poll or was old: to readers this report opens the story.
        kind, sectors = "new", ()
    level = max(story.level, grown.level)
    update = Update(story=story.id, kind=kind, entry=entry.id, at=at, level=level, note=note, quiet=quiet, sectors=sectors)
    return replace(grown, version=story.version + update.material), update


def _impacts(story: Story, assessment: Assessment, developments: tuple[Development, ...]) -> tuple[Impact, ...]:
    """The impacts known and told: of a matter that is lifted whole only those that the reports of the lifting tell.

    Where something else of it still stands (the warning is over, the order to leave is not), all of them: there is one a sector.
    """
    if not _lifted(developments):
        return (*story.impacts, *assessment.impacts)
    told = {one.type for one in assessment.developments if one.stage == "reversed"}
    known = story.impacts if _lifted(story.developments) else ()
    return (*known, *(one for one in assessment.impacts if one.development in told)) or story.impacts


def _lifted(developments: tuple[Development, ...]) -> bool:
    return all(one.stage == "reversed" for one in developments)


def _standing(story: Story, assessment: Assessment) -> tuple[NamedDate, ...]:
    """The dates that a report names, without those that a correction has struck: slower outlets repeat them."""
    struck = set(map(_window, story.struck))
    return tuple(one for one in _told_dates(assessment) if _window(one) not in struck)


def _told_dates(assessment: Assessment) -> tuple[NamedDate, ...]:
    """The dates of a report, each with what the report tells: nothing else of the story is known to be due on that day, and nothing that
    has happened by its nature."""
    types = tuple(sorted({one.type for one in assessment.developments if not one.undated}))
    return tuple(replace(one, types=types) for one in assessment.dates) if types else ()


def _types(assessment: Assessment) -> tuple[str, ...]:
    return tuple(sorted({one.type for one in assessment.developments}))


def _dates(story: Story, assessment: Assessment, fresh: str) -> tuple[tuple[NamedDate, ...], tuple[NamedDate, ...]]:
    """The dates after a report, and those struck so far.

    A correction names the right date, and often the wrong one too ("not 1 December"): that one is struck. Where it does not, the one date
    of the same kind is; of several it is not known which, and the mail says that the reports do not agree.
    """
    told = _standing(story, assessment)
    known = set(map(_window, story.dates))
    right = tuple(one for one in told if _window(one) not in known)
    if not corrects(fresh) or not right:
        return merge(story.dates, told), story.struck
    same = [one for one in story.dates if one.kind in {each.kind for each in right}]
    named = set(map(_window, told))
    wrong = [one for one in same if _window(one) in named] or (same if len(set(map(_window, same))) == 1 else [])
    days = set(map(_window, wrong))
    return merge((one for one in story.dates if _window(one) not in days), right), (*story.struck, *wrong)


def _window(one: NamedDate) -> tuple[date, date]:
    return one.first, one.last


def _without(reports: tuple[Report, ...], withdrawing: Report) -> tuple[Report, ...]:
    """The reports that stand although a paper has taken back its own: none where an authority did, on whose word the others rested.

    What an aggregator repeats of nobody is no ground, nor is what another paper told before: it need not have said as much.
    """
    key = publisher_key(withdrawing.outlet)
    left = tuple(one for one in reports if publisher_key(one.outlet) != key)
    since = min((one.published for one in reports if publisher_key(one.outlet) == key), default=datetime.min.replace(tzinfo=UTC))
    stands = any(one.kind == "official" or (one.kind == "press" and one.published >= since) for one in left)
    return left if stands and withdrawing.kind != "official" else ()


def _is_taken_back(story: Story, report: Report, fresh: str) -> bool:
    """True if nothing is left of a story: its only voices take it back, an authority does, or a second paper says what the first one did.

    One paper that calls what others report a false alarm is not enough to tell people that there is no danger.
    """
    if not takes_back(fresh):
        return False
    others = [one for one in story.reports if publisher_key(one.outlet) != publisher_key(report.outlet)]
    return retracts(fresh) or report.kind == "official" or not others or any(takes_back(one.title) for one in others)


def _disowned(story: Story, entry: Entry, left: tuple[Report, ...], *, at: datetime, quiet: bool) -> tuple[Story, Update]:
    """One outlet takes its report back, and others stand by theirs: the story rests on those."""
    grown = replace(story, changed=max(story.changed, at), reports=left)
    note = f"withdrawn {publisher_key(entry.credit())}"
    return grown, Update(story=story.id, kind="source", entry=entry.id, at=at, level=story.level, note=note, quiet=quiet)


def _report(entry: Entry, assessment: Assessment) -> Report:
    # What an aggregator repeats counts as the outlet's own report.
    kind = "press" if entry.source.kind == "aggregator" and entry.outlet else entry.source.kind
    return Report(entry.id, entry.credit(), entry.title, entry.url, entry.language, entry.published, kind, _types(assessment))


def _news(before: Story, after: Story, entry: Entry, assessment: Assessment, fresh: str) -> tuple[UpdateKind, str, tuple[str, ...]]:
    """Say what is new: the kind, the note, and the sectors that it is for (empty: all). `fresh` is the headline, if it was not known."""
    stages = [f"stage {one.type} {one.stage}" for one in after.developments if _further(one, before, entry)]
    levels = {one.sector: one.level for one in before.impacts}
    risen = [one for one in after.impacts if one.level > levels.get(one.sector, Level.none)]
    dates = [one for one in _standing(after, assessment) if is_news(one, before.dates, entry.published)]
    notes = [*stages, *(f"level {one.sector} {one.level.name}" for one in risen), *(f"date {one.first.isoformat()}" for one in dates)]
    kind: UpdateKind = "stage" if stages else "level" if risen else "date" if dates else "source"
    if after.withdrawn and takes_back(fresh):
        kind = "source" if before.withdrawn else "withdrawal"
    elif corrects(fresh) and (notes or not any(corrects(one.title) for one in before.reports)):
        kind = "correction"  # told again, or edited once more, it is one more source
    only_levels = kind == "level" and not dates
    return kind, "; ".join(notes), tuple(one.sector for one in risen) if only_levels else ()


def _further(development: Development, before: Story, entry: Entry) -> bool:
    """True if the development has got further than the story knew, or is the next step of the story's own matter."""
    known = {one.type: one for one in before.developments}
    if development.type in known:
        return known[development.type].stage != development.stage
    if RANK.get(development.stage, RANK["in-force"]) < RANK["announced"]:
        return False
    same_matter = development.family in {one.family for one in before.developments}
    return same_matter and entry.published - min(one.published for one in before.reports) >= TOLD_AT_ONCE


def _merged(known: tuple[Development, ...], told: tuple[Development, ...], *, late: bool) -> tuple[Development, ...]:
    """Return one development per type, at the stage that counts; evidence is that of the entry that set it, and so are the places, if it
    names any. Order: first told first."""
    merged = {one.type: one for one in known}
    for one in told:
        before = merged.get(one.type)
        if before is None or _moves(before.stage, one.stage, late=late):
            merged[one.type] = replace(one, places=one.places or before.places) if before else one
        elif not before.places and one.places:
            merged[one.type] = replace(before, places=one.places)
    return tuple(merged.values())


def _moves(now: str, told: str, *, late: bool) -> bool:
    """True if a report of stage `told` moves a development that stands at `now`; `late` if it is older than what is known."""
    if told in RANK and now in RANK:
        return RANK[told] > RANK[now]
    if late or told == now:
        return False
    if told == "denied":
        return now in RANK and RANK[now] < RANK["announced"]  # what was decided cannot be denied any more
    if told == "reversed":
        return now != "denied"
    if told == "suspended":
        return now not in OVER
    # Back on the path after a departure: only a decision counts, or outlets that are behind would turn it to and fro.
    return RANK[told] >= RANK["announced" if now == "denied" else "adopted"]
