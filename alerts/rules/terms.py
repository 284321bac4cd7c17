"""From the terms an admin writes to the patterns that are looked for: inflections, hyphens, okurigana, and what may touch them.

English terms are whole words. The first word of a phrase takes verb endings, the last one plurals: `impose tariff` finds `imposed
tariffs`. Two words are found with a hyphen between them as well. A word with a capital takes no endings (Trump); one with inner capitals
(US, BOJ, U.S.) or written `=Exact` keeps its case. Japanese terms are substrings, unless `edge:` says what must not touch them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from alerts.text import fold, is_japanese, is_kanji, is_katakana, is_letter

FREE, WORD, KANJI, KATAKANA, ANY = 0, 1, 2, 3, 4  # what must not touch an end: nothing, Latin letters, kanji, katakana, any of them
LETTERS = frozenset(char for char in map(chr, range(0x2E80)) if is_letter(char))
_MAX_FORMS = 40

_IRREGULAR = {
    "begin": "began begun", "bring": "brought", "broadcast": "broadcast", "build": "built", "buy": "bought", "come": "came",
    "cut": "cut", "draw": "drew drawn", "fall": "fell fallen", "fly": "flew flown", "forbid": "forbade forbidden",
    "freeze": "froze frozen", "give": "gave given", "go": "went gone", "grow": "grew grown", "hit": "hit", "hold": "held",
    "keep": "kept", "lead": "led", "leave": "left", "lose": "lost", "make": "made", "meet": "met", "overthrow": "overthrew overthrown",
    "pay": "paid", "put": "put", "quit": "quit", "raise": "raised", "rise": "rose risen", "say": "said", "seek": "sought",
    "sell": "sold", "send": "sent", "set": "set", "shake": "shook shaken", "shoot": "shot", "shut": "shut", "speak": "spoke spoken",
    "spend": "spent", "stand": "stood", "strike": "struck", "swear": "swore sworn", "take": "took taken", "tell": "told",
    "uphold": "upheld", "win": "won", "withdraw": "withdrew withdrawn", "withhold": "withheld", "write": "wrote written",
}  # fmt: skip
_STIFF = frozenset({
    "a", "an", "the", "of", "to", "in", "on", "by", "for", "from", "with", "at", "as", "and", "or", "no", "not", "new", "all", "over",
    "under", "into", "out", "up", "off", "after", "before", "is", "are", "was", "were", "be", "been", "will", "would", "may", "might",
    "could", "can", "has", "have", "had", "its", "his", "her", "their", "this", "that", "than", "per", "via", "more",
})  # fmt: skip
_PARTICLES = frozenset({"down", "back", "away", "together", "apart"})
"""With a hyphen before them verbs are adjectives: struck-down tariffs are struck down already."""
_OKURIGANA = re.compile(r"(?<=[\u4e00-\u9fff])[きりしちいみけせげえめれ](?=[\u4e00-\u9fff])")


class Pattern(NamedTuple):
    """One text to look for, folded. `left` and `right` say what must not touch it; `cased` is the only accepted spelling, if any."""

    text: str
    left: int
    right: int
    cased: str | None = None


def expand(term: str, edge: str = "none") -> list[Pattern]:
    """Return the patterns of one term. Raises ValueError with a sentence for the admin if nothing would be left to look for."""
    exact = term.startswith("=")
    cased = fold(term.removeprefix("=").strip()).cased
    if not any(char.isalnum() for char in cased):
        raise ValueError(f"{term!r} has no letter to look for")
    if is_japanese(cased):
        return [_pattern(form, edge, keep=exact) for form in dict.fromkeys(_okurigana(cased))]
    if exact:
        return [_pattern(cased, edge, keep=True)]
    if any(_inner_capital(word) for word in cased.split(" ")):
        return [_pattern(form, edge, keep=True) for form in _hyphens(cased)]
    inflected = (form for variant in _hyphens(cased) for form in _inflect(variant))
    forms = itertools.islice(itertools.chain(_compound(cased), inflected), _MAX_FORMS)
    return [_pattern(form, edge, keep=False) for form in dict.fromkeys(forms)]


def _pattern(cased: str, edge: str, *, keep: bool) -> Pattern:
    text = fold(cased).text
    return Pattern(text, _guard(cased[0], edge), _guard(cased[-1], edge), cased if keep and cased != text else None)


def _guard(end: str, edge: str) -> int:
    """What must not touch an end of a term: letters where it ends in one, kanji or katakana as far as `edge` asks."""
    if is_letter(end):
        return WORD
    if edge == "word":
        return ANY
    if (edge == "kanji" and is_kanji(end)) or (edge == "katakana" and is_katakana(end)):
        return KANJI if edge == "kanji" else KATAKANA
    return FREE


def touches(guard: int, char: str) -> bool:
    """True if a neighbouring character is one that the guard of that end forbids."""
    if guard == WORD:
        return char in LETTERS
    if guard == KANJI:
        return is_kanji(char)
    if guard == KATAKANA:
        return is_katakana(char)
    return guard == ANY and (is_kanji(char) or is_katakana(char) or is_letter(char))


def _inner_capital(word: str) -> bool:
    return any(char.isupper() for char in word[1:]) or (word[:1].isupper() and any(char.isdigit() for char in word[1:]))


def _hyphens(text: str) -> list[str]:
    """dual-use: also dual use and dualuse."""
    return list(dict.fromkeys([text, text.replace("-", " "), text.replace("-", "")])) if re.search(r"\w-\w", text) else [text]


def _compound(text: str) -> Iterator[str]:
    """tax cut: also tax-cut, as in *tax-cut talks*."""
    first, _, last = text.partition(" ")
    if first.isalpha() and last.isalpha() and not {first, last} & (_STIFF | _PARTICLES):
        yield from (f"{first}-{each}" for each in _plural(last))


def _okurigana(text: str) -> Iterator[str]:
    """引き上げ: also 引上げ. The kana inside a compound of kanji may be left out in writing."""
    yield text
    yield _OKURIGANA.sub("", text)


def _inflect(text: str) -> Iterator[str]:
    words = text.split(" ")
    if len(words) == 1:
        yield from (form for form in _verb(words[0]))
        return
    middle = words[1:-1]
    for first, last in itertools.product(_verb(words[0]), _plural(words[-1])):
        yield " ".join([first, *middle, last])


def _is_fixed(word: str) -> bool:
    return len(word) < 3 or word in _STIFF or not word.isalpha() or word[0].isupper()


def _plural(word: str) -> list[str]:
    """Return a word and its plural; a ruling, a warning and a meeting are nouns as well."""
    if _is_fixed(word) or re.search(r"(?:s|ed|ly)$", word):
        return [word]
    if re.search(r"(?:x|z|ch|sh)$", word):
        return [word, word + "es"]
    if re.search(r"[^aeiou]y$", word):
        return [word, word[:-1] + "ies"]
    return [word, word + "s"]


def _verb(word: str) -> list[str]:
    """Return a word, its -s, its past forms and its -ing."""
    if word.endswith("ing") and len(word) > 4:
        return _plural(word)
    if _is_fixed(word) or re.search(r"(?:ed|ly)$", word) or (word.endswith("s") and not re.search(r"(?:ss|us|is)$", word)):
        return [word]
    forms = [word, *(_plural(word)[1:] or ([word + "es"] if word.endswith("s") else []))]
    if word.endswith(("ee", "oe", "ye")):  # agreeing, hoeing, eyeing
        stem = word
    elif word.endswith("ie"):
        stem = word[:-2] + "y"
    elif word.endswith("e"):
        stem = word[:-1]
    elif re.fullmatch(r"[^aeiou]*[aeiou][^aeiouwxy]", word) or word in {"permit", "refer", "defer", "submit", "transfer", "cancel"}:
        stem = word + word[-1]
    else:
        stem = word
    past = _IRREGULAR[word].split() if word in _IRREGULAR else [_past(word, stem)]
    if word == "cancel":  # both spellings are current
        forms += ["canceled", "canceling"]
    return [*forms, *past, stem + "ing"]


def _past(word: str, stem: str) -> str:
    if word.endswith("e"):
        return word + "d"
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ied"
    return stem + "ed"
