"""What makes an entry the same entry, poll after poll.

guid, else link, else content. Keys are compared after folding what sites change without changing the entry: http or https, `www.`, a
trailing slash, tracking parameters. A guid that several entries of one document share says nothing and is not used.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from alerts.feeds.clean import link as clean_link

_ADDRESS = re.compile(r"\Ahttps?://", re.I)
_USUAL = re.compile(r"https?://([a-z0-9.-]+)((?:/[^?#\s]*)?)")


def address_key(address: str) -> str:
    """Fold an address so that the forms a site uses for one page are equal; what only looks like an address stays as it is."""
    address = clean_link(address) or address
    if usual := _USUAL.fullmatch(address):
        return usual[1].removeprefix("www.") + usual[2].rstrip("/")
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port not in {None, 80, 443} else ""
    except ValueError:
        return address
    host = (parts.hostname or "").removeprefix("www.")
    path = parts.path.rstrip("/")
    tail = (f"?{parts.query}" if parts.query else "") + (f"#{parts.fragment}" if parts.fragment else "")
    return f"{host}{port}{path}{tail}"


def guid_key(guid: str) -> str:
    """Fold a guid: one that is an address as an address, any other only at its ends."""
    guid = guid.strip()
    return address_key(guid) if _ADDRESS.match(guid) else guid


def digest(*parts: str) -> str:
    """Hash texts to 20 hexadecimal digits."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]


def keys(feed: str, guids: Sequence[str], links: Sequence[str], titles: Sequence[str]) -> list[str]:
    """Return a stable id for every entry of one document, in its order; equal ids mean that the document repeats an entry.

    Ids are unique over feeds, because they begin with the feed's.
    """
    folded = [guid_key(guid) if guid.strip() else "" for guid in guids]
    pages = [address_key(link) if link else "" for link in links]
    shared = _shared(zip(folded, zip(pages, titles, strict=True), strict=True))
    crowded = _shared(zip(pages, zip(folded, titles, strict=True), strict=True))
    return [
        f"{feed}:{_key(guid, page, title, guid not in shared, page not in crowded)}"
        for guid, page, title in zip(folded, pages, titles, strict=True)
    ]


def _key(guid: str, page: str, title: str, guid_is_good: bool, page_is_good: bool) -> str:
    if guid and guid_is_good:
        return digest("guid", guid)
    if page and page_is_good:
        return digest("link", page)
    return digest("content", guid, page, title)


def _shared(pairs: Iterable[tuple[str, tuple[str, str]]]) -> set[str]:
    """Return the keys that stand for different things."""
    counts = Counter(key for key, _ in set(pairs))
    return {key for key, count in counts.items() if key and count > 1}
