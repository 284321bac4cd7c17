"""robots.txt (RFC 9309), asked before a page is read that was made for people and not for readers of feeds.

A feed is an invitation to read it; the pages of `html-list` are not, so their site is asked, once a day.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, unquote, urlsplit

import httpx

from alerts.errors import FeedError
from alerts.feeds.fetch import Target, fetch
from alerts.feeds.pace import Pace

NAME = "expat-impact-alerts"
"""Our product token: groups of robots.txt that name it speak to us."""
KEPT = timedelta(hours=24)
LIMIT = 500_000
"""Bytes of robots.txt that are read (RFC 9309 §2.5)."""

_KEYS = frozenset({"user-agent", "allow", "disallow"})


@dataclass(frozen=True, slots=True)
class Rules:
    """What a robots.txt says to one visitor: (allowed, path pattern) in the order of the file."""

    lines: tuple[tuple[bool, str], ...] = ()

    def allow(self, path: str) -> bool:
        """True if a path (with its query) may be read: the longest pattern decides, and permission wins a tie (§2.2.2)."""
        path = _plain(path)
        found = [(len(pattern), allowed) for allowed, pattern in self.lines if pattern and _matches(pattern, path)]
        return max(found)[1] if found else True


def read_rules(text: str, name: str = NAME) -> Rules:
    """Read a robots.txt for one visitor: the groups that name it, else those for `*`."""
    ours: list[tuple[bool, str]] = []
    everybody: list[tuple[bool, str]] = []
    targets: list[list[tuple[bool, str]]] = []
    named = open_group = False
    for line in text.removeprefix("\ufeff").splitlines():
        # No regular expression: one that looks for the blanks before a comment takes half an hour over a line of 500,000 blanks.
        name_of_line, colon, rest = line.partition("#")[0].partition(":")
        key, value = name_of_line.strip().lower(), rest.strip()
        if not colon or key not in _KEYS:
            continue
        if key == "user-agent":
            if not open_group:
                targets, open_group = [], True
            visitor = value.split("/")[0].strip().lower()
            if visitor == name:
                named = True
                targets.append(ours)
            elif visitor == "*":
                targets.append(everybody)
            continue
        open_group = False
        for target in targets:
            target.append((key == "allow", _plain(value)))
    return Rules(tuple(ours if named else everybody))


class Robots:
    """What sites said, for a day. One per process."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[datetime, Rules]] = {}

    async def check(self, client: httpx.AsyncClient, page: Target, url: str, now: datetime, pace: Pace | None = None) -> None:
        """Raise FeedError with reason `robots` if the site of `url` does not want it read or cannot say, else as `fetch` does."""
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc}"
        kept = self._known.get(site)
        if kept is None or kept[0] <= now:
            kept = self._known[site] = (now + KEPT, await _ask(client, page, site, pace))
        if not kept[1].allow(f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"):
            raise FeedError(
                "robots", f"robots.txt of {parts.hostname} asks not to read this page; ask the publisher, or take the source out"
            )


async def _ask(client: httpx.AsyncClient, page: Target, site: str, pace: Pace | None) -> Rules:
    """Return the rules of a site; everything is allowed where there is no robots.txt. A server that cannot say is left alone (§2.3.1.4)."""
    try:
        found = await fetch(client, page, url=f"{site}/robots.txt", limit=LIMIT, pace=pace)
    except FeedError as error:
        status = int(error.reason.removeprefix("http-")) if error.reason.startswith("http-") else 0
        if (400 <= status < 500 and status != 429) or error.reason in {"too-large", "redirect-loop", "bad-redirect"}:
            return Rules()
        if not status:
            raise
        told = f"robots.txt cannot be read now (HTTP {status}), so pages of {urlsplit(site).hostname} are left alone; it is asked again"
        raise FeedError("robots", told, retry_after=error.retry_after) from None
    return await asyncio.to_thread(read_rules, (found.body or b"").decode("utf-8", "replace"))


def _plain(path: str) -> str:
    """Percent-encode a path one way only, so that both sides compare (§2.2.2)."""
    return quote(unquote(path), safe="/*$?&=;:@!'()+,~%")


def _matches(pattern: str, path: str) -> bool:
    ends = pattern.endswith("$")
    pieces = pattern.removesuffix("$").split("*")
    at = len(pieces[0])
    if not path.startswith(pieces[0]):
        return False
    for piece in pieces[1:]:
        start = path.find(piece, at)
        if start < 0:
            return False
        at = start + len(piece)
    return not ends or at == len(path) or (len(pieces) > 1 and path.endswith(pieces[-1]))
