"""Codes of countries (ISO 3166 alpha-3) and languages (ISO 639) as admins write them. Their form is checked, not whether there is one."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

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
