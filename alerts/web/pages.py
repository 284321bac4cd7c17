"""Pages from `templates/web/`, in the reader's language. A template of the same name in the home's `templates/web/` takes its place."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2
import structlog
from fastapi import Request
from fastapi.responses import HTMLResponse

from alerts.resources import shipped
from alerts.settings import Settings
from alerts.web.options import LANGUAGES
from alerts.web.phrases import phrase

FOLDER = "web"
_LOG = structlog.get_logger(__name__)


class Pages:
    """Renders pages. `overrides` is a folder of templates laid out as the shipped one, or None; a broken override is told and left out."""

    def __init__(self, settings: Settings, overrides: Path | None = None) -> None:
        base = jinja2.FileSystemLoader(shipped("templates"))
        self._shipped = environment(base)
        has_own = overrides is not None and (overrides / FOLDER).is_dir()
        self._own = environment(jinja2.ChoiceLoader([jinja2.FileSystemLoader(overrides), base])) if overrides and has_own else None
        self._settings = settings
        self.root = urlsplit(settings.base_url).path.rstrip("/")
        self.style = self._text("style.css")
        self.icon = self._text("icon.svg")
        self.version = hashlib.sha256((self.style + self.icon).encode()).hexdigest()[:10]

    def page(
        self, request: Request, name: str, *, status: int = 200, language: str = "", path: str | None = None, **values: Any
    ) -> HTMLResponse:
        """Return a page. `language` is the subscriber's, if known; `path` is where a GET shows this page, for the language switch."""
        spoken = pick_language(request, language)
        path = request.url.path if path is None else path
        asked = f"?l={spoken}" if request.query_params.get("l") in LANGUAGES else ""
        context = {
            "lang": spoken,
            "languages": LANGUAGES,
            "t": partial(phrase, spoken),
            "to": lambda target: f"{self.root}{target}?l={spoken}",
            "here": f"{self.root}{path}",
            "action": lambda target: f"{self.root}{target}{asked}",
            "file": lambda target: f"{self.root}{target}?v={self.version}",
            "service": self._settings.sender_name,
            "contact": self._settings.contact,
            "postal_address": self._settings.postal_address,
            "errors": (),
            **values,
        }
        return HTMLResponse(self._render(f"{FOLDER}/{name}.html.j2", context), status_code=status, headers={"Content-Language": spoken})

    def _render(self, name: str, context: dict[str, Any]) -> str:
        if self._own is not None:
            try:
                return self._own.get_template(name).render(context)
            except jinja2.TemplateError as error:
                _LOG.warning("web.template_broken", template=name, error=type(error).__name__, line=getattr(error, "lineno", 0))
        return self._shipped.get_template(name).render(context)

    def _text(self, name: str) -> str:
        """A file that is sent as it is, own or shipped."""
        loader = (self._own or self._shipped).loader
        assert loader is not None
        return loader.get_source(self._shipped, f"{FOLDER}/{name}")[0]


def pick_language(request: Request, preferred: str = "") -> str:
    """Return the language of a page: `?l=` if it says one, else the subscriber's, else the browser's first that we speak, else English."""
    asked = request.query_params.get("l", "")
    for language in (asked, preferred, *_accepted(request.headers.get("accept-language", ""))):
        if language in LANGUAGES:
            return language
    return "en"


def _accepted(header: str) -> list[str]:
    """Primary languages of an Accept-Language header (RFC 9110 §12.5.4), the most wanted first."""
    wanted = []
    for part in header[:500].split(","):
        tag, _, weight = part.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            quality = 0.0
        if quality > 0:
            wanted.append((-quality, tag.strip().lower().split("-")[0]))
    return [tag for _, tag in sorted(wanted, key=lambda each: each[0])]


def environment(loader: jinja2.BaseLoader) -> jinja2.Environment:
    """Return how pages are read: an undefined value is an error, not an empty place."""
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
