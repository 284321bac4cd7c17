"""A rendered mail and one person become the bytes of a message (RFC 5322, 2045–2047, 2369, 2919, 3834, 8058).

`prepare` does once per digest what is the same for all its readers; `Prepared.join` does the rest in microseconds. Same input, same bytes.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from alerts.mail.encodings import Literal, Part, Pieces, literal, smallest
from alerts.mail.headers import checked, mail_address, mailbox_field, text_field
from alerts.mail.message import SLOTS, Fragment, Headers, Personal, Rendered, Sender

_SLOT = re.compile("(" + "|".join(map(re.escape, SLOTS.values())) + ")")
_NEXT_LINE = "\r\n "
_BREAK = re.compile(r"[\r\n\x00]")
_MARK_UP = re.compile(rb"[&<]")
_NAMES = {token: name for name, token in SLOTS.items()}


class Prepared:
    """A mail with everything encoded but what is personal."""

    def __init__(self, rendered: Rendered, sender: Sender) -> None:
        boundary = (
            "=_" + hashlib.sha256("\0".join((rendered.subject, rendered.text, rendered.html)).encode("utf-8", "replace")).hexdigest()[:30]
        )
        self._text = smallest(_pieces(rendered.text, rendered.text_fragments))
        self._html = smallest(_pieces(rendered.html, rendered.html_fragments))
        self._named = mailbox_field("From", sender.name, sender.address) + text_field("Subject", rendered.subject)
        self._opening = (
            "Auto-Submitted: auto-generated\r\n"
            "MIME-Version: 1.0\r\n"
            f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n'
            f"\r\n--{boundary}\r\n{_part_head('plain', self._text)}"
        ).encode("ascii")
        self._middle = f"\r\n--{boundary}\r\n{_part_head('html', self._html)}".encode("ascii")
        self._end = f"\r\n--{boundary}--\r\n".encode("ascii")

    def join(self, personal: Personal, headers: Headers) -> bytes:
        """Return the message for one person, with CRLF line ends, ready for DATA: no line opens with a dot.

        Raises DeliveryError (permanent) if the address or a header value cannot be written down.
        """
        plain = {name: getattr(personal, name).encode("utf-8", "replace") for name in SLOTS}
        marked = plain
        if _MARK_UP.search(b"".join(plain.values())):
            marked = {name: html.escape(value.decode()).encode() if _MARK_UP.search(value) else value for name, value in plain.items()}
        return b"".join(
            (
                f"Date: {_date(headers.date)}\r\nTo: {mail_address(personal.address)}\r\n".encode(),
                self._named,
                _personal_fields(headers),
                self._opening,
                *self._text.join(plain),
                self._middle,
                *self._html.join(marked),
                self._end,
            )
        )


def prepare(rendered: Rendered, sender: Sender) -> Prepared:
    """Encode all that readers of one digest share. Raises DeliveryError (permanent) if a header value has a line break in it."""
    return Prepared(rendered, sender)


def build(rendered: Rendered, personal: Personal, headers: Headers, sender: Sender) -> bytes:
    """Return one message. For many readers of one digest, `prepare` once and `join` for each."""
    return prepare(rendered, sender).join(personal, headers)


def _pieces(text: str, fragments: Sequence[Fragment]) -> Pieces:
    """Split at the slots and at what other mails share."""
    pieces: list[Literal | str] = []
    for fragment in fragments:
        before, found, rest = text.partition(fragment.text)
        if found:
            pieces += [*_own(before), fragment.literal]
            text = rest
    return [*pieces, *_own(text)]


def _own(text: str) -> Pieces:
    return [_NAMES[part] if number % 2 else literal(part) for number, part in enumerate(_SLOT.split(text))]


@lru_cache(maxsize=8)
def _date(moment: datetime) -> str:
    return format_datetime(moment)


def _part_head(subtype: str, part: Part) -> str:
    return f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: {part.encoding}\r\n\r\n'


def _personal_fields(headers: Headers) -> bytes:
    named = {
        "message-id": headers.message_id,
        "list-id": headers.list_id,
        "feedback-id": headers.feedback_id,
        "list-unsubscribe": headers.one_click_url + headers.unsubscribe_mailto,
        "in-reply-to": headers.in_reply_to,
        "references": "".join(headers.references),
    }
    if _BREAK.search("".join(named.values())):
        for name, value in named.items():
            checked(name, value)
    fields = [f"Message-ID: {headers.message_id}\r\n"]
    if headers.list_id:
        fields.append(f"List-Id: {headers.list_id}\r\nPrecedence: bulk\r\n")
    if headers.feedback_id:
        fields.append(f"Feedback-ID: {headers.feedback_id}\r\n")
    if headers.in_reply_to:
        fields.append(f"In-Reply-To: {headers.in_reply_to}\r\n")
    if headers.references:
        fields.append(f"References: {_NEXT_LINE.join(headers.references)}\r\n")
    if headers.one_click_url:
        mailto = f",\r\n <mailto:{headers.unsubscribe_mailto}>" if headers.unsubscribe_mailto else ""
        fields.append(f"List-Unsubscribe: <{headers.one_click_url}>{mailto}\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
    return "".join(fields).encode()
