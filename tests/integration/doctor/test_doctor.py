"""The doctor finds what is wrong with names, mail server, clock, database and settings, and says what to do about each."""

from __future__ import annotations

import asyncio
import http.server
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from doctor_place import Zone, dns_server

from alerts.clock import SetClock
from alerts.doctor.finding import Finding
from alerts.doctor.machine import examine_clock, examine_database, examine_disk
from alerts.doctor.names import Names, examine_names
from alerts.doctor.service import (
    examine_daemon,
    examine_limits,
    examine_mail,
    examine_settings,
    examine_signing,
    examine_templates,
)
from alerts.feeds.catalog import Catalog
from alerts.jobs.context import Context
from alerts.mail.dkim import load_keys, make_key
from alerts.resources import shipped
from alerts.rules.files import load_rules
from alerts.settings import Home, Settings
from alerts.store.db import Database
from alerts.store.facts import TICK_FACT, save_fact

NOW = datetime(2026, 1, 5, 3, tzinfo=UTC)
GOOD: Zone = {
    ("alerts.example.jp", "MX"): ["10 mx.alerts.example.jp."],
    ("alerts.example.jp", "TXT"): ['"v=spf1 include:relay.example.net -all"'],
    ("_dmarc.alerts.example.jp", "TXT"): ['"v=DMARC1; p=quarantine"'],
    ("relay.example.net", "A"): ["9.9.9.10"],
    ("10.9.9.9.in-addr.arpa", "PTR"): ["relay.example.net."],
}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Any:
    file = tmp_path_factory.mktemp("keys") / "key.pem"
    file.write_bytes(make_key("ed25519"))
    return load_keys(f"example.jp:s1:{file}")


def looked(zone: Zone, keys: Any = (), relay: str = "", domain: str = "alerts.example.jp") -> dict[str, Finding]:
    with dns_server(zone) as server:
        return {each.subject: each for each in examine_names(Names(server), domain, domain, keys, relay)}


def test_names_in_order_are_fine(keys: Any) -> None:
    record = keys[0].dns_record
    zone = {**GOOD, ("s1._domainkey.example.jp", "TXT"): [" ".join(f'"{part}"' for part in (record[:20], record[20:]))]}
    assert {name: each.verdict for name, each in looked(zone, keys, "relay.example.net").items()} == dict.fromkeys(
        ("MX", "SPF", "DMARC", "DKIM", "PTR"), "fine"
    )


@pytest.mark.parametrize(
    ("subject", "change", "words"),
    [
        ("MX", {("alerts.example.jp", "MX"): []}, "neither MX nor address"),
        ("MX", {("alerts.example.jp", "MX"): ["0 ."]}, "null MX"),
        ("SPF", {("alerts.example.jp", "TXT"): ['"something else"']}, "publishes no SPF"),
        ("SPF", {("alerts.example.jp", "TXT"): ['"v=spf1 -all"', '"v=spf1 mx -all"']}, "publishes 2 SPF records"),
        ("SPF", {("alerts.example.jp", "TXT"): ['"v=spf1 mx +all"']}, "lets everybody send"),
        (
            "SPF",
            {("alerts.example.jp", "TXT"): ['"v=spf1 ' + " ".join(f"include:r{n}.example" for n in range(11)) + ' -all"']},
            "more than 10",
        ),
        ("DMARC", {("_dmarc.alerts.example.jp", "TXT"): []}, "publishes no policy"),
        ("DKIM", {}, "publishes nothing"),
        ("DKIM", {("s1._domainkey.example.jp", "TXT"): ['"v=DKIM1; k=ed25519; p=AAAA"']}, "publishes another key"),
        ("PTR", {("10.9.9.9.in-addr.arpa", "PTR"): ["elsewhere.example.net."]}, "no name that leads back"),
    ],
)
def test_each_mistake_is_a_problem_with_advice(subject: str, change: Zone, words: str, keys: Any) -> None:
    found = looked({**GOOD, **change}, keys, "relay.example.net")[subject]
    assert found.verdict == "problem"
    assert words in found.says
    assert found.advice


def test_the_policy_of_the_domain_above_counts() -> None:
    zone = {**GOOD, ("_dmarc.alerts.example.jp", "TXT"): [], ("_dmarc.example.jp", "TXT"): ['"v=DMARC1; p=reject"']}
    assert looked(zone)["DMARC"].says == "_dmarc.example.jp has the policy reject"


def test_no_dns_is_no_problem_of_ours_and_localhost_is() -> None:
    names = Names("127.0.0.1:9")
    names._resolver.lifetime = 0.3
    (found,) = examine_names(names, "example.jp", "example.jp", (), "")
    assert (found.subject, found.verdict) == ("DNS", "skipped")
    assert looked({}, domain="localhost.localdomain")["sender's domain"].verdict == "problem"


@pytest.fixture
def web() -> Iterator[str]:
    """A web server that sends a `Date`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            self.end_headers()

        def date_time_string(self, timestamp: float | None = None) -> str:
            return "Mon, 05 Jan 2026 03:00:00 GMT"

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def test_the_clock_is_compared_with_a_web_servers(web: str) -> None:
    assert [each.verdict for each in examine_clock(NOW + timedelta(seconds=5), web)] == ["fine"]
    (found,) = examine_clock(NOW + timedelta(minutes=5), web)
    assert (found.verdict, found.says) == ("problem", "it differs by 300 s from that of 127.0.0.1")
    assert [each.verdict for each in examine_clock(NOW, "http://127.0.0.1:9/")] == ["skipped"]


def test_database_and_disk(database: Database, tmp_path: Path) -> None:
    assert [each.verdict for each in examine_database(database)] == ["fine"]
    assert [each.subject for each in examine_disk(tmp_path)] == ["disk"]
    database.downgrade("0001")
    (found,) = examine_database(database)
    assert (found.verdict, found.advice) == ("problem", "run: alerts db upgrade")


def context(database: Database, tmp_path: Path, **settings: str) -> Context:
    wanted = Settings.model_validate({"secret_key": "a key for tests only", **settings})
    return Context(wanted, Home(tmp_path), database, SetClock(NOW), Catalog(feeds=()), load_rules(shipped("config")), "one")


def test_templates_of_the_home_are_tried(database: Database, tmp_path: Path) -> None:
    place = context(database, tmp_path)
    assert list(examine_templates(place)) == [], "a home without any has nothing to hear of"
    own = tmp_path / "templates" / "email"
    own.mkdir(parents=True)
    (own / "top.txt.j2").write_text("Stop: {{ slots.unsubscribe_url }}", encoding="utf-8")
    assert [each.verdict for each in examine_templates(place)] == ["fine"]
    (own / "foot.txt.j2").write_text("{{ slots.nothing }}", encoding="utf-8")
    (own / "feet.txt.j2").write_text("", encoding="utf-8")
    broken, unknown = examine_templates(place)
    assert (broken.verdict, broken.says.startswith("email/foot.txt.j2:1:1: ")) == ("problem", True)
    assert str(own / "foot.txt.j2") in broken.advice
    assert (unknown.verdict, "email/feet.txt.j2" in unknown.says) == ("warning", True)


def test_pages_of_the_home_are_read(database: Database, tmp_path: Path) -> None:
    place = context(database, tmp_path)
    own = tmp_path / "templates" / "web"
    own.mkdir(parents=True)
    for page in ("signup.html.j2", "preferences.html.j2", "style.css"):
        shutil.copyfile(shipped("templates") / "web" / page, own / page)
    assert [each.verdict for each in examine_templates(place)] == ["fine"], "copies of the shipped ones are fine"
    (own / "ended.html.j2").write_text("<p>\n{% if %}", encoding="utf-8")
    (own / "sent.html.j2").write_text("<p>{{ t('sent') }}</p>\n<p>{{ adress }}</p>", encoding="utf-8")
    (own / "view.html.j2").write_bytes(b"\xff\xfe")
    found = [(each.verdict, each.says) for each in examine_templates(place)]
    assert found == [
        ("problem", "web/ended.html.j2:2:1: Expected an expression, got 'end of statement block'"),
        ("problem", "web/sent.html.j2:2:1: 'adress' is nothing that a page is given"),
        ("problem", "web/view.html.j2:1:1: is not UTF-8"),
    ]


def test_settings_daemon_and_mail_server_are_looked_at(database: Database, tmp_path: Path) -> None:
    place = context(database, tmp_path, mail_url="smtp://127.0.0.1:9?starttls=off", bounce_url=f"maildir:{tmp_path}")
    assert {each.subject for each in examine_settings(place)} >= {"base URL", "postal address", "contact"}
    assert [each.verdict for each in examine_daemon(place)] == ["skipped"]
    with database.write() as connection:
        save_fact(connection, TICK_FACT, {}, at=NOW - timedelta(hours=2))
    assert [each.verdict for each in examine_daemon(place)] == ["problem"]
    found = {each.subject: each for each in asyncio.run(examine_mail(place))}
    assert (found["mail server"].verdict, found["bounces"].verdict) == ("problem", "problem")
    safe = context(database, tmp_path, mail_url=f"maildir:{tmp_path}/out", base_url="http://alerts.example.jp")
    assert {each.verdict for each in asyncio.run(examine_mail(safe))} == {"warning"}
    assert next(each for each in examine_settings(safe) if each.subject == "base URL").verdict == "problem"


def test_what_would_stop_the_sender_is_found_before_there_is_mail(database: Database, tmp_path: Path, keys: Any) -> None:
    wrong = context(database, tmp_path, send_domains="gmail.com", send_warm_up="yesterday=3", dkim_keys="example.jp:s1:/nowhere.pem")
    assert [each.verdict for each in examine_limits(wrong)] == ["problem", "problem"]
    (unreadable,) = examine_signing(wrong)
    assert "cannot be read" in unreadable.says
    assert [*examine_limits(context(database, tmp_path)), *examine_signing(context(database, tmp_path))] == []


def test_a_key_of_another_domain_is_found_without_the_dns(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(make_key("ed25519"))
    for domain, found in (("other.example", 1), ("example.jp", 0)):
        place = context(database, tmp_path, sender_address="alerts@news.example.jp", dkim_keys=f"{domain}:s1:{file}")
        assert len(list(examine_signing(place))) == found
