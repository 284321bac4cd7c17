"""The state of the sender that all processes share: whether it is paused and why, how its last mails went, how fast it was last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select

from alerts.store import notices
from alerts.store.facts import TALLY_FACT, load_fact, save_fact
from alerts.store.leases import table_of
from alerts.store.service_tables import FactRow
from alerts.store.tables import OutboxRow

PAUSE_FACT = "sender_pause"
HOLD_FACT = "sender_hold"
RATE_FACT = "sender_rate"
NOTICE = "sender-pause"
ALARM = "sender"
FIRST_HOLD, LONGEST_HOLD = timedelta(minutes=1), timedelta(hours=1)
"""How long the sender leaves a mail server alone that refuses us, doubled each time: login after login gets an account locked."""
TALLY_AGE = timedelta(days=1)
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
    """Pause the sender and tell the operator. A pause until somebody resumes the sender stays as it is: what was in flight when it was
    told to stop may not shorten it."""
    standing = load_fact(connection, PAUSE_FACT)
    if standing is None or standing[1]["until"] is not None:
        pause(connection, reason=reason, now=now, length=length)
    waits = "What was refused for good is not tried again; all else waits."
    lines = (reason, waits, "Look at `alerts sender status`; send again with `alerts sender resume`.")
    notices.tell(connection, key=NOTICE, subject="No more mail leaves: most of it was not taken", lines=lines, now=now)


def alarm(connection: Connection, *, reason: str, now: datetime) -> None:
    """Tell the operator that the mail server refuses us, whoever the recipient, and hold the sender off: each time twice as long."""
    known = load_fact(connection, HOLD_FACT)
    times = known[1]["times"] + 1 if known and now - known[0] <= 2 * LONGEST_HOLD else 1
    until = now + min(LONGEST_HOLD, FIRST_HOLD * 2 ** min(times - 1, 10))
    save_fact(connection, HOLD_FACT, {"reason": reason, "until": until.isoformat(), "times": times}, at=now)
    lines = (
        reason,
        "Every mail waits as if it had not been tried. The sender tries again in a minute, then less and less often, at least hourly.",
        "`alerts doctor` says more. Once it is mended: `alerts sender resume`, or start the service anew, and it tries at once.",
    )
    notices.tell(connection, key=ALARM, subject="The mail server refuses this service", lines=lines, now=now)


def lift_hold(connection: Connection) -> bool:
    """Let the sender try the mail server at once; False if it was not held off."""
    return connection.execute(delete(_FACT).where(_FACT.c.name == HOLD_FACT)).rowcount > 0


def save_tally(connection: Connection, last: Sequence[str], *, now: datetime) -> None:
    """Keep how the last mails went: what a small service sends in one go is too little to judge by."""
    save_fact(connection, TALLY_FACT, {"last": list(last)}, at=now)


def load_tally(connection: Connection, now: datetime) -> tuple[str, ...]:
    """Return how the last mails went, oldest first; nothing that is over a day old."""
    found = load_fact(connection, TALLY_FACT)
    return () if found is None or now - found[0] > TALLY_AGE else tuple(found[1]["last"])


def resume(connection: Connection, *, now: datetime) -> bool:
    """Let mail leave again, and judge anew how it goes; False if it was not paused."""
    notices.settle(connection, key=NOTICE, now=now)
    connection.execute(delete(_FACT).where(_FACT.c.name == TALLY_FACT))
    return connection.execute(delete(_FACT).where(_FACT.c.name.in_((PAUSE_FACT, HOLD_FACT)))).rowcount > 0


def paused(connection: Connection, now: datetime) -> SenderPause | None:
    """Return the pause in force, by an operator, by ourselves or because the mail server refuses us, or None."""
    for name in (PAUSE_FACT, HOLD_FACT):
        found = load_fact(connection, name)
        if found is None:
            continue
        since, value = found
        until = datetime.fromisoformat(value["until"]) if value["until"] else None
        ahead = since - now > LONGEST_HOLD  # what a clock that was ahead has put on record holds no longer than it would have
        if until is None or (until > now and not ahead):
            return SenderPause(since, value["reason"], until)
    return None


def sent_since(connection: Connection, moment: datetime) -> int:
    """Return how many mails left since a moment."""
    return connection.scalar(select(func.count()).select_from(_OUTBOX).where(_OUTBOX.c.sent_at >= moment)) or 0


def last_left(connection: Connection) -> datetime | None:
    """Return when a rate was last put on record, so not long after the last mail left; None if none ever did."""
    found = load_fact(connection, RATE_FACT)
    return found[0] if found else None


def note_rate(connection: Connection, *, sent: int, seconds: float, now: datetime) -> None:
    """Put on record how fast the last mails left; a pause that ended by itself is over for the operator too."""
    save_fact(connection, RATE_FACT, {"per_second": round(sent / seconds, 1), "sent": sent, "seconds": round(seconds, 1)}, at=now)
    lift_hold(connection)
    lines = (f"{sent} mails have just been taken.",)
    notices.settle(connection, key=ALARM, subject="The mail server takes mail again", lines=lines, now=now)
    if paused(connection, now) is None:
        notices.settle(connection, key=NOTICE, subject="Mail leaves again", lines=lines, now=now)
