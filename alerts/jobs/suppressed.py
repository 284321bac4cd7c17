"""Whether mail to a reader's address is suppressed, in words for the operator."""

from __future__ import annotations

from sqlalchemy import Connection

from alerts.jobs.context import Context
from alerts.signing import Signer
from alerts.store import subscribers, suppressions
from alerts.store.subscribers import Subscriber


def suppressed_because(context: Context, connection: Connection, reader: Subscriber) -> str:
    """Return since when and why nothing may be mailed to a reader's address; empty if mail may go there."""
    signer = Signer(context.settings.secret_key.get_secret_value(), context.clock)
    mark = suppressions.mark_of(signer, subscribers.key_of(reader))
    for reason, at in suppressions.found(connection, [mark]).values():
        return f"mail to this address is suppressed since {at:%Y-%m-%d} ({reason})"
    return ""
