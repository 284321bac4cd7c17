"""Compiled rules at rest: they decide as if they had just been compiled, and whatever cannot be believed is compiled anew."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from rules_sample import FILES, make_entry

from alerts.resources import shipped
from alerts.rules import cache, files
from alerts.rules.evaluate import assess
from alerts.rules.files import load_rules
from alerts.rules.lint import lint

TEXTS = ("US announces tariff on Japan", "North Korea fires missile", "追加関税を発動", "日米首脳が会談", "Basketball tariff", "")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A configuration directory with the small configuration."""
    for name, text in FILES.items():
        (tmp_path / "config" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "config" / name).write_text(text, encoding="utf-8")
    return tmp_path / "config"


@pytest.fixture
def kept(directory: Path, tmp_path: Path) -> Path:
    """The file that holds it compiled."""
    load_rules(directory, tmp_path / "cache")
    (file,) = (tmp_path / "cache").iterdir()
    return file


def test_what_has_not_changed_is_not_compiled_again(directory: Path, kept: Path, compiled: list[int]) -> None:
    load_rules(directory, kept.parent)
    assert not compiled
    rules = directory / "rules" / "all.yaml"
    rules.write_text(rules.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    load_rules(directory, kept.parent)
    assert compiled


def test_recalled_rules_decide_alike(directory: Path, kept: Path, compiled: list[int]) -> None:
    fresh, recalled = load_rules(directory), load_rules(directory, kept.parent)
    assert compiled == [1]
    assert (recalled.hash, recalled.files) == (fresh.hash, fresh.files)
    for text in TEXTS:
        assert assess(recalled, make_entry(text)) == assess(fresh, make_entry(text))
    assert [rule.condition.words() for rule in recalled.rules] == [rule.condition.words() for rule in fresh.rules]


def test_recalled_rules_have_the_same_findings(tmp_path: Path) -> None:
    first, recalled = (load_rules(shipped("config"), tmp_path) for _ in range(2))
    assert lint(recalled, today=date(2026, 2, 1)) == lint(first, today=date(2026, 2, 1))


def test_the_shipped_configuration_can_be_kept(tmp_path: Path, compiled: list[int]) -> None:
    first, second = (load_rules(shipped("config"), tmp_path) for _ in range(2))
    assert compiled == [1]
    assert (first.wording, first.developments, first.cases) == (second.wording, second.developments, second.cases)


def test_recalled_shapes_are_whole_and_share_what_is_usual(tmp_path: Path) -> None:
    first, recalled = (load_rules(shipped("config"), tmp_path) for _ in range(2))
    assert [rule.spec for rule in recalled.rules] == [rule.spec for rule in first.rules]
    assert recalled.lexicon.specs == first.lexicon.specs
    assert [*recalled.lexicon.patterns] == [*first.lexicon.patterns]
    usual = {id(rule.spec.despite) for rule in recalled.rules if not rule.spec.despite}
    assert len(usual) == 1


def rewrite(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """A way of spoiling a file: change its bytes."""
    return lambda path: path.write_bytes(change(path.read_bytes())) and None


def with_digest(path: Path, body: bytes) -> None:
    """Put another body under the head of a file, with the digest that it should have: what somebody who knows the format could do."""
    head = path.read_bytes().split(path.stem.encode())[0] + path.stem.encode()
    path.write_bytes(head + hashlib.sha256(body).digest() + body)


def linked(path: Path) -> None:
    """Move a file away and leave a link to it."""
    path.rename(path.with_suffix(".elsewhere"))
    path.symlink_to(path.with_suffix(".elsewhere"))


@pytest.mark.parametrize(
    "spoil",
    [
        rewrite(lambda raw: b""),
        rewrite(lambda raw: raw[:200]),
        rewrite(lambda raw: raw[:-1]),
        rewrite(lambda raw: raw[:-500] + bytes([raw[-500] ^ 1]) + raw[-499:]),
        rewrite(lambda raw: b"another program's file"),
        lambda path: with_digest(path, pickle.dumps({"no": "rule set"})),
        lambda path: with_digest(path, b"no pickle"),
        lambda path: path.chmod(0o666),
        lambda path: path.chmod(0o620),
        linked,
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: (path.unlink(), os.mkfifo(path)),
    ],
    ids=["empty", "cut", "short-by-one", "bit", "foreign", "other-value", "no-pickle", "world", "group", "link", "directory", "pipe"],
)
def test_what_cannot_be_believed_is_compiled_anew(directory: Path, kept: Path, compiled: list[int], spoil: Callable[[Path], None]) -> None:
    spoil(kept)
    rules = load_rules(directory, kept.parent)
    assert compiled
    assert assess(rules, make_entry(TEXTS[0])).relevant
    if kept.is_file() and not kept.is_symlink():  # and the next command finds it whole again
        load_rules(directory, kept.parent)
        assert compiled == [1]
        assert kept.stat().st_mode & 0o777 == 0o600


class Trap:
    """Something that acts when it is read."""

    def __init__(self, call: Callable[..., object], *args: object) -> None:
        self.call, self.args = call, args

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.call, self.args


def test_reading_a_cache_runs_nothing(directory: Path, kept: Path, tmp_path: Path, compiled: list[int]) -> None:
    mark = tmp_path / "mark"
    for call, args in ((os.system, (f"touch {mark}",)), (eval, ("open('mark', 'w')",)), (files.load_rules, (directory, tmp_path / "mark"))):
        with_digest(kept, pickle.dumps(Trap(call, *args)))
        load_rules(directory, kept.parent)
        assert not mark.exists()
    assert len(compiled) == 3


def test_another_engine_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    key = cache.key_of({"a.yaml": b"x"})
    monkeypatch.setattr(cache, "_engine", lambda: b"another")
    assert cache.key_of({"a.yaml": b"x"}) != key


def test_a_cache_that_cannot_be_written_is_no_mistake(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory", encoding="utf-8")
    assert load_rules(directory, tmp_path / "file").rules


def test_old_files_are_removed(directory: Path, kept: Path) -> None:
    rules = directory / "rules" / "all.yaml"
    for _ in range(cache.KEPT + 2):
        rules.write_text(rules.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        load_rules(directory, kept.parent)
    assert len(list(kept.parent.iterdir())) == cache.KEPT
    assert not kept.exists()
