"""A page as a tree, as far as lists of links need one: elements, texts, and a small part of CSS selectors.

Selectors: `tag`, `.class`, `#id`, `[attribute]`, `[attribute=value]`, `[attribute*=part]` (`^=` where it begins, `$=` where it ends),
together (`li.news`), inside each other (`ul.news li`), directly inside (`ul.news > li`), several (`li, dd`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

_VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
_UNSEEN = frozenset(["script", "style", "template", "noscript"])
_CLOSES = {
    "li": {"li"},
    "dt": {"dt", "dd"},
    "dd": {"dt", "dd"},
    "tr": {"tr", "td", "th"},
    "td": {"td", "th"},
    "th": {"td", "th"},
    "p": {"p"},
}
"""Elements whose end tag may be left out, and what a new one of them ends."""
_PART = re.compile(
    r"(?P<tag>^[a-zA-Z][\w-]*|^\*)|\.(?P<class>[\w-]+)|#(?P<id>[\w-]+)"
    r"|\[(?P<name>[\w-]+)(?:(?P<how>[*^$]?=)(?P<quote>[\"']?)(?P<value>[^\]\"']*)(?P=quote))?\]"
)
_NO_SECTION = re.compile(r"<!\[(?!(?:temp|cdata|ignore|include|rcdata|if|else|endif)(?![-_.a-z0-9]))", re.I)
"""What begins like a marked section (`<![CDATA[`) and is none: the standard library's parser fails at it."""
_COMPARED: dict[str, Callable[[str, str], bool]] = {
    "=": str.__eq__,
    "*=": str.__contains__,
    "^=": str.startswith,
    "$=": str.endswith,
}
MAX_DEPTH = 200


@dataclass(eq=False, slots=True)
class Element:
    """One element; `children` are elements and texts in order."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    parent: Element | None = None
    children: list[Element | str] = field(default_factory=list)

    def descendants(self) -> Iterator[Element]:
        """Every element inside, in the order of the page."""
        stack = [child for child in reversed(self.children) if isinstance(child, Element)]
        while stack:
            element = stack.pop()
            yield element
            stack.extend(child for child in reversed(element.children) if isinstance(child, Element))

    def text(self, without: Element | None = None) -> str:
        """The visible text, with `without` left out."""
        parts: list[str] = []
        stack: list[Element | str] = [self]
        while stack:
            node = stack.pop()
            if isinstance(node, str):
                parts.append(node)
            elif node is not without and node.tag not in _UNSEEN:
                stack.extend(reversed(node.children))
        return " ".join(" ".join(parts).split())

    def ancestors(self) -> Iterator[Element]:
        """Every element around, the nearest first."""
        element = self.parent
        while element is not None:
            yield element
            element = element.parent


def grow(markup: str) -> Element:
    """Read a page; whatever it is like, there is a tree."""
    grower = _Grower()
    grower.feed(readable(markup))
    grower.close()
    return grower.root


def readable(markup: str) -> str:
    """Return markup that the standard library's parser takes to its end: what is no section becomes a comment."""
    return _NO_SECTION.sub("<!-[", markup) if "<![" in markup else markup


def select(root: Element, selector: str) -> list[Element]:
    """Return the elements that a selector names, in the order of the page. Raises ValueError for a selector that is not understood."""
    chains = [_chain(part) for part in selector.split(",") if part.strip()]
    if not chains:
        raise ValueError("an empty selector")
    return [element for element in root.descendants() if any(_matches(element, chain) for chain in chains)]


_Simple = list[tuple[str, str, str]]
_Link = tuple[_Simple, bool]


def _simple(part: str) -> _Simple:
    tests: _Simple = []
    end = 0
    for match in _PART.finditer(part):
        if match.start() != end:
            break
        end = match.end()
        if match["tag"]:
            tests.append(("tag", match["tag"].lower(), ""))
        elif match["class"]:
            tests.append(("class", match["class"], ""))
        elif match["id"]:
            tests.append(("=", "id", match["id"]))
        else:
            tests.append((match["how"] or "has", match["name"].lower(), match["value"] or ""))
    if end != len(part):
        raise ValueError(f"the selector {part!r} is not understood; use tag, .class, #id, [attribute], spaces and >")
    return tests


def _chain(text: str) -> list[_Link]:
    """Read one selector into its steps, the innermost first, each with whether the next one must be its parent."""
    parts = text.replace(">", " > ").split()
    chain: list[_Link] = []
    direct = False
    for number, part in enumerate(parts):
        if part != ">":
            chain.append((_simple(part), direct))
        elif number in {0, len(parts) - 1} or direct:
            raise ValueError(f"the selector {text.strip()!r} is not understood; > stands between two others")
        direct = part == ">"
    return chain[::-1]


def _matches(element: Element, chain: list[_Link]) -> bool:
    if not _is(element, chain[0][0]):
        return False
    path = [element, *element.ancestors()]
    reached = [0]
    for (_, direct), (simple, _) in pairwise(chain):  # every place at once: trying one after the other takes for ever on a deep page
        places = (place + 1 for place in reached) if direct else range(reached[0] + 1, len(path))
        reached = [place for place in places if place < len(path) and _is(path[place], simple)]
        if not reached:
            return False
    return True


def _is(element: Element, simple: _Simple) -> bool:
    return all(_holds(element, test) for test in simple)


def _holds(element: Element, test: tuple[str, str, str]) -> bool:
    how, name, value = test
    if how == "tag":
        return name in {"*", element.tag}
    if how == "class":
        return name in element.attributes.get("class", "").split()
    found = element.attributes.get(name)
    return found is not None and (how == "has" or _COMPARED[how](found, value))


class _Grower(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("")
        self._at = self.root
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._end_open(tag)
        element = Element(tag, {name: value or "" for name, value in attrs}, self._at)
        self._at.children.append(element)
        if tag not in _VOID and self._depth < MAX_DEPTH:
            self._at, self._depth = element, self._depth + 1

    def handle_endtag(self, tag: str) -> None:
        element: Element | None = self._at
        steps = 0
        while element is not None and element.tag != tag:
            element, steps = element.parent, steps + 1
        if element is not None and element.parent is not None:
            self._at, self._depth = element.parent, self._depth - steps - 1

    def handle_data(self, data: str) -> None:
        self._at.children.append(data)

    def _end_open(self, tag: str) -> None:
        closes = _CLOSES.get(tag, set())
        while self._at.tag in closes and self._at.parent is not None:
            self._at, self._depth = self._at.parent, self._depth - 1
