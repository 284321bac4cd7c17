"""What `alerts rules check` prints for programs: JSON, SARIF 2.1.0 (OASIS), and the annotations of GitHub Actions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from urllib.parse import quote

from alerts.errors import Problem
from alerts.rules.lints.finding import CODES, Finding

INVALID = "E01"
"""The code of everything that is refused."""
REFUSED = (
    "invalid configuration\nThe file cannot be used as it stands; the message says what is wrong at that place and what is allowed. "
    "A running service keeps the last good configuration until every mistake is mended."
)


def as_json(problems: Sequence[Problem], findings: Sequence[Finding], where: str) -> str:
    """Return `{"config": …, "problems": […], "findings": […]}`; `where` names the configuration."""
    told = {"config": where, "problems": [asdict(one) for one in problems], "findings": [asdict(one) for one in findings]}
    return json.dumps(told, ensure_ascii=False)


def as_sarif(problems: Sequence[Problem], findings: Sequence[Finding], directory: Path) -> str:
    """Return a SARIF log, as code-scanning services take it; places are relative to the working directory where they lie in it."""
    rules = [
        {
            "id": INVALID,
            "shortDescription": {"text": REFUSED.partition("\n")[0]},
            "fullDescription": {"text": REFUSED.partition("\n")[2]},
            "defaultConfiguration": {"level": "error"},
        }
    ]
    for name, code in CODES.items():
        level = "warning" if code.level == "warning" else "note"
        rules.append(
            {
                "id": name,
                "shortDescription": {"text": code.title},
                "fullDescription": {"text": code.text},
                "defaultConfiguration": {"level": level},
            }
        )
    results = [_result(INVALID, "error", one.message, one, directory) for one in problems]
    results += [_result(one.code, "warning" if one.level == "warning" else "note", one.message, one, directory) for one in findings]
    driver = {"name": "alerts rules check", "rules": rules}
    log = {
        "version": "2.1.0",
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }
    return json.dumps(log, ensure_ascii=False, indent=2)


def _result(code: str, level: str, message: str, at: Problem | Finding, directory: Path) -> dict[str, object]:
    region = {"startLine": max(at.line, 1), "startColumn": max(at.column, 1)}
    location = {"artifactLocation": {"uri": quote(_path(at.file, directory))}, "region": region}
    return {"ruleId": code, "level": level, "message": {"text": message}, "locations": [{"physicalLocation": location}]}


def as_github(problems: Sequence[Problem], findings: Sequence[Finding], directory: Path) -> str:
    """Return workflow commands, a line each, that show at the lines of a pull request."""
    lines = [_command("error", INVALID, one.message, one, directory) for one in problems]
    lines += [_command("warning" if one.level == "warning" else "notice", one.code, one.message, one, directory) for one in findings]
    return "\n".join(lines)


def _command(level: str, code: str, message: str, at: Problem | Finding, directory: Path) -> str:
    where = f"file={_escaped(_path(at.file, directory), ':,')},line={max(at.line, 1)},col={max(at.column, 1)},title={code}"
    return f"::{level} {where}::{_escaped(message)}"


def _escaped(text: str, more: str = "") -> str:
    """Percent-encode what would end a workflow command or one of its properties."""
    return "".join(f"%{ord(char):02X}" if char in f"%\r\n{more}" else char for char in text)


def _path(file: str, directory: Path) -> str:
    path = (directory if file == str(directory) else directory / file).resolve()
    return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else path.as_posix()
