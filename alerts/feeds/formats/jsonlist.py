# ruff: noqa: PLC0415 - JSONPath is loaded by the few who read such a document
"""Documents of an API that are no feed: the entries and their fields are named by JSONPath (RFC 9535).

`item` finds the entries in the document (`$.results[*]`), the other paths a field in one entry (`$.title`). A field may be a template with
paths in braces: `https://site.example/{$.code}`.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin

from alerts.errors import FeedError
from alerts.feeds.formats.raw import Document, Raw, Selection

_SLOT = re.compile(r"\{(\$[^{}]*)\}")


def read(text: str, url: str, selection: Selection) -> Document:
    """Read a document. Raises FeedError with reason `not-a-feed` if it is no JSON, or `layout` if nothing stands at the path."""
    from jsonpath import JSONPathError

    try:
        data: Any = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise FeedError("not-a-feed", f"this is no JSON: {str(error)[:120]}") from None
    try:
        found = _compiled(selection.item).findall(data)
        items = [member for each in found for member in (each if isinstance(each, list) else [each])]
        entries = tuple(raw for item in items if isinstance(item, dict) if (raw := _entry(item, url, selection)).title)
    except (ValueError, JSONPathError, RecursionError) as error:
        raise FeedError("selector", f"select in feeds.yaml: {' '.join(str(error).split())[:160]}") from None
    if not entries:
        raise FeedError("layout", f"nothing with a title stands at {selection.item!r}; has the interface changed?")
    matching = re.compile(selection.matching)
    return Document("json-list", tuple(raw for raw in entries if matching.search(raw.link)))


def check_path(text: str, *, template: bool = True) -> None:
    """Raise ValueError in words if a path, or a path inside a template, is no JSONPath."""
    from jsonpath import JSONPathError

    paths = _SLOT.findall(text) if template and "{" in text else [text]
    for path in paths:
        if not path.startswith("$"):
            raise ValueError(f"{path!r} is no JSONPath; it starts with $, such as $.results[*]")
        try:
            _compiled(path)
        except JSONPathError as error:
            raise ValueError(f"{path!r} is no JSONPath: {str(error).splitlines()[0]}") from None
    if not paths:
        raise ValueError(f"{text!r} names no path; a template holds paths in braces, such as https://site.example/{{$.code}}")


@lru_cache(maxsize=256)
def _compiled(path: str) -> Any:
    import jsonpath

    return jsonpath.compile(path)


def _entry(item: dict[str, Any], url: str, selection: Selection) -> Raw:
    date = _field(item, selection.date)
    link = _field(item, selection.link)
    return Raw(
        guid=_field(item, selection.guid),
        link=urljoin(url, link) if link else "",
        title=_field(item, selection.title or "$.title"),
        summary=_field(item, selection.summary),
        dates=(date,) if date else (),
    )


def _field(item: dict[str, Any], spec: str) -> str:
    if "{" in spec:
        return _SLOT.sub(lambda match: _text(item, match[1]), spec)
    return _text(item, spec) if spec else ""


def _text(item: dict[str, Any], path: str) -> str:
    value = next(iter(_compiled(path).findall(item)), None)
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
