"""Every `alerts …` that a README shows is understood: the command is there, with these options and no argument missing."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from alerts.cli.app import app

ROOT = Path(__file__).parents[3]
READMES = ("README.md", "config/README.md", "templates/README.md", "tests/README.md")
BLOCK = re.compile(r"^```\w*\n(.*?)^```$", re.S | re.M)
COMMAND = re.compile(r"^(?:.*(?:&& |run: |bin/))?alerts (?=[a-z-])(.*)")
INLINE = re.compile(r"`alerts ([a-z-][^`]*)`")
END = re.compile(r"\s+(?:#|&&|>)(?:\s|$)")


def in_blocks(text: str) -> Iterator[str]:
    """What stands after `alerts` in the blocks of a README, for somebody to copy."""
    for block in BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            if found := COMMAND.search(line):
                yield END.split(found[1])[0].strip()


def in_sentences(text: str) -> Iterator[str]:
    """What stands after `alerts` in running text; alternatives such as `sender status|pause` one by one."""
    for words in INLINE.findall(BLOCK.sub("", text)):
        if "…" not in words:
            found = re.search(r"\S+(?:\|\S+)+", words := words.replace("\\|", "|"))
            for each in found[0].split("|") if found else [""]:
                yield words if found is None else words[: found.start()] + each + words[found.end() :]


TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in READMES}
BLOCKS = sorted({(name, words) for name, text in TEXTS.items() for words in in_blocks(text)})
SENTENCES = sorted({(name, words) for name, text in TEXTS.items() for words in in_sentences(text)})


def understood(words: str) -> None:
    """Read a command as `alerts` does, without doing it. Raises what click raises."""
    group: Any = typer.main.get_command(app)
    given, path = shlex.split(words), "alerts"
    while hasattr(group, "resolve_command"):
        context = group.make_context(path, given)
        if not (rest := [*getattr(context, "_protected_args", ()), *context.args]):
            return  # a group that is only named
        path, group, given = group.resolve_command(context, rest)
    group.make_context(path, given)


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("news.jsonl", "FILE.jsonl", "list.opml"):
        (tmp_path / name).touch()


def test_what_is_not_there_is_not_understood() -> None:
    for words in ("feeds stauts", "rules check --al"):
        with pytest.raises(Exception, match="No such"):
            understood(words)


def test_the_manuals_show_commands() -> None:
    assert {name for name, _ in BLOCKS} == {"README.md", "config/README.md"}
    assert min(len(BLOCKS), len(SENTENCES)) > 20


@pytest.mark.parametrize(("readme", "words"), BLOCKS)
def test_a_command_to_be_copied_is_whole(readme: str, words: str) -> None:
    understood(words)


@pytest.mark.parametrize(("readme", "words"), SENTENCES)
def test_a_command_that_a_sentence_names_is_there(readme: str, words: str) -> None:
    try:
        understood(words)
    except Exception as error:
        if type(error).__name__ not in {"MissingParameter", "BadOptionUsage"}:  # a sentence may leave out what a command needs
            raise
