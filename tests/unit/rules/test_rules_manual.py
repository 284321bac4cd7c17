"""config/README.md, the manual of those who write rules, is true: operators, tutorial, codes and commands.

ALERTS_REGENERATE=1 writes the part about operators anew.
"""

from __future__ import annotations

import functools
import os
import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.main import get_command

from alerts.cli.app import app
from alerts.resources import shipped
from alerts.rules.cases import run_tests
from alerts.rules.compile import compile_texts
from alerts.rules.files import read_texts
from alerts.rules.lints.finding import CODES
from alerts.rules.manual import as_markdown

MANUAL = shipped("config") / "README.md"
START, END = "<!-- operators: made by", "<!-- end of operators -->"


def parts() -> tuple[str, str, str]:
    """The text before the operators, theirs, and the rest."""
    text = MANUAL.read_text(encoding="utf-8")
    before, marker, rest = text.partition(START)
    line, _, rest = rest.partition("\n")
    inside, end, after = rest.partition(END)
    return f"{before}{marker}{line}\n", inside, f"{end}{after}"


def test_the_operators_are_as_their_docstrings_say() -> None:
    before, inside, after = parts()
    wanted = f"\n{as_markdown()}\n"
    if os.environ.get("ALERTS_REGENERATE"):
        MANUAL.write_text(f"{before}{wanted}{after}", encoding="utf-8")
        inside = wanted
    assert inside == wanted


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)


def test_the_tutorial_leads_to_a_rule_whose_tests_pass() -> None:
    concept = next(block for block in blocks("yaml") if block.startswith("bicycle-registration:"))
    rule = next(block for block in blocks("yaml") if block.startswith("- id: bicycle-registration"))
    rules = compile_texts({**read_texts(shipped("config")), "lexicon/tutorial.yaml": concept, "rules/tutorial.yaml": rule})
    outcomes = list(run_tests(rules, only="bicycle-registration"))
    assert len(outcomes) >= 3
    assert [outcome.reason for outcome in outcomes if not outcome.passed] == []


def test_every_code_of_check_stands_in_the_table() -> None:
    assert re.findall(r"^\| (L\d\d) \|", MANUAL.read_text(encoding="utf-8"), re.MULTILINE) == list(CODES)


def commands() -> Iterator[str]:
    """Every call of ours that the manual shows, in blocks and in running text."""
    for block in blocks("sh"):
        yield from (line.partition("  #")[0].strip() for line in block.splitlines() if line.startswith("alerts "))
    text = re.sub(r"```.*?```", "", MANUAL.read_text(encoding="utf-8"), flags=re.DOTALL)
    yield from (" ".join(found.split()) for found in re.findall(r"`(alerts [^`]+)`", text))


@functools.cache
def everything() -> Any:
    """The whole command line; building it takes a while."""
    return get_command(app)


@pytest.mark.parametrize("line", sorted(set(commands())))
def test_every_command_of_the_manual_exists_with_its_options(line: str) -> None:
    command: Any = everything()
    words = shlex.split(line.replace("…", "x"))[1:]
    context = typer.Context(command)
    while words and hasattr(command, "get_command"):
        found = command.get_command(context, words[0])
        assert found is not None, f"no command {words[0]}"
        command, words = found, words[1:]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    assert {word for word in words if word.startswith("-")} <= known
