"""The operator is mailed once when a state begins and once when it ends, whatever the mail server does."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from alerts.clock import SetClock
from alerts.errors import DeliveryError, UnreachableError
from alerts.jobs.context import Context
from alerts.jobs.notify import NotifyCount, notify
from alerts.mail.message import Email
from alerts.settings import Home, Settings
from alerts.store import notices
from alerts.store.db import Database

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


@dataclass
class Box:
    """A transport that keeps what it is given, or refuses it."""

    refuses: DeliveryError | None = None
    mails: list[Email] = field(default_factory=list)

    async def open(self) -> None:
        pass

    async def send(self, email: Email, following: Email | None = None) -> None:
        if self.refuses:
            raise self.refuses
        self.mails.append(email)

    async def close(self) -> None:
        pass


Maker = Callable[..., Context]


@pytest.fixture
def make(database: Database, tmp_path: Path) -> Maker:
    def make(operator: str = "op@example.org") -> Context:
        settings = Settings(
            database_url="sqlite://", mail_url=f"maildir:{tmp_path / 'box'}", secret_key="k" * 64, operator_address=operator
        )
        return Context(settings, Home(tmp_path), database, SetClock(NOW), None, None, "one")  # type: ignore[arg-type]

    return make


def tell(context: Context, key: str = "sender") -> bool:
    with context.database.write() as connection:
        return notices.tell(connection, key=key, subject="Mail is not going out", lines=("The server said <no> & left.",), now=NOW)


def settle(context: Context, key: str = "sender") -> bool:
    with context.database.write() as connection:
        return notices.settle(connection, key=key, subject="Mail goes out again", lines=("All is well.",), now=NOW)


def test_a_state_is_told_once_and_its_end_once(make: Maker) -> None:
    context, box = make(), Box()
    assert not settle(context), "what was never told has no end"
    assert [tell(context) for _ in range(3)] == [True, False, False]
    assert asyncio.run(notify(context, transport=box)) == NotifyCount(sent=1)
    assert not tell(context), "sent and standing"
    assert settle(context)
    assert not settle(context)
    assert asyncio.run(notify(context, transport=box)) == NotifyCount(sent=1)
    assert asyncio.run(notify(context, transport=box)) == NotifyCount()
    assert tell(context), "it began anew"
    subjects = [email.message_from_bytes(mail.message)["Subject"] for mail in box.mails]
    assert subjects == ["Mail is not going out", "Mail goes out again"]
    assert {mail.recipient for mail in box.mails} == {"op@example.org"}


def test_the_mail_says_its_lines_in_both_parts_and_is_automatic(make: Maker) -> None:
    context, box = make(), Box()
    tell(context)
    asyncio.run(notify(context, transport=box))
    message = email.message_from_bytes(box.mails[0].message, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    plain, marked = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert marked is not None
    assert "The server said <no> & left." in plain.get_content()
    assert "The server said &lt;no&gt; &amp; left." in marked.get_content()
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] is None


@pytest.mark.parametrize("error", [UnreachableError("down"), DeliveryError("busy", code=451)])
def test_a_mail_server_that_is_down_delays_a_notice_and_loses_none(make: Maker, error: DeliveryError) -> None:
    context, box = make(), Box(refuses=error)
    tell(context)
    tell(context, "configuration")
    assert asyncio.run(notify(context, transport=box)) == NotifyCount(deferred=2)
    assert asyncio.run(notify(context, transport=box)) == NotifyCount(), "not at once again"
    box.refuses = None
    context.clock.set(NOW + timedelta(hours=1))  # type: ignore[attr-defined]
    assert asyncio.run(notify(context, transport=box)) == NotifyCount(sent=2)


def test_what_is_refused_for_good_is_given_up(make: Maker) -> None:
    context = make()
    tell(context)
    assert asyncio.run(notify(context, transport=Box(DeliveryError("no such user", permanent=True, code=550)))) == NotifyCount(failed=1)


def test_without_an_operator_nothing_is_sent_and_nothing_waits(make: Maker) -> None:
    context, box = make(""), Box()
    tell(context)
    assert asyncio.run(notify(context, transport=box)) == NotifyCount(skipped=1)
    assert asyncio.run(notify(make(), transport=box)) == NotifyCount()
    assert box.mails == []


def test_the_service_s_own_transport_is_used_where_none_is_given(make: Maker, tmp_path: Path) -> None:
    context = make()
    tell(context)
    assert asyncio.run(notify(context)) == NotifyCount(sent=1)
    assert len(list((tmp_path / "box" / "new").iterdir())) == 1
