"""One mail of every kind, in both languages, as whole messages: what is looked at, weighed and kept as golden."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sample_stories import CALL, DUTY, FEES, MET, NAGOYA, NOW, RATE, TOKYO, alert, digest, many, picked, wording

from alerts.digests.audience import Picked, amendment
from alerts.digests.compose import compose
from alerts.digests.digest import Digest
from alerts.digests.reasons import choice_lines
from alerts.digests.subscriber import Choices
from alerts.mail.message import Headers, Personal, Rendered, Sender
from alerts.mail.mime import build
from alerts.mail.render import Renderer
from alerts.rules.levels import Level
from alerts.stories.story import Update

SENDER = Sender(
    "Expat Impact Alerts", "alerts@alerts.example.jp", "1-2-3 Sakae, Naka-ku, Nagoya 460-0008, Japan", "https://alerts.example.jp/contact"
)
SITE = "https://alerts.example.jp"
KINDS = ("alert", "correction", "withdrawal", "several", "daily", "weekly", "catch-up", "welcome", "confirmation", "link")
BULK = KINDS[:8]
_RENDERER = Renderer()


@dataclass(frozen=True)
class Sample:
    """A mail: `digest` is None where it is none."""

    name: str
    mail: Rendered
    digest: Digest | None = None

    @property
    def message(self) -> bytes:
        """The whole mail for one reader."""
        kind, _, language = self.name.rpartition("_")
        bulk = kind in BULK
        personal = Personal(
            "reader-a@example.com",
            f"{SITE}/p/9f2c" if bulk else "",
            f"{SITE}/u/9f2c" if bulk else "",
            f"{SITE}/u/9f2c/one-click" if bulk else "",
            f"{SITE}/w/31ab" if bulk else "",
            ("14 Nov 2025" if language == "en" else "2025年11月14日") if bulk else "",
        )
        headers = Headers(
            message_id=f"<{self.name}@alerts.example.jp>",
            date=NOW,
            list_id="<digests.alerts.example.jp>" if bulk else "",
            one_click_url=personal.one_click_url,
        )
        return build(self.mail, personal, headers, SENDER)


def samples() -> list[Sample]:
    """Every kind in English and Japanese, and what the operator gets, in English alone."""
    lines = ("email/sender.txt.j2:2:1: 'nobody' is undefined; the shipped template is used instead",)
    notice = Sample("notice_en", _RENDERER.notice("A template cannot be used: email/sender.txt.j2", lines, sender=SENDER))
    return [*(Sample(f"{kind}_{language}", *_made(kind, language)) for language in ("en", "ja") for kind in KINDS), notice]


def _made(kind: str, language: str) -> tuple[Rendered, Digest | None]:
    nagoya, tokyo = replace(NAGOYA, language=language), replace(TOKYO, language=language)
    made = _digest(kind, nagoya, tokyo)
    return (_RENDERER.digest(made, SENDER), made) if made else (_letter(kind, language, tokyo), None)


def _digest(kind: str, nagoya: Choices, tokyo: Choices) -> Digest | None:
    if kind == "alert":
        return alert(nagoya)
    if kind in {"correction", "withdrawal"}:
        update = Update(CALL.id, kind, "c3", NOW, Level.watch, number=2)  # type: ignore[arg-type]
        return compose("alert", Picked((amendment(CALL, (update,), nagoya),), ()), nagoya, wording(), edition="alert:call:2", now=NOW)
    if kind == "several":
        both = Picked((picked(DUTY, nagoya), picked(MET, nagoya, number=2)), ())
        return compose("alert", both, nagoya, wording(), edition="several:2:2", now=NOW, gathered=True)
    if kind == "weekly":
        return digest(tokyo, (FEES, CALL, *many(9)), quiet=(DUTY,), kind="weekly")
    if kind in {"daily", "catch-up"}:
        return digest(tokyo, (FEES, CALL, RATE, DUTY), late=kind == "catch-up")
    return None


def _letter(kind: str, language: str, tokyo: Choices) -> Rendered:
    words = wording()
    if kind == "confirmation":
        return _RENDERER.confirmation(language, confirm_url=f"{SITE}/c/abc", days=7, host_name=words.actor("JPN", language), sender=SENDER)
    if kind == "link":
        return _RENDERER.link(language, preferences_url=f"{SITE}/p/9f2c", unsubscribe_url=f"{SITE}/u/9f2c", days=90, sender=SENDER)
    levels = (Level.act, Level.prepare, Level.watch, Level.info)
    return _RENDERER.welcome(
        language,
        choices=choice_lines(tokyo, words),
        levels=[(level, words.level(level, language), words.level_act(level, language)) for level in levels],
        next_due=datetime(2026, 1, 3, 22, tzinfo=UTC),
        timezone="Asia/Tokyo",
        recent=digest(tokyo, many(9)).briefs,
        sender=SENDER,
    )
