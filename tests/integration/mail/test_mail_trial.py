"""`alerts sender test`: one mail at once, and what the server says of it."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from alerts.cli.app import app
from alerts.errors import AlertsError, DeliveryError, SenderError, UsageError
from alerts.jobs.trial import send_trial
from alerts.mail.address import AddressError
from alerts.mail.dkim import make_key
from alerts.signing import Signer
from alerts.store import suppressions
from alerts.store.db import Database


class Attempt:
    """Sends a test mail to a server that does as it is told."""

    def __init__(self, parts: Mapping[str, Any], database: Database, new_post: Callable[..., Any]) -> None:
        self._parts, self._database, self._new_post = parts, database, new_post

    def __call__(self, address: str = "me@example.org", *, wire: Any = None, suppressed: str = "", **settings: Any) -> str:
        self.wire = wire or self._parts["Wire"]()

        async def scenario() -> str:
            async with self._parts["listening"](self.wire):
                url = f"smtp://127.0.0.1:{self.wire.port}?starttls=off&hello=test.example&timeout=2"
                self.post = self._new_post(self._database, url, **settings)
                self.post.fill(["reader@example.org"])
                if suppressed:
                    self.suppress(suppressed)
                return await send_trial(self.post.context, address)

        return asyncio.run(scenario())

    def suppress(self, address: str) -> None:
        context = self.post.context
        mark = suppressions.mark_of(Signer(context.settings.secret_key.get_secret_value()), address)
        with self._database.write() as connection:
            suppressions.suppress(connection, [mark], reason="operator", at=context.clock.now())

    @property
    def mail(self) -> Any:
        ((sender, recipient, body),) = self.wire.messages
        assert (sender, recipient) == ("alerts@example.jp", "me@example.org")
        return email.message_from_bytes(body, policy=email.policy.default)


@pytest.fixture
def attempt(wire_server: Mapping[str, Any], database: Database, new_post: Callable[..., Any]) -> Attempt:
    return Attempt(wire_server, database, new_post)


def test_the_mail_arrives_signed_and_says_what_to_look_for(attempt: Attempt, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes(make_key("ed25519"))
    message_id = attempt(dkim_keys=f"example.jp:s2026:{key}")
    text = attempt.mail.get_body(("plain",)).get_content()
    assert attempt.mail["Message-ID"] == message_id
    assert "d=example.jp" in attempt.mail["DKIM-Signature"]
    assert "s2026._domainkey.example.jp" in text
    assert "dmarc=pass for example.jp" in " ".join(text.split())
    assert "List-Unsubscribe" not in attempt.mail, "it is nobody's subscription"
    assert {row.state for row in attempt.post.rows()} == {"pending"}, "what waits is left alone"


def test_without_a_key_it_says_that_it_is_not_signed(attempt: Attempt) -> None:
    attempt()
    assert "It is not signed." in attempt.mail.get_body(("plain",)).get_content()


@pytest.mark.parametrize(
    ("phase", "reply", "kind"), [("mail", "530 5.7.0 Authentication required", SenderError), ("rcpt", "550 5.1.1 nobody", DeliveryError)]
)
def test_what_the_server_says_is_what_the_operator_reads(
    attempt: Attempt, wire_server: Mapping[str, Any], phase: str, reply: str, kind: type[AlertsError]
) -> None:
    with pytest.raises(kind) as told:
        attempt(wire=wire_server["Wire"](fault=wire_server["at"](phase, reply)))
    assert "@" not in str(told.value)


def test_no_mail_goes_where_none_may_go(attempt: Attempt) -> None:
    with pytest.raises(DeliveryError, match="suppressed since 2026-01-02"):
        attempt(suppressed="me@example.org")
    assert attempt.wire.sessions == 0


def test_what_is_no_address_is_told_before_anybody_is_asked(attempt: Attempt) -> None:
    with pytest.raises(AddressError):
        attempt("nobody")
    assert attempt.wire.sessions == 0


def test_the_command_says_where_it_went(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert CliRunner().invoke(app, ["--home", str(home), "init"]).exit_code == 0
    done = CliRunner().invoke(app, ["--home", str(home), "sender", "test", "me@example.org"])
    assert done.exit_code == 0, done.exception
    assert "Taken by maildir:" in done.stdout
    assert len(list((home / "outbox" / "new").iterdir())) == 1


def test_it_bears_the_return_path_that_all_mail_has(attempt: Attempt) -> None:
    """Or the SPF that an operator looks at in it would be another domain's."""
    attempt(bounce_address="bounces@mail.example.net")
    assert [sender for sender, _, _ in attempt.wire.messages] == ["bounces@mail.example.net"]


def test_a_key_is_made_for_names_that_the_dns_can_hold(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "key.pem"
    for domain, selector in (("bad domain", "s1"), ("例え.jp", "s1"), ("example.jp", "s_1")):
        done = CliRunner().invoke(app, ["--home", str(home), "sender", "dkim", domain, selector, str(file)])
        assert isinstance(done.exception, UsageError)
        assert not file.exists(), "nothing is written for a name that cannot be"
    assert CliRunner().invoke(app, ["--home", str(home), "sender", "dkim", "example.jp", "s1", str(file)]).exit_code == 0
