"""`alerts init`: make a home from the shipped files."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

from alerts.errors import AlertsError
from alerts.resources import shipped
from alerts.schemas import FOLDER, editor_line, write_schemas
from alerts.settings import PREFIX, Home, Settings

_INTRODUCTION = """\
# Settings of this service. A line that starts with # shows a default; remove the # to change it.
# The environment overrides this file. Any setting may also be given as ALERTS_…_FILE, the path of a file that holds the value.
"""


def make_home(home: Home) -> Iterator[str]:
    """Make what is missing in a home and say each thing that was done. Never overwrites. Raises AlertsError."""
    try:
        yield from _make(home)
    except OSError as error:
        raise AlertsError(f"{home.path} cannot be made: {error.strerror or error} ({error.filename})") from error


def _make(home: Home) -> Iterator[str]:
    home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for source in sorted(path for path in shipped("config").rglob("*") if path.is_file()):
        yield _copy(source, home.config / source.relative_to(shipped("config")), home)
    folder = home.config / FOLDER
    verb = "written" if write_schemas(folder) else "kept   "
    yield f"{verb}  {folder.relative_to(home.path)} (editors complete and check the files beside it)"
    for directory in (home.templates, home.logs):
        directory.mkdir(exist_ok=True)
    if home.env_file.exists():
        yield f"kept     {home.env_file.name}"
        return
    _write(home.env_file, settings_file(secrets.token_urlsafe(32)).encode(), mode=0o600)  # last: it makes the directory a home
    yield f"written  {home.env_file.name} (with a new secret key)"


def _copy(source: Path, target: Path, home: Home) -> str:
    name = target.relative_to(home.path)
    if target.exists():
        return f"kept     {name}"
    target.parent.mkdir(parents=True, exist_ok=True)
    line = editor_line(target.relative_to(home.config))
    _write(target, line.encode() + source.read_bytes())
    return f"written  {name}"


def _write(target: Path, content: bytes, mode: int = 0o666) -> None:
    """Write a file whole or not at all: one that was cut short would be kept for ever after."""
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=mode)
    part.write_bytes(content)
    part.replace(target)


def settings_file(secret_key: str) -> str:
    """The text of a new `alerts.env`: every setting with what it is for; only the secret key is set."""
    lines = [_INTRODUCTION]
    for name, field in Settings.model_fields.items():
        lines.append(f"# {field.description}")
        if name == "secret_key":
            lines.append(f"{PREFIX}SECRET_KEY={secret_key}\n")
        else:
            lines.append(f"#{PREFIX}{name.upper()}={_shown(field.default)}\n")
    return "\n".join(lines)


def _shown(default: object) -> str:
    """A default as it would be written in the file."""
    if hasattr(default, "get_secret_value"):
        return ""
    text = ",".join(default) if isinstance(default, tuple) else str(default)
    return f"'{text}'" if " " in text else text
