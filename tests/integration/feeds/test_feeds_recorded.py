"""Every recorded feed is read as its manifest says, or differs for a reason that stands here; replayed series lose and repeat nothing."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.errors import FeedError
from alerts.feeds.catalog import Feed
from alerts.feeds.entry import Source
from alerts.feeds.fetch import Fetched
from alerts.feeds.health import Reading, after_read
from alerts.feeds.merge import Known, merge
from alerts.feeds.parse import parse
from alerts.feeds.parsed import Item, Parsed
from alerts.feeds.state import FeedState

ROOT = Path(__file__).parents[4] / "shared" / "data" / "feeds"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
SOURCE = Source("recorded", "Recorded")

pytestmark = pytest.mark.skipif(not (ROOT / "MANIFEST.csv").is_file(), reason="no recorded feeds: ../shared/data/feeds is absent")

DIFFERENT = {
    "alexdebril+feed-io/tests__samples__feed.json": (1, "holds one item four times over"),
    "arminreiter+FeedReader/FeedReader.Tests__Feeds__Rss092FullSample.xml": (21, "holds one item twice"),
    "arminreiter+FeedReader/FeedReader.Tests__Feeds__Rss20LeFigaro.xml": (49, "holds one item twice, guid and link the same"),
    "lemon24+reader/tests__data__invalid.json": (2, "its other items have neither title, text nor link"),
    "miniflux+v2/internal__reader__parser__testdata__no_encoding_ISO-8859-1.xml": (9, "one item is empty"),
}
"""The document, how many entries we read, and why that is right."""


def manifest() -> list[dict[str, str]]:
    if not (ROOT / "MANIFEST.csv").is_file():
        return []
    with (ROOT / "MANIFEST.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read(path: str) -> Parsed:
    body = (ROOT / path).read_bytes()
    return parse(body, content_type="", url="http://recorded.example/feed", feed_source=SOURCE, timezone="UTC", now=NOW)


def test_all_recorded_documents_give_the_entries_they_hold() -> None:
    wrong = []
    counts: dict[str, int] = defaultdict(int)
    for row in manifest():
        try:
            parsed = read(row["path"])
        except FeedError as error:
            parsed = None
            if error.reason not in {"empty", "html"}:
                wrong.append(f"{row['path']}: {error}")
        count = len(parsed.items) if parsed else 0
        expected = DIFFERENT.get(row["path"], (int(row["entries_feedparser"] or 0), ""))[0]
        if count != expected:
            wrong.append(f"{row['path']}: {count} entries instead of {expected}")
        for item in parsed.items if parsed else ():
            counts["entries"] += 1
            counts[item.dated] += 1
            counts["replaced"] += "\ufffd" in item.entry.title
            counts["linked"] += bool(item.entry.url)
            check(item)
    assert not wrong, "\n".join(wrong)
    assert counts["entries"] > 12_000
    assert counts["replaced"] < 5, "titles with characters that could not be read"
    assert counts["missing"] + counts["future"] < counts["entries"] * 0.03
    assert counts["linked"] > counts["entries"] * 0.98


def check(item: Item) -> None:
    """What holds for every entry, whatever it was made of."""
    entry = item.entry
    assert entry.title
    assert entry.title == " ".join(entry.title.split())
    assert len(entry.summary) <= 300
    assert entry.url == "" or entry.url.startswith(("http://", "https://"))
    assert entry.published <= NOW
    assert entry.id.startswith("recorded:")
    assert entry.language


JAPANESE = {"Shift_JIS": "shift_jis", "EUC-JP": "euc-jp", "gb2312": "gbk"}


def test_declared_asian_encodings_are_what_was_used() -> None:
    found = {row["path"]: read(row["path"]) for row in manifest() if row["encoding"] in JAPANESE}
    assert found
    for row in manifest():
        if row["path"] in found:
            assert found[row["path"]].encoding == JAPANESE[row["encoding"]]
            assert not any("�" in entry.title for entry in found[row["path"]].entries)


def series() -> Iterator[tuple[str, list[str]]]:
    if (ROOT / "SEQUENCES.csv").is_file():
        with (ROOT / "SEQUENCES.csv").open(encoding="utf-8") as file:
            grouped: dict[str, list[tuple[int, str]]] = defaultdict(list)
            for row in csv.DictReader(file):
                grouped[row["series"]].append((int(row["order"]), row["path"]))
        yield from ((name, [path for _, path in sorted(steps)]) for name, steps in grouped.items())


@pytest.mark.parametrize(("name", "paths"), list(series()), ids=[name for name, _ in series()])
def test_a_replayed_series_misses_nothing_and_repeats_nothing(name: str, paths: list[str]) -> None:
    feed = Feed(id="recorded", url="http://recorded.example/feed", title=name, publisher="Recorded")
    state = FeedState(id=feed.id, url=feed.url, due=NOW)
    stored: dict[str, Known] = {}
    moment = NOW
    for path in paths:
        try:
            parsed = read(path)
        except FeedError as error:
            if error.reason in {"empty", "html"}:
                continue
            raise
        for _visit in range(3):  # what is held as a redesign is taken in by the third
            merged = merge(
                parsed.items,
                stored={id: stored[id] for item in parsed.items if (id := item.entry.id) in stored}
                | {id: stored[id] for id in state.health.renamed.values() if id in stored},
                recent=list(reversed(stored.values())),
                health=state.health,
                now=moment,
                last_success=state.last_success,
            )
            for item in (*merged.new, *merged.edited):
                entry = item.entry
                stored[entry.id] = Known(entry.id, entry.url, entry.title, entry.published, item.content_hash)
            state = after_read(state, feed, Reading(Fetched(200, feed.url, b""), parsed, merged, "hash"), moment)
            moment += timedelta(hours=6)
        assert state.health.held is None
        titles = {known.title for known in stored.values()}
        assert all(item.entry.title in titles for item in parsed.items), "every headline that stood in the document is stored"
        again = merge(
            parsed.items,
            stored=stored,
            recent=list(reversed(stored.values())),
            health=state.health,
            now=moment,
            last_success=state.last_success,
        )
        assert again.new == ()
    same = defaultdict(set)
    for known in stored.values():
        same[known.title, known.url, known.published].add(known.id)
    assert [key for key, ids in same.items() if len(ids) > 1] == []
