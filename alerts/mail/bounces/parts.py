"""What every reader of returned mail needs: the text of a part, blocks of fields, quoted headers, addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_string
from email.message import Message
from email.utils import getaddresses, parseaddr

_MESSAGE_ID = re.compile(r"^\s{0,4}(?:>\s?)?Message-I[Dd]:\s*(<[^<>\s]+>)", re.MULTILINE)
_RETURN_FIELDS = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "X-Failed-Sender")
_TAG = re.compile(r"<[^<>]+>")
_MOST = 200_000
"""Characters of a part that are looked at: what matters stands at the start of a report."""


def text_of(part: Message) -> str:
    """Return a part as text, whatever its encoding says."""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        inner = part.get_payload()
        return "\n\n".join(str(each) for each in inner)[:_MOST] if isinstance(inner, list) else str(inner)[:_MOST]
    charset = part.get_content_charset() or "utf-8"
    try:
        return payload[:_MOST].decode(charset, "replace")
    except (LookupError, ValueError):  # a charset that nobody has, that is no text (idna), or that holds a NUL
        return payload[:_MOST].decode("latin-1")


def leaves(message: Message) -> Iterator[Message]:
    """Yield the parts of a message from the outside in, without looking into messages that are attached."""
    if message.get_content_maintype() == "multipart" and message.is_multipart():
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from leaves(part)
    else:
        yield message


def plain_text(message: Message) -> str:
    """Return all plain text of a message, else its HTML without tags."""
    texts = [text_of(part) for part in leaves(message) if part.get_content_type() == "text/plain"]
    if texts:
        return "\n".join(texts)
    return "\n".join(_TAG.sub(" ", text_of(part)) for part in leaves(message) if part.get_content_type() == "text/html")


def blocks(text: str) -> list[Message]:
    """Return the groups of fields of a machine-readable part (RFC 3464 §2.1), which blank lines divide."""
    return [message_from_string(block.strip() + "\n\n") for block in re.split(r"\r?\n[ \t]*\r?\n", text) if block.strip()]


def returned_to(message: Message) -> tuple[str, ...]:
    """Return the addresses that a message was sent to, without doubles."""
    fields = [value for name in _RETURN_FIELDS for value in message.get_all(name, [])]
    return tuple(dict.fromkeys(address for _, address in getaddresses([str(field) for field in fields]) if "@" in address))


def quoted_ids(message: Message) -> tuple[str, ...]:
    """Return the Message-IDs of mails that a message carries or quotes, not its own."""
    found: list[str] = []
    for part in message.walk():
        if part.get_content_type() == "message/rfc822" and part.is_multipart():
            found += [
                str(value).strip()
                for inner in part.get_payload()
                if isinstance(inner, Message)
                for value in inner.get_all("Message-ID", [])
            ]
        elif not part.is_multipart():
            found += _MESSAGE_ID.findall(text_of(part))
    own = str(message.get("Message-ID", "")).strip()
    return tuple(dict.fromkeys(one for one in found if one != own))


def typed_address(value: str) -> str:
    """Return the address of a field such as `rfc822; user@example.org` (RFC 3464 §2.1.2), folded; empty if there is none."""
    _, semicolon, rest = value.partition(";")
    address = parseaddr((rest if semicolon else value).strip())[1]
    return address.strip("<> ").lower() if "@" in address else ""
