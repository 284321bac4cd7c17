"""Where returned mail lies: a Maildir, an IMAP mailbox, or a message that a mail server pipes in. Only what was understood is ever touched.

A message that is understood is marked as read and stays; nothing is deleted, because a mailbox may also be a person's.
"""

from __future__ import annotations

import contextlib
import imaplib
import ssl
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from alerts.errors import AlertsError, SettingsError

LARGEST = 5_000_000
"""Bytes of a message that are fetched; more than any report needs."""
TIMEOUT = 30.0
"""Seconds that one answer of an IMAP server may take."""


class MailboxError(AlertsError):
    """The mailbox cannot be opened or read. The message carries no password."""


class Mailbox(Protocol):
    """A place with messages. `unread` gives each with a key, `understood` marks one as read."""

    def unread(self, known: Collection[str] = ()) -> Iterator[tuple[str, bytes]]:
        """Yield the messages that nobody has read, but for those of `known` keys."""

    def understood(self, key: str) -> None:
        """Mark a message as read."""

    def close(self) -> None:
        """Let go of what is held open."""


class Maildir:
    """A Maildir (https://cr.yp.to/proto/maildir.html): a message that is understood goes from new/ to cur/, marked as seen.

    What somebody's mail program has only looked over lies in cur/ without that mark, and counts as unread.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        if not (path / "new").is_dir():
            raise MailboxError(f"{path} is not a Maildir: it has no folder new/")

    def unread(self, known: Collection[str] = ()) -> Iterator[tuple[str, bytes]]:
        """Yield what nobody has read, in the order of the names. Raises MailboxError."""
        try:
            (self._path / "cur").mkdir(exist_ok=True)
            for file in [*sorted((self._path / "new").iterdir()), *sorted((self._path / "cur").iterdir())]:
                seen = file.parent.name == "cur" and "S" in file.name.partition(":2,")[2]
                if not (seen or file.name.startswith(".") or f"{file.parent.name}/{file.name}" in known):
                    with contextlib.suppress(FileNotFoundError), file.open("rb") as message:  # somebody else may read the same Maildir
                        yield f"{file.parent.name}/{file.name}", message.read(LARGEST)
        except OSError as error:
            raise MailboxError(f"{self._path} cannot be read: {error.strerror}") from error

    def understood(self, key: str) -> None:
        """Move a message to cur/ with the flag S. Raises MailboxError."""
        try:
            name, _, flags = key.partition("/")[2].partition(":2,")
            (self._path / key).rename(self._path / "cur" / f"{name.partition(':')[0]}:2,{''.join(sorted({*flags, 'S'}))}")
        except FileNotFoundError:
            return
        except OSError as error:
            raise MailboxError(f"{self._path} cannot be written: {error.strerror}") from error

    def close(self) -> None:
        """Nothing is held open."""


class Imap:
    """A mailbox on an IMAP server (RFC 9051), over TLS unless the URL is imap://; messages are peeked at, so that reading marks nothing."""

    def __init__(self, parts: SplitResult) -> None:
        self._folder = unquote(parts.path.strip("/")) or "INBOX"
        self._host = parts.hostname or ""
        try:
            if parts.scheme == "imaps":
                context = ssl.create_default_context()
                self._server: imaplib.IMAP4 = imaplib.IMAP4_SSL(self._host, parts.port or 993, ssl_context=context, timeout=TIMEOUT)
            else:
                self._server = imaplib.IMAP4(self._host, parts.port or 143, timeout=TIMEOUT)
            self._server.login(unquote(parts.username or ""), unquote(parts.password or ""))
            answer, data = self._server.select(f'"{self._folder}"')
        except (imaplib.IMAP4.error, OSError) as error:
            raise MailboxError(f"the mailbox at {self._host} cannot be opened: {_plain(error)}") from error
        if answer != "OK":
            raise MailboxError(f"the mailbox at {self._host} has no folder {self._folder}: {_plain(data[0])}")

    def unread(self, known: Collection[str] = ()) -> Iterator[tuple[str, bytes]]:
        """Yield what is not marked as seen, the oldest first; a key is `UIDVALIDITY/UID` (RFC 9051 §2.3.1.1). Raises MailboxError."""
        try:
            _, validity = self._server.response("UIDVALIDITY")
            _, found = self._server.uid("SEARCH", "UNSEEN")
            for uid in (found[0] or b"").split():
                key = f"{(validity[0] or b'').decode()}/{uid.decode()}"
                if key in known:
                    continue
                _, answer = self._server.uid("FETCH", uid.decode(), f"(BODY.PEEK[]<0.{LARGEST}>)")
                message = next((part[1] for part in answer if isinstance(part, tuple)), None)
                if message is not None:
                    yield key, message
        except (imaplib.IMAP4.error, OSError) as error:
            raise MailboxError(f"the mailbox at {self._host} cannot be read: {_plain(error)}") from error

    def understood(self, key: str) -> None:
        """Mark a message as seen. Raises MailboxError."""
        try:
            self._server.uid("STORE", key.rpartition("/")[2], "+FLAGS.SILENT", r"(\Seen)")
        except (imaplib.IMAP4.error, OSError) as error:
            raise MailboxError(f"the mailbox at {self._host} cannot be written: {_plain(error)}") from error

    def close(self) -> None:
        """Log out."""
        with contextlib.suppress(imaplib.IMAP4.error, OSError):
            self._server.logout()


class Pipe:
    """One message that a mail server hands over on standard input."""

    def __init__(self, message: bytes) -> None:
        self._message = message

    def unread(self, known: Collection[str] = ()) -> Iterator[tuple[str, bytes]]:
        """Yield the message, if there is one."""
        if self._message.strip():
            yield "stdin", self._message

    def understood(self, key: str) -> None:
        """Nothing to mark."""

    def close(self) -> None:
        """Nothing is held open."""


def check_mailbox_url(url: str) -> None:
    """Raise SettingsError, which names no password, unless this is a mailbox that can be opened."""
    parts = urlsplit(url)
    if parts.scheme == "maildir" and (parts.netloc or parts.path):
        return
    if parts.scheme not in {"imaps", "imap"} or not parts.hostname:
        raise SettingsError("a mailbox is maildir:PATH, imaps://user:password@host/FOLDER or, on this machine only, imap://…")
    if parts.scheme == "imap" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise SettingsError("imap:// sends the password in the clear: use imaps://")


def open_mailbox(url: str) -> Mailbox:
    """Open `maildir:PATH` or `imaps://user:password@host/FOLDER`. Raises SettingsError, MailboxError."""
    check_mailbox_url(url)
    parts = urlsplit(url)
    if parts.scheme == "maildir":
        return Maildir(Path(url.partition(":")[2]).expanduser())
    return Imap(parts)


def _plain(error: object) -> str:
    """The words of a server or of the system in one line."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = error.decode("utf-8", "replace") if isinstance(error, bytes) else str(error)
    return " ".join(text.removeprefix("b'").removesuffix("'").split())[:200]
