"""A mail URL names a transport, or says what is wrong with it without giving away what is in it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.errors import SenderError, SettingsError, UnreachableError
from alerts.mail.maildir import MaildirTransport
from alerts.mail.message import Email
from alerts.mail.replies import failure
from alerts.mail.retries import FIRST, LONGEST, pause
from alerts.mail.smtp import SmtpTransport
from alerts.mail.transport import make_transport

SECRET = "hush-hush"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "smtp:, smtps:, maildir:"),
        ("mailto:x", "smtp:, smtps:, maildir:"),
        (f"imap://user:{SECRET}@host", "smtp:, smtps:, maildir:"),
        (f"smtp://user:{SECRET}@host?start_tls=off", "unknown option 'start_tls'; smtp: knows starttls"),
        (f"smtps://user:{SECRET}@host?starttls=off", "unknown option 'starttls'; smtps: knows ca"),
        (f"smtp://user:{SECRET}@host?starttls=maybe", "required, off"),
        (f"smtp://user:{SECRET}@host:mail", "port or host"),
        (f"smtp://user:{SECRET}@host:99999", "port or host"),
        (f"smtp://user:{SECRET}/x@host", "%2F"),
        (f"smtp://:{SECRET}@host", "no user"),
        (f"smtp://user:{SECRET}@", "user:password@host:port"),
        ("smtp://host?timeout=soon", "number of seconds"),
        ("smtp://host?ca=/no/such/file", "readable file"),
        ("maildir:", "needs a path"),
    ],
)
def test_a_bad_url_is_named_and_not_repeated(url: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        make_transport(url)
    assert str(caught.value).startswith("ALERTS_MAIL_URL: ")
    assert said in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "port", "tls"),
    [
        ("smtp://host", 587, "required"),
        ("smtp://host?starttls=off", 25, "off"),
        ("smtps://host", 465, "implicit"),
        ("smtp://host:2525?starttls=required", 2525, "required"),
    ],
)
def test_tls_is_required_unless_the_url_says_otherwise(url: str, port: int, tls: str) -> None:
    transport = make_transport(url)
    assert isinstance(transport, SmtpTransport)
    assert (transport._server.port, transport._server.tls, transport._server.context is None) == (port, tls, tls == "off")


def test_user_and_password_are_decoded_and_kept_out_of_sight() -> None:
    transport = make_transport("smtps://me%40example.jp:p%3A%2F%23@host")
    assert isinstance(transport, SmtpTransport)
    assert (transport._server.username, transport._server.password) == ("me@example.jp", "p:/#")
    assert "p:/#" not in repr(transport._server)


def test_a_maildir_takes_a_message_once_however_often_it_is_sent(tmp_path: Path) -> None:
    email = Email("daily:1", "<1@x>", "a@example.jp", "b@example.org", b"Subject: x\r\n\r\nbody\r\n")

    async def twice() -> None:
        transport = make_transport(f"maildir:{tmp_path}/out?box")
        assert isinstance(transport, MaildirTransport)
        await transport.open()
        await transport.send(email)
        await transport.send(email)

    asyncio.run(twice())
    (file,) = (tmp_path / "out?box" / "new").iterdir()
    assert file.read_bytes() == b"Return-Path: <a@example.jp>\nDelivered-To: b@example.org\nSubject: x\n\nbody\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert not list((tmp_path / "out?box" / "tmp").iterdir())
    file.rename(tmp_path / "out?box" / "cur" / f"{file.name}:2,S")
    asyncio.run(twice())
    assert not list((tmp_path / "out?box" / "new").iterdir()), "a mail that was read does not come back"


def test_a_reply_is_quoted_without_addresses_and_on_one_line() -> None:
    error = failure("recipient", 550, "5.1.1 <reader@example.org>: no such\r\nuser " + "x" * 500)
    assert "reader@" not in str(error)
    assert "\n" not in str(error)
    assert len(str(error)) < 300


def test_what_a_reply_means() -> None:
    assert isinstance(failure("greeting", 421, "busy"), UnreachableError)
    assert isinstance(failure("greeting", 554, "no"), SenderError)
    assert isinstance(failure("greeting", -1, "HTTP/1.1 400 Bad Request"), UnreachableError)
    assert isinstance(failure("recipient", 535, "bad credentials"), SenderError)
    assert failure("sender", 552, "5.3.4 too big").permanent
    assert not isinstance(failure("sender", 552, "5.3.4 too big"), SenderError)
    assert not failure("message", 250 + 3, "odd").permanent
    assert failure("message", 354, "odd").uncertain


@given(key=st.text(max_size=20), attempts=st.integers(1, 1000))
def test_the_pause_doubles_stays_within_bounds_and_is_the_same_again(key: str, attempts: int) -> None:
    length = pause(key, attempts)
    assert FIRST * 0.75 <= length <= LONGEST * 1.25
    assert length == pause(key, attempts)
    if attempts <= 5:
        assert 0.75 <= length / timedelta(minutes=2 ** (attempts - 1)) <= 1.25
