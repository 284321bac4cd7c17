"""What sites do to the marks of their entries, and what must not make an entry new: the guid, else the link, else the content."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.feeds.entry import Source
from alerts.feeds.identity import address_key, keys
from alerts.feeds.merge import Known, Merge, mark, merge
from alerts.feeds.parse import parse
from alerts.feeds.parsed import Item
from alerts.feeds.state import Health

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
Entry = tuple[str, str, str]
"""guid, link, title."""


def document(entries: list[Entry], *, dates: bool = True) -> tuple[Item, ...]:
    items = "".join(
        f"<item><guid isPermaLink='false'>{guid}</guid><link>{link}</link><title>{title}</title>"
        + (f"<pubDate>Mon, 02 Mar 2026 0{n % 3}:{n:02}:00 GMT</pubDate>" if dates else "")
        + "</item>"
        for n, (guid, link, title) in enumerate(entries)
    )
    text = f"<rss version='2.0'><channel><title>T</title>{items}</channel></rss>".replace("&", "&amp;")
    return parse(text.encode(), content_type="", url="", feed_source=Source("t", "T"), timezone="UTC", now=NOW).items


def visit(store: dict[str, Known], items: tuple[Item, ...], health: Health, *, first: bool = False) -> tuple[Merge, Health]:
    """Compare with what is stored and store what is new, as the job does."""
    later = NOW + timedelta(hours=1)
    merged = merge(items, stored=store, recent=list(store.values()), health=health, now=later, last_success=None if first else NOW)
    for item in (*merged.new, *merged.edited):
        entry = item.entry
        store[entry.id] = Known(entry.id, entry.url, entry.title, entry.published, item.content_hash)
    shown = tuple(mark(item.entry.id) for item in items)
    return merged, Health(shown=shown, renamed=merged.renamed)


PLAIN: list[Entry] = [(f"id-{n}", f"http://town.example/news/{n}", f"Notice number {n}") for n in range(12)]
CHANGES = {
    "nothing": lambda n, e: e,
    "https instead of http": lambda n, e: (e[0], e[1].replace("http://", "https://"), e[2]),
    "www. before the host": lambda n, e: (e[0], e[1].replace("town.", "www.town."), e[2]),
    "tracking parameters": lambda n, e: (e[0], e[1] + "?utm_source=rss&fbclid=x", e[2]),
    "all guids anew": lambda n, e: (f"urn:uuid:{n * 7919}", e[1], e[2]),
    "all guids and addresses anew": lambda n, e: (f"urn:uuid:{n * 7919}", f"https://new.example/p/{n + 500}", e[2]),
    "one guid for all": lambda n, e: ("town", e[1], e[2]),
    "no guids": lambda n, e: ("", e[1], e[2]),
    "guids that are addresses, with tracking": lambda n, e: (e[1] + "/?utm_campaign=x", e[1], e[2]),
    "guids in upper case": lambda n, e: (e[0].upper(), e[1], e[2]),
    "one address for all": lambda n, e: (e[0], "http://town.example/", e[2]),
}


@pytest.mark.parametrize("dates", [True, False])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("start", ["nothing", "no guids", "one guid for all", "guids that are addresses, with tracking"])
def test_a_site_that_changes_its_marks_brings_nothing_new(start: str, change: str, dates: bool) -> None:
    before = [CHANGES[start](n, entry) for n, entry in enumerate(PLAIN)]
    after = [CHANGES[change](n, entry) for n, entry in enumerate(PLAIN)]
    store: dict[str, Known] = {}
    merged, health = visit(store, document(before, dates=dates), Health(), first=True)
    assert len(merged.new) == 12
    for entries in (after, after, before):
        merged, health = visit(store, document(entries, dates=dates), health)
        assert (merged.new, merged.held) == ((), None), (start, change)
    merged, health = visit(store, document([*before, ("fresh", "http://town.example/news/99", "Quite another notice")], dates=dates), health)
    assert [item.entry.title for item in merged.new] == ["Quite another notice"]


def test_entries_that_share_a_guid_are_told_apart_and_the_same_entry_twice_is_one() -> None:
    shared = [("town", f"http://town.example/{n}", f"Notice {n}") for n in range(3)]
    assert len({item.entry.id for item in document(shared)}) == 3
    assert len(document([shared[0], shared[0], shared[1]])) == 2
    assert len({item.entry.id for item in document([("town", "", f"Notice {n}") for n in range(3)])}) == 3


def test_ids_of_two_feeds_differ() -> None:
    assert not set(keys("a", ["1"], [""], ["T"])) & set(keys("b", ["1"], [""], ["T"]))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://a.example/x", "https://www.a.example:443/x/", True),
        ("http://a.example/x?id=1&utm_medium=y", "http://a.example/x?id=1", True),
        ("http://a.example/x?id=1", "http://a.example/x?id=2", False),
        ("http://a.example/x", "http://a.example:8080/x", False),
        ("http://a.example/X", "http://a.example/x", False),
        ("http://A.example/x", "http://a.EXAMPLE/x", True),
        ("http://a.example/#/1", "http://a.example/#/2", False),
    ],
)
def test_addresses_that_lead_to_one_page(one: str, other: str, same: bool) -> None:
    assert (address_key(one) == address_key(other)) is same


@given(st.lists(st.tuples(st.sampled_from(["", "a", "b", "http://x.example/1"]), st.sampled_from(["", "http://x.example/1"]), st.text(max_size=3)), max_size=8))
def test_an_entry_keeps_its_key_whatever_stands_before_it(entries: list[Entry]) -> None:
    guids, links, titles = ([entry[n] for entry in entries] for n in range(3))
    forward = keys("f", guids, links, titles)
    assert forward == list(reversed(keys("f", guids[::-1], links[::-1], titles[::-1])))
    assert all(key.startswith("f:") for key in forward)
