"""What a message in the bounce mailbox says, in our words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["hard", "soft", "policy", "complaint", "delayed", "delivered", "auto-reply"]
"""hard: the address is dead. soft: not now, for a reason of the mailbox. policy: the receiver minds *us* (blocklist, DMARC, content).
complaint: the reader pressed "spam". delayed: still being tried by the relay. delivered: a success notice. auto-reply: nobody's failure."""


@dataclass(frozen=True, slots=True)
class Report:
    """One message, understood. All that could tell which mail it is about is kept, the surest first when it is looked up.

    `status` is the enhanced status code (RFC 3463) or empty, `said` the words of the receiver without any address. `returned_to` are the
    addresses that the report was sent to (one of them is our VERP envelope sender), `message_ids` those of the mail it quotes,
    `recipients` the addresses it names as failed, folded to lower case. These three are personal data: they are never logged or stored.
    """

    kind: Kind
    status: str
    said: str
    returned_to: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
