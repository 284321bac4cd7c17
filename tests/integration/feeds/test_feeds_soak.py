"""Ten days on a virtual clock with a fault in every third visit: in the end there is every entry that was ever published, each once."""

from __future__ import annotations

import asyncio
import gzip
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from conftest import (
    CAPTCHA,
    EMPTY,
    HTML,
    LOGIN,
    NOW,
    SKEWED,
    Answer,
    Server,
    bad_chunk,
    close_early,
    header_injection,
    make_feed,
    page,
    raw,
    raw_rubbish,
    reset,
    reset_in_body,
)
from sqlalchemy import select

from alerts.clock import SetClock
from alerts.feeds.catalog import Catalog
from alerts.feeds.network import make_client
from alerts.feeds.pool import ParsePool
from alerts.jobs.context import Context
from alerts.jobs.poll import poll
from alerts.settings import Home, Settings
from alerts.store.db import Database
from alerts.store.tables import EntryRow

DAYS = 10
SHOWN = 30
FAULTS: tuple[Answer, ...] = (
    page(500, b""), page(502, b""), page(503, b"", Retry_After="1800"), page(503, b"", Retry_After="soon"), page(404, b""), page(401, b""),
    page(408, b""), page(429, b"", Retry_After="3600"), page(200, HTML), page(200, CAPTCHA), page(200, LOGIN), page(200, EMPTY), page(200, b""),
    page(200, b"<rss><channel><item><title>"), page(304, b""), page(200, gzip.compress(HTML)[:-9], Content_Encoding="gzip"),
    page(200, b"x", Content_Encoding="br"), page(302, b"", Location="/nowhere"), page(301, b"", Location="http://10.0.0.1/"),
    page(302, b"", Location="/loop"), page(503, b"", **SKEWED, Retry_After="Thu, 01 Jan 1970 01:00:00 GMT"), page(410, b""),
    page(200, b"<rss><channel>" + b"<b>" * 1000), raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\n123456789"), reset, reset_in_body, close_early, header_injection, raw_rubbish, bad_chunk,
)  # fmt: skip


@dataclass
class Newsroom:
    """One feed that publishes at random, edits at times, is rebuilt twice, and serves an old copy now and then."""

    id: str
    chance: random.Random
    published: list[tuple[int, datetime]] = field(default_factory=list)
    edited: set[int] = field(default_factory=set)
    builds: int = 0
    copies: list[Answer] = field(default_factory=list)
    first: int | None = None
    """The oldest entry of the first document that a visitor got."""

    def advance(self, since: datetime, until: datetime) -> None:
        moment = since
        while (moment := moment + timedelta(minutes=self.chance.expovariate(1 / 90))) < until:
            self.published.append((len(self.published), moment))
        if self.published and self.chance.random() < 0.1:
            self.edited.add(self.published[-1][0])

    def title(self, number: int) -> str:
        return f"{self.id} 知らせ {number}" + (" (corrected)" if number in self.edited else "")

    def document(self) -> bytes:
        """The newest entries, written as this build of the site writes them."""
        scheme, mark, tail = (("http", "n", ""), ("https", "n", "?utm_source=rss"), ("https", "node/", ""))[self.builds]
        items = "".join(
            f"<item><title>{self.title(n)}</title><link>{scheme}://{self.id}.example/{n}{tail}</link><guid isPermaLink='false'>{mark}{n}</guid>"
            f"<pubDate>{format_datetime(moment)}</pubDate></item>"
            for n, moment in reversed(self.published[-SHOWN:])
        )
        encoding = "Shift_JIS" if self.builds == 1 else "utf-8"
        text = f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0"><channel><title>{self.id}</title>{items}</channel></rss>'
        return text.encode(encoding)

    def answer(self) -> Answer:
        """What the next visitor gets."""
        if self.chance.random() < 0.33:
            return self.chance.choice(FAULTS)
        if self.copies and self.chance.random() < 0.1:
            return self.copies[-1]
        answer = self.served(self.document(), packed=self.chance.random() < 0.5)
        self.copies = [*self.copies[-2:], answer]
        return answer

    def served(self, document: bytes, *, packed: bool = False) -> Answer:
        oldest = max(0, len(self.published) - SHOWN)
        good = page(200, gzip.compress(document), Content_Encoding="gzip", ETag='"new"') if packed else page(200, document)

        async def answer(writer: asyncio.StreamWriter, headers: Mapping[str, str]) -> None:
            self.first = oldest if self.first is None else self.first
            await good(writer, headers)

        return answer


@pytest.mark.parametrize("seed", [1])
def test_ten_days_of_faults_lose_nothing_and_repeat_nothing(server: Server, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    rooms = {f"room-{n}": Newsroom(f"room-{n}", random.Random(f"{seed}-{n}")) for n in range(3)}
    database = Database(f"sqlite:///{tmp_path / 'alerts.db'}")
    database.upgrade()
    clock = SetClock(NOW)
    settings = Settings(
        database_url="sqlite://", mail_url="maildir:x", secret_key="k" * 64, allowed_networks=("127.0.0.0/8",), keep_bodies=0
    )
    feeds = tuple(
        make_feed(server, f"/{id}", poll_minutes=90, timeout_seconds=2).model_copy(
            update={"url": server.url(f"/{id}").replace("127.0.0.1", host)}
        )
        for id, host in zip(rooms, ("127.0.0.1", "localhost", "127.0.0.1"), strict=True)
    )
    context = Context(settings, Home(tmp_path), database, clock, Catalog(feeds=feeds), None, "one")  # type: ignore[arg-type]

    async def main() -> int:
        visits = 0
        last = NOW - timedelta(days=2)
        async with make_client(agent="soak", allowed_networks=("127.0.0.0/8",)) as client:
            while clock.now() < NOW + timedelta(days=DAYS):
                for id, room in rooms.items():
                    room.advance(last, clock.now())
                    room.builds = min(2, int((clock.now() - NOW) / timedelta(days=DAYS) * 3))
                    server.acts[f"/{id}"] = room.answer()
                last = clock.now()
                visits += (await poll(context, pool=pool, client=client)).visited
                clock.set(clock.now() + timedelta(minutes=chance.uniform(60, 120)))
            for id, room in rooms.items():
                server.acts[f"/{id}"] = room.served(room.document())
            for _ in range(3):  # what is held as a redesign is confirmed
                clock.set(clock.now() + timedelta(days=2))
                visits += (await poll(context, pool=pool, client=client)).visited
        return visits

    pool = ParsePool(1)
    visits = asyncio.run(main())
    pool.close()
    with database.read() as connection:
        rows = connection.execute(select(EntryRow.feed, EntryRow.title)).all()
    database.close()
    assert visits > 150
    for id, room in rooms.items():
        found = [row.title for row in rows if row.feed == id]
        assert room.first is not None
        expected = {room.title(number) for number, _ in room.published[room.first :]}
        plain = [title.removesuffix(" (corrected)") for title in found]
        assert sorted(plain) == sorted(title.removesuffix(" (corrected)") for title in expected), "each once, and nothing else"
        assert {title for title in found if "corrected" in title} <= expected
