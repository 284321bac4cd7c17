"""The way out: one click for mail programs (RFC 8058), one button for people, and a way back for whoever pressed it by mistake."""

from __future__ import annotations

from datetime import timedelta

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from alerts.mail.links import ONE_CLICK_PATH, UNSUBSCRIBE, UNSUBSCRIBE_PATH
from alerts.store import subscribers
from alerts.store.subscribers import Subscriber
from alerts.web import links
from alerts.web.bearer import person_of
from alerts.web.security import FORM_FIELD
from alerts.web.site import SAFE, Form, Site, The, word

router = APIRouter()
UNDO = "undo"
"""Purpose of the token that takes an end back; it exists only on the page that follows the button."""
UNDO_PATH = f"{UNSUBSCRIBE_PATH}/undo"
UNDO_AGE = timedelta(days=1)
_LOG = structlog.get_logger(__name__)


@router.api_route(UNSUBSCRIBE_PATH, methods=SAFE)
@router.api_route(ONE_CLICK_PATH, methods=SAFE)
@router.api_route(UNDO_PATH, methods=SAFE)
def ask(request: Request, site: The, token: str) -> Response:
    """Show one button. The address of the one-click header shows the same page to whoever opens it in a browser."""
    with site.database.read() as connection:
        person = person_of(site, connection, UNSUBSCRIBE, token)
    if person is None:
        return links.neutral(request, site)
    return _page(request, site, person, token)


@router.post(ONE_CLICK_PATH)
def one_click(site: The, token: str) -> Response:
    """End the subscription for a mail program: no cookie, no form token, no redirect, and the same answer if it had ended before.

    RFC 8058 §3.2 has it send `List-Unsubscribe=One-Click`; a program that posts here and sends something else means the same.
    """
    with site.database.write() as connection:
        person = person_of(site, connection, UNSUBSCRIBE, token)
        if person is None:
            return PlainTextResponse("This link is not valid.\n", status_code=404)
        ended = subscribers.end(connection, [person.id], reason="one-click", now=site.clock.now())
    if ended:
        _LOG.info("web.ended", subscriber=person.id, reason="one-click")
    return PlainTextResponse("You are unsubscribed.\n")


@router.post(UNSUBSCRIBE_PATH)
def end(request: Request, site: The, token: str, form: Form) -> Response:
    """End the subscription for a person, and offer to take it back."""
    with site.database.write() as connection:
        person = person_of(site, connection, UNSUBSCRIBE, token)
        if person is None:
            return links.neutral(request, site)
        if not site.forms.accepts(request, word(form, FORM_FIELD), _bound(person)):
            return _page(request, site, person, token, status=403)
        was_open = person.state == "open"
        subscribers.end(connection, [person.id], reason="unsubscribed", now=site.clock.now())
    _LOG.info("web.ended", subscriber=person.id, reason="unsubscribed")
    return site.pages.page(
        request,
        "ended",
        language=person.choices.language,
        undo_path=UNDO_PATH.format(token=token) if was_open else "",
        undo=site.signer.make(UNDO, str(person.id)) if was_open else "",
        token=site.forms.token(_bound(person)),
    )


@router.post(UNDO_PATH)
def undo(request: Request, site: The, token: str, form: Form) -> Response:
    """Take the end back, for whoever has the page that followed the button."""
    now = site.clock.now()
    with site.database.write() as connection:
        person = person_of(site, connection, UNSUBSCRIBE, token)
        pressed = person_of(site, connection, UNDO, word(form, "undo"), UNDO_AGE)
        if person is None or pressed is None or pressed.id != person.id or person.ended_reason != "unsubscribed":
            return links.neutral(request, site)
        if not site.forms.accepts(request, word(form, FORM_FIELD), _bound(person)):
            return links.neutral(request, site)
        proof = {"undone": {"at": now.isoformat(), "how": "web", "page": UNDO_PATH}}
        person = subscribers.resubscribe(connection, person.id, now=now, consent=proof)
    _LOG.info("web.undone", subscriber=person.id)
    return site.pages.page(
        request,
        "undone",
        language=person.choices.language,
        path=UNSUBSCRIBE_PATH.format(token=token),
        preferences_url=site.links.preferences(person.id),
    )


def _bound(person: Subscriber) -> str:
    return f"unsubscribe:{person.id}"


def _page(request: Request, site: Site, person: Subscriber, token: str, status: int = 200) -> Response:
    path = UNSUBSCRIBE_PATH.format(token=token)
    return site.pages.page(
        request,
        "unsubscribe",
        status=status,
        language=person.choices.language,
        path=path,
        target=path,
        ended=person.state == "ended",
        refused=status != 200,
        token=site.forms.token(_bound(person)),
    )
