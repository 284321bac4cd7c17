"""A user and password written in an address (RFC 3986 §3.2.1): for that host only, and for no eyes but the server's."""

from __future__ import annotations

from urllib.parse import urlsplit


def part_login(url: str) -> tuple[str, str]:
    """Return the address without its login, and the login as it was written; "" if there is none."""
    parts = urlsplit(url)
    login, at, place = parts.netloc.rpartition("@")
    return (parts._replace(netloc=place).geturl() if at else url), login


def with_login(url: str, login: str) -> str:
    """Return the address with a login again."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{login}@{parts.netloc}").geturl() if login else url


def is_for(url: str, host: str) -> bool:
    """True if a login for the address `host` may go to `url` too: the same host and port, and not in clear where it was encrypted."""
    there, here = urlsplit(url), urlsplit(host)
    return there.netloc == here.netloc and there.scheme in {here.scheme, "https"}
