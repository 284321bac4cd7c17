"""A fresh link by mail, for whoever lost theirs or came with one that is too old. Nothing here tells whether an address is known."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from alerts.mail.address import AddressError, parse_address
from alerts.store import outbox, subscribers
from alerts.web.entered import FieldError
from alerts.web.mailing import may_mail
from alerts.web.security import FORM_FIELD
from alerts.web.site import SAFE, Form, Site, The, word

router = APIRouter()
PATH = "/link"


@router.api_route(PATH, methods=SAFE)
def ask(request: Request, site: The) -> Response:
    """Show the form that asks where to send a link."""
    return page(request, site, "link.title", "link.about")


@router.post(PATH)
def mail(request: Request, site: The, form: Form) -> Response:
    """Mail a link to the address if it is subscribed, or the question for consent again if that was never answered."""
    typed = word(form, "address")
    if not site.forms.accepts_open(request, word(form, FORM_FIELD)):
        return page(request, site, "link.title", "link.about", status=403, typed=typed, errors=(FieldError("send", "error.form"),))
    try:
        address = parse_address(typed)
    except AddressError as error:
        wrong = (FieldError("address", f"error.address.{error.reason}"),)
        return page(request, site, "link.title", "link.about", status=422, typed=typed, errors=wrong)
    if not may_mail(site, request, address):
        return site.pages.page(request, "error", status=429, path="/", key="failure.429")
    now = site.clock.now()
    with site.database.write() as connection:
        person = subscribers.by_address(connection, address)
        if person is not None and person.state == "open":
            outbox.mail_link(connection, person.id, now=now)
        elif person is not None and person.state == "unconfirmed":
            outbox.ask_to_confirm(connection, person.id, now=now)
    return site.pages.page(request, "sent", path=PATH, address=address, heading="sent.link.title", about="sent.link.address", days=90)


def page(
    request: Request,
    site: Site,
    heading: str,
    about: str,
    *,
    status: int = 200,
    language: str = "",
    typed: str = "",
    errors: tuple[FieldError, ...] = (),
) -> Response:
    """Return the page with the form; `heading` and `about` are phrases that say why one sees it."""
    nonce = site.forms.nonce(request)
    response = site.pages.page(
        request,
        "link",
        status=status,
        language=language,
        path=PATH,
        heading=heading,
        about=about,
        typed=typed,
        errors=errors,
        token=site.forms.token(nonce),
    )
    site.forms.remember(response, nonce)
    return response


def neutral(request: Request, site: Site) -> Response:
    """Return the one page for every link that does not work: forged, too old, made for something else, or of nobody we know."""
    return page(request, site, "stale.title", "stale.about", status=404)
