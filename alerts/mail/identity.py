"""Message-IDs: derived from what a mail is, so that sending it again repeats the id, and a report that quotes one can be matched."""

from __future__ import annotations

from alerts.signing import Signer


def message_id(signer: Signer, domain: str, key: str, *, purpose: str = "message") -> str:
    """Return `<32 hexadecimal digits@domain>` for the key of a mail (edition and subscriber); nobody without the secret key can make it."""
    return f"<{signer.fingerprint(purpose, key)}@{domain}>"
