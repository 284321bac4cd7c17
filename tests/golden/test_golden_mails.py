"""Whole mails as they go out. After a change that is meant: `ALERTS_GOLDEN=write pytest tests/golden`, then read the difference."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from sample_stories import CALL, DUTY, FEES, NAGOYA, RATE, TOKYO, alert, digest

from alerts.digests.digest import Digest
from alerts.mail.message import SLOTS, Sender
from alerts.mail.render import Renderer

HERE = Path(__file__).parent
SENDER = Sender(
    "Expat Impact Alerts", "alerts@alerts.example.jp", "1-2-3 Sakae, Naka-ku, Nagoya 460-0008, Japan", "https://alerts.example.jp/contact"
)


def cases() -> dict[str, Digest]:
    made = {}
    for language in ("en", "ja"):
        made[f"alert_nagoya_{language}"] = alert(replace(NAGOYA, language=language))
        made[f"digest_tokyo_{language}"] = digest(replace(TOKYO, language=language), (FEES, CALL, RATE, DUTY))
    return made


def named_slots(text: str) -> str:
    """Slots by name, so that the files are readable."""
    for name, token in SLOTS.items():
        text = text.replace(token, f"<<{name}>>")
    return text


@pytest.mark.parametrize("name", list(cases()))
def test_the_mail_is_the_golden_one(name: str) -> None:
    mail = Renderer().digest(cases()[name], SENDER)
    for suffix, text in (("html", mail.html), ("txt", f"Subject: {mail.subject}\n\n{mail.text}")):
        file = HERE / f"{name}.{suffix}"
        if os.environ.get("ALERTS_GOLDEN") == "write":
            file.write_text(named_slots(text), encoding="utf-8")
        assert named_slots(text) == file.read_text(encoding="utf-8"), f"{file.name} differs; see the docstring of this file"
