"""Messages that machines write back although nothing failed: vacation notices, receipts, tickets (RFC 3834, RFC 8098)."""

from __future__ import annotations

import re
from email.message import Message

from alerts.mail.bounces.marks import announces_failure, is_mail_system, subject_of
from alerts.mail.bounces.parts import quoted_ids, returned_to
from alerts.mail.bounces.report import Report

_SUBJECT = re.compile(
    r"^\s*(re:\s*)?(auto(matic)?[ -]?(reply|response)|out of (the )?office|vacation|away from|i am out|abwesenheit|réponse automatique"
    r"|自動(応答|返信)|不在(通知|のお知らせ)|【?自動)",
    re.IGNORECASE,
)
_PRECEDENCE = {"auto_reply", "auto-reply"}


def read(message: Message) -> Report | None:
    """Return an auto-reply if the message says that it is one, else None. Bounces may say so too (RFC 3834 §5), Exim's always do."""
    if message.get("X-Failed-Recipients") or (is_mail_system(message) and announces_failure(message)):
        return None
    submitted = str(message.get("Auto-Submitted", "")).strip().lower()
    disposition = message.get_content_type() == "multipart/report" and message.get_param("report-type") == "disposition-notification"
    answered = submitted.startswith(("auto-replied", "auto-notified")) or any(
        message.get(name) for name in ("X-Autoreply", "X-Autorespond")
    )
    marked = str(message.get("Precedence", "")).strip().lower() in _PRECEDENCE
    if disposition or answered or marked or _SUBJECT.search(subject_of(message)):
        return Report("auto-reply", "", "an automatic reply", returned_to(message), quoted_ids(message))
    return None
