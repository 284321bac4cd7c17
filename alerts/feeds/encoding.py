"""Bytes to text, by the labels of the WHATWG Encoding Standard and by what the bytes themselves say.

Order: byte order mark, bytes that only UTF-16 has, the HTTP header, the XML declaration, then a look at the bytes. A label that the bytes
contradict is not believed: valid multi-byte UTF-8 is UTF-8 whatever a server's default says. Needs no optional package.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from alerts.feeds.japanese import decode_euc_jp, decode_iso_2022_jp
from alerts.feeds.labels import LABELS

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9._:-]{1,40})""", re.I)
_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9._:-]{1,40})""", re.I)
_XML_DECLARATION = re.compile(r"^\ufeff?\s*<\?xml[^>]{0,300}?\?>")
_KANA = re.compile("[\u3041-\u30ff]")
_HALF_WIDTH = re.compile("[\uff61-\uff9f]")
_SINGLE = """
windows-1252 windows-1251 windows-1256 iso-8859-2 iso-8859-3 iso-8859-4 iso-8859-5 iso-8859-10 iso-8859-13 iso-8859-14 iso-8859-15
iso-8859-16 koi8-r koi8-u ibm866 macintosh x-mac-cyrillic
"""
_ANY_BYTE = frozenset(_SINGLE.split())
"""Single-byte encodings that can read any bytes at all: that they do proves nothing."""

_PYTHON = {
    "shift_jis": "cp932",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "euc-kr": "cp949",
    "macintosh": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
    "windows-874": "cp874",
}
"""Python's name where it differs, or where its codec of the same name is narrower than the web's."""

_C1 = bytes(range(256)).decode("latin-1")
_WINDOWS_1252 = "".join(bytes([byte]).decode("cp1252", "ignore") or _C1[byte] for byte in range(256))


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text without byte order mark; `encoding` is the WHATWG name; `problems` are sentences for the feed's health."""

    text: str
    encoding: str
    problems: tuple[str, ...] = ()
    by: str = "its bytes"
    """What told the encoding: `its byte order mark`, `the HTTP header`, `the document`, or `its bytes` where no label is true."""


def canonical(label: str) -> str | None:
    """Return the WHATWG name for a label, the label itself if only Python knows it, or None."""
    label = label.strip().lower()
    if label in LABELS:
        return LABELS[label]
    try:
        found = codecs.lookup(label)
    except LookupError:
        return None
    usable = getattr(found, "_is_text_encoding", False) and found.name not in {"idna", "punycode", "utf-7", "undefined"}
    return found.name if usable else None


def decode(raw: bytes, *, content_type: str = "") -> Decoded:
    """Decode a document. Never raises; bytes that cannot be read become U+FFFD and a problem."""
    for mark, name in _BOMS:
        if raw.startswith(mark):
            return Decoded(_lossy(raw[len(mark) :], name), name, by="its byte order mark")
    if b"\x00" in raw[:2]:  # markup begins with ASCII, so one byte of each pair is zero
        name = "utf-16-le" if raw[1:2] == b"\x00" else "utf-16-be"
        return Decoded(_lossy(raw, name), name)
    problems: list[str] = []
    header = _named(_CHARSET.search(content_type), "the HTTP header", problems)
    match = _DECLARED.search(raw[:400]) or (None if raw.lstrip()[:1] in {b"{", b"["} else _META.search(raw[:2000]))
    declared = _named(match, "the document", problems)
    if header and declared and header != declared:
        problems.append(f"the HTTP header says {header}, the document says {declared}")
    labels = _in_order(header, declared)
    by = {declared: "the document", header: "the HTTP header"}
    if not raw.isascii() and (text := _strict(raw, "utf-8")) is not None:  # nothing else happens to be valid UTF-8
        if labels and "utf-8" not in labels:
            problems.append(f"labelled {labels[0]}, but the bytes are UTF-8")
        return Decoded(text, "utf-8", tuple(problems), by.get("utf-8", "its bytes"))
    for name in labels:
        text = _strict(raw, name)
        if text is None:
            continue
        better = _unlike(raw, name, text)
        if better is not None:
            problems.append(f"labelled {name}, but the bytes are {better}")
            return Decoded(_lossy(raw, better), better, tuple(problems))
        return Decoded(text, name, tuple(problems), by[name])
    name = "utf-8" if _nearly_utf8(raw) else _guess(raw)
    if name != "utf-8":
        name = min((*labels, name), key=lambda choice: _lossy(raw, choice).count("\ufffd"))
    text = _lossy(raw, name)
    if labels and name not in labels:
        problems.append(f"labelled {labels[0]}, but the bytes are {name}")
    if "\ufffd" in text:
        problems.append(f"{text.count(chr(0xFFFD))} characters cannot be read as {name}")
    return Decoded(text, name, tuple(problems), by.get(name, "its bytes"))


def without_declaration(text: str) -> str:
    """Drop the XML declaration, whose encoding is no longer true once a text is decoded."""
    declaration = _XML_DECLARATION.match(text)
    return text[declaration.end() :] if declaration else text


def _named(match: re.Match[str] | re.Match[bytes] | None, where: str, problems: list[str]) -> str | None:
    if match is None:
        return None
    label = match[1].decode("ascii") if isinstance(match[1], bytes) else match[1]
    name = canonical(label)
    if name is None:
        problems.append(f"{where} names the encoding {label}, which nobody knows")
    elif name.startswith(("utf-16", "utf-32")):
        return None  # the label itself was read as single bytes, so it cannot be true
    return name


def _in_order(header: str | None, declared: str | None) -> list[str]:
    """The header wins (RFC 7303), unless it is a single-byte default that reads anything and the document knows better."""
    if header in _ANY_BYTE and declared and declared not in _ANY_BYTE:
        header, declared = declared, header
    return [name for name in (header, declared) if name]


LEAST_KANA = 5
"""So many kana, a quarter of all that is not ASCII, do not come about by chance."""


def _unlike(raw: bytes, name: str, text: str) -> str | None:
    """Return the encoding that bytes have although they can be read as their label says: EUC-JP looks like half-width kana in Shift_JIS,
    and anything looks like something in a server's Western default.
    """
    if name == "shift_jis" and len(_HALF_WIDTH.findall(text)) > len(_KANA.findall(text)):
        least = 1
    elif name == "windows-1252":
        least = LEAST_KANA
    else:
        return None
    guess = _guess(raw)
    if guess in {name, "windows-1252", "utf-8", "iso-2022-jp"}:
        return None
    other = _lossy(raw, guess)
    kana = len(_KANA.findall(other))
    return guess if kana >= least and kana * 4 >= _beyond_ascii(other) else None


def _nearly_utf8(raw: bytes) -> bool:
    """True for UTF-8 that a broken byte here and there has spoilt, such as a text cut in the middle of a character."""
    text = _lossy(raw, "utf-8")
    broken = text.count("\ufffd")
    return broken * 20 < _beyond_ascii(text)


def _beyond_ascii(text: str) -> int:
    """Return how many characters are not ASCII."""
    return len(text) - len(text.encode("ascii", "ignore"))


def _guess(raw: bytes) -> str:
    """Look at bytes without a true label: the Japanese encodings by how much kana they give, else Western."""
    if b"\x1b$" in raw and raw.isascii():
        return "iso-2022-jp"
    if raw.isascii():
        return "utf-8"
    kana = {name: len(_KANA.findall(text)) for name in ("euc-jp", "shift_jis") if (text := _strict(raw, name)) is not None}
    return max(kana, key=lambda name: kana[name]) if any(kana.values()) else "windows-1252"


def _strict(raw: bytes, name: str) -> str | None:
    try:
        return _codec(raw, name, "strict")
    except (UnicodeError, LookupError):
        return None


def _lossy(raw: bytes, name: str) -> str:
    return _codec(raw, name, "replace").removeprefix("\ufeff")


def _codec(raw: bytes, name: str, errors: str) -> str:
    """Decode by WHATWG name: where Python's codec of that name is narrower than the web's, the wider one is used."""
    if name == "windows-1252":
        return codecs.charmap_decode(raw, errors, _WINDOWS_1252)[0]
    if name == "euc-jp":
        return decode_euc_jp(raw, errors)
    if name == "iso-2022-jp":
        return decode_iso_2022_jp(raw, errors)
    return raw.decode(_PYTHON.get(name, name), errors)
