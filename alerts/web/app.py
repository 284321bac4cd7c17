"""The pages of one service as an ASGI app: put together here, served by the daemon in its own process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from alerts.clock import Clock
from alerts.mail.links import Links
from alerts.mail.render import Renderer
from alerts.rules.compile import RuleSet
from alerts.settings import Settings
from alerts.signing import Signer
from alerts.store.db import Database
from alerts.web import confirm, files, health, links, metrics, preferences, signup, unsubscribe, view
from alerts.web.guard import Guard
from alerts.web.pages import Pages
from alerts.web.quotas import Quotas
from alerts.web.security import FormGuard
from alerts.web.site import Site


def create_app(
    *,
    settings: Settings,
    database: Database,
    clock: Clock,
    rules: Callable[[], RuleSet],
    renderer: Renderer | None = None,
    templates: Path | None = None,
) -> FastAPI:
    """Return the app. `rules` gives the rule set in force; `templates` is the home's folder of overrides, or None.

    Without a `renderer` of mails, which makes the web view of a digest, one is made with the same overrides.
    """
    signer = Signer(settings.secret_key.get_secret_value(), clock)
    site = Site(
        settings=settings,
        database=database,
        clock=clock,
        rules=rules,
        renderer=renderer or Renderer(templates),
        signer=signer,
        links=Links(settings.base_url, signer),
        pages=Pages(settings, templates),
        forms=FormGuard(signer, secure=settings.base_url.startswith("https:")),
        quotas=Quotas(clock),
        started=clock.now(),
    )
    app = FastAPI(title=settings.sender_name, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.site = site
    for room in (signup, confirm, preferences, unsubscribe, links, view, files, health, metrics):
        app.include_router(room.router)
    guard = Guard(app, site)

    async def refuse(request: Request, error: Exception) -> Response:
        return guard.failure(request, error.status_code if isinstance(error, HTTPException) else 400)

    app.add_exception_handler(HTTPException, refuse)
    app.add_exception_handler(RequestValidationError, refuse)
    app.add_middleware(Guard, site=site)
    return app
