"""Signed tokens: what was made is read, and nothing else is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import itsdangerous
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.clock import SetClock
from alerts.mail.links import Links
from alerts.signing import Signer, TokenError

START = datetime(2026, 1, 2, 7, tzinfo=UTC)
SECRET = "a secret key of a test"


@given(purpose=st.text(max_size=20), value=st.text(max_size=60))
def test_any_value_comes_back_from_a_url_safe_token(purpose: str, value: str) -> None:
    signer = Signer(SECRET, SetClock(START))
    token = signer.make(purpose, value)
    assert token.isascii()
    assert not set(token) & set("/?#&=+% \"'<>")
    assert signer.read(purpose, token) == value


def test_a_token_is_worthless_for_another_purpose_and_under_another_key() -> None:
    signer = Signer(SECRET)
    token = signer.make("unsubscribe", "12")
    with pytest.raises(TokenError):
        signer.read("preferences", token)
    with pytest.raises(TokenError):
        Signer("another secret key").read("unsubscribe", token)


def test_a_token_expires_only_where_an_age_is_asked_for() -> None:
    clock = SetClock(START)
    signer = Signer(SECRET, clock)
    token = signer.make("confirm", "12")
    clock.set(START + timedelta(days=7))
    assert signer.read("confirm", token, timedelta(days=7)) == "12"
    clock.set(START + timedelta(days=7, seconds=1))
    with pytest.raises(TokenError) as caught:
        signer.read("confirm", token, timedelta(days=7))
    assert caught.value.expired
    clock.set(START + timedelta(days=3650))
    assert signer.read("confirm", token) == "12"


@given(st.data())
def test_a_changed_token_is_refused_without_repeating_it(data: st.DataObject) -> None:
    signer = Signer(SECRET, SetClock(START))
    token = signer.make("preferences", "12")
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("abcXYZ019-_.é\x00").filter(lambda letter: letter != token[place]))
    with pytest.raises(TokenError) as caught:
        signer.read("preferences", token[:place] + other + token[place + 1 :])
    assert token not in str(caught.value)


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "=.=.=", "é", "\x00", "x" * 10_000])
def test_rubbish_is_refused(token: str) -> None:
    with pytest.raises(TokenError):
        Signer(SECRET).read("view", token)
    with pytest.raises(TokenError):
        Signer(SECRET).read_local("bounce", token)


@given(st.integers(0, 10**15))
def test_a_local_part_token_survives_folding_of_case_and_fits(number: int) -> None:
    signer = Signer(SECRET)
    token = signer.make_local("bounce", str(number))
    assert len(token) == len(str(number)) + 21
    assert set(token) <= set("abcdef0123456789-")
    assert signer.read_local("bounce", token.upper()) == str(number)


def test_a_forged_local_part_token_is_refused() -> None:
    signer = Signer(SECRET)
    token = signer.make_local("bounce", "17")
    with pytest.raises(TokenError):
        signer.read_local("bounce", token.replace("17", "18"))
    with pytest.raises(ValueError, match="small letters"):
        signer.make_local("bounce", "a@b")


def test_a_fingerprint_is_stable_keyed_and_by_purpose() -> None:
    signer = Signer(SECRET)
    mark = signer.fingerprint("suppression", "reader@example.org")
    assert mark == Signer(SECRET).fingerprint("suppression", "reader@example.org")
    assert len(mark) == 32
    assert (
        len(
            {
                mark,
                signer.fingerprint("message", "reader@example.org"),
                Signer(SECRET + "!").fingerprint("suppression", "reader@example.org"),
            }
        )
        == 3
    )


def test_links_are_absolute_and_say_what_their_pages_read() -> None:
    signer = Signer(SECRET)
    links = Links("https://alerts.example.jp", signer)
    assert links.one_click(5).startswith("https://alerts.example.jp/u/")
    assert links.one_click(5).endswith("/one-click")
    assert signer.read("unsubscribe", links.unsubscribe(5).rpartition("/")[2]) == "5"
    assert signer.read("view", links.view(9).rpartition("/")[2]) == "9"
    assert signer.read("confirm", links.confirm(5).rpartition("/")[2]) == "5"
    assert signer.read("preferences", links.preferences(5).rpartition("/")[2]) == "5"


@given(st.text(max_size=30))
def test_the_quick_signature_is_that_of_itsdangerous(value: str) -> None:
    signer = Signer(SECRET, SetClock(START))._signer("confirm")
    assert signer.sign(value) == itsdangerous.TimestampSigner.sign(signer, value)
