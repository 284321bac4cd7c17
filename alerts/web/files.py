"""What is the same for everybody: the styles, the icon, and a word to robots."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response

from alerts.web.site import SAFE, The

router = APIRouter()
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
"""Their addresses carry the version."""


@router.api_route("/style.css", methods=SAFE)
def style(site: The) -> Response:
    """The style of all pages."""
    return Response(site.pages.style, media_type="text/css; charset=utf-8", headers=_FOREVER)


@router.api_route("/mail.css", methods=SAFE)
def mail_style(site: The) -> Response:
    """The style of mails, for the web view of a digest."""
    return Response(site.renderer.css(), media_type="text/css; charset=utf-8", headers={"Cache-Control": "public, max-age=3600"})


@router.api_route("/icon.svg", methods=SAFE)
def icon(site: The) -> Response:
    """The icon of the pages."""
    return Response(site.pages.icon, media_type="image/svg+xml", headers=_FOREVER)


@router.api_route("/robots.txt", methods=SAFE)
def robots() -> Response:
    """Only the front page may be found by search engines."""
    return PlainTextResponse("User-agent: *\nAllow: /$\nAllow: /style.css\nDisallow: /\n")
