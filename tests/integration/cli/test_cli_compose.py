"""`compose.yaml` is right without Docker: its settings are ours, and the steps of its image make a service that runs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.settings import HOME_VARIABLE, PREFIX, Home, load_settings

ROOT = Path(__file__).parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
OURS = {name: service for name, service in COMPOSE["services"].items() if "build" in service}
FALLBACK = re.compile(r"\$\{\w+:-([^}]*)\}")


def dockerfile(service: dict[str, Any]) -> list[tuple[str, str]]:
    """The instructions of the image, each with what it says."""
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in service["build"]["dockerfile_inline"].splitlines() if line.strip()]


def test_there_is_a_service_on_postgresql_and_one_on_sqlite_alone() -> None:
    assert OURS.keys() == {"alerts", "alerts-sqlite"}
    assert {name for name, service in COMPOSE["services"].items() if "sqlite" in service.get("profiles", ())} == {"alerts-sqlite"}
    for service in COMPOSE["services"].values():
        assert set(service.get("depends_on", ())) <= COMPOSE["services"].keys()
        assert {volume.partition(":")[0] for volume in service.get("volumes", ())} <= COMPOSE["volumes"].keys()


@pytest.mark.parametrize("name", OURS)
def test_every_setting_is_one_that_the_service_knows(name: str, tmp_path: Path) -> None:
    given = {key: FALLBACK.sub(r"\1", value) for key, value in OURS[name]["environment"].items()}
    assert all(key.startswith(PREFIX) for key in given)
    settings = load_settings(Home(tmp_path), {**given, "ALERTS_SECRET_KEY": "a key for tests only"})
    assert settings.mail_url.get_secret_value() == "smtp://mailpit:1025?starttls=off"
    assert settings.database_url.startswith("postgresql+psycopg://alerts:alerts@postgres/" if name == "alerts" else "sqlite:")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the image installs: a wheel made of nothing but the files that it copies, unpacked."""
    place = tmp_path_factory.mktemp("image")
    for sources, _, target in (said.rpartition(" ") for word, said in dockerfile(OURS["alerts"]) if word == "COPY"):
        for source in sources.split():
            into = place / target.strip("/")
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, into, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                into.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, into)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", place / "wheel"]
    subprocess.run(command, cwd=place / "src", check=True, capture_output=True)
    (wheel,) = (place / "wheel").glob("*.whl")
    zipfile.ZipFile(wheel).extractall(place / "installed")
    return place / "installed"


def test_the_image_makes_a_home_and_serves_its_pages(image: Path, tmp_path: Path) -> None:
    words = dict(dockerfile(OURS["alerts"]))
    assert yaml.safe_load(words["CMD"])[:2] == ["sh", "-c"]
    init, run = (shlex.split(part.strip().removeprefix("exec ")) for part in yaml.safe_load(words["CMD"])[2].split("&&"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    environment |= {"PYTHONPATH": str(image), HOME_VARIABLE: str(tmp_path / "service"), "ALERTS_DATABASE_URL": ""}
    alerts = [sys.executable, "-m", "alerts"]
    done = subprocess.run([*alerts, *init[1:]], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    (tmp_path / "service" / "config" / "feeds.yaml").write_text("[]\n", encoding="utf-8")
    place = [sys.executable, "-c", "import alerts; print(alerts.__file__)"]
    found = subprocess.run(place, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert found.startswith(str(image)), "the installed package was tried, not the source beside the tests"
    assert run[-2:] == ["--host", "0.0.0.0"]
    command = [*alerts, *run[1:-2], "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as service:
        try:
            assert service.stderr is not None
            port = next(match[1] for line in service.stderr if (match := re.search(r"http://127\.0\.0\.1:(\d+)", line)))
            for path in ("", "readyz", "style.css"):
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=20) as answer:
                    assert answer.status == 200
            service.send_signal(signal.SIGTERM)
            assert service.wait(10) == 0
        finally:
            service.kill()


def test_the_port_that_is_published_is_the_one_that_is_served_and_asked() -> None:
    for service in OURS.values():
        assert [port.rpartition(":")[2] for port in service["ports"]] == ["8000"]
        assert ("EXPOSE", "8000") in dockerfile(service)
        assert ":8000/readyz" in service["healthcheck"]["test"][-1]
        assert COMPOSE["services"]["mailpit"]["ports"] == ["127.0.0.1:8025:8025"]
