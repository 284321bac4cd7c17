"""Mails as people see them: every golden mail in a real browser, phone and desktop, light and dark.

`ALERTS_GOLDEN=write pytest tests/golden` also takes the picture of the README.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sample_mails import SENDER
from sample_stories import CALL, digest

from alerts.mail.render import Renderer

HERE = Path(__file__).parent
MAILS = sorted(path.name for path in HERE.glob("*.html"))
PHONE, DESKTOP = (320, 640), (1000, 800)

pytestmark = pytest.mark.browser

_LOOK = """() => {
  const textNodes = [...document.querySelectorAll('body *')].filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
  const visible = textNodes.filter(e => e.getClientRects().length && getComputedStyle(e).visibility !== 'hidden');
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => parts(colour).slice(0, 3).map(each => each / 255)
    .map(each => each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
    .reduce((sum, each, n) => sum + each * [0.2126, 0.7152, 0.0722][n], 0);
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (!(parts(colour)[3] === 0)) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const contrast = (one, other) => {
    const [dim, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dim + 0.05);
  };
  const faint = visible.filter(e => contrast(getComputedStyle(e).color, ground(e)) < 4.5).map(e => e.outerHTML.slice(0, 120));
  const bars = [...document.querySelectorAll('[class^=week-]')];
  return {
    faint: faint,
    texts: visible.length,
    bars: bars.length,
    colours: new Set(bars.map(e => getComputedStyle(e).color)).size,
    width: document.documentElement.scrollWidth,
    smallest: Math.min(...visible.map(e => parseFloat(getComputedStyle(e).fontSize)).filter(size => size > 2)),
    background: getComputedStyle(document.body).backgroundColor,
    remote: [...document.querySelectorAll('img,script,link,iframe')].length,
    heading: document.querySelectorAll('h1').length,
    title: document.title,
    language: document.documentElement.lang,
  };
}"""


@pytest.fixture(scope="module")
def pages(browser: Any) -> Iterator[Any]:
    """Open one golden mail: `pages(name, size, scheme)`. One tab shows them all, because opening one takes longer than looking at it."""
    context = browser.new_context(device_scale_factor=2)
    tab = context.new_page()

    def page(name: str, size: tuple[int, int], scheme: str) -> Any:
        tab.set_viewport_size({"width": size[0], "height": size[1]})
        tab.emulate_media(color_scheme=scheme)
        tab.goto((HERE / name).as_uri())
        return tab

    yield page
    context.close()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("name", MAILS)
def test_a_mail_fits_the_window_in_light_and_dark_with_nothing_remote(pages: Any, name: str, size: tuple[int, int]) -> None:
    looks = {scheme: pages(name, size, scheme).evaluate(_LOOK) for scheme in ("light", "dark")}
    for scheme, look in looks.items():
        assert look["width"] <= size[0], f"{name} scrolls sideways at {size[0]} px, {scheme}"
        assert look["smallest"] >= 12, f"text of {look['smallest']} px"
        assert look["texts"] > 20
        assert look["faint"] == [], f"contrast below 4.5 in {scheme}"
        assert bool(look["bars"]) == name.startswith("weekly"), "the week by sector is drawn without an image"
        assert look["colours"] >= min(2, look["bars"]), "the levels of the week are told apart by colour too"
        assert look["remote"] == 0
        assert look["heading"] == 1
        assert look["title"]
        assert look["language"] == name.removesuffix(".html")[-2:]
    assert looks["light"]["background"] != looks["dark"]["background"], "the mail does not follow dark mode"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_word_longer_than_the_phone_is_broken(browser: Any, scheme: str) -> None:
    """Feeds put addresses and file names into headlines: the page must not grow to them, or the stop link lies outside the window."""
    word = "https://www.example.go.jp/notices/2026/01/" + "0" * 80 + ".html"
    long = replace(CALL, reports=tuple(replace(one, title=f"{one.title[:20]} {word}") for one in CALL.reports))
    page = browser.new_page(viewport={"width": PHONE[0], "height": PHONE[1]}, color_scheme=scheme)
    page.set_content(Renderer().digest(digest(stories=(long,)), SENDER).html)
    assert word[:60] in page.inner_text("body").replace("\n", "")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    page.close()


@pytest.mark.skipif(os.environ.get("ALERTS_GOLDEN") != "write", reason="takes the README's picture; run with ALERTS_GOLDEN=write")
def test_the_picture_of_the_readme(pages: Any) -> None:
    page = pages("daily_en.html", (390, 844), "light")
    page.screenshot(path=HERE / "digest-phone.png", clip={"x": 0, "y": 0, "width": 390, "height": 1180}, full_page=True)
    assert (HERE / "digest-phone.png").stat().st_size > 20_000
