"""Everything the pages are given. Built once by `create_app`, found on the app, never kept in a module."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from starlette.datastructures import FormData

from alerts.clock import Clock
from alerts.mail.links import Links
from alerts.mail.render import Renderer
from alerts.rules.compile import RuleSet
from alerts.settings import Settings
from alerts.signing import Signer
from alerts.store.db import Database
from alerts.web.pages import Pages
from alerts.web.quotas import Quotas
from alerts.web.security import MAXIMUM_FIELDS, FormGuard

SAFE = ["GET", "HEAD"]
"""Methods that show and never change."""
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Site:
    """One service's pages.

    `rules` is asked for each request, so that a changed configuration shows at once; `started` is when the app was made.
    """

    settings: Settings
    database: Database
    clock: Clock
    rules: Callable[[], RuleSet]
    renderer: Renderer
    signer: Signer
    links: Links
    pages: Pages
    forms: FormGuard
    quotas: Quotas
    started: datetime


def the_site(request: Request) -> Site:
    """Return the site that serves a request."""
    site: Site = request.app.state.site
    return site


async def the_form(request: Request) -> FormData:
    """Read the form of a POST, multipart or not; files are refused. Raises HTTPException 400."""
    try:
        return await request.form(max_fields=MAXIMUM_FIELDS, max_files=0)
    except (ValueError, KeyError):  # a charset or a boundary that is not one
        raise HTTPException(400) from None


def word(form: FormData, name: str) -> str:
    """Return one field as text, cut where no honest entry is longer; empty if it is absent."""
    value = form.get(name, "")
    return value[:_LONGEST] if isinstance(value, str) else ""


def words(form: FormData, name: str) -> tuple[str, ...]:
    """Return all values of a field, such as ticked boxes."""
    return tuple(value[:_LONGEST] for value in form.getlist(name) if isinstance(value, str))


The = Annotated[Site, Depends(the_site)]
Form = Annotated[FormData, Depends(the_form)]
