"""Delivery status notifications, by their parts (RFC 3461–3464, RFC 6533 for international ones)."""

from __future__ import annotations

from email.message import Message

from alerts.mail.bounces.parts import blocks, leaves, quoted_ids, returned_to, text_of, typed_address
from alerts.mail.bounces.report import Kind, Report
from alerts.mail.bounces.verdict import judge, status_in
from alerts.mail.replies import anonymous

_STATUS_TYPES = {"message/delivery-status", "message/global-delivery-status"}
_NOT_FAILED: dict[str, Kind] = {"delivered": "delivered", "relayed": "delivered", "expanded": "delivered", "delayed": "delayed"}
_WORST: tuple[Kind, ...] = ("hard", "policy", "soft", "delayed", "delivered")


def read(message: Message) -> Report | None:
    """Return what a DSN says of its worst recipient, or None if the message has no machine-readable part."""
    groups = [block for part in leaves(message) if part.get_content_type() in _STATUS_TYPES for block in _groups(part)]
    recipients = [group for group in groups if group.get("Final-Recipient") or group.get("Original-Recipient") or group.get("Action")]
    if not recipients:
        return None
    read_ones = [_recipient(group) for group in recipients]
    kind, status, said = min(((kind, status, said) for kind, status, said, _ in read_ones), key=lambda one: _WORST.index(one[0]))
    addresses = [address for _, _, _, each in read_ones for address in each]
    return Report(kind, status, said, returned_to(message), quoted_ids(message), tuple(dict.fromkeys(addresses)))


def _groups(part: Message) -> list[Message]:
    inner = part.get_payload()
    if isinstance(inner, list) and part.get_content_type() == "message/delivery-status":
        return [each for each in inner if isinstance(each, Message)]
    return blocks(text_of(part))


def _recipient(group: Message) -> tuple[Kind, str, str, list[str]]:
    action = str(group.get("Action", "failed")).strip().lower().partition(" ")[0]
    diagnostic = " ".join(str(group.get("Diagnostic-Code", "")).split())
    words = diagnostic.partition(";")[2].strip() or diagnostic
    declared = status_in(str(group.get("Status", "")))
    exact = status_in(words)
    status = exact if exact and (not declared or declared.endswith(".0")) else declared
    addresses = [
        typed_address(str(group[name])) for name in ("Original-Recipient", "Final-Recipient", "X-Actual-Recipient") if group.get(name)
    ]
    kind = _NOT_FAILED.get(action) or judge(status, words)
    return kind, status, anonymous(words), [each for each in addresses if each]
