"""RSS 0.90–2.0, RDF and Atom, by feedparser with sanitising and the rewriting of embedded links off: cleaning is ours."""

from __future__ import annotations

import re
from typing import Any

import feedparser
import feedparser.api

from alerts.feeds.formats import events
from alerts.feeds.formats.listener import Listener
from alerts.feeds.formats.raw import Document, Raw

feedparser.api.PREFERRED_XML_PARSERS.insert(0, events.__name__)  # its own way of being given an XML reader
feedparser.api.StrictFeedParser = Listener
feedparser.registerDateHandler(lambda _text: (0,) * 9)  # its own way of being given dates: ours are read from their texts

_ROOT = re.compile(r"<(?:[A-Za-z_][\w.-]*:)?(?:rss|rdf|feed)(?=[\s>])", re.I)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PERIODS = {"hourly": 60, "daily": 1440, "weekly": 10_080, "monthly": 43_200, "yearly": 525_600}


def recognises(text: str) -> bool:
    """True if a feed's element begins near the top, be it wrapped in something else."""
    return _ROOT.search(text[:20_000]) is not None


def read(text: str, url: str) -> Document:
    """Read a document that is already decoded and has no XML declaration; `url` resolves relative links."""
    parsed = feedparser.parse(
        text.encode("utf-8", "replace"),
        response_headers={"content-type": "application/xml; charset=utf-8", "content-location": url},
        resolve_relative_uris=False,
        sanitize_html=False,
    )
    head = parsed.feed
    problems = []
    if parsed.bozo and not isinstance(parsed.bozo_exception, feedparser.CharacterEncodingOverride):
        problems.append(f"not well-formed: {' '.join(str(parsed.bozo_exception).split()).replace('<unknown>:', 'line ', 1)[:160]}")
    return Document(
        format=parsed.version or "unrecognised",
        entries=tuple(_entry(entry) for entry in parsed.entries),
        title=_text(head.get("title")),
        language=_text(head.get("language")),
        ttl_minutes=_ttl(head),
        skip_hours=_skip_hours(text),
        skip_days=_skip_days(text),
        problems=tuple(problems),
    )


def _entry(entry: Any) -> Raw:
    content = entry.get("content") or ()
    summary = _text(entry.get("summary")) or next((_text(part.get("value")) for part in content if part.get("value")), "")
    source = entry.get("source") or {}
    return Raw(
        guid=_text(entry.get("id")),
        link=_text(entry.get("link")) or _alternate(entry),
        title=_text(entry.get("title")),
        summary=summary,
        # Past feedparser's own lookup, which takes `published` for a missing `updated` and warns about it.
        dates=tuple(text for name in ("published", "created", "updated") if (text := _text(dict.get(entry, name)))),
        language=_text((entry.get("title_detail") or {}).get("language")) or _text(entry.get("language")),
        outlet=_text(source.get("title")) if hasattr(source, "get") else "",
    )


def _alternate(entry: Any) -> str:
    """Return the best link of an entry whose plain link is missing: an alternate, an enclosure, else a guid that is an address."""
    links = [each for each in entry.get("links") or () if each.get("href")]
    for relation in ("alternate", "related", "via", "enclosure"):
        for each in links:
            if each.get("rel", "alternate") == relation:
                return _text(each["href"])
    guid = _text(entry.get("id"))
    return guid if guid.startswith(("http://", "https://")) else ""


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _ttl(head: Any) -> float | None:
    """Minutes between visits that the feed asks for: RSS `ttl`, or the syndication module's period."""
    period = _PERIODS.get(_text(head.get("sy_updateperiod")).lower(), 0)
    asked = (_number(head.get("ttl")), period / max(1.0, _number(head.get("sy_updatefrequency"))))
    return max((minutes for minutes in asked if minutes > 0), default=None)


def _number(value: Any) -> float:
    try:
        return float(_text(value) or 0)
    except ValueError:
        return 0


def _skip_hours(text: str) -> tuple[int, ...]:
    match = re.search(r"<skipHours>(.*?)</skipHours>", text[:50_000], re.I | re.S)
    hours = {int(hour) % 24 for hour in re.findall(r"<hour>\s*(\d{1,2})\s*</hour>", match[1], re.I)} if match else set()
    return tuple(sorted(hours)) if len(hours) < 24 else ()


def _skip_days(text: str) -> tuple[int, ...]:
    match = re.search(r"<skipDays>(.*?)</skipDays>", text[:50_000], re.I | re.S)
    days = {day.strip().lower() for day in re.findall(r"<day>([^<]{1,20})</day>", match[1], re.I)} if match else set()
    found = tuple(number for number, day in enumerate(_DAYS) if day in days)
    return found if len(found) < 7 else ()
