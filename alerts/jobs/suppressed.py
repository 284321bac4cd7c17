"""Whether mail to a reader's address is suppressed, in words for the operator."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from alerts.jobs.context import Context
from alerts.mail.address import fold_address
from alerts.settings import Settings
from alerts.signing import Signer
from alerts.store import subscribers, suppressions
from alerts.store.subscribers import Subscriber


def suppressed(settings: Settings, connection: Connection, readers: Sequence[Subscriber]) -> dict[int, str]:
    """Return since when and why nothing may be mailed to those of some readers (at most some thousands) whose address is suppressed."""
    signer = Signer(settings.secret_key.get_secret_value())
    marks = {reader.id: suppressions.mark_of(signer, subscribers.key_of(reader)) for reader in readers}
    found = suppressions.found(connection, list(marks.values()))
    told = {mark: f"mail to this address is suppressed since {at:%Y-%m-%d} ({reason})" for mark, (reason, at) in found.items()}
    return {reader: told[mark] for reader, mark in marks.items() if mark in told}


def is_suppressed(settings: Settings, connection: Connection, address: str) -> bool:
    """True if nothing may be mailed to an address, whoever has it."""
    mark = suppressions.mark_of(Signer(settings.secret_key.get_secret_value()), fold_address(address))
    return bool(suppressions.found(connection, [mark]))


def suppressed_because(context: Context, connection: Connection, reader: Subscriber) -> str:
    """Return since when and why nothing may be mailed to a reader's address; empty if mail may go there."""
    return suppressed(context.settings, connection, [reader]).get(reader.id, "")
