"""Find the files that ship beside the code: templates/ and config/."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped(*parts: str) -> Path:
    """Return a shipped file or folder: inside the wheel when installed, at the top level of a checkout."""
    data = _PACKAGE / "_data"
    return (data if data.is_dir() else _PACKAGE.parent).joinpath(*parts)
