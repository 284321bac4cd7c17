"""Body parts encoded once and joined per person: base64 (RFC 2045 §6.8) and quoted-printable (§6.7) around slots.

A part is literals with slots between them. The literals are encoded when the part is prepared; a join encodes only the slot values, some
hundred bytes, and is exact to the byte. What comes out has lines of at most 76 characters, CRLF, and no line that opens with a dot or with
"From ", so that it passes SMTP and mailboxes as it is.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Protocol

_LINE_BYTES = 57
"""Three quarters of 76: what fits a line of base64."""
_QP_LINE = 75
"""One less than 76: room for the = of a soft line break."""
_QP_UNSAFE = re.compile(rb"[^\x20-\x3c\x3e-\x7e]")
_QP_SAFE = re.compile(rb"[!-<>-~]+")
"""A value that needs line breaks at most, as most links do."""

Pieces = Sequence[tuple[bytes, str | None]]
"""Literals, each with the name of the slot that follows it; the last has none."""


class Part(Protocol):
    """One encoded body."""

    encoding: str
    """Its Content-Transfer-Encoding."""
    size: int
    """Bytes of the encoded literals."""

    def join(self, values: Mapping[str, bytes]) -> list[bytes]:
        """Return the encoded body with its slots filled, without the CRLF that opens the next boundary."""
        ...


def smallest(pieces: Pieces) -> Part:
    """Return the shorter encoding: quoted-printable for mostly-ASCII text, base64 for Japanese.

    Spam filters leave the choice to us: SpamAssassin scores either language in either encoding alike, as long as the charset is named.
    """
    quoted, base64 = QuotedPrintable(pieces), Base64(pieces)
    return quoted if quoted.size <= base64.size else base64


class Base64:
    """Base64 that stays exact at the seams.

    Base64 can only be joined where the bytes before are a multiple of three, and the length of a slot value decides where the text after it
    stands. So each literal is kept encoded three times, from its first, second and third byte on; a join picks the one that fits.
    """

    encoding = "base64"

    def __init__(self, pieces: Pieces) -> None:
        self._first, name = self._variant(pieces[0][0], 0), pieces[0][1]
        self._rest: list[tuple[str, bytes, tuple[tuple[bytes, bytes, bytes], ...]]] = []
        for literal, following in pieces[1:]:
            assert name is not None
            variants = tuple(self._variant(literal, start) for start in range(3)) if len(literal) > 2 else ()
            self._rest.append((name, literal, variants))
            name = following
        self.size = len(self._first[1]) + sum(len(variants[0][1]) for _, _, variants in self._rest if variants)

    @staticmethod
    def _variant(literal: bytes, start: int) -> tuple[bytes, bytes, bytes]:
        """Return (what goes with the slot before, encoded middle, what goes with the slot after)."""
        end = start + (len(literal) - start) // 3 * 3
        return literal[:start], _base64_lines(literal[start:end]), literal[end:]

    def join(self, values: Mapping[str, bytes]) -> list[bytes]:
        """See Part."""
        _, encoded, carry = self._first
        out = [encoded]
        for name, literal, variants in self._rest:
            carry += values[name]
            if not variants:
                carry += literal
                continue
            head, encoded, tail = variants[-len(carry) % 3]
            out.append(_base64_lines(carry + head))
            out.append(encoded)
            carry = tail
        out.append(_base64_lines(carry))
        return out


def _base64_lines(data: bytes) -> bytes:
    return b"".join([binascii.b2a_base64(data[at : at + _LINE_BYTES], newline=False) + b"\r\n" for at in range(0, len(data), _LINE_BYTES)])


class QuotedPrintable:
    """Quoted-printable with a soft line break on either side of each slot."""

    encoding = "quoted-printable"

    def __init__(self, pieces: Pieces) -> None:
        self._parts: list[bytes] = []
        self._slots: list[tuple[int, str]] = []
        for literal, name in pieces:
            self._parts.append(_quoted_lines(literal, soft=name is not None))
            if name is not None:
                self._slots.append((len(self._parts), name))
                self._parts.append(b"")
        self.size = sum(map(len, self._parts))

    def join(self, values: Mapping[str, bytes]) -> list[bytes]:
        """See Part."""
        out = self._parts.copy()
        for place, name in self._slots:
            out[place] = _quoted_value(values[name])
        return out


@lru_cache(maxsize=256)
def _quoted_value(value: bytes) -> bytes:
    """A slot value on lines of its own. Kept, because a message has each of its links several times, and some are everybody's."""
    if not _QP_SAFE.fullmatch(value):
        return _quoted_lines(value, soft=True)
    lines = [value[start : start + _QP_LINE] for start in range(0, len(value), _QP_LINE)]
    if any(line.startswith(b".") for line in lines):
        return _quoted_lines(value, soft=True)
    return b"=\r\n".join([*lines, b""])


def _quoted_lines(data: bytes, *, soft: bool) -> bytes:
    """Encode text with CRLF line ends; `soft` ends it with a soft line break, so that what follows continues the line."""
    lines = [b"=\r\n".join(_quoted_line(line)) for line in data.split(b"\r\n")]
    return b"\r\n".join(lines) + (b"=\r\n" if soft and lines[-1] else b"")


def _quoted_line(line: bytes) -> list[bytes]:
    line = _QP_UNSAFE.sub(lambda found: b"=%02X" % found[0][0], line)
    if line.endswith(b" "):
        line = line[:-1] + b"=20"
    out: list[bytes] = []
    while True:
        if line.startswith((b".", b"From ")):
            line = b"=%02X" % line[0] + line[1:]
        if len(line) <= _QP_LINE:
            return [*out, line]
        cut = _QP_LINE
        escape = line.rfind(b"=", cut - 2, cut)
        if escape >= 0:
            cut = escape
        out.append(line[:cut])
        line = line[cut:]
