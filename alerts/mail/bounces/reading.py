"""Read one message of the bounce mailbox: complaint, delivery report by parts, automatic reply, bounce in prose, in this order.

A delivery report calls itself an automatic reply too (RFC 3464 §2), so it is looked for first; prose is guessed at last.
"""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes
from email.message import Message

from alerts.mail.bounces import automatic, complaint, dsn, prose
from alerts.mail.bounces.report import Report

READERS: tuple[Callable[[Message], Report | None], ...] = (complaint.read, dsn.read, automatic.read, prose.read)
LARGEST = 2_000_000
"""Bytes of a message that are read; a report that carries more repeats our mail, and its own words stand in front."""


def read_report(raw: bytes) -> Report | None:
    """Return what a message says of one of our mails, or None if it is not understood: then nobody may touch it."""
    message = message_from_bytes(raw[:LARGEST])
    for reader in READERS:
        report = reader(message)
        if report is not None:
            return report
    return None
