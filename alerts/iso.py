"""Codes of countries (ISO 3166 alpha-3) and languages (ISO 639) and names of time zones, as admins write them.

Of codes the form is checked here; that there is no such language is a finding (L18).
"""

from __future__ import annotations

import re
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator

_TWO_LETTERS = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff "
    "fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku "
    "kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu "
    "rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo "
    "wa wo xh yi yo za zh zu"
)
LANGUAGES = frozenset(_TWO_LETTERS.split())
"""The codes of two letters (ISO 639-1) that languages have."""
_COUNTRY = re.compile(r"[A-Z]{3}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def country_code(value: str) -> str:
    """Return the code of a country, or nothing where nothing is given. Raises ValueError with what to write instead."""
    if value and not _COUNTRY.fullmatch(value):
        raise ValueError(f"{value!r} is no country's code; write ISO 3166 alpha-3, such as JPN")
    return value


def language_code(value: str) -> str:
    """Return the code of a language, or nothing where nothing is given. Raises ValueError with what to write instead."""
    if value and not _LANGUAGE.fullmatch(value):
        raise ValueError(f"{value!r} is no language's code; write ISO 639, such as en or ja")
    return value


Country = Annotated[str, AfterValidator(country_code)]
Language = Annotated[str, AfterValidator(language_code)]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone; write it as Asia/Tokyo") from None
    return name


TimeZone = Annotated[str, AfterValidator(_zone)]
"""The name of a time zone (IANA)."""
