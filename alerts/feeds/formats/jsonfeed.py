"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/), read leniently."""

from __future__ import annotations

import json
from typing import Any

from alerts.feeds.formats.raw import Document, Raw


def recognises(text: str) -> bool:
    """True if a document is a JSON object or list."""
    return text.lstrip()[:1] in {"{", "["}


def read(text: str, url: str) -> Document:
    """Read a document. Raises ValueError if it is not JSON or no feed."""
    try:
        data: Any = json.loads(text, strict=False)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    items = data.get("items") if isinstance(data, dict) else None
    if not isinstance(items, list):
        raise ValueError("the document has no list `items`")
    version = str(data.get("version") or "")
    entries = tuple(_entry(item) for item in items if isinstance(item, dict))
    dropped = len(items) - len(entries)
    return Document(
        format="json11" if version.endswith("1.1") else "json1",
        entries=entries,
        title=_text(data.get("title")),
        language=_text(data.get("language")),
        problems=(f"{dropped} items are no objects",) if dropped else (),
    )


def _entry(item: dict[str, Any]) -> Raw:
    return Raw(
        guid=_text(item.get("id")),
        link=_text(item.get("url")) or _text(item.get("external_url")),
        title=_text(item.get("title")),
        summary=_text(item.get("summary")) or _text(item.get("content_text")) or _text(item.get("content_html")),
        dates=tuple(text for name in ("date_published", "date_modified") if (text := _text(item.get(name)))),
        language=_text(item.get("language")),
    )


def _text(value: Any) -> str:
    """Return text; numbers, which some feeds use as ids, as text too."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
