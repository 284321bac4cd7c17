"""The pages of a home read before anybody asks for one: which cannot be compiled, which want a value that no page is given."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import jinja2
from jinja2 import meta, nodes

from alerts.errors import Problem
from alerts.resources import shipped
from alerts.web.pages import FOLDER, environment


def examine_pages(templates: Path) -> tuple[Problem, ...]:
    """Read the pages among the templates of a home. Nothing is shown; what only a page's values bring out is not seen."""
    own = sorted((templates / FOLDER).glob("*.j2")) if (templates / FOLDER).is_dir() else []
    if not own:
        return ()
    parser = environment(jinja2.FileSystemLoader(shipped("templates")))
    given: set[str] = set()
    for path in (shipped("templates") / FOLDER).glob("*.j2"):
        given |= meta.find_undeclared_variables(parser.parse(path.read_text(encoding="utf-8")))
    return tuple(problem for path in own for problem in _problems(path, parser, given))


def _problems(path: Path, parser: jinja2.Environment, given: set[str]) -> Iterator[Problem]:
    name = f"{FOLDER}/{path.name}"
    try:
        tree = parser.parse(path.read_text(encoding="utf-8"), name)
        parser.compile(tree, name)
    except jinja2.TemplateSyntaxError as error:
        yield Problem(name, error.lineno, 1, error.message or "cannot be read")
        return
    except UnicodeDecodeError:
        yield Problem(name, 1, 1, "is not UTF-8")
        return
    for wanted in sorted(meta.find_undeclared_variables(tree) - given):
        line = next((node.lineno for node in tree.find_all(nodes.Name) if node.name == wanted), 1)
        yield Problem(name, line, 1, f"{wanted!r} is nothing that a page is given")
