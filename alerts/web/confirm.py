"""Double opt-in: the link in the confirmation mail shows a page with one button; the button gives consent, and the proof of it is kept."""

from __future__ import annotations

import hashlib
from typing import Any

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from alerts.digests import printed
from alerts.mail.links import CONFIRM, CONFIRM_AGE, CONFIRM_PATH
from alerts.store import outbox, subscribers
from alerts.store.facts import load_fact, save_fact
from alerts.store.subscribers import Subscriber
from alerts.web import links, summary
from alerts.web.bearer import person_of
from alerts.web.pages import pick_language
from alerts.web.phrases import phrase
from alerts.web.security import FORM_FIELD, client_network
from alerts.web.site import SAFE, Form, Site, The, word

router = APIRouter()
_LOG = structlog.get_logger(__name__)


@router.api_route(CONFIRM_PATH, methods=SAFE)
def ask(request: Request, site: The, token: str) -> Response:
    """Show what one would agree to. Mail scanners come here too, and change nothing."""
    with site.database.read() as connection:
        person = person_of(site, connection, CONFIRM, token, CONFIRM_AGE)
    if person is None or person.state == "ended":
        return links.neutral(request, site)
    return _page(request, site, person, token)


@router.post(CONFIRM_PATH)
def give(request: Request, site: The, token: str, form: Form) -> Response:
    """Take the consent, once; pressing the button twice shows the same page."""
    with site.database.write() as connection:
        person = person_of(site, connection, CONFIRM, token, CONFIRM_AGE)
        if person is None or person.state == "ended":
            return links.neutral(request, site)
        if not site.forms.accepts(request, word(form, FORM_FIELD), f"confirm:{person.id}"):
            return _page(request, site, person, token, status=403)
        consent = _proof(site, request, connection, person)
        if person.state != "open":
            outbox.welcome(connection, person.id, now=site.clock.now())
        person = subscribers.confirm(connection, person.id, now=site.clock.now(), consent=consent)
    _LOG.info("web.confirmed", subscriber=person.id)
    language = person.choices.language
    due = printed.time(person.due, person.choices.timezone, pick_language(request, language)) if person.due else ""
    return site.pages.page(
        request,
        "confirmed",
        language=language,
        due=due,
        preferences_url=site.links.preferences(person.id),
        lines=summary.lines(site, person.choices, pick_language(request, language)),
    )


def _page(request: Request, site: Site, person: Subscriber, token: str, status: int = 200) -> Response:
    language = pick_language(request, person.choices.language)
    return site.pages.page(
        request,
        "confirm",
        status=status,
        language=language,
        target=CONFIRM_PATH.format(token=token),
        done=person.state == "open",
        lines=summary.lines(site, person.choices, language),
        token=site.forms.token(f"confirm:{person.id}"),
        refused=status != 200,
    )


def _proof(site: Site, request: Request, connection: Connection, person: Subscriber) -> dict[str, Any]:
    """Return the proof of consent: when, how, on which page, to which words, and a keyed hash of where from.

    The words themselves are kept once, as a fact, so that years later the hash in the proof still has its text.
    """
    now = site.clock.now()
    language = pick_language(request, person.choices.language)
    wording = phrase(language, "consent", service=site.settings.sender_name)
    version = hashlib.sha256(wording.encode()).hexdigest()[:12]
    if load_fact(connection, f"consent:{version}") is None:
        save_fact(connection, f"consent:{version}", {"language": language, "text": wording}, at=now)
    return {
        "at": now.isoformat(),
        "how": "web",
        "page": CONFIRM_PATH,
        "wording": version,
        "language": language,
        "ip": site.signer.fingerprint("ip", client_network(request)),
    }
