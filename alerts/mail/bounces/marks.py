"""Who wrote a message, and what its subject announces: what tells a mail system from a machine that answers, and both from a person."""

from __future__ import annotations

import re
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr

_SYSTEM = re.compile(
    r"^(mailer-daemon|postmaster|mail-daemon|mdaemon|mailerdaemon|mail delivery (sub)?system|noreply-dsn|bounce\S*|microsoftexchange\S*)$",
    re.IGNORECASE,
)
_FAILURE = re.compile(
    r"undeliver|not delivered|undelivered|failure notice|returned mail|mail delivery failed|could not be delivered|message delayed"
    r"|delivery (status|failure|has failed|problem|incomplete|delayed)|warning: message"
    r"|配信(不能|エラー|できません)|送信(エラー|できません)|エラーメール|配送(エラー|不能|できません)",
    re.IGNORECASE,
)


def from_mail_system(message: Message) -> bool:
    """True if a mail system wrote it, by its name or by the null return path that bounces have (RFC 5321 §4.5.5)."""
    return is_mail_system(message) or _has_no_return(message)


def is_mail_system(message: Message) -> bool:
    """True if the name of the author is that of a mail system. Vacation notices have the null return path too (RFC 3834 §3.3)."""
    return bool(_SYSTEM.match(_author(message)))


def maybe_by_hand(message: Message) -> bool:
    """True if the name is that of a mail system but may as well be a person's: a postmaster who writes, with no mark of a machine."""
    return _author(message).lower() == "postmaster" and not _has_no_return(message) and not message.get("Auto-Submitted")


def announces_failure(message: Message) -> bool:
    """True if the subject is one that bounces have."""
    return bool(_FAILURE.search(subject_of(message)))


def subject_of(message: Message) -> str:
    """Return the subject, decoded as far as it can be; one that is not encoded at all counts as UTF-8."""
    values = (str(value) for name, value in message.raw_items() if name.lower() == "subject")
    raw = next(values, "").encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        return str(make_header(decode_header(raw)))
    except (LookupError, UnicodeError, ValueError):
        return raw


def _author(message: Message) -> str:
    return parseaddr(str(message.get("From", "")))[1].partition("@")[0]


def _has_no_return(message: Message) -> bool:
    return str(message.get("Return-Path", "")).strip() == "<>"
