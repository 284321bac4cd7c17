"""One misbehaving mail server a test, and the row that must come of it."""

from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import SecretStr

from alerts.errors import DeliveryError, SenderError
from alerts.jobs.intake import try_at_once
from alerts.jobs.send import SendCount, send
from alerts.mail.message import Email
from alerts.store import notices, sender
from alerts.store.db import Database

Server = Mapping[str, Any]


@pytest.fixture
def database(migrated_file: Path, tmp_path: Path) -> Any:
    """SQLite is enough here: what is tested is the wire."""
    path = tmp_path / "alerts.db"
    path.write_bytes(migrated_file.read_bytes())
    opened = Database(f"sqlite:///{path}")
    yield opened
    opened.close()


class Drill:
    """Sends to a server that misbehaves; two readers, so that one's trouble shows what becomes of the other."""

    def __init__(self, parts: Server, database: Database, new_post: Callable[..., Any]) -> None:
        self._parts, self._database, self._new_post = parts, database, new_post
        self.error: SenderError | None = None

    def __call__(
        self,
        wire: Any,
        *,
        scheme: str = "smtp",
        options: str = "starttls=off",
        user: str = "",
        context: Any = None,
        addresses: Any = (),
        **settings: Any,
    ) -> SendCount:
        async def scenario() -> SendCount:
            async with self._parts["listening"](wire, context):
                url = f"{scheme}://{user}127.0.0.1:{wire.port}?hello=test.example&timeout=2&{options}"
                self.post = self._new_post(self._database, url, **({"send_connections": 2} | settings))
                self.post.fill(list(addresses) or ["one@example.org", "two@example.org"])
                try:
                    return await send(self.post.context)
                except SenderError as error:
                    self.error = error
                    return SendCount()

        return asyncio.run(scenario())

    def again(self, wire: Any) -> SendCount:
        """Send once more to the same server at a new port."""

        async def scenario() -> SendCount:
            async with self._parts["listening"](wire):
                url = SecretStr(f"smtp://127.0.0.1:{wire.port}?starttls=off&hello=test.example")
                settings = self.post.context.settings.model_copy(update={"mail_url": url})
                return await send(replace(self.post.context, settings=settings))

        return asyncio.run(scenario())

    @property
    def rows(self) -> dict[str, Any]:
        return {row.address.partition("@")[0]: row for row in self.post.rows()}

    def untouched(self) -> bool:
        """Nothing was burnt: every row is as if it had never been tried."""
        return {(row.state, row.attempts, row.worker, row.open) for row in self.post.rows()} == {("pending", 0, None, True)}


@pytest.fixture
def drill(wire_server: Server, database: Database, new_post: Callable[..., Any]) -> Drill:
    return Drill(wire_server, database, new_post)


@pytest.fixture(params=[True, False], ids=["pipelined", "plain"])
def wire(request: pytest.FixtureRequest, wire_server: Server) -> Callable[..., Any]:
    """Makes a server that offers PIPELINING, or does not."""
    return lambda **values: wire_server["Wire"](pipelining=request.param, **values)


@pytest.fixture
def at(wire_server: Server) -> Any:
    return wire_server["at"]


def test_a_server_that_behaves_takes_each_mail_once(drill: Drill, wire: Any) -> None:
    server = wire()
    count = drill(server, addresses=[f"r{number}@example.org" for number in range(30)], send_connections=4)
    assert count.sent == 30
    assert set(server.accepted.values()) == {1}
    assert server.sessions <= 4
    assert server.commands.count("QUIT") == server.sessions


@pytest.mark.parametrize(
    "banner", ["421 4.3.2 too busy", "450 4.3.2 later", "drop", "HTTP/1.1 400 Bad Request", "250 hi", "220 " + "x" * 10_000]
)
def test_a_server_that_is_not_ready_burns_nothing(drill: Drill, wire: Any, at: Any, banner: str) -> None:
    count = drill(wire(fault=at("banner", banner)))
    assert count.stopped
    assert "@" not in count.stopped
    assert drill.untouched()


def test_a_banner_of_5xx_stops_the_sender(drill: Drill, wire: Any, at: Any) -> None:
    drill(wire(fault=at("banner", "554 5.7.1 your host is listed")))
    assert "turns us away" in str(drill.error)
    assert drill.untouched()


@pytest.mark.parametrize(("reply", "alarms"), [("550 5.7.1 your host is listed", True), ("450 4.7.1 later", False)])
@pytest.mark.parametrize("options", ["starttls=off", ""], ids=["open", "starttls"])
def test_a_refusal_of_every_greeting_is_told_in_the_servers_words(
    drill: Drill, wire_server: Server, reply: str, alarms: bool, options: str
) -> None:
    server = wire_server["Wire"](fault=lambda phase, _wire: reply if phase in {"ehlo", "other"} else None)
    count = drill(server, options=options)
    assert f"turns us away: {reply}" in (str(drill.error) if alarms else count.stopped)
    assert drill.untouched()


@pytest.mark.parametrize("options", ["starttls=off", ""], ids=["open", "starttls"])
def test_a_server_of_before_ehlo_gets_mail_but_never_in_the_open_unless_allowed(drill: Drill, wire_server: Server, options: str) -> None:
    server = wire_server["Wire"](fault=lambda phase, _wire: "502 5.5.1 what is that" if phase == "ehlo" else None)
    count = drill(server, options=options, send_connections=1)
    assert (count.sent, len(server.accepted)) == ((2, 2) if options else (0, 0))
    assert ("offers no STARTTLS" in str(drill.error)) == (not options)


def test_a_silent_server_is_given_up_after_the_timeout(drill: Drill, wire: Any, at: Any) -> None:
    count = drill(wire(fault=at("banner", "hang")), options="starttls=off&timeout=0.2")
    assert "did not answer within" in count.stopped
    assert drill.untouched()


def test_nothing_listening_burns_nothing(database: Database, new_post: Callable[..., Any]) -> None:
    post = new_post(database, "smtp://127.0.0.1:9?starttls=off&hello=x.example")
    post.fill(["one@example.org"])
    count = asyncio.run(send(post.context))
    assert "cannot be reached" in count.stopped
    assert post.rows()[0].attempts == 0


@pytest.mark.parametrize("reply", ["421 4.7.0 closing", "drop"])
def test_a_connection_that_is_closed_before_it_takes_a_mail_is_replaced_at_once(drill: Drill, wire: Any, at: Any, reply: str) -> None:
    server = wire(fault=at("mail", reply, times=1))
    assert drill(server, send_connections=1).sent == 2
    assert set(server.accepted.values()) == {1}


def test_a_server_that_always_closes_at_mail_defers_and_stops(drill: Drill, wire: Any, at: Any) -> None:
    count = drill(wire(fault=at("mail", "421 4.7.0 closing")), send_connections=1)
    assert count.stopped
    assert sorted((row.state, row.attempts) for row in drill.post.rows()) == [("deferred", 1), ("pending", 0)]


@pytest.mark.parametrize("phase", ["rcpt", "data", "after"])
def test_421_after_mail_defers_that_mail_and_the_other_goes(drill: Drill, wire: Any, at: Any, phase: str) -> None:
    server = wire(fault=at(phase, "421 4.7.0 closing", times=1))
    count = drill(server, send_connections=1)
    assert (count.sent, count.deferred, count.uncertain) == (1, 1, 0)
    assert drill.rows["one"].code == 421
    assert drill.rows["two"].state == "sent"


@pytest.mark.parametrize("phase", ["ehlo", "starttls", "auth"])
def test_421_before_any_mail_burns_nothing(drill: Drill, wire: Any, at: Any, authority: Any, phase: str) -> None:
    made, path = authority
    server = wire(starttls=serving(made, "127.0.0.1"), login=("PLAIN",), fault=at(phase, "421 4.7.0 closing"))
    count = drill(server, options=f"ca={path}", user="sender:secret-word@")
    assert count.stopped
    assert drill.error is None, "to be tried again at the next tick, without an alarm"
    assert drill.untouched()


def test_421_to_quit_or_to_rset_loses_nothing(drill: Drill, wire: Any) -> None:
    def fault(phase: str, _wire: Any) -> str | None:
        return "421 4.7.0 closing" if phase in {"quit", "other"} else "550 5.1.1 no such user" if phase.rstrip("?") == "rcpt:one" else None

    count = drill(wire(fault=fault), send_connections=1)
    assert (count.sent, count.failed) == (1, 1)


def test_a_server_that_never_answers_quit_is_left_after_two_seconds(drill: Drill, wire: Any, at: Any) -> None:
    start = time.monotonic()
    assert drill(wire(fault=at("quit", "hang")), options="starttls=off&timeout=30").sent == 2
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("silent", ["mail", "rcpt", "data"])
def test_a_server_that_swallows_a_reply_defers_after_a_time_and_gets_nothing_twice(drill: Drill, wire: Any, at: Any, silent: str) -> None:
    """Offers PIPELINING and answers but a part of what came in one write."""
    server = wire(fault=at(silent, "raw:", times=1))
    count = drill(server, send_connections=1, options="starttls=off&timeout=0.3")
    assert count.failed == 0
    assert count.sent + count.deferred >= 1
    assert set(server.accepted.values()) <= {1}


@pytest.mark.parametrize(
    ("phase", "reply"),
    [("mail", "354 go on"), ("rcpt", "221 bye"), ("data", "250 ok"), ("mail", "250 ok\r\n250 ok"), ("rcpt", "250 ok\r\n250 ok")],
)
def test_wrong_answers_to_an_envelope_are_never_taken_for_right_ones(drill: Drill, wire: Any, at: Any, phase: str, reply: str) -> None:
    server = wire(fault=at(phase, reply, times=1))
    count = drill(server, send_connections=1, options="starttls=off&timeout=0.5")
    assert (count.sent, count.failed, count.uncertain) == (2, 0, 0)
    assert list(server.accepted.values()) == [1, 1]
    assert server.sessions == 2, "a connection that is out of step is left before it gets a message"


def test_a_domain_that_puts_off_one_mail_after_the_other_is_left_alone_and_the_others_go(drill: Drill, wire: Any) -> None:
    def fault(phase: str, _wire: Any) -> str | None:
        return "451 4.7.1 try again later" if phase.rstrip("?").startswith("rcpt:grey") else None

    addresses = [*(f"grey{number}@grey.example" for number in range(20)), *(f"r{number}@example.org" for number in range(20))]
    server = wire(fault=fault)
    count = drill(server, addresses=addresses, send_connections=1)
    assert (count.sent, count.deferred) == (20, 4), "three in a row, and the one that was on its way"
    waiting = [row for row in drill.post.rows() if row.open]
    now = drill.post.context.clock.now()
    untried = {(row.due - now).total_seconds() for row in waiting if row.attempts == 0}
    assert len(untried) == 1
    assert 45 <= untried.pop() <= 75
    assert len({row.due for row in waiting if row.attempts == 1}) == 4, "jitter keeps them apart"


def test_greylisting_defers_the_recipient_and_no_other(drill: Drill, wire: Any, at: Any) -> None:
    def fault(phase: str, _wire: Any) -> str | None:
        return "451 4.7.1 <one@example.org>: greylisted" if phase in {"rcpt:one", "rcpt:one?"} else None

    count = drill(wire(fault=fault), send_connections=1)
    assert (count.sent, count.deferred) == (1, 1)
    assert drill.rows["one"].outcome == "the mail server says not now: 451 4.7.1 <address>: greylisted"


@pytest.mark.parametrize(
    ("reply", "suppressed"),
    [
        ("550 5.1.1 no such user", 1),
        ("550 User unknown", 1),
        ("553 5.1.3 bad address", 1),
        ("550 5.7.1 blocked by policy", 0),
        ("552 5.2.2 mailbox full", 0),
        ("550 spam is not wanted here", 0),
    ],
)
def test_partial_refusal_fails_one_and_suppresses_only_a_dead_address(drill: Drill, wire: Any, reply: str, suppressed: int) -> None:
    def fault(phase: str, _wire: Any) -> str | None:
        return reply if phase in {"rcpt:one", "rcpt:one?"} else None

    server = wire(fault=fault)
    count = drill(server, send_connections=1)
    assert (count.sent, count.failed, count.suppressed) == (1, 1, suppressed)
    assert drill.rows["one"].state == "failed"
    assert [recipient for _, recipient, _ in server.messages] == ["two@example.org"]
    assert server.sessions == 1, "the connection goes on after a refusal"


@pytest.mark.parametrize("reply", ["550 5.1.1 no such user", "450 4.2.0 greylisted"])
def test_a_refused_recipient_leaves_no_transaction_open(drill: Drill, wire: Any, reply: str) -> None:
    """RFC 5321 §4.1.4: a server that is strict takes no MAIL inside a transaction, and calls it 503."""
    server = wire(fault=lambda phase, _wire: reply if phase.startswith("rcpt:r1") else None)
    count = drill(server, addresses=[f"r{number}@example.org" for number in range(10, 20)] + ["one@example.net"], send_connections=1)
    assert (count.sent, count.stopped, drill.error) == (1, "", None)
    assert count.failed + count.deferred >= 4, "after a few of one domain the others wait"
    assert server.sessions == 1


def test_a_server_that_believes_to_be_in_a_transaction_gets_a_new_connection(drill: Drill, wire_server: Server, at: Any) -> None:
    count = drill(wire_server["Wire"](fault=at("mail", "503 5.5.1 nested MAIL command", times=1)), send_connections=1)
    assert (count.sent, drill.error) == (2, None)


def test_any_reply_of_2xx_after_the_message_means_that_it_was_taken(drill: Drill, wire: Any, at: Any) -> None:
    server = wire(fault=at("after", "200 queued somewhere"))
    count = drill(server, send_connections=1)
    assert (count.sent, count.deferred) == (2, 0)


@pytest.mark.parametrize(
    "reply",
    [
        "550 5.2.2 recipient is over the daily message limit",
        "550 5.1.1 <one@example.org>: Recipient address rejected: undeliverable address: host mx.example.org[192.0.2.1] said: "
        "554 5.7.1 <one@example.org>: Relay access denied (in reply to RCPT TO command)",
        "550 5.1.1 <one@example.org>: Recipient address rejected: undeliverable address: host mx.example.org[192.0.2.1] said: "
        "550 5.7.1 daily quota exceeded (in reply to RCPT TO command)",
        "550 Callout verification failed: 550 relay not permitted",
    ],
)
def test_what_another_server_has_against_one_recipient_stops_nobody_else(drill: Drill, wire: Any, reply: str) -> None:
    count = drill(wire(fault=lambda phase, _wire: reply if phase.startswith("rcpt:one") else None), send_connections=1)
    assert (count.sent, count.failed, drill.error) == (1, 1, None)
    assert drill.rows["two"].state == "sent"


def test_a_relay_that_does_not_know_us_stops_the_sender_and_burns_nothing(drill: Drill, wire: Any, at: Any) -> None:
    drill(wire(fault=at("rcpt", "554 5.7.1 <one@example.org>: Relay access denied")))
    assert "does not relay for us" in str(drill.error)
    assert "one@" not in str(drill.error)
    assert drill.untouched()


def test_a_relay_for_some_domains_only_sends_to_the_others_once_the_sender_tries_again(drill: Drill, wire: Any) -> None:
    def make() -> Any:
        return wire(fault=lambda phase, _wire: "554 5.7.1 Relay access denied" if phase.startswith("rcpt:one") else None)

    drill(make(), send_connections=1)
    assert "does not relay for us" in str(drill.error)
    assert drill.untouched()
    with drill.post.database.write() as connection:
        assert sender.resume(connection, now=drill.post.context.clock.now())
    assert drill.again(make()).sent == 1
    assert (drill.rows["one"].state, drill.rows["two"].state) == ("pending", "sent")


def test_a_refused_sender_address_stops_the_sender(drill: Drill, wire: Any, at: Any) -> None:
    drill(wire(fault=at("mail", "550 5.1.8 sender rejected")))
    assert "our sender address" in str(drill.error)
    assert drill.untouched()


@pytest.mark.parametrize(
    ("reply", "state"), [("554 5.6.0 content refused", "failed"), ("451 4.3.0 disk", "deferred"), ("452 4.3.1 full", "deferred")]
)
@pytest.mark.parametrize("phase", ["data", "after"])
def test_refusals_at_data_and_after_the_message_hit_that_mail_only(drill: Drill, wire: Any, phase: str, reply: str, state: str) -> None:
    faults = [reply]
    count = drill(wire(fault=lambda now, _wire: faults.pop() if now == phase and faults else None), send_connections=1)
    assert count.sent == 1
    assert drill.rows["one"].state == state
    assert count.suppressed == 0


@pytest.mark.parametrize("phase", ["rcpt", "data"])
def test_a_drop_before_the_message_defers_and_is_certain_where_it_can_be(drill: Drill, wire_server: Server, at: Any, phase: str) -> None:
    count = drill(wire_server["Wire"](fault=at(phase, "drop", times=1)), send_connections=1)
    assert (count.sent, count.deferred, count.uncertain) == (1, 1, 0)


@pytest.mark.parametrize("phase", ["body", "dot", "after"])
def test_a_drop_with_the_message_out_is_uncertain_and_goes_again_with_the_same_message_id(
    drill: Drill, wire: Any, at: Any, phase: str
) -> None:
    server = wire(fault=at(phase, "drop", times=1))
    count = drill(server, send_connections=1)
    assert (count.sent, count.deferred) == (1, 1)
    assert count.uncertain == 1
    row = drill.rows["one"]
    assert "unknown" in row.outcome
    drill.post.context.clock.set(row.due)
    assert drill.again(server).sent == 1
    assert sorted(server.accepted.values()) == ([1, 2] if phase == "after" else [1, 1])


def test_a_drop_in_the_middle_of_a_message_that_had_not_left_is_certain(wire_server: Server) -> None:
    """The kernel takes megabytes at once, so this one needs a message beyond that."""
    from alerts.mail.transport import make_transport

    async def scenario() -> DeliveryError:
        wire = wire_server["Wire"](fault=wire_server["at"]("body", "drop"))
        async with wire_server["listening"](wire):
            transport = make_transport(f"smtp://127.0.0.1:{wire.port}?starttls=off&hello=test.example")
            with pytest.raises(DeliveryError) as caught:
                await transport.send(
                    Email("k", "<1@x>", "a@example.jp", "b@example.org", b"Message-ID: <1@x>\r\n\r\n" + b"x" * 76 * 400_000)
                )
            await transport.close()
            return caught.value

    assert not asyncio.run(scenario()).uncertain


@pytest.mark.parametrize("reply", ["raw:25", "raw:" + "x" * 1_000_000, "raw:hello\r\n", "raw:250 ok", "raw:250-" + "y" * 70_000])
def test_a_reply_that_makes_no_sense_defers_after_a_time(drill: Drill, wire: Any, at: Any, reply: str) -> None:
    count = drill(wire(fault=at("after", reply)), send_connections=1, options="starttls=off&timeout=0.3")
    # A 250 without a line end runs into the reply to the envelope that went ahead, and is then a 250: that mail was taken.
    assert count.sent <= (reply == "raw:250 ok")
    assert count.failed == 0
    assert count.deferred >= 1
    assert {row.state for row in drill.post.rows()} <= {"deferred", "pending", *(["sent"] if count.sent else [])}


def test_a_server_that_never_asks_for_the_text_has_taken_nothing(drill: Drill, wire: Any, at: Any) -> None:
    server = wire(fault=at("data", "250 ok"))
    count = drill(server, send_connections=1)
    assert (count.sent, count.deferred, count.failed, len(server.accepted)) == (0, 1, 0, 0)


@pytest.mark.parametrize("reply", ["354 go on", "raw:hello\r\n", "250 " + "x" * 70_000])
def test_an_answer_to_a_message_that_makes_no_sense_leaves_open_whether_it_was_taken(drill: Drill, wire: Any, at: Any, reply: str) -> None:
    server = wire(fault=at("after", reply, times=1))
    count = drill(server, send_connections=1)
    assert (count.sent, count.deferred, count.uncertain) == (1, 1, 1)
    assert server.sessions == 2, "that connection is left"


@pytest.mark.parametrize("reply", ["raw:451-no room\r\n", "raw:554-refused\r\n"])
def test_a_refusal_without_its_last_line_is_not_ended_by_the_answer_to_the_next_envelope(
    drill: Drill, wire_server: Server, at: Any, reply: str
) -> None:
    server = wire_server["Wire"](fault=at("after", reply, times=1))
    count = drill(server, send_connections=1)
    assert (count.sent, count.uncertain, len(server.accepted)) == (1, 1, 1)


def test_unsolicited_replies_are_never_taken_for_an_answer(drill: Drill, wire: Any, at: Any) -> None:
    server = wire(fault=at("after", "raw:250 taken\r\n250 and more\r\n"))
    count = drill(server, send_connections=1)
    assert count.sent == 2
    assert list(server.accepted.values()) == [1, 1]
    assert server.sessions == 2, "a connection that says too much is left"


def test_the_next_envelope_goes_ahead_and_its_refusal_is_that_of_its_own_recipient(drill: Drill, wire_server: Server) -> None:
    """RFC 2920 §3.1: MAIL, RCPT and DATA of the next message leave with the end of this one."""

    def fault(phase: str, _server: Any) -> str | None:
        return "550 5.1.1 no such user" if phase in {"rcpt:r2?", "rcpt:r2"} else None

    server = wire_server["Wire"](fault=fault)
    count = drill(server, addresses=[f"r{number}@example.org" for number in range(5)], send_connections=1)
    assert (count.sent, count.failed, server.sessions) == (4, 1, 1)
    assert drill.rows["r2"].state == "failed"
    assert set(server.accepted.values()) == {1}
    assert len(server.messages) == 4


def test_a_message_beyond_the_size_limit_fails_without_being_sent(drill: Drill, wire_server: Server) -> None:
    server = wire_server["Wire"](extensions=("SIZE 1000",))
    count = drill(server)
    assert count.failed == 2
    assert server.commands.count("MAIL") == 0


def test_a_server_that_limits_messages_per_connection_gets_a_new_one(drill: Drill, wire: Any) -> None:
    def fault(phase: str, server: Any) -> str | None:
        return "421 4.7.0 enough" if phase == "mail" and server.commands.count("MAIL") % 4 == 0 else None

    server = wire(fault=fault)
    count = drill(server, addresses=[f"r{number}@example.org" for number in range(10)], send_connections=1)
    assert count.sent == 10
    assert set(server.accepted.values()) == {1}
    assert server.sessions == 4


def test_a_server_that_limits_connections_is_served_over_fewer(drill: Drill, wire: Any) -> None:
    def fault(phase: str, server: Any) -> str | None:
        return "421 4.7.0 too many connections" if phase == "banner" and server.open_sessions > 2 else None

    server = wire(fault=fault)
    count = drill(server, addresses=[f"r{number}@example.org" for number in range(40)], send_connections=6)
    assert (count.sent, count.stopped) == (40, "")


def test_an_address_beyond_ascii_needs_smtputf8(drill: Drill, wire_server: Server, at: Any) -> None:
    assert drill(wire_server["Wire"](), addresses=["名前@example.org", "two@example.org"]).failed == 1


def test_an_address_beyond_ascii_goes_where_smtputf8_is_offered(drill: Drill, wire: Any) -> None:
    server = wire(extensions=("SMTPUTF8", "8BITMIME"))
    assert drill(server, addresses=["名前@example.org", "reader@例え.jp", "a..b@docomo.example.jp"]).sent == 3
    recipients = {recipient for _, recipient, _ in server.messages}
    assert recipients == {"名前@example.org", "reader@xn--r8jz45g.jp", '"a..b"@docomo.example.jp'}


HOSTILE = "Ministry\r\nBcc: evil@example.net\r\n\r\n<script>.\r\n.\r\nMAIL FROM:<evil@example.net>"
LONG = ".hidden dots\n.\n..\nFrom here on: " + "x" * 5000 + "\n" + "京都" * 2000


@pytest.mark.parametrize("plain", [True, False], ids=["plain", "pipelined"])
def test_no_text_of_a_feed_or_a_setting_becomes_a_header_or_a_command(drill: Drill, wire_server: Server, plain: bool) -> None:
    """Feed titles stand in subjects and bodies, the sender's name in From."""
    server = wire_server["Wire"](pipelining=not plain)

    async def scenario() -> None:
        async with wire_server["listening"](server):
            url = f"smtp://127.0.0.1:{server.port}?hello=test.example&starttls=off"
            post = drill._new_post(drill._database, url, sender_name='Alerts", Evil <evil@example.net>,"')
            digest = post.digest(subject=HOSTILE, title=HOSTILE, summary=LONG)
            post.put(post.subscriber("reader@example.org"), digest)
            assert (await send(post.context)).sent == 1

    asyncio.run(scenario())
    ((sender, recipient, raw),) = server.messages
    assert recipient == "reader@example.org"
    assert sender.endswith("@example.jp")
    assert server.commands.count("MAIL") == 1
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert not mail.defects
    assert mail["Bcc"] is None
    assert [address.addr_spec for address in mail["From"].addresses] == ["alerts@example.jp"]
    assert mail["Subject"].startswith("Ministry Bcc: evil@example.net")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    text = mail.get_body(("plain",)).get_content()
    assert ".hidden dots" in text
    assert "x" * 60 in text.replace("\n", "")


@pytest.fixture
def over(wire_server: Server) -> Callable[..., Any]:
    """Sends emails one after the other over one transport, and returns what became of them."""
    from alerts.mail.transport import make_transport

    def run(server: Any, *emails: Email, options: str = "") -> list[DeliveryError | None]:
        async def scenario() -> list[DeliveryError | None]:
            async with wire_server["listening"](server):
                transport = make_transport(f"smtp://127.0.0.1:{server.port}?starttls=off&hello=test.example{options}", connections=1)
                outcomes: list[DeliveryError | None] = []
                for each in emails:
                    try:
                        await transport.send(each)
                        outcomes.append(None)
                    except DeliveryError as error:
                        outcomes.append(error)
                await transport.close()
                return outcomes

        return asyncio.run(scenario())

    return run


TEXT = b"Message-ID: <%d@x>\r\n\r\n.\r\n..\r\n.hidden\r\nMAIL FROM:<evil@example.net>\r\n"


def an_email(number: int = 1, recipient: str = "reader@example.org", message: bytes = b"") -> Email:
    return Email(f"k{number}", f"<{number}@x>", "alerts@example.jp", recipient, message or TEXT % number)


@pytest.mark.parametrize("message", [TEXT % 1, b".Message-ID: <1@x>\r\n\r\nx\r\n", b"Message-ID: <1@x>\r\n\r\nno end\r\n."])
def test_dots_that_open_a_line_arrive_as_they_were(over: Any, wire: Any, message: bytes) -> None:
    server = wire()
    assert over(server, an_email(message=message), an_email(2)) == [None, None]
    whole = b"\r\n".join([message.rstrip(b"\r\n"), b""])
    assert server.messages[0][2].removeprefix(b"." if message.startswith(b".") else b"") == whole
    assert server.commands.count("MAIL") == 2


def test_size_and_smtputf8_are_told_with_mail(over: Any, wire_server: Server) -> None:
    server = wire_server["Wire"](extensions=("SIZE 100000", "SMTPUTF8"))
    assert over(server, an_email(), an_email(2, "名前@example.org")) == [None, None]
    size = f"SIZE={len(TEXT % 1)}"
    assert server.envelopes == [f"MAIL FROM:<alerts@example.jp> {size}", f"MAIL FROM:<alerts@example.jp> {size} SMTPUTF8"]


def test_smtputf8_is_told_without_pipelining_as_well(over: Any, wire_server: Server) -> None:
    server = wire_server["Wire"](extensions=("SMTPUTF8",), pipelining=False)
    assert over(server, an_email(1, "名前@example.org")) == [None]
    assert server.envelopes[0].endswith(" SMTPUTF8")


@pytest.mark.parametrize("bad", ["a@example.org>\r\nRCPT TO:<evil@example.net", "a@example.org\nX", "a@exa\0mple.org"])
def test_no_address_becomes_a_command(over: Any, wire: Any, bad: str) -> None:
    server = wire()
    (error,) = over(server, an_email(1, bad))
    assert error.permanent
    assert error.address_at_fault
    assert server.messages == []
    assert "RCPT" not in server.commands


@pytest.mark.parametrize("more", ["250 and more", "354 go on"])
def test_an_answer_too_many_with_the_go_ahead_is_not_that_to_the_text(drill: Drill, wire_server: Server, at: Any, more: str) -> None:
    server = wire_server["Wire"](fault=at("data", f"354 go on\r\n{more}", times=1))
    count = drill(server, send_connections=1)
    assert (count.sent, count.uncertain, list(server.accepted.values())) == (2, 0, [1, 1])
    assert server.sessions == 2


def test_what_was_said_unasked_between_two_mails_is_no_answer(over: Any, wire: Any, at: Any) -> None:
    server = wire(fault=at("after", "250 taken\r\n451 4.3.0 and more", times=1))
    first, second = over(server, an_email(1), an_email(2))
    assert first is None
    assert second is None or (not server.pipelining and not second.permanent)
    again = wire(fault=at("after", "250 taken\r\n250 and more", times=1))
    assert over(again, an_email(1), an_email(2)) == [None, None]
    assert list(again.accepted.values()) == [1, 1]


@pytest.mark.parametrize("reply", ["250 " + "y" * 70_000, "250-more\r\n" * 5000], ids=["a line", "lines"])
def test_a_reply_without_end_is_given_up_at_once(over: Any, wire: Any, at: Any, reply: str) -> None:
    """Within the time of a wait, a server could fill our memory."""
    start = time.monotonic()
    (error,) = over(wire(fault=at("after", f"raw:{reply}")), an_email(), options="&timeout=2")
    assert error.uncertain
    assert time.monotonic() - start < 10


def test_a_connection_is_renewed_after_so_many_mails(drill: Drill, wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.mail.smtp.MAX_MESSAGES", 3)
    server = wire()
    assert drill(server, addresses=[f"r{number}@example.org" for number in range(10)], send_connections=1).sent == 10
    assert (server.sessions, server.commands.count("QUIT")) == (4, 4)


# TLS and login


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    made = trustme.CA()
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    made.cert_pem.write_to_path(path)
    return made, path


def serving(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


def test_starttls_then_login_then_mail(drill: Drill, wire: Any, authority: Any) -> None:
    made, path = authority
    server = wire(starttls=serving(made, "127.0.0.1"), login=("PLAIN",))
    assert drill(server, options=f"ca={path}", user="sender%40example.jp:p%2Fw@").sent == 2
    assert server.commands.index("STARTTLS") < server.commands.index("AUTH") < server.commands.index("MAIL")


def test_implicit_tls(drill: Drill, wire: Any, authority: Any) -> None:
    made, path = authority
    assert drill(wire(), scheme="smtps", options=f"ca={path}", context=serving(made, "127.0.0.1")).sent == 2


def test_a_server_without_starttls_is_refused_never_trusted(drill: Drill, wire: Any) -> None:
    server = wire()
    drill(server, options="")
    assert "offers no STARTTLS" in str(drill.error)
    assert drill.untouched()
    assert "MAIL" not in server.commands


def test_starttls_that_fails_for_now_is_no_reason_to_go_on_without(drill: Drill, wire: Any, at: Any, authority: Any) -> None:
    made, path = authority
    server = wire(starttls=serving(made, "127.0.0.1"), fault=at("starttls", "454 4.7.0 TLS not available"))
    count = drill(server, options=f"ca={path}")
    assert count.stopped
    assert drill.untouched()
    assert "MAIL" not in server.commands


def test_what_is_slipped_in_before_tls_is_not_believed(drill: Drill, wire: Any, at: Any, authority: Any) -> None:
    made, path = authority
    server = wire(starttls=serving(made, "127.0.0.1"), fault=at("starttls", "raw:220 go on\r\n250-wire.example\r\n250 AUTH LOGIN\r\n"))
    drill(server, options=f"ca={path}", user="sender:secret-word@")
    assert "AUTH" not in server.commands


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.parametrize("fault", ["unknown authority", "another name"])
def test_a_bad_certificate_stops_the_sender(drill: Drill, wire: Any, authority: Any, scheme: str, fault: str) -> None:
    made, path = authority
    context = serving(
        trustme.CA() if fault == "unknown authority" else made, "127.0.0.1" if fault == "unknown authority" else "other.example"
    )
    drill(wire(starttls=context), scheme=scheme, options=f"ca={path}", context=context if scheme == "smtps" else None)
    assert "certificate" in str(drill.error)
    assert drill.untouched()


def test_a_wrong_password_stops_the_sender_burns_nothing_and_is_never_repeated(drill: Drill, wire: Any, at: Any, authority: Any) -> None:
    made, path = authority
    server = wire(starttls=serving(made, "127.0.0.1"), login=("PLAIN",), fault=at("auth", "535 5.7.8 bad credentials"))
    drill(server, options=f"ca={path}", user="sender:secret-word@")
    assert "user name or password" in str(drill.error)
    assert "secret-word" not in str(drill.error)
    assert drill.untouched()
    with drill.post.database.write() as connection:
        (notice,) = notices.claim(connection, worker="w9", now=drill.post.context.clock.now())
    assert "refuses this service" in notice.subject
    assert "user name or password" in notice.lines[0]


def test_a_server_that_refuses_our_login_is_left_alone_longer_and_longer(
    drill: Drill, wire_server: Server, at: Any, authority: Any
) -> None:
    """Login after login would lock the account; a service that starts, or an operator who resumes, tries at once."""
    made, path = authority
    options = {"options": f"ca={path}", "user": "sender:secret-word@"}
    parts = {"starttls": serving(made, "127.0.0.1"), "login": ("PLAIN",), "fault": at("auth", "535 5.7.8 no")}
    drill(wire_server["Wire"](**parts), **options)
    context, waits = drill.post.context, []
    for _ in range(9):
        start = context.clock.now()
        assert asyncio.run(send(context)).claimed == 0
        with context.database.read() as connection:
            held = sender.paused(connection, start)
        assert held is not None
        assert held.until is not None
        assert "refuses our user name" in str(held)
        waits.append(held.until - start)
        context.clock.set(held.until)
        with context.database.write() as connection:
            sender.alarm(connection, reason=held.reason, now=held.until)
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (sender.FIRST_HOLD, sender.LONGEST_HOLD)
    try_at_once(context)
    with context.database.read() as connection:
        assert sender.paused(connection, context.clock.now()) is None


def test_a_login_that_fails_for_now_burns_nothing(drill: Drill, wire: Any, at: Any, authority: Any) -> None:
    made, path = authority
    server = wire(starttls=serving(made, "127.0.0.1"), login=("PLAIN",), fault=at("auth", "454 4.7.0 later"))
    assert drill(server, options=f"ca={path}", user="sender:secret-word@").stopped
    assert drill.untouched()


def test_a_server_that_wants_a_login_says_so(drill: Drill, wire: Any, at: Any) -> None:
    drill(wire(fault=at("mail", "530 5.7.0 Authentication required")))
    assert "refuses our login" in str(drill.error)
    assert drill.untouched()


@pytest.mark.parametrize("phase", ["mail", "rcpt", "data", "after"])
def test_our_own_limit_burns_no_mail_whenever_it_is_told(drill: Drill, wire: Any, at: Any, phase: str) -> None:
    drill(wire(fault=at(phase, "550 5.4.5 Daily user sending quota exceeded")), send_connections=1)
    assert "no more for now" in str(drill.error)
    assert drill.untouched()


def test_a_server_that_limits_connections_for_good_is_served_over_fewer(drill: Drill, wire: Any) -> None:
    def fault(phase: str, server: Any) -> str | None:
        return "554 5.7.1 too many connections" if phase == "banner" and server.open_sessions > 2 else None

    count = drill(wire(fault=fault), addresses=[f"r{number}@example.org" for number in range(30)], send_connections=6)
    assert (count.sent, drill.error) == (30, None)


@pytest.mark.parametrize("reply", ["550 5.7.0 too many messages over this connection", "452 4.5.3 too many messages in this session"])
@pytest.mark.parametrize("plain", [True, False], ids=["plain", "pipelined"])
def test_a_server_that_refuses_more_over_one_connection_gets_another(drill: Drill, wire_server: Server, plain: bool, reply: str) -> None:
    class Counting(wire_server["Wire"]):  # type: ignore[misc]
        """Goes on refusing, as long as we stay."""

        async def session(self, reader: Any, writer: Any) -> None:
            self.taken = 0
            await super().session(reader, writer)

    def fault(phase: str, server: Any) -> str | None:
        server.taken += phase == "after"
        return reply if phase == "mail" and server.taken == 3 else None

    server = Counting(fault=fault, pipelining=not plain)
    count = drill(server, addresses=[f"r{number}@example.org" for number in range(10)], send_connections=1)
    assert (count.sent, count.deferred, drill.error) == (10, 0, None)
    assert server.sessions == 4


def test_a_server_that_puts_off_every_sender_is_not_asked_over_ever_new_connections(drill: Drill, wire: Any) -> None:
    replies = {"mail": "450 4.7.1 slow down", "rcpt": "503 5.5.1 MAIL first", "data": "503 5.5.1 RCPT first"}
    server = wire(fault=lambda phase, server: replies.get(phase) if len(server.accepted) >= 2 else None)
    count = drill(server, addresses=[f"r{number}@example{number}.org" for number in range(10)], send_connections=1)
    assert (count.sent, drill.error) == (2, None)
    assert count.deferred == 8
    assert server.sessions == 2


@pytest.mark.parametrize("pipelining", [True, False])
def test_whoever_is_slow_to_take_a_message_gets_it_once(drill: Drill, wire_server: Server, pipelining: bool) -> None:
    """RFC 5321 §4.5.3.2.6: a filter may think for minutes; to give up on it is to send the mail again."""

    class Thinking(wire_server["Wire"]):  # type: ignore[misc]
        async def _say(self, phase: str, usual: str, writer: Any) -> str:
            if phase == "reply":
                await asyncio.sleep(1)
            return str(await super()._say(phase, usual, writer))

    server = Thinking(pipelining=pipelining)
    count = drill(server, addresses=["one@example.org"], send_connections=1, options="starttls=off&timeout=0.4")
    assert (count.sent, count.uncertain, set(server.accepted.values())) == (1, 0, {1})


def test_a_recipient_that_a_server_cannot_vouch_for_is_sent_to(drill: Drill, wire: Any, at: Any) -> None:
    assert drill(wire(fault=at("rcpt", "252 2.0.0 cannot tell, but will try")), send_connections=1).sent == 2


def test_no_empty_mail_is_delivered_where_a_server_mixes_up_its_answers(drill: Drill, wire_server: Server, at: Any) -> None:
    """It refused the sender, took the recipient all the same, and waits for a text: a lone dot would be a mail without one."""
    server = wire_server["Wire"](fault=at("mail", "451 4.3.0 not now", times=1))
    count = drill(server, send_connections=1)
    assert (count.sent, count.deferred) == (1, 1)
    assert server.sessions == 2, "that connection is left"
    assert len(server.accepted) == 1
