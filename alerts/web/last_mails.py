"""What became of a reader's last mails, in the reader's words: taken, to be tried again, or given up, with what the mail server said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from alerts.digests import printed
from alerts.store import outbox
from alerts.store.subscribers import Subscriber
from alerts.web.phrases import phrase

SHOWN = 5
_KINDS = ("alert", "daily", "weekly")


@dataclass(frozen=True, slots=True)
class LastMail:
    """One line of the page; `said` is in English, and empty where all went well."""

    line: str
    said: str


def last_mails(connection: Connection, person: Subscriber, language: str, *, now: datetime) -> list[LastMail]:
    """Return the last mails of a reader, newest first; one that is due later waits for the reader's hours, and says for when."""
    lines = []
    for kind, state, moment, said in outbox.history(connection, person.id, limit=SHOWN):
        name = phrase(language, f"mails.kind.{kind if kind in _KINDS else 'other'}")
        time = printed.time(moment, person.choices.timezone, language)
        stands = "waits" if state == "pending" and moment > now else state
        lines.append(LastMail(phrase(language, f"mails.{stands}", kind=name, time=time), said))
    return lines
