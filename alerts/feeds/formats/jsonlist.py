"""Documents of an API that are no feed: the entries and their fields are named by paths of keys.

A path is keys with dots (`data.results`); `*` stands for every member of a list or mapping. A field may be a template with paths in
braces: `https://site.example/{code}`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

from alerts.errors import FeedError
from alerts.feeds.formats.raw import Document, Raw, Selection

_SLOT = re.compile(r"\{([^{}]+)\}")


def read(text: str, url: str, selection: Selection) -> Document:
    """Read a document. Raises FeedError with reason `not-a-feed` if it is no JSON, or `layout` if nothing stands at the path."""
    try:
        data: Any = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise FeedError("not-a-feed", f"this is no JSON: {str(error)[:120]}") from None
    items = [member for found in walk(data, selection.item) for member in (found if isinstance(found, list) else [found])]
    entries = tuple(raw for item in items if isinstance(item, dict) if (raw := _entry(item, url, selection)).title)
    if not entries:
        raise FeedError("layout", f"nothing with a title stands at {selection.item!r}; has the interface changed?")
    matching = re.compile(selection.matching)
    return Document("json-list", tuple(raw for raw in entries if matching.search(raw.link)))


def walk(data: Any, path: str) -> Iterator[Any]:
    """Give every value at a path."""
    if not path:
        yield data
        return
    key, _, rest = path.partition(".")
    if key == "*":
        members = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
        for member in members:
            yield from walk(member, rest)
    elif isinstance(data, dict) and key in data:
        yield from walk(data[key], rest)
    elif isinstance(data, list) and key.isdigit() and int(key) < len(data):
        yield from walk(data[int(key)], rest)


def _entry(item: dict[str, Any], url: str, selection: Selection) -> Raw:
    date = _field(item, selection.date)
    link = _field(item, selection.link)
    return Raw(
        guid=_field(item, selection.guid),
        link=urljoin(url, link) if link else "",
        title=_field(item, selection.title or "title"),
        summary=_field(item, selection.summary),
        dates=(date,) if date else (),
    )


def _field(item: dict[str, Any], spec: str) -> str:
    if "{" in spec:
        return _SLOT.sub(lambda match: _text(item, match[1]), spec)
    return _text(item, spec) if spec else ""


def _text(item: dict[str, Any], path: str) -> str:
    value = next(walk(item, path), None)
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
