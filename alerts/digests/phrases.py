"""Every fixed string that a reader sees in mail, by language and key. A new language is one file and one line in LANGUAGES.

This is what gettext does, without its files: a key, a catalogue for each language, slots filled by name, a plural. Python instead of `.po`
and `.mo` because the checks that matter are then plain tests (every key in every language, the same slots, each key used, no sentence in a
template), no compiled file can be out of date, and a missing translation fails before it lands and never shows as English in the middle of
a Japanese mail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from alerts.digests.phrases_en import PHRASES as ENGLISH
from alerts.digests.phrases_ja import PHRASES as JAPANESE

LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": ENGLISH, "ja": JAPANESE}


def known_language(tag: str) -> str:
    """Return the catalogue's language for a BCP 47 tag; English where there is none."""
    primary = tag.split("-", maxsplit=1)[0].lower()
    return primary if primary in LANGUAGES else "en"


def phrase(language: str, key: str, **values: object) -> str:
    """Return a fixed string with its `{slots}` filled.

    With `n` among the values the key `<key>.one` is taken for n = 1 where the language has one. Raises KeyError for a key that no
    catalogue has, or a slot that is not given: both are mistakes of ours, found by the tests.
    """
    catalogue = LANGUAGES[known_language(language)]
    if values.get("n") == 1 and f"{key}.one" in catalogue:
        key = f"{key}.one"
    return catalogue[key].format(**values)


def some_of(language: str, names: Sequence[str], most: int = 4) -> str:
    """Name the first of several places or actors, and say that there are others."""
    named = phrase(language, "list.comma").join(names[:most])
    return phrase(language, "places.more", places=named) if len(names) > most else named


def listed(language: str, words: tuple[str, ...] | list[str]) -> str:
    """Join words as the language lists them in a sentence: "a and b", "a, b and c"; 「aとb」, 「a、b、c」."""
    if len(words) < 3:
        return phrase(language, "list.two").join(words)
    return phrase(language, "list.comma").join(words[:-1]) + phrase(language, "list.last") + words[-1]
