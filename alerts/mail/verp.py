"""Envelope senders that say which mail bounced (variable envelope return paths): made by the sender, read by the bounce reader.

`alerts@example.jp` becomes `alerts+17-9f0c…@example.jp`: the row of the outbox and a signature of 80 bits, so that nobody can have somebody
else's address suppressed by a made-up bounce. The address has to reach us with what follows the `+` (RFC 5233), in whatever case.
"""

from __future__ import annotations

from alerts.mail.links import BOUNCE
from alerts.signing import Signer, TokenError

SEPARATOR = "+"
_LONGEST_LOCAL_PART = 64  # RFC 5321 §4.5.3.1.1


class ReturnPaths:
    """Envelope senders of one service. `address` is where bounces go, with an ASCII domain."""

    def __init__(self, address: str, signer: Signer) -> None:
        self._address = address
        self._local, _, self._domain = address.rpartition("@")
        self._signer = signer

    def make(self, row: int) -> str:
        """Return the envelope sender of a row of the outbox; the plain address where that would be longer than mail servers take."""
        local = f"{self._local}{SEPARATOR}{self._signer.make_local(BOUNCE, str(row))}"
        return f"{local}@{self._domain}" if len(local) <= _LONGEST_LOCAL_PART else self._address

    def read(self, address: str) -> int:
        """Return the row of the outbox that an address of ours was made for. Raises TokenError if it was not made by us."""
        local, _, domain = address.strip().strip("<>").rpartition("@")
        ours, separator, token = local.rpartition(SEPARATOR)
        if not separator or (ours.lower(), domain.lower()) != (self._local.lower(), self._domain.lower()):
            raise TokenError("this address was not made by us")
        value = self._signer.read_local(BOUNCE, token)
        if not value.isdecimal():
            raise TokenError("this address was not made by us")
        return int(value)
