"""Bounces written for people: qmail's (QSBMF), Exim's, old Exchange's, carriers'. flufl.bounce finds who failed, the words say why.

A message counts only if it looks like a bounce: from a mail system, or flufl.bounce knows its form. All else is left alone.
"""

from __future__ import annotations

import re
from email.message import Message
from email.utils import parseaddr

from flufl.bounce import all_failures

from alerts.mail.bounces.automatic import subject_of
from alerts.mail.bounces.parts import plain_text, quoted_ids, returned_to, typed_address
from alerts.mail.bounces.report import Report
from alerts.mail.bounces.verdict import judge, status_in
from alerts.mail.replies import anonymous

_SYSTEM = re.compile(
    r"^(mailer-daemon|postmaster|mail-daemon|mdaemon|mailerdaemon|mail delivery (sub)?system|noreply-dsn|bounce\S*)$", re.IGNORECASE
)
_SUBJECT = re.compile(
    r"undeliver|not delivered|undelivered|failure notice|returned mail|mail delivery failed|could not be delivered|message delayed"
    r"|delivery (status|failure|has failed|problem|incomplete|delayed)|warning: message"
    r"|配信(不能|エラー|できません)|送信(エラー|できません)|エラーメール|配送(エラー|不能|できません)",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"(will (be )?(retri|try|continue)|delayed|still (being )?tr|no action is required|not yet been delivered|再送)", re.IGNORECASE
)
_QUOTE = re.compile(
    r"^(-{2,}.*(copy of|original|returned|below this line|this is a copy|undelivered|元の|原文).*"
    r"|Received: from .*|>\s*(Received|From|To):.*|Return-Path:.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_BRACKETED = re.compile(r"<([^<>\s@]+@[^<>\s@]+)>|(?<![\w.<])([\w.+/=-]+@[\w-]+(?:\.[\w-]+)+)")


def read(message: Message) -> Report | None:
    """Return the bounce in a message that has no machine-readable part, or None if it is not known to be one."""
    if not message.get("From"):  # no bounce is without; flufl.bounce takes one for granted
        return None
    author = parseaddr(str(message.get("From", "")))[1].partition("@")[0]
    from_system = bool(_SYSTEM.match(author)) or str(message.get("Return-Path", "")).strip() == "<>"
    temporary, permanent = _failures(message)
    failed = [each.decode("ascii", "replace") for each in (*permanent, *temporary)]
    failed += [typed_address(value) for field in message.get_all("X-Failed-Recipients", []) for value in str(field).split(",")]
    announced = bool(_SUBJECT.search(subject_of(message)))
    if not (failed or message.get("X-Failed-Recipients")) and not (from_system and announced):
        return None
    body = plain_text(message)
    told = _QUOTE.split(body, maxsplit=1)[0]
    own = {each.lower() for each in returned_to(message)}
    named = [(one or two).lower() for one, two in _BRACKETED.findall(told)]
    addresses = tuple(dict.fromkeys(each.lower() for each in (*failed, *named) if each and each.lower() not in own))
    reason = _reason(told, addresses)
    delayed = bool(_DELAYED.search(told)) and not permanent
    return Report(
        "delayed" if delayed else judge(status_in(reason), reason),
        status_in(reason),
        anonymous(reason),
        returned_to(message),
        quoted_ids(message),
        addresses[:5],
    )


def _failures(message: Message) -> tuple[set[bytes], set[bytes]]:
    """Ask flufl.bounce who failed for now and for good. One of its forms may choke on a message that is another's: then nobody."""
    try:
        temporary, permanent = all_failures(message)
    except Exception:
        return set(), set()
    return set(temporary), set(permanent)


def _reason(told: str, addresses: tuple[str, ...]) -> str:
    """Return the words from the failed address on, which is where every form puts the reason; all of them if none is named."""
    low = told.lower()
    starts = [place for address in addresses if (place := low.find(address)) >= 0]
    after = told[min(starts) :] if starts else told
    return " ".join(after[:1500].split())
