"""What a log holds: fields, and never an address, whatever it stands in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alerts.errors import AlertsError
from alerts.log import mask_addresses, set_up_log


class Reader:
    def __repr__(self) -> str:
        return "Reader('someone@example.org')"


@pytest.mark.parametrize(
    "value",
    ["someone@example.org", {"k": ["someone@example.org"]}, {"someone@example.org"}, b"someone@example.org", Reader(), [Reader()]],
    ids=str,
)
def test_no_address_leaves_in_whatever_it_stands(value: Any) -> None:
    assert "someone" not in str(mask_addresses(None, "", {"event": "x", "value": value}))


def test_figures_stay_figures() -> None:
    event = {"sent": 3, "rate": 0.5, "ok": True, "none": None}
    assert mask_addresses(None, "", dict(event)) == event


def test_a_log_file_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file in the way", encoding="utf-8")
    with pytest.raises(AlertsError, match=r"^the log file .*alerts\.log cannot be written: "):
        set_up_log(file=tmp_path / "logs" / "alerts.log")
