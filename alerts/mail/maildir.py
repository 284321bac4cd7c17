"""Mail into a directory: the embedded default, so that a first run needs no mail server.

A real Maildir (https://cr.yp.to/proto/maildir.html): written and synced in tmp/, then linked into new/, so that a reader never sees half a
message. The name comes from the email's key: sending the same email again leaves one file, read or unread.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
from pathlib import Path

from alerts.errors import SenderError
from alerts.mail.message import Email


class MaildirTransport:
    """Writes one file per email, with the envelope on top as `Return-Path` and `Delivered-To`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: frozenset[str] = frozenset()

    async def open(self) -> None:
        """Make the three directories. Raises SenderError if that cannot be."""
        await asyncio.to_thread(self._open)

    async def send(self, email: Email, following: Email | None = None) -> None:
        """Deliver one email, unless it is there. Raises SenderError where the directory is full or cannot be written."""
        await asyncio.to_thread(self._send, email)

    async def close(self) -> None:
        """Nothing is held open."""

    def _open(self) -> None:
        try:
            for name in ("tmp", "new", "cur"):
                (self._path / name).mkdir(mode=0o700, parents=True, exist_ok=True)
            self._read = frozenset(name.partition(":")[0] for name in os.listdir(self._path / "cur"))  # noqa: PTH208  (names only: a mailbox may be large)
        except OSError as error:
            raise self._trouble(error) from error

    def _send(self, email: Email) -> None:
        name = f"{hashlib.sha256(email.key.encode()).hexdigest()[:32]}.alerts"
        if name in self._read:
            return
        draft, final = self._path / "tmp" / f"{name}.{os.getpid()}", self._path / "new" / name
        try:
            try:
                with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                    file.write(f"Return-Path: <{email.sender}>\nDelivered-To: {email.recipient}\n".encode())
                    file.write(email.message.replace(b"\r\n", b"\n"))
                    file.flush()
                    os.fsync(file.fileno())
                try:
                    final.hardlink_to(draft)
                except FileExistsError:
                    return
            finally:
                draft.unlink(missing_ok=True)
        except OSError as error:
            raise self._trouble(error) from error

    def _trouble(self, error: OSError) -> SenderError:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        return SenderError(f"the outbox directory {self._path} {'is full' if full else f'cannot be written: {error.strerror}'}")
