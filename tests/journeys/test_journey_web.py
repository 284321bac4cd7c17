"""A reader's way through the front door, with a real browser, the real daemon and the mails it leaves: nothing is looked up inside."""

from __future__ import annotations

import email
import email.policy
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser
PATIENCE = 60.0


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium; skipped without it, but not where CI promises it."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium: install Debian's `chromium`")
        pytest.skip("no Chromium: install Debian's `chromium`")
    sync = pytest.importorskip("playwright.sync_api", reason="no playwright: install the extra `test`")
    with sync.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        launched.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A running service without feeds. Gives its address and its outbox, a Maildir."""
    tmp_path = tmp_path_factory.mktemp("service")
    home, port = tmp_path / "home", free_port()
    base = f"http://127.0.0.1:{port}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ALERTS_")}
    environment |= {"ALERTS_BASE_URL": base, "ALERTS_LISTEN_PORT": str(port), "ALERTS_PARSE_WORKERS": "1"}
    command = [sys.executable, "-m", "alerts", "--home", str(home)]
    subprocess.run([*command, "init"], check=True, capture_output=True, env=environment)
    feeds = home / "config" / "feeds.yaml"
    feeds.write_text("[]\n", encoding="utf-8")
    with (tmp_path / "log").open("wb") as log:
        running = subprocess.Popen([*command, "run"], stdout=log, stderr=log, env=environment)
        try:
            wait_until(lambda: answers(port) or running.poll() is not None, "the service to answer")
            assert running.poll() is None, (tmp_path / "log").read_text()
            yield base, home / "outbox"
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(15)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition: Any, what: str) -> Any:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    return pytest.fail(f"waited {PATIENCE:.0f} s in vain for {what}")


def mails_to(outbox: Path, address: str) -> list[Any]:
    """The mails in a Maildir to an address, oldest first."""
    found = []
    for path in sorted(outbox.glob("new/*"), key=lambda path: path.stat().st_mtime_ns):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        if address in message["To"]:
            found.append(message)
    return found


def link_in(message: Any, path: str) -> str:
    """The link of the mail's plain text that leads to a path."""
    found = re.search(rf"http://\S+/{path}/\S+", message.get_body(("plain",)).get_content())
    assert found
    return found[0]


@pytest.mark.parametrize("javascript", [False], ids=["no-javascript"])
def test_a_reader_signs_up_confirms_changes_leaves_and_comes_back(browser: Any, service: tuple[str, Path], javascript: bool) -> None:
    base, outbox = service
    context = browser.new_context(locale="en-GB", java_script_enabled=javascript)
    page = context.new_page()

    page.goto(base)
    page.get_by_label("Mail address").fill("reader@example.com")
    page.get_by_label("Automotive", exact=True).check()
    page.get_by_label("Automotive: from which level on").select_option("info")
    page.get_by_role("button", name="Send me the confirmation mail").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Look in your mailbox"

    mail = wait_until(lambda: mails_to(outbox, "reader@example.com"), "the confirmation mail")[0]
    assert mail["List-Unsubscribe"] is None
    page.goto(link_in(mail, "c"))
    assert "Automotive (Info and above)" in page.inner_text("main")
    page.get_by_role("button", name="Yes, subscribe me").click()
    assert page.get_by_role("heading", level=1).inner_text() == "You are subscribed"
    welcome = wait_until(lambda: mails_to(outbox, "reader@example.com")[1:], "the welcome mail")[0]
    assert welcome["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    page.get_by_role("link", name="Change your settings").click()
    assert page.get_by_label("Automotive", exact=True).is_checked()
    page.get_by_label("Once a week").check()
    page.get_by_label("On which day").select_option(label="Friday")
    page.get_by_role("button", name="Save these settings").click()
    assert "Saved" in page.get_by_role("status").inner_text()
    assert page.get_by_label("Once a week").is_checked()
    assert page.get_by_label("On which day").input_value() == "4"

    page.get_by_role("link", name="Unsubscribe").click()
    page.get_by_role("button", name="Stop all mail").click()
    assert page.get_by_role("heading", level=1).inner_text() == "You are unsubscribed"
    page.get_by_role("button", name="Take it back").click()
    assert page.get_by_role("heading", level=1).inner_text() == "You are subscribed again"
    page.get_by_role("link", name="Change your settings").click()
    assert page.get_by_label("Once a week").is_checked()

    # The link was lost: a fresh one comes by mail, and it opens the settings.
    page.goto(f"{base}/p/lost")
    page.get_by_label("Mail address").fill("Reader@Example.com")
    page.get_by_role("button", name="Mail me a link").click()
    mail = wait_until(lambda: mails_to(outbox, "reader@example.com")[2:], "the mail with the link")[0]
    page.goto(link_in(mail, "p"))
    assert page.get_by_role("heading", level=1).inner_text() == "Your settings"
    assert len(mails_to(outbox, "reader@example.com")) == 3
    context.close()


def test_the_pages_fit_a_small_phone_and_targets_can_be_hit(browser: Any, service: tuple[str, Path]) -> None:
    """320 px wide without sideways scrolling (WCAG 1.4.10), in both languages; targets of 24 px at least (2.5.8)."""
    base, _ = service
    context = browser.new_context(viewport={"width": 320, "height": 640}, color_scheme="dark")
    page = context.new_page()
    for path in ("/", "/?l=ja", "/link", "/p/lost", "/nowhere"):
        page.goto(base + path)
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        small = page.evaluate(
            """[...document.querySelectorAll('button, select, summary, .tick input, input[type=email], a.button, a.lang, footer a')]
            .map(each => [each.outerHTML.slice(0, 80), each.getBoundingClientRect()])
            .filter(([_, box]) => box.width > 0 && (box.width < 24 || box.height < 24)).map(([text]) => text)"""
        )
        assert small == [], path
    context.close()


def test_the_keyboard_reaches_everything_in_order(browser: Any, service: tuple[str, Path]) -> None:
    base, _ = service
    page = browser.new_context(locale="en-GB").new_page()
    page.goto(base)
    reached = []
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert reached[:3] == ["skip", "brand", "lang"]
    assert reached[3:5] == ["address", "sector-safety"]
    page.get_by_label("Mail address").fill("nonsense")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    assert page.title().startswith("Error: ")
    assert page.evaluate("document.activeElement.className") == "problem"
    page.get_by_role("link", name="Enter one mail address").click()
    assert page.evaluate("document.activeElement.id") == "address"
    page.context.close()
