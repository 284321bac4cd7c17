"""Rules on recorded news: entries a second, side by side with spaCy's PhraseMatcher and with a loop over phrases; cost against their number.

`pytest -n 0 -m benchmark -s tests/benchmarks/test_bench_rules.py`, with the extra `benchmark` installed.

Processor seconds of one core, the best of several goes, because other work on the machine only ever makes a go longer. Ours is the whole
way: normalise, scan, hide, evaluate the shipped rules and those of the phrases, judge. The peers only say which phrases stand in a text.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from itertools import cycle, islice
from pathlib import Path

import pytest
import yaml

from alerts.feeds.clean import plain
from alerts.feeds.entry import Entry, Source
from alerts.garbage import settle
from alerts.resources import shipped
from alerts.rules.evaluate import assess
from alerts.rules.files import load_rules
from alerts.text import is_japanese

NEWS = Path(__file__).parents[3] / "shared" / "data" / "news.jsonl"
ENTRIES = 20_000
PHRASES = (100, 1_000, 5_000, 20_000)
GOES = 3
NAIVE_ENTRIES = 200
LATIN = ("ka", "mo", "ri", "ten", "sol", "ver", "dan", "pel", "qui", "zor", "bat", "lin", "tro", "mar")
KANA = ("カ", "モ", "リ", "テン", "ソル", "ベル", "ダン", "ペル", "ゾル", "バト")

pytestmark = [pytest.mark.benchmark, pytest.mark.skipif(not NEWS.is_file(), reason="needs the recorded news of ../shared")]


def news(count: int = ENTRIES) -> list[Entry]:
    """The recorded news, over and over, as entries are: the summary is an excerpt in plain text."""
    with NEWS.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [
        Entry(str(number), Source("news", "News"), "", row["title"], plain(row.get("summary")), datetime(2026, 3, 1, tzinfo=UTC), tongue(row))
        for number, row in enumerate(islice(cycle(rows), count))
    ]


def tongue(row: dict[str, str]) -> str:
    """The language of a row."""
    return "ja" if is_japanese(row["title"]) else "en"


def phrases(count: int) -> list[str]:
    """Phrases of two words that look like words; every fifth in katakana."""
    chance = random.Random(2026)

    def word(of: tuple[str, ...]) -> str:
        return "".join(chance.choice(of) for _ in range(chance.randint(2, 4)))

    found: dict[str, None] = {}
    while len(found) < count:
        found[word(KANA) + word(KANA) if len(found) % 5 == 0 else f"{word(LATIN)} {word(LATIN)}"] = None
    return list(found)


def configuration(directory: Path, count: int) -> Path:
    """The shipped configuration, and a rule for each of so many phrases."""
    shutil.copytree(shipped("config"), directory)
    rules = [
        {"id": f"phrase-{number}", "title": f"Phrase {number}", "development": "tariff-imposed", "when": phrase, "review_by": "2027-06-01"}
        for number, phrase in enumerate(phrases(count))
    ]
    (directory / "rules" / "phrases.yaml").write_text(yaml.safe_dump(rules, allow_unicode=True), encoding="utf-8")
    return directory


def cost(work: Callable[[Entry], object], entries: Iterable[Entry]) -> float:
    """Processor seconds an entry, the best of some goes."""
    entries = list(entries)
    settle()  # as the service does once its rules are loaded
    best = float("inf")
    for _ in range(GOES):
        begun = time.process_time()
        for entry in entries:
            work(entry)
        best = min(best, time.process_time() - begun)
    return best / len(entries)


LOAD = """
import sys, time
from pathlib import Path
from alerts.rules.files import load_rules

def resident():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS")) / 1024

before, begun = resident(), time.process_time()
rules = load_rules(Path(sys.argv[1]), Path(sys.argv[2]))
print(time.process_time() - begun, resident() - before)
"""


def load(directory: Path, cache: Path) -> tuple[float, float]:
    """Load a configuration in a process of its own: processor seconds, and megabytes that it holds afterwards."""
    done = subprocess.run([sys.executable, "-c", LOAD, directory, cache], check=True, capture_output=True, text=True)
    seconds, megabytes = map(float, done.stdout.split())
    return seconds, megabytes


def test_cost_against_the_number_of_phrases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = news()
    rows = []
    for count in PHRASES:
        directory = configuration(tmp_path / str(count), count)
        cold, _ = load(directory, tmp_path / "cache")
        warm, held = load(directory, tmp_path / "cache")
        rules = load_rules(directory, tmp_path / "cache")
        rows.append((count, cost(partial(assess, rules), entries), cold, warm, held))
    with capsys.disabled():
        print(f"\nnormalise + scan + evaluate {ENTRIES} entries, one core; the shipped configuration and so many rules of one phrase")
        for count, seconds, cold, warm, held in rows:
            print(
                f"  {count:6} phrases  {1 / seconds:8.0f} entries/s   {seconds / rows[0][1]:.2f}x the cost of {PHRASES[0]}"
                f"   compiled in {cold:.2f} s, recalled in {warm:.2f} s   holds {held:.0f} MB"
            )


def test_side_by_side_with_spacy_and_with_a_loop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spacy = pytest.importorskip("spacy", reason="needs spaCy: the extra `benchmark`")
    matcher_of = pytest.importorskip("spacy.matcher").PhraseMatcher
    entries = news()
    rules = load_rules(configuration(tmp_path / "config", 5_000))
    terms = [*phrases(5_000), *{pattern.text for pattern, _ in rules.lexicon.patterns if " " not in pattern.text}]
    blank = spacy.blank("xx")
    matcher = matcher_of(blank.vocab, attr="LOWER")
    matcher.add("terms", list(blank.tokenizer.pipe(terms)))

    def theirs(entry: Entry) -> object:
        return matcher(blank.make_doc(f"{entry.title}\n{entry.summary}"))

    def naive(entry: Entry) -> object:
        text = f"{entry.title}\n{entry.summary}".lower()
        return [term for term in terms if term in text]

    ours = cost(lambda entry: assess(rules, entry), entries)
    with capsys.disabled():
        print(f"\n{len(terms)} terms, entries a second on one core")
        print(f"  ours, whole way        {1 / ours:8.0f}")
        for name, peer in (
            ("spaCy PhraseMatcher", cost(theirs, entries[:4_000])),
            ("a loop over the terms", cost(naive, entries[:NAIVE_ENTRIES])),
        ):
            print(f"  {name:22} {1 / peer:8.0f}   {peer / ours:.1f}x our cost")
