"""Documents of our own making, in the encodings, dialects and dates of real ones, are read as `feeds/expected.json` says, to the letter.

After a wanted change: `ALERTS_GOLDEN=write pytest tests/golden/test_golden_feeds.py`, then read the difference.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from alerts.feeds.entry import Source
from alerts.feeds.parse import parse

FOLDER = Path(__file__).parent / "feeds"
NOW = datetime(2026, 3, 3, tzinfo=UTC)
NAMES = sorted(path.name for path in FOLDER.iterdir() if path.name != "expected.json")


def read(name: str) -> dict[str, Any]:
    parsed = parse(
        (FOLDER / name).read_bytes(),
        content_type="text/xml",
        url="http://feed.example/news/feed.xml",
        feed_source=Source("golden", "Golden"),
        timezone="Asia/Tokyo",
        now=NOW,
    )
    entries = [
        {
            "title": item.entry.title,
            "url": item.entry.url,
            "published": item.entry.published.isoformat(),
            "dated": item.dated,
            "language": item.entry.language,
            "summary": item.entry.summary,
            "guid": item.guid,
        }
        for item in parsed.items
    ]
    return {"format": parsed.format, "encoding": parsed.encoding, "title": parsed.title, "problems": list(parsed.problems), "entries": entries}


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    path = FOLDER / "expected.json"
    if os.environ.get("ALERTS_GOLDEN") == "write":
        path.write_text(json.dumps({name: read(name) for name in NAMES}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_document_is_read_as_expected(name: str, expected: dict[str, Any]) -> None:
    assert read(name) == expected[name]
