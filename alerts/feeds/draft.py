"""A line of feeds.yaml for a feed that nobody has described yet, and how it is added to the file without touching the rest of it. Pure."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from urllib.parse import urlsplit

from alerts.feeds.cadence import rhythm
from alerts.feeds.parsed import Parsed

_OFFICIAL = re.compile(
    r"\.(?:go|lg)\.(?:jp|kr|th|id)$|\.gov(?:\.[a-z]{2})?$|\.mil$|\.gc\.ca$|\.gouv\.fr$|\.europa\.eu$|\.bund\.de$|\.admin\.ch$"
)
_COUNTRIES = {
    "jp": "JPN", "kr": "KOR", "cn": "CHN", "tw": "TWN", "uk": "GBR", "gov": "USA", "mil": "USA", "us": "USA", "ca": "CAN", "au": "AUS",
    "nz": "NZL", "de": "DEU", "fr": "FRA", "it": "ITA", "es": "ESP", "in": "IND", "id": "IDN", "ph": "PHL", "vn": "VNM", "th": "THA",
    "sg": "SGP", "br": "BRA", "np": "NPL", "eu": "EUU",
}  # fmt: skip
_ZONES = {"JPN": "Asia/Tokyo", "KOR": "Asia/Seoul", "CHN": "Asia/Shanghai", "TWN": "Asia/Taipei", "GBR": "Europe/London"}
_GENERIC = re.compile(r"www|com|net|org|co|go|or|ne|ac|gov|edu|jp|uk|kr|cn|rss2?|feeds?|atom|rdf|xml|index|news|php|html|json|data")
"""Words of an address that tell one feed from another no better than `the`."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./:-]*[A-Za-z0-9/]|[A-Za-z0-9]")
_KEYS = (
    "id",
    "url",
    "title",
    "publisher",
    "kind",
    "country",
    "language",
    "timezone",
    "poll_minutes",
    "staleness_hours",
    "enabled",
    "reason",
)


def draft(url: str, parsed: Parsed, taken: Collection[str]) -> dict[str, object]:
    """Describe a feed as far as its address and its document tell; `taken` are ids in use. A person should look at the result."""
    host = (urlsplit(url).hostname or "").lower()
    country = _COUNTRIES.get(host.rpartition(".")[2], "")
    name, _, rest = (parsed.title or host).partition(" - ")
    dates = sorted(item.entry.published for item in parsed.items if item.dated in {"given", "zone-assumed"})
    usual = rhythm(dates)
    hours = 168 if usual is None else int(min(2160, max(48, usual.total_seconds() * 12 / 3600)))
    return {
        "id": free_id(url, taken),
        "url": url,
        "title": rest or name,
        "publisher": name,
        "kind": "official" if _OFFICIAL.search(host) else "press",
        "country": country,
        "language": parsed.language or Counter(item.entry.language for item in parsed.items).most_common(1)[0][0],
        "timezone": _ZONES.get(country, "UTC"),
        "poll_minutes": 30 if usual is not None and usual.total_seconds() < 6 * 3600 else 60,
        "staleness_hours": hours,
    }


def free_id(url: str, taken: Collection[str]) -> str:
    """Return a short id from an address that is not taken."""
    parts = urlsplit(url.lower())
    words = re.findall(r"[a-z0-9]+", f"{'.'.join((parts.hostname or '').split('.'))} {parts.path}")
    chosen = list(dict.fromkeys(word for word in words if not _GENERIC.fullmatch(word)))[:4] or ["feed"]
    name = "-".join(chosen)[:36].strip("-")
    return next(each for each in (name, *(f"{name}-{number}" for number in range(2, 10_000))) if each not in taken)


def block(values: Mapping[str, object]) -> str:
    """Write one feed as it stands in feeds.yaml; empty values are left out."""
    lines = [f"{name}: {_scalar(values[name])}" for name in _KEYS if values.get(name) not in {None, ""}]
    return "- " + "\n  ".join(lines) + "\n"


def appended(text: str, blocks: Sequence[str]) -> str:
    """Return the text of feeds.yaml with feeds added at its end; every line that was there stays as it is, comments too."""
    listed = re.search(r"^( *)- ", text, re.M)
    if listed is None:
        kept = re.sub(r"^\s*\[\s*\]\s*$", "", text, flags=re.M).rstrip("\n")
        return "\n\n".join([*([kept] if kept else []), *blocks])
    indent = listed[1]
    added = ["".join(f"{indent}{line}\n" for line in block.splitlines()) for block in blocks]
    return text.rstrip("\n") + "\n\n" + "\n".join(added)


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    plain = _PLAIN.fullmatch(text) and not re.fullmatch(r"[\d.:/-]+|true|false|null|yes|no|on|off", text, re.I) and ": " not in text
    return text if plain else json.dumps(text, ensure_ascii=False)
