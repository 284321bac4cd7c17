"""The send job on a real database, into a real Maildir and a real SMTP server."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import dkim
import pytest
from aiosmtpd.smtp import SMTP, Envelope
from sqlalchemy import select

from alerts.clock import SetClock
from alerts.errors import SenderError
from alerts.jobs.send import send
from alerts.mail.dkim import load_keys, make_key
from alerts.mail.fragments import Fragments
from alerts.mail.message import Fragment
from alerts.signing import Signer
from alerts.store import outbox, sender, suppressions
from alerts.store.db import Database
from alerts.store.leases import table_of
from alerts.store.service_tables import NoticeRow


class Inbox:
    """An aiosmtpd server; `gone@` and `busy@` are refused."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:  # noqa: N802
        refusal = {"gone": "550 5.1.1 <gone@example.org> no such user", "busy": "451 4.3.0 try later"}.get(address.partition("@")[0])
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        return "250 OK"


def mails(post: Any) -> list[email.message.EmailMessage]:
    files = sorted((post.context.home.outbox / "new").iterdir())
    return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in files]  # type: ignore[arg-type,misc]


def test_each_due_row_becomes_one_mail_and_a_second_run_sends_nothing(post: Any) -> None:
    post.fill([f"reader{number}@example.org" for number in range(12)])
    count = asyncio.run(send(post.context))
    assert (count.claimed, count.sent, count.stopped) == (12, 12, "")
    assert set(post.states().values()) == {"sent"}
    assert len(mails(post)) == 12
    again = asyncio.run(send(post.context))
    assert again.claimed == 0
    assert len(mails(post)) == 12
    row = post.rows()[0]
    assert (row.code, row.attempts, row.open, row.worker, row.sent_at) == (250, 1, False, None, post.context.clock.now())


def test_what_mails_share_is_made_once_for_all_runs_of_a_service(post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    keep = Fragments.keep

    def counted(self: Fragments, key: Hashable, text: str) -> Fragment:
        made.append(text)
        return keep(self, key, text)

    monkeypatch.setattr(Fragments, "keep", counted)
    digest = post.digest()
    post.put(post.subscriber("one@example.org"), digest)
    asyncio.run(send(post.context))
    first = len(made)
    assert first
    post.put(post.subscriber("two@example.org"), digest)
    asyncio.run(send(post.context))
    assert len(mails(post)) == 2
    assert len(made) == first


def test_the_operator_hears_once_of_a_template_that_cannot_be_used_and_once_that_it_holds_again(post: Any) -> None:
    override = post.context.home.templates / "email" / "sender.txt.j2"
    override.parent.mkdir(parents=True)
    said: list[list[str]] = []
    digest = post.digest()
    for number, text in enumerate(["{{ nobody }}", "{{ nobody }}", "Sender: {{ sender.name }}", "Sender: {{ sender.name }}"]):
        override.write_text(text, encoding="utf-8")
        post.put(post.subscriber(f"reader{number}@example.org"), digest)
        assert asyncio.run(send(post.context)).sent == 1, "the mail goes out in any case"
        with post.database.read() as connection:
            rows = connection.execute(select(table_of(NoticeRow)).order_by(table_of(NoticeRow).c.id)).all()
        said.append([row.subject for row in rows])
    broken, whole = "A template cannot be used: email/sender.txt.j2", "A template holds again: email/sender.txt.j2"
    assert said == [[broken], [broken], [broken, whole], [broken, whole]]
    assert "email/sender.txt.j2:1:1: 'nobody' is undefined" in rows[0].lines[0]


def test_a_mail_is_whole_and_its_links_carry_the_reader(post: Any) -> None:
    post.fill(["reader@example.org"])
    asyncio.run(send(post.context))
    (mail,) = mails(post)
    signer = Signer("a secret key of a test")
    subscriber, row = str(post.rows()[0].subscriber), str(post.rows()[0].id)
    assert not mail.defects
    assert mail["To"] == "reader@example.org"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    one_click = re.fullmatch(r"<https://alerts.example.jp/u/([^/]+)/one-click>", mail["List-Unsubscribe"])
    assert one_click is not None
    assert signer.read("unsubscribe", one_click[1]) == subscriber
    token = re.fullmatch(r"<alerts\+([^@]+)@example.jp>", mail["Return-Path"])
    assert token is not None
    assert signer.read_local("bounce", token[1]) == row
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    for body in (text, html):
        assert "\ue000" not in body
        assert f"https://alerts.example.jp/u/{one_click[1]}" in body
        assert re.search(r"https://alerts.example.jp/p/[\w.-]+", body)


def test_all_bulk_mail_and_no_confirmation_carries_the_list_headers_and_every_mail_a_signature(
    database: Database, new_post: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "key.pem").write_bytes(make_key("ed25519"))
    post = new_post(database, dkim_keys=f"example.jp:s1:{tmp_path / 'key.pem'}")
    for kind in ("daily", "weekly", "alert"):
        post.put(post.subscriber(f"{kind}@example.org"), post.digest(f"{kind}:1", kind=kind), f"{kind}:1", kind)
    asked, forgetful = post.subscriber("new@example.org", open=False, confirmed_at=None), post.subscriber("forgetful@example.org")
    with post.database.write() as connection:
        assert outbox.ask_to_confirm(connection, asked, now=post.context.clock.now())
        assert outbox.mail_link(connection, forgetful, now=post.context.clock.now())
    assert asyncio.run(send(post.context)).sent == 5
    (key,) = load_keys(post.context.settings.dkim_keys)
    for path in (post.context.home.outbox / "new").iterdir():
        raw = path.read_bytes().partition(b"Delivered-To:")[2].partition(b"\n")[2].replace(b"\n", b"\r\n")
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        bulk = mail["To"].partition("@")[0] in {"daily", "weekly", "alert"}
        for name in ("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID", "Precedence"):
            assert (mail[name] is not None) == bulk, (name, mail["To"])
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Date"].datetime == post.context.clock.now()
        assert dkim.DKIM(raw).verify(dnsfunc=lambda _name, timeout=5: key.dns_record.encode())


def test_a_row_sent_again_after_a_crash_leaves_one_file_with_the_same_message_id(post: Any) -> None:
    post.fill(["reader@example.org"])
    first = asyncio.run(send(post.context))
    with post.database.write() as connection:
        connection.exec_driver_sql("UPDATE outbox SET open = true, state = 'pending'")
    second = asyncio.run(send(post.context))
    assert (first.sent, second.sent) == (1, 1)
    assert len(mails(post)) == 1


def test_confirmations_go_first_then_alerts_then_digests(post: Any) -> None:
    digest, alert = post.digest(), post.digest("alert:s1:1", kind="alert")
    post.put(post.subscriber("digest@example.org"), digest)
    post.put(post.subscriber("alert@example.org"), alert, "alert:s1:1", "alert", priority=1)
    asked = post.subscriber("new@example.org", open=False, confirmed_at=None)
    with post.database.write() as connection:
        assert outbox.ask_to_confirm(connection, asked, now=post.context.clock.now())
        assert not outbox.ask_to_confirm(connection, asked, now=post.context.clock.now())
    order: list[str] = []

    class Noting:
        async def send(self, email: Any, following: Any = None) -> None:
            order.append(email.recipient.partition("@")[0])
            message = email.message
            assert (b"List-Unsubscribe" in message) == (b"new@" not in message)
            assert (b"In-Reply-To" in message) == email.recipient.startswith("alert")

    settings = post.context.settings.model_copy(update={"send_connections": 1})
    asyncio.run(send(replace(post.context, settings=settings), transport=Noting()))  # type: ignore[arg-type]
    assert order == ["new", "alert", "digest"]


def test_whoever_must_not_get_mail_is_skipped_and_the_row_says_why(post: Any) -> None:
    digest, now = post.digest(), post.context.clock.now()
    post.put(post.subscriber("ended@example.org", open=False, ended_reason="unsubscribed", ended_at=now), digest)
    post.put(post.subscriber("unconfirmed@example.org", open=False, confirmed_at=None), digest)
    post.put(post.subscriber("paused@example.org", paused_until=now + timedelta(days=1)), digest)
    post.put(post.subscriber("suppressed@example.org"), digest)
    post.put(post.subscriber("done@example.org"), None, "confirmation:x", "confirmation")
    post.put(post.subscriber("old@example.org"), digest, created_at=now - timedelta(days=3))
    post.put(post.subscriber("good@example.org"), digest)
    mark = suppressions.mark_of(Signer("a secret key of a test"), "suppressed@example.org")
    with post.database.write() as connection:
        assert suppressions.suppress(connection, [mark, mark], reason="refused with 550", at=now) == 1
    count = asyncio.run(send(post.context))
    assert (count.sent, count.skipped, count.failed) == (1, 5, 1)
    said = {row.address.partition("@")[0]: row.outcome for row in post.rows()}
    assert "ended (unsubscribed)" in said["ended"]
    assert "not confirmed" in said["unconfirmed"]
    assert "paused until 2026-01-03" in said["paused"]
    assert "suppressed since 2026-01-02 (refused with 550)" in said["suppressed"]
    assert "already confirmed" in said["done"]
    assert "within 3 days" in said["old"]


def test_refusals_are_recorded_by_recipient_and_the_dead_address_is_suppressed(database: Database, new_post: Callable[..., Any]) -> None:
    inbox = Inbox()

    async def scenario() -> tuple[Any, Any]:
        server = await asyncio.get_running_loop().create_server(lambda: SMTP(inbox, enable_SMTPUTF8=True), "127.0.0.1", 0)
        post = new_post(database, f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}?starttls=off&hello=test.example")
        post.fill(["gone@example.org", "busy@example.org", *(f"reader{number}@example.org" for number in range(6))])
        count = await send(post.context)
        server.close()
        return post, count

    post, count = asyncio.run(scenario())
    assert (count.sent, count.failed, count.deferred, count.suppressed) == (6, 1, 1, 1)
    rows = {row.address.partition("@")[0]: row for row in post.rows()}
    assert (rows["gone"].state, rows["gone"].code) == ("failed", 550)
    assert "@" not in rows["gone"].outcome
    assert (rows["busy"].state, rows["busy"].code, rows["busy"].open) == ("deferred", 451, True)
    assert timedelta(seconds=45) <= rows["busy"].due - post.context.clock.now() <= timedelta(seconds=75)
    assert len(inbox.envelopes) == 6
    assert len({envelope.mail_from for envelope in inbox.envelopes}) == 6


def test_a_deferred_mail_comes_back_when_it_is_due_and_is_given_up_after_three_days(
    database: Database, new_post: Callable[..., Any]
) -> None:
    async def scenario() -> Any:
        server = await asyncio.get_running_loop().create_server(lambda: SMTP(Inbox()), "127.0.0.1", 0)
        post = new_post(database, f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}?starttls=off&hello=test.example")
        post.fill(["busy@example.org"])
        clock: SetClock = post.context.clock
        attempts = 0
        while post.rows()[0].open:
            clock.set(post.rows()[0].due)
            assert (await send(post.context)).claimed == 1
            attempts += 1
        server.close()
        assert 0 <= attempts - post.rows()[0].attempts <= 3, "a try that would fall into the night waits for the morning"
        return post

    post = asyncio.run(scenario())
    row = post.rows()[0]
    assert row.state == "failed"
    assert row.outcome.startswith("given up after 3 days: ")
    assert 15 < row.attempts < 40


def test_a_full_or_unwritable_outbox_directory_stops_the_job_with_one_line_and_burns_nothing(post: Any) -> None:
    post.fill(["a@example.org", "b@example.org"])
    Path(post.context.home.outbox).write_text("in the way")
    with pytest.raises(SenderError, match="outbox") as caught:
        asyncio.run(send(post.context))
    assert "\n" not in str(caught.value)
    assert {(row.state, row.attempts, row.worker) for row in post.rows()} == {("pending", 0, None)}
    Path(post.context.home.outbox).unlink()
    assert asyncio.run(send(post.context)).claimed == 0, "it is left alone for a while"
    post.context.clock.set(post.context.clock.now() + sender.FIRST_HOLD)
    assert asyncio.run(send(post.context)).sent == 2


def test_one_row_that_breaks_us_does_not_stop_the_others(post: Any) -> None:
    post.fill(["broken@example.org", *(f"r{number}@example.org" for number in range(5))])

    class Breaking:
        async def send(self, email: Any, following: Any = None) -> None:
            if email.recipient.startswith("broken"):
                raise RuntimeError("a mistake")

    count = asyncio.run(send(post.context, transport=Breaking()))  # type: ignore[arg-type]
    assert (count.sent, count.deferred) == (5, 1)
    assert "RuntimeError" in post.rows()[0].outcome


def test_a_cancelled_job_finishes_what_is_in_flight_and_gives_back_the_rest(post: Any) -> None:
    post.fill([f"r{number}@example.org" for number in range(40)])
    accepted: list[str] = []
    enough = asyncio.Event()

    class Slow:
        async def send(self, email: Any, following: Any = None) -> None:
            await asyncio.sleep(0.02)
            accepted.append(email.key)
            if len(accepted) == 6:
                enough.set()

    async def scenario() -> None:
        task = asyncio.create_task(send(post.context, transport=Slow()))  # type: ignore[arg-type]
        await enough.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
    rows = post.rows()
    assert {f"{row.edition}:{row.subscriber}" for row in rows if row.state == "sent"} == set(accepted)
    assert {(row.state, row.attempts, row.worker, row.lease_until) for row in rows if row.open} == {("pending", 0, None, None)}


def test_the_rate_holds_over_all_connections(post: Any) -> None:
    """The sixth message at 50 a second may not leave before five fiftieths have gone by, however many lanes there are."""
    post.fill([f"r{number}@example.org" for number in range(6)])
    moments: list[float] = []

    class Timing:
        async def send(self, email: Any, following: Any = None) -> None:
            moments.append(asyncio.get_running_loop().time())

    async def scenario() -> float:
        settings = post.context.settings.model_copy(update={"send_rate": 50.0})
        started = asyncio.get_running_loop().time()
        await send(replace(post.context, settings=settings), transport=Timing())  # type: ignore[arg-type]
        return started

    started = asyncio.run(scenario())
    assert max(moments) - started >= 0.099


def test_two_senders_share_the_rows(database: Database, new_post: Callable[..., Any]) -> None:
    first, second = new_post(database), new_post(database, worker="w2")
    first.fill([f"r{number}@example.org" for number in range(60)])
    seen: list[str] = []

    class Noting:
        async def send(self, email: Any, following: Any = None) -> None:
            await asyncio.sleep(0)
            seen.append(email.key)

    async def scenario() -> None:
        await asyncio.gather(*(send(each.context, transport=Noting()) for each in (first, second)))  # type: ignore[arg-type]

    asyncio.run(scenario())
    assert len(seen) == len(set(seen)) == 60
    assert set(first.states().values()) == {"sent"}


def test_counts_and_history_say_what_became_of_the_rows(post: Any) -> None:
    post.fill(["a@example.org", "b@example.org"])
    now = post.context.clock.now()
    with post.database.write() as connection:
        claimed = outbox.claim(connection, worker="w9", now=now, limit=1)
    with post.database.read() as connection:
        assert outbox.counts(connection, now=now)["sending"] == 1
        assert outbox.counts(connection, now=now)["pending"] == 1
    with post.database.write() as connection:
        assert outbox.release(connection, [claimed[0].id], worker="another") == 0
        assert outbox.release(connection, [claimed[0].id], worker="w9") == 1
    asyncio.run(send(post.context))
    with post.database.read() as connection:
        assert outbox.counts(connection, now=now)["sent"] == 2
        assert outbox.history(connection, claimed[0].subscriber) == [("daily", "sent", now, "")]
