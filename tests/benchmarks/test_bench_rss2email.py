"""150 recorded feeds fetched, parsed and mailed, one mail an entry: this service (which also assesses each) side by side with rss2email.

`pytest -n 0 -m benchmark -s tests/benchmarks/test_bench_rss2email.py`, with the extra `benchmark` installed.
"""

from __future__ import annotations

import csv
import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

HERE = Path(__file__).parent
FEEDS = HERE.parents[2] / "shared" / "data" / "feeds"
MOST = 150
ROUNDS = 3
PER_ADDRESS = 6  # feeds of one loopback address, as a host of the wild has a few

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(not FEEDS.is_dir(), reason="needs the recorded feeds of ../shared"),
    pytest.mark.skipif(shutil.which("r2e", path=Path(sys.executable).parent) is None, reason="needs rss2email: the extra `benchmark`"),
]


def distinct_feeds() -> list[str]:
    """One whole recording of each feed, by the manifest."""
    seen: dict[tuple[str, str], str] = {}
    with (FEEDS / "MANIFEST.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["provenance"] == "recorded" and int(row["entries_feedparser"] or 0) and row["format"] != "json":
                seen.setdefault((row["publisher"], row["feed_title"]), row["path"])
    return list(seen.values())[:MOST]


@dataclass
class Servers:
    http: int
    smtp: int
    process: subprocess.Popen[str]

    def mails(self) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    folder = tmp_path / "served"
    folder.mkdir()
    for number, path in enumerate(distinct_feeds()):
        shutil.copyfile(FEEDS / path, folder / f"{number}.xml")
    command = [sys.executable, str(HERE / "loopback_servers.py"), str(folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    http, smtp = map(int, process.stdout.readline().split())
    yield Servers(http, smtp, process)
    process.terminate()
    process.wait(10)


def urls(servers: Servers) -> list[str]:
    return [f"http://127.0.0.{2 + number // PER_ADDRESS}:{servers.http}/{number}.xml" for number in range(len(distinct_feeds()))]


def ours(servers: Servers, home: Path) -> tuple[float, dict[str, int]]:
    home.mkdir()
    feeds = [{"id": f"feed-{n}", "url": url, "title": f"Feed {n}", "publisher": f"Publisher {n}"} for n, url in enumerate(urls(servers))]
    (home / "feeds.yaml").write_text(yaml.safe_dump(feeds), encoding="utf-8")
    command = [sys.executable, str(HERE / "one_mail_an_entry.py"), str(home), f"smtp://127.0.0.1:{servers.smtp}?starttls=off"]
    begun = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return time.perf_counter() - begun, json.loads(done.stdout.splitlines()[-1])


def theirs(servers: Servers, home: Path) -> float:
    home.mkdir()
    r2e = [str(each) for each in (Path(sys.executable).parent / "r2e", "-c", home / "r2e.cfg", "-d", home / "r2e.json")]
    subprocess.run([*r2e, "new", "reader@example.com"], check=True, capture_output=True)
    config = (home / "r2e.cfg").read_text(encoding="utf-8")
    for name, value in {
        "smtp-server": f"127.0.0.1:{servers.smtp}",
        "email-protocol": "smtp",
        "smtp-auth": "False",
        "smtp-ssl": "False",
    }.items():
        config = "\n".join(f"{name} = {value}" if line.startswith(f"{name} =") else line for line in config.splitlines())
    sections = "".join(f"\n[feed.f{n}]\nurl = {url}\n" for n, url in enumerate(urls(servers)))
    (home / "r2e.cfg").write_text(config + "\n" + sections, encoding="utf-8")
    begun = time.perf_counter()
    subprocess.run([*r2e, "run"], check=False, capture_output=True)
    return time.perf_counter() - begun


def test_side_by_side_with_rss2email(servers: Servers, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = []
    for number in range(ROUNDS):
        peer = theirs(servers, tmp_path / f"r2e-{number}")
        peer_mails = servers.mails()
        own, report = ours(servers, tmp_path / f"ours-{number}")
        own_mails = servers.mails()
        assert own_mails == report["entries"], "one mail an entry"
        assert own_mails > 0.9 * peer_mails, "both mail about the same entries"
        rows.append((own, peer, own_mails, peer_mails, report))
    with capsys.disabled():
        print(
            f"\n{len(distinct_feeds())} feeds, {ROUNDS} rounds, wall seconds of whole processes; the sink and the feeds are a third process"
        )
        for own, peer, own_mails, peer_mails, report in rows:
            print(
                f"  ours {own:6.2f} s, {own_mails} mails, peak {report['peak_mb']} MB   rss2email {peer:6.2f} s, {peer_mails} mails   {peer / own:.1f}×"
            )
        print(f"  median ratio {statistics.median(peer / own for own, peer, *_ in rows):.1f}×")
