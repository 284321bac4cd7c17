"""Sign-up: the front page. It reveals nothing about who is subscribed: known and unknown addresses get the same page."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import Response

from alerts.digests.subscriber import Choices
from alerts.mail.address import AddressError, parse_address
from alerts.store import outbox, subscribers
from alerts.store.db import exclusive
from alerts.web import choices_form, entered
from alerts.web.entered import Entered, FieldError
from alerts.web.mailing import may_mail
from alerts.web.pages import pick_language
from alerts.web.security import FORM_FIELD
from alerts.web.site import SAFE, Form, Site, The, word

router = APIRouter()
TRAP = "homepage"
"""A field that people do not see and robots fill in."""
_LOG = structlog.get_logger(__name__)


@router.api_route("/", methods=SAFE)
def front(request: Request, site: The) -> Response:
    """Show what the service is, and the form."""
    return _form(request, site, entered.fresh(site.rules().wording, pick_language(request)))


@router.post("/")
def sign_up(request: Request, site: The, form: Form) -> Response:
    """Take a sign-up: a mail that asks for consent goes out, and nothing else happens before it is answered."""
    wording = site.rules().wording
    filled = entered.of_form(form, wording)
    choices, wrong = entered.read(filled, wording, host=site.settings.host_country)
    address, errors = _address(filled)
    errors += wrong
    if not site.forms.accepts_open(request, word(form, FORM_FIELD)):
        return _form(request, site, filled, (FieldError("send", "error.form"), *errors), status=403)
    if errors:
        return _form(request, site, filled, errors, status=422)
    if word(form, TRAP):
        _LOG.info("web.trapped")
    elif not may_mail(site, request, address):
        return site.pages.page(request, "error", status=429, path="/", key="failure.429")
    else:
        _invite(site, address, choices)
    return site.pages.page(request, "sent", path="/", address=address, heading="sent.title", about="sent.address", days=7)


def _invite(site: Site, address: str, choices: Choices) -> None:
    """Ask for consent, or, where it was given before, mail a link to the choices instead of changing them."""
    now = site.clock.now()
    with site.database.write() as connection:
        exclusive(connection, "sign-up")  # the same form sent twice at once is one sign-up
        person = subscribers.add(connection, address, choices, now=now)
        if person.state == "open":
            outbox.mail_link(connection, person.id, now=now)
        else:
            outbox.ask_to_confirm(connection, person.id, now=now)
    _LOG.info("web.signed_up", language=choices.language, cadence=choices.cadence)


def _address(filled: Entered) -> tuple[str, tuple[FieldError, ...]]:
    try:
        return parse_address(filled.address), ()
    except AddressError as error:
        return "", (FieldError("address", f"error.address.{error.reason}"),)


def _form(request: Request, site: Site, filled: Entered, errors: tuple[FieldError, ...] = (), status: int = 200) -> Response:
    nonce = site.forms.nonce(request)
    response = site.pages.page(
        request,
        "signup",
        status=status,
        errors=errors,
        token=site.forms.token(nonce),
        **choices_form.values(site, filled, pick_language(request)),
    )
    site.forms.remember(response, nonce)
    return response
