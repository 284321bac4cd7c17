"""Who comes with a signed link."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from alerts.signing import TokenError
from alerts.store import subscribers
from alerts.store.subscribers import Subscriber
from alerts.web.site import Site


def person_of(site: Site, connection: Connection, purpose: str, token: str, max_age: timedelta | None = None) -> Subscriber | None:
    """Return the subscriber that a token of this purpose names; None if it is forged, too old, or names nobody."""
    try:
        return subscribers.by_id(connection, int(site.signer.read(purpose, token, max_age)))
    except (TokenError, ValueError, LookupError):
        return None
