"""Whom an aggregator repeats: named in an element of its own, or only behind the headline, as `Headline - Outlet`, `見出し（媒体）`. Pure.

Behind the headline it would count as a word of it: two reports of one agency text would look like two headlines.
"""

from __future__ import annotations

import re
import unicodedata

_BEHIND = re.compile(r"\s*(?:[（(【\[](?P<inside>[^（）()【】\[\]]{2,40})[）)】\]]|\s[-–—|｜]\s(?P<after>[^-–—|｜]{2,40}))\s*\Z")
_AGENCIES = (
    "ap|afp|afpbb|anna|bbc|bloomberg|cnn|cna|dpa|fnn|fisco|jiji|jnn|kyodo|nhk|nna|reuters|tass|upi|ロイター|ブルームバーグ|フィスコ|共同|時事|毎日|朝日|読売|産経|日経"
)
_NAME = re.compile(
    rf"(?:{_AGENCIES})(?:\.com|\.co\.jp| japan| news)?"
    r"|.+(?:新聞|新聞社|新聞デジタル|通信|通信社|放送|テレビ|ニュース|新報|日報|民報|タイムス|タイムズ|スポーツ|オンライン|電子版|デジタル|web|news)"
    r"|.+ (?:times|post|journal|today|press|herald|tribune|guardian|telegraph|monitor|mail|globe|week|review|magazine|wire)"
    r"|the (?:guardian|economist|independent|hill|conversation|diplomat|atlantic)",
    re.I,
)
"""What looks like the name of a newspaper, an agency, a broadcaster; (全文) or the name of a writer does not."""


def part_outlet(title: str, named: str) -> tuple[str, str]:
    """Return a headline without the outlet behind it, and the outlet; `named` is what the document says of it elsewhere, or nothing."""
    match = _BEHIND.search(title)
    behind = (match["inside"] or match["after"] or "").strip() if match else ""
    if not match or not title[: match.start()].strip():
        return title, named
    if named:
        return (title[: match.start()] if _fold(behind) == _fold(named) else title), named
    return (title[: match.start()], behind) if _NAME.fullmatch(_fold(behind)) else (title, "")


def _fold(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
