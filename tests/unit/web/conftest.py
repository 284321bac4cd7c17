"""A moment in winter."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest


@pytest.fixture
def moment() -> datetime:
    return datetime(2026, 1, 3, 3, 0, tzinfo=UTC)
