"""Rules compiled in another process: the same rules, the same complaints, and whatever becomes of that process, rules all the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from alerts import compiling
from alerts.compiling import load_rules_apart
from alerts.errors import ConfigError
from alerts.resources import shipped
from alerts.rules.files import load_rules


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One item for every process that is started."""
    times: list[int] = []
    run = subprocess.run

    def counted(*args: Any, **known: Any) -> Any:
        times.append(1)
        return run(*args, **known)

    monkeypatch.setattr(compiling.subprocess, "run", counted)
    return times


def test_another_process_compiles_and_this_one_takes_what_it_left(tmp_path: Path, compiled: list[int]) -> None:
    rules = load_rules_apart(shipped("config"), tmp_path)
    assert not compiled
    assert rules.hash == load_rules(shipped("config")).hash


def test_what_has_not_changed_starts_no_process(tmp_path: Path, started: list[int]) -> None:
    load_rules_apart(shipped("config"), tmp_path)
    assert len(started) == 1
    load_rules_apart(shipped("config"), tmp_path)
    assert len(started) == 1


def test_a_broken_configuration_is_complained_about_as_ever(tmp_path: Path) -> None:
    (tmp_path / "config" / "rules").mkdir(parents=True)
    (tmp_path / "config" / "rules" / "a.yaml").write_text("- id: a\n  wehn: [$nothing]\n", encoding="utf-8")
    with pytest.raises(ConfigError) as here:
        load_rules(tmp_path / "config")
    with pytest.raises(ConfigError) as apart:
        load_rules_apart(tmp_path / "config", tmp_path / "cache")
    assert apart.value.problems == here.value.problems
    with pytest.raises(ConfigError, match="is not a directory"):
        load_rules_apart(tmp_path / "nowhere", tmp_path / "cache")


def test_where_no_process_can_be_started_this_one_compiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiled: list[int]) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no such program"))
    assert load_rules_apart(shipped("config"), tmp_path / "cache").rules
    assert len(compiled) == 1


def test_where_nothing_can_be_kept_this_process_compiles(tmp_path: Path, compiled: list[int]) -> None:
    (tmp_path / "cache").write_text("a file where the directory should be", encoding="utf-8")
    assert load_rules_apart(shipped("config"), tmp_path / "cache").rules
    assert len(compiled) == 1
