"""An envelope sender leads back to its mail, and only if we made it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.mail.verp import ReturnPaths
from alerts.signing import Signer, TokenError

PATHS = ReturnPaths("alerts@example.jp", Signer("a secret key of a test"))


@given(row=st.integers(1, 10**12), upper=st.booleans())
def test_what_was_made_is_read_whatever_case_and_brackets_it_comes_back_in(row: int, upper: bool) -> None:
    made = PATHS.make(row)
    assert len(made.partition("@")[0]) <= 64
    assert PATHS.read(f"<{made.upper() if upper else made}>") == row


@pytest.mark.parametrize(
    "address",
    ["", "alerts@example.jp", "alerts+17@example.jp", "alerts+17-00000000000000000000@example.jp", "alerts+-@example.jp", "x+y", "@"],
)
def test_what_we_did_not_make_is_not_believed(address: str) -> None:
    with pytest.raises(TokenError):
        PATHS.read(address)


def test_a_token_of_another_row_domain_or_service_is_not_believed() -> None:
    made = PATHS.make(17)
    others = (made.replace("+17-", "+18-"), made.replace("example.jp", "example.org"), made.replace("alerts+", "other+"))
    for address in others:
        with pytest.raises(TokenError):
            PATHS.read(address)
    with pytest.raises(TokenError):
        ReturnPaths("alerts@example.jp", Signer("another secret key here")).read(made)


def test_where_it_would_be_too_long_the_plain_address_stands() -> None:
    address = "a" * 50 + "@example.jp"
    assert ReturnPaths(address, Signer("a secret key of a test")).make(17) == address
