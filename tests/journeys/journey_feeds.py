"""Recorded feeds as feeds that move with the clock, and the web server that serves them.

A series (SEQUENCES.csv) shows its recordings one after the other. A single document first shows an earlier version of itself: the same bytes
without the first half of its items, which are the newest; so the baseline is followed by news. No more than half, because a feed that
changes by more is held back as a redesign.
"""

from __future__ import annotations

import contextlib
import csv
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ITEM = re.compile(rb"<(item|entry)[\s>].*?</\1>\s*", re.S)
LARGEST = 300_000
HOST_NAMES = (b"Japan", "日本".encode(), "日本".encode("shift_jis"), "日本".encode("euc_jp"))
SPREAD = timedelta(hours=60)
"""News appears within this time after the start."""
MISBEHAVING = ("page", "broken", "dropped")
"""A web page in place of a feed, an answer 500, a connection that falls."""


@dataclass(frozen=True)
class Recording:
    """One feed: its documents, oldest first, and when each replaces the one before it (after the start)."""

    id: str
    language: str
    official: bool
    versions: tuple[bytes, ...]
    changes: tuple[timedelta, ...]

    def version(self, age: timedelta) -> int:
        """Return which document is shown at an age of the journey."""
        return sum(age >= change for change in self.changes)


def recordings(directory: Path, most: int = 1000) -> list[Recording]:
    """Make feeds of what was recorded: every series, and every whole English or Japanese document that has items enough."""
    rows = {row["path"]: row for row in csv.DictReader((directory / "MANIFEST.csv").open(encoding="utf-8"))}
    series: dict[str, list[str]] = {}
    for row in csv.DictReader((directory / "SEQUENCES.csv").open(encoding="utf-8")):
        series.setdefault(row["series"], []).append(row["path"])
    repeated = {path for paths in series.values() for path in paths}
    single = [path for path, row in rows.items() if row["provenance"] == "recorded" and path not in repeated]
    documents = [[(directory / path).read_bytes() for path in paths] for paths in series.values()]
    facts = [rows[paths[-1]] for paths in series.values()]
    for path in single:
        row = rows[path]
        if row["language"].startswith(("en", "ja")) and int(row["size"]) <= LARGEST and int(row["entries_feedparser"] or 0) >= 4:
            body = (directory / path).read_bytes()
            items = list(ITEM.finditer(body))
            # A comment may speak of items as well; such a document would be cut in the wrong place.
            if len(items) >= 4 and b"<!--" not in body[: items[0].start()]:
                documents.append([without_newest_half(body), body])
                facts.append(row)
    # A small journey gets those that speak most of Japan, or nobody would have mail.
    chosen = sorted(range(len(documents)), key=lambda number: -sum(documents[number][-1].count(name) for name in HOST_NAMES))[:most]
    return [_recording(number, documents[number], facts[number]) for number in sorted(chosen)]


def without_newest_half(body: bytes) -> bytes:
    """Cut the first half of the items out of a document, whatever its encoding."""
    found = list(ITEM.finditer(body))
    for item in reversed(found[: len(found) // 2]):
        body = body[: item.start()] + body[item.end() :]
    return body


def _recording(number: int, versions: list[bytes], row: dict[str, str]) -> Recording:
    first = timedelta(hours=1 + number * 7 % 58) if len(versions) == 2 else SPREAD / len(versions)
    changes = tuple(first * (index + 1) for index in range(len(versions) - 1))
    return Recording(f"recorded-{number:03}", row["language"][:2] or "en", row["kind"] == "government", tuple(versions), changes)


@dataclass
class FeedServer:
    """Serves recordings on a free port, with ETags. `age()` tells how old the journey is; `asked` is called after every answer."""

    feeds: list[Recording]
    age: Callable[[], timedelta]
    asked: Callable[[], None] = lambda: None
    port: int = 0
    answers: Counter[int] = field(default_factory=Counter)

    def feeds_yaml(self, poll_minutes: int) -> list[dict[str, object]]:
        """Return what feeds.yaml says of the feeds."""
        lines: list[dict[str, object]] = [
            {
                "id": feed.id,
                "url": f"http://127.0.0.1:{self.port}/{feed.id}",
                "title": feed.id,
                "publisher": f"Publisher {feed.id[-3:]}",
                "kind": "official" if feed.official else "press",
                "country": "JPN" if feed.language == "ja" else "",
                "language": feed.language,
                "poll_minutes": poll_minutes,
            }
            for feed in self.feeds
        ]
        for name in MISBEHAVING:
            url = f"http://127.0.0.1:{self.port}/{name}"
            lines.append({"id": name, "url": url, "title": name, "publisher": name, "poll_minutes": poll_minutes})
        return lines

    @contextlib.contextmanager
    def serving(self) -> Iterator[FeedServer]:
        """Serve until the block ends."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        server.daemon_threads = True
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join(5)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self
        known = {feed.id: feed for feed in self.feeds}

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                name = self.path.strip("/")
                if name == "dropped":
                    outer.answers[0] += 1
                    self.close_connection = True
                    return
                if name == "broken":
                    self._answer(500, b"out of order", "text/plain")
                elif name == "page":
                    self._answer(200, b"<!doctype html><html><head><title>We have moved</title></head><body>Bye</body></html>", "text/html")
                else:
                    version = known[name].version(outer.age())
                    tag = f'"{name}-{version}"'
                    if self.headers.get("If-None-Match") == tag:
                        self._answer(304, b"", "", tag)
                    else:
                        self._answer(200, known[name].versions[version], "application/xml", tag)
                outer.asked()

            def _answer(self, status: int, body: bytes, kind: str, tag: str = "") -> None:
                outer.answers[status] += 1
                self.send_response(status)
                for header, content in (("ETag", tag), ("Content-Type", kind)):
                    if content:
                        self.send_header(header, content)
                if status != 304:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(ConnectionError):
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
