"""`--home` may stand anywhere on the command line."""

from __future__ import annotations

import pytest

from alerts.cli.app import home_first


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["status"], ["status"]),
        (["--home", "x", "status"], ["--home", "x", "status"]),
        (["status", "--home", "x", "--json"], ["--home", "x", "status", "--json"]),
        (["feeds", "list", "--home=x"], ["--home=x", "feeds", "list"]),
        (["rules", "explain", "--", "--home", "sweet home"], ["rules", "explain", "--", "--home", "sweet home"]),
        (["status", "--home"], ["status", "--home"]),
    ],
)
def test_the_home_is_brought_to_the_front(typed: list[str], meant: list[str]) -> None:
    assert home_first(typed) == meant
