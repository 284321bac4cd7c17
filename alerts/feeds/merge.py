"""Which entries of a document are new, edited, known, or to be held back. Pure.

A known id is a known entry. An entry with a new id is still known if two of its title, its address and its date are those of a stored one:
sites change guids, addresses and dates when they are rebuilt. And more than half of a document that is new at once is held back: if it is
older than our last visit, that is a redesign and not news; if it is dated anew, but far more than the feed ever brought in a day, it may
be. What is held comes in when further visits confirm it: old entries quietly, those that are dated anew as news.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.feeds.identity import address_key
from alerts.feeds.parsed import Item
from alerts.feeds.state import Health, Held

MASS = 5
"""Fewer new entries than this are never a redesign."""
CONFIRMATIONS = 3
"""Held entries that stand unchanged in this many documents are taken in."""
STABLE_DAYS = 3
"""After visits on so many days it is known how much a feed brings."""
SUDDEN = 3
"""So many times as much as on the busiest day is held back."""
GRACE = timedelta(hours=2)
"""An entry dated up to this long before our last visit may have been published late."""
SAME_DATE = timedelta(hours=24)

_LETTERS = re.compile(r"\W+")


@dataclass(frozen=True, slots=True)
class Known:
    """A stored entry, as far as comparing needs it."""

    id: str
    url: str
    title: str
    published: datetime
    content_hash: str


@dataclass(frozen=True, slots=True)
class Merge:
    """What to do with a document: `new` to insert (`quiet`: they never alert), `edited` to update, `held` ids that wait.

    `shown` and `renamed` are for the feed's health.
    """

    new: tuple[Item, ...]
    edited: tuple[Item, ...]
    quiet: bool
    held: Held | None
    shown: tuple[str, ...]
    renamed: Mapping[str, str]
    drift: str = ""


def mark(id: str) -> str:
    """Return the short mark of an entry id that a feed's health remembers."""
    return id.rpartition(":")[2][:12]


def unknown(items: Sequence[Item], stored: Mapping[str, Known], health: Health) -> bool:
    """True if some entry has no stored counterpart by its id, so that recent entries have to be looked through."""
    return any(item.entry.id not in stored and health.renamed.get(item.entry.id) not in stored for item in items)


def merge(
    items: Sequence[Item],
    *,
    stored: Mapping[str, Known],
    recent: Iterable[Known],
    health: Health,
    now: datetime,
    last_success: datetime | None,
    fast: bool = False,
) -> Merge:
    """Compare a document with what is stored.

    `stored` holds the entries whose ids stand in the document or in `health.renamed`, `recent` the last ones of the feed. What a safety
    source (`fast`) brings is never held for being much.
    `last_success` is None on the first visit, whose entries are all quiet: they were published before we came.
    """
    renamed: dict[str, str] = {}
    fresh: list[Item] = []
    edited: list[Item] = []
    lookup = _Lookup(recent, items)
    loose = lookup.mostly_same([item for item in items if item.entry.id not in stored])
    for item in items:
        id = item.entry.id
        known = stored.get(id) or stored.get(health.renamed.get(id, "")) or lookup.find(item, loose=loose)
        if known is None:
            if mark(id) not in health.shown:
                fresh.append(item)
            continue
        if known.id != id:
            renamed[id] = known.id
        if known.content_hash != item.content_hash:
            edited.append(replace(item, entry=replace(item.entry, id=known.id)))
    shown = tuple(mark(item.entry.id) for item in items)
    drift = "changed the ids of its entries" if loose and renamed.keys() - health.renamed.keys() else ""
    if last_success is None:
        return Merge(tuple(fresh), (), True, None, shown, renamed)
    held = _hold(fresh, len(items), health, now, last_success, fast=fast)
    if held is not None and not held.released and held.visits < CONFIRMATIONS:
        waiting = set(held.ids)
        now_new = tuple(item for item in fresh if item.entry.id not in waiting)
        remembered = tuple(each for each in shown if each not in {mark(id) for id in waiting})
        return Merge(now_new, tuple(edited), False, held, remembered, renamed, drift)
    quiet = held is not None and not held.released and held.late
    return Merge(tuple(fresh), tuple(edited), quiet, None, shown, renamed, drift)


def _hold(fresh: Sequence[Item], total: int, health: Health, now: datetime, last_success: datetime, *, fast: bool) -> Held | None:
    """Return what is held after this visit: what was held and is still there, or a mass of new entries that are not news."""
    ids = tuple(item.entry.id for item in fresh)
    if health.held is not None:
        still = tuple(id for id in health.held.ids if id in ids)
        return replace(health.held, ids=still, visits=health.held.visits + 1) if still else None
    late = [item for item in fresh if item.dated in {"missing", "future"} or item.entry.published < last_success - GRACE]
    if len(late) >= MASS and len(late) * 2 > total:
        return Held(now, tuple(item.entry.id for item in late))
    if not fast and len(ids) >= MASS and len(ids) * 2 > total and _is_sudden(len(ids), health, now - last_success):
        return Held(now, ids, late=False)
    return None


def _is_sudden(count: int, health: Health, since: timedelta) -> bool:
    """True if so many new entries, `since` the last visit, are far more than the feed ever brought in that time."""
    before = [new for visits, failed, new in health.days.values() if visits > failed]
    return len(before) >= STABLE_DAYS and count > SUDDEN * max(1, *before) * max(1.0, since / timedelta(days=1))


class _Lookup:
    """Stored entries that are not in the document by their id, by what else they can be known by."""

    def __init__(self, recent: Iterable[Known], items: Sequence[Item]) -> None:
        present = {item.entry.id for item in items}
        self._items = items
        self._by_page: dict[tuple[str, str], Known] = {}
        self._by_title: dict[str, list[Known]] = {}
        self._by_moment: dict[tuple[str, datetime], list[Known]] = {}
        for known in recent:
            if known.id not in present:
                title, page = _title(known.title), address_key(known.url)
                self._by_page.setdefault((title, page), known)
                self._by_title.setdefault(title, []).append(known)
                self._by_moment.setdefault((page, known.published), []).append(known)

    def mostly_same(self, items: Sequence[Item]) -> bool:
        """True if most entries with new ids carry titles that are stored: the ids were changed, not the news."""
        if not self._by_title:
            return False
        same = sum(_title(item.entry.title) in self._by_title for item in items)
        return same >= MASS and same * 2 > len(items)

    def find(self, item: Item, *, loose: bool) -> Known | None:
        """Return the stored entry that this one is; `loose`: the title is enough."""
        if not self._by_title:
            return None
        title = _title(item.entry.title)
        dated = item.dated not in {"missing", "future"}
        page = self._by_page.get((title, address_key(item.entry.url)))
        if page is not None and (loose or not dated or abs(page.published - item.entry.published) <= SAME_DATE):
            return page
        where = (address_key(item.entry.url), item.entry.published)
        there = self._by_moment.get(where, ()) if dated and where[0] else ()
        if len(there) == 1 and self._stands_once(where):
            return there[0]  # a new id and an edited title at once: the page and its moment are the same
        same = self._by_title.get(title, ())
        exact = next((known for known in same if dated and known.published == item.entry.published), None)
        return exact or (same[0] if loose and same else None)

    def _stands_once(self, where: tuple[str, datetime]) -> bool:
        """True if the document has one entry only with this address and moment."""
        return sum(item.entry.published == where[1] and address_key(item.entry.url) == where[0] for item in self._items) == 1


def _title(title: str) -> str:
    return _LETTERS.sub("", title.casefold())
