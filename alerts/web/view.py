"""The web view of a digest: what was mailed, from the stored digest, with nothing about the person who got it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response
from markupsafe import Markup

from alerts.mail.links import VIEW, VIEW_PATH
from alerts.signing import TokenError
from alerts.store import digests
from alerts.web.site import SAFE, The

router = APIRouter()


@router.api_route(VIEW_PATH, methods=SAFE)
def show(request: Request, site: The, token: str) -> Response:
    """Show a digest. The token names a digest, not a person, so a forwarded link gives nothing away."""
    try:
        number = int(site.signer.read(VIEW, token))
        with site.database.read() as connection:
            digest = digests.load(connection, number)
    except (TokenError, ValueError):
        return site.pages.page(request, "error", status=404, path="/", key="failure.404")
    except LookupError:
        return site.pages.page(request, "error", status=410, path="/", key="failure.410")
    # nosec: the renderer escapes; what it returns is markup
    content = Markup(site.renderer.web(digest))  # noqa: S704
    return site.pages.page(
        request, "view", language=digest.language, subject=digest.subject, digest_language=digest.language, content=content
    )
