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
_BEYOND_ASCII = bytes(range(0x80, 0x100))
_QP_LINE = 75
"""One less than 76: room for the = of a soft line break."""
_QP_UNSAFE = re.compile(rb"[^\x20-\x3c\x3e-\x7e]")
_QP_SAFE = re.compile(rb"[!-<>-~]+")
"""A value that needs line breaks at most, as most links do."""


class Literal:
    """Bytes between slots, with what they are in each encoding: made when first asked for and kept, because digests share the literals of
    the stories that they share."""

    __slots__ = ("_base64", "_quoted", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._quoted: dict[bool, bytes] = {}
        self._base64: dict[int, tuple[bytes, bytes, bytes]] = {}

    def quoted(self, *, soft: bool) -> bytes:
        """Return it in quoted-printable; `soft` ends it with a soft line break, so that what follows continues the line."""
        if soft not in self._quoted:
            self._quoted[soft] = _quoted_lines(self.data, soft=soft)
        return self._quoted[soft]

    def base64(self, start: int) -> tuple[bytes, bytes, bytes]:
        """Return (what goes with the bytes before, the encoded middle, what goes with the bytes after), encoded from a byte of the first
        three on."""
        if start not in self._base64:
            end = start + (len(self.data) - start) // 3 * 3
            self._base64[start] = self.data[:start], _base64_lines(self.data[start:end]), self.data[end:]
        return self._base64[start]


def literal(text: str) -> Literal:
    """Return a text as it goes into a body: UTF-8, line ends as CRLF, the canonical form of text (RFC 2046 §4.1.1)."""
    return Literal(text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode("utf-8", "replace"))


Pieces = Sequence[Literal | str]
"""Literals, and the names of the slots between them; nothing follows the last literal."""


class Part(Protocol):
    """One encoded body."""

    encoding: str
    """Its Content-Transfer-Encoding."""

    def join(self, values: Mapping[str, bytes]) -> list[bytes]:
        """Return the encoded body with its slots filled, without the CRLF that opens the next boundary."""
        ...


def smallest(pieces: Pieces) -> Part:
    """Return the shorter encoding: quoted-printable for mostly-ASCII text, base64 for Japanese.

    Spam filters leave the choice to us: SpamAssassin scores either language in either encoding alike, as long as the charset is named.
    """
    literals = [piece.data for piece in pieces if isinstance(piece, Literal)]
    base64 = sum(map(_base64_size, literals))
    if sum(map(least_quoted_size, literals)) > base64:  # Japanese: need not be tried
        return Base64(pieces)
    quoted = QuotedPrintable(pieces)
    return quoted if quoted.size <= base64 else Base64(pieces)


class Base64:
    """Base64 that stays exact at the seams.

    Base64 can only be joined where the bytes before are a multiple of three, and the length of a slot value decides where the text after it
    stands. So what stands between two slots is kept encoded three times, from its first, second and third byte on; a join picks the one
    that fits.
    """

    encoding = "base64"

    def __init__(self, pieces: Pieces) -> None:
        runs: list[list[Literal]] = [[]]
        names: list[str] = []
        for piece in pieces:
            if isinstance(piece, Literal):
                runs[-1].append(piece)
            else:
                names.append(piece)
                runs.append([])
        self._first = _Run(runs[0]).starts[0]
        self._rest = list(zip(names, map(_Run, runs[1:]), strict=True))

    def join(self, values: Mapping[str, bytes]) -> list[bytes]:
        """See Part."""
        head, chunks, carry = self._first
        out = [_base64_lines(head), *chunks] if head else [*chunks]
        for name, run in self._rest:
            carry += values[name]
            if run.short is not None:
                carry += run.short
                continue
            head, chunks, tail = run.starts[-len(carry) % 3]
            out.append(_base64_lines(carry + head))
            out += chunks
            carry = tail
        out.append(_base64_lines(carry))
        return out


class _Run:
    """The literals between two slots. `starts` are (bytes for the seam before, encoded chunks, bytes for the seam after) by the number of
    bytes that the seam before needs; a run of less than three bytes is `short` and only part of a seam."""

    def __init__(self, literals: Sequence[Literal]) -> None:
        data = sum(len(literal.data) for literal in literals)
        self.short = b"".join(literal.data for literal in literals) if data < 3 else None
        self.starts = tuple(self._from(literals, start) for start in range(3)) if data >= 3 else ((b"", (), self.short or b""),)

    @staticmethod
    def _from(literals: Sequence[Literal], start: int) -> tuple[bytes, Sequence[bytes], bytes]:
        chunks: list[bytes] = []
        head: bytes | None = None
        carry = bytes(3 - start) if start else b""  # stands for what the slot before leaves over
        for literal in literals:
            needed = -len(carry) % 3
            if len(literal.data) < needed:
                carry += literal.data
                continue
            before, middle, after = literal.base64(needed)
            if head is None:
                head = (carry + before)[3 - start if start else 0 :]
            else:
                chunks.append(_base64_lines(carry + before))
            chunks.append(middle)
            carry = after
        return head or b"", tuple(chunk for chunk in chunks if chunk), carry


def _base64_lines(data: bytes) -> bytes:
    if len(data) <= _LINE_BYTES:
        return binascii.b2a_base64(data, newline=False) + b"\r\n" if data else b""
    return b"".join([binascii.b2a_base64(data[at : at + _LINE_BYTES], newline=False) + b"\r\n" for at in range(0, len(data), _LINE_BYTES)])


def _base64_size(data: bytes) -> int:
    lines, rest = divmod(len(data) // 3 * 3, _LINE_BYTES)
    return lines * 78 + (rest // 3 * 4 + 2 if rest else 0)


def least_quoted_size(data: bytes) -> int:
    """Return how many bytes quoted-printable takes at least: three for each beyond ASCII; line breaks and other signs come on top."""
    return len(data) + 2 * (len(data) - len(data.translate(None, _BEYOND_ASCII)))


class QuotedPrintable:
    """Quoted-printable with a soft line break on either side of each slot."""

    encoding = "quoted-printable"

    def __init__(self, pieces: Pieces) -> None:
        self._parts: list[bytes] = []
        self._slots: list[tuple[int, str]] = []
        last = len(pieces) - 1
        for number, piece in enumerate(pieces):
            if isinstance(piece, Literal):
                self._parts.append(piece.quoted(soft=number != last))
            else:
                self._slots.append((number, piece))
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
    quoted = b"=\r\n".join([*lines, b""])
    return _quoted_lines(value, soft=True) if quoted.startswith(b".") or b"\n." in quoted else quoted


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
