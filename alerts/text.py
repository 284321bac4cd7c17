"""Text as matching sees it, and text as people see it.

`fold` makes texts comparable (NFKC, one form of quotes, dashes, spaces and a few kanji variants, case) and keeps a map back, so that
evidence always slices the original. `excerpt` and `width` measure text as a reader does: a kanji is two columns wide.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

_DROP = "\u00ad\u200b\u200c\u200d\u2060\ufeff\ufe0e\ufe0f"  # soft hyphen, zero-width characters, variation selectors
_ONE_TO_ONE = {
    **{chr(0xFF01 + i): chr(0x21 + i) for i in range(94)},  # full-width ASCII
    **{chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0xFF61, 0xFF9E)},  # half-width katakana and punctuation
    **dict.fromkeys("\u3000\u00a0\u2002\u2003\u2009\u202f\t\n\r\x0b\x0c\x85\u2028\u2029", " "),
    **dict.fromkeys("‘’‛ʼ", "'"),
    **dict.fromkeys("“”„‟", '"'),
    **dict.fromkeys("‐‑‒–—―−﹣", "-"),
    **dict.fromkeys(map(chr, range(0xD800, 0xE000)), "\ufffd"),  # halves of characters, which no other text library takes
    **dict(zip("髙﨑濵邊邉齋齊澤嶋德瀨廣曻國學", "高崎浜辺辺斎斉沢島徳瀬広昇国学", strict=True)),
}
_TABLE = str.maketrans(_ONE_TO_ONE)
_SPECIAL = re.compile("[" + re.escape("".join(_ONE_TO_ONE)) + "]")
_ELLIPSIS = "…"
_DROPPED = re.compile("[" + _DROP + "]")
_ODD = re.compile("[" + re.escape("".join(_ONE_TO_ONE)) + _DROP + "]")
_PLAIN = re.compile("[ -_a-~、。「」『』・々ぁ-ゖァ-ヺー一-\u9fff]+")  # NFKC and the table leave these alone
_HANGUL_TAIL = re.compile("[\u1161-\u1175\u11a8-\u11c2]")


class Folded(NamedTuple):
    """`text` is folded, `cased` the same but for case; both have the same length. `starts` and `ends` map each of their characters to
    the original, None where the map is the identity (`starts`) or where each stands for one character (`ends`)."""

    text: str
    cased: str
    starts: tuple[int, ...] | None = None
    ends: tuple[int, ...] | None = None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original that a non-empty span of the folded text stands for."""
        if self.starts is None:
            return start, end
        return self.starts[start], self.ends[end - 1] if self.ends else self.starts[end - 1] + 1


_ADDRESS = re.compile(r"""<?(?:"[^"\s]*"|[^\s<>",;:()]+)(?:@|%40)[^\s<>"',;:)\]}]+>?""", re.IGNORECASE)


def fold(text: str) -> Folded:
    """Fold a text for matching. Idempotent; ASCII and texts whose length does not change take a fast path."""
    if text.isascii():
        if not text.isprintable():
            text = text.translate(_TABLE)
        return Folded(text.lower(), text)
    if odd := set(_ODD.findall(text)):
        if not odd.isdisjoint(_DROP):
            return _fold_slowly(text)
        for char in odd:
            text = text.replace(char, _ONE_TO_ONE[char])
    if _is_normal(text):
        return Folded(_casefold(text), text)
    if _ELLIPSIS in text and _is_normal(spread := text.replace(_ELLIPSIS, "...")):
        return Folded(_casefold(spread), spread, _before_spreading(text))
    return _fold_slowly(text)


def _is_normal(text: str) -> bool:
    return text.isascii() or unicodedata.is_normalized("NFKC", text)


def _before_spreading(text: str) -> tuple[int, ...]:
    """Return where each character stood when an ellipsis was still one: what most excerpts end with."""
    starts: list[int] = []
    start = 0
    for piece in text.split(_ELLIPSIS):
        end = start + len(piece)
        starts += range(start, end)
        starts += (end, end, end)
        start = end + 1
    return tuple(starts[:-3])


def _plain(match: re.Match[str]) -> str:
    return _ONE_TO_ONE[match[0]]


def _casefold(text: str) -> str:
    """Fold case without changing the length: a letter that would become two (ß) stays itself."""
    if text.isascii():
        return text.lower()
    folded = text.casefold()
    if len(folded) == len(text):
        return folded
    return "".join(low if len(low := char.casefold()) == 1 else char for char in text)


def _fold_slowly(text: str) -> Folded:
    """Normalise piece by piece: a piece is what NFKC treats as one (a letter and its marks, or a compatibility character).

    Runs of characters that NFKC leaves alone are copied whole; only what is between them is looked at one by one.
    """
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    index, size = 0, len(text)
    while index < size:
        if run := _PLAIN.match(text, index):
            stop = run.end() - _is_marked(text, run.end())
            if stop > index:
                out.append(_SPECIAL.sub(_plain, text[index:stop]))
                starts.extend(range(index, stop))
                ends.extend(range(index + 1, stop + 1))
                index = stop
                continue
        if text[index] in _DROP:
            index += 1
            continue
        stop = index + 1
        while stop < size and (text[stop] in _DROP or _joins(text[stop])):
            stop += 1
        piece = unicodedata.normalize("NFKC", _DROPPED.sub("", text[index:stop])).translate(_TABLE)
        out.append(piece)
        starts.extend([index] * len(piece))
        ends.extend([stop] * len(piece))
        index = stop
    cased = "".join(out)
    return Folded(_casefold(cased), cased, tuple(starts), tuple(ends))


def _is_marked(text: str, index: int) -> bool:
    """True if a mark follows at a place, perhaps after characters that are dropped: it belongs to what stands before."""
    while index < len(text) and text[index] in _DROP:
        index += 1
    return index < len(text) and _joins(text[index])


def _joins(char: str) -> bool:
    """True if NFKC could join the character to what stands before it."""
    if char < "\u0300":
        return False
    first = unicodedata.normalize("NFKD", char)[0]
    return unicodedata.combining(first) != 0 or bool(_HANGUL_TAIL.match(first))


def is_kanji(char: str) -> bool:
    """True for a CJK ideograph (and the repeat mark 々)."""
    return "\u4e00" <= char <= "\u9fff" or "\u3400" <= char <= "\u4dbf" or char == "々"


def is_katakana(char: str) -> bool:
    """True for a katakana letter or the long-vowel mark."""
    return "\u30a1" <= char <= "\u30fa" or char == "ー"


def is_letter(char: str) -> bool:
    """True for what an English word is made of: a letter or digit of a script that puts spaces between words."""
    return char < "\u2e80" and char.isalnum()


def is_japanese(text: str) -> bool:
    """True if a text holds kana or kanji: it has no spaces between words."""
    return any(char >= "\u3041" and (is_kanji(char) or "\u3041" <= char <= "\u30ff") for char in text)


def width(text: str) -> int:
    """Return the width in columns of a fixed-width font: wide and full-width characters count two, combining marks none."""
    return sum(0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def excerpt(text: str, columns: int) -> str:
    """Shorten a text to a width in columns, at a word's end where there are words, with an ellipsis if anything was cut."""
    text = " ".join(text.split())
    if width(text) <= columns:
        return text
    used, end = 1, 0
    for end, char in enumerate(text):  # noqa: B007 - the index is used after the loop
        used += width(char)
        if used > columns:
            break
    cut = text[:end]
    word = cut.rpartition(" ")[0]
    if end < len(text) and is_letter(text[end]) and cut and is_letter(cut[-1]) and len(word) > len(cut) // 2:
        cut = word
    return cut.rstrip(" 、。,.;:-") + "…"


def without_addresses(text: str) -> str:
    """Return a text with `<address>` for whatever looks like a mail address, quoted or encoded ones and return paths included."""
    return _ADDRESS.sub("<address>", text)
