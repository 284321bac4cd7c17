"""`alerts feeds …` from an empty home: a page's feed is found, shown and listed; lists come in and go out; a bad addition changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import FEED, Server, rss
from typer.testing import CliRunner

from alerts.cli.app import app
from alerts.errors import AlertsError, FeedError, UsageError
from alerts.feeds.catalog import load_catalog

LIST = "# Ours.\n- id: first   # stays\n  url: https://first.example/feed\n  title: First\n  publisher: First\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    assert CliRunner().invoke(app, ["--home", str(tmp_path / "home"), "init"]).exit_code == 0
    (tmp_path / "home" / "config" / "feeds.yaml").write_text(LIST, encoding="utf-8")
    return tmp_path / "home"


def alerts(home: Path, *arguments: str) -> Any:
    return CliRunner().invoke(app, ["--home", str(home), "feeds", *arguments])


def listed(home: Path) -> str:
    return (home / "config" / "feeds.yaml").read_text(encoding="utf-8")


def test_the_feed_of_a_page_is_found_shown_and_added_below_what_people_wrote(home: Path, server: Server) -> None:
    server.pages["/"] = (200, {"Content-Type": "text/html"}, b"<html><link rel=alternate type=application/rss+xml href=/news.rss></html>")
    server.pages["/news.rss"] = (200, {"ETag": '"1"'}, FEED)
    dry = alerts(home, "add", server.url("/"), "--dry-run")
    assert dry.exit_code == 0, dry.exception
    assert "Fees rise in April" in dry.stdout
    assert listed(home) == LIST
    server.asked.clear()
    done = alerts(home, "add", server.url("/"), "--id", "town", "--publisher", "The Town", "--kind", "official", "--country", "JPN")
    assert done.exit_code == 0, done.exception
    assert listed(home).startswith(LIST)
    feed = load_catalog(home / "config" / "feeds.yaml").feeds[1]
    assert (feed.id, feed.publisher, feed.kind, feed.url) == ("town", "The Town", "official", server.url("/news.rss"))
    assert server.visits("/news.rss") == 1, "one visit is enough"
    again = alerts(home, "add", server.url("/news.rss"))
    assert isinstance(again.exception, AlertsError)
    assert "stands in feeds.yaml already, as 'town' (enabled)" in str(again.exception)


def test_whoever_adds_a_private_address_is_told_that_the_service_refuses_it(home: Path, server: Server) -> None:
    server.pages["/good"] = (200, {}, FEED)
    assert "will refuse this private address" in alerts(home, "add", server.url("/good"), "--dry-run").stderr
    with (home / "alerts.env").open("a") as file:
        file.write("\nALERTS_ALLOWED_NETWORKS=127.0.0.0/8\n")
    assert "refuse" not in alerts(home, "add", server.url("/good"), "--dry-run").stderr


@pytest.mark.parametrize(
    ("path", "options", "said"),
    [
        ("/page", (), "names no feed"),
        ("/good", ("--id", "first"), "used twice"),
        ("/good", ("--kind", "blog"), "not added"),
        ("/none", (), "HTTP 404"),
    ],
)
def test_what_cannot_be_added_changes_nothing(home: Path, server: Server, path: str, options: tuple[str, ...], said: str) -> None:
    server.pages["/page"] = (200, {"Content-Type": "text/html"}, b"<html><body>Hello</body></html>")
    server.pages["/good"] = (200, {}, FEED)
    done = alerts(home, "add", server.url(path), *options)
    assert isinstance(done.exception, AlertsError)
    assert said in str(done.exception)
    assert listed(home) == LIST
    assert not list((home / "config").glob(".feeds*"))


def test_only_web_addresses_are_added(home: Path) -> None:
    for address in ("feeds.xml", "http://", "http://[", "https:///x", "https://127.0.0.1:99999/"):
        assert isinstance(alerts(home, "add", address).exception, UsageError), address
    for address in ("http://", "http://[", "https://127.0.0.1:99999/"):
        assert "is not a web address" in str(alerts(home, "try", address).exception), address


def test_a_list_of_another_reader_is_imported_once_and_exported(home: Path, tmp_path: Path) -> None:
    opml = tmp_path / "list.opml"
    opml.write_text(
        '<opml><body><outline text="A: x" xmlUrl="https://a.example/feed"/><outline xmlUrl="http://www.first.example/feed/"/></body></opml>'
    )
    for count in ("1 feeds of 2, 1 known", "0 feeds of 2, 2 known"):
        done = alerts(home, "import", str(opml))
        assert done.exit_code == 0, done.exception
        assert count in done.stdout
    assert listed(home).startswith(LIST)
    exported = alerts(home, "export")
    assert exported.stdout.count("xmlUrl=") == 2
    assert 'xmlUrl="https://a.example/feed"' in exported.stdout
    assert isinstance(alerts(home, "import", "no.opml").exception, AlertsError)


def test_check_live_tells_which_feeds_answer(home: Path, server: Server) -> None:
    text = "".join(
        f"- {json.dumps({'id': name, 'url': server.url('/' + name), 'title': name, 'publisher': name})}\n" for name in ("good", "gone")
    )
    (home / "config" / "feeds.yaml").write_text(text, encoding="utf-8")
    (home / "alerts.env").write_text((home / "alerts.env").read_text() + "\nALERTS_ALLOWED_NETWORKS=127.0.0.0/8\n")
    server.pages["/good"] = (200, {}, FEED)
    done = alerts(home, "check", "--live")
    assert "good: 2 entries, rss20, utf-8" in done.stdout
    assert "gone: HTTP 404: there is nothing at this address any more (http-404)" in done.stdout
    assert isinstance(done.exception, AlertsError)


def test_status_shows_all_feeds_in_eighty_columns_and_everything_of_one(
    home: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"good": "/good", "agency-of-many-words": "/sjis", "shut": "/captcha"}
    lines = [json.dumps({"id": id, "url": server.url(path), "title": id, "publisher": "Town"}) for id, path in names.items()]
    lines.append('{"id": "ended", "title": "E", "publisher": "E", "enabled": false, "reason": "It ended."}')
    (home / "config" / "feeds.yaml").write_text("".join(f"- {line}\n" for line in lines), encoding="utf-8")
    (home / "alerts.env").write_text((home / "alerts.env").read_text() + "\nALERTS_ALLOWED_NETWORKS=127.0.0.0/8\n")
    server.pages["/good"] = (200, {}, FEED)
    server.pages["/sjis"] = (200, {"Content-Type": "text/xml; charset=utf-8"}, FEED.replace(b"Bridge", "①橋のお知らせ".encode("cp932")))
    assert CliRunner().invoke(app, ["--home", str(home), "poll", "--now", "2026-03-02T03:00:00Z"]).exit_code == 0
    monkeypatch.setattr("alerts.cli.app.PIPE_WIDTH", 80)
    told = alerts(home, "status", "--now", "2026-03-02T04:00:00Z").stdout.splitlines()
    assert max(map(len, told[:4])) <= 80
    assert [line.split()[:4] for line in told[1:4]] == [
        ["good", "fine", "60", "min"], ["agency-of-many-words", "fine", "60", "min"], ["shut", "failing", "never", "never"],
    ]  # fmt: skip
    assert "shut failing: failed once: the site wants proof that we are human; ask the publisher, or visit from another address" in told
    assert told[-1] == "2 fine, 1 failing; 1 more are not enabled, feeds.yaml says why"
    one = " ".join(alerts(home, "status", "agency-of-many-words", "--now", "2026-03-02T04:00:00Z").stdout.split())
    for words in (
        "rss20 in shift_jis, 2 entries, dates: given",
        "labelled utf-8",
        "its limit is 7 days",
        "1 visits, 0 failed",
        "60 min ago",
    ):
        assert words in one
    facts = [json.loads(line) for line in alerts(home, "status", "--json").stdout.splitlines()]
    assert [(each["id"], each["verdict"], each["tier"]) for each in facts][-2:] == [("shut", "failing", 2), ("ended", "off", 2)]
    assert isinstance(alerts(home, "status", "nowhere").exception, AlertsError)


def poll(home: Path, now: str) -> str:
    done = CliRunner().invoke(app, ["--home", str(home), "poll", "--now", now])
    assert done.exit_code == 0, done.exception
    return str(done.stdout)


@pytest.mark.parametrize(("options", "counts"), [((), "10 new, 0 baseline"), (("--quiet",), "0 new, 10 baseline")])
def test_what_is_held_back_is_released_as_news_or_quietly(home: Path, server: Server, options: tuple[str, ...], counts: str) -> None:
    (home / "config" / "feeds.yaml").write_text(f"- {{id: town, url: '{server.url('/town')}', title: T, publisher: P}}\n", encoding="utf-8")
    (home / "alerts.env").write_text((home / "alerts.env").read_text() + "\nALERTS_ALLOWED_NETWORKS=127.0.0.0/8\n")

    server.pages["/town"] = (200, {}, rss(*(f"Notice {n}" for n in range(10))))
    poll(home, "2026-03-04T03:00:00Z")
    server.pages["/town"] = (200, {}, rss(*(f"From the archive {n}" for n in range(10)), guid="archive-{n}", start=500))
    assert "10 held" in poll(home, "2026-03-05T03:00:00Z")
    shown = alerts(home, "status", "--now", "2026-03-05T03:00:00Z").stdout
    assert "town held: 10 entries are new at once and older than the last visit; they come in as old ones if 2 more visits confirm" in shown
    assert alerts(home, "release", "town", *options).exit_code == 0
    assert counts in poll(home, "2027-03-05T03:00:00Z")
    assert isinstance(alerts(home, "release", "town").exception, AlertsError)


def test_a_feed_that_ended_says_so_and_is_visited_again_when_it_is_released(home: Path, server: Server) -> None:
    (home / "config" / "feeds.yaml").write_text(f"- {{id: town, url: '{server.url('/town')}', title: T, publisher: P}}\n", encoding="utf-8")
    (home / "alerts.env").write_text((home / "alerts.env").read_text() + "\nALERTS_ALLOWED_NETWORKS=127.0.0.0/8\n")

    server.pages["/town"] = (410, {}, b"")
    assert all("1 failed" in poll(home, f"2026-03-0{day}T03:00:00Z") for day in (2, 4, 6))
    shown = alerts(home, "status", "--now", "2026-03-07T03:00:00Z").stdout
    assert "town dead: failed 3 times in a row: the publisher says that this feed is gone for good; it ended" in shown.replace("HTTP 410: ", "")
    server.pages["/town"] = (200, {}, rss("Notice"))
    assert "0 failed" in poll(home, "2027-03-07T03:00:00Z")
    assert "is visited again" in alerts(home, "release", "town").stdout
    assert "1 baseline" in poll(home, "2027-03-08T03:00:00Z")


def test_a_document_made_to_hang_its_reader_ends_a_command_with_a_sentence(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.feeds.pool.PARSE_SECONDS", 0.2)
    file = tmp_path / "tower.xml"
    file.write_bytes(b"<rss><channel><item><title>" + b"<b>" * 400_000)
    done = alerts(home, "try", str(file))
    assert isinstance(done.exception, FeedError)
    assert str(done.exception) == "reading the document took longer than 0.2 seconds"


def test_try_of_a_page_says_how_to_find_its_feed(home: Path, server: Server) -> None:
    server.pages["/page"] = (200, {"Content-Type": "text/html"}, b"<html><title>Town</title></html>")
    done = alerts(home, "try", server.url("/page"))
    assert "a web page with the title 'Town' came instead of the feed" in str(done.exception)
    assert f"`alerts feeds add {server.url('/page')} --dry-run`" in str(done.exception)


def test_try_says_how_it_was_decoded_and_dated_and_what_was_dropped(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "town.xml"
    text = (
        '<?xml version="1.0" encoding="Shift_JIS"?><rss version="2.0"><channel><title>町</title><item><title>①窓口の時間</title>'
        "<link>javascript:x</link><pubDate>2026年3月2日 10時00分</pubDate></item><item/></channel></rss>"
    )
    file.write_bytes(text.encode("cp932"))
    done = alerts(home, "try", str(file), "--now", "2026-03-03T00:00:00Z")
    assert "decoded as shift_jis by the document" in done.stdout
    assert "2026年3月2日 10時00分" in done.stdout
    assert "2026-03-02 01:00" in done.stdout
    assert "a link that is not a web address was dropped: 'javascript:x'" in done.stderr
    assert "neither title, text nor link was left out" in done.stderr
