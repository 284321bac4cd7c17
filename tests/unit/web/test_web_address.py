"""Mail addresses: one form to send to, one to tell people apart, or a sentence that helps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.mail.address import AddressError, fold_address, mask_address, parse_address


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (" Reader@Example.COM ", "Reader@example.com"),
        ("ｒｅａｄｅｒ＠ｅｘａｍｐｌｅ．ｃｏｍ", "reader@example.com"),
        ("reader+visa@example.co.jp", "reader+visa@example.co.jp"),
        ("reader@日本語.jp", "reader@xn--wgv71a119e.jp"),
        ("reader\u200b@example.com", "reader@example.com"),
        ("reader@example.test", "reader@example.test"),
    ],
)
def test_what_people_type_becomes_what_we_send_to(typed: str, address: str) -> None:
    assert parse_address(typed) == address


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("reader", "at"),
        ("@example.com", "at"),
        ("a@b@example.com", "at"),
        ("a@example.com,b@example.com", "at"),
        ("a@example.com\r\nBcc: b@example.com", "at"),
        ("two..dots@docomo.ne.jp", "dots"),
        ("dot.@docomo.ne.jp", "dots"),
        ("re ader@example.com", "at"),
        ("réader@example.com", "characters"),
        ('"reader"@example.com', "characters"),
        ("reader@example", "domain"),
        ("reader@[192.0.2.1]", "domain"),
        ("reader@-example.com", "domain"),
        ("r@" + "a" * 250 + ".com", "too-long"),
    ],
)
def test_what_cannot_be_mailed_is_refused_with_the_reason(typed: str, reason: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_address(typed)
    assert caught.value.reason == reason


@given(st.text(max_size=60))
def test_nothing_that_is_typed_can_break_a_header(typed: str) -> None:
    try:
        address = parse_address(typed)
    except AddressError:
        return
    assert address.isascii()
    assert address.isprintable()
    assert address.count("@") == 1
    assert not set(address) & set(' <>,;:"()[]\\')
    assert parse_address(address) == address


@given(st.from_regex(r"[A-Za-z0-9]{1,8}(\+[a-z]{1,4})?@[A-Za-z]{1,8}\.com", fullmatch=True))
def test_case_does_not_make_another_person_but_a_tag_does(address: str) -> None:
    assert fold_address(address) == fold_address(address.upper())
    assert fold_address("tag+" + address) != fold_address(address)


def test_a_masked_address_shows_its_owner_enough_and_nobody_else() -> None:
    assert mask_address("reader@example.com") == "r•••@example.com"
