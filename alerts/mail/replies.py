"""What a reply of a mail server means for us: one table from codes (RFC 5321 §4.2, RFC 3463) and wordings to our outcomes."""

from __future__ import annotations

import re
from typing import Literal

from alerts.errors import DeliveryError, SenderError, UnreachableError
from alerts.text import without_addresses

Phase = Literal["greeting", "login", "sender", "recipient", "data", "message"]
"""Where in the session the reply came: `sender` is MAIL, `recipient` RCPT, `message` the reply after the final dot."""

LOGIN_CODES = frozenset({530, 534, 535, 538})
"""Authentication asked for, too weak, wrong, or only over TLS (RFC 4954 §6): our set-up, whoever the recipient."""
DEAD_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
"""No such mailbox, no such domain, not an address, moved, null MX, disabled; but see `is_dead`."""
TOO_BIG = frozenset({"5.3.4", "5.2.3"})

_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_UNKNOWN_USER = re.compile(
    r"(user|recipient|addressee|mailbox|address|account)\b.{0,40}"
    r"\b(unknown|not found|does ?n.t exist|does not exist|unavailable|disabled|invalid)"
    r"|(unknown|no such|invalid) (local )?(user|recipient|mailbox|address|account)|no mailbox",
    re.IGNORECASE,
)
_BUSY = re.compile(r"\b(at a rate|rate limit|too (quickly|fast|many))", re.IGNORECASE)
_BLOCKED = re.compile(r"\b(blocked|block ?list\w*|black ?list\w*|spamhaus|barracuda\w*)\b", re.IGNORECASE)
_NO_RELAY = re.compile(
    r"relay(ing)?\b.{0,30}\b(denied|not permitted|not allowed|prohibited)|(unable|not permitted|not allowed) to relay", re.IGNORECASE
)
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")


def failure(phase: Phase, code: int, text: str) -> DeliveryError:
    """Return the error that a refusal means. Its message quotes the server without any address."""
    said = quoted(code, text)
    found = _ENHANCED.match(text)
    enhanced = found[1] if found else ""
    if code in LOGIN_CODES:
        return SenderError(f"the mail server refuses our login: {said}", code=code)
    if not 400 <= code <= 599:
        return DeliveryError(f"the mail server gave an answer that makes no sense: {said}", code=code)
    if phase in {"greeting", "login"}:
        kind = SenderError if code >= 500 else UnreachableError
        return kind(f"the mail server turns us away: {said}", code=code)
    if code < 500:
        return DeliveryError(f"the mail server says not now: {said}", code=code)
    if phase == "sender" and code != 552 and enhanced not in TOO_BIG:
        return SenderError(f"the mail server refuses our sender address: {said}", permanent=True, code=code)
    if phase == "recipient" and _NO_RELAY.search(text):
        return SenderError(f"the mail server does not relay for us; log in, or allow this host there: {said}", permanent=True, code=code)
    dead = is_dead(enhanced, text) or (not enhanced and phase == "recipient" and code in {550, 551, 553} and names_unknown_user(text))
    return DeliveryError(f"the mail server refused it: {said}", permanent=True, address_at_fault=dead, code=code)


def is_dead(status: str, said: str) -> bool:
    """True if an enhanced code says that nobody lives there, and the words do not say something else.

    Gmail uses 5.2.1 also for a mailbox that gets too much at the moment; some servers put 5.1.1 before the name of a block list.
    """
    if status not in DEAD_ADDRESS or (status == "5.2.1" and _BUSY.search(said)):
        return False
    return not _BLOCKED.search(said) or names_unknown_user(said)


def names_unknown_user(text: str) -> bool:
    """True if the words of a server say that it knows no such mailbox."""
    return bool(_UNKNOWN_USER.search(text))


def quoted(code: int, text: str) -> str:
    """Return a reply fit for a log and a page: one line, no address, not long."""
    return f"{code} {anonymous(text)}".strip()


def anonymous(text: str) -> str:
    """Return the words of a server without any address, in one line of at most 200 printable characters."""
    return " ".join(_UNPRINTABLE.sub(" ", without_addresses(text)).split())[:200]
