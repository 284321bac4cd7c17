"""A web server that misbehaves on purpose, one way per path, and contexts that poll it."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
import threading
import zlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import brotli
import pytest

from alerts.clock import SetClock
from alerts.feeds.catalog import Catalog, Feed
from alerts.feeds.unpack import zstd
from alerts.jobs.context import Context
from alerts.settings import Home, Settings
from alerts.store.db import Database

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


def rss(*titles: str, host: str = "news.example", dates: bool = True, guid: str = "{n}", start: int = 0) -> bytes:
    """A small feed, one entry a title, an hour apart."""
    items = "".join(
        f"<item><title>{title}</title><link>http://{host}/{start + n}</link><guid>{guid.format(n=start + n, title=title)}</guid>"
        + (f"<pubDate>Mon, 02 Mar 2026 {1 + n % 2:02}:{n % 60:02}:00 +0000</pubDate>" if dates else "")
        + "</item>"
        for n, title in enumerate(titles)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Test</title>{items}</channel></rss>'.encode()


FEED = rss("Bridge opens", "Fees rise in April")
Answer = Callable[[asyncio.StreamWriter, Mapping[str, str]], Awaitable[None]]


@dataclass
class Server:
    """Answers by path; remembers what it was asked, with headers. `pages` are plain answers that a test sets: status, headers, body."""

    port: int = 0
    pages: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    acts: dict[str, Answer] = field(default_factory=dict)
    """What a test makes of a path for now, before anything else."""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    open_now: int = 0
    most_open: int = 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def visits(self, path: str) -> int:
        return sum(asked == path for asked, _ in self.asked)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        try:
            while line := await reader.readline():
                path = line.split()[1].decode()
                headers: dict[str, str] = {}
                while (head := (await reader.readline()).strip()) != b"":
                    name, _, value = head.decode().partition(":")
                    headers[name.lower()] = value.strip()
                self.asked.append((path, headers))
                await self.answer(path, headers, writer)
                await writer.drain()
        except (ConnectionError, IndexError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open_now -= 1
            writer.close()

    async def answer(self, path: str, headers: Mapping[str, str], writer: asyncio.StreamWriter) -> None:
        if path in self.acts:
            await self.acts[path](writer, headers)
            return
        if path in MISBEHAVIOUR:
            await MISBEHAVIOUR[path](writer, headers)
            return
        status, extra, body = self.pages.get(path, (404, {}, b""))
        if status == 200 and "ETag" in extra and headers.get("if-none-match") == extra["ETag"]:
            status, body = 304, b""
        respond(writer, status, extra, body)


def respond(writer: asyncio.StreamWriter, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> None:
    head = {"Content-Type": "application/rss+xml", "Content-Length": str(len(body)), **(headers or {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    writer.write(f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + (b"" if status == 304 else body))


def page(status: int = 200, body: bytes = FEED, **headers: str) -> Answer:
    async def answer(writer: asyncio.StreamWriter, _: Mapping[str, str]) -> None:
        respond(writer, status, {name.replace("_", "-"): value for name, value in headers.items()}, body)

    return answer


def bomb(bits: int) -> bytes:
    """64 MB of nothing, packed to 64 KB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, bits)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(64)) + packer.flush()


async def reset(writer: asyncio.StreamWriter, _: Mapping[str, str]) -> None:
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def reset_in_body(writer: asyncio.StreamWriter, headers: Mapping[str, str]) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n<rss>")
    await writer.drain()
    await asyncio.sleep(0.02)
    await reset(writer, headers)


async def reset_in_head(writer: asyncio.StreamWriter, headers: Mapping[str, str]) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Ty")
    await writer.drain()
    await asyncio.sleep(0.02)
    await reset(writer, headers)


async def short_length(writer: asyncio.StreamWriter, _: Mapping[str, str]) -> None:
    """Says less than it sends: what is cut off is no whole document."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\nConnection: close\r\n\r\n" + FEED)
    await writer.drain()
    writer.close()


async def bad_chunk(writer: asyncio.StreamWriter, _: Mapping[str, str]) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<rss \r\nZZ\r\nrubbish\r\n")
    await writer.drain()
    writer.close()


async def drip_head(writer: asyncio.StreamWriter, _: Mapping[str, str]) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(200):
        writer.write(b"X-%d: y\r\n" % number)
        await writer.drain()
        await asyncio.sleep(0.05)


async def long_head(writer: asyncio.StreamWriter, _: Mapping[str, str]) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 200_000 + b"\r\n\r\n")
    await writer.drain()
    writer.close()


async def close_early(writer: asyncio.StreamWriter, _: Mapping[str, str]) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n<rss>")
    await writer.drain()
    writer.close()


async def drip(writer: asyncio.StreamWriter, _: Mapping[str, str]) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
    for _byte in range(200):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def silence(writer: asyncio.StreamWriter, _: Mapping[str, str]) -> None:
    await asyncio.sleep(5)


async def endless(writer: asyncio.StreamWriter, _: Mapping[str, str]) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    for _megabyte in range(64):
        writer.write(b" " * 1_000_000)
        await writer.drain()


async def raw_rubbish(writer: asyncio.StreamWriter, _: Mapping[str, str]) -> None:
    writer.write(b"220 smtp.example ESMTP\r\n\r\n")
    await writer.drain()
    writer.close()


async def header_injection(writer: asyncio.StreamWriter, _: Mapping[str, str]) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nETag: a\x00b\r\nContent-Length: 1\r\n\r\nx")
    await writer.drain()
    writer.close()


def raw(answer: bytes) -> Answer:
    """An answer byte for byte, after which the connection ends."""

    async def send(writer: asyncio.StreamWriter, _: Mapping[str, str]) -> None:
        writer.write(answer)
        await writer.drain()
        writer.close()

    return send


LENGTH = b"Content-Length: %d\r\n" % len(FEED)
SKEWED = {"Date": "Thu, 01 Jan 1970 00:00:00 GMT", "Expires": "Thu, 01 Jan 2099 00:00:00 GMT"}
"""A server whose clock is wrong by half a century."""

HTML = b"<!DOCTYPE html><html><head><title>Welcome</title></head><body><p>Hello</p></body></html>"
CAPTCHA = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><div class='cf-challenge'></div></body></html>"
LOGIN = b"<html><body><form><input name=p type=password></form></body></html>"
EMPTY = b'<rss version="2.0"><channel><title>Quiet</title></channel></rss>'

WIDE = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
"""A window of 128 MB: more memory than a server may ask for."""
STATUSES = (204, 400, 401, 402, 403, 404, 405, 406, 408, 410, 418, 429, 451, 500, 502, 503, 504)

MISBEHAVIOUR: dict[str, Answer] = {
    "/reset": reset,
    "/reset-in-body": reset_in_body,
    "/reset-in-head": reset_in_head,
    "/short-length": short_length,
    "/bad-chunk": bad_chunk,
    "/long-head": long_head,
    "/drip-head": drip_head,
    "/close-early": close_early,
    "/drip": drip,
    "/silence": silence,
    "/endless": endless,
    "/rubbish": raw_rubbish,
    "/injection": header_injection,
    "/injection-bare-return": raw(b'HTTP/1.1 200 OK\r\nETag: "a"\rX-More: 1\r\n' + LENGTH + b"\r\n" + FEED),
    "/injection-name": raw(b"HTTP/1.1 200 OK\r\nE Tag: x\r\n" + LENGTH + b"\r\n" + FEED),
    "/injection-redirect": page(302, b"", Location="/nowhere%0d%0aX-More:%201"),
    "/two-lengths": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n" + LENGTH + b"\r\n" + FEED),
    "/length-and-chunks": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"),
    "/negative-length": raw(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n" + FEED),
    "/many-heads": raw(b"HTTP/1.1 200 OK\r\n" + b"X-Y: z\r\n" * 40_000 + LENGTH + b"\r\n" + FEED),
    "/no-head": raw(FEED),
    "/folded": raw(b'HTTP/1.1 200 OK\r\nETag: "a"\r\n X-More: 1\r\n' + LENGTH + b"\r\n" + FEED),
    "/foreign-validators": raw(b'HTTP/1.1 200 OK\r\nETag: "\xe9"\r\nLast-Modified: \xe6\x97\xa5\r\n' + LENGTH + b"\r\n" + FEED),
    "/answer-after-answer": raw(b"HTTP/1.1 200 OK\r\n" + LENGTH + b"\r\n" + FEED + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno"),
    "/early-hints": raw(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n" + LENGTH + b"\r\n" + FEED),
    "/wrong-clock": page(**SKEWED),
    "/bomb-gzip": page(body=bomb(31), Content_Encoding="gzip"),
    "/bomb-deflate": page(body=bomb(15), Content_Encoding="deflate"),
    "/bomb-file": page(body=bomb(31)),
    "/bomb-brotli": page(body=brotli.compress(bytes(60_000_000), quality=1), Content_Encoding="br"),
    "/bomb-zstd": page(body=zstd.compress(bytes(60_000_000)), Content_Encoding="zstd"),
    "/wide-zstd": page(body=WIDE.compress(FEED) + WIDE.flush(), Content_Encoding="zstd"),
    "/truncated-brotli": page(body=brotli.compress(FEED)[:-20], Content_Encoding="br"),
    "/truncated-zstd": page(body=zstd.compress(FEED)[:-20], Content_Encoding="zstd"),
    "/damaged-brotli": page(body=brotli.compress(FEED)[:30] + b"\xff" * 400, Content_Encoding="br"),
    "/damaged-zstd": page(body=zstd.compress(FEED)[:30] + b"\xff" * 400, Content_Encoding="zstd"),
    "/compress": page(Content_Encoding="compress"),
    "/twice-packed": page(Content_Encoding="gzip, gzip"),
    "/truncated-gzip": page(body=gzip.compress(FEED)[:-20], Content_Encoding="gzip"),
    "/bomb-twice": page(body=gzip.compress(bomb(31)), Content_Encoding="gzip"),
    "/too-many-bytes-of-nothing": page(body=b"\n" * 17_000_000),
    "/damaged-gzip": page(body=gzip.compress(FEED)[:30] + b"\xff" * 40, Content_Encoding="gzip"),
    "/huge-by-header": page(body=b"", Content_Length="60000000"),
    "/loop": page(302, b"", Location="/loop"),
    "/loop-a": page(302, b"", Location="/loop-b"),
    "/loop-b": page(302, b"", Location="/loop-a"),
    "/to-metadata": page(302, b"", Location="http://169.254.169.254/latest/meta-data"),
    "/to-private": page(302, b"", Location="http://10.0.0.1/feed"),
    "/to-decimal": page(302, b"", Location="http://167772161/feed"),
    "/to-octal": page(302, b"", Location="http://0177.0.0.1/feed"),
    "/to-hexadecimal": page(302, b"", Location="http://0x0a000001/feed"),
    "/to-6to4": page(302, b"", Location="http://[2002:a00:1::]/feed"),
    "/to-shared": page(302, b"", Location="http://100.64.0.1/feed"),
    "/to-link-local": page(302, b"", Location="http://[fe80::1]/feed"),
    "/to-multicast": page(302, b"", Location="http://224.0.0.251/feed"),
    "/to-login": page(302, b"", Location="http://user:secret@10.0.0.1/feed"),
    "/to-mapped": page(302, b"", Location="http://[::ffff:10.0.0.1]/feed"),
    "/to-nat64": page(302, b"", Location="http://[64:ff9b::a00:1]/feed"),
    "/to-file": page(302, b"", Location="file:///etc/passwd"),
    "/to-nowhere": page(302, b""),
    "/html": page(body=HTML, Content_Type="text/html"),
    "/captcha": page(body=CAPTCHA, Content_Type="text/html"),
    "/login": page(body=LOGIN, Content_Type="text/html"),
    "/empty-feed": page(body=EMPTY),
    "/nothing": page(body=b""),
    "/blanks": page(body=b" \r\n\t "),
    "/text": page(body=b"The quick brown fox"),
    "/json": page(body=b'{"error": "no such feed"}'),
    "/unexpected-304": page(304, b""),
    **{
        f"/status-{code}": page(code, b"") for code in (400, 401, 402, 403, 404, 405, 406, 408, 410, 418, 429, 451, 500, 502, 503, 504, 204)
    },
    **{f"/hop-{n}": page(302, b"", Location=f"/hop-{n + 1}") for n in range(9)},
    "/plain": page(),
    "/gzip": page(body=gzip.compress(FEED), Content_Encoding="gzip"),
    "/gzip-members": page(body=gzip.compress(FEED[:50]) + gzip.compress(FEED[50:]), Content_Encoding="gzip"),
    "/deflate": page(body=zlib.compress(FEED), Content_Encoding="deflate"),
    "/raw-deflate": page(body=zlib.compress(FEED)[2:-4], Content_Encoding="deflate"),
    "/gzip-file": page(body=gzip.compress(FEED), Content_Type="application/gzip"),
    "/only-says-gzip": page(Content_Encoding="gzip"),
    "/brotli": page(body=brotli.compress(FEED), Content_Encoding="br"),
    "/zstd": page(body=zstd.compress(FEED), Content_Encoding="zstd"),
    "/zstd-frames": page(body=zstd.compress(FEED[:50]) + zstd.compress(FEED[50:]), Content_Encoding="zstd"),
    "/only-says-zstd": page(Content_Encoding="zstd"),
    "/moved": page(301, b"", Location="/moved-on"),
    "/moved-on": page(308, b"", Location="/plain"),
    "/moved-for-now": page(301, b"", Location="/for-now"),
    "/for-now": page(302, b"", Location="/plain"),
}


@pytest.fixture(scope="module")
def running_server() -> Iterator[Server]:
    server = Server()
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def main() -> None:
        listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        server.port = listener.sockets[0].getsockname()[1]
        ready.set()
        await stop.wait()
        listener.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),), daemon=True)
    thread.start()
    assert ready.wait(5)
    yield server
    loop.call_soon_threadsafe(stop.set)
    thread.join(5)


@pytest.fixture
def server(running_server: Server) -> Server:
    """The server, with nothing set and nothing remembered."""
    running_server.pages.clear()
    running_server.acts.clear()
    running_server.asked.clear()
    running_server.most_open = 0
    return running_server


def make_feed(server: Server, path: str, **settings: object) -> Feed:
    id = path.strip("/").replace("/", "-") or "root"
    return Feed.model_validate({"id": id, "url": server.url(path), "title": id, "publisher": "Test", "timeout_seconds": 5, **settings})


@pytest.fixture
def make_context(database: Database, tmp_path: Path) -> Callable[..., Context]:
    """A maker of contexts on one database; `clock` of the result can be set."""

    def make(*feeds: Feed, now: datetime = NOW, worker: str = "one") -> Context:
        settings = Settings(database_url="sqlite://", mail_url="maildir:x", secret_key="k" * 64, allowed_networks=("127.0.0.0/8",))
        return Context(
            settings=settings,
            home=Home(tmp_path),
            database=database,
            clock=SetClock(now),
            catalog=Catalog(feeds=feeds),
            rules=None,  # type: ignore[arg-type]
            worker=worker,
        )

    return make
