"""The last documents of each feed as they came, compressed, to see later what a feed really said. Files, because nothing ever joins them.

`FOLDER/FEED/20260302T030000Z-read.gz`, or `-failed.gz` for what could not be read; `alerts feeds try FILE` reads either again.
"""

from __future__ import annotations

import contextlib
import gzip
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

DAYS = 14
"""Older ones are deleted: they are for finding mistakes and no archive; the texts are the publishers'."""
_FORM = "%Y%m%dT%H%M%SZ"


class Bodies:
    """Keeps the last `most` documents of each feed that were read, and as many that could not be; 0 keeps none."""

    def __init__(self, folder: Path, most: int) -> None:
        self._folder = folder
        self._most = most

    def keep(self, feed: str, body: bytes, *, read: bool, now: datetime) -> None:
        """Keep one document and let go of the oldest. A disk that is full costs the document and nothing else."""
        if not self._most or not body:
            return
        kind = "read" if read else "failed"
        place = self._folder / feed
        with contextlib.suppress(OSError):
            place.mkdir(parents=True, exist_ok=True)
            name = place / f"{now.astimezone(UTC):{_FORM}}-{kind}.gz"
            half = name.with_suffix(f".{os.getpid()}.part")
            try:
                half.write_bytes(gzip.compress(body, compresslevel=1, mtime=0))
                half.replace(name)
            finally:
                half.unlink(missing_ok=True)
            for old in sorted(place.glob(f"*-{kind}.gz"))[: -self._most]:
                old.unlink(missing_ok=True)

    def prune(self, now: datetime) -> int:
        """Delete what is older than DAYS; return how many documents that were."""
        oldest = f"{(now - timedelta(days=DAYS)).astimezone(UTC):{_FORM}}"
        gone = 0
        with contextlib.suppress(OSError):
            for place in self._folder.iterdir() if self._folder.is_dir() else ():
                for file in place.glob("*.gz"):
                    if file.name < oldest:
                        file.unlink(missing_ok=True)
                        gone += 1
                if not any(place.iterdir()):
                    place.rmdir()
        return gone
