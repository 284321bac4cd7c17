"""The way out: one HTTP client that dials public addresses only.

The check stands where the socket is made: after DNS, for every redirect, whatever form the address was written in, so that a name cannot
be re-bound between the check and the call. `ipaddress.is_global` alone is not enough: it holds for NAT64, 6to4 and multicast.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Sequence
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from alerts.feeds.two_ways import TwoWays
from alerts.feeds.unpack import OFFERED

NOT_PUBLIC = "is not a public address"
"""What the error of a refused address says; it passes through layers that keep only the text."""

CONNECT_SECONDS = 10.0
READ_SECONDS = 20.0

_TUNNELS = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24", "192.88.99.0/24", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32",
        "::ffff:0:0/96", "::ffff:0:0:0/96", "::/96", "fec0::/10", "3fff::/20", "5f00::/16",
    )
)  # fmt: skip
"""Protocol assignments, NAT64, 6to4, Teredo, IPv4 inside IPv6: they lead to an address that is not the one seen here. And what Python
takes for global although IANA's registries do not: site-local, documentation, segment routing."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Read networks in CIDR notation."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def may_dial(address: str, allowed: Sequence[Network] = ()) -> bool:
    """True for a public unicast address, or one inside an allowed network; `address` may carry a zone (`fe80::1%eth0`)."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if any(found.version == network.version and found in network for network in allowed):
        return True
    mapped = getattr(found, "ipv4_mapped", None)
    if mapped is not None:
        return may_dial(str(mapped), allowed)
    if any(found.version == network.version and found in network for network in _TUNNELS):
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def is_ours(host: str, allowed: Sequence[Network]) -> bool:
    """True for a host that the operator allowed although it is private: an address in such a network, or this machine by name."""
    if host == "localhost":
        return bool(allowed)
    try:
        return any(ipaddress.ip_address(host) in network for network in allowed)
    except ValueError:
        return False


def user_agent(version: str, contact: str) -> str:
    """Say who visits, and how to reach us."""
    return f"expat-impact-alerts/{version}" + (f" (+{contact})" if contact else "")


def make_client(*, agent: str, allowed_networks: Sequence[str] = (), connections: int = 64, trust: Path | None = None) -> httpx.AsyncClient:
    """Make the client of one event loop; close it with `aclose()`. It keeps no cookies and takes no proxy from the environment.

    `trust` is a file of certificates to be trusted instead of the usual ones. A server that offers HTTP/2 over TLS is spoken to in it,
    unless the extensions of a request say `http2: False`.
    """
    allowed = networks(allowed_networks)
    context = _certificates(trust)

    def check(address: str) -> None:
        if not may_dial(address, allowed):
            raise OSError(f"{address} {NOT_PUBLIC}")

    def dial(info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _name, target = info
        check(str(target[0]))
        return socket.socket(family=family, type=kind, proto=protocol)

    def second() -> httpx.AsyncBaseTransport:
        from alerts.feeds.http2 import Http2Transport  # noqa: PLC0415 - a command that visits nobody over TLS need not load it

        # A context of its own: it is told what to offer, and the usual one must not offer that.
        return Http2Transport(check, _certificates(trust), connections)

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=connections, use_dns_cache=False, keepalive_timeout=15, socket_factory=dial, ssl=context)
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)

    return httpx.AsyncClient(
        transport=TwoWays(AiohttpTransport(verify=context, client=session), second),
        headers={
            "User-Agent": agent,
            "Accept": "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1",
            "Accept-Encoding": OFFERED,
        },
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=())),
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS, pool=None),
        follow_redirects=False,
        trust_env=False,
    )


def _certificates(trust: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=trust) if trust else httpx.create_ssl_context(trust_env=False)
