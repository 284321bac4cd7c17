"""The poll job against a real server and both databases: baseline, new, edited, failing, moved, held, cancelled."""

from __future__ import annotations

import asyncio
import gzip
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from conftest import FEED, NOW, Server, make_feed, page, rss
from sqlalchemy import select, text
from test_feeds_fetch import EXPECTED

from alerts.feeds.catalog import Feed
from alerts.feeds.fetch import fetch
from alerts.feeds.health import take_up
from alerts.feeds.pace import Pace
from alerts.feeds.state import FeedState, Health
from alerts.feeds.verdict import report
from alerts.jobs import visits
from alerts.jobs.context import Context
from alerts.jobs.poll import PollCount, poll
from alerts.jobs.prune import prune
from alerts.store import entries, feeds
from alerts.store.db import Database
from alerts.store.tables import EntryRow, FeedRow

Maker = Callable[..., Context]


def run(context: Context) -> PollCount:
    return asyncio.run(poll(context))


def later(context: Context, **by: float) -> None:
    context.clock.set(context.clock.now() + timedelta(**by))  # type: ignore[attr-defined]


def state(database: Database, id: str) -> FeedState:
    with database.read() as connection:
        return feeds.load(connection, [id])[id]


def titles(database: Database) -> list[tuple[str, bool]]:
    with database.read() as connection:
        rows = connection.execute(select(EntryRow.title, EntryRow.baseline).order_by(EntryRow.first_seen, EntryRow.title))
        return [(row.title, row.baseline) for row in rows]


def test_the_first_poll_is_a_baseline_and_the_next_brings_news(server: Server, make_context: Maker, database: Database) -> None:
    server.pages["/a"] = (200, {"ETag": '"1"'}, rss("Old one", "Old two"))
    context = make_context(make_feed(server, "/a"))
    assert run(context) == PollCount(visited=1, read=1, baseline=2)
    assert run(context) == PollCount(), "nothing is due"
    later(context, hours=3)
    assert run(context) == PollCount(visited=1, unchanged=1), "304"
    server.pages["/a"] = (200, {"ETag": '"2"'}, rss("Old one", "Old two", "Fresh three"))
    later(context, hours=3)
    assert run(context) == PollCount(visited=1, read=1, new=1)
    assert ("Fresh three", False) in titles(database)
    assert ("Old one", True) in titles(database)


def test_an_unchanged_body_without_validators_is_not_parsed(server: Server, make_context: Maker) -> None:
    server.pages["/a"] = (200, {}, FEED)
    context = make_context(make_feed(server, "/a"))
    run(context)
    later(context, hours=3)
    assert run(context) == PollCount(visited=1, unchanged=1)


def test_one_failing_feed_never_stops_another(server: Server, make_context: Maker, database: Database) -> None:
    server.pages["/good"] = (200, {}, FEED)
    paths = ["/reset", "/html", "/bomb-gzip", "/status-500", "/to-private", "/drip", "/good"]
    context = make_context(*(make_feed(server, path, timeout_seconds=2) for path in paths))
    assert run(context) == PollCount(visited=7, read=1, failed=6, baseline=2)
    assert state(database, "html").error_reason == "html"
    assert "web page" in (state(database, "html").error_message or "")
    assert state(database, "good").error_streak == 0


def test_what_nobody_thought_of_costs_one_feed_alone(
    server: Server, make_context: Maker, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.pages["/good"] = server.pages["/odd"] = (200, {}, FEED)
    good, odd = make_feed(server, "/good"), make_feed(server, "/odd")
    port = odd.model_copy(update={"id": "port", "url": odd.url.replace(f":{urlsplit(odd.url).port}", ":99999")})

    async def stumble(client: object, feed: Feed, *args: object, **more: object) -> object:
        if feed.id == "odd":
            raise RuntimeError("nobody thought of this")
        return await fetch(client, feed, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(visits, "fetch", stumble)
    assert run(make_context(odd, port, good)) == PollCount(visited=3, read=1, failed=2, baseline=2)
    assert state(database, "odd").error_message == "a visit ended in RuntimeError; the log has the details"
    assert state(database, "port").error_reason == "bad-address"


AS_A_WHOLE = {"/status-403", "/status-429"}
"""What says something of the whole host; see below."""
QUICK = [path for path in EXPECTED if path not in AS_A_WHOLE and "bomb" not in path and path not in {"/endless", "/too-many-bytes-of-nothing"}]


def test_every_misbehaviour_is_told_in_the_health_of_its_feed_and_costs_no_other_its_entries(
    server: Server, make_context: Maker, database: Database
) -> None:
    server.pages["/good"] = (200, {"ETag": '"1"'}, FEED)
    good = make_feed(server, "/good")
    run(make_context(good))
    listed = [make_feed(server, path, timeout_seconds=5) for path in QUICK]
    context = make_context(*listed, good, now=NOW + timedelta(hours=3))
    assert run(context) == PollCount(visited=len(QUICK) + 1, failed=len(QUICK), unchanged=1)
    for path, feed in zip(QUICK, listed, strict=True):
        found = state(database, feed.id)
        reason, words = EXPECTED[path]
        assert found.error_reason == reason
        told = report(feed, found, context.clock.now())
        assert told.verdict == "failing", path
        assert told.sentence == f"failed once: {found.error_message}"
        assert words in told.sentence
        assert found.due > context.clock.now(), "it is tried again by itself"
    assert len(titles(database)) == 2


def test_a_failed_visit_keeps_what_is_known_and_waits_longer_each_time(server: Server, make_context: Maker, database: Database) -> None:
    server.pages["/a"] = (200, {"ETag": '"1"'}, FEED)
    context = make_context(make_feed(server, "/a"))
    run(context)
    server.pages["/a"] = (500, {}, b"")
    waits = []
    for _ in range(8):
        later(context, hours=30)
        assert run(context).failed == 1
        waits.append(state(database, "a").due - context.clock.now())
    assert waits[:6] == sorted(waits[:6])
    assert waits[0] < timedelta(minutes=35)
    assert waits[-1] < timedelta(hours=27), "a feed always comes back by itself"
    assert state(database, "a").etag == '"1"'
    server.pages["/a"] = (200, {"ETag": '"1"'}, FEED)
    later(context, hours=30)
    assert run(context) == PollCount(visited=1, unchanged=1)
    assert state(database, "a").error_streak == 0


def test_an_edited_entry_is_opened_for_assessing_again(server: Server, make_context: Maker, database: Database) -> None:
    server.pages["/a"] = (200, {}, rss("Talks planned", "Other"))
    context = make_context(make_feed(server, "/a"))
    run(context)
    with database.write() as connection:
        entries.close(connection, entries.claim(connection, worker="w", now=context.clock.now()), worker="w", now=context.clock.now())
    server.pages["/a"] = (200, {}, rss("Talks held", "Other"))
    later(context, hours=3)
    assert run(context).edited == 1
    with database.write() as connection:
        claimed = entries.claim(connection, worker="w", now=context.clock.now())
        assert [one.entry.title for one in entries.load(connection, claimed)] == ["Talks held"]


@pytest.mark.parametrize("date", ["", "<pubDate>Fri, 01 Jan 2100 00:00:00 GMT</pubDate>", "<pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate>"])
def test_an_entry_without_a_believable_date_takes_the_moment_it_was_first_seen_once(
    server: Server, make_context: Maker, database: Database, date: str
) -> None:
    def feed(title: str) -> bytes:
        item = f"<item><title>{title}</title><link>http://t.example/1</link>{date}</item>"
        return f"<rss version='2.0'><channel><title>T</title>{item}</channel></rss>".encode()

    context = make_context(make_feed(server, "/a"))
    for title in ("Office hours change", "Office hours change", "Office hours change in May"):
        server.pages["/a"] = (200, {}, feed(title))
        run(context)
        later(context, days=1)
    with database.read() as connection:
        row = connection.execute(select(EntryRow.title, EntryRow.published, EntryRow.first_seen)).one()
    assert (row.title, row.published, row.first_seen) == ("Office hours change in May", NOW, NOW)


def test_validators_are_kept_only_with_the_entries(
    server: Server, make_context: Maker, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.pages["/a"] = (200, {"ETag": '"1"'}, FEED)
    context = make_context(make_feed(server, "/a"))

    def disk_full(*_: object, **__: object) -> int:
        raise RuntimeError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(entries, "insert_new", disk_full)
        with pytest.raises(RuntimeError):
            run(context)
    assert state(database, "a").etag is None
    assert titles(database) == []
    assert run(context).baseline == 2, "and the lease was given back"


def test_a_permanent_move_is_followed_and_undone_when_the_new_place_dies(server: Server, make_context: Maker, database: Database) -> None:
    server.pages["/old"] = (301, {"Location": "/new"}, b"")
    server.pages["/new"] = (200, {}, FEED)
    context = make_context(make_feed(server, "/old"))
    run(context)
    assert state(database, "old").url == server.url("/new")
    server.pages["/new"] = (404, {}, b"")
    for _ in range(3):
        later(context, hours=30)
        run(context)
    assert state(database, "old").url == server.url("/old")


def test_a_redirect_to_a_page_that_is_no_feed_moves_nothing(server: Server, make_context: Maker, database: Database) -> None:
    server.pages["/old"] = (301, {"Location": "/html"}, b"")
    context = make_context(make_feed(server, "/old"))
    assert run(context).failed == 1
    assert state(database, "old").url == server.url("/old")


def test_a_host_that_has_enough_of_us_is_left_alone_as_a_whole(server: Server, make_context: Maker, database: Database) -> None:
    server.pages["/a"] = (429, {"Retry-After": "7200"}, b"")
    server.pages["/b"] = (200, {}, FEED)
    context = make_context(make_feed(server, "/a"), make_feed(server, "/b"))
    assert run(context) == PollCount(visited=1, failed=1, postponed=1)
    assert server.visits("/b") == 0
    assert state(database, "b").due == NOW + timedelta(hours=2)
    assert state(database, "a").due >= NOW + timedelta(hours=2)


def test_a_refusal_of_one_feed_keeps_others_of_a_host_that_lets_us_in(server: Server, make_context: Maker, database: Database) -> None:
    server.pages["/b"] = (200, {}, FEED)
    context = make_context(make_feed(server, "/b"))
    run(context)
    server.pages["/a"] = (403, {}, b"")
    both = make_context(make_feed(server, "/a"), make_feed(server, "/b"), now=NOW + timedelta(hours=3))
    assert run(both) == PollCount(visited=2, failed=1, unchanged=1), "it lets others in, so it is the address that it refuses"
    assert state(database, "a").due >= NOW + timedelta(hours=27), "and that one only once a day"


def test_a_host_that_lets_nothing_in_is_left_alone_as_a_whole(server: Server, make_context: Maker) -> None:
    for path in ("/a", "/b", "/c"):
        server.pages[path] = (403, {}, b"")
    context = make_context(*(make_feed(server, path) for path in ("/a", "/b", "/c")))
    assert run(context) == PollCount(visited=1, failed=1, postponed=2)


def test_a_busy_feed_says_nothing_of_its_host(server: Server, make_context: Maker, database: Database) -> None:
    server.pages["/a"] = (503, {"Retry-After": "7200"}, b"")
    server.pages["/b"] = (200, {}, FEED)
    assert run(make_context(make_feed(server, "/a"), make_feed(server, "/b"))) == PollCount(visited=2, failed=1, read=1, baseline=2)
    assert state(database, "a").due >= NOW + timedelta(hours=2)


def test_retry_after_is_read_by_the_server_s_own_clock(server: Server, make_context: Maker, database: Database) -> None:
    headers = {"Date": "Thu, 01 Jan 2015 00:00:00 GMT", "Retry-After": "Thu, 01 Jan 2015 05:00:00 GMT"}
    server.pages["/a"] = (503, headers, b"")
    run(make_context(make_feed(server, "/a")))
    assert state(database, "a").due == NOW + timedelta(hours=5)


def test_gone_for_good_ends_after_repetition_and_a_person_can_take_it_up(server: Server, make_context: Maker, database: Database) -> None:
    server.pages["/a"] = (410, {}, b"")
    context = make_context(make_feed(server, "/a"))
    for _ in range(3):
        assert run(context).failed == 1
        later(context, days=1.2)
    later(context, days=400)
    assert run(context) == PollCount(), "said three times: believed for ever"
    server.pages["/a"] = (200, {}, FEED)
    with database.write() as connection:
        feeds.save(connection, [take_up(state(database, "a"), context.clock.now())])
    assert run(context).baseline == 2
    assert state(database, "a").due - context.clock.now() < timedelta(hours=2), "as if nothing had been"


def test_one_host_gets_one_connection(server: Server, make_context: Maker) -> None:
    feeds_ = []
    for n in range(12):
        server.pages[f"/f{n}"] = (200, {}, FEED)
        feeds_.append(make_feed(server, f"/f{n}"))
    assert run(make_context(*feeds_)).read == 12
    assert server.most_open == 1


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name under town.example is this machine; the gap between two visits is short."""
    known = socket.getaddrinfo

    def found(host: object, port: object, *rest: object, **more: object) -> object:
        if not str(host).endswith("town.example"):
            return known(host, port, *rest, **more)  # type: ignore[arg-type]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    monkeypatch.setattr("alerts.feeds.pace.GAP_SECONDS", 0.2)


@dataclass
class Calls:
    """What a host was asked: when each request came and when its answer was given."""

    spans: list[tuple[float, float]] = field(default_factory=list)
    slow: float = 0.0

    async def __call__(self, writer: asyncio.StreamWriter, headers: Mapping[str, str]) -> None:
        begun = time.monotonic()
        await asyncio.sleep(self.slow)
        await page()(writer, headers)
        self.spans.append((begun, time.monotonic()))

    def gaps(self) -> list[float]:
        return [later[0] - earlier[1] for earlier, later in pairwise(sorted(self.spans))]


@pytest.mark.usefixtures("names")
def test_a_host_is_left_alone_between_two_visits_whatever_poll_or_batch_they_belong_to(
    server: Server, make_context: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alerts.jobs.poll.ROUND_SECONDS", 0.05)
    calls = Calls()
    server.acts |= dict.fromkeys(("/a", "/b", "/c"), calls)
    listed = [make_feed(server, path).model_copy(update={"url": f"http://town.example:{server.port}{path}"}) for path in ("/a", "/b", "/c")]
    pace = Pace()
    assert asyncio.run(poll(make_context(*listed), pace=pace)).read == 3, "in three batches, as each of them is late"
    assert asyncio.run(poll(make_context(*listed, now=NOW + timedelta(days=1)), pace=pace)).visited == 3
    assert len(calls.spans) == 6
    assert min(calls.gaps()) >= 0.19


@pytest.mark.usefixtures("names")
def test_many_hosts_that_lead_to_one_come_to_it_one_by_one_and_waiting_is_no_time_of_theirs(server: Server, make_context: Maker) -> None:
    calls = Calls(slow=0.1)
    server.acts["/shared"] = calls
    listed = []
    for n in range(5):
        server.acts[f"/old{n}"] = page(302, b"", Location=f"http://town.example:{server.port}/shared")
        feed = make_feed(server, f"/old{n}", timeout_seconds=0.9)
        listed.append(feed.model_copy(update={"url": f"http://n{n}.town.example:{server.port}/old{n}"}))
    assert run(make_context(*listed)).read == 5
    assert len(calls.spans) == 5
    assert min(calls.gaps()) >= 0.19


@pytest.mark.usefixtures("names")
def test_robots_txt_and_its_page_are_two_visits(server: Server, make_context: Maker) -> None:
    calls = Calls()
    server.acts |= {"/robots.txt": calls, "/list": calls}
    feed = make_feed(server, "/list", format="html-list", select={"item": "item"})
    run(make_context(feed.model_copy(update={"url": f"http://town.example:{server.port}/list"})))
    assert len(calls.spans) == 2
    assert min(calls.gaps()) >= 0.19


PAGE = b"<ul class=news><li><a href='/n/1'>Office hours change in May</a> 2026/03/01<li><a href='/n/2'>Fees rise in April</a> 2026/03/01</ul>"


def test_robots_txt_is_asked_once_a_day_and_only_for_pages(server: Server, make_context: Maker, database: Database) -> None:
    server.pages["/list"] = (200, {"Content-Type": "text/html"}, PAGE)
    server.pages["/robots.txt"] = (200, {}, b"User-agent: *\nDisallow: /closed")
    server.pages["/closed"] = server.pages["/list"]
    server.pages["/a"] = (200, {}, FEED)
    lists = [make_feed(server, path, format="html-list", select={"item": ".news li"}) for path in ("/list", "/closed")]
    assert run(make_context(make_feed(server, "/a"))).read == 1
    assert server.visits("/robots.txt") == 0, "a feed is there to be read"
    assert run(make_context(*lists)) == PollCount(visited=2, read=1, failed=1, baseline=2)
    assert (server.visits("/robots.txt"), server.visits("/closed")) == (1, 0)
    assert state(database, "closed").error_reason == "robots"
    assert "asks not to read this page" in (state(database, "closed").error_message or "")


def test_a_site_that_cannot_show_its_robots_txt_is_left_alone_for_now(server: Server, make_context: Maker, database: Database) -> None:
    server.pages["/list"] = (200, {}, PAGE)
    server.pages["/robots.txt"] = (503, {}, b"")
    context = make_context(make_feed(server, "/list", format="html-list", select={"item": ".news li"}))
    assert run(context).failed == 1
    assert server.visits("/list") == 0
    assert "robots.txt cannot be read now (HTTP 503)" in (state(database, "list").error_message or "")
    del server.pages["/robots.txt"]
    later(context, hours=1)
    assert run(context).baseline == 2, "404: there are no rules"


def test_what_a_feed_asks_for_holds_for_unchanged_visits_too(server: Server, make_context: Maker, database: Database) -> None:
    asking = FEED.replace(b"<title>Test", b"<ttl>100</ttl><title>Test")
    server.pages["/a"] = (200, {"ETag": '"1"'}, asking)
    context = make_context(make_feed(server, "/a"))
    for outcome in ("read", "unchanged"):
        assert getattr(run(context), outcome) == 1
        assert timedelta(minutes=100) <= state(database, "a").due - context.clock.now() <= timedelta(minutes=110)
        later(context, hours=3)


def test_the_last_documents_are_kept_as_they_came_and_not_for_ever(server: Server, make_context: Maker) -> None:
    context = make_context(make_feed(server, "/a"))
    folder = context.home.bodies / "a"
    for n in range(5):
        server.pages["/a"] = (200, {}, rss(f"Notice {n}"))
        run(context)
        later(context, hours=3)
    assert [gzip.decompress(file.read_bytes()) for file in sorted(folder.iterdir())] == [rss(f"Notice {n}") for n in (2, 3, 4)]
    server.pages["/a"] = (200, {}, b"<html><title>Moved</title></html>")
    assert run(context).failed == 1
    assert [file.name[-10:] for file in sorted(folder.iterdir())].count("-failed.gz") == 1
    assert len(list(folder.iterdir())) == 4, "what cannot be read does not push out what can"
    later(context, days=15)
    assert prune(context).bodies == 4
    assert not folder.exists()


def test_nothing_is_kept_of_a_document_that_has_not_changed(server: Server, make_context: Maker) -> None:
    server.pages["/a"] = (200, {}, FEED)
    context = make_context(make_feed(server, "/a"))
    for _ in range(3):
        run(context)
        later(context, hours=3)
    assert len(list((context.home.bodies / "a").iterdir())) == 1


TEN = [f"Notice number {n}" for n in range(10)]


def test_new_guids_for_old_entries_bring_nothing(server: Server, make_context: Maker, database: Database) -> None:
    server.pages["/a"] = (200, {}, rss(*TEN, guid="old-{n}"))
    context = make_context(make_feed(server, "/a"))
    run(context)
    server.pages["/a"] = (200, {}, rss(*TEN, "A real one", guid="brand-new-{n}", host="www.rebuilt.example"))
    later(context, hours=3)
    assert run(context).new == 1
    assert len(titles(database)) == 11
    later(context, hours=3)
    server.pages["/a"] = (200, {}, rss(*TEN, "A real one", "Another", guid="brand-new-{n}", host="www.rebuilt.example"))
    assert run(context).new == 1


def test_https_and_tracking_parameters_bring_nothing(server: Server, make_context: Maker) -> None:
    server.pages["/a"] = (200, {}, rss(*TEN, guid="http://news.example/{n}"))
    context = make_context(make_feed(server, "/a"))
    run(context)
    server.pages["/a"] = (200, {}, rss(*TEN, guid="https://www.news.example/{n}/?utm_source=rss"))
    later(context, hours=3)
    assert run(context) == PollCount(visited=1, read=1)


def test_a_redesign_is_held_and_comes_in_quietly_when_it_stays(server: Server, make_context: Maker, database: Database) -> None:
    server.pages["/a"] = (200, {}, rss(*TEN))
    context = make_context(make_feed(server, "/a"), now=NOW + timedelta(days=2))
    run(context)
    strange = [f"Archive piece {n}" for n in range(10)]
    server.pages["/a"] = (200, {"ETag": '"x"'}, rss(*strange, guid="archive-{n}", start=500))
    later(context, days=1)
    assert run(context) == PollCount(visited=1, read=1, held=10)
    held = state(database, "a").health.held
    assert held is not None
    assert len(held.ids) == 10
    later(context, days=1)
    assert run(context).held == 10
    later(context, days=1)
    assert run(context) == PollCount(visited=1, read=1, baseline=10), "three visits agree, and nobody is woken"
    assert state(database, "a").health.held is None


def rss_of(now: datetime, *titles: str, mark: str = "n") -> bytes:
    """A feed whose entries were all published an hour ago."""
    date = f"{now - timedelta(hours=1):%a, %d %b %Y %H:%M:%S} +0000"
    items = "".join(
        f"<item><title>{title}</title><link>http://t.example/{mark}/{n}</link><guid>{mark}{n}</guid><pubDate>{date}</pubDate></item>"
        for n, title in enumerate(titles)
    )
    return f'<rss version="2.0"><channel><title>T</title>{items}</channel></rss>'.encode()


def steady(server: Server, make_context: Maker, **settings: object) -> Context:
    """A feed that brought one entry a day for four days."""
    context = make_context(make_feed(server, "/a", **settings))
    for n in range(5):
        server.pages["/a"] = (200, {}, rss_of(context.clock.now(), *[f"Notice {m}" for m in range(n + 6)]))
        run(context)
        later(context, days=1)
    return context


ANEW = [f"Quite another subject {n}" for n in range(10)]


def test_a_rebuilt_site_that_dates_everything_anew_is_held_and_comes_in_as_news_when_it_stays(
    server: Server, make_context: Maker, database: Database
) -> None:
    context = steady(server, make_context)
    server.pages["/a"] = (200, {}, rss_of(context.clock.now(), *ANEW, mark="new"))
    assert run(context) == PollCount(visited=1, read=1, held=10)
    told = report(context.catalog.feeds[0], state(database, "a"), context.clock.now())
    assert told.verdict == "held"
    assert "10 entries are new at once, far more than on any day before; they come in as news if 2 more visits confirm them" in told.sentence
    assert state(database, "a").due - context.clock.now() < timedelta(minutes=34), "it is looked at again soon"
    later(context, hours=2)
    assert run(context).held == 10
    later(context, hours=2)
    assert run(context) == PollCount(visited=1, read=1, new=10)


def test_a_rebuilt_site_that_takes_it_back_leaves_nothing_behind(server: Server, make_context: Maker, database: Database) -> None:
    context = steady(server, make_context)
    good = server.pages["/a"]
    before = titles(database)
    server.pages["/a"] = (200, {}, rss_of(context.clock.now(), *ANEW, mark="new"))
    assert run(context).held == 10
    server.pages["/a"] = good
    later(context, hours=2)
    assert run(context) == PollCount(visited=1, read=1)
    assert state(database, "a").health.held is None
    assert titles(database) == before


def test_much_news_is_not_held_where_it_is_usual_nor_from_a_safety_source(server: Server, make_context: Maker) -> None:
    context = steady(server, make_context, fast=True)
    server.pages["/a"] = (200, {}, rss_of(context.clock.now(), *ANEW, mark="new"))
    assert run(context).new == 10
    for mark in ("a", "b", "c"):
        server.pages["/a"] = (200, {}, rss_of(context.clock.now(), *[f"{title} {mark}" for title in ANEW], mark=mark))
        later(context, days=1)
        assert run(replace(context, catalog=make_context(make_feed(server, "/a")).catalog)).new == 10


def test_what_retention_deleted_does_not_come_back_as_new(server: Server, make_context: Maker, database: Database) -> None:
    server.pages["/a"] = (200, {}, rss(*TEN))
    context = make_context(make_feed(server, "/a"))
    run(context)
    with database.write() as connection:
        connection.execute(text("DELETE FROM entry"))
    server.pages["/a"] = (200, {}, rss(*TEN) + b" ")
    later(context, hours=3)
    assert run(context) == PollCount(visited=1, read=1)


def test_a_cancelled_poll_gives_back_what_it_did_not_visit(server: Server, make_context: Maker, database: Database) -> None:
    server.pages["/b"] = (200, {}, FEED)
    context = make_context(make_feed(server, "/silence", timeout_seconds=30), make_feed(server, "/b"))

    async def main() -> None:
        task = asyncio.create_task(poll(context))
        while server.visits("/silence") == 0:  # noqa: ASYNC110 - the server lives in another loop
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM feed WHERE worker IS NOT NULL")).scalar() == 0


def test_two_workers_share_the_feeds_and_lose_none(server: Server, make_context: Maker, database: Database) -> None:
    listed: list[Feed] = []
    for n in range(20):
        server.pages[f"/f{n}"] = (200, {}, rss(f"Only in {n}"))
        listed.append(make_feed(server, f"/f{n}"))

    async def both() -> list[PollCount]:
        return await asyncio.gather(poll(make_context(*listed, worker="one")), poll(make_context(*listed, worker="two")))

    counts = asyncio.run(both())
    assert sum(count.read for count in counts) == 20
    assert all(server.visits(f"/f{n}") == 1 for n in range(20))
    assert len(titles(database)) == 20


def test_two_machines_are_never_at_one_host_together(server: Server, make_context: Maker, database: Database) -> None:
    for path in ("/a", "/b"):
        server.pages[path] = (200, {}, FEED)
    listed = [make_feed(server, "/a"), make_feed(server, "/b")]
    context = make_context(*listed)
    with database.write() as connection:
        feeds.save(connection, [FeedState(feed.id, feed.url, NOW, health=Health(configured=feed.url)) for feed in listed], new=True)
        feeds.claim(connection, worker="other", now=NOW, limit=1)
    assert run(context) == PollCount()
    assert server.asked == []
    with database.write() as connection:
        feeds.release(connection, ["a", "b"], worker="other")
    later(context, seconds=31)
    assert run(context).read == 2


def test_a_slow_visit_keeps_its_feed_and_what_the_dead_held_is_soon_free(
    server: Server, make_context: Maker, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alerts.jobs.poll.RENEW_SECONDS", 0.02)
    context = make_context(make_feed(server, "/slow", timeout_seconds=10))
    taken: list[str] = []

    async def slow(writer: asyncio.StreamWriter, headers: Mapping[str, str]) -> None:
        begun = await asyncio.to_thread(lease, database)
        later(context, seconds=feeds.LEASE.total_seconds() + 1)
        for _ in range(400):
            await asyncio.sleep(0.01)
            if await asyncio.to_thread(lease, database) > begun:
                break
        with database.write() as connection:
            taken.extend(feeds.claim(connection, worker="other", now=context.clock.now(), limit=1))
        await page()(writer, headers)

    server.acts["/slow"] = slow
    assert run(context).baseline == 2
    assert taken == []
    later(context, days=1)
    with database.write() as connection:
        assert feeds.claim(connection, worker="dead", now=context.clock.now(), limit=1) == ["slow"]
    assert run(context) == PollCount()
    later(context, minutes=3)
    assert run(context).visited == 1


def test_a_host_that_takes_long_does_not_keep_waiting_what_becomes_due(
    server: Server, make_context: Maker, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alerts.jobs.poll.ROUND_SECONDS", 0.05)
    listed = [make_feed(server, path) for path in ("/a", "/b", "/c", "/d")]
    context = make_context(*listed)
    due = {"a": NOW, "b": NOW, "c": NOW, "d": NOW - timedelta(minutes=1)}
    states = [FeedState(feed.id, feed.url, due[feed.id], health=Health(configured=feed.url)) for feed in listed]
    with database.write() as connection:
        feeds.save(connection, states, new=True)

    async def slow(writer: asyncio.StreamWriter, headers: Mapping[str, str]) -> None:
        await asyncio.sleep(0.1)
        with database.write() as connection:  # meanwhile another feed is more urgent than what is left of this batch
            feeds.save(connection, [replace(states[2], due=NOW - timedelta(minutes=2))])
        await page()(writer, headers)

    server.acts["/d"] = slow
    for path in ("/a", "/b", "/c"):
        server.pages[path] = (200, {}, FEED)
    assert run(context).read == 4
    assert [path for path, _ in server.asked] == ["/d", "/c", "/a", "/b"]


def test_after_an_outage_what_matters_most_is_visited_first(server: Server, make_context: Maker) -> None:
    tiers = {"/a": 3, "/b": 1, "/c": 2, "/d": 1}
    for path in tiers:
        server.pages[path] = (200, {}, FEED)
    assert run(make_context(*(make_feed(server, path, tier=tier) for path, tier in tiers.items()))).read == 4
    assert [path for path, _ in server.asked] == ["/b", "/d", "/c", "/a"]


def lease(database: Database) -> datetime:
    with database.read() as connection:
        found = connection.scalars(select(FeedRow.lease_until)).one()
    assert found is not None
    return found


def test_a_feed_that_left_the_list_is_not_visited(server: Server, make_context: Maker, database: Database) -> None:
    server.pages["/a"] = (200, {}, FEED)
    run(make_context(make_feed(server, "/a")))
    context = make_context(now=NOW + timedelta(days=1))
    assert run(context) == PollCount()
    assert not state(database, "a").open
    again = make_context(make_feed(server, "/a"), now=NOW + timedelta(days=2))
    assert run(again).visited == 1
