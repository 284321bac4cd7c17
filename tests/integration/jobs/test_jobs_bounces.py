"""Returned mail changes what it should and nothing else: matched by token, Message-ID or address, counted once, forged ones for nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import insert

from alerts.jobs.bounces import ALARM, POLICY_KEY, BounceCount, read_bounces
from alerts.mail.identity import message_id
from alerts.mail.mailboxes import MailboxError, Maildir, Pipe, open_mailbox
from alerts.mail.verp import ReturnPaths
from alerts.settings import Settings
from alerts.signing import Signer
from alerts.store import bounces, notices, outbox, subscribers, suppressions
from alerts.store.leases import table_of
from alerts.store.tables import OutboxRow

SENDER = "alerts@alerts.example.jp"
DAY = timedelta(days=1)


@pytest.fixture
def place(service: Any) -> Any:
    """A service that sent one mail to one reader; `returned(...)` writes what came back."""
    settings = Settings.model_validate({"secret_key": "a key for tests only", "sender_address": SENDER})
    context = replace(service.context, settings=settings)
    signer = Signer("a key for tests only", context.clock)
    person = service.subscribe("reader")
    now = context.clock.now()
    row = {
        "subscriber": person,
        "edition": "daily:2026-01-05",
        "kind": "daily",
        "state": "sent",
        "open": False,
        "due": now,
        "created_at": now,
    }
    with context.database.write() as connection:
        number = connection.execute(
            insert(table_of(OutboxRow))
            .values({**row, "priority": 5, "attempts": 1, "code": 250, "outcome": ""})
            .returning(table_of(OutboxRow).c.id)
        ).scalar_one()
    token = ReturnPaths(SENDER, signer).make(number)
    own_id = message_id(signer, "alerts.example.jp", f"daily:2026-01-05:{person}")
    mark = suppressions.mark_of(signer, "reader@example.org")

    def state() -> tuple[bool, str]:
        with context.database.read() as connection:
            return bool(suppressions.found(connection, [mark])), subscribers.by_id(connection, person).state

    return SimpleNamespace(context=context, person=person, row=number, token=token, own_id=own_id, state=state, clock=service.clock)


def dsn(
    to: str,
    *,
    status: str = "5.1.1",
    said: str = "550 5.1.1 no such user",
    quoted: str = "",
    rcpt: str = "reader@example.org",
    salt: str = "",
) -> bytes:
    return (
        f"From: MAILER-DAEMON@mx.example.org\nTo: {to}\nSubject: Undelivered Mail {salt}\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n--b\nContent-Type: text/plain\n\nSorry.\n'
        f"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; {rcpt}\n"
        f"Action: failed\nStatus: {status}\nDiagnostic-Code: smtp; {said}\n\n--b\nContent-Type: text/rfc822-headers\n\n"
        f"Message-ID: {quoted or '<somebody-elses@example.net>'}\n\n--b--\n"
    ).encode()


def test_a_dead_address_is_suppressed_and_the_readers_page_says_what_came_back(place: Any) -> None:
    assert read_bounces(place.context, Pipe(dsn(place.token))) == BounceCount(hard=1, suppressed=1)
    assert place.state() == (True, "open")
    with place.context.database.read() as connection:
        assert outbox.history(connection, place.person)[0][3] == "came back (hard): 5.1.1 550 5.1.1 no such user"
        assert [(one.found_by, one.outbox) for one in bounces.latest(connection)] == [("token", place.row)]


def test_the_token_counts_in_whatever_case_it_comes_back(place: Any) -> None:
    assert read_bounces(place.context, Pipe(dsn(place.token.upper()))).hard == 1


def test_the_same_message_counts_once(place: Any) -> None:
    read_bounces(place.context, Pipe(dsn(place.token, status="4.2.2", said="452 full")))
    assert read_bounces(place.context, Pipe(dsn(place.token, status="4.2.2", said="452 full"))) == BounceCount(again=1)


def test_a_message_id_of_ours_is_as_good_as_the_token(place: Any) -> None:
    assert read_bounces(place.context, Pipe(dsn("postmaster@alerts.example.jp", quoted=place.own_id))) == BounceCount(hard=1, suppressed=1)
    with place.context.database.read() as connection:
        assert bounces.latest(connection)[0].found_by == "message-id"


def test_what_the_address_alone_says_is_on_record_and_silences_nobody_however_often_it_comes(place: Any) -> None:
    for day in range(12):
        for status in ("5.1.1", "4.2.2"):
            forged = dsn("postmaster@alerts.example.jp", status=status, said=f"{status} no", salt=f"{day} {status}")
            assert read_bounces(place.context, Pipe(forged)).suppressed == 0
        place.clock.set(place.clock.now() + DAY)
    assert place.state() == (False, "open")
    with place.context.database.read() as connection:
        assert {one.found_by for one in bounces.latest(connection)} == {"address"}
    assert read_bounces(place.context, Pipe(dsn(place.token, status="4.2.2", said="452 full", salt="real"))).suppressed == 0


def test_a_forged_token_counts_for_nothing(place: Any) -> None:
    forged = f"alerts+{place.row}-{'0' * 20}@alerts.example.jp"
    assert read_bounces(place.context, Pipe(dsn(forged))) == BounceCount(unknown=1)
    assert place.state() == (False, "open")


def test_a_complaint_ends_all_mail_at_once(place: Any) -> None:
    arf = (
        f"From: fbl@isp.example\nTo: abuse@alerts.example.jp\nSubject: complaint\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n--b\nContent-Type: text/plain\n\nabuse\n'
        f"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n\n"
        f"--b\nContent-Type: message/rfc822\n\nMessage-ID: {place.own_id}\n\nbody\n\n--b--\n"
    ).encode()
    assert read_bounces(place.context, Pipe(arf)) == BounceCount(complaint=1, suppressed=1)
    assert place.state() == (True, "ended")
    with place.context.database.read() as connection:
        assert subscribers.by_id(connection, place.person).ended_reason == "complaint"


def test_soft_bounces_add_up_day_by_day_and_fade(place: Any) -> None:
    for day in range(4):
        full = dsn(place.token, status="4.2.2", said="452 mailbox full", salt=str(day))
        read_bounces(place.context, Pipe(full))
        read_bounces(place.context, Pipe(full + b"\n"))  # a second one of the same day changes nothing
        assert place.state()[0] is False
        place.clock.set(place.clock.now() + DAY)
    assert read_bounces(place.context, Pipe(dsn(place.token, status="4.2.2", said="452 mailbox full", salt="last"))).suppressed == 1
    now = place.clock.now()
    assert bounces.decayed(4.0, now, now + 14 * DAY) == 2.0
    assert bounces.decayed(4.0, now, now - DAY) == 4.0


def test_policy_refusals_touch_no_reader_and_tell_the_operator(place: Any) -> None:
    for number in range(ALARM):
        blocked = dsn(place.token, status="5.7.1", said="550 5.7.1 your network is on our block list", salt=str(number))
        assert read_bounces(place.context, Pipe(blocked)) == BounceCount(policy=1)
    assert place.state() == (False, "open")
    with place.context.database.read() as connection:
        assert notices.is_told(connection, POLICY_KEY)
    place.clock.set(place.clock.now() + 2 * DAY)
    read_bounces(place.context, Pipe(b""))
    with place.context.database.read() as connection:
        assert not notices.is_told(connection, POLICY_KEY)


def test_a_maildir_keeps_what_is_not_understood_as_it_lay(place: Any, tmp_path: Path) -> None:
    box = tmp_path / "returned"
    for folder in ("new", "cur", "tmp"):
        (box / folder).mkdir(parents=True)
    (box / "new" / "1.a").write_bytes(dsn(place.token))
    (box / "new" / "2.b").write_bytes(b"From: a@b.example\nSubject: hello\n\nA question.\n")
    (box / "new" / "3.c").write_bytes(b"From: a@b.example\nSubject: Out of office\nAuto-Submitted: auto-replied\n\nAway.\n")
    assert read_bounces(place.context, open_mailbox(f"maildir:{box}")) == BounceCount(hard=1, ignored=1, unknown=1, suppressed=1)
    assert [file.name for file in (box / "new").iterdir()] == ["2.b"]
    assert sorted(file.name for file in (box / "cur").iterdir()) == ["1.a:2,S", "3.c:2,S"]
    with pytest.raises(MailboxError, match="is not a Maildir"):
        Maildir(tmp_path)


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(b"From: MAILER-DAEMON@x.example\nContent-Type: text/plain; charset=idna\n\n\xe9 user unknown\n", id="no text"),
        pytest.param(b"From: MAILER-DAEMON@x.example\nContent-Type: text/plain; charset=undefined\n\nuser unknown\n", id="undefined"),
        pytest.param(b'From: MAILER-DAEMON@x.example\nContent-Type: text/plain; charset="a\x00b"\n\nuser unknown\n', id="a NUL"),
        pytest.param(b"From: MAILER-DAEMON@x.example\nTo: " + b"((" * 100_000 + b"\n\nuser unknown\n", id="brackets"),
        pytest.param(
            b"From: MAILER-DAEMON@x.example\n"
            + b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(1500)),
            id="boxes in boxes",
        ),
    ],
)
def test_what_cannot_be_read_keeps_nothing_else_from_being_read(place: Any, tmp_path: Path, odd: bytes) -> None:
    box = tmp_path / "returned"
    for folder in ("new", "cur", "tmp"):
        (box / folder).mkdir(parents=True)
    (box / "new" / "1.a").write_bytes(odd)
    (box / "new" / "2.b").write_bytes(dsn(place.token))
    assert read_bounces(place.context, open_mailbox(f"maildir:{box}")).hard == 1
    assert place.state()[0], "the dead address beside it is suppressed"


def test_an_imap_mailbox_is_read_and_only_what_was_understood_is_marked(place: Any, imap: Callable[[list[bytes]], Any]) -> None:
    server = imap([dsn(place.token), b"From: a@b.example\r\nSubject: hello\r\n\r\nA question.\r\n"])
    assert read_bounces(place.context, open_mailbox(server.url)) == BounceCount(hard=1, unknown=1, suppressed=1)
    assert read_bounces(place.context, open_mailbox(server.url)) == BounceCount(unknown=1)
    with pytest.raises(MailboxError, match="cannot be opened") as told:
        open_mailbox(server.url.replace("secret", "wrong"))
    assert "wrong" not in str(told.value)


def test_what_a_mail_program_has_only_looked_over_is_unread(place: Any, tmp_path: Path) -> None:
    box = tmp_path / "box"
    for name in ("new", "cur"):
        (box / name).mkdir(parents=True)
    (box / "cur" / "1.a:2,F").write_bytes(dsn(place.token))
    (box / "cur" / "2.b:2,S").write_bytes(dsn(place.token, salt="read"))
    assert read_bounces(place.context, open_mailbox(f"maildir:{box}")) == BounceCount(hard=1, suppressed=1)
    assert sorted(file.name for file in (box / "cur").iterdir()) == ["1.a:2,FS", "2.b:2,S"]


@pytest.mark.parametrize("kind", ["maildir", "imap"])
def test_the_service_reads_what_it_does_not_understand_once(
    place: Any, tmp_path: Path, imap: Callable[[list[bytes]], Any], kind: str
) -> None:
    question = b"From: a@b.example\r\nSubject: hello\r\n\r\nA question.\r\n"
    if kind == "imap":
        url = imap([question]).url
    else:
        (tmp_path / "box" / "new").mkdir(parents=True)
        (tmp_path / "box" / "new" / "1.a").write_bytes(question)
        url = f"maildir:{tmp_path / 'box'}"
    context = replace(place.context, settings=place.context.settings.model_copy(update={"bounce_url": SecretStr(url)}))
    assert [read_bounces(context).unknown for _ in range(3)] == [1, 0, 0]
    assert read_bounces(context, open_mailbox(url)).unknown == 1, "whoever asks for it by hand has all read"


def test_few_refusals_are_many_where_few_mails_leave(place: Any) -> None:
    """A service with a hundred readers hears of a block list too."""
    for number in range(2):
        assert not notified(place)
        read_bounces(place.context, Pipe(dsn(place.token, status="5.7.1", said="550 5.7.1 listed in a blocklist", salt=str(number))))
    assert notified(place)


def notified(place: Any) -> bool:
    with place.context.database.read() as connection:
        return notices.is_told(connection, POLICY_KEY)
