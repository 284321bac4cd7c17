"""The pages speak every language completely."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from alerts.mail.address import _SENTENCES
from alerts.resources import shipped
from alerts.web.phrases import CATALOGUES, phrase

ENGLISH = CATALOGUES["en"]
SOURCES = [*shipped("alerts", "web").rglob("*.py"), *shipped("templates", "web").glob("*.j2")]


def slots(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", sorted(CATALOGUES))
def test_every_language_has_every_phrase_with_the_same_slots(language: str) -> None:
    assert {key: slots(text) for key, text in ENGLISH.items()} == {key: slots(text) for key, text in CATALOGUES[language].items()}


def test_every_key_that_a_page_names_exists() -> None:
    named = {
        key for path in SOURCES if "phrases" not in path.name for key in re.findall(r'\bt\("([^"]+)"', path.read_text(encoding="utf-8"))
    }
    assert named
    assert named <= set(ENGLISH)


def test_no_phrase_is_left_that_nothing_shows() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES if "phrases" not in path.name)
    made = ("weekday.", "cadence.", "alert.", "error.address.", "summary.cadence.", "failure.", "mails.")  # put together from a value
    assert [key for key in ENGLISH if f'"{key}"' not in text and not key.startswith(made)] == []


def test_every_way_an_address_can_be_wrong_has_a_sentence_on_the_page() -> None:
    assert {f"error.address.{reason}" for reason in _SENTENCES} <= set(ENGLISH)


def test_slots_are_filled() -> None:
    assert phrase("ja", "preferences.for", address="r•••@example.com") == "r•••@example.com の設定"
