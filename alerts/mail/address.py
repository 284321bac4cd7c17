"""Mail addresses as people type them: put into the form that we send to, or refused with a sentence that helps."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from alerts.errors import AlertsError

Reason = Literal["empty", "too-long", "at", "dots", "domain", "characters"]

_SENTENCES: dict[Reason, str] = {
    "empty": "enter a mail address",
    "too-long": "this mail address is longer than mail servers accept (254 signs)",
    "at": "a mail address has one @ between a name and a domain, such as name@example.com",
    "dots": "the part before the @ must not begin or end with a dot, nor have two dots in a row; many mail servers refuse such addresses",
    "domain": "the part after the @ is not the name of a mail domain, such as example.com",
    "characters": "the part before the @ has a sign that mail servers refuse; use letters A to Z, digits and . _ + -",
}
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u00ad\ufeff]")
_MAXIMUM = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets


class AddressError(AlertsError):
    """An address that cannot be mailed. `reason` is a stable word for translations; the message never repeats what was typed."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(_SENTENCES[reason])


def parse_address(typed: str) -> str:
    """Return the address to send to: full-width signs narrowed, spaces around it gone, an IDN domain as ASCII. Raises AddressError.

    The case of the local part is kept, because it is its server's business (RFC 5321 §2.4). Nothing is looked up in the DNS.
    """
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - sending reads no addresses that are typed

    address = _INVISIBLE.sub("", unicodedata.normalize("NFKC", typed)).strip()
    if not address:
        raise AddressError("empty")
    if len(address) > _MAXIMUM:
        raise AddressError("too-long")
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain or "@" in local or any(char.isspace() for char in address):
        raise AddressError("at")
    if local.startswith(".") or local.endswith(".") or ".." in local:
        raise AddressError("dots")
    if not _LOCAL.fullmatch(local):
        raise AddressError("characters")
    try:
        checked = validate_email(
            f"name@{domain}", check_deliverability=False, allow_smtputf8=False, test_environment=True, globally_deliverable=False
        )
    except EmailNotValidError:
        raise AddressError("domain") from None
    if "." not in checked.ascii_domain:
        raise AddressError("domain")
    address = f"{local}@{checked.ascii_domain}"
    if len(address) > _MAXIMUM:
        raise AddressError("too-long")
    return address


def fold_address(address: str) -> str:
    """Return what tells people apart: addresses that differ only in case are one person. A +tag stays: to many it is another mailbox."""
    return unicodedata.normalize("NFKC", address).strip().casefold()


def mask_address(address: str) -> str:
    """Return an address as a page may show it: enough for its owner to know it, too little for whoever got the mail forwarded."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"
