"""What every page promises: GET changes nothing, tokens mean one thing, forms are ours, failures are friendly, nothing leaks."""

from __future__ import annotations

import dataclasses
import re
import shutil
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from structlog.testing import capture_logs
from web_place import NOW, Place, hidden, sign_up_fields

from alerts.digests.digest import Digest
from alerts.rules.levels import Level
from alerts.signing import Signer
from alerts.store import digests
from alerts.store.db import Database
from alerts.store.facts import save_fact


@pytest.fixture
def database(migrated_file: Path, tmp_path: Path) -> Iterator[Database]:
    """SQLite only: what stands in front of the pages does not know the database."""
    shutil.copyfile(migrated_file, tmp_path / "alerts.db")
    database = Database(f"sqlite:///{tmp_path / 'alerts.db'}")
    yield database
    database.close()


def stored_digest(place: Place) -> int:
    """A plain digest on record. Returns its number."""
    empty = {field.name: () for field in dataclasses.fields(Digest) if str(field.type).startswith("tuple")}
    digest = Digest(
        **{
            **{field.name: "" for field in dataclasses.fields(Digest) if field.type == "str"},
            **empty,
            "kind": "daily",
            "language": "en",
            "edition": "daily:2026-01-03",
            "subject": "Your digest",
            "title": "Japan daily digest",
            "summary": "One <b>thing</b> to watch.",
            "made": NOW,
            "left_out": 0,
            "level": Level.watch,
        }
    )
    with place.database.write() as connection:
        return digests.save(connection, digest, audience="a", window_from=0, fingerprint="", ruleset="")


def addresses(place: Place) -> list[str]:
    """Every address that a GET can show, with valid tokens of people in every state."""
    people = [place.subscriber("a@example.com"), place.subscriber("b@example.com", confirmed=False), place.subscriber("c@example.com")]
    place.client.post(place.links.one_click(people[2].id))
    number = stored_digest(place)
    tokens = {"c": place.links.confirm, "p": place.links.preferences, "u": place.links.unsubscribe, "w": lambda _: place.links.view(number)}
    found = []
    for route in routes(place):
        if "GET" in route.methods:
            letter = route.path.split("/")[1]
            if "{token}" in route.path:
                found += [route.path.replace("{token}", tokens[letter](person.id).split("/")[2]) for person in people]
            else:
                found.append(route.path)
    return found


def routes(place: Place) -> list[APIRoute]:
    """All routes, also those of included routers."""
    found: list[APIRoute] = []

    def visit(holder: object) -> None:
        for route in getattr(holder, "routes", ()):
            if isinstance(route, APIRoute):
                found.append(route)
            else:
                visit(getattr(route, "original_router", route) if not hasattr(route, "routes") else route)

    visit(place.app)
    return found


def test_no_get_changes_anything(place: Place) -> None:
    """Mail scanners open every link, and look ahead with HEAD."""
    links = addresses(place)
    assert len(links) >= 20
    before = place.dump()
    for method in ("GET", "HEAD"):
        for link in links:
            for query in ("", "?l=ja"):
                assert place.client.request(method, link + query).status_code in {200, 404}, link
    assert place.dump() == before


def test_every_answer_carries_the_headers_and_pages_with_tokens_are_kept_nowhere(place: Place) -> None:
    for link in [*addresses(place), "/no-such-page", "/c/forged", "/u/forged/one-click"]:
        headers = place.client.get(link).headers
        assert "script" not in headers["content-security-policy"]
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        if link != "/":
            assert "noindex" in headers["x-robots-tag"]
        if not link.endswith((".css", ".svg")):
            assert headers["cache-control"] == "no-store"


def test_a_token_opens_only_what_it_was_made_for(place: Place) -> None:
    person = place.subscriber()
    waiting = place.subscriber("waiting@example.com", confirmed=False)
    number = stored_digest(place)
    made = {
        "/c/": place.links.confirm(waiting.id),
        "/p/": place.links.preferences(person.id),
        "/u/": place.links.unsubscribe(person.id),
        "/w/": place.links.view(number),
    }
    for path in made:
        for other, link in made.items():
            token = link.removeprefix(other)
            assert place.client.get(path + token).status_code == (200 if path == other else 404), (path, other)


FORGED = ["forged", "MQ.aViGMA.AAAAAAAAAAAAAAAAAAAAAAAA", "%00", "%F0%9F%98%80", "a" * 3000, "999999999999999999999", "-1"]


@pytest.mark.parametrize("token", FORGED)
def test_a_forged_token_gets_the_neutral_page_and_does_nothing(place: Place, token: str) -> None:
    before = place.dump()
    for path in ("/c/{}", "/p/{}", "/p/{}/pause", "/u/{}", "/u/{}/one-click", "/u/{}/undo", "/w/{}"):
        for method in ("GET", "POST"):
            assert place.client.request(method, path.format(token)).status_code == (405 if (method, path) == ("POST", "/w/{}") else 404)
    assert place.dump() == before


def test_a_token_of_another_service_is_worthless(place: Place) -> None:
    person = place.subscriber()
    token = Signer("another key, of another service", place.clock).make("unsubscribe", str(person.id))
    assert place.client.post(f"/u/{token}/one-click").status_code == 404
    assert place.find().state == "open"  # type: ignore[union-attr]


def test_all_dead_links_get_one_and_the_same_page(place: Place) -> None:
    """Forged, for another purpose, of nobody, of somebody who left: nothing tells them apart."""
    person = place.subscriber()
    gone = place.links.preferences(place.subscriber("gone@example.com").id)
    place.client.post(place.links.one_click(place.find("gone@example.com").id))  # type: ignore[union-attr]
    nobody = place.links.preferences(10**9)
    other = "/p/" + place.links.unsubscribe(person.id).removeprefix("/u/")
    pages = [place.client.get(link) for link in ("/p/forged", gone, nobody, other)]
    assert len({re.sub(r'form_token" value="[^"]*"', "", page.text) for page in pages}) == 1
    assert {page.status_code for page in pages} == {404}
    assert 'action="/link"' in pages[0].text


def test_a_form_from_elsewhere_is_not_taken(place: Place) -> None:
    person = place.subscriber()
    link, out = place.links.preferences(person.id), place.links.unsubscribe(person.id)
    own = hidden(place.client.get(link).text)["form_token"]
    before = place.dump()
    for headers, token in (({}, ""), ({}, "forged"), ({"sec-fetch-site": "cross-site"}, own), ({"sec-fetch-site": "same-site"}, own)):
        assert place.client.post(link, data=sign_up_fields(token, cadence="weekly"), headers=headers).status_code == 403
        assert place.client.post(f"{link}/pause", data={"form_token": token, "until": "2026-02-01"}, headers=headers).status_code == 403
    assert place.client.post(out, data={"form_token": own}).status_code == 403, "a token of one page is worthless on another"
    front = hidden(place.client.get("/").text)["form_token"]
    assert place.client.post("/", data=sign_up_fields(front), headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert place.client.post("/", data=sign_up_fields("")).status_code == 403
    place.client.cookies.clear()
    assert place.client.post("/", data=sign_up_fields(front)).status_code == 403, "the cookie must agree"
    assert place.dump() == before


def test_who_blocks_cookies_is_served_too(place: Place) -> None:
    token = hidden(place.client.get("/").text)["form_token"]
    place.client.cookies.clear()
    answer = place.client.post("/", data=sign_up_fields(token), headers={"sec-fetch-site": "same-origin"})
    assert answer.status_code == 200
    assert len(place.mails()) == 1


def test_a_body_larger_than_any_form_is_refused_declared_or_not(place: Place) -> None:
    def endless() -> object:
        for _ in range(40):
            yield b"a" * 4096

    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert place.client.post("/", content=b"a" * 70_000, headers=kind).status_code == 413
    assert place.client.post("/", content=endless(), headers=kind).status_code == 413  # type: ignore[arg-type]


def test_more_fields_than_any_form_has_and_files_are_refused(place: Place) -> None:
    assert place.client.post("/", data={f"f{number}": "x" for number in range(400)}).status_code == 400
    assert place.client.post("/", files={"address": ("a.txt", b"x")}).status_code == 400
    assert place.client.post("/", content=b"--x", headers={"content-type": "multipart/form-data; boundary=y"}).status_code in {400, 403}


def test_posts_are_limited(place: Place) -> None:
    codes = [place.client.post("/link", data={}).status_code for _ in range(61)]
    assert set(codes[:60]) == {403}
    assert codes[60] == 429


def test_trouble_with_the_database_is_a_friendly_page_and_nothing_is_lost(place: Place) -> None:
    person = place.subscriber()
    link = place.links.preferences(person.id)
    form = hidden(place.client.get("/").text)["form_token"]
    if not place.database.is_sqlite:
        pytest.skip("needs a file to spoil")
    file = Path(str(place.database.engine.url.database))
    place.database.close()
    file.rename(file.with_suffix(".away"))
    file.mkdir()
    try:
        for answer in (
            place.client.get(link),
            place.client.post("/", data=sign_up_fields(form)),
            place.client.post(place.links.one_click(1)),
        ):
            assert answer.status_code == 503
            assert answer.headers["retry-after"]
            assert "database" not in answer.text
        ready = place.client.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["database"] != "ok"
        assert place.client.get("/livez").status_code == 200
        assert place.client.get("/").status_code == 200
    finally:
        file.rmdir()
        file.with_suffix(".away").rename(file)
    assert place.client.get(link).status_code == 200


def test_readiness_follows_the_daemons_ticks(place: Place) -> None:
    from datetime import timedelta

    assert place.client.get("/readyz").json()["status"] == "ready"
    place.clock.set(NOW + timedelta(minutes=11))
    late = place.client.get("/readyz")
    assert (late.status_code, late.json()["tick"]) == (503, "late")
    with place.database.write() as connection:
        save_fact(connection, "tick", {}, at=NOW + timedelta(minutes=10))
    ready = place.client.get("/readyz").json()
    assert (ready["status"], ready["tick_age_seconds"]) == ("ready", 60)


def test_no_address_and_no_token_is_logged(place: Place) -> None:
    with capture_logs() as logs:
        place.client.post("/", data=sign_up_fields(hidden(place.client.get("/").text)["form_token"], address="secret.person@example.com"))
        person = place.subscriber()
        for link in (place.links.unsubscribe(person.id), place.links.confirm(person.id)):
            place.client.post(link, data=hidden(place.client.get(link).text))
        place.client.post(place.links.one_click(person.id))
    assert logs
    assert "secret.person" not in repr(logs)
    assert place.links.one_click(person.id).split("/")[2] not in repr(logs)


def test_the_web_view_shows_the_stored_digest_escaped_and_nothing_of_a_person(place: Place) -> None:
    link = place.links.view(stored_digest(place))
    page = place.client.get(link)
    assert "Japan daily digest" in page.text
    assert "One &lt;b&gt;thing&lt;/b&gt; to watch." in page.text
    assert "@" not in re.sub(r"<[^>]+>", "", unescape(page.text))
    assert not re.search(r'href="[^"]*/(?:p|u|c)/', page.text)


def test_a_digest_that_retention_took_says_so(place: Place) -> None:
    assert place.client.get(place.links.view(10**9)).status_code == 410


class Outline(HTMLParser):
    """The elements of a page that matter to somebody who cannot see it."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.fields: list[dict[str, str | None]] = []
        self.labels: set[str] = set()
        self.references: set[str] = set()
        self.headings: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag in {"input", "select"} and found.get("type") != "hidden":
            self.fields.append(found)
        if tag == "label":
            self.labels.add(str(found.get("for")))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(tag)
        for name in ("aria-describedby", "aria-labelledby"):
            self.references |= set(str(found.get(name) or "").split())
        if tag == "a" and str(found.get("href")).startswith("#"):
            self.references.add(str(found["href"])[1:])


def test_every_page_is_well_formed_for_those_who_cannot_see_it(place: Place) -> None:
    """One h1, one main, a title, a language; every field has a label; every reference has its target; no id twice."""
    pages = [place.client.get(link).text for link in addresses(place) if link.count(".") != 1 and "z" not in link[-2:]]
    pages.append(
        place.client.post("/", data=sign_up_fields(hidden(pages[0])["form_token"], address="", sector=[], hour="", quiet_to="")).text
    )
    seen = 0
    for text in pages:
        if not text.startswith("<!doctype html>"):
            continue
        seen += 1
        outline = Outline()
        outline.feed(text)
        assert re.search(r'<html lang="(en|ja)">', text)
        assert re.search(r"<title>[^<]{5,}</title>", text)
        assert outline.headings.count("h1") == 1
        assert outline.tags.count("main") == 1
        assert {str(field.get("id")) for field in outline.fields} <= outline.labels
        assert outline.references <= set(outline.ids), outline.references - set(outline.ids)
        assert len(outline.ids) == len(set(outline.ids))
    assert seen >= 12
