"""The language of an entry: what its script proves, else what its feed says."""

from __future__ import annotations

import re

_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_HAN = re.compile("[\u3400-\u9fff]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_TAG = re.compile(r"\A[A-Za-z]{2,3}(?![A-Za-z])")


def primary(tag: str | None) -> str:
    """Return the primary part of a language tag (`ja` of `ja-JP`), or an empty string. `jp`, which is no language, is Japanese."""
    match = _TAG.match((tag or "").strip())
    name = match[0].lower() if match else ""
    return "ja" if name in {"jp", "jpn"} else "en" if name == "eng" else name


def language_of(text: str, declared: str) -> str:
    """Return the language of a text as a primary BCP 47 tag; `declared` is what the feed says, or nothing.

    Kana prove Japanese and Hangul proves Korean. Kanji alone are Japanese unless the feed says Chinese; a text in Latin letters is what
    the feed says, unless that is a language with another script.
    """
    if _KANA.search(text):
        return "ja"
    if _HANGUL.search(text):
        return "ko"
    if _HAN.search(text):
        return declared if declared in {"zh", "ja"} else "ja"
    if not _LATIN.search(text):
        return declared or "en"
    return declared if declared and declared not in {"ja", "zh", "ko"} else "en"
