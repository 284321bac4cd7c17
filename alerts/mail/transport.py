"""The way out: a mail URL becomes a transport. To add one, write a module with the three methods and a line in TRANSPORTS."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from alerts.errors import SettingsError
from alerts.mail.maildir import MaildirTransport
from alerts.mail.message import Email
from alerts.mail.smtp import Server, SmtpTransport

SETTING = "ALERTS_MAIL_URL"


class Transport(Protocol):
    """Takes emails away. `send` may be called from several tasks at once."""

    async def open(self) -> None:
        """Get ready. Raises SenderError or UnreachableError."""
        ...

    async def send(self, email: Email, following: Email | None = None) -> None:
        """Hand over one email; when this returns, the other side has taken responsibility. Raises DeliveryError and its kinds.

        `following` is the email that the same task will send next, for transports that can make use of knowing it.
        """
        ...

    async def close(self) -> None:
        """Let go of everything."""
        ...


@dataclass(frozen=True, slots=True)
class MailUrl:
    """A mail URL in parts; `rest` is what follows the scheme and colon."""

    scheme: str
    rest: str
    options: Mapping[str, str]


def make_transport(url: str, *, connections: int = 8) -> Transport:
    """Make the transport that a mail URL names. Raises SettingsError saying what is wrong and what is allowed, never repeating the URL."""
    scheme, colon, rest = url.partition(":")
    if not colon or scheme not in TRANSPORTS:
        raise SettingsError(f"{SETTING}: unknown kind of mail URL; it starts with one of {', '.join(f'{name}:' for name in TRANSPORTS)}")
    make, allowed = TRANSPORTS[scheme]
    rest, _, query = rest.partition("?") if allowed else (rest, "", "")
    options = dict(parse_qsl(query, keep_blank_values=True))
    for name in options:
        if name not in allowed:
            raise SettingsError(f"{SETTING}: unknown option {name!r}; {scheme}: knows {', '.join(allowed)}")
    return make(MailUrl(scheme, rest, options), connections)


def host_of(url: str) -> str:
    """Return the host that a mail URL names; empty for a Maildir or where there is none."""
    scheme, _, rest = url.partition(":")
    try:
        return (urlsplit(f"{scheme}:{rest}").hostname or "") if scheme in {"smtp", "smtps"} else ""
    except ValueError:
        return ""


def _maildir(url: MailUrl, _connections: int) -> Transport:
    if not url.rest.removeprefix("//"):
        raise SettingsError(f"{SETTING}: maildir: needs a path, such as maildir:/var/mail/alerts")
    return MaildirTransport(Path(url.rest.removeprefix("//")))


def _smtp(url: MailUrl, connections: int) -> Transport:
    wanted = f"{url.scheme}://user:password@host:port"
    try:
        parts = urlsplit(f"{url.scheme}:{url.rest}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
        parts = urlsplit("")
    if not host or parts.path not in {"", "/"} or parts.fragment:
        advice = "characters such as / # ? @ : in a password are written as %2F %23 %3F %40 %3A"
        raise SettingsError(f"{SETTING}: the port or host cannot be read; write {wanted}; {advice}")
    if parts.password is not None and not parts.username:
        raise SettingsError(f"{SETTING}: there is a password but no user")
    starttls = _choice(url, "starttls", ("required", "off"))
    tls = "implicit" if url.scheme == "smtps" else starttls
    server = Server(
        host=host,
        port=port or {"implicit": 465, "required": 587, "off": 25}[tls],
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password or ""),
        tls=tls,
        context=_context(url) if tls != "off" else None,
        pipelining=_choice(url, "pipelining", ("auto", "off")) == "auto",
        timeout=_seconds(url),
        hello=url.options.get("hello"),
    )
    return SmtpTransport(server, connections)


def _choice(url: MailUrl, name: str, allowed: tuple[str, ...]) -> str:
    value = url.options.get(name, allowed[0])
    if value not in allowed:
        raise SettingsError(f"{SETTING}: option {name} is one of {', '.join(allowed)}")
    return value


def _seconds(url: MailUrl) -> float:
    try:
        seconds = float(url.options.get("timeout", "60"))
    except ValueError:
        seconds = 0
    if not 0 < seconds <= 3600:
        raise SettingsError(f"{SETTING}: option timeout is a number of seconds up to 3600")
    return seconds


def _context(url: MailUrl) -> ssl.SSLContext:
    """Trust what the machine trusts, or only the authority in the file of option `ca`."""
    try:
        return ssl.create_default_context(cafile=url.options.get("ca"))
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"{SETTING}: option ca must name a readable file of certificates in PEM form") from error


TRANSPORTS: Mapping[str, tuple[Callable[[MailUrl, int], Transport], tuple[str, ...]]] = {
    "smtp": (_smtp, ("starttls", "ca", "pipelining", "timeout", "hello")),
    "smtps": (_smtp, ("ca", "pipelining", "timeout", "hello")),
    "maildir": (_maildir, ()),
}
"""By URL scheme: the maker, and the options it knows."""
