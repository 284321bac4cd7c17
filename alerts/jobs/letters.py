"""Rows of the outbox become letters: who gets what, with the digest rendered once for all its readers, or why it is not sent."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import structlog
from sqlalchemy import Connection

from alerts.digests import printed
from alerts.digests.digest import Digest
from alerts.digests.edition import alert_due, digest_due
from alerts.digests.subscriber import Choices
from alerts.errors import DeliveryError
from alerts.jobs.context import Context
from alerts.jobs.greeting import welcome
from alerts.mail.dkim import load_keys, sign
from alerts.mail.headers import mail_address
from alerts.mail.identity import message_id
from alerts.mail.links import CONFIRM_AGE, PREFERENCES_AGE, Links
from alerts.mail.message import Email, Headers, Personal, Sender
from alerts.mail.mime import Prepared, prepare
from alerts.mail.render import Renderer
from alerts.mail.retries import EXPIRY
from alerts.mail.verp import ReturnPaths
from alerts.rules.levels import Level
from alerts.signing import Signer
from alerts.store import audiences, digests, outbox, suppressions
from alerts.store.outbox import Outcome, Ready
from alerts.store.subscribers import Subscriber

HELD_UP = EXPIRY - timedelta(days=1)
"""How long a mail gives way to hours in which its reader wants none."""
_KEPT = 64
"""Prepared digests kept between batches; one is some 50 KB."""
WELCOME = "welcome"
"""The kind of the first mail after consent: like a digest it is for all who chose the same, and says how to stop."""
_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Letter:
    """A row that will be sent: its mail with all but the person in it. `thread` names the story of an alert, `view` is its web view,
    `level` what it is about."""

    ready: Ready
    prepared: Prepared
    consent_date: str
    view: str = ""
    thread: str = ""
    level: Level = Level.none


@dataclass(frozen=True, slots=True)
class Piece:
    """A letter on its way: its email, or why it could not be made into one."""

    ready: Ready
    email: Email | None
    failure: DeliveryError | None


class Letters:
    """Makes letters and emails of one service. Reads the database only in `gather`."""

    def __init__(self, context: Context) -> None:
        settings = context.settings
        self._context = context
        self._signer = Signer(settings.secret_key.get_secret_value(), context.clock)
        self._links = Links(settings.base_url, self._signer)
        self._sender = Sender(settings.sender_name, mail_address(settings.sender_address), settings.postal_address, settings.contact)
        self._domain = self._sender.address.rpartition("@")[2]
        self._feedback_sender = self._domain.replace(".", "")[-15:]  # Gmail asks for 5 to 15 characters
        self._return_paths = ReturnPaths(mail_address(settings.bounce_address or settings.sender_address), self._signer)
        self._keys = load_keys(settings.dkim_keys)
        self.renderer = Renderer(context.home.templates if context.home.templates.is_dir() else None, fragments=context.fragments)
        self._digests: OrderedDict[int, tuple[Prepared, str, str, Level]] = OrderedDict()

    def gather(
        self, connection: Connection, batch: Sequence[Ready], now: datetime
    ) -> tuple[list[Letter], list[Outcome], dict[int, datetime]]:
        """Return the letters of a batch in its order, outcomes for the rows that are not sent, with the reason in words, and until when
        alerts wait that were held up into hours in which their reader wants none."""
        marks = {ready.id: self.mark(ready) for ready in batch}
        suppressed = suppressions.found(connection, list(marks.values()))
        readers = outbox.readers(connection, {ready.audience for ready in batch})
        letters, outcomes, later = [], [], {}
        for ready in batch:
            reason = reason_to_skip(ready, suppressed.get(marks[ready.id]), now)
            if reason is not None:
                outcomes.append(Outcome(ready.id, "skipped", now, ready.due, ready.attempts, text=reason))
            elif now - ready.created_at >= EXPIRY:
                text = f"given up: it was not sent within {EXPIRY.days} days"
                outcomes.append(Outcome(ready.id, "failed", now, ready.due, ready.attempts, text=text))
            else:
                letter = self._letter(connection, ready, readers, now)
                if letter is None:
                    text = "its digest could not be made into a mail; the log says why"
                    outcomes.append(Outcome(ready.id, "failed", now, ready.due, ready.attempts, text=text))
                elif (due := _awaited(ready, letter, readers[ready.audience], now)) > now:
                    later[ready.id] = due
                else:
                    letters.append(letter)
        return letters, outcomes, later

    def piece(self, letter: Letter, now: datetime) -> Piece:
        """Return a letter with its email, dated now, or with what kept it from becoming one."""
        try:
            return Piece(letter.ready, self.email(letter, now), None)
        except DeliveryError as error:
            return Piece(letter.ready, None, error)
        except Exception as error:
            return Piece(letter.ready, None, our_mistake(letter.ready, error))

    def email(self, letter: Letter, now: datetime) -> Email:
        """Return the email of a letter, dated now. Raises DeliveryError (permanent) if the address cannot be written down."""
        ready = letter.ready
        bulk = ready.digest is not None or ready.kind == WELCOME
        preferences, unsubscribe, one_click = self._links.personal(ready.subscriber) if bulk else ("", "", "")
        personal = Personal(ready.address, preferences, unsubscribe, one_click, letter.view, letter.consent_date)
        own_id = self._message_id("message", ready.key)
        thread = self._message_id("thread", f"{letter.thread}:{ready.subscriber}") if letter.thread else ""
        headers = Headers(
            message_id=own_id,
            date=now.replace(microsecond=0),
            list_id=f"<digests.{self._domain}>" if bulk else "",
            one_click_url=one_click,
            feedback_id=f"{ready.digest or 0}:{ready.kind}:digests:{self._feedback_sender}" if bulk else "",
            in_reply_to=thread,
            references=(thread,) if thread else (),
        )
        message = sign(letter.prepared.join(personal, headers), self._keys, now)
        return Email(ready.key, own_id, self._return_paths.make(ready.id), mail_address(ready.address), message, dotless=True)

    def sample(self, digest: Digest, person: Subscriber, now: datetime) -> Email:
        """Return the mail that a digest would be for a subscriber. Its link to the web view works only once the digest is stored."""
        ready = Ready(
            id=0,
            subscriber=person.id,
            edition=digest.edition,
            kind=digest.kind,
            digest=0,
            attempts=0,
            due=now,
            created_at=now,
            address=person.address,
            address_key="",
            audience=person.choices.key,
            receiving=True,
            confirmed_at=person.confirmed_at,
            paused_until=None,
            ended_reason=None,
        )
        prepared = prepare(self.renderer.digest(digest, self._sender), self._sender)
        consented = _consent_date(person.confirmed_at, person.choices.timezone, person.choices.language)
        return self.email(Letter(ready, prepared, consented, self._links.view(0), _thread(digest)), now)

    def mark(self, ready: Ready) -> str:
        """Return the mark by which the address of a row is suppressed."""
        return suppressions.mark_of(self._signer, ready.address_key)

    def _letter(self, connection: Connection, ready: Ready, readers: Mapping[str, Choices], now: datetime) -> Letter | None:
        language, timezone = readers[ready.audience].language, readers[ready.audience].timezone
        try:
            if ready.kind == WELCOME:
                return Letter(ready, self._welcome(connection, ready.audience, now), _consent_date(ready.confirmed_at, timezone, language))
            if ready.digest is None:
                return Letter(ready, self._link(ready, language) if ready.kind == "link" else self._confirmation(ready, language), "")
            prepared, view, thread, level = self._digest(connection, ready.digest)
        except Exception as error:
            # One digest that cannot be rendered must not keep the others from going out.
            _LOG.exception("send.not_rendered", outbox=ready.id, digest=ready.digest, error=type(error).__name__)
            return None
        return Letter(ready, prepared, _consent_date(ready.confirmed_at, timezone, language), view, thread, level)

    def _digest(self, connection: Connection, number: int) -> tuple[Prepared, str, str, Level]:
        """Render and encode a digest, or take it from those that are kept."""
        if number in self._digests:
            self._digests.move_to_end(number)
            return self._digests[number]
        digest = digests.load(connection, number)
        prepared = prepare(self.renderer.digest(digest, self._sender), self._sender)
        made = prepared, self._links.view(number), _thread(digest), digest.level
        self._digests[number] = made
        if len(self._digests) > _KEPT:
            self._digests.popitem(last=False)
        return made

    def _welcome(self, connection: Connection, audience: str, now: datetime) -> Prepared:
        choices = audiences.choices_of(connection, audience)
        return prepare(welcome(self._context, connection, self.renderer, choices, sender=self._sender, now=now), self._sender)

    def _confirmation(self, ready: Ready, language: str) -> Prepared:
        rendered = self.renderer.confirmation(
            language,
            confirm_url=self._links.confirm(ready.subscriber),
            days=CONFIRM_AGE.days,
            host_name=self._context.rules.wording.actor(self._context.settings.host_country, language),
            sender=self._sender,
        )
        return prepare(rendered, self._sender)

    def _link(self, ready: Ready, language: str) -> Prepared:
        """The mail with a fresh link to the settings; it says nothing that a form brought in."""
        preferences, unsubscribe, _ = self._links.personal(ready.subscriber)
        days = PREFERENCES_AGE.days
        rendered = self.renderer.link(language, preferences_url=preferences, unsubscribe_url=unsubscribe, days=days, sender=self._sender)
        return prepare(rendered, self._sender)

    def _message_id(self, purpose: str, key: str) -> str:
        return message_id(self._signer, self._domain, key, purpose=purpose)


def _awaited(ready: Ready, letter: Letter, choices: Choices, now: datetime) -> datetime:
    """Return when a mail may go: what was held up (a pause, a slow server) must not come in the night instead. Dangers go at once.

    So does what was held up for long: where the sender runs at no other hour, the night is better than never.
    """
    if ready.digest is None or ready.priority < digests.ALERT_PRIORITY or now - ready.created_at >= HELD_UP:
        return now
    return alert_due(choices, letter.level, (), now) if ready.kind == "alert" else digest_due(choices, now)


def our_mistake(ready: Ready, error: Exception) -> DeliveryError:
    """Return what a mistake of ours means for one mail: whatever a letter brings about, the others must go out."""
    _LOG.error("send.broken", outbox=ready.id, error=type(error).__name__, exc_info=error)
    return DeliveryError(f"a mistake of ours ({type(error).__name__}); the log says more")


def reason_to_skip(ready: Ready, suppressed: tuple[str, datetime] | None, now: datetime) -> str | None:
    """Return why a row must not be sent, in words for the subscriber's page, or None."""
    if ready.ended_reason is not None:
        return f"not sent: the subscription has ended ({ready.ended_reason})"
    if suppressed is not None:
        reason, at = suppressed
        return f"not sent: mail to this address is suppressed since {at:%Y-%m-%d} ({reason})"
    if ready.kind == "confirmation":
        return "not sent: already confirmed" if ready.receiving else None
    if not ready.receiving:
        return "not sent: the subscription is not confirmed"
    if ready.digest is not None and ready.paused_until is not None and ready.paused_until > now:
        return f"not sent: paused until {ready.paused_until:%Y-%m-%d %H:%M} UTC"
    return None


@lru_cache(maxsize=1024)
def _consent_date(confirmed_at: datetime | None, timezone: str, language: str) -> str:
    return printed.day(printed.local_day(confirmed_at, timezone), language) if confirmed_at else ""


def _thread(digest: Digest) -> str:
    """The story that an alert is about; the mails about it form one conversation in the reader's mail client."""
    return digest.items[0].story if digest.kind == "alert" and len(digest.items) == 1 else ""
