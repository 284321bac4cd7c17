"""Headlines that put an earlier report right or take it back."""

from __future__ import annotations

import re

_CORRECTS = re.compile(
    r"^\W*(?:correct(?:ion|ed)|clarification)\s*[:\])—-]|\((?:correct(?:ion|ed))\)|^\W*(?:(?:お詫び|おわび)(?:と|して)?)?(?:訂正|お詫び|おわび)(?=[\]】）):：、\s]|$)",
    re.I,
)
_RETRACTS = re.compile(r"^\W*(?:retract(?:ion|ed)|withdrawn)\s*[:—-]|^\W*取り消し(?=[\]】）):：])|(?:記事|配信)を?(?:取り消|削除)", re.I)
_FALSE_ALARM = re.compile(
    r"(?<!not a )(?<!no )\bfalse alarm\b|誤報(?!で(?:は|も)な|じゃな|を?否定)|発表を?(?:取り消|撤回)(?!せず|さず|しな|さな|を?否定)", re.I
)
_RUMOUR = re.compile(r"デマ|偽情報|\b(?:den(?:y|ies|ied)|rumou?rs?|hoax)\b", re.I)


def corrects(title: str) -> bool:
    """True if the headline puts an earlier report right."""
    return _CORRECTS.search(title) is not None


def retracts(title: str) -> bool:
    """True if an outlet takes its own report back."""
    return _RETRACTS.search(title) is not None


def takes_back(title: str) -> bool:
    """True if what was reported is not so, whoever says it: a retraction, or a false alarm that is no mere rumour of one."""
    return retracts(title) or (_FALSE_ALARM.search(title) is not None and _RUMOUR.search(title) is None)
