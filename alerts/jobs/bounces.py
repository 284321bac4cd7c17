"""Read returned mail: which of our mails is it about, how bad is it, and what follows for the address.

A report is matched to a mail by the signed token in our envelope sender, else by a Message-ID of ours (both only somebody can know who had
the mail in hand), else by the address alone. That can be forged by anybody who knows the address, again and again, so it is on record for
the operator and changes nothing. A token that is not signed by us is a forgery, and then the address beside it counts for nothing.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from alerts.jobs.context import Context
from alerts.mail.bounces.reading import read_report
from alerts.mail.bounces.report import Report
from alerts.mail.headers import mail_address
from alerts.mail.identity import message_id
from alerts.mail.mailboxes import Mailbox, open_mailbox
from alerts.mail.verp import SEPARATOR, ReturnPaths
from alerts.signing import Signer, TokenError
from alerts.store import bounces, notices, sender, subscribers, suppressions
from alerts.store.bounces import Bounce, Returned
from alerts.store.facts import UNKNOWN_FACT, load_fact, save_fact

LOOK_BACK = timedelta(days=30)
"""How old a mail may be that a Message-ID is looked up for: mail servers give up after five days, readers complain within weeks."""
MOST_SEARCHES = 20
"""Reports in one reading for which all mails of late are gone through: whoever sends made-up ones must not keep us busy."""
ALARM, SHARE = 10, 0.05
"""Policy refusals within a day from which on the operator is mailed, or their share of the day's mails where those are few: it is our name
that is at stake, not a reader's address."""
MOST_UNKNOWN = 5000
"""Messages that are not understood and not read again: the mailbox may be a person's."""
POLICY_KEY = "bounces:policy"
_COUNTED = ("hard", "soft", "policy", "complaint")
_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class BounceCount:
    """What one reading found. `unknown` was left untouched: no report, or none on a mail of ours. `ignored` needed nothing."""

    hard: int = 0
    soft: int = 0
    policy: int = 0
    complaint: int = 0
    ignored: int = 0
    again: int = 0
    unknown: int = 0
    suppressed: int = 0


def read_bounces(context: Context, mailbox: Mailbox | None = None) -> BounceCount:
    """Read what is unread in the mailbox (default: that of the settings, of which what was not understood is not read again and again).

    Raises MailboxError, SettingsError, StoreError.

    Each message is on record before it is marked as read: cut off in between, it is read again and counts once all the same.
    """
    url = context.settings.bounce_url.get_secret_value()
    if mailbox is None and not url:
        return BounceCount()
    place = mailbox or open_mailbox(url)
    count: Counter[str] = Counter()
    reading = _Reading(context)
    known = reading.known() if mailbox is None else ()
    unknown: list[str] = []
    try:
        for key, raw in place.unread(known):
            result = reading.take(raw)
            count.update(result)
            if "unknown" not in result:
                place.understood(key)
            else:
                unknown.append(key)
    finally:
        place.close()
    reading.alarm()
    if mailbox is None and unknown:
        reading.know([*known, *unknown])
    return BounceCount(**count)


class _Reading:
    """One call of the job."""

    def __init__(self, context: Context) -> None:
        settings = context.settings
        self._context = context
        self._signer = Signer(settings.secret_key.get_secret_value(), context.clock)
        address = mail_address(settings.bounce_address or settings.sender_address)
        self._paths = ReturnPaths(address, self._signer)
        self._envelope = address.lower().rpartition("@")
        self._domain = mail_address(settings.sender_address).rpartition("@")[2].lower()
        self._searches_left = MOST_SEARCHES

    def known(self) -> tuple[str, ...]:
        """The keys of the messages that were not understood."""
        with self._context.database.read() as connection:
            found = load_fact(connection, UNKNOWN_FACT)
        return tuple(found[1]["keys"]) if found else ()

    def know(self, keys: Sequence[str]) -> None:
        """Keep the newest of those keys."""
        with self._context.database.write() as connection:
            save_fact(connection, UNKNOWN_FACT, {"keys": list(keys[-MOST_UNKNOWN:])}, at=self._context.clock.now())

    def take(self, raw: bytes) -> list[str]:
        """Count one message. Returns the names of what is to be counted."""
        try:
            report = read_report(raw)
        except Exception as error:  # whoever knows the address may write what they like: the other messages must be read
            _LOG.warning("bounces.unreadable", error=type(error).__name__, said=str(error)[:200], size=len(raw))
            return ["unknown"]
        if report is None:
            return ["unknown"]
        if report.kind not in _COUNTED:
            return ["ignored"]
        fingerprint = hashlib.sha256(raw).hexdigest()[:32]
        now = self._context.clock.now()
        with self._context.database.write() as connection:
            if bounces.is_known(connection, fingerprint):
                return ["again"]
            found, found_by = self._find(connection, report, now)
            if found is None:
                return ["unknown"]
            bounces.keep(
                connection, Bounce(fingerprint, report.kind, report.status, report.said, found_by, found.subscriber, found.outbox, now)
            )
            suppressed = self._follow(connection, report, found, found_by, now)
        _LOG.info(
            "bounces.read", kind=report.kind, status=report.status, found_by=found_by, subscriber=found.subscriber, outbox=found.outbox
        )
        return [report.kind, "suppressed"] if suppressed else [report.kind]

    def alarm(self) -> None:
        """Tell the operator while receivers refuse us for what we are, and settle it when a day has passed without."""
        now = self._context.clock.now()
        with self._context.database.write() as connection:
            refused = bounces.counts(connection, since=now - timedelta(days=1)).get("policy", 0)
            if refused >= ALARM or refused > max(1, SHARE * sender.sent_since(connection, now - timedelta(days=1))):
                lines = [
                    f"{refused} mails came back within a day because receivers mind the sender: blocklists, SPF, DKIM, DMARC, content.",
                    "No reader's address suffers for it. What they say: alerts bounces list. What is wrong here: alerts doctor.",
                ]
                notices.tell(connection, key=POLICY_KEY, subject="Mail servers refuse our mails", lines=lines, now=now)
            elif refused == 0 and notices.is_told(connection, POLICY_KEY):
                over = ["A day has passed without a refusal."]
                notices.settle(connection, key=POLICY_KEY, subject="Mail servers take our mails again", lines=over, now=now)

    def _find(self, connection: Connection, report: Report, now: datetime) -> tuple[Returned | None, str]:
        forged = False
        for address in report.returned_to:
            try:
                if mail := bounces.by_row(connection, self._paths.read(address)):
                    return mail, "token"
            except TokenError:
                forged = forged or self._is_marked(address)
        if mail := self._by_message_id(connection, report, now):
            return mail, "message-id"
        if forged:
            _LOG.warning("bounces.forged", kind=report.kind)
            return None, ""
        readers = (bounces.reader(connection, address) for address in report.recipients)
        return next((mail for mail in readers if mail is not None), None), "address"

    def _is_marked(self, address: str) -> bool:
        """True for an address that looks like an envelope sender of ours, signed or not."""
        local, _, domain = address.lower().strip("<>").rpartition("@")
        return domain == self._envelope[2] and local.startswith(self._envelope[0] + SEPARATOR)

    def _by_message_id(self, connection: Connection, report: Report, now: datetime) -> Returned | None:
        """Find a mail by its Message-ID, which is derived and not stored: among those to the addresses named, else among all of late."""
        wanted = {one.lower() for one in report.message_ids if one.lower().endswith(f"@{self._domain}>")}
        if not wanted:
            return None
        since = now - LOOK_BACK
        mails = (mail for address in report.recipients for mail in bounces.mails_to(connection, address, since=since))
        if not report.recipients and self._searches_left:
            self._searches_left -= 1
            mails = (mail for mail in bounces.mails_since(connection, since))
        return next((mail for mail in mails if message_id(self._signer, self._domain, mail.key) in wanted), None)

    def _follow(self, connection: Connection, report: Report, found: Returned, found_by: str, now: datetime) -> bool:
        """Do what the report asks for. Returns True if the address is suppressed by it."""
        if report.kind == "policy" or found_by == "address":
            return False
        if report.kind == "complaint":
            subscribers.end(connection, [found.subscriber], reason="complaint", now=now)
            return self._suppress(connection, found, "complaint", now)
        if report.kind == "hard":
            return self._suppress(connection, found, f"came back: {report.status or 'no such mailbox'}", now)
        if bounces.soften(connection, found.subscriber, at=now) >= bounces.LIMIT:
            return self._suppress(connection, found, "came back again and again", now)
        return False

    def _suppress(self, connection: Connection, found: Returned, reason: str, now: datetime) -> bool:
        mark = suppressions.mark_of(self._signer, found.address_key)
        return suppressions.suppress(connection, [mark], reason=reason, at=now) > 0
