"""What mails share: a story's part of a digest, rendered, given its styles and encoded once for all digests that tell it alike.

A template says which part that is: `{% call once("entry", item) %}…{% endcall %}`. The part is kept under the template, its version, the
language and what the call names. A digest that tells the same again gets a token in its place while the rest is rendered and styled; the
tokens are then put back as `Fragment`s, whose encoded forms mails have in common.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import NamedTuple

from alerts.mail.encodings import literal
from alerts.mail.message import SLOT_MARK, Fragment

MOST = 512
"""Fragments kept, those used last; one is some 15 KB with its encoded forms."""
_OPEN, _PART, _CLOSE = "\ue002", "\ue003", "\ue004"
"""Of the private use area, as the slots are: number of the call, the part if it is new."""
_TOKEN = re.compile(f"{_OPEN}([0-9]+){_PART}(.*?){_CLOSE}", re.DOTALL)


class Told(NamedTuple):
    """A rendered text, and the fragments in it in their order."""

    text: str
    fragments: tuple[Fragment, ...]


class Fragments:
    """The fragments that one renderer keeps."""

    def __init__(self, most: int = MOST) -> None:
        self._kept: OrderedDict[Hashable, Fragment] = OrderedDict()
        self._most = most

    def find(self, key: Hashable) -> Fragment | None:
        """Return what is kept under a key."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: Hashable, text: str) -> Fragment:
        """Keep a text; one with a slot in it is somebody's own and is not kept."""
        made = Fragment(text, literal(text))
        if SLOT_MARK not in text:
            self._kept[key] = made
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made


class Once:
    """What a template calls, for one rendering. `place` is the template with its version and language; `tidied` brings a part into form."""

    def __init__(self, fragments: Fragments, place: Hashable, tidied: Callable[[str], str]) -> None:
        self._fragments = fragments
        self._place = place
        self._tidied = tidied
        self._called: list[tuple[Hashable, Fragment | None]] = []

    def __call__(self, *names: Hashable, caller: Callable[[], str]) -> str:
        """Give the part that the names stand for between marks, or only the marks if it is known; `caller` makes it."""
        key = (self._place, names)
        found = self._fragments.find(key)
        number = len(self._called)
        self._called.append((key, found))
        if found is not None:
            return f"{_OPEN}{number}{_PART}{_CLOSE}"
        part = caller()
        return type(part)(f"{_OPEN}{number}{_PART}{self._tidied(part)}{_CLOSE}")

    def told(self, text: str) -> Told:
        """Return the rendered and styled text with its fragments in their places."""
        *marked, end = _TOKEN.split(text)
        out: list[str] = []
        fragments: list[Fragment] = []
        for before, number, part in zip(marked[0::3], marked[1::3], marked[2::3], strict=True):
            key, known = self._called[int(number)]
            fragment = known or self._fragments.keep(key, part)
            out += (before, fragment.text)
            if SLOT_MARK not in fragment.text:
                fragments.append(fragment)
        return Told("".join([*out, end]), tuple(fragments))


def at_once(*_names: Hashable, caller: Callable[[], str]) -> str:
    """What a template calls where nothing is shared: the part itself."""
    return caller()
