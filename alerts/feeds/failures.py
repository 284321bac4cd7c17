"""What went wrong on the way, in a stable word and a sentence.

The transport reports nearly every failure to connect as a timeout; the truth is in the chain of causes, so that is what is read here.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Iterator

import aiohttp
import httpx

from alerts.errors import FeedError
from alerts.feeds.network import NOT_PUBLIC

_STATUS = {
    400: "the server did not understand the request",
    401: "the server wants a login",
    402: "the server wants payment",
    403: "the server does not let us in; is our address or user agent blocked?",
    404: "there is nothing at this address any more",
    405: "the server does not allow reading this address",
    406: "the server has nothing in a form that we accept",
    408: "the server waited too long for us",
    410: "the publisher says that this feed is gone for good",
    429: "we visit too often, says the server",
    451: "not available for legal reasons",
    500: "the server has an error of its own",
    502: "the server's own source does not answer",
    503: "the server is busy or under repair",
    504: "the server's own source is too slow",
}


def status_error(status: int, *, retry_after: float | None = None) -> FeedError:
    """Make the error of an HTTP status that is no success."""
    kind = "the server has an error of its own" if status >= 500 else "the server refused the request"
    return FeedError(f"http-{status}", f"HTTP {status}: {_STATUS.get(status, kind)}", retry_after=retry_after)


def explain(error: BaseException, *, seconds: float) -> FeedError:
    """Turn an exception of the HTTP stack into a FeedError; `seconds` is the deadline of the visit."""
    chain = list(_chain(error))
    texts = " ".join(str(each) for each in chain)
    if NOT_PUBLIC in texts:
        address = texts.partition(f" {NOT_PUBLIC}")[0].rpartition(" ")[2]
        return FeedError("private-address", f"{address} {NOT_PUBLIC}; if it is meant, add its network to ALERTS_ALLOWED_NETWORKS")
    for each in chain:
        found = _told_by(each)
        if found is not None:
            return found
    if any(isinstance(each, TimeoutError | asyncio.TimeoutError | httpx.TimeoutException) for each in chain):
        return FeedError("timeout", f"no complete answer within {seconds:g} seconds")
    return FeedError("connection", f"the connection failed: {type(chain[-1]).__name__}")


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = _first(current) or current.__cause__ or current.__context__ or getattr(current, "os_error", None)


def _first(error: BaseException) -> BaseException | None:
    """Return the first of a group: attempts at several addresses of a host that failed together."""
    return error.exceptions[0] if isinstance(error, BaseExceptionGroup) else None


def _told_by(error: BaseException) -> FeedError | None:
    if isinstance(error, aiohttp.ClientConnectorDNSError | socket.gaierror):
        return FeedError("dns", "the host name is not known; has the site moved?")
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLCertVerificationError):
        reason = getattr(error, "verify_message", "") or getattr(getattr(error, "certificate_error", None), "verify_message", "")
        return FeedError("tls", f"the certificate is not to be trusted: {reason or 'it does not match'}")
    if isinstance(error, ssl.SSLError):
        return FeedError("tls", f"no secure connection: {error.reason or 'handshake failed'}")
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ContentTypeError):
        return FeedError("truncated", "the answer broke off before its end")
    if isinstance(error, aiohttp.ServerTimeoutError | aiohttp.SocketTimeoutError):
        return FeedError("timeout", "the server fell silent")
    if isinstance(error, aiohttp.TooManyRedirects):
        return FeedError("redirect-loop", "the server sends us round in circles")
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.http_exceptions.HttpProcessingError | httpx.RemoteProtocolError):
        return FeedError("bad-response", "the server's answer is not proper HTTP")
    if isinstance(error, aiohttp.InvalidURL | httpx.InvalidURL | httpx.UnsupportedProtocol | OverflowError):
        return FeedError("bad-address", "the address cannot be used")
    if isinstance(error, aiohttp.ServerDisconnectedError | ConnectionResetError | BrokenPipeError):
        return FeedError("reset", "the server closed the connection without an answer")
    if isinstance(error, ConnectionRefusedError):
        return FeedError("refused", "the server accepts no connection; is it down?")
    if isinstance(error, OSError) and not isinstance(error, aiohttp.ClientError | TimeoutError):
        return _by_number(error)
    return None


def _by_number(error: OSError) -> FeedError | None:
    if error.errno == errno.ECONNREFUSED:
        return FeedError("refused", "the server accepts no connection; is it down?")
    if error.errno in {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL}:
        return FeedError("unreachable", "there is no way to the server; is our own network up?")
    if error.errno in {errno.ECONNRESET, errno.EPIPE}:
        return FeedError("reset", "the server closed the connection without an answer")
    if error.errno in {errno.EMFILE, errno.ENFILE}:
        return FeedError("local", "this machine has too many open files")
    return None
