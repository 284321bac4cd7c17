"""Colours can be read in light and in dark: WCAG 2.2 contrast, reckoned from the style sheet itself."""

from __future__ import annotations

import re

import pytest

from alerts.resources import shipped

STYLE = shipped("templates", "web", "style.css").read_text(encoding="utf-8")
LIGHT, DARK = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in STYLE.split(":root {")[1:3])
TEXT = [
    *((ink, ground) for ink in ("ink", "strong", "soft", "link", "hover") for ground in ("paper", "sheet")),
    ("on-link", "link"), ("on-link", "hover"),
    ("bad", "sheet"), ("bad", "bad-paper"), ("ink", "good-paper"), ("strong", "bad-paper"), ("sheet", "bad"),
    ("on-act", "act"), ("on-prepare", "prepare"), ("on-watch", "watch"), ("on-info", "info"), ("focus-ink", "focus"),
]  # fmt: skip
SHAPES = [("edge", "sheet"), ("link", "sheet"), ("good", "paper"), ("bad", "sheet")]


def luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_text_has_a_contrast_of_four_and_a_half(palette: dict[str, str]) -> None:
    low = {(ink, ground): round(contrast(palette[ink], palette[ground]), 2) for ink, ground in TEXT}
    assert {pair: value for pair, value in low.items() if value < 4.5} == {}


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_edges_of_fields_and_signs_have_a_contrast_of_three(palette: dict[str, str]) -> None:
    low = {(ink, ground): round(contrast(palette[ink], palette[ground]), 2) for ink, ground in SHAPES}
    assert {pair: value for pair, value in low.items() if value < 3} == {}


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_the_focus_ring_shows_on_every_ground(palette: dict[str, str]) -> None:
    """Two rings, one bright and one dark: one of them always stands out."""
    for ground in ("paper", "sheet", "link"):
        assert max(contrast(palette["focus"], palette[ground]), contrast(palette["focus-ink"], palette[ground])) >= 3


def test_pages_need_no_script_and_nothing_from_elsewhere() -> None:
    for path in shipped("templates", "web").iterdir():
        text = path.read_text(encoding="utf-8")
        assert "<script" not in text
        assert not re.search(r"\son[a-z]+=|style=\"|javascript:", text), path.name
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text), path.name
    assert "@import" not in STYLE
    assert "url(" not in STYLE
