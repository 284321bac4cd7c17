"""Bounces written for people: qmail's (QSBMF), Exim's, old Exchange's, carriers'. flufl.bounce finds who failed, the words say why.

A message counts only if it looks like a bounce: from a mail system, or flufl.bounce knows its form. All else is left alone.
"""

from __future__ import annotations

import re
from email.message import Message

from flufl.bounce import all_failures

from alerts.mail.bounces.marks import announces_failure, from_mail_system, maybe_by_hand
from alerts.mail.bounces.parts import plain_text, quoted_ids, returned_to, typed_address
from alerts.mail.bounces.report import Report
from alerts.mail.bounces.verdict import judge, status_in
from alerts.mail.replies import anonymous

_DELAYED = re.compile(
    r"(will (be )?(retri|try|continue)|delayed|still (being )?tr|no action is required|not yet been delivered|再送)", re.IGNORECASE
)
_GOES_ON = re.compile(r"\bwill (be )?(retr|try again|keep trying|continue)|再送し", re.IGNORECASE)
"""The mail system says itself that it has not given up, whatever form the message has."""
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
    temporary, permanent = _failures(message)
    failed = [each.decode("ascii", "replace") for each in (*permanent, *temporary)]
    failed += [typed_address(value) for field in message.get_all("X-Failed-Recipients", []) for value in str(field).split(",")]
    told = _QUOTE.split(plain_text(message), maxsplit=1)[0]
    if not (failed or message.get("X-Failed-Recipients")) and not _is_bounce(message, told):
        return None
    own = {each.lower() for each in returned_to(message)}
    named = [(one or two).lower() for one, two in _BRACKETED.findall(told)]
    addresses = tuple(dict.fromkeys(each.lower() for each in (*failed, *named) if each and each.lower() not in own))
    reason = _reason(told, addresses)
    delayed = bool(_GOES_ON.search(told)) or (bool(_DELAYED.search(told)) and not permanent)
    return Report(
        "delayed" if delayed else judge(status_in(reason), reason),
        status_in(reason),
        anonymous(reason),
        returned_to(message),
        quoted_ids(message),
        addresses[:5],
    )


def _is_bounce(message: Message, told: str) -> bool:
    """True if a mail system announces a failure; where a person may have written it, only with the code of one."""
    return from_mail_system(message) and announces_failure(message) and not (maybe_by_hand(message) and not status_in(told))


def _failures(message: Message) -> tuple[set[bytes], set[bytes]]:
    """Ask flufl.bounce who failed for now and for good. One of its forms may choke on a message that is another's: then nobody."""
    try:
        temporary, permanent = all_failures(message)
    except Exception:
        return set(), set()
    return set(temporary), set(permanent)


def _reason(told: str, addresses: tuple[str, ...]) -> str:
    """Return the words from the failed address on, which is where nearly every form puts the reason; all, where those tell nothing."""
    low = told.lower()
    starts = [place for address in addresses if (place := low.find(address)) >= 0]
    after = " ".join((told[min(starts) :] if starts else told)[:1500].split())
    whole = " ".join(told[:1500].split())
    undecided = not status_in(after) and judge("", after) == "soft"
    return whole if undecided and judge("", whole) == "hard" else after
