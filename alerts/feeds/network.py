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
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

NOT_PUBLIC = "is not a public address"
"""What the error of a refused address says; it passes through layers that keep only the text."""

CONNECT_SECONDS = 10.0
READ_SECONDS = 20.0

_TUNNELS = tuple(
    ipaddress.ip_network(text)
    for text in ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::ffff:0:0/96", "::/96")
)
"""Protocol assignments, NAT64, 6to4, Teredo, IPv4 inside IPv6: they lead to an address that is not the one seen here."""

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


def make_client(
    *, agent: str, allowed_networks: Sequence[str] = (), connections: int = 64, trust: ssl.SSLContext | None = None
) -> httpx.AsyncClient:
    """Make the client of one event loop; close it with `aclose()`. It keeps no cookies and takes no proxy from the environment.

    `trust` holds the certificates to be trusted instead of the usual ones.
    """
    allowed = networks(allowed_networks)
    context = trust or httpx.create_ssl_context(trust_env=False)

    def dial(info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _name, target = info
        if not may_dial(str(target[0]), allowed):
            raise OSError(f"{target[0]} {NOT_PUBLIC}")
        return socket.socket(family=family, type=kind, proto=protocol)

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=connections, use_dns_cache=False, keepalive_timeout=15, socket_factory=dial, ssl=context)
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)

    return httpx.AsyncClient(
        transport=AiohttpTransport(verify=context, client=session),
        headers={
            "User-Agent": agent,
            "Accept": "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1",
            "Accept-Encoding": "gzip, deflate",
        },
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=())),
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS, pool=None),
        follow_redirects=False,
        trust_env=False,
    )
