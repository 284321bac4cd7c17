"""One visit to one address: conditional GET, redirects, limits. Bytes come out, or a FeedError that says why not.

Validators go back to the server as it gave them; storing them is the caller's business, after the entries are safe.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Protocol
from urllib.parse import unquote, urljoin, urlsplit

import aiohttp
import httpx

from alerts.errors import FeedError
from alerts.feeds.body import MAX_BYTES, read_body
from alerts.feeds.failures import explain, status_error
from alerts.feeds.freshness import fresh_seconds, retry_after_seconds
from alerts.feeds.login import is_for, part_login, with_login
from alerts.feeds.pace import Pace
from alerts.feeds.unpack import too_large

MAX_REDIRECTS = 6
_PERMANENT = {301, 308}
_REDIRECTS = {301, 302, 303, 307, 308}
_FAILURES = (
    httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, TimeoutError, ValueError, OverflowError, ExceptionGroup,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server gave us to ask `has it changed?` with (RFC 9110 §8.8)."""

    etag: str | None = None
    last_modified: str | None = None

    def headers(self) -> dict[str, str]:
        """Return the headers of a conditional request; a value that is no plain header text is left out."""
        pairs = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in pairs.items() if value and len(value) <= 1000 and value.isascii() and value.isprintable()}


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a visit brought: `body` is None if the document has not changed (304).

    `url` is where the document finally came from, without a login; `permanent_url` the address to use from now on, if every redirect was
    permanent, with the login that its host was given.
    `fresh_seconds` is how long the server says that it will not change.
    """

    status: int
    url: str
    body: bytes | None
    content_type: str = ""
    validators: Validators = field(default_factory=Validators)
    permanent_url: str | None = None
    fresh_seconds: float | None = None
    redirects: int = 0


class Target(Protocol):
    """What is visited: a feed, or anything with an address and a deadline."""

    @property
    def url(self) -> str:
        """The address."""
        ...

    @property
    def timeout_seconds(self) -> float:
        """The longest the visit may take in all."""
        ...

    @property
    def http2(self) -> bool:
        """True if the server may be spoken to in HTTP/2."""
        ...


async def fetch(
    client: httpx.AsyncClient,
    feed: Target,
    validators: Validators | None = None,
    *,
    url: str | None = None,
    limit: int = MAX_BYTES,
    pace: Pace | None = None,
) -> Fetched:
    """Visit a feed, at `url` if it has moved. `limit` is the size in bytes, unpacked; `pace` says when each host may be asked, and
    waiting for that does not count as time of the visit. Raises FeedError for every failure.
    """
    seconds = feed.timeout_seconds
    try:
        async with asyncio.timeout(seconds) as deadline:
            way = _Way(client, (validators or Validators()).headers(), limit, feed.http2, pace or Pace(), deadline)
            return await way.follow(url or feed.url)
    except FeedError:
        raise
    except _FAILURES as error:
        raise explain(error, seconds=seconds) from error


@dataclass(frozen=True, slots=True)
class _Way:
    """The way of one visit, from its first address to the document."""

    client: httpx.AsyncClient
    headers: dict[str, str]
    limit: int
    http2: bool
    pace: Pace
    deadline: asyncio.Timeout

    async def follow(self, url: str) -> Fetched:
        """Follow redirects. Raises FeedError, and what the HTTP stack raises."""
        visited: list[str] = []
        permanent = True
        url, login = part_login(url)
        while True:
            login = login if not visited or is_for(url, visited[-1]) else ""
            visited.append(url)
            found = await self._ask(url, login)
            if isinstance(found, Fetched):
                moved = with_login(url, login) if permanent and len(visited) > 1 else None
                return replace(found, permanent_url=moved, redirects=len(visited) - 1)
            permanent = permanent and found.permanent
            url, _ = part_login(found.url)
            if url in visited:
                raise FeedError("redirect-loop", "the server sends us round in circles")
            if len(visited) > MAX_REDIRECTS:
                raise FeedError("redirect-loop", f"more than {MAX_REDIRECTS} redirects in a row")

    async def _ask(self, url: str, login: str) -> Fetched | _Redirect:
        """Send one request when its host may be asked."""
        asked = self.client.stream("GET", url, headers=self.headers, auth=_auth(login), extensions={"http2": self.http2})
        async with self._turn(url), asked as response:
            if response.status_code in _REDIRECTS:
                return _Redirect(_next(response, url), response.status_code in _PERMANENT)
            return await _answer(response, url, bool(self.headers), self.limit)

    @contextlib.asynccontextmanager
    async def _turn(self, url: str) -> AsyncIterator[None]:
        """Wait for the host; meanwhile the deadline stands still."""
        loop = asyncio.get_running_loop()
        ends = self.deadline.when()
        begun = loop.time()
        self.deadline.reschedule(None)
        async with self.pace.turn(urlsplit(url).hostname or ""):
            if ends is not None:
                self.deadline.reschedule(ends + loop.time() - begun)
            yield


@dataclass(frozen=True, slots=True)
class _Redirect:
    url: str
    permanent: bool


def _auth(login: str) -> httpx.BasicAuth | None:
    user, _, password = login.partition(":")
    return httpx.BasicAuth(unquote(user), unquote(password)) if user else None


def _next(response: httpx.Response, url: str) -> str:
    location = str(response.headers.get("location", "")).strip()
    target: str = urljoin(url, location).partition("#")[0]
    if not location or urlsplit(target).scheme not in {"http", "https"} or not urlsplit(target).hostname:
        raise FeedError("bad-redirect", f"HTTP {response.status_code} sends us to {location[:80]!r}, which is no web address")
    return target


async def _answer(response: httpx.Response, url: str, conditional: bool, limit: int) -> Fetched:
    head = dict(response.headers.items())  # httpx guesses the encoding of all headers anew at every look
    fresh = fresh_seconds(head)
    given = Validators(head.get("etag") or None, head.get("last-modified") or None)
    if response.status_code == 304:
        if not conditional:
            raise FeedError("unexpected-304", "the server says `not modified`, but we had nothing to compare with")
        return Fetched(304, url, None, validators=given, fresh_seconds=fresh)
    if response.status_code != 200:
        raise status_error(response.status_code, retry_after=retry_after_seconds(head))
    if head.get("content-length", "").isdigit() and int(head["content-length"]) > limit:
        raise too_large(limit)
    body = await read_body(response.aiter_raw(), packing=head.get("content-encoding", ""), limit=limit)
    return Fetched(200, url, body, head.get("content-type", ""), given, fresh_seconds=fresh)
