"""Which language a page speaks, and who a request is counted for."""

from __future__ import annotations

import pytest
from fastapi import Request

from alerts.web.pages import pick_language
from alerts.web.security import client_network


def request(query: str = "", accept: str = "", client: tuple[str, int] | None = ("192.0.2.1", 1)) -> Request:
    headers = [(b"accept-language", accept.encode())] if accept else []
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": query.encode(), "headers": headers, "client": client})


@pytest.mark.parametrize(
    ("query", "preferred", "accept", "language"),
    [
        ("", "", "", "en"),
        ("", "", "ja-JP,ja;q=0.9,en;q=0.5", "ja"),
        ("", "", "fr-FR,fr;q=0.9,ja;q=0.4,en;q=0.5", "en"),
        ("", "", "de,ja;q=0", "en"),
        ("", "", "ja;q=banana,en", "en"),
        ("", "en", "ja", "en"),
        ("l=ja", "en", "en", "ja"),
        ("l=tlh", "ja", "en", "ja"),
    ],
)
def test_the_url_comes_first_then_the_subscriber_then_the_browser(query: str, preferred: str, accept: str, language: str) -> None:
    assert pick_language(request(query, accept), preferred) == language


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("testclient", "unknown"),
    ],
)
def test_a_customer_of_ipv6_counts_as_one(host: str, network: str) -> None:
    assert client_network(request(client=(host, 1))) == network


def test_a_request_without_a_peer_is_counted_too() -> None:
    assert client_network(request(client=None)) == "unknown"
