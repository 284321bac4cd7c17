"""Complaints of readers that a mailbox provider passes on: the abuse reporting format (RFC 5965), also in Hotmail's older form."""

from __future__ import annotations

from email.message import Message

from alerts.mail.bounces.parts import blocks, leaves, quoted_ids, returned_to, text_of, typed_address
from alerts.mail.bounces.report import Report

_NO_COMPLAINT = {"not-spam", "auth-failure", "dmarc"}
"""Feedback types that blame nobody: the reader took it back, or a report on authentication (RFC 6591)."""


def read(message: Message) -> Report | None:
    """Return the complaint in a message, an auto-reply for feedback that is none, or None if it is no feedback report."""
    for part in leaves(message):
        if part.get_content_type() == "message/feedback-report":
            return _feedback(message, part)
    if message.get("X-HmXmrOriginalRecipient"):
        address = typed_address(str(message["X-HmXmrOriginalRecipient"]))
        return Report(
            "complaint", "", "a reader reported it as junk", returned_to(message), quoted_ids(message), (address,) if address else ()
        )
    return None


def _feedback(message: Message, part: Message) -> Report:
    inner = part.get_payload()
    groups = [each for each in inner if isinstance(each, Message)] if isinstance(inner, list) else []
    if not any(group.get("Feedback-Type") for group in groups):
        groups = blocks("\n\n".join(str(group) for group in groups) or text_of(part))
    fields = next((group for group in groups if group.get("Feedback-Type")), Message())
    kind = str(fields.get("Feedback-Type", "abuse")).strip().lower()
    addresses = [typed_address(str(value)) for name in ("Original-Rcpt-To", "Removal-Recipient") for value in fields.get_all(name, [])]
    envelope = typed_address(str(fields.get("Original-Mail-From", "")))
    found = tuple(dict.fromkeys(each for each in addresses if each))
    ours = (*returned_to(message), *((envelope,) if envelope else ()))
    if kind in _NO_COMPLAINT:
        return Report("auto-reply", "", f"feedback of type {kind}", ours, quoted_ids(message), found)
    return Report("complaint", "", f"a reader reported it: {kind}", ours, quoted_ids(message), found)
