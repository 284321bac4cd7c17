"""The state of the sender that all processes share: whether it is paused and why, how much left today, how fast it was last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select

from alerts.store import notices
from alerts.store.facts import load_fact, save_fact
from alerts.store.leases import table_of
from alerts.store.service_tables import FactRow
from alerts.store.tables import OutboxRow

PAUSE_FACT = "sender_pause"
RATE_FACT = "sender_rate"
NOTICE = "sender-pause"
ALARM = "sender"
_OUTBOX, _FACT = table_of(OutboxRow), table_of(FactRow)


@dataclass(frozen=True, slots=True)
class SenderPause:
    """No mail leaves since `since`, until `until` or until somebody resumes the sender."""

    since: datetime
    reason: str
    until: datetime | None

    def __str__(self) -> str:
        """One line for a person."""
        end = f"until {self.until:%Y-%m-%d %H:%M} UTC" if self.until else "until `alerts sender resume`"
        return f"paused {end}: {self.reason}"


def pause(connection: Connection, *, reason: str, now: datetime, length: timedelta | None = None) -> None:
    """Let no mail leave for a while, or until `resume`."""
    until = (now + length).isoformat() if length else None
    save_fact(connection, PAUSE_FACT, {"reason": reason, "until": until}, at=now)


def brake(connection: Connection, *, reason: str, now: datetime, length: timedelta | None) -> None:
    """Pause the sender and tell the operator."""
    pause(connection, reason=reason, now=now, length=length)
    lines = (reason, "Nothing is lost: the mails wait.", "Look at `alerts sender status`; send again with `alerts sender resume`.")
    notices.tell(connection, key=NOTICE, subject="No more mail leaves: most of it was not taken", lines=lines, now=now)


def alarm(connection: Connection, *, reason: str, now: datetime) -> None:
    """Tell the operator that the mail server refuses us, whoever the recipient."""
    lines = (reason, "Every mail waits as if it had not been tried; the sender tries again at each tick.", "`alerts doctor` says more.")
    notices.tell(connection, key=ALARM, subject="The mail server refuses this service", lines=lines, now=now)


def resume(connection: Connection, *, now: datetime) -> bool:
    """Let mail leave again; False if it was not paused."""
    notices.settle(connection, key=NOTICE, now=now)
    return connection.execute(delete(_FACT).where(_FACT.c.name == PAUSE_FACT)).rowcount > 0


def paused(connection: Connection, now: datetime) -> SenderPause | None:
    """Return the pause in force, or None."""
    found = load_fact(connection, PAUSE_FACT)
    if found is None:
        return None
    since, value = found
    until = datetime.fromisoformat(value["until"]) if value["until"] else None
    return None if until is not None and until <= now else SenderPause(since, value["reason"], until)


def sent_since(connection: Connection, moment: datetime) -> int:
    """Return how many mails left since a moment."""
    return connection.scalar(select(func.count()).select_from(_OUTBOX).where(_OUTBOX.c.sent_at >= moment)) or 0


def note_rate(connection: Connection, *, sent: int, seconds: float, now: datetime) -> None:
    """Put on record how fast the last mails left; a pause that ended by itself is over for the operator too."""
    save_fact(connection, RATE_FACT, {"per_second": round(sent / seconds, 1), "sent": sent, "seconds": round(seconds, 1)}, at=now)
    lines = (f"{sent} mails have just been taken.",)
    notices.settle(connection, key=ALARM, subject="The mail server takes mail again", lines=lines, now=now)
    if paused(connection, now) is None:
        notices.settle(connection, key=NOTICE, subject="Mail leaves again", lines=lines, now=now)
