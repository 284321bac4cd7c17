"""From a status code and the words beside it to hard, soft or policy: one table, read from the top.

The code decides where it is exact. Where it is vague (5.0.0, 5.7.1, a bare 550) the words decide, because servers use one number for
"no such user" and for "your network is on a list". What neither tells is soft: it must come again before it counts.
"""

from __future__ import annotations

import re
from typing import Literal

from alerts.mail.replies import is_dead, names_unknown_user

Verdict = Literal["hard", "soft", "policy"]

_STATUS = re.compile(r"(?<![\d.])([245])\.([0-7])\.(\d{1,3})(?!\d|\.\d)")
_REPLY = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.])")
_FULL = re.compile(
    r"(mail ?box|inbox|quota|storage|disk)\b.{0,40}\b(full|exceed|over|limit|insufficient)"
    r"|(over|exceed\w*)\b.{0,20}\bquota|out of storage|容量(を|が)?(超|オーバー)|いっぱい",
    re.IGNORECASE,
)
_POLICY = re.compile(
    r"\b(spam|blocked|block ?list\w*|black ?list\w*|listed (at|in|by|on)|reputation|dmarc|spf|dkim|rdns|reverse dns|ptr|policy|"
    r"unsolicited|bulk|abus\w*|complaints?|rate limit\w*|too many|content (reject|denied|filter)\w*|not authenticat\w*|banned|denied by)\b"
    r"|迷惑メール|なりすまし",
    re.IGNORECASE,
)
_DEAD = re.compile(
    r"does(n['’]t| not) (have|exist)|no longer (valid|in use|available|active)|not (a valid|our customer|listed in)|couldn't be found"
    r"|(account|mailbox|address|user) (that you tried|is|has been|was)?.{0,30}"
    r"(disabled|closed|deleted|deactivated|terminated|inactive|unknown)"
    r"|no such (person|recipient|address|domain)|unrouteable|host or domain name not found|nxdomain|null mx"
    r"|domain .{0,40}(not found|does not exist)"
    r"|存在し(ない|ません)|見つか(りません|らない|らず|らなかった)|宛先(が)?不明|ユーザー?(が)?(不明|存在)|あて先(が)?不明|該当なし",
    re.IGNORECASE,
)
_GREYLISTED = re.compile(r"gr[ae]y ?-?list|try (again|later)|再送|しばらく", re.IGNORECASE)
_HARD_CODES = frozenset({"5.1.4", "5.7.13", "5.4.4"})
"""Beside dead addresses: ambiguous address, account disabled, no route to the domain at all."""
_POLICY_CLASS = ("5.7.", "5.1.7", "5.1.8", "5.6.", "5.5.")
"""Security and policy, our sender address, our content, our protocol: none of it is the reader's fault."""


def status_in(text: str) -> str:
    """Return the first failing enhanced status code in a text, preferring an exact one over x.0.0; empty if there is none."""
    found = [".".join(match.groups()) for match in _STATUS.finditer(text) if match[1] != "2"]
    return next((code for code in found if not code.endswith(".0.0")), found[0] if found else "")


def judge(status: str, said: str) -> Verdict:
    """Return what a failure means. `status` may be empty; then the reply code in the words stands for its class."""
    temporary = status.startswith("4") if status else bool((reply := _REPLY.search(said)) and reply[1].startswith("4"))
    if temporary:
        ours = _POLICY.search(said) or (status.startswith("4.7.") and not _GREYLISTED.search(said))
        return "policy" if ours and not _FULL.search(said) else "soft"
    if status in _HARD_CODES or is_dead(status, said):
        return "hard"
    if _FULL.search(said) or status in {"5.2.1", "5.2.2", "5.2.3", "5.3.4", "5.2.0"}:
        return "soft"
    if _DEAD.search(said) or names_unknown_user(said):
        return "hard"
    if _POLICY.search(said) or status.startswith(_POLICY_CLASS):
        return "policy"
    return "soft"
