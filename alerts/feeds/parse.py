"""Bytes to entries: decode, recognise the format, read, clean, date, identify. Pure; the same bytes and `now` give the same entries.

A document that is no feed, or a feed without a single entry, is a failed poll with a reason, whatever the status code said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, tzinfo
from types import ModuleType
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from alerts.errors import FeedError
from alerts.feeds import clean, identity
from alerts.feeds.dates import Dated, read_date
from alerts.feeds.encoding import decode, without_declaration
from alerts.feeds.entry import Entry, Source
from alerts.feeds.formats import htmllist, jsonfeed, jsonlist, syndication
from alerts.feeds.formats.raw import Document, Raw, Selection
from alerts.feeds.language import language_of, primary
from alerts.feeds.outlet import part_outlet
from alerts.feeds.parsed import Item, Parsed

FORMATS: Mapping[str, ModuleType] = {"json": jsonfeed, "syndication": syndication}
"""Tried in this order; each has `recognises(text)` and `read(text, url)`."""

LISTS: Mapping[str, ModuleType] = {"html-list": htmllist, "json-list": jsonlist}
"""What is no feed, by the format in feeds.yaml; each has `read(text, url, selection)`."""

MAX_ENTRIES = 2000
"""More entries in one document than this are an archive; the first ones are kept."""

_HOME_ZONES = {"ja": "Asia/Tokyo", "ko": "Asia/Seoul"}
"""For a feed that nobody has described yet."""

_HTML = re.compile(r"<\s*(?:!doctype\s+html|html|head|body)\b", re.I)
_CAPTCHA = re.compile(
    r"captcha|cf-challenge|just a moment|attention required|access denied|are you (?:a )?human|bot (?:detection|protection)"
    r"|enable javascript and cookies",
    re.I,
)
_LOGIN = re.compile(r"<input[^>]+type\s*=\s*[\"']?password", re.I)


def parse(
    body: bytes,
    *,
    content_type: str,
    url: str,
    feed_source: Source,
    timezone: str,
    now: datetime,
    format: str = "feed",
    selection: Selection | None = None,
) -> Parsed:
    """Read a feed's document. `url` is where it came from, `timezone` the zone of dates that name none; empty: that of
    the feed's language. `format` and `selection` are for what is no feed (see LISTS).

    Raises FeedError with reason `empty-body`, `html`, `captcha`, `login`, `not-a-feed`, `layout` or `empty`.
    """
    if not body.strip(b"\x00\t\r\n \xef\xbb\xbf"):
        raise FeedError("empty-body", "the server answered with nothing")
    decoded = decode(body, content_type=content_type)
    text = without_declaration(decoded.text.lstrip("\ufeff\x00 \t\r\n"))
    document = LISTS[format].read(text, url, selection) if selection is not None else _read(text, url)
    if not document.entries:
        raise FeedError("empty", f"a feed ({document.format}) without a single entry")
    zone = ZoneInfo(timezone or _HOME_ZONES.get(language_of(text[:3000], primary(document.language)), "UTC"))
    parsed = assemble(document, url=url, source=feed_source, zone=zone, now=now, encoding=decoded.encoding, problems=decoded.problems)
    return replace(parsed, decoded_by=decoded.by)


def _read(text: str, url: str) -> Document:
    for format in FORMATS.values():
        if format.recognises(text):
            try:
                document: Document = format.read(text, url)
            except ValueError as error:
                raise FeedError("not-a-feed", f"this is no feed: {str(error)[:160]}") from None
            if document.entries or not _HTML.search(text[:5000]):
                return document
    raise no_feed(text)


def no_feed(text: str) -> FeedError:
    """Say what a document is that should have been a feed."""
    head = text[:50_000]
    if not _HTML.search(head[:5000]):
        return FeedError("not-a-feed", f"this is neither RSS, Atom nor JSON Feed; it begins with {' '.join(head[:60].split())!r}")
    if _CAPTCHA.search(head):
        return FeedError("captcha", "the site wants proof that we are human; ask the publisher, or visit from another address")
    if _LOGIN.search(head):
        return FeedError("login", "a login page came instead of the feed")
    title = re.search(r"<title[^>]*>(.*?)</title>", head, re.I | re.S)
    named = f" with the title {clean.plain(title[1], 80)!r}" if title else ""
    return FeedError("html", f"a web page{named} came instead of the feed; has the feed moved?")


def assemble(
    document: Document, *, url: str, source: Source, zone: tzinfo, now: datetime, encoding: str, problems: tuple[str, ...]
) -> Parsed:
    """Make entries of raw ones: clean, date, tell apart; say what was left out and why."""
    said = [*problems, *document.problems]
    raws = document.entries[:MAX_ENTRIES]
    if len(document.entries) > MAX_ENTRIES:
        said.append(f"{len(document.entries)} entries; only the first {MAX_ENTRIES} are read")
    declared = primary(document.language) or source.language
    links = [clean.link(raw.link, url) or _permalink(raw.guid) for raw in raws]
    titles = [_title(raw, link) for raw, link in zip(raws, links, strict=True)]
    items: dict[str, Item] = {}
    for raw, link, title, key in zip(raws, links, titles, identity.keys(source.id, [raw.guid for raw in raws], links, titles), strict=True):
        if not title:
            said.append("an entry with neither title, text nor link was left out")
        elif key in items:
            said.append(f"an entry stands in the feed twice: {clean.shorten(title, 60)!r}")
        else:
            items[key] = _item(raw, key, link, title, declared=declared, source=source, zone=zone, now=now)
            if raw.link and not link:
                said.append(f"a link that is not a web address was dropped: {clean.plain(raw.link, 60)!r}")
    if not items:
        raise FeedError("empty", "the feed has entries, but nothing can be read in any of them")
    for how, sentence in (("future", "dated in the future"), ("missing", "without a date that can be read")):
        count = sum(item.dated == how for item in items.values())
        if count:
            example = next((item.date_text for item in items.values() if item.dated == how and item.date_text), "")
            said.append(f"{count} {'entry' if count == 1 else 'entries'} {sentence}" + (f", such as {example[:40]!r}" if example else ""))
    return Parsed(
        items=tuple(items.values()),
        title=clean.plain(document.title, 200),
        language=declared,
        encoding=encoding,
        format=document.format,
        problems=tuple(dict.fromkeys(said)),
        ttl_minutes=document.ttl_minutes,
        skip_hours=document.skip_hours,
        skip_days=document.skip_days,
        places=document.places,
    )


def _item(raw: Raw, key: str, link: str, title: str, *, declared: str, source: Source, zone: tzinfo, now: datetime) -> Item:
    dated, text = _date(raw, zone, now)
    known = dated is not None and dated.how != "future"
    summary = clean.plain(raw.summary)
    summary = "" if summary == title else summary
    outlet = clean.plain(raw.outlet, 80)
    if source.kind == "aggregator":
        title, outlet = part_outlet(title, outlet)
    entry = Entry(
        id=key,
        source=source,
        url=link,
        title=title,
        summary=summary,
        published=dated.moment if dated is not None and known else now,
        language=language_of(f"{title} {summary}", primary(raw.language) or declared),
        outlet="" if outlet == source.publisher else outlet,
    )
    return Item(entry, raw.guid, dated.how if dated else "missing", text, identity.digest(title, summary))


def _date(raw: Raw, zone: tzinfo, now: datetime) -> tuple[Dated | None, str]:
    """Return the first date that can be believed; one in the future only if no other is there."""
    future: tuple[Dated | None, str] = (None, raw.dates[0] if raw.dates else "")
    for text in raw.dates:
        dated = read_date(text, zone, now)
        if dated is not None and dated.how != "future":
            return dated, text
        if dated is not None and future[0] is None:
            future = dated, text
    return future


def _permalink(guid: str) -> str:
    return clean.link(guid) if guid.startswith(("http://", "https://")) else ""


def _title(raw: Raw, link: str) -> str:
    """Return the title; without one the beginning of the text, else the address: an entry that can be opened is not dropped."""
    title = clean.plain(raw.title, clean.TITLE_LIMIT) or clean.plain(raw.summary, 120)
    if title or not link:
        return title
    parts = urlsplit(link)
    return clean.shorten(f"{parts.hostname}{parts.path}", 120)
