"""Returned mail is read as what it is, by its parts or by its words; what is not understood is not guessed at."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from alerts.mail.bounces.reading import read_report
from alerts.mail.bounces.verdict import judge, status_in

SAMPLES = Path(__file__).parent / "returned"
EXPECTED: dict[str, list[str] | None] = yaml.safe_load((SAMPLES / "expected.yaml").read_text(encoding="utf-8"))
OURS = "alerts+17-0123456789abcdef0123@alerts.example.jp"
QUOTED = "<5f1e0c2ab8d94763a0c1d2e3f4a5b6c7@alerts.example.jp>"


def test_every_sample_has_its_expectation_and_there_are_many() -> None:
    assert sorted(EXPECTED) == sorted(path.stem for path in SAMPLES.glob("*.eml"))
    assert len(EXPECTED) >= 25


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_samples_are_read_as_what_they_are(name: str) -> None:
    expected = EXPECTED[name]
    report = read_report((SAMPLES / f"{name}.eml").read_bytes())
    if expected is None:
        assert report is None
        return
    kind, status, recipient = expected
    assert report is not None
    assert (report.kind, report.status) == (kind, status)
    assert not recipient or recipient in report.recipients
    assert "@" not in report.said


@pytest.mark.parametrize("name", ["postfix-unknown-user", "qmail", "exim-prose", "au-user-unknown", "gmail-no-account", "arf-redacted"])
def test_the_mail_is_told_by_its_message_id_and_our_envelope_sender(name: str) -> None:
    report = read_report((SAMPLES / f"{name}.eml").read_bytes())
    assert report is not None
    assert QUOTED in report.message_ids
    assert OURS in report.returned_to or name == "arf-redacted"


@pytest.mark.parametrize(
    ("status", "said", "verdict"),
    [
        ("5.1.1", "550 5.1.1 no such user", "hard"),
        ("5.0.0", "550 Requested action not taken: mailbox unavailable, user unknown", "hard"),
        ("5.7.1", "550 5.7.1 recipient address does not exist", "hard"),
        ("5.7.1", "550 5.7.1 listed in a blocklist", "policy"),
        ("5.2.2", "552 mailbox is full; this host is on no blocklist", "soft"),
        ("4.2.2", "452 over quota", "soft"),
        ("4.7.0", "421 4.7.0 too many connections from your host, reputation", "policy"),
        ("5.2.1", "550 5.2.1 this mailbox gets mail at a rate beyond its limit", "soft"),
        ("5.2.1", "550 5.2.1 this account is disabled", "hard"),
        ("5.1.1", "550 5.1.1 your host is blocked, see the blocklist", "policy"),
        ("4.7.0", "421 4.7.0 put off for the volume and the complaints of users", "policy"),
        ("4.7.1", "450 4.7.1 greylisted, come back later", "soft"),
        ("5.3.0", "553 5.3.0 addressee unknown", "hard"),
        ("", "550 Requested action not taken: mailbox unavailable, refused due to policy", "policy"),
        ("", "550 Requested action not taken: mailbox unavailable", "hard"),
        ("", "421 try again later", "soft"),
        ("", "550 5 apples", "soft"),
        ("", "", "soft"),
    ],
)
def test_the_words_decide_where_the_code_is_vague(status: str, said: str, verdict: str) -> None:
    assert judge(status, said) == verdict


def test_an_exact_status_is_preferred_and_addresses_of_hosts_are_none() -> None:
    assert status_in("5.0.0 smtp; 550 5.1.1 unknown") == "5.1.1"
    assert status_in("connect to 192.0.2.25: timed out") == ""
    assert status_in("2.0.0 Ok") == ""


@given(st.binary(max_size=400))
def test_nothing_that_arrives_breaks_the_reader(raw: bytes) -> None:
    read_report(raw)
    read_report(b"From: MAILER-DAEMON@x.example\nSubject: failure notice\nContent-Type: multipart/report; boundary=b\n\n--b\n" + raw)
    read_report(b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n" + raw + b"\n--b--")
