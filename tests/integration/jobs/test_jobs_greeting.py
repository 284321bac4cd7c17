"""The first mail after consent shows what such readers really heard of lately, and how to stop."""

from __future__ import annotations

import email
import email.policy
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

from alerts.jobs.letters import Letters
from alerts.rules.levels import Level
from alerts.store import outbox

Service = Any


def first_mail(service: Service, person: int) -> EmailMessage:
    now = service.clock.now()
    with service.database.write() as connection:
        assert outbox.welcome(connection, person, now=now)
        letters = Letters(service.context)
        made, outcomes, _ = letters.gather(connection, outbox.claim(connection, worker="w", now=now, limit=5), now)
        assert outcomes == []
    return email.message_from_bytes(letters.email(made[-1], now).message, policy=email.policy.default)  # type: ignore[return-value]


def test_a_newcomer_is_shown_real_stories_of_the_chosen_sectors(service: Service) -> None:
    service.happens("cars", Level.watch)
    service.happens("permits", Level.act, sector="safety")
    service.clock.set(service.clock.now() + timedelta(days=3))
    mail = first_mail(service, service.subscribe("ann"))
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert mail["Subject"] == "You are in: what you will get, and when"
    assert "Duties: cars" in text
    assert "Duties: permits" not in text, "safety is not followed"
    assert "Your next digest is due 9 Jan 2026, 07:00 (Japan time)" in " ".join(text.split())
    assert "/one-click>" in mail["List-Unsubscribe"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_what_was_taken_back_is_no_example_of_what_readers_hear(service: Service) -> None:
    service.happens("cars", Level.watch)
    service.happens("boats", Level.watch)
    service.clock.set(service.clock.now() + timedelta(days=1))
    service.happens("cars", Level.watch, kind="withdrawal")
    text = first_mail(service, service.subscribe("ann")).get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Duties: boats" in text
    assert "Duties: cars" not in text


def test_a_new_service_welcomes_without_stories(service: Service) -> None:
    text = first_mail(service, service.subscribe("ann", language="ja")).get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "最近お伝えした話題" not in text
    assert "選んだ分野" in text
