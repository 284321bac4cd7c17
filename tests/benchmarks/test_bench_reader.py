"""Reading feeds side by side with lemon24/reader, and with bare aiohttp as the limit.

`pytest -n 0 -m benchmark -s tests/benchmarks/test_bench_reader.py`, with the extra `benchmark` installed. What is compared differs in what it
promises: we check each address that is dialled, bound each body, sanitise titles and commit outcomes as they come.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_bench_feeds import SERVER
from test_bench_rss2email import FEEDS, MOST, distinct_feeds

HERE = Path(__file__).parent
SOURCES, HOSTS, MANY = 2000, 250, 10_000
HOST_NAMES = [f"127.0.{1 + n // 200}.{1 + n % 200}" for n in range(HOSTS)]

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(importlib.util.find_spec("reader") is None, reason="needs lemon24/reader: the extra `benchmark`"),
]


def visitor(which: str, folder: Path, urls: list[str], rounds: int) -> list[dict[str, Any]]:
    place = folder / which
    place.mkdir()
    (place / "urls").write_text("\n".join(urls))
    command = [sys.executable, str(HERE / "feed_visitor.py"), which, str(place), str(place / "urls"), str(rounds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600, start_new_session=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def line(name: str, found: dict[str, Any]) -> str:
    count = found["count"]
    stall = f"  stall {found['stall']:.0f} ms" if "stall" in found else ""
    each = f"{found['cpu'] / max(1, count) * 1000:7.2f} ms CPU each"
    return f"  {name:16}{count:6} in {found['wall']:6.2f} s {count / found['wall']:7.0f}/s {each}  {found['memory']:4.0f} MB + {found['others']:.0f}{stall}"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server in a process of its own: a small document, or 304 for whoever knows it."""
    process = subprocess.Popen([sys.executable, "-c", SERVER, "0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield int(process.stdout.readline().split()[0])
    process.kill()
    process.wait()


def test_two_thousand_sources_new_and_unchanged(port: int, tmp_path: Path) -> None:
    urls = [f"http://{HOST_NAMES[n % HOSTS]}:{port}/{n}" for n in range(SOURCES)]
    results = {which: visitor(which, tmp_path, urls, 2) for which in ("ours", "bare", "reader")}
    for number, title in enumerate((f"{SOURCES} sources on {HOSTS} hosts, first time (200)", "again (304)")):
        print(f"\n{title}")
        for which, rounds in results.items():
            print(line(which, rounds[number]))
    assert results["ours"][1]["count"] == SOURCES


def test_ten_thousand_sources_in_memory(port: int, tmp_path: Path) -> None:
    urls = [f"http://{HOST_NAMES[n % HOSTS]}:{port}/{n}" for n in range(MANY)]
    first, again = visitor("ours", tmp_path, urls, 2)
    print(f"\n{MANY} sources\n{line('ours, 200', first)}\n{line('ours, 304', again)}")


@pytest.mark.skipif(not FEEDS.is_dir(), reason="needs the recorded feeds of ../shared")
def test_first_update_of_real_feeds(tmp_path: Path) -> None:
    names = distinct_feeds()
    served = tmp_path / "served"
    served.mkdir()
    for number, name in enumerate(names):
        (served / str(number)).write_bytes((FEEDS / name).read_bytes())
    command = [sys.executable, str(HERE / "loopback_servers.py"), str(served)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        http = process.stdout.readline().split()[0]
        urls = [f"http://{HOST_NAMES[number]}:{http}/{number}" for number in range(len(names))]
        print(f"\nfirst update of {len(names)} of {MOST} recorded feeds")
        results = {which: visitor(which, tmp_path, urls, 1)[0] for which in ("ours", "reader")}
        process.kill()
    for which, found in results.items():
        print(line(which, found))
    ours, theirs = results["ours"], results["reader"]
    print(f"  we take 1/{theirs['wall'] / ours['wall']:.1f} of the time and 1/{theirs['cpu'] / ours['cpu']:.1f} of the processor time")
