"""A rendered message, and the one person that it goes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from alerts.mail.encodings import Literal


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of a mail that other mails share: its text, and that text as it is encoded."""

    text: str
    literal: Literal


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail before it is anybody's: `subject`, `html` and `text` with the slots of `Personal` in them as `SLOTS` tokens.

    The fragments say which parts of `html` and `text`, in their order, others share; they add nothing.
    """

    subject: str
    html: str
    text: str
    html_fragments: tuple[Fragment, ...] = field(default=(), compare=False, repr=False)
    text_fragments: tuple[Fragment, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: name and address for From, postal address and contact (an address or a page) for the footer."""

    name: str
    address: str
    postal_address: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Personal:
    """What differs from recipient to recipient. URLs are absolute; `consent_date` is as printed."""

    address: str
    preferences_url: str = ""
    unsubscribe_url: str = ""
    one_click_url: str = ""
    web_url: str = ""
    consent_date: str = ""


@dataclass(frozen=True, slots=True)
class Email:
    """What a transport gets: the envelope and the whole message as bytes with CRLF line ends.

    `key` is the idempotence key (edition and subscriber); `message_id` is derived from it.
    """

    key: str
    message_id: str
    sender: str
    recipient: str
    message: bytes
    dotless: bool = False
    """True if it is known that no line opens with a dot (RFC 5321 §4.5.2): looking for one costs as much as sending."""


@dataclass(frozen=True, slots=True)
class Headers:
    """Header values beyond From, To and Subject. `references` are Message-IDs of earlier mails of the same story."""

    message_id: str
    date: datetime
    list_id: str = ""
    one_click_url: str = ""
    unsubscribe_mailto: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = field(default=())
    feedback_id: str = ""
    """`campaign:kind:list:sender`, by which large mail providers report complaints in sum; it names no recipient."""


SLOT_MARK = "\ue000"
SLOTS = {name: f"{SLOT_MARK}{name}\ue001" for name in ("preferences_url", "unsubscribe_url", "one_click_url", "web_url", "consent_date")}
"""Tokens of the private use area: no feed text can contain them, because cleaning removes them."""
