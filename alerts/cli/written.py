"""Files that a command writes where its user said."""

from __future__ import annotations

from pathlib import Path

from alerts.errors import AlertsError


def write_file(path: Path, content: str | bytes) -> None:
    """Write text (as UTF-8) or bytes, replacing what was there. Raises AlertsError where it cannot be written."""
    try:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise AlertsError(f"{path} cannot be written: {error.strerror or error}") from error
