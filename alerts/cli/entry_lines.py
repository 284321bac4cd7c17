"""Entries from a JSON Lines file, as `rules match` and `stories try` take them.

A line is an object with `id`, `title`, `summary`, `published` (ISO 8601), `source` (a publisher) and `lang`; `url` is optional, other keys
are ignored.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alerts.clock import parse_moment
from alerts.errors import AlertsError, UsageError
from alerts.feeds.catalog import Catalog
from alerts.feeds.entry import Entry

SUMMARY_LIMIT = 300


def read_entries(path: Path, catalog: Catalog) -> list[Entry]:
    """Read all entries of a file, in the order of its lines. Raises UsageError that names the line that cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from None
    return [_entry(line, catalog, f"{path}:{number}") for number, line in enumerate(text.split("\n"), 1) if line.strip()]


def _entry(line: str, catalog: Catalog, place: str) -> Entry:
    try:
        row: Any = json.loads(line)
    except json.JSONDecodeError as error:
        raise UsageError(f"{place}: not JSON: {error.msg}") from None
    except RecursionError:
        raise UsageError(f"{place}: nested too deeply to be read") from None
    if not isinstance(row, dict) or not row.get("id") or not isinstance(row.get("title"), str):
        raise UsageError(f"{place}: an entry is an object with at least id and title")
    try:
        published = parse_moment(str(row["published"])) if row.get("published") else datetime(1970, 1, 1, tzinfo=UTC)
    except AlertsError as error:
        raise UsageError(f"{place}: published: {error}") from None
    return Entry(
        id=str(row["id"]),
        source=catalog.source_for(str(row.get("source") or "")),
        url=str(row.get("url") or ""),
        title=row["title"],
        summary=str(row.get("summary") or "")[:SUMMARY_LIMIT],
        published=published,
        language=str(row.get("lang") or _language(row["title"])),
    )


def _language(text: str) -> str:
    """Guess from the script: kana and kanji are Japanese."""
    return "ja" if any("\u3040" <= sign <= "\u30ff" or "\u4e00" <= sign <= "\u9fff" for sign in text) else "en"
