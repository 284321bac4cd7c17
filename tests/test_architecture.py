"""The house rule: data flows right, imports point left, and nothing points back."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "alerts"
LAYERS = [  # left to right; a module imports from its own layer or from any layer to its left
    {"errors", "garbage", "clock", "text", "resources", "signing", "iso", "yamlfile", "yamlwords", "settings", "log"},
    {"feeds"},
    {"rules"},
    {"stories"},
    {"digests"},
    {"mail"},
    {"store"},
    {"jobs", "web"},
    {"doctor"},
    {"compiling", "loaded", "reload", "schemas"},
    {"daemon"},
    {"demo"},
    {"cli", "__main__"},
]
PURE = {
    "feeds.entry", "feeds.parse", "feeds.dates", "feeds.identity", "feeds.cadence", "feeds.formats",
    "rules", "stories", "digests", "mail.message", "mail.mime",
}  # fmt: skip
IMPURE = {
    "httpx", "aiohttp", "aiosmtplib", "sqlmodel", "sqlalchemy", "apscheduler", "fastapi", "starlette", "uvicorn", "typer", "rich", "socket",
}  # fmt: skip
CLOCKS = {"now", "utcnow", "today", "time", "monotonic"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the package, named below `alerts`, with its tree; migrations are data."""
    for path in sorted(ROOT.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if name != "__init__" and not name.startswith("store.migrations"):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> Iterator[str]:
    """Full names of everything imported anywhere in a module, also inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "absolute imports only"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def inside(tree: ast.Module) -> Iterator[str]:
    """Imports of our own, named below `alerts`."""
    return (name.removeprefix("alerts.") for name in imports(tree) if name.startswith("alerts."))


def rank(name: str) -> int:
    """The layer of a module."""
    return next(number for number, layer in enumerate(LAYERS) if name.split(".", maxsplit=1)[0] in layer)


def is_pure(name: str) -> bool:
    """Pure stages decide; they neither read a clock nor touch a wire, a file or a row."""
    return name != "rules.files" and any(name == room or name.startswith(f"{room}.") for room in PURE)


def test_every_module_has_a_layer() -> None:
    unknown = {name for name, _ in modules() if not any(name.split(".")[0] in layer for layer in LAYERS)}
    assert not unknown, f"no layer of the house holds {unknown}"


def test_imports_point_left() -> None:
    bad = [f"{name} -> {target}" for name, tree in modules() for target in inside(tree) if rank(target) > rank(name)]
    assert not bad, bad


def test_jobs_and_web_do_not_meet() -> None:
    rooms = {"jobs", "web"}
    bad = [
        f"{name} -> {target}" for name, tree in modules() for target in inside(tree) if {name.split(".")[0], target.split(".")[0]} == rooms
    ]
    assert not bad, bad


def test_no_cycles() -> None:
    known = dict(modules())
    graph = {name: {module_of(target, known) for target in inside(tree)} - {name} for name, tree in known.items()}
    done: set[str] = set()
    path: list[str] = []

    def visit(name: str) -> None:
        assert name not in path, " -> ".join([*path[path.index(name) :], name])
        if name in done or name not in graph:
            return
        path.append(name)
        for target in sorted(graph[name]):
            visit(target)
        path.pop()
        done.add(name)

    for name in graph:
        visit(name)


def module_of(target: str, known: dict[str, ast.Module]) -> str:
    """The module that an imported name lives in."""
    return target if target in known else target.rpartition(".")[0]


def test_pure_stages_do_no_io() -> None:
    bad = [
        f"{name} imports {target}"
        for name, tree in modules()
        if is_pure(name)
        for target in imports(tree)
        if target.split(".")[0] in IMPURE
    ]
    assert not bad, bad


def test_pure_stages_read_no_clock() -> None:
    bad = [
        f"{name}:{node.lineno} reads the clock"
        for name, tree in modules()
        if is_pure(name)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS
        and isinstance(node.func.value, ast.Name) and node.func.value.id in {"datetime", "date", "time"}
    ]  # fmt: skip
    assert not bad, bad


def test_rows_stay_in_the_store() -> None:
    bad = [
        f"{name} -> {target}"
        for name, tree in modules()
        if not name.startswith("store")
        for target in inside(tree)
        if target.startswith(("store.tables", "store.silence_tables", "store.service_tables"))
    ]
    assert not bad, bad


def test_packages_open_with_one_docstring_and_nothing_else() -> None:
    for path in ROOT.rglob("__init__.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        assert len(body) == 1, f"{path.relative_to(ROOT)} holds more than its docstring"
        assert isinstance(body[0], ast.Expr)


def test_files_stay_small() -> None:
    long = {str(path.relative_to(ROOT)): count for path in ROOT.rglob("*.py") if (count := len(path.read_text().splitlines())) > 300}
    assert not long, long


@pytest.mark.parametrize("name", ["utils", "helpers", "manager", "core", "base"])
def test_no_room_for_odds_and_ends(name: str) -> None:
    assert not list(ROOT.rglob(f"{name}.py"))
    assert not list(ROOT.rglob(f"{name}/"))
