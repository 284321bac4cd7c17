"""A digest becomes a mail: subject, HTML and plain text from `templates/email/`, with what is personal left as slots.

Rendered once per digest, its stories once for all digests that tell them alike (`fragments.py`), and joined per person (`mime.py`). A
template of the same name in the home's `templates/email/` takes the place of the shipped one; if it is broken the shipped ones are used and
the operator is told.
"""

from __future__ import annotations

import contextlib
import os
import re
import traceback
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any

import css_inline
import jinja2
import markupsafe
import structlog
from jinja2 import meta

from alerts.digests import printed
from alerts.digests.digest import Brief, Digest
from alerts.digests.phrases import known_language, phrase
from alerts.errors import Problem
from alerts.mail.fragments import Fragments, Once, at_once
from alerts.mail.message import SLOTS, Rendered, Sender
from alerts.mail.plain import wrap
from alerts.resources import shipped
from alerts.rules.levels import Level

_FOLDER = "email"
_BULK = frozenset({"alert", "digest", "welcome"})
_LINKS = {
    "confirmation": {"the link that confirms": "confirm_url"},
    "link": {"the link to the settings": "preferences_url", "the link that stops it": "unsubscribe_url"},
}
"""What the other mails are sent for."""
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_JAPANESE = re.compile("[\u3005-\u30ff\u3400-\u9fff\uff01-\uff9f]+")
_LOG = structlog.get_logger(__name__)
TROUBLE = "You are told once when trouble begins and once when it is over. ALERTS_OPERATOR_ADDRESS says who is told."


class Renderer:
    """Renders mails. `overrides` is a folder of templates laid out as the shipped one, or None; `quiet`: what is broken is not logged.
    `fragments` are what renderers before it made and after it will find.
    """

    def __init__(self, overrides: Path | None = None, *, fragments: Fragments | None = None, quiet: bool = False) -> None:
        self._quiet = quiet
        base = jinja2.FileSystemLoader(shipped("templates"))
        self._shipped = _environment(base)
        has_overrides = overrides is not None and (overrides / _FOLDER).is_dir()
        self._own = _environment(jinja2.ChoiceLoader([jinja2.FileSystemLoader(overrides), base])) if overrides and has_overrides else None
        self._inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False)
        self._overrides = overrides
        self._folders = [shipped("templates") / _FOLDER, *([overrides / _FOLDER] if overrides and has_overrides else [])]
        self._fragments = Fragments() if fragments is None else fragments
        self._broken: dict[str, Problem] = {}
        self._sound: set[str] = set()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Overrides that could not be used, each once; empty when all is well."""
        return tuple(dict.fromkeys(self._broken.values()))

    @property
    def sound(self) -> tuple[str, ...]:
        """Names of the templates that were used and held, sorted; none in a home without overrides, where nothing can break."""
        return tuple(sorted(self._sound - {problem.file for problem in self.problems}))

    def digest(self, digest: Digest, sender: Sender) -> Rendered:
        """Return the mail of a digest; an alert of one story has its own layout. Personal parts are SLOTS tokens."""
        return self._mail(layout_of(digest), digest.language, {"digest": digest, "sender": sender, "subject": digest.subject})

    def web(self, digest: Digest) -> str:
        """Return the digest as an HTML fragment with class names and no personal link; `css` is the style for it."""
        values = {"digest": digest, "alone": layout_of(digest) == "alert", **_language(digest.language)}
        return self._rendered("web.html.j2", values).strip()

    def css(self) -> str:
        """Return the style sheet of mails and of `web`, dark mode included."""
        return self._rendered("style.css.j2", {}) + self._rendered("dark.css.j2", {})

    def confirmation(self, language: str, *, confirm_url: str, days: int, host_name: str, sender: Sender) -> Rendered:
        """Return the mail that asks for consent: no text of whoever filled in the form. `days` is how long the link works."""
        values = {"confirm_url": confirm_url, "days": days, "host_name": host_name, "sender": sender}
        return self._mail("confirmation", language, {**values, "subject": phrase(language, "confirm.subject")})

    def link(self, language: str, *, preferences_url: str, unsubscribe_url: str, days: int, sender: Sender) -> Rendered:
        """Return the mail with a fresh link to the settings, which works for `days`."""
        values = {"preferences_url": preferences_url, "unsubscribe_url": unsubscribe_url, "days": days, "sender": sender}
        return self._mail("link", language, {**values, "subject": phrase(language, "link.subject")})

    def welcome(
        self,
        language: str,
        *,
        choices: Sequence[str],
        levels: Sequence[tuple[Level, str, str]],
        next_due: datetime | None,
        timezone: str,
        recent: Sequence[Brief],
        sender: Sender,
    ) -> Rendered:
        """Return the first mail after consent: `choices` in words (`reasons.choice_lines`), `levels` as (level, word, act)."""
        due = phrase(language, "welcome.next", time=printed.time(next_due, timezone, language)) if next_due else ""
        values = {"choices": choices, "levels": levels, "due": due, "recent": recent, "sender": sender}
        return self._mail("welcome", language, {**values, "subject": phrase(language, "welcome.subject")})

    def notice(self, subject: str, lines: Sequence[str], *, sender: Sender, cause: str = TROUBLE) -> Rendered:
        """Return a mail to the operator: a subject and plain lines, in English, as commands and logs are; `cause` says why it came."""
        return self._mail("notice", "en", {"lines": lines, "sender": sender, "subject": subject, "cause": cause})

    def _mail(self, name: str, language: str, values: dict[str, Any]) -> Rendered:
        everything = {"slots": SLOTS, **_language(language), **values}
        made = self._made(name, language, everything)
        if self._own is not None:
            for kind, body in (("html", made.html), ("txt", made.text)):
                if lost := missing(name, body, values):
                    # The law asks for these, and the reader: a mail without them is worse than one without the home's looks.
                    self._report(f"{_FOLDER}/{name}.{kind}.j2", jinja2.TemplateRuntimeError(f"the mail would be without {lost}"))
                    return self._made(name, language, everything, own=False)
            if not made.subject:
                self._report(f"{_FOLDER}/{name}.subject.j2", jinja2.TemplateRuntimeError("the mail would be without a subject"))
                return self._made(name, language, everything, own=False)
        return made

    def _made(self, name: str, language: str, values: dict[str, Any], *, own: bool = True) -> Rendered:
        place = (language, self._version(), own)
        html, once_html = self._shared(f"{name}.html.j2", place, values, str, own=own)
        text, once_text = self._shared(f"{name}.txt.j2", place, values, _tidied, own=own)
        told_html, told_text = once_html.told(self._inliner.inline(html)), once_text.told(_tidied(text.strip()))
        subject = " ".join(self._rendered(f"{name}.subject.j2", values, own=own).split())
        return Rendered(subject, told_html.text, told_text.text, told_html.fragments, told_text.fragments)

    def _version(self) -> Hashable:
        """What tells whether a template has changed: where each stands, when it was written, how long it is."""
        files = (file for folder in self._folders for file in os.scandir(folder))
        return tuple((file.path, file.stat().st_mtime_ns, file.stat().st_size) for file in files)

    def _shared(
        self, name: str, place: Hashable, values: dict[str, Any], tidied: Callable[[str], str], *, own: bool
    ) -> tuple[str, Once]:
        """Render one template with what it shares with others marked, and what knows the marks."""
        tries: list[Once] = []

        def once(which: str) -> Once:
            tries.append(Once(self._fragments, (which, name, place), tidied))
            return tries[-1]

        return self._rendered(name, values, once, own=own), tries[-1]

    def _rendered(
        self, name: str, values: dict[str, Any], once: Callable[[str], Any] = lambda _which: at_once, *, own: bool = True
    ) -> str:
        """Render one template, the home's if it can be. `once` gives what the template calls for what is shared."""
        path = f"{_FOLDER}/{name}"
        if self._own is not None and own:
            try:
                rendered = self._own.get_template(path).render({**values, "once": once("own")})
            except Exception as error:
                self._report(path, error)
            else:
                self._sound.update(name for _, name in self._own.cache or ())  # this one and those that it includes
                return rendered
        return self._shipped.get_template(path).render({**values, "once": once("shipped")})

    def _report(self, path: str, error: Exception) -> None:
        if path not in self._broken:
            where, line = self._blamed(error, path)
            problem = Problem(where, line, 1, f"{error}; the shipped template is used instead")
            if not self._quiet and problem not in self._broken.values():
                _LOG.error("mail.template_broken", template=problem.file, line=problem.line, reason=str(error))
            self._broken[path] = problem


    def _blamed(self, error: Exception, path: str) -> tuple[str, int]:
        """The file of the home to mend, and its line: where the error came up, or a file that what is shipped there makes use of."""
        where, line = _place(error, path)
        assert self._overrides is not None
        if (self._overrides / where).is_file():
            return where, line
        used = [name for name in self._used(path) if (self._overrides / name).is_file()]
        return (used[0], 1) if used else (where, line)

    def _used(self, path: str) -> list[str]:
        """Names of a template and of all that it includes, imports and extends, however deep."""
        assert self._own is not None
        names = [path]
        for name in names:
            with contextlib.suppress(jinja2.TemplateError, UnicodeDecodeError):
                source = self._own.loader.get_source(self._own, name)[0] if self._own.loader else ""
                names += [each for each in meta.find_referenced_templates(self._own.parse(source)) if each and each not in names]
        return names


def missing(name: str, body: str, values: Mapping[str, Any]) -> str:
    """Say what a mail of a layout lacks that every mail to readers has to have; empty if nothing."""
    if name == "notice":
        return ""
    sender: Sender = values["sender"]
    shown = "".join(unescape(_COMMENT.sub("", body)).split())  # lines are broken inside Japanese too
    needed = {"the sender's name": sender.name, "the postal address": sender.postal_address, "the contact": sender.contact}
    if name in _BULK:
        needed |= {"the link that stops it": SLOTS["unsubscribe_url"], "the date of consent": SLOTS["consent_date"]}
    needed |= {what: values[link] for what, link in _LINKS.get(name, {}).items()}
    return " and ".join(what for what, text in needed.items() if "".join(text.split()) not in shown)


def layout_of(digest: Digest) -> str:
    """`alert` for a single story sent at once, `digest` for everything else."""
    return "alert" if digest.kind == "alert" and len(digest.items) == 1 and not digest.briefs else "digest"


def _environment(loader: jinja2.BaseLoader) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=loader,
        autoescape=jinja2.select_autoescape(["html.j2"], default=False),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["wrap"] = wrap
    return environment


def _language(language: str) -> dict[str, Any]:
    """What every template gets: the language tag and the catalogue bound to it."""
    known = known_language(language)
    return {
        "lang": known,
        "t": partial(phrase, known),
        "head": (lambda text: f"■ {text}") if known == "ja" else str.upper,
        "mark": markupsafe.escape if known == "ja" else _marked,
    }


def _place(error: Exception, path: str) -> tuple[str, int]:
    """The template and line that an error comes from: often one that the rendered template includes."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return error.name or path, error.lineno
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(".j2")]
    if not frames:
        return path, 0
    return f"{_FOLDER}/{Path(frames[-1].filename).name}", frames[-1].lineno or 0


def _marked(text: str) -> markupsafe.Markup:
    """Escape a text and mark the Japanese in it, so that it is read aloud and drawn as Japanese."""
    return markupsafe.Markup(_JAPANESE.sub(r'<span lang="ja">\g<0></span>', str(markupsafe.escape(text))))  # noqa: S704 - escaped before


def _tidied(text: str) -> str:
    """No trailing spaces, never two empty lines, one line end at the end."""
    lines: list[str] = []
    for line in (line.rstrip() for line in text.strip("\n").splitlines()):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines) + "\n"
