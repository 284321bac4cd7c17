"""Header fields as bytes: encoded words (RFC 2047), folding (RFC 5322 §2.2.3), and addresses (RFC 5321, 5890, 6532).

No line is longer than 76 characters unless one address, link or Message-ID is. A value with a line break is refused, not mended: it is
somebody's attempt to add a header.
"""

from __future__ import annotations

import binascii
import re

import idna

from alerts.errors import DeliveryError

_BREAK = re.compile(r"[\r\n\x00]")
_PLAIN = re.compile(r"[\x20-\x7e]*")
_ATOMS = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PLAIN_ADDRESS = re.compile(rf"{_ATOMS}@{_LABEL}(?:\.{_LABEL})*")
_PLAIN_LOCAL = re.compile(_ATOMS)
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_WIDTH = 76
_WORD_BYTES = 45
"""Bytes of UTF-8 in one encoded word: 60 characters of base64, 72 with its frame; the standard allows 75."""
_FRAME = len("=?utf-8?B??=")


def checked(name: str, value: str) -> str:
    """Return the value if it is one line. Raises DeliveryError (permanent) naming the header, not the value."""
    if _BREAK.search(value):
        raise DeliveryError(f"the header {name} has a line break in it", permanent=True)
    return value


def text_field(name: str, value: str) -> bytes:
    """Return `Name: value` CRLF for a free text such as Subject: folded if ASCII, else as encoded words."""
    value = " ".join(checked(name, value).split(" ")).strip()
    folded = _folded(name, value) if _PLAIN.fullmatch(value) and "=?" not in value else None
    return f"{name}: {_encoded_words(value, len(name) + 2) if folded is None else folded}\r\n".encode("ascii")


def mailbox_field(name: str, display: str, address: str) -> bytes:
    """Return `Name: "Display" <address>` CRLF."""
    display = checked(name, display).strip()
    mailbox = f"<{mail_address(address)}>"
    if not display:
        return f"{name}: {mailbox}\r\n".encode()
    if _PHRASE.fullmatch(display) and "=?" not in display:
        phrase = display
    elif _PLAIN.fullmatch(display) and "=?" not in display:
        phrase = '"' + display.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        phrase = _encoded_words(display, len(name) + 2)
    last_line = f"{name}: {phrase}".rpartition("\r\n")[2]
    gap = " " if len(last_line) + 1 + len(mailbox) <= _WIDTH else "\r\n "
    return f"{name}: {phrase}{gap}{mailbox}\r\n".encode()


def mail_address(address: str) -> str:
    """Return an address as envelopes and headers carry it.

    An international domain becomes its ASCII form (RFC 5891). A local part that the grammar only allows in quotes, such as the
    `first..last@` that Japanese carriers once gave out, is quoted. A local part beyond ASCII stays as it is (it needs SMTPUTF8).
    Raises DeliveryError (permanent, address at fault) if it cannot be an address at all.
    """
    if _PLAIN_ADDRESS.fullmatch(address):
        return address
    local, at, domain = checked("To", address).rpartition("@")
    try:
        domain = idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        at = ""
    if not at or not local:
        raise DeliveryError("this is not a mail address", permanent=True, address_at_fault=True)
    if local.startswith('"') and local.endswith('"') and len(local) > 2:
        local = re.sub(r"\\(.)", r"\1", local[1:-1])
    if local.isascii() and not _PLAIN_LOCAL.fullmatch(local):
        local = '"' + local.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{local}@{domain}"


def _folded(name: str, value: str) -> str | None:
    """Fold at single spaces; None if a word is too long for a line, or a line would be blank."""
    lines, line = [], f"{name}:"
    for word in value.split(" "):
        if len(line) + 1 + len(word) <= _WIDTH:
            line += f" {word}"
        elif not word or len(word) >= _WIDTH or not line.strip() or line == f"{name}:":
            return None
        else:
            lines.append(line)
            line = f" {word}"
    if any(not each.strip() for each in (*lines, line)):
        return None
    return "\r\n".join([*lines, line])[len(name) + 2 :]


def _encoded_words(value: str, used: int) -> str:
    """Encode the whole value, split between characters, with a space between the words as RFC 2047 §2 demands."""
    words: list[str] = []
    chunk = b""
    room = (_WIDTH - used - _FRAME) // 4 * 3
    for character in value:
        encoded = character.encode("utf-8", "replace")
        if len(chunk) + len(encoded) > room:
            words.append(_encoded_word(chunk))
            chunk, room = b"", _WORD_BYTES
        chunk += encoded
    if chunk or not words:
        words.append(_encoded_word(chunk))
    return "\r\n ".join(words)


def _encoded_word(data: bytes) -> str:
    return f"=?utf-8?B?{binascii.b2a_base64(data, newline=False).decode('ascii')}?="
