"""What a reply of a mail server means for us: one table from codes (RFC 5321 §4.2, RFC 3463) and wordings to our outcomes."""

from __future__ import annotations

import re
from typing import Literal

from alerts.errors import DeliveryError, RelayError, SenderError, UnreachableError
from alerts.text import without_addresses

Phase = Literal["greeting", "login", "sender", "recipient", "data", "message"]
"""Where in the session the reply came: `sender` is MAIL, `recipient` RCPT, `message` the reply after the final dot."""

LOGIN_CODES = frozenset({530, 534, 535, 538})
"""Authentication asked for, too weak, wrong, or only over TLS (RFC 4954 §6): our set-up, whoever the recipient."""
DEAD_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
"""No such mailbox, no such domain, not an address, moved, null MX, disabled; but see `is_dead`."""
_NOT_UNDERSTOOD = frozenset({500, 501, 502, 504, 555})
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
_BY_POLICY = re.compile(r"\b(polic(y|ies)|spam|blocked|reputation|unsolicited|rejected due)\b", re.IGNORECASE)
_OUR_LIMIT = re.compile(r"\b(sending|outgoing|outbound|daily|hourly) (\w+ )?(quota|limit)\b", re.IGNORECASE)
_NO_RELAY = re.compile(
    r"relay(ing)?\b.{0,30}\b(denied|not permitted|not allowed|prohibited)|(unable|not permitted|not allowed) to relay", re.IGNORECASE
)
_PASSED_ON = re.compile(r"\b(said:|callout\b|undeliverable address\b).*", re.IGNORECASE | re.DOTALL)
"""From here on a server repeats what another told it of the recipient (Postfix: reject_unverified_recipient, Exim: verify callout)."""
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")


def failure(phase: Phase, code: int, text: str) -> DeliveryError:
    """Return the error that a refusal means. Its message quotes the server without any address."""
    said = quoted(code, text)
    found = _ENHANCED.match(text)
    enhanced = found[1] if found else ""
    if code in LOGIN_CODES:
        return SenderError(f"the mail server refuses our login: {said}", code=code)
    if not 400 <= code <= 599:
        odd = f"the mail server gave an answer that makes no sense: {said}"
        if phase in {"greeting", "login"}:
            return UnreachableError(odd, code=code)
        return DeliveryError(odd, uncertain=phase == "message", code=code)
    if phase in {"greeting", "login"}:
        kind = SenderError if code >= 500 else UnreachableError
        return kind(f"the mail server turns us away: {said}", code=code)
    if code < 500:
        return DeliveryError(f"the mail server says not now: {said}", code=code)
    own = _PASSED_ON.sub("", text)
    if enhanced == "5.4.5" or _is_our_limit(enhanced, own):
        return SenderError(f"the mail server lets us send no more for now: {said}", permanent=True, code=code)
    if phase == "sender" and code in _NOT_UNDERSTOOD:
        return SenderError(f"the mail server does not understand our MAIL command: {said}", permanent=True, code=code)
    if phase == "sender" and code != 552 and enhanced not in TOO_BIG:
        return SenderError(f"the mail server refuses our sender address: {said}", permanent=True, code=code)
    if phase == "recipient" and _NO_RELAY.search(own):
        return RelayError(f"the mail server does not relay for us; log in, or allow this host there: {said}", permanent=True, code=code)
    dead = (is_dead(enhanced, text) and not _NO_RELAY.search(text)) or (
        not enhanced and phase == "recipient" and code in {550, 551, 553} and names_unknown_user(text)
    )
    return DeliveryError(f"the mail server refused it: {said}", permanent=True, address_at_fault=dead, code=code)


def _is_our_limit(enhanced: str, own: str) -> bool:
    """True if a server says that we sent enough; a mailbox (5.2.x) that got enough today is nobody's trouble but its own."""
    found = _OUR_LIMIT.search(own)
    return found is not None and not (enhanced.startswith("5.2.") and found[1].lower() in {"daily", "hourly"})


def after_message(timeout: float) -> float:
    """Return the seconds to wait for the reply to a whole message: far longer than for others, because whoever gives up sends it again.

    RFC 5321 §4.5.3.2.6 asks for ten minutes; seven leave the lease of the batch alone.
    """
    return min(10 * timeout, max(timeout, 420.0))


def elsewhere(code: int, sent: int) -> bool:
    """True for a refusal of MAIL that is about the connection: the server believes us in the midst of a mail, or wants no more over it.

    Some say the latter with 452 and leave the connection open: every mail that followed over it would be put off.
    """
    return code == 503 or (code >= 400 and sent > 0)


def is_dead(status: str, said: str) -> bool:
    """True if an enhanced code says that nobody lives there, and the words do not say something else.

    Gmail uses 5.2.1 also for a mailbox that gets too much at the moment; some servers put 5.1.1 before the name of a block list.
    """
    if status not in DEAD_ADDRESS or (status == "5.2.1" and _BUSY.search(said)):
        return False
    return not _BLOCKED.search(said) or names_unknown_user(said)


def names_unknown_user(text: str) -> bool:
    """True if the words of a server say that it knows no such mailbox.

    "Mailbox unavailable" is what RFC 5321 §4.2.3 has for everything that 550 may mean, policy as well.
    """
    found = _UNKNOWN_USER.search(text)
    return found is not None and not (found[0].lower().endswith("unavailable") and _BY_POLICY.search(text))


def quoted(code: int, text: str) -> str:
    """Return a reply fit for a log and a page: one line, no address, not long."""
    return f"{code} {anonymous(text)}".strip()


def anonymous(text: str) -> str:
    """Return the words of a server without any address, in one line of at most 200 printable characters."""
    return " ".join(_UNPRINTABLE.sub(" ", without_addresses(text)).split())[:200]
