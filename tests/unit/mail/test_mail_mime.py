"""A message holds exactly what was put into it, whoever reads it."""

from __future__ import annotations

import email
import email.policy
import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alerts.errors import DeliveryError
from alerts.mail.encodings import least_quoted_size, literal
from alerts.mail.message import SLOTS, Headers, Personal, Rendered, Sender
from alerts.mail.mime import build, prepare

SENDER = Sender("Expat Impact Alerts", "alerts@example.jp")
READER = Personal(
    "reader@example.org",
    "https://alerts.example.jp/p/MTI.aW.x",
    "https://alerts.example.jp/u/MTI.aW.y",
    "https://alerts.example.jp/u/MTI.aW.y/one-click",
    "https://alerts.example.jp/w/Nw.z",
    "2 January 2026",
)
HEADERS = Headers("<1@example.jp>", datetime(2026, 1, 2, 7, tzinfo=UTC))
BULK = Headers(
    "<1@example.jp>",
    HEADERS.date,
    "Digests <digests.example.jp>",
    READER.one_click_url,
    "leave@example.jp?subject=x",
    "<0@example.jp>",
    ("<0@example.jp>",),
)

texts = st.text(st.one_of(st.characters(exclude_categories=["Cs", "Co"]), st.sampled_from(".=From \n\t 日本")), max_size=300)
slotted = st.lists(st.one_of(texts, st.sampled_from(list(SLOTS.values()))), max_size=8).map("".join)
subjects = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Co"]), max_size=250)


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def defects(message: EmailMessage) -> list[object]:
    found: list[object] = []
    for part in message.walk():
        found += part.defects
        for value in part.values():
            found += value.defects
    return found


def filled(text: str) -> str:
    for name, token in SLOTS.items():
        text = text.replace(token, getattr(READER, name))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode().replace("\r\n", "\n")


@given(subject=subjects, text=slotted, html=slotted)
@example(subject="", text="", html="")
@example(subject=" two  spaces ", text=".\n..\nFrom me\n", html="x \n\t\n" + "日" * 300)
def test_what_goes_in_comes_out_without_defects(subject: str, text: str, html: str) -> None:
    raw = build(Rendered(subject, html, text), READER, BULK, SENDER)
    message = parsed(raw)
    assert defects(message) == []
    assert body(message, "plain") == filled(text)
    assert body(message, "html") == filled(html)
    assert str(message["Subject"]) == re.sub(r"^[ ]+|[ ]+$", "", subject) or str(message["Subject"]).split() == subject.split()
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 76
    assert not any(line.startswith((b".", b"From ")) for line in lines)
    assert b"\n" not in b"".join(lines)
    assert b"\r" not in b"".join(lines)


@pytest.mark.parametrize("length", [10, 40, 200])
def test_another_parser_reads_the_same_japanese_subject(length: int) -> None:
    perl = shutil.which("perl")
    if perl is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no perl")
        pytest.skip("no perl")
    subject = ("日米首脳会談、自動車関税と在留資格の手数料について" * 10)[:length]
    field = re.search(rb"Subject: (.*?)\r\n(?! )", build(Rendered(subject, "<p>x</p>", "x"), READER, HEADERS, SENDER), re.S)
    assert field is not None
    program = "use Encode; local $/; binmode STDOUT, ':utf8'; print decode('MIME-Header', <STDIN>)"
    assert subprocess.run([perl, "-e", program], input=field[1], capture_output=True, check=True).stdout.decode() == subject


@pytest.mark.parametrize("length", [10, 40, 200])
def test_a_japanese_subject_folds_between_encoded_words_with_a_space(length: int) -> None:
    subject = ("日米首脳会談、自動車関税と在留資格の手数料について" * 10)[:length]
    raw = build(Rendered(subject, "<p>x</p>", "x"), READER, HEADERS, SENDER)
    assert parsed(raw)["Subject"] == subject
    field = re.search(rb"Subject: (.*?)\r\n(?! )", raw, re.S)
    assert field is not None
    for line in field[1].split(b"\r\n"):
        assert re.fullmatch(rb" ?=\?utf-8\?B\?[A-Za-z0-9+/]+=*\?=", line)
        assert len(line.strip()) <= 75


def test_a_long_english_subject_folds_at_spaces() -> None:
    subject = "Prepare: " + "the visit of the president moves to April and the tariff stays " * 3
    raw = build(Rendered(subject, "<p>x</p>", "x"), READER, HEADERS, SENDER)
    assert b"=?utf-8" not in raw
    assert parsed(raw)["Subject"] == subject.strip()


def test_bulk_mail_carries_the_list_headers() -> None:
    message = parsed(build(Rendered("s", "h", "t"), READER, BULK, SENDER))
    assert message["List-Unsubscribe"] == f"<{READER.one_click_url}>, <mailto:leave@example.jp?subject=x>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Id"] == "Digests <digests.example.jp>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["In-Reply-To"] == "<0@example.jp>"
    assert message["References"] == "<0@example.jp>"
    assert message["Date"].datetime == HEADERS.date
    assert message["Message-ID"] == "<1@example.jp>"
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_a_confirmation_offers_no_unsubscribe() -> None:
    message = parsed(build(Rendered("s", "h", "t"), READER, HEADERS, SENDER))
    assert message["List-Unsubscribe"] is None
    assert message["List-Unsubscribe-Post"] is None
    assert message["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("bad", ["a\r\nBcc: x@example.org", "a\nb", "a\rb", "a\x00b"])
def test_a_line_break_in_a_header_value_is_refused(bad: str) -> None:
    tries = [
        lambda: build(Rendered(bad, "h", "t"), READER, HEADERS, SENDER),
        lambda: build(Rendered("s", "h", "t"), Personal(f"a{bad}@example.org"), HEADERS, SENDER),
        lambda: build(Rendered("s", "h", "t"), READER, HEADERS, Sender(bad, "alerts@example.jp")),
        lambda: build(Rendered("s", "h", "t"), READER, Headers(bad, HEADERS.date), SENDER),
        lambda: build(Rendered("s", "h", "t"), READER, Headers("<1@x>", HEADERS.date, one_click_url=bad), SENDER),
        lambda: build(Rendered("s", "h", "t"), READER, Headers("<1@x>", HEADERS.date, references=(bad,)), SENDER),
    ]
    for attempt in tries:
        with pytest.raises(DeliveryError) as caught:
            attempt()
        assert caught.value.permanent
        assert "Bcc" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("Expat Impact Alerts", "Expat Impact Alerts"),
        ('Alerts, "fast" (Nagoya)', 'Alerts, "fast" (Nagoya)'),
        ("駐在員のための影響アラート、名古屋と東京と大阪の皆さまへ", "駐在員のための影響アラート、名古屋と東京と大阪の皆さまへ"),
        ("=?utf-8?Q?x?=", "=?utf-8?Q?x?="),
        ("", ""),
    ],
)
def test_the_name_in_from_comes_back(name: str, seen: str) -> None:
    message = parsed(build(Rendered("s", "h", "t"), READER, HEADERS, Sender(name, "alerts@example.jp")))
    (sender,) = message["From"].addresses
    assert sender.addr_spec == "alerts@example.jp"
    assert sender.display_name.replace(" ", "") == seen.replace(" ", "")  # Python 3.11 puts a space between the encoded words of a phrase
    assert defects(message) == []


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("reader+tag@example.org", "reader+tag@example.org"),
        ("reader@例え.jp", "reader@xn--r8jz45g.jp"),
        ("reader@BÜCHER.example", "reader@xn--bcher-kva.example"),
        ("first..last@docomo.example.jp", '"first..last"@docomo.example.jp'),
        ("last.@carrier.example.jp", '"last."@carrier.example.jp'),
        ('"odd one"@example.org', '"odd one"@example.org'),
    ],
)
def test_addresses_are_written_as_the_standards_want(address: str, written: str) -> None:
    raw = build(Rendered("s", "h", "t"), Personal(address), HEADERS, SENDER)
    assert f"\r\nTo: {written}\r\n".encode() in raw
    assert defects(parsed(raw)) == []


@pytest.mark.parametrize("address", ["", "nobody", "@example.org", "a@", "a@-.-", "a@exa mple.org"])
def test_what_is_no_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        build(Rendered("s", "h", "t"), Personal(address), HEADERS, SENDER)
    assert caught.value.address_at_fault
    assert not address or address not in str(caught.value)


def test_same_input_same_bytes_and_joining_differs_only_in_the_person() -> None:
    rendered = Rendered("s", f"<a href='{SLOTS['web_url']}'>x</a>", f"x {SLOTS['preferences_url']}\n")
    prepared = prepare(rendered, SENDER)
    assert prepared.join(READER, BULK) == build(rendered, READER, BULK, SENDER)
    other = prepared.join(Personal("second@example.org", "https://x.example/p/1"), BULK)
    assert b"reader@" not in other
    assert "https://x.example/p/1" in body(parsed(other), "plain")


def test_slot_values_are_escaped_in_html_and_only_there() -> None:
    message = parsed(
        build(
            Rendered("s", SLOTS["web_url"], SLOTS["web_url"]),
            Personal("a@example.org", web_url="https://x.example/?a=1&b=<"),
            HEADERS,
            SENDER,
        )
    )
    assert body(message, "plain") == "https://x.example/?a=1&b=<"
    assert body(message, "html") == "https://x.example/?a=1&amp;b=&lt;"


def test_the_encoding_follows_the_text() -> None:
    rendered = Rendered("s", "<p>" + "日本語の本文です。" * 50, "Mostly plain English, one 日本.\n" * 20)
    plain, html = parsed(build(rendered, READER, HEADERS, SENDER)).iter_parts()
    assert plain["Content-Transfer-Encoding"] == "quoted-printable"
    assert html["Content-Transfer-Encoding"] == "base64"


@given(st.text())
@example("日本語の本文です。\n")
def test_what_quoted_printable_takes_at_least_is_no_more_than_it_takes(text: str) -> None:
    """Where that is more than base64 takes, the other need not be made to know the shorter one."""
    part = literal(text)
    assert least_quoted_size(part.data) <= len(part.quoted(soft=False))
