"""What stands in front of every page: headers, a limit on bodies, a limit on posts, and forms that only our own pages can send."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Mapping
from datetime import timedelta

from fastapi import Request, Response

from alerts.signing import Signer, TokenError

FORM = "form"
"""Purpose of the token in each form."""
FORM_AGE = timedelta(hours=12)
FORM_FIELD = "form_token"
COOKIE = "form"
MAXIMUM_BODY = 64 * 1024
MAXIMUM_FIELDS = 300

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",  # tokens are in addresses
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def client_network(request: Request) -> str:
    """Return whom to count a request for: an IPv4 address, or the /64 that one IPv6 customer has; `unknown` on a socket without peer."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return host


class FormGuard:
    """Makes and checks form tokens. A token is bound to what the form acts on, so that one page's token is worthless on another.

    A form behind a signed link is bound to the link's subscriber; the open forms (sign-up, fresh link) to a nonce in a cookie that only
    our own pages can set: a signed double submit.
    """

    def __init__(self, signer: Signer, *, secure: bool) -> None:
        self._signer = signer
        self._secure = secure

    @property
    def cookie(self) -> str:
        """Name of the cookie; over HTTPS a browser takes `__Host-` from this very host only."""
        return f"__Host-{COOKIE}" if self._secure else COOKIE

    def token(self, bound: str) -> str:
        """Return the token for a form that acts on `bound`."""
        return self._signer.make(FORM, bound)

    def accepts(self, request: Request, token: str, bound: str) -> bool:
        """True if a form behind a signed link came from our own page, not too long ago, and for `bound`."""
        return not _cross_site(request) and self._says(token) == bound

    def accepts_open(self, request: Request, token: str) -> bool:
        """True if an open form came from our own page: the cookie agrees with the token, or the browser itself says same-origin.

        The second way serves readers who block cookies.
        """
        said, held = self._says(token), request.cookies.get(self.cookie, "")
        if _cross_site(request) or not said:
            return False
        return request.headers.get("sec-fetch-site") == "same-origin" or secrets.compare_digest(said.encode(), held.encode())

    def nonce(self, request: Request) -> str:
        """Return the nonce that the browser holds, or a new one."""
        held = request.cookies.get(self.cookie, "")
        return held if 20 <= len(held) <= 64 and held.isascii() else secrets.token_urlsafe(24)

    def remember(self, response: Response, nonce: str) -> None:
        """Give the browser the nonce, for this site's own requests only."""
        response.set_cookie(
            self.cookie, nonce, max_age=int(FORM_AGE.total_seconds()), path="/", secure=self._secure, httponly=True, samesite="strict"
        )

    def _says(self, token: str) -> str:
        try:
            return self._signer.read(FORM, token, FORM_AGE)
        except TokenError:
            return ""


def _cross_site(request: Request) -> bool:
    """True if the browser says that another site sent the form. Origin is no help: `no-referrer` makes it null on our own forms too."""
    return request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}
