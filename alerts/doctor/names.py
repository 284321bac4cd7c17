"""What the DNS says of the sender: MX (RFC 5321 §5), SPF (RFC 7208), DKIM keys (RFC 6376 §3.6), DMARC (RFC 7489), the relay's PTR."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

import dns.exception
import dns.resolver
import dns.reversename

from alerts.doctor.finding import Finding, fine, problem, skipped, warning
from alerts.mail.dkim import DkimKey

SECONDS = 5.0
"""How long one question may take in all."""
_SPF_LOOKUPS = 10  # RFC 7208 §4.6.4
_NO_DOMAIN = ("localhost", "localdomain", "invalid", "example", "test")


class NoAnswerError(Exception):
    """There is no DNS to ask: no network, or no server answers."""


class Names:
    """Asks the DNS. `nameserver` is `ADDRESS` or `ADDRESS:PORT`; by default the machine's own."""

    def __init__(self, nameserver: str = "") -> None:
        self._resolver = dns.resolver.Resolver(configure=not nameserver)
        if nameserver:
            host, _, port = nameserver.partition(":")
            self._resolver.nameservers = [host]
            self._resolver.port = int(port or 53)
        self._resolver.lifetime = SECONDS

    def ask(self, name: str, kind: str) -> list[str]:
        """Return the records of a kind as text; none if the name or the records are not there. Raises NoAnswerError."""
        try:
            answer = self._resolver.resolve(name, kind)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as error:
            raise NoAnswerError(str(error)) from error
        if kind == "TXT":
            return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
        return [record.to_text() for record in answer]

    def pointer(self, address: str) -> list[str]:
        """Return the names that an IP address has. Raises NoAnswerError."""
        return [name.rstrip(".") for name in self.ask(str(dns.reversename.from_address(address)), "PTR")]


def examine_names(names: Names, domain: str, return_domain: str, keys: tuple[DkimKey, ...], relay: str) -> Iterator[Finding]:
    """Look at everything that mail servers ask about us. `relay` is the host of the mail URL, empty if mail goes into a Maildir."""
    if domain.rpartition(".")[2] in _NO_DOMAIN or "." not in domain:
        yield problem(
            "sender's domain", f"{domain} is no domain of the internet", "set ALERTS_SENDER_ADDRESS to an address of a domain of yours"
        )
        return
    try:
        yield from _mx(names, return_domain)
        yield from _spf(names, return_domain)
        yield from _dmarc(names, domain)
        yield from _dkim(names, keys)
        if relay:
            yield from _pointer(names, relay)
    except NoAnswerError as error:
        yield skipped("DNS", f"no name server answers ({error})", "run this where there is a network, or name one with --nameserver")


def _mx(names: Names, domain: str) -> Iterator[Finding]:
    records = names.ask(domain, "MX")
    if any(record.split()[-1] == "." for record in records):
        yield problem(
            "MX", f"{domain} says that it takes no mail (null MX)", "bounces cannot come back, and receivers refuse such a sender"
        )
    elif records or names.ask(domain, "A") or names.ask(domain, "AAAA"):
        yield fine("MX", f"mail to {domain} can be delivered, so bounces come back")
    else:
        advice = "publish an MX record, or set ALERTS_BOUNCE_ADDRESS to an address that can be mailed"
        yield problem("MX", f"{domain} has neither MX nor address records: many servers refuse such a sender", advice)


def _spf(names: Names, domain: str) -> Iterator[Finding]:
    found = [record for record in names.ask(domain, "TXT") if record.lower().split(" ")[0] == "v=spf1"]
    if not found:
        yield problem("SPF", f"{domain} publishes no SPF record", f'publish a TXT record at {domain}: "v=spf1 include:YOUR-RELAY -all"')
    elif len(found) > 1:
        yield problem("SPF", f"{domain} publishes {len(found)} SPF records, so all are void", "leave one, with all mechanisms in it")
    elif re.search(r"(^| )\+?all( |$)", found[0]):
        yield problem("SPF", f"{domain} lets everybody send in its name", 'end the record with "-all" or "~all"')
    elif len(re.findall(r"(?:^| )[?~+-]?(?:include:|a\b|mx\b|ptr\b|exists:)|redirect=", found[0])) > _SPF_LOOKUPS:
        yield problem("SPF", f"the record of {domain} needs more than {_SPF_LOOKUPS} look-ups, so it is void", "use fewer includes")
    else:
        yield fine("SPF", f"{domain} says who may send: {found[0]}")


def _dmarc(names: Names, domain: str) -> Iterator[Finding]:
    places = [f"_dmarc.{domain}"]
    if domain.count(".") > 1:
        places.append(f"_dmarc.{'.'.join(domain.split('.')[-2:])}")
    for place in places:
        record = next((each for each in names.ask(place, "TXT") if each.lower().startswith("v=dmarc1")), "")
        if record:
            policy = re.search(r"\bp=(\w+)", record)
            yield fine("DMARC", f"{place} has the policy {policy[1] if policy else 'none'}")
            return
    advice = f'publish a TXT record at {places[0]}: "v=DMARC1; p=none; rua=mailto:YOU@{domain}", and tighten it later'
    yield problem("DMARC", f"{domain} publishes no policy; large providers refuse bulk mail without one", advice)


def _dkim(names: Names, keys: tuple[DkimKey, ...]) -> Iterator[Finding]:
    if not keys:
        yield warning("DKIM", "we do not sign; your relay has to", "see that it signs for your domain, or set ALERTS_DKIM_KEYS")
        return
    for key in keys:
        published = ["".join(record.split()) for record in names.ask(key.dns_name, "TXT")]
        wanted = "".join(key.dns_record.split())
        if not any(_key_in(record) == _key_in(wanted) for record in published):
            state = "another key" if published else "nothing"
            yield problem("DKIM", f"{key.dns_name} publishes {state}", f'publish a TXT record there: "{key.dns_record}"')
        else:
            yield fine("DKIM", f"{key.dns_name} publishes our key ({key.algorithm})")


def _key_in(record: str) -> str:
    found = re.search(r"(?:^|;)p=([^;]*)", record)
    return found[1] if found else ""


def _pointer(names: Names, relay: str) -> Iterator[Finding]:
    try:
        addresses = [str(ipaddress.ip_address(relay))]
    except ValueError:
        addresses = names.ask(relay, "A") or names.ask(relay, "AAAA")
    public = [each for each in addresses if ipaddress.ip_address(each).is_global]
    if not public:
        yield skipped(
            "PTR", f"{relay} has no public address; receivers see that of the machine it sends from", "check that one's PTR record"
        )
        return
    for address in public[:1]:
        pointers = names.pointer(address)
        confirmed = [name for name in pointers if address in (*names.ask(name, "A"), *names.ask(name, "AAAA"))]
        if confirmed:
            yield fine("PTR", f"{address} is called {confirmed[0]}, and that name leads back to it")
        else:
            advice = "ask whoever gave you the address for a PTR record whose name leads back to it; Gmail refuses mail without"
            yield problem("PTR", f"{address} has no name that leads back to it", advice)
