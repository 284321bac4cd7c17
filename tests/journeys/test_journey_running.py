"""`alerts run` as its operator meets it: started, edited under, in the way of another, stopped."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from journey_command import Alerts, environment, say

from alerts.settings import Home


@pytest.fixture
def running(alerts: Alerts, home: Home, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`alerts run` on a free port, and that port."""
    command = [sys.executable, "-m", "alerts", "--home", str(home.path), "run", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path, env=environment()
    ) as service:
        assert service.stdout is not None
        said = ""
        port = 0
        for line in service.stdout:
            said += line
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                port = int(found[1])
                break
        try:
            assert port, said
            yield service, port
        finally:
            if service.poll() is None:
                service.kill()


def test_a_port_that_is_taken_is_one_line(running: tuple[subprocess.Popen[str], int], alerts: Alerts, home: Home) -> None:
    _, port = running
    second = alerts("--home", home.path, "run", "--port", port)
    assert second.returncode == 1
    assert "Traceback" not in second.stderr, say(second)
    assert f"cannot serve pages at 127.0.0.1:{port}" in second.stderr.splitlines()[-1]
    assert "--port" in second.stderr.splitlines()[-1]


def test_a_service_that_runs_takes_up_good_edits_keeps_on_over_bad_ones_and_says_so(
    running: tuple[subprocess.Popen[str], int], alerts: Alerts, home: Home
) -> None:
    _, port = running
    rules = home.config / "rules" / "trade.yaml"
    good = rules.read_text(encoding="utf-8")

    def ready(wanted: Callable[[dict[str, str]], bool]) -> dict[str, str]:
        said: dict[str, str] = {}
        for _ in range(600):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=20) as answer:
                said = json.load(answer)
            if wanted(said):
                return said
            time.sleep(0.1)
        raise AssertionError(said)

    before = ready(lambda said: said["configuration"] == "ok")["ruleset"]
    fresh = rules.with_name(".trade.yaml.new")
    fresh.write_text(good + "\n# a word more\n", encoding="utf-8")
    fresh.replace(rules)  # as many editors write
    after = ready(lambda said: said["ruleset"] != before)["ruleset"]
    rules.write_text(good[: len(good) // 2], encoding="utf-8")
    refused = ready(lambda said: said["configuration"] != "ok")
    assert (refused["status"], refused["ruleset"]) == ("ready", after)
    fact = json.loads(alerts("--home", home.path, "status", "--json").stdout)["facts"]["configuration"]
    assert (fact["ok"], fact["ruleset"]) == (False, after)
    assert fact["problems"][0].startswith("rules/trade.yaml:")
    shown = alerts("--home", home.path, "status").stdout
    assert "refused since" in shown
    assert f"rule set {after} stays in force" in shown
    rules.write_text(good, encoding="utf-8")
    ready(lambda said: (said["configuration"], said["ruleset"]) == ("ok", before))


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_run_serves_its_pages_and_stops_within_ten_seconds(running: tuple[subprocess.Popen[str], int], name: str) -> None:
    service, port = running
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/livez")
    assert connection.getresponse().status == 200
    connection.close()
    service.send_signal(getattr(signal, name))
    assert service.wait(10) == 0
