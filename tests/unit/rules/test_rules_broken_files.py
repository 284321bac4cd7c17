"""One broken file for each mistake, and exactly what the admin is told. `expected.txt` is the shelf of messages: read it as one.

ALERTS_REGENERATE=1 writes expected.txt anew; read the difference before keeping it.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_sample import FILES, make_entry

from alerts.errors import ConfigError, Problem
from alerts.feeds.catalog import load_catalog
from alerts.loaded import load, load_silences
from alerts.rules.compile import compile_texts
from alerts.rules.evaluate import assess
from alerts.rules.files import load_rules
from alerts.yamlfile import MAX_BYTES

HERE = Path(__file__).parent / "broken"
EXPECTED = HERE / "expected.txt"
NAMES = sorted(path.name for path in HERE.glob("*.yaml"))


def messages(name: str) -> list[str]:
    """What is said of a configuration that has one broken file; its first line says which file it stands for."""
    raw = (HERE / name).read_bytes()
    place = raw.split(b"\n", 1)[0].decode().removeprefix("# as ")
    with pytest.raises(ConfigError) as caught:
        compile_texts({**FILES, place: raw})
    return [str(problem) for problem in caught.value.problems]


def shelf() -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    name = ""
    for line in EXPECTED.read_text(encoding="utf-8").splitlines():
        if line.startswith("  "):
            said[name].append(line.strip())
        else:
            name = line
            said[name] = []
    return said


def test_the_shelf_is_current() -> None:
    if os.environ.get("ALERTS_REGENERATE"):
        EXPECTED.write_text("".join(f"{name}\n" + "".join(f"  {each}\n" for each in messages(name)) for name in NAMES), encoding="utf-8")
    assert sorted(shelf()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_mistake_is_told_with_place_and_advice(name: str) -> None:
    assert messages(name) == shelf()[name]


def test_a_file_that_is_too_large_is_not_read() -> None:
    with pytest.raises(ConfigError, match="is larger than 8 MB; split it"):
        compile_texts({**FILES, "rules/big.yaml": b"#" * (MAX_BYTES + 1)})


def test_an_empty_directory_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_rules(tmp_path)
    told = {problem.file: problem.message.partition(";")[0] for problem in caught.value.problems}
    single, folders = dict.fromkeys(("developments.yaml", "sectors.yaml", "stages.yaml"), "is missing"), ("lexicon", "rules")
    assert told == single | dict.fromkeys(folders, "holds no file")


@pytest.mark.parametrize("name", ["sectors.yaml", "lexicon/all.yaml", "rules/all.yaml"])
def test_a_file_that_is_missing_is_one_line_and_no_flood_of_names_that_it_would_have_defined(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        compile_texts({other: text for other, text in FILES.items() if other != name})
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.column) == (name.partition("/all")[0], 1, 1)
    assert "alerts init" in problem.message


def test_of_a_file_that_holds_something_else_not_every_line_is_told() -> None:
    with pytest.raises(ConfigError) as caught:
        compile_texts({**FILES, "rules/log.yaml": "- x: yyyyyyy\n" * 5_000})
    assert len(caught.value.problems) < 1000
    assert "more mistakes from here on" in str(caught.value)


def test_a_link_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "mine.yaml").symlink_to(tmp_path / "gone.yaml")
    with pytest.raises(ConfigError, match=r"rules/mine.yaml:1:1: cannot be read: No such file"):
        load_rules(tmp_path)


def test_a_directory_that_is_a_link_to_nowhere_is_told_with_its_target(tmp_path: Path) -> None:
    (tmp_path / "config").symlink_to(tmp_path / "gone")
    with pytest.raises(ConfigError, match=r"config:1:1: is a link to .*/gone, which is no directory; point it at one"):
        load_rules(tmp_path / "config")


def test_a_country_of_a_feed_that_is_no_code_is_told_as_in_rules(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text(FEEDS.replace("timezone", "country: Japan, timezone"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"feeds.yaml:1:\d+: country: 'Japan' is no country's code; write ISO 3166 alpha-3, such as JPN"):
        load_catalog(tmp_path / "feeds.yaml")


def test_a_file_that_cannot_be_read_hides_no_mistake_of_the_others(tmp_path: Path) -> None:
    for name, text in {**FILES, "rules/mine.yaml": "- {id: A}"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "rules" / "gone.yaml").symlink_to(tmp_path / "nowhere.yaml")
    (tmp_path / "silences.yaml").write_text("- {id: a, rule: tarif, until: 2026-12-01, author: A, comment: c}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert {problem.file for problem in caught.value.problems} == {"rules/gone.yaml", "rules/mine.yaml", "feeds.yaml"}
    (tmp_path / "rules" / "gone.yaml").unlink()
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert "silences.yaml:1:17: no rule 'tarif'; did you mean 'tariff'?" in str(caught.value), "also while a rule has mistakes"


def test_no_directory_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="alerts init"):
        load_rules(tmp_path / "none")


def test_a_byte_order_mark_is_no_mistake() -> None:
    compile_texts({**FILES, "rules/all.yaml": b"\xef\xbb\xbf" + FILES["rules/all.yaml"].encode()})


def test_problems_of_all_files_come_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        compile_texts({**FILES, "rules/a.yaml": "- {id: A}", "rules/b.yaml": "\t", "lexicon/c.yaml": "x: {kind: cue, e: [y]}"})
    assert {problem.file for problem in caught.value.problems} == {"rules/a.yaml", "rules/b.yaml", "lexicon/c.yaml"}


PIECES = [
    *["- ", "id: a", ": ", "{", "}", "[", "]", "$tariff", "when: ", "all", "near", "then", "between", "re: '('", "&a ", "*a", "!x ", "|", ">"],
    *["'", "~", "true", "2026-01-01", "title: A", "development: tariff-imposed", "tests: ", "match", "levels: {trade: act}", "é", "関税"],
    *["? ", "<<: ", "%YAML 1.1", "---", "...", "#", "\n", "  ", "\t", "\x00", "\ud7ff"],
]


JUNK = [
    *PIECES,
    *["null", "1e999", "2026-13-40", "9" * 400, "\ufeff", "\u200b", "\u2028", "👍", "$", "~x", "=", "re: '(a+)+$'", "a: " * 30, "- - - -"],
    *["en: [a, b]", "ja: [京]", "kanji: 米", "from: 9999-99-99", "includes: [tariff]", "near: [$x]", "after: ['']", "in: {}", "title: [1]"],
]
EDIT = st.tuples(st.floats(0, 1), st.integers(0, 60), st.sampled_from(JUNK))
"""Where a text is changed (as a part of its length), how much is taken out, and what is put in."""


def edited(text: str, edits: list[tuple[float, int, str]]) -> bytes:
    for where, length, junk in edits:
        start = int(where * len(text))
        text = text[:start] + junk + text[start + length :]
    return text.encode("utf-8", "surrogatepass")


@given(st.binary(max_size=60))
@settings(max_examples=20, deadline=None)
def test_no_bytes_escape_the_loader(raw: bytes) -> None:
    for place in ("rules/fuzz.yaml", "lexicon/fuzz.yaml", "stages.yaml"):
        with contextlib.suppress(ConfigError):
            compile_texts({**FILES, place: raw})


@given(st.sampled_from(sorted(FILES)), st.lists(EDIT, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_nothing_but_a_config_error_escapes_the_loader(name: str, edits: list[tuple[float, int, str]]) -> None:
    try:
        rules = compile_texts({**FILES, name: edited(FILES[name], edits)})
    except ConfigError:
        return
    assess(rules, make_entry("Japan announces tariff", "関税を発動"))  # what is taken works


KEYS = ["id", "title", "titel", "development", "kind", "when", "levels", "why", "act", "sizes", "tests", "stage", "despite", "review_by"]
VALUES = [
    *["5", "x", "[]", "{}", "~", "[x]", "[[x]]", "{x: y}", "{1: 2}", "{visas: 5}", "{visa: act}", "[{}]", "{en: x}", "2026-01-01", "true"],
    *["tariff-imposed", "$tarif", "{all: [x]}", "{nope: 1}", "{match: [1, {text: x}]}", "[{size: small, when: x}]", "{'[key]': x}"],
]


@given(st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), min_size=1, max_size=8))
@settings(max_examples=80, deadline=None)
def test_a_rule_with_any_mistakes_in_it_is_taken_or_told_with_places(rule: dict[str, str]) -> None:
    text = "- " + "\n  ".join(f"{key}: {value}" for key, value in rule.items()) + "\n"
    problems: tuple[Problem, ...] = ()
    try:
        compile_texts({**FILES, "rules/mine.yaml": text})
    except ConfigError as error:
        problems = error.problems
    assert all(each.file == "rules/mine.yaml" and 1 <= each.line <= len(rule) and each.column >= 1 for each in problems)


@given(st.lists(EDIT, min_size=1, max_size=4))
@settings(max_examples=30, deadline=None)
def test_nothing_escapes_the_loader_of_feeds_and_silences(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[float, int, str]]
) -> None:
    directory = tmp_path_factory.mktemp("fuzz")
    (directory / "feeds.yaml").write_bytes(edited(FEEDS, edits))
    (directory / "silences.yaml").write_bytes(edited(SILENCES, edits))
    problems: list[Problem] = []
    load_silences(directory, None, None, problems)
    with contextlib.suppress(ConfigError):
        load_catalog(directory / "feeds.yaml")


FEEDS = "- {id: one, url: 'https://news.example.org/feed', title: One, publisher: One, timezone: Asia/Tokyo, aliases: [Uno]}\n"
SILENCES = "- {id: a, rule: tariff, from: 2026-01-01, until: 2026-02-01T09:00+09:00, author: A, comment: c}\n"


def test_a_regular_expression_costs_the_same_however_it_is_written() -> None:
    """RE2 takes time in proportion to the text; a backtracking engine would take 2^40 steps here."""
    rule = "- {id: x, title: X, development: tariff-imposed, when: {re: '(a+)+$'}}\n"
    rules = compile_texts({**FILES, "rules/all.yaml": rule})
    assert not assess(rules, make_entry("a" * 40 + "!")).relevant
