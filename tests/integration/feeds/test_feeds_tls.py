"""HTTPS as sites speak it: HTTP/2 where it is offered, certificates that are not to be trusted, and no way round the address check."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import h2.config
import h2.connection
import h2.events
import httpx
import pytest
import trustme
from conftest import FEED

from alerts.errors import FeedError
from alerts.feeds.catalog import Feed
from alerts.feeds.fetch import Fetched, fetch
from alerts.feeds.http2 import Http2Transport
from alerts.feeds.network import make_client


@dataclass
class Site:
    """A TLS server that speaks HTTP/2 to whom it is offered, HTTP/1.1 to all others; `spoken` is what it spoke, one word a request."""

    trust: Path
    port: int = 0
    spoken: list[str] = field(default_factory=list)
    location: str = ""
    protocols: tuple[str, ...] = ("h2", "http/1.1")
    breaks: bool = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if writer.get_extra_info("ssl_object").selected_alpn_protocol() != "h2":
                await self._first(reader, writer)
            elif self.breaks:
                self.spoken.append("nonsense")
                writer.write(b"HTTP/2? I have heard of it.\r\n" * 10)
                await writer.drain()
            else:
                await self._second(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _first(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.spoken.append("HTTP/1.1")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(FEED) + FEED)
        await writer.drain()

    async def _second(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        connection.initiate_connection()
        writer.write(connection.data_to_send())
        while data := await reader.read(65536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    self.spoken.append("HTTP/2")
                    status = "302" if self.location else "200"
                    more = [("location", self.location)] if self.location else []
                    connection.send_headers(event.stream_id, [(":status", status), ("etag", '"h2"'), *more])
                    connection.send_data(event.stream_id, FEED, end_stream=True)
            writer.write(connection.data_to_send())
            await writer.drain()


def listen(site: Site, certificate: trustme.LeafCert) -> Iterator[Site]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    context.set_alpn_protocols([*site.protocols])
    loop, ready, stop = asyncio.new_event_loop(), Event(), asyncio.Event()

    async def main() -> None:
        async with await asyncio.start_server(site.serve, "127.0.0.1", 0, ssl=context) as server:
            site.port = server.sockets[0].getsockname()[1]
            ready.set()
            await stop.wait()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

    def run() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(main())

    thread = Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(5)
    yield site
    loop.call_soon_threadsafe(stop.set)
    thread.join(5)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    authority = trustme.CA()
    trust = tmp_path_factory.mktemp("trust") / "authority.pem"
    authority.cert_pem.write_to_path(str(trust))
    return authority, trust


@pytest.fixture
def site(authority: tuple[trustme.CA, Path]) -> Iterator[Site]:
    yield from listen(Site(authority[1]), authority[0].issue_cert("127.0.0.1"))


@pytest.fixture
def misnamed(authority: tuple[trustme.CA, Path]) -> Iterator[Site]:
    """A site whose certificate names another."""
    yield from listen(Site(authority[1]), authority[0].issue_cert("elsewhere.example"))


@pytest.fixture
def expired(authority: tuple[trustme.CA, Path]) -> Iterator[Site]:
    """A site that forgot to renew its certificate, or whose clock or ours is wrong."""
    yield from listen(Site(authority[1]), authority[0].issue_cert("127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC)))


def visit(site: Site, *, http2: bool, trusted: bool = True, allowed: tuple[str, ...] = ("127.0.0.0/8",)) -> Fetched:
    feed = Feed(id="f", url=f"https://127.0.0.1:{site.port}/", title="t", publisher="p", http2=http2, timeout_seconds=10)

    async def main() -> Fetched:
        async with make_client(agent="test", allowed_networks=allowed, trust=site.trust if trusted else None) as client:
            return await fetch(client, feed)

    return asyncio.run(main())


@pytest.mark.parametrize(("http2", "spoken"), [(True, "HTTP/2"), (False, "HTTP/1.1")])
def test_http2_is_spoken_where_the_server_offers_it_and_the_source_allows_it(site: Site, http2: bool, spoken: str) -> None:
    assert visit(site, http2=http2).body == FEED
    assert site.spoken == [spoken]


def test_http2_is_the_rule() -> None:
    assert Feed(id="f", url="https://a.example/", title="t", publisher="p").http2


@pytest.mark.parametrize("breaks", [False, True])
def test_a_site_that_does_without_http2_or_breaks_it_is_asked_once_and_read_the_usual_way(
    authority: tuple[trustme.CA, Path], breaks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    second = Http2Transport.handle_async_request

    async def counted(self: Http2Transport, request: httpx.Request) -> httpx.Response:
        asked.append("HTTP/2")
        return await second(self, request)

    monkeypatch.setattr(Http2Transport, "handle_async_request", counted)
    made = Site(authority[1], protocols=("h2",) if breaks else ("http/1.1",), breaks=breaks)
    for site in listen(made, authority[0].issue_cert("127.0.0.1")):
        feed = Feed(id="f", url=f"https://127.0.0.1:{site.port}/", title="t", publisher="p", timeout_seconds=10)

        async def visits(feed: Feed = feed) -> list[Fetched]:
            async with make_client(agent="test", allowed_networks=("127.0.0.0/8",), trust=made.trust) as client:
                return [await fetch(client, feed) for _ in range(3)]

        assert [each.body for each in asyncio.run(visits())] == [FEED] * 3
    assert asked == ["HTTP/2"]
    assert made.spoken == ["nonsense"] * breaks + ["HTTP/1.1"] * 3


@pytest.mark.parametrize("http2", [True, False])
def test_the_address_is_checked_where_either_way_dials(site: Site, http2: bool) -> None:
    with pytest.raises(FeedError) as caught:
        visit(site, http2=http2, allowed=())
    assert caught.value.reason == "private-address"
    assert "127.0.0.1 is not a public address" in str(caught.value)
    assert site.spoken == []


def test_a_redirect_by_http2_leads_to_no_private_address(site: Site) -> None:
    site.location = "https://10.0.0.1/feed"
    with pytest.raises(FeedError) as caught:
        visit(site, http2=True)
    assert caught.value.reason == "private-address"


@pytest.mark.parametrize("http2", [True, False])
def test_an_authority_that_nobody_knows_is_not_trusted(site: Site, http2: bool) -> None:
    with pytest.raises(FeedError) as caught:
        visit(site, http2=http2, trusted=False)
    assert caught.value.reason == "tls"
    assert "not to be trusted" in str(caught.value)


@pytest.mark.parametrize("http2", [True, False])
def test_a_certificate_for_another_name_is_not_trusted(misnamed: Site, http2: bool) -> None:
    with pytest.raises(FeedError) as caught:
        visit(misnamed, http2=http2)
    assert caught.value.reason == "tls"


@pytest.mark.parametrize("http2", [True, False])
def test_a_certificate_out_of_date_is_not_trusted_and_said_to_be_so(expired: Site, http2: bool) -> None:
    with pytest.raises(FeedError) as caught:
        visit(expired, http2=http2)
    assert caught.value.reason == "tls"
    assert "certificate has expired" in str(caught.value)
