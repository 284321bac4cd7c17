"""The front door, as a person meets it: every command a process of its own, in an empty directory, with no settings in the environment."""

from __future__ import annotations

import email.policy
import json
import re
import subprocess
import sys
from email import message_from_bytes
from pathlib import Path

import yaml
from journey_command import Alerts, environment, one_line, say
from journey_feeds import FeedServer
from journey_mail import MailServer

from alerts.demo.script import read_script
from alerts.settings import Home

LINE = (
    "subscribers add reader@example.org --sector automotive=watch --sector visas=info --cadence daily --hour 7 "
    "--timezone Asia/Tokyo --language en --country USA --confirmed"
)
ADD = LINE.split()
CALL = {
    "id": "a1",
    "title": "Prime Minister Takaichi speaks by phone with President Trump",
    "summary": "The leaders of Japan and the United States agreed on a visit in spring.",
    "published": "2026-01-02T23:30:00+09:00",
    "source": "A Paper",
    "lang": "en",
    "unknown": "is ignored",
}
SAME = CALL | {
    "id": "a2",
    "title": "Takaichi and Trump hold phone talks, agree on a spring visit",
    "published": "2026-01-03T00:10:00+09:00",
    "source": "B Paper",
}
CAKE = {
    "id": "b1",
    "title": "A bakery in Osaka opens its third shop",
    "summary": "",
    "published": "2026-01-03T08:00:00+09:00",
    "source": "A Paper",
    "lang": "en",
}
FEED = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>A feed of ours</title><link>https://feed.example.com/</link>
<description/><language>en</language><item><title>A first entry</title><link>https://feed.example.com/1</link><guid>one</guid>
<description>What it says.</description><pubDate>Fri, 02 Jan 2026 23:30:00 +0900</pubDate></item></channel></rss>"""


def test_init_makes_a_home_says_what_to_do_next_and_never_overwrites(alerts: Alerts, tmp_path: Path) -> None:
    first = alerts("init", "my-home")
    assert first.returncode == 0, say(first)
    home = Home(tmp_path / "my-home")
    assert {"feeds.yaml", "sectors.yaml", "developments.yaml", "rules", "lexicon"} <= {path.name for path in home.config.iterdir()}
    assert home.env_file.stat().st_mode & 0o077 == 0
    assert re.search(r"^ALERTS_SECRET_KEY=.{32,}$", home.env_file.read_text(), re.M)
    assert "subscribers add" in first.stdout
    assert "my-home run" in first.stdout
    (home.config / "sectors.yaml").write_text("# mine\n")
    before = home.env_file.read_bytes()
    second = alerts("init", "my-home")
    assert second.returncode == 0, say(second)
    assert (home.config / "sectors.yaml").read_text() == "# mine\n"
    assert home.env_file.read_bytes() == before


def test_init_into_a_pipe_that_closes_makes_a_whole_home_and_a_half_made_one_is_completed(alerts: Alerts, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "alerts", "init", "home"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env=environment()) as init:
        assert init.stdout is not None
        init.stdout.close()
        assert init.wait(60) == 0
    home = Home(tmp_path / "home")
    assert alerts("--home", home.path, "rules", "check").returncode == 0
    assert alerts("--home", home.path, "status").returncode == 0
    home.env_file.unlink()
    (home.config / "stages.yaml").unlink()
    half = alerts("--home", home.path, "status")
    assert (half.returncode, f"alerts init {home.path}" in one_line(half.stderr)) == (2, True), say(half)
    again = alerts("init", "home")
    assert re.findall("^written +(.*)", again.stdout, re.M) == ["config/stages.yaml", "alerts.env (with a new secret key)"]
    assert alerts("--home", home.path, "rules", "check").returncode == 0


def test_status_of_a_new_home_counts_nothing_and_a_missing_home_says_how_to_make_one(alerts: Alerts, home: Home) -> None:
    done = alerts("--home", home.path, "status", "--json")
    assert done.returncode == 0, say(done)
    counts = json.loads(done.stdout)
    assert counts["entries"]["stored"] == counts["subscribers"]["known"] == 0
    assert alerts("--home", home.path, "status").returncode == 0
    assert counts["templates"] == {"of_the_home": 0, "broken": [], "never_used": []}
    own = home.path / "templates" / "email"
    own.mkdir(parents=True)
    (own / "foot.txt.j2").write_text("{{ nobody }}")
    templates = json.loads(alerts("--home", home.path, "status", "--json").stdout)["templates"]
    assert templates["of_the_home"] == 1
    assert one_line("\n".join(templates["broken"])).startswith("email/foot.txt.j2:1:1: ")
    missing = alerts("--home", "nowhere", "status")
    assert missing.returncode == 1
    assert "alerts init nowhere" in one_line(missing.stderr)


def test_subscribers_are_added_and_listed(alerts: Alerts, home: Home) -> None:
    added = alerts("--home", home.path, *ADD)
    assert added.returncode == 0, say(added)
    listed = alerts("--home", home.path, "subscribers", "list")
    assert listed.returncode == 0, say(listed)
    assert "reader@example.org" in listed.stdout
    status = json.loads(alerts("--home", home.path, "status", "--json").stdout)
    assert status["subscribers"]["receiving"] == 1
    for wrong, named in (
        (["subscribers", "add", "nobody", "--sector", "visas=info", "--confirmed"], "@"),
        ([*ADD[:2], "b@example.org", "--sector", "cakes=info"], "cakes"),
        ([*ADD[:2], "b@example.org", "--sector", "visas=loud"], "loud"),
        ([*ADD[:2], "b@example.org", "--sector", "visas=info", "--timezone", "Asia/Osaka-Castle"], "Asia/Osaka-Castle"),
    ):
        refused = alerts("--home", home.path, *wrong)
        assert refused.returncode != 0
        assert named in refused.stderr, say(refused)
        assert "Traceback" not in refused.stderr


def test_rules_check_and_match_hold_their_contract(alerts: Alerts, tmp_path: Path) -> None:
    checked = alerts("rules", "check")
    assert checked.returncode in {0, 1}, say(checked)
    assert "no mistakes" in checked.stdout
    _jsonl(tmp_path / "news.jsonl", CALL, CAKE)
    done = alerts("rules", "match", "news.jsonl", "--json")
    assert done.returncode == 0, say(done)
    call, cake = map(json.loads, done.stdout.splitlines())
    assert set(call) == {"id", "developments", "sectors", "evidence"}
    assert call["id"] == "a1"
    assert "leader-call" in {one["type"] for one in call["developments"]}
    assert all(set(one) == {"type", "stage", "polarity", "actors", "rule"} for one in call["developments"])
    assert set(call["sectors"].values()) <= {"info", "watch", "prepare", "act"}
    for each in call["evidence"]:
        assert set(each) == {"field", "start", "end", "text", "concept"}
        assert CALL[each["field"]][each["start"] : each["end"]] == each["text"]
    assert cake == {"id": "b1", "developments": [], "sectors": {}, "evidence": []}


def test_stories_try_joins_two_reports_of_one_call(alerts: Alerts, tmp_path: Path) -> None:
    _jsonl(tmp_path / "news.jsonl", CALL, CAKE, SAME)
    done = alerts("stories", "try", "news.jsonl", "--json")
    assert done.returncode == 0, say(done)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [set(line) for line in lines] == [{"id", "story"}] * 3
    assert [line["id"] for line in lines] == ["a1", "b1", "a2"]
    story = {line["id"]: line["story"] for line in lines}
    assert story["a1"] == story["a2"] != story["b1"]


def test_feeds_try_prints_an_object_for_each_entry_and_problems_on_stderr(alerts: Alerts, tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(FEED, encoding="utf-8")
    done = alerts("feeds", "try", "feed.xml", "--json")
    assert done.returncode == 0, say(done)
    assert json.loads(one_line(done.stdout)) == {
        "guid": "one",
        "url": "https://feed.example.com/1",
        "title": "A first entry",
        "summary": "What it says.",
        "published": "2026-01-02T14:30:00+00:00",
        "language": "en",
    }
    (tmp_path / "page.html").write_text("<!doctype html><html><head><title>Moved</title></head><body>Bye</body></html>")
    page = alerts("feeds", "try", "page.html", "--json")
    assert page.returncode == 1
    assert page.stdout == ""
    assert "web page" in one_line(page.stderr)


def test_exit_codes_tell_a_mistake_in_use_from_one_in_the_configuration(alerts: Alerts, home: Home) -> None:
    assert alerts("--version").returncode == 0
    assert alerts("--home", home.path, "tick").returncode == 0
    assert alerts("stories", "try", "absent.jsonl").returncode == 2
    unknown = alerts("--home", home.path, "tick", mail_ulr="maildir:/tmp/x")
    assert unknown.returncode == 2
    assert "ALERTS_MAIL_ULR" in unknown.stderr
    assert "ALERTS_MAIL_URL" in unknown.stderr
    bad = alerts("--home", home.path, "tick", send_connections="many")
    assert bad.returncode == 2
    assert "ALERTS_SEND_CONNECTIONS" in one_line(bad.stderr)


def test_mistakes_in_yaml_are_each_one_line_with_a_place(alerts: Alerts, home: Home) -> None:
    sectors = home.config / "sectors.yaml"
    sectors.write_text(sectors.read_text(encoding="utf-8") + "- id: [broken\n", encoding="utf-8")
    (home.config / "feeds.yaml").write_text("- id: a\n  urk: https://example.com\n", encoding="utf-8")
    done = alerts("--home", home.path, "rules", "check")
    assert done.returncode == 2, say(done)
    assert "Traceback" not in done.stderr
    assert any(re.match(r"sectors\.yaml:\d+:\d+: ", line) for line in done.stderr.splitlines()), say(done)
    ticked = alerts("--home", home.path, "tick")
    assert ticked.returncode == 2, say(ticked)
    assert re.search(r"^(sectors|feeds)\.yaml:\d+:\d+: ", ticked.stderr, re.M), say(ticked)
    assert "Traceback" not in ticked.stderr


def test_a_page_in_place_of_a_feed_is_one_line_and_the_other_feed_is_read(alerts: Alerts, home: Home) -> None:
    server = FeedServer([], lambda: None)  # type: ignore[arg-type,return-value]
    with server.serving():
        lines = [line | {"poll_minutes": 60} for line in server.feeds_yaml(60)]
        (home.config / "feeds.yaml").write_text(yaml.safe_dump(lines), encoding="utf-8")
        ticked = alerts("--home", home.path, "tick", "--json", allowed_networks="127.0.0.0/8")
    assert ticked.returncode == 0, say(ticked)
    assert json.loads(ticked.stdout)["poll"]["failed"] == len(lines)
    status = alerts("--home", home.path, "feeds", "status", "--json")
    told = {line["id"]: line for line in map(json.loads, status.stdout.splitlines())}
    assert told["page"]["error_reason"] == "html"
    assert "web page" in one_line(told["page"]["told"])


def test_a_mail_server_that_refuses_is_one_line_and_the_mail_waits(alerts: Alerts, home: Home) -> None:
    server = MailServer(refusal="451 4.3.2 not now")
    with server.serving():
        unconfirmed = [word for word in ADD if word != "--confirmed"]
        assert alerts("--home", home.path, *unconfirmed).returncode == 0
        done = alerts("--home", home.path, "tick", "--json", mail_url=server.url)
    assert done.returncode == 0, say(done)
    assert server.refused > 0
    outcome = json.loads(done.stdout)["send"]
    assert (outcome["claimed"], outcome["deferred"], outcome["sent"]) == (1, 1, 0)
    counts = json.loads(alerts("--home", home.path, "status", "--json").stdout)["mails"]
    assert counts["deferred"] == 1
    assert "Traceback" not in done.stderr


def test_a_full_outbox_directory_is_one_line_and_the_mail_goes_out_later(alerts: Alerts, home: Home) -> None:
    unconfirmed = [word for word in ADD if word != "--confirmed"]
    assert alerts("--home", home.path, *unconfirmed).returncode == 0
    # A file where the directory should be: nobody, not even root, can write into it.
    blocked = home.path / "elsewhere"
    blocked.write_text("in the way")
    full = alerts("--home", home.path, "send", mail_url=f"maildir:{blocked}")
    assert full.returncode == 1, say(full)
    assert str(blocked) in one_line(full.stderr)
    assert json.loads(alerts("--home", home.path, "tick", "--json").stdout)["send"]["claimed"] == 0, "it is left alone for a while"
    assert alerts("--home", home.path, "sender", "resume").returncode == 0
    limited = alerts("--home", home.path, "tick", "--json", limit=2_000_000, mail_url=f"maildir:{blocked}")
    assert "Traceback" not in limited.stderr, say(limited)
    assert limited.returncode == 1
    assert set(json.loads(limited.stdout)) >= {"poll", "assess", "publish", "send", "prune"}
    later = alerts("--home", home.path, "send", "--json")
    assert later.returncode == 0, say(later)
    assert json.loads(later.stdout)["sent"] == 1
    assert len(list((home.outbox / "new").iterdir())) == 1


def test_the_demo_leaves_valid_and_different_mails_and_tells_the_long_story_at_most_three_times(alerts: Alerts, tmp_path: Path) -> None:
    done = alerts("demo")
    assert done.returncode == 0, say(done)
    mails: dict[str, list[Path]] = {}
    for path in sorted((tmp_path / "alerts-demo" / "mails").rglob("*.eml")):
        mails.setdefault(path.parent.name, []).append(path)
        assert path.with_suffix(".html").is_file()
    assert len(mails) == 2
    assert min(map(len, mails.values())) >= 2
    bodies: dict[str, list[str]] = {}
    for reader, paths in mails.items():
        for path in paths:
            message = message_from_bytes(path.read_bytes(), policy=email.policy.default)
            assert [defect for part in message.walk() for defect in part.defects] == []
            text, html = message.get_body(("plain",)), message.get_body(("html",))
            assert text is not None
            assert html is not None
            bodies.setdefault(reader, []).append(text.get_content())
    first, second = bodies.values()
    assert not set(first) & set(second)
    call = [entry for entry in read_script().entries if any(word in entry.title for word in ("Takaichi", "高市"))]
    assert len(call) >= 5
    for texts in bodies.values():
        assert 1 <= sum(any(entry.title[:40] in text for entry in call) for text in texts) <= 3


def _jsonl(path: Path, *rows: dict[str, str]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
