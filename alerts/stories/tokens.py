"""The words of a headline that tell one story from another, in English and Japanese.

Sparse words keep numbers and names, which decide identity; MEASURED §5 found them far better than embeddings.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_ENGLISH = re.compile(r"\d+(?:[.,]\d+)*|[a-z][a-z'&-]*[a-z]")
_KANJI = re.compile(r"[一-鿿々〆ヶ]+")
_KATAKANA = re.compile(r"[ァ-ヺー]{2,}")
_LATIN = re.compile(r"[a-z]{2,}")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_OUTLET = re.compile(r"\s+[-–|]\s+[^-–|]{2,40}$")
_STOPPED = """
    a about after against ahead all also amid an and another any are around as at be been before being but by can could day
    did do does during for from get gets had has have he her him his how if in into is it its just key last latest like may
    might more most new next no not now of off on one only or other our out over per plan plans s said saying says say see
    set she should since so some still such t take takes tell tells than that the their them then there these they this
    those through to today two under until up us update updates upon vs want wants was we week were what when where which
    while who why will with would year years yet you your
"""
_STOP = frozenset(_STOPPED.split())
_OFTEN = """
    japan japanese tokyo china chinese beijing america american washington korea korean south north seoul taiwan russia
    russian moscow ukraine iran trump takaichi sanae xi putin prime minister pm president leader government official foreign
    trade tension tie concern warn talk row national first visit call
"""
_OFTEN_JA = "日本 中国 米国 韓国 北朝 朝鮮 東京 日米 日中 首相 総理 大臣 大統 統領 政府 外相 高市 市首 発表 会談 協議 速報"
_OFTEN_KATAKANA = "トランプ ロシア ウクライナ イラン"
_SUFFIXES = ("ies", "ing", "ers", "ed", "es", "er", "s", "e", "y")


def words(text: str, language: str) -> Iterator[str]:
    """Yield the telling words of a text in order, with repeats: `e:dual`, `j:首相`, `k:イラン`, `n:6.2`, `l:ieepa`.

    English words are folded and bared of endings. Japanese gives pairs of kanji, katakana and Latin runs; kana-only pairs say nothing.
    Numbers and Latin runs of Japanese text are the same in every language.
    """
    folded = unicodedata.normalize("NFKC", text).lower().replace("’", "'").replace("‘", "'")
    yield from (f"n:{number}" for number in _numbers(folded))
    if language == "ja":
        for run in _KANJI.findall(folded):
            yield from (f"j:{run[at : at + 2]}" for at in range(len(run) - 1))
        yield from (f"k:{run}" for run in _KATAKANA.findall(folded))
        yield from (f"e:{_bare(run)}" for run in _LATIN.findall(folded))
        return
    for word in _ENGLISH.findall(_OUTLET.sub("", folded)):
        for part in word.split("-"):
            if part and part not in _STOP and not part[0].isdigit() and (bare := _bare(part)):
                yield f"e:{bare}"


def _numbers(text: str) -> Iterator[str]:
    """Yield numbers as they count: 1,000 is 1000, 6.20 is 6.2; years and lone digits are too common to tell anything."""
    for found in _NUMBER.findall(text):
        number = found.replace(",", "")
        whole, _, part = number.partition(".")
        part = part.partition(".")[0].rstrip("0")
        if part or (len(whole) > 1 and not whole.startswith(("202", "201"))):
            yield f"{int(whole)}.{part}" if part else str(int(whole))


def _bare(word: str) -> str:
    """Strip an English ending, so that export, exports and exported are one word."""
    word = word.removesuffix("'s").strip("'")
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= (3 if suffix == "s" else 4) and not word.endswith("ss"):
            return word[: -len(suffix)]
    return word


COMMON = frozenset(
    [f"e:{_bare(word)}" for word in _OFTEN.split()]
    + [f"j:{pair}" for pair in _OFTEN_JA.split()]
    + [f"k:{word}" for word in _OFTEN_KATAKANA.split()]
)
"""Words of every other headline. The counts of open stories say so too, but only once there are some."""
