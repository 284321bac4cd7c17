"""How many mails strangers may cause: forms that anybody can fill in must not flood anybody."""

from __future__ import annotations

from fastapi import Request

from alerts.mail.address import fold_address
from alerts.web.security import client_network
from alerts.web.site import Site


def may_mail(site: Site, request: Request, address: str) -> bool:
    """Count a mail to an address against the quotas of its sender's network, of the address, of its domain and of all.

    Who is subscribed makes no difference, so that a refusal tells nothing.
    """
    key = fold_address(address)
    takes = (
        ("mail-ip", client_network(request)),
        ("mail-address", site.signer.fingerprint("quota", key)),
        ("mail-domain", key.rpartition("@")[2]),
        ("mail-all", ""),
    )
    return all(site.quotas.take(name, of) for name, of in takes)
