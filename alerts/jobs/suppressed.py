"""Whether mail to a reader's address is suppressed, in words for the operator."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from alerts.jobs.context import Context
from alerts.mail.address import fold_address
from alerts.settings import Settings
from alerts.signing import Signer
from alerts.store import subscribers, suppressions
from alerts.store.subscribers import Subscriber


def suppressed(settings: Settings, connection: Connection, readers: Sequence[Subscriber], *, by: datetime | None = None) -> dict[int, str]:
    """Return since when and why nothing may be mailed to those of some readers (at most some thousands) whose address is suppressed.

    `by`: only what was suppressed by that moment.
    """
    signer = Signer(settings.secret_key.get_secret_value())
    marks = {reader.id: suppressions.mark_of(signer, subscribers.key_of(reader)) for reader in readers}
    found = suppressions.found(connection, list(marks.values()))
    return {reader: _told(*found[mark]) for reader, mark in marks.items() if mark in found and (by is None or found[mark][1] <= by)}


def suppression_of(settings: Settings, connection: Connection, address: str) -> str:
    """Return since when and why nothing may be mailed to an address, whoever has it; empty if mail may go there."""
    mark = suppressions.mark_of(Signer(settings.secret_key.get_secret_value()), fold_address(address))
    found = suppressions.found(connection, [mark])
    return _told(*found[mark]) if mark in found else ""


def suppressed_because(context: Context, connection: Connection, reader: Subscriber, *, by: datetime | None = None) -> str:
    """Return since when and why nothing may be mailed to a reader's address; empty if mail may go there, or might at the moment `by`."""
    return suppressed(context.settings, connection, [reader], by=by).get(reader.id, "")


def _told(reason: str, at: datetime) -> str:
    return f"mail to this address is suppressed since {at:%Y-%m-%d} ({reason})"
