"""The gate in front of all pages: headers on every answer, limits on what comes in, and one friendly page for whatever goes wrong."""

from __future__ import annotations

import traceback

import structlog
from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alerts.errors import StoreError
from alerts.web.security import HEADERS, MAXIMUM_BODY, client_network
from alerts.web.site import Site

_LOG = structlog.get_logger(__name__)
_RETRY = {429: "60", 503: "120"}


class BodyTooLargeError(Exception):
    """More came in than any of our forms can send."""


class Guard:
    """An ASGI middleware. Nothing of a request's path, form or address is logged: paths hold tokens."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        request = Request(scope)
        started, received = False, 0

        async def guarded_send(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._add_headers(request, MutableHeaders(scope=message))
            await send(message)

        async def limited_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAXIMUM_BODY:
                raise BodyTooLargeError
            return message

        async def refuse(status: int) -> None:
            await self.failure(request, status)(scope, receive, guarded_send)

        if _declared_length(request) > MAXIMUM_BODY:
            return await refuse(413)
        if request.method == "POST" and not self._may_post(request):
            return await refuse(429)
        try:
            await self._app(scope, limited_receive, guarded_send)
        except Exception as error:
            if started:
                raise
            await refuse(self._status(error))
        return None

    def failure(self, request: Request, status: int) -> Response:
        """Return the page for an error; texts of 404 and 400 are the same, so that they tell nothing apart."""
        kind = {405: 404, 400: 404}.get(status, status)
        key = kind if kind in {404, 413, 429, 503} else 500
        response = self._site.pages.page(request, "error", status=status, path="/", key=f"failure.{key}")
        if status in _RETRY:
            response.headers["Retry-After"] = _RETRY[status]
        return response

    def _may_post(self, request: Request) -> bool:
        """One-click posts come from the few addresses of large mailbox providers and are never held up."""
        return request.url.path.endswith("/one-click") or self._site.quotas.take("post-ip", client_network(request))

    def _status(self, error: Exception) -> int:
        if isinstance(error, BodyTooLargeError):
            return 413
        if isinstance(error, StoreError):
            _LOG.warning("web.database", error=str(error))
            return 503
        # The message of an unexpected error may quote what somebody entered; where it happened is enough to find it.
        _LOG.error("web.failed", error=type(error).__name__, where=_where(error))
        return 500

    def _add_headers(self, request: Request, headers: MutableHeaders) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("Cache-Control", "no-store")
        if request.url.path != "/":
            headers.setdefault("X-Robots-Tag", "noindex, nofollow")
        if self._site.settings.base_url.startswith("https:"):
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")


def _declared_length(request: Request) -> int:
    length = request.headers.get("content-length", "0")
    return int(length) if length.isdecimal() and len(length) < 16 else MAXIMUM_BODY + 1


def _where(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/alerts/" in frame.filename] or list(frames)
    return " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(ours[-4:]))
