"""Quotas count per key and window, and their memory is bounded."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from alerts.clock import SetClock
from alerts.web import quotas
from alerts.web.quotas import QUOTAS, Quotas


def test_a_quota_is_used_up_and_comes_back_when_its_window_has_passed(moment: datetime) -> None:
    clock = SetClock(moment)
    counted = Quotas(clock)
    assert [counted.take("mail-address", "a") for _ in range(4)] == [True, True, True, False]
    clock.set(moment + QUOTAS["mail-address"].window)
    assert counted.take("mail-address", "a")


def test_one_key_does_not_use_up_another(moment: datetime) -> None:
    counted = Quotas(SetClock(moment))
    assert all(counted.take("mail-address", "a") for _ in range(3))
    assert counted.take("mail-address", "b")
    assert counted.take("mail-ip", "a")


def test_a_refusal_is_not_counted(moment: datetime) -> None:
    clock = SetClock(moment)
    counted = Quotas(clock)
    for _ in range(3):
        counted.take("mail-address", "a")
    clock.set(moment + timedelta(hours=11))
    assert not counted.take("mail-address", "a")
    clock.set(moment + timedelta(hours=12))
    assert counted.take("mail-address", "a")


def test_memory_is_bounded(moment: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotas, "MAXIMUM_KEYS", 10)
    counted = Quotas(SetClock(moment))
    for number in range(100):
        counted.take("mail-ip", str(number))
    assert len(counted._seen) == 10
