"""What is installed holds every template and every configuration file of the repository, and nothing that happens to lie beside them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
INSTALLED = {"templates": "alerts/_data/templates", "config": "alerts/_data/config", "alerts": "alerts"}


@pytest.mark.skipif(not (ROOT / ".git").exists() or shutil.which("git") is None, reason="no git checkout: what belongs into the wheel is not known")
def test_the_wheel_holds_what_the_repository_holds(tmp_path: Path) -> None:
    listed = subprocess.run(["git", "ls-files", *INSTALLED], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    wanted = {"/".join([INSTALLED[name.split("/")[0]], *name.split("/")[1:]]) for name in listed if (ROOT / name).is_file()}
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert wanted <= held
    assert {name for name in held - wanted if not name.startswith("alerts/") or "/_data/" in name} == set()
