"""robots.txt says what RFC 9309 means by it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.feeds.robots import NAME, Rules, read_rules

FILE = f"""
User-agent: BadBot
Disallow: /

User-agent: *
Disallow: /private/
Allow: /private/news   # the list
Disallow: /*.pdf$
Disallow: /search?q=
Crawl-delay: 10
Disallow:

User-agent: somebody
User-agent: {NAME.upper()}/1.0
Disallow: /only-us
Disallow: /日本
"""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", True), ("/private/", False), ("/private/x", False), ("/private/news/1", True), ("/a.pdf", False), ("/a.pdf?x", True),
        ("/x/y.pdf", False), ("/search?q=1", False), ("/search", True), ("/only-us", True),
    ],
)  # fmt: skip
def test_the_longest_pattern_decides(path: str, allowed: bool) -> None:
    assert read_rules(FILE, "another").allow(path) is allowed


def test_a_group_that_names_us_stands_alone() -> None:
    ours = read_rules(FILE)
    assert not ours.allow("/only-us/x")
    assert not ours.allow("/%E6%97%A5%E6%9C%AC/x")
    assert not ours.allow("/日本")
    assert ours.allow("/private/")


@pytest.mark.parametrize("text", ["", "<html>no</html>", "Disallow: /", "User-agent: *\nDisallow:", "\ufeffUser-agent: other\nDisallow: /"])
def test_what_says_nothing_to_us_forbids_nothing(text: str) -> None:
    assert read_rules(text).allow("/any")


def test_permission_wins_a_tie() -> None:
    assert Rules(((False, "/a"), (True, "/a"))).allow("/a")


@given(st.text(max_size=200), st.text(max_size=60))
def test_no_file_and_no_path_breaks_the_reader(text: str, path: str) -> None:
    assert read_rules(text).allow(path) in {True, False}
    read_rules(f"User-agent: *\nDisallow: {text}").allow(path)


def test_a_file_that_is_made_to_hang_its_reader_is_read_at_once() -> None:
    """It is read beside the event loop, but nothing else moves while a regular expression looks: this took 40 minutes."""
    blanks = " " * 499_000
    assert not read_rules(f"User-agent: *\nDisallow: /x{blanks}# y").allow("/x")
    assert read_rules(f"User-agent: *\nDisallow: /x{blanks}y\n{blanks}\n{'*' * 499_000}").allow("/x")
    assert read_rules("User-agent: *\nDisallow: /" + "*a" * 249_000).allow("/" + "a" * 1999)
