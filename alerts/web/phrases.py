"""Every fixed string of the pages, by language and key. A new language is one file and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from alerts.web.phrases_en import PHRASES as ENGLISH
from alerts.web.phrases_ja import PHRASES as JAPANESE

CATALOGUES: Mapping[str, Mapping[str, str]] = {"en": ENGLISH, "ja": JAPANESE}


def phrase(language: str, key: str, **values: object) -> str:
    """Return a fixed string with its `{slots}` filled.

    Raises KeyError for a key or slot that is missing: a mistake of ours, which the tests find.
    """
    return CATALOGUES[language][key].format(**values)
