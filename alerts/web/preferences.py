"""Preferences by signed link: all choices, a pause, the way out. The address is shown masked, because mails get forwarded."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import Response

from alerts.digests import printed
from alerts.digests.edition import local_zone
from alerts.mail.address import mask_address
from alerts.mail.links import PREFERENCES, PREFERENCES_AGE, PREFERENCES_PATH
from alerts.store import subscribers
from alerts.store.subscribers import Subscriber
from alerts.web import choices_form, entered, links
from alerts.web.bearer import person_of
from alerts.web.entered import Entered, FieldError
from alerts.web.last_mails import last_mails
from alerts.web.pages import pick_language
from alerts.web.security import FORM_FIELD
from alerts.web.site import SAFE, Form, Site, The, word

router = APIRouter()
PAUSE_PATH = f"{PREFERENCES_PATH}/pause"
LONGEST_PAUSE = timedelta(days=366)
_LOG = structlog.get_logger(__name__)


@router.api_route(PREFERENCES_PATH, methods=SAFE)
@router.api_route(PAUSE_PATH, methods=SAFE)
def show(request: Request, site: The, token: str) -> Response:
    """Show the choices of whoever holds the link, also to whoever reloads the page after a pause."""
    with site.database.read() as connection:
        person = person_of(site, connection, PREFERENCES, token, PREFERENCES_AGE)
    if person is None or person.state != "open":
        return links.neutral(request, site)
    return _page(request, site, person, token)


@router.post(PREFERENCES_PATH)
def save(request: Request, site: The, token: str, form: Form) -> Response:
    """Keep changed choices."""
    wording = site.rules().wording
    filled = entered.of_form(form, wording)
    choices, errors = entered.read(filled, wording, host=site.settings.host_country)
    with site.database.write() as connection:
        person = person_of(site, connection, PREFERENCES, token, PREFERENCES_AGE)
        if person is None or person.state != "open":
            return links.neutral(request, site)
        if not site.forms.accepts(request, word(form, FORM_FIELD), _bound(person)):
            return _page(request, site, person, token, filled=filled, errors=(FieldError("send", "error.form"),), status=403)
        if errors:
            return _page(request, site, person, token, filled=filled, errors=errors, status=422)
        person = subscribers.change(connection, person.id, choices, now=site.clock.now())
    _LOG.info("web.changed", subscriber=person.id)
    return _page(request, site, person, token, done="preferences.saved")


@router.post(PAUSE_PATH)
def pause(request: Request, site: The, token: str, form: Form) -> Response:
    """Pause until a date of the subscriber's calendar, or end a pause (`action=resume`)."""
    now = site.clock.now()
    with site.database.write() as connection:
        person = person_of(site, connection, PREFERENCES, token, PREFERENCES_AGE)
        if person is None or person.state != "open":
            return links.neutral(request, site)
        if not site.forms.accepts(request, word(form, FORM_FIELD), _bound(person)):
            return _page(request, site, person, token, errors=(FieldError("until", "error.form"),), status=403)
        until = None
        if word(form, "action") != "resume":
            until = _midnight(word(form, "until"), person, now)
            if until is None:
                wrong = (FieldError("until", "error.until"),)
                return _page(request, site, person, token, errors=wrong, until=word(form, "until"), status=422)
        person = subscribers.pause(connection, person.id, until, now=now)
    _LOG.info("web.paused" if until else "web.resumed", subscriber=person.id)
    return _page(request, site, person, token, done="preferences.paused" if until else "preferences.resumed")


def _bound(person: Subscriber) -> str:
    return f"preferences:{person.id}"


def _midnight(text: str, person: Subscriber, now: datetime) -> datetime | None:
    """Return the first moment of a date in the subscriber's zone, if it lies ahead and within a year; None otherwise."""
    try:
        day = date.fromisoformat(text.strip().replace("/", "-"))
        until = datetime.combine(day, time(), local_zone(person.choices.timezone))
        return until if now < until <= now + LONGEST_PAUSE else None
    except (ValueError, OverflowError):
        return None


def _page(
    request: Request,
    site: Site,
    person: Subscriber,
    token: str,
    *,
    filled: Entered | None = None,
    errors: tuple[FieldError, ...] = (),
    until: str = "",
    done: str = "",
    status: int = 200,
) -> Response:
    language = pick_language(request, person.choices.language)
    now = site.clock.now()
    today = now.astimezone(local_zone(person.choices.timezone)).date()
    with site.database.read() as connection:
        mails = last_mails(connection, person, language, now=now)
    paused = person.paused_until if person.paused_until and person.paused_until > now else None
    return site.pages.page(
        request,
        "preferences",
        status=status,
        language=language,
        path=PREFERENCES_PATH.format(token=token),
        save_path=PREFERENCES_PATH.format(token=token),
        pause_path=PAUSE_PATH.format(token=token),
        token=site.forms.token(_bound(person)),
        errors=errors,
        done=done,
        address=mask_address(person.address),
        paused=printed.day(paused.astimezone(local_zone(person.choices.timezone)).date(), language) if paused else "",
        due=printed.time(person.due, person.choices.timezone, language) if person.due else "",
        until=until,
        mails=mails,
        first_day=(today + timedelta(days=1)).isoformat(),
        last_day=(today + timedelta(days=365)).isoformat(),
        unsubscribe_url=site.links.unsubscribe(person.id),
        **choices_form.values(site, filled or entered.of_choices(person.choices), language),
    )
