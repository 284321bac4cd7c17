"""EUC-JP and ISO-2022-JP as the web means them: with the NEC and IBM characters (①, ㈱, 髙) that Python's codecs of these names lack.

Both are JIS X 0208 in another wrapping, so rows and cells are moved to Shift_JIS and read by cp932, which has them all.
"""

from __future__ import annotations

import re

_EUC = re.compile(rb"[\x00-\x7f]+|\x8f[\xa1-\xfe]{2}|(?:\x8e[\xa1-\xdf])+|(?:[\xa1-\xfe]{2})+|[\x80-\xff]")
_ESCAPE = re.compile(rb"\x1b(\([BJI]|\$[@B]|\$\(D)")


def decode_euc_jp(raw: bytes, errors: str) -> str:
    """Decode EUC-JP. Raises UnicodeDecodeError if `errors` is strict and a byte has no meaning."""
    parts: list[str] = []
    for match in _EUC.finditer(raw):
        piece = match[0]
        first = piece[0]
        if first < 0x80:
            parts.append(piece.decode("ascii"))
        elif first == 0x8F and len(piece) == 3:
            parts.append(piece.decode("euc_jp", errors))  # JIS X 0212
        elif first == 0x8E and len(piece) > 1:
            parts.append(piece.replace(b"\x8e", b"").decode("cp932", errors))  # half-width katakana
        elif len(piece) > 1:
            parts.append(_shifted(bytes(byte & 0x7F for byte in piece)).decode("cp932", errors))
        elif errors == "strict":
            raise UnicodeDecodeError("euc-jp", raw, match.start(), match.end(), "no such character")
        else:
            parts.append("\ufffd")
    return "".join(parts)


def decode_iso_2022_jp(raw: bytes, errors: str) -> str:
    """Decode ISO-2022-JP. Raises UnicodeDecodeError if `errors` is strict and a byte has no meaning."""
    parts: list[str] = []
    pieces = _ESCAPE.split(raw)
    modes = [b"(B", *pieces[1::2]]
    for mode, piece in zip(modes, pieces[0::2], strict=True):
        if mode in {b"$B", b"$@"}:
            lines = re.split(rb"([\r\n]+)", piece)  # a line break ends double bytes even without the escape
            parts.extend(_shifted(line).decode("cp932", errors) if n % 2 == 0 else line.decode("ascii") for n, line in enumerate(lines))
        elif mode == b"(I":
            parts.append(bytes(byte | 0x80 if 0x21 <= byte <= 0x5F else byte for byte in piece).decode("cp932", errors))
        elif mode == b"$(D":
            parts.append(b"".join(b"\x8f" + bytes((a | 0x80, b | 0x80)) for a, b in _pairs(piece)).decode("euc_jp", errors))
        else:
            parts.append(piece.decode("ascii", errors))
    return "".join(parts)


def _pairs(piece: bytes) -> list[tuple[int, int]]:
    return list(zip(piece[0::2], piece[1::2], strict=False))


def _shifted(jis: bytes) -> bytes:
    """Move pairs of JIS X 0208 (0x21–0x7E each) to Shift_JIS; what is no such pair becomes a byte that cp932 refuses."""
    out = bytearray()
    for row, cell in _pairs(jis):
        if not (0x21 <= row <= 0x7E and 0x21 <= cell <= 0x7E):
            out.append(0xFF)
            continue
        lead = (row + 1) // 2 + (0x70 if row <= 0x5E else 0xB0)
        trail = cell + 0x7E if row % 2 == 0 else cell + (0x20 if cell >= 0x60 else 0x1F)
        out += bytes((lead, trail))
    if len(jis) % 2:
        out.append(0xFF)
    return bytes(out)
