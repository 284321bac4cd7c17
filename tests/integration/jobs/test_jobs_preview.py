"""A preview tells what a subscriber would get now and why, and changes nothing."""

from __future__ import annotations

import email
import email.policy
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from alerts.cli.app import app
from alerts.cli.written import write_file
from alerts.errors import AlertsError
from alerts.jobs.preview import Preview, preview, stored
from alerts.jobs.publish import publish
from alerts.rules.levels import Level
from alerts.signing import Signer
from alerts.store import subscribers, suppressions
from alerts.store.leases import table_of
from alerts.store.tables import DigestRow, OutboxRow

Service = Any


def look(service: Service, person: int, edition: Any = "daily", **values: Any) -> Preview:
    with service.database.read() as connection:
        known = subscribers.by_id(connection, person)
    return preview(service.context, known, edition, **values)


def test_it_shows_what_the_next_digest_would_be_with_every_reason_and_leaves_no_trace(service: Service) -> None:
    person = service.subscribe("ann", sectors=(("trade", Level.watch),))
    service.happens("cars", Level.watch)
    service.happens("boats", Level.info)
    service.happens("permits", Level.act, sector="visas")
    shown = look(service, person)
    assert shown.digest is not None
    assert [one.reasons for one in shown.picked.picks] == [("trade at watch (you asked for watch or more)",)]
    assert sorted(one.reason for one in shown.picked.left_out) == [
        "it touches only sectors that you do not follow: visas",
        "trade is at info, below watch",
    ]
    mail = email.message_from_bytes(shown.message, policy=email.policy.default)
    assert mail["To"] == "ann@example.org"
    assert mail["Subject"] == shown.digest.subject
    with service.database.read() as connection:
        assert [connection.scalar(select(func.count()).select_from(table_of(row))) for row in (DigestRow, OutboxRow)] == [0, 0]


def test_an_alert_a_week_and_days_gone_by_can_be_looked_at(service: Service) -> None:
    person = service.subscribe("ann")
    service.happens("cars", Level.prepare)
    publish(service.context)
    assert look(service, person).digest is None, "the alert told it"
    week = look(service, person, "weekly", days=3)
    assert week.digest is not None
    assert week.digest.tallies
    assert look(service, person, "alert", days=3).digest.subject.startswith("[Prepare] ")  # type: ignore[union-attr]
    made = next(row["edition"] for row in service.rows(OutboxRow))
    with service.database.read() as connection:
        known = subscribers.by_id(connection, person)
    assert stored(service.context, known, made).digest.edition == made  # type: ignore[union-attr]
    assert stored(service.context, known, "daily:2020-01-01") is None


def test_it_says_why_nothing_would_be_sent(service: Service) -> None:
    person = service.subscribe("ann")
    with service.database.write() as connection:
        subscribers.end(connection, [person], reason="unsubscribed", now=service.clock.now())
    assert look(service, person).stops == "nothing is sent: the subscription is ended (unsubscribed)"


def test_it_says_that_mail_to_the_address_is_suppressed(service: Service) -> None:
    person = service.subscribe("ann")
    signer = Signer(service.context.settings.secret_key.get_secret_value())
    with service.database.write() as connection:
        known = subscribers.by_id(connection, person)
        mark = suppressions.mark_of(signer, subscribers.key_of(known))
        suppressions.suppress(connection, [mark], reason="complaint", at=service.clock.now())
    since = f"{service.clock.now():%Y-%m-%d}"
    assert look(service, person).stops == f"nothing is sent: mail to this address is suppressed since {since} (complaint)"


def test_the_command_tells_a_wrong_address_and_a_wrong_edition(tmp_path: Any) -> None:
    home = ["--home", str(tmp_path / "home")]
    assert CliRunner().invoke(app, [*home, "init"]).exit_code == 0
    nobody = CliRunner().invoke(app, [*home, "digest", "preview", "nobody@example.org"])
    assert "nobody with the address nobody@example.org is known" in str(nobody.exception)
    person = ["subscribers", "add", "ann@example.org", "--sector", "visas=info", "--confirmed"]
    assert CliRunner().invoke(app, [*home, *person]).exit_code == 0
    wrong = CliRunner().invoke(app, [*home, "digest", "preview", "ann@example.org", "--edition", "hourly"])
    assert "'hourly' is not one; choose alert, daily, weekly" in str(wrong.exception)
    empty = CliRunner().invoke(app, [*home, "digest", "preview", "ann@example.org", "--html", str(tmp_path / "mail.html")])
    assert "There is nothing to tell at this moment" in empty.stdout
    assert not (tmp_path / "mail.html").exists()


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(AlertsError, match=r"missing/mail\.eml cannot be written: No such file or directory$"):
        write_file(tmp_path / "missing" / "mail.eml", b"")
