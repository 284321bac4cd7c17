"""Whole mails as they go out. After a change that is meant: `ALERTS_GOLDEN=write pytest tests/golden`, then read the difference.

Every kind is kept as the message that a mail server gets (`.eml`); those that readers see most, as page and text as well. Their stories and
wording are the tests' own (`sample_stories.py`), so that an admin's edits of the shipped rules break none.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sample_mails import Sample, samples

from alerts.mail.message import SLOTS

HERE = Path(__file__).parent
SAMPLES = samples()
LOOKED_AT = ("alert", "daily", "weekly", "welcome")
WRITE = os.environ.get("ALERTS_GOLDEN") == "write"


def named_slots(text: str) -> str:
    """Slots by name, so that the files are readable."""
    for name, token in SLOTS.items():
        text = text.replace(token, f"<<{name}>>")
    return text


@pytest.mark.parametrize("one", SAMPLES, ids=[one.name for one in SAMPLES])
def test_the_message_is_the_golden_one(one: Sample) -> None:
    file = HERE / f"{one.name}.eml"
    message = one.message.replace(b"\r\n", b"\n")
    if WRITE:
        file.write_bytes(message)
    assert message == file.read_bytes(), f"{file.name} differs; see the docstring of this file"


@pytest.mark.parametrize("one", [one for one in SAMPLES if one.name[:-3] in LOOKED_AT], ids=lambda one: one.name)
def test_the_page_and_the_text_are_the_golden_ones(one: Sample) -> None:
    for suffix, text in (("html", one.mail.html), ("txt", f"Subject: {one.mail.subject}\n\n{one.mail.text}")):
        file = HERE / f"{one.name}.{suffix}"
        if WRITE:
            file.write_text(named_slots(text), encoding="utf-8")
        assert named_slots(text) == file.read_text(encoding="utf-8"), f"{file.name} differs; see the docstring of this file"
