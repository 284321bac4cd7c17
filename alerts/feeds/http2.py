"""HTTP/2, with the same check of every address that is dialled. Loaded when the first site is visited over TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable
from typing import Any

import httpcore
import httpx


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Resolves a name once and dials only addresses that `check` lets pass: it raises OSError for one that is refused."""

    def __init__(self, check: Callable[[str], None]) -> None:
        self._check = check
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of a host that answers. Raises httpcore.ConnectError, or OSError for an address that is refused."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        failure: Exception | None = None
        for _family, _kind, _protocol, _name, target in found:
            self._check(str(target[0]))
            try:
                return await self._inner.connect_tcp(str(target[0]), port, timeout, local_address, socket_options)
            except httpcore.ConnectError as error:
                failure = error
        raise failure or httpcore.ConnectError(f"{host} has no address")


class Http2Transport(httpx.AsyncHTTPTransport):
    """httpx's own transport over connections that are checked where they are dialled."""

    def __init__(self, check: Callable[[str], None], context: ssl.SSLContext, connections: int) -> None:
        super().__init__(verify=context, http2=True, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            http1=True,
            http2=True,
            keepalive_expiry=15,
            max_connections=connections,
            network_backend=CheckedBackend(check),
        )
