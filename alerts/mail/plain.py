"""Plain text for mail: lines of 72 columns, wide characters counted as two, Japanese broken where Japanese may be broken."""

from __future__ import annotations

import unicodedata

from alerts.text import width

COLUMNS = 72
_NOT_FIRST = frozenset("、。，．・：；？！）］｝」』】〉》ー～…‥％々ぁぃぅぇぉっゃゅょァィゥェォッャュョ)]},.;:?!”’")
_NOT_LAST = frozenset("（［｛「『【〈《([{“‘")


def wrap(text: str, columns: int = COLUMNS, indent: str = "", first: str | None = None) -> str:
    """Fill a paragraph. `indent` opens every line, `first` the first one. A link or word too long for a line stays whole.

    Japanese breaks between any two signs, but no line begins with a closing mark or a small kana, nor ends with an opening one
    (JIS X 4051).
    """
    opening = indent if first is None else first
    lines: list[str] = []
    line = ""
    room = columns - width(opening)
    for piece in _pieces(" ".join(text.split())):
        candidate = line + piece if line else piece.lstrip()
        if line and width(candidate.rstrip()) > room:
            lines.append(line.rstrip())
            line, room = piece.lstrip(), columns - width(indent)
        else:
            line = candidate
    lines.append(line.rstrip())
    return "\n".join((opening if number == 0 else indent) + one for number, one in enumerate(lines)).rstrip()


def _pieces(text: str) -> list[str]:
    """Parts that must not be broken: a word with the space before it, a wide sign with the marks that cling to it."""
    pieces: list[str] = []
    for sign in text:
        if pieces and not _may_break(pieces[-1], sign):
            pieces[-1] += sign
        else:
            pieces.append(sign)
    return pieces


def _may_break(before: str, sign: str) -> bool:
    last = before[-1]
    if sign == " ":
        return True
    if last == " " or sign in _NOT_FIRST or last in _NOT_LAST or unicodedata.combining(sign):
        return False
    return _wide(last) or _wide(sign)


def _wide(sign: str) -> bool:
    return unicodedata.east_asian_width(sign) in {"W", "F"}
