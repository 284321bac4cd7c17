"""The templates of a home held against mails of every kind before any is made: which are used, which cannot be, which nobody asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from alerts.digests.digest import Brief, Digest, Item, Meaning, Section, SourceLine, Tally, WatchLine
from alerts.errors import Problem
from alerts.mail.message import Sender
from alerts.mail.render import Renderer
from alerts.resources import shipped
from alerts.rules.levels import Level

_MOMENT = datetime(2026, 1, 2, 22, 0, tzinfo=UTC)
_SENDER = Sender("A name", "alerts@example.org", "An address", "https://example.org/contact")
_SOURCE = SourceLine("An outlet", "見出し", "https://example.org/1", "ja", "2 Jan 2026", "Japanese")
_LINE = WatchLine("spring 2026", "something", "1 Mar – 31 May 2026", "今春", "ja")
_BRIEF = Brief("s1", Level.info, "Info", "A story", _SOURCE, "below your level")


@dataclass(frozen=True, slots=True)
class Overrides:
    """What stands in a home's `templates/`: names that are `used`, `unknown` ones that nothing asks for, `broken` ones with their place."""

    used: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    broken: tuple[Problem, ...] = ()


def examine_overrides(templates: Path) -> Overrides:
    """Make a mail of every kind with the templates of a home. Nothing is sent, and what a real digest alone brings out is not seen."""
    if not templates.is_dir():
        return Overrides()
    names = sorted(path.relative_to(templates).as_posix() for path in templates.rglob("*") if path.is_file())
    known = [name for name in names if shipped("templates").joinpath(*name.split("/")).is_file()]
    renderer = Renderer(templates, quiet=True)
    for language in ("en", "ja"):
        _render_all(renderer, language)
    return Overrides(tuple(known), tuple(name for name in names if name not in known), renderer.problems)


def _render_all(renderer: Renderer, language: str) -> None:
    alert, weekly = (
        _digest(language),
        replace(_digest(language), kind="weekly", briefs=(_BRIEF,), tallies=_TALLIES, quiet_stories=("A story",)),
    )
    for digest in (alert, weekly):
        renderer.digest(digest, _SENDER)
        renderer.web(digest)
    renderer.confirmation(language, confirm_url="https://example.org/to-confirm", days=7, host_name="Japan", sender=_SENDER)
    settings, stop = "https://example.org/to-settings", "https://example.org/to-stop"
    renderer.link(language, preferences_url=settings, unsubscribe_url=stop, days=90, sender=_SENDER)
    renderer.welcome(
        language,
        choices=("A choice",),
        levels=((Level.act, "Act", "do something"),),
        next_due=_MOMENT,
        timezone="Asia/Tokyo",
        recent=(_BRIEF,),
        sender=_SENDER,
    )
    renderer.notice("A notice", ("A line",), sender=_SENDER)


_TALLIES = (Tally("A sector", 1, ((Level.info, "Info", 1),)),)


def _digest(language: str) -> Digest:
    """An alert in which every field holds something."""
    item = Item(
        story="s1",
        level=Level.prepare,
        level_word="Prepare",
        title="A story",
        topic="A topic",
        in_short="In short.",
        key_points=("A point.",),
        meanings=(Meaning("visas", Level.prepare, "Prepare", "It means something.", "Visas"),),
        actions=("Do something.",),
        watch_next=(_LINE,),
        confidence=("The event: high.",),
        sources=(_SOURCE,),
        why=("Matched by: a rule.",),
        news="A date is named.",
        level_act="Make ready",
        stamp="Last reported today.",
        trigger="We will write again.",
        more_sources=1,
    )
    return Digest(
        kind="alert",
        language=language,
        edition="alert:s1:1",
        subject="A subject",
        preheader="Before all",
        title="A story",
        scope="For: Visas",
        summary="One story.",
        made=_MOMENT,
        sections=(Section(Level.prepare, "To prepare for", (item,)),),
        briefs=(),
        calendar=(_LINE,),
        quiet_stories=(),
        left_out=1,
        why=("You follow: Visas.",),
        updates=(1,),
        late=True,
        stamp="Published today.",
        level=Level.prepare,
        held_back="1 below your level.",
        left_out_briefs=(_BRIEF,),
        notice="This mail is late.",
    )
