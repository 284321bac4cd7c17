"""Every way a server can misbehave ends in one reason and one sentence, and in bounded time and memory."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import httpx
import pytest
from conftest import FEED, Server, make_feed

from alerts.errors import FeedError
from alerts.feeds.entry import Source
from alerts.feeds.fetch import Fetched, Validators, fetch
from alerts.feeds.login import is_for
from alerts.feeds.network import make_client, may_dial
from alerts.feeds.parse import parse

T = TypeVar("T")
AGENT = "expat-impact-alerts/test (+https://alerts.example/contact)"


def with_client(work: Callable[[httpx.AsyncClient], Awaitable[T]], allowed: tuple[str, ...] = ("127.0.0.0/8",)) -> T:
    async def main() -> T:
        async with make_client(agent=AGENT, allowed_networks=allowed) as client:
            return await work(client)

    return asyncio.run(main())


def visit(server: Server, path: str, *, seconds: float = 3, validators: Validators | None = None) -> Fetched:
    return with_client(lambda client: fetch(client, make_feed(server, path, timeout_seconds=seconds), validators))


def read(server: Server, path: str, *, seconds: float = 3) -> int:
    """Fetch and parse, as the job does; the number of entries."""
    fetched = visit(server, path, seconds=seconds)
    assert fetched.body is not None
    now = datetime(2026, 3, 2, tzinfo=UTC)
    return len(
        parse(
            fetched.body, content_type=fetched.content_type, url=fetched.url, feed_source=Source("t", "T"), timezone="UTC", now=now
        ).entries
    )


EXPECTED = {
    "/reset": ("reset", "closed the connection"),
    "/reset-in-body": ("truncated", "broke off"),
    "/close-early": ("truncated", "broke off"),
    "/reset-in-head": ("reset", "closed the connection"),
    "/short-length": ("bad-response", "not proper HTTP"),
    "/bad-chunk": ("bad-response", "not proper HTTP"),
    "/long-head": ("bad-response", "not proper HTTP"),
    "/bomb-twice": ("not-a-feed", ""),
    "/too-many-bytes-of-nothing": ("too-large", "larger than 16 MB"),
    "/rubbish": ("bad-response", "not proper HTTP"),
    "/injection": ("bad-response", "not proper HTTP"),
    **dict.fromkeys(
        ("/injection-bare-return", "/injection-name", "/two-lengths", "/length-and-chunks", "/negative-length", "/many-heads", "/no-head"),
        ("bad-response", "not proper HTTP"),
    ),
    "/injection-redirect": ("http-404", "nothing at this address"),
    "/endless": ("too-large", "larger than 16 MB"),
    "/bomb-gzip": ("too-large", "larger than 16 MB"),
    "/bomb-deflate": ("too-large", "larger than 16 MB"),
    "/bomb-file": ("too-large", "larger than 16 MB"),
    "/huge-by-header": ("too-large", "larger than 16 MB"),
    "/bomb-brotli": ("too-large", "larger than 16 MB"),
    "/bomb-zstd": ("too-large", "larger than 16 MB"),
    "/wide-zstd": ("bad-packing", "damaged"),
    "/truncated-brotli": ("truncated", "broke off"),
    "/truncated-zstd": ("truncated", "broke off"),
    "/damaged-brotli": ("bad-packing", "damaged"),
    "/damaged-zstd": ("bad-packing", "damaged"),
    "/compress": ("encoding", "did not ask for"),
    "/twice-packed": ("encoding", "did not ask for"),
    "/truncated-gzip": ("truncated", "broke off"),
    "/damaged-gzip": ("bad-packing", "damaged"),
    "/loop": ("redirect-loop", "in circles"),
    "/loop-a": ("redirect-loop", "in circles"),
    "/hop-0": ("redirect-loop", "more than 6 redirects"),
    "/to-metadata": ("private-address", "169.254.169.254 is not a public address"),
    "/to-private": ("private-address", "10.0.0.1 is not a public address"),
    "/to-decimal": ("bad-address", "cannot be used"),
    "/to-octal": ("bad-response", "not proper HTTP"),
    "/to-hexadecimal": ("private-address", "is not a public address"),
    "/to-6to4": ("private-address", "is not a public address"),
    "/to-shared": ("private-address", "100.64.0.1 is not a public address"),
    "/to-link-local": ("private-address", "is not a public address"),
    "/to-multicast": ("private-address", "is not a public address"),
    "/to-login": ("private-address", "is not a public address"),
    "/to-mapped": ("private-address", "is not a public address"),
    "/to-nat64": ("private-address", "is not a public address"),
    "/to-file": ("bad-redirect", "no web address"),
    "/to-nowhere": ("bad-redirect", "no web address"),
    "/html": ("html", "'Welcome'"),
    "/captcha": ("captcha", "human"),
    "/login": ("login", "login page"),
    "/empty-feed": ("empty", "without a single entry"),
    "/nothing": ("empty-body", "nothing"),
    "/blanks": ("empty-body", "nothing"),
    "/text": ("not-a-feed", "The quick brown fox"),
    "/json": ("not-a-feed", "items"),
    "/unexpected-304": ("unexpected-304", "nothing to compare"),
    "/status-204": ("http-204", "HTTP 204"),
    **{f"/status-{code}": (f"http-{code}", f"HTTP {code}: ") for code in (400, 401, 402, 403, 404, 405, 406, 408, 410, 418, 429, 451)},
    **{f"/status-{code}": (f"http-{code}", f"HTTP {code}: the server") for code in (500, 502, 503, 504)},
}


@pytest.mark.parametrize("path", EXPECTED)
def test_misbehaviour_has_a_reason_and_a_sentence(server: Server, path: str) -> None:
    reason, words = EXPECTED[path]
    with pytest.raises(FeedError) as caught:
        read(server, path, seconds=10)
    assert caught.value.reason == reason
    assert words in str(caught.value)
    assert not re.search(r"Error\b|Exception|Traceback|errno", str(caught.value)), "a sentence for people, not for us"


@pytest.mark.parametrize("path", ["/drip", "/drip-head", "/silence"])
def test_a_visit_ends_at_its_deadline(server: Server, path: str) -> None:
    with pytest.raises(FeedError) as caught:
        visit(server, path, seconds=0.2)
    assert caught.value.reason == "timeout"
    assert "0.2 seconds" in str(caught.value)


@pytest.mark.parametrize(
    "path",
    [
        *("/plain", "/gzip", "/gzip-members", "/deflate", "/raw-deflate", "/gzip-file", "/only-says-gzip"),
        *("/brotli", "/zstd", "/zstd-frames", "/only-says-zstd"),
    ],
)
def test_every_honest_packing_gives_the_same_bytes(server: Server, path: str) -> None:
    assert visit(server, path).body == FEED


@pytest.mark.parametrize("path", ["/folded", "/foreign-validators", "/answer-after-answer", "/early-hints", "/wrong-clock"])
def test_strange_heads_leave_the_document_as_it_is_and_put_nothing_into_the_next_request(server: Server, path: str) -> None:
    first = visit(server, path)
    assert first.body == FEED
    assert visit(server, path, validators=first.validators).body == FEED
    assert {name for asked, head in server.asked for name in head if asked == path} <= {
        "host", "accept", "accept-encoding", "user-agent", "if-none-match", "connection",
    }  # fmt: skip
    assert all(head.get("if-none-match", "").isascii() for _, head in server.asked)


def test_a_redirect_carries_no_line_breaks_into_a_request(server: Server) -> None:
    with pytest.raises(FeedError):
        visit(server, "/injection-redirect")
    assert [path.lower() for path, _ in server.asked] == ["/injection-redirect", "/nowhere%0d%0ax-more:%201"]
    assert all("x-more" not in head for _, head in server.asked)


def test_a_closed_port_is_told_from_a_timeout() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        dead = Server(port=taken.getsockname()[1])
    with pytest.raises(FeedError) as caught:
        visit(dead, "/")
    assert caught.value.reason == "refused"


def test_an_unknown_host_is_told_from_a_timeout(server: Server) -> None:
    feed = make_feed(server, "/x").model_copy(update={"url": "http://no-such-host.invalid/feed"})
    with pytest.raises(FeedError) as caught:
        with_client(lambda client: fetch(client, feed))
    assert caught.value.reason == "dns"


def test_plain_http_on_a_tls_address_is_a_tls_failure(server: Server) -> None:
    feed = make_feed(server, "/x").model_copy(update={"url": f"https://127.0.0.1:{server.port}/"})
    with pytest.raises(FeedError) as caught:
        with_client(lambda client: fetch(client, feed))
    assert caught.value.reason in {"tls", "reset"}


LOOPBACKS = ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"]


@pytest.mark.parametrize("address", LOOPBACKS)
def test_without_leave_no_private_address_is_dialled(server: Server, address: str) -> None:
    feed = make_feed(server, "/plain").model_copy(update={"url": f"http://{address}:{server.port}/plain"})
    with pytest.raises(FeedError) as caught:
        with_client(lambda client: fetch(client, feed), allowed=())
    assert caught.value.reason in {"private-address", "dns", "bad-address"}
    assert server.asked == []


NEVER = """
0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 169.254.169.254 172.16.0.1 192.0.0.8 192.88.99.1 192.168.1.1 198.18.0.1 224.0.0.1 240.0.0.1
255.255.255.255 169.254.170.2 100.100.100.200 fd00:ec2::254 fec0::1 ::ffff:0:a00:1 3fff::1 5f00::1 2001:db8::1 ff0e::1 :: ::1 ::ffff:10.0.0.1 ::10.0.0.1 64:ff9b::808:808 64:ff9b:1::1 2002:808:808::1 2001::1 fc00::1 fe80::1%eth0 ff02::1
"""


@pytest.mark.parametrize("address", NEVER.split())
def test_addresses_that_are_never_dialled(address: str) -> None:
    assert not may_dial(address)


def test_a_name_that_is_bound_to_another_address_after_the_check_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: whatever a name meant a moment ago, the address that is dialled is the one that is checked."""
    answers = iter(["93.184.216.34", "127.0.0.1"])
    known = socket.getaddrinfo

    def rebound(host: object, port: object, *rest: object, **more: object) -> object:
        if host != "rebound.example":
            return known(host, port, *rest, **more)  # type: ignore[arg-type]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    assert may_dial(socket.getaddrinfo("rebound.example", 80)[0][4][0]), "it looked well when it was asked"
    feed = make_feed(server, "/plain").model_copy(update={"url": f"http://rebound.example:{server.port}/plain"})
    with pytest.raises(FeedError) as caught:
        with_client(lambda client: fetch(client, feed), allowed=())
    assert caught.value.reason == "private-address"
    assert server.asked == []


def test_public_addresses_and_allowed_networks_are_dialled() -> None:
    from alerts.feeds.network import networks

    assert may_dial("93.184.216.34")
    assert may_dial("2606:2800:220:1:248:1893:25c8:1946")
    assert may_dial("10.1.2.3", networks(["10.0.0.0/8"]))
    assert not may_dial("10.1.2.3", networks(["10.2.0.0/16"]))


def test_validators_go_back_as_they_came_and_304_has_no_body(server: Server) -> None:
    server.pages["/news"] = (200, {"ETag": '"abc"', "Last-Modified": "Mon, 02 Mar 2026 00:00:00 GMT", "Cache-Control": "max-age=600"}, FEED)
    first = visit(server, "/news")
    assert first.validators == Validators('"abc"', "Mon, 02 Mar 2026 00:00:00 GMT")
    assert first.fresh_seconds == 600
    second = visit(server, "/news", validators=first.validators)
    assert (second.status, second.body) == (304, None)
    assert server.asked[1][1]["if-modified-since"] == "Mon, 02 Mar 2026 00:00:00 GMT"


def test_a_validator_that_is_no_header_text_is_not_sent() -> None:
    assert Validators('"a\r\nX: y"', "ü").headers() == {}


def test_we_say_who_we_are_and_keep_no_cookie(server: Server) -> None:
    server.pages["/cookie"] = (200, {"Set-Cookie": "id=42; Path=/"}, FEED)

    async def twice(client: httpx.AsyncClient) -> None:
        for _ in range(2):
            await fetch(client, make_feed(server, "/cookie"))

    with_client(twice)
    assert [headers["user-agent"] for _, headers in server.asked] == [AGENT, AGENT]
    assert all("cookie" not in headers for _, headers in server.asked)
    assert server.asked[0][1]["accept-encoding"] == "gzip, deflate, br, zstd"


def test_an_address_moves_for_good_only_if_every_hop_is_permanent(server: Server) -> None:
    assert visit(server, "/moved").permanent_url == server.url("/plain")
    assert visit(server, "/moved-for-now").permanent_url is None
    assert visit(server, "/plain").permanent_url is None


def test_a_password_in_an_address_goes_to_that_host_and_nowhere_else(server: Server) -> None:
    server.pages["/mine"] = (302, {"Location": f"http://eve:x@localhost:{server.port}/plain"}, b"")
    feed = make_feed(server, "/mine").model_copy(update={"url": f"http://me:se%3Acret@127.0.0.1:{server.port}/mine"})
    fetched = with_client(lambda client: fetch(client, feed), allowed=("127.0.0.0/8", "::1/128"))
    assert server.asked[0][1]["authorization"] == "Basic bWU6c2U6Y3JldA=="
    assert "authorization" not in server.asked[1][1]
    assert fetched.url == f"http://localhost:{server.port}/plain"
    with pytest.raises(FeedError) as caught:
        with_client(lambda client: fetch(client, feed), allowed=())
    assert "cret" not in str(caught.value)


def test_a_feed_with_a_password_that_moves_within_its_host_keeps_it(server: Server) -> None:
    feed = make_feed(server, "/moved").model_copy(update={"url": f"http://me:secret@127.0.0.1:{server.port}/moved"})
    fetched = with_client(lambda client: fetch(client, feed))
    assert fetched.url == server.url("/plain")
    assert fetched.permanent_url == f"http://me:secret@127.0.0.1:{server.port}/plain"
    assert all("authorization" in headers for _, headers in server.asked)


def test_a_password_is_not_sent_in_clear_where_it_was_sent_encrypted() -> None:
    assert is_for("https://a.example/x", "https://a.example/")
    assert is_for("https://a.example/x", "http://a.example/")
    assert not is_for("http://a.example/x", "https://a.example/")
    assert not is_for("https://a.example:8443/x", "https://a.example/")


def test_retry_after_comes_with_the_error(server: Server) -> None:
    server.pages["/busy"] = (503, {"Retry-After": "120"}, b"")
    with pytest.raises(FeedError) as caught:
        visit(server, "/busy")
    assert caught.value.retry_after == 120
