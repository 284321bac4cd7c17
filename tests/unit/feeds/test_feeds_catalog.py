"""feeds.yaml: every mistake has a place and a sentence; the shipped list is in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.errors import ConfigError
from alerts.feeds.catalog import Catalog, load_catalog
from alerts.resources import shipped

GOOD = """\
- id: ministry
  url: https://ministry.example/feed
  title: News
  publisher: Ministry of Examples
  aliases: [例示省]
  kind: official
  country: JPN
  language: ja
  timezone: Asia/Tokyo
- id: paper
  url: https://paper.example/feed
  title: All
  publisher: The Paper
- id: old
  title: Gone
  publisher: Gone
  enabled: false
  reason: It ended.
"""


def load(tmp_path: Path, text: str) -> Catalog:
    path = tmp_path / "feeds.yaml"
    path.write_text(text, encoding="utf-8")
    return load_catalog(path)


def test_a_good_list_is_read_in_its_order(tmp_path: Path) -> None:
    catalog = load(tmp_path, GOOD)
    assert [feed.id for feed in catalog.feeds] == ["ministry", "paper", "old"]
    assert [feed.id for feed in catalog.enabled] == ["ministry", "paper"]
    assert catalog.by_id("nobody") is None
    ministry = catalog.by_id("ministry")
    assert ministry is not None
    assert ministry.source.kind == "official"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Ministry of Examples", "official"), ("例示省", "official"), ("例示省：新着", "official"), ("ministry.example", "official"),
        ("Ministry of Exampleship", "press"), ("The Paper", "press"), ("Nobody", "press"), ("", "press"),
    ],
)  # fmt: skip
def test_a_publisher_is_official_only_if_the_list_says_so(tmp_path: Path, name: str, kind: str) -> None:
    assert load(tmp_path, GOOD).source_for(name).kind == kind


URL = "url: https://x.example/"
BAD = {
    "url: ftp://x.example/": "feeds.yaml:2:8: url: 'ftp://x.example/' is not a web address; it starts with https:// or http:// and a host",
    "url: 'https://[::1/x'": "feeds.yaml:2:8: url: 'https://[::1/x' is not a web address; it starts with https:// or http:// and a host",
    "url: 'https://x.example:99999/'": "feeds.yaml:2:8: url: 'https://x.example:99999/' is not a web address: its port is a number from 0 to 65535",
    f"{URL}\n  kind: offical": "feeds.yaml:3:9: kind: 'offical' is not known; did you mean 'official'?",
    f"{URL}\n  timezone: Tokyo": "feeds.yaml:3:13: timezone: 'Tokyo' is not a time zone; write it as Asia/Tokyo",
    f"{URL}\n  pol_minutes: 5": "feeds.yaml:3:3: unknown key 'pol_minutes'; did you mean 'poll_minutes'?",
    f"{URL}\n  enabled: false": "feeds.yaml:1:3: 'one' is not enabled; say why in reason",
    "enabled: true": "feeds.yaml:1:3: 'one' is enabled but has no url; add one, or write enabled: false and a reason",
    f"{URL}\n  format: html-list": "feeds.yaml:3:11: format html-list needs select: with at least item",
    f"{URL}\n  format: html-list\n  select: {{item: li, matching: '('}}": "feeds.yaml:4:32: matching: '(' is not a regular expression",
}


@pytest.mark.parametrize("text", BAD)
def test_a_mistake_has_a_place_and_a_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f"- id: one\n  {text}\n  title: T\n  publisher: P\n")
    assert str(caught.value).startswith(BAD[text])


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(
            tmp_path,
            "- {id: A, title: x, publisher: y}\n- {id: b, url: nowhere, title: x}\n- {id: c, poll_minutes: 0, title: x, publisher: y}\n",
        )
    assert {problem.line for problem in caught.value.problems} == {1, 2, 3}
    assert len(caught.value.problems) == 4


def test_what_contradicts_itself_is_told_beside_what_is_misspelt(tmp_path: Path) -> None:
    lines = ("- {id: a, title: x, publisher: y, tear: 1}", *["- {id: b, title: x, publisher: y, enabled: false}"] * 2)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "\n".join(lines))
    assert [(problem.line, problem.message.split(";")[0]) for problem in caught.value.problems] == [
        (1, "unknown key 'tear'"),
        (2, "'b' is not enabled"),
        (3, "'b' is not enabled"),
        (3, "id 'b' is used twice"),
    ]


def test_ids_and_addresses_are_used_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, GOOD + "- {id: paper, url: 'https://ministry.example/feed', title: x, publisher: y}\n")
    assert [problem.message.split(";")[0] for problem in caught.value.problems] == [
        "id 'paper' is used twice",
        "url is already the one of 'ministry'",
    ]


@pytest.mark.parametrize(
    ("format", "select", "said"),
    [
        ("json-list", "{item: results}", "'results' is no JSONPath; it starts with $"),
        ("json-list", "{item: '$.a[', title: $.t}", "'$.a[' is no JSONPath"),
        ("json-list", "{item: $.a, link: 'https://x.example/{code}'}", "names no path"),
        ("html-list", "{item: 'li:nth-child(2)'}", "'li:nth-child(2)' is not understood"),
        ("html-list", "{item: li, date: 'a ~ b'}", "'~' is not understood"),
    ],
)
def test_a_selection_that_cannot_be_understood_is_told_with_its_place(tmp_path: Path, format: str, select: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f"- id: a\n  url: https://a.example/\n  title: A\n  publisher: A\n  format: {format}\n  select: {select}\n")
    (problem,) = caught.value.problems
    assert said in problem.message
    assert problem.line == 6


def test_the_shipped_list_is_in_order() -> None:
    catalog = load_catalog(shipped("config") / "feeds.yaml")
    assert len(catalog.feeds) == 94
    assert all(feed.language and feed.country and feed.timezone for feed in catalog.feeds)
    assert all(feed.source.kind == "official" for feed in catalog.feeds if feed.id in {"moj-news", "whitehouse", "isa-html"})
    assert {feed.kind for feed in catalog.feeds if feed.id.startswith(("livedoor", "yahoo"))} == {"aggregator"}
    assert {feed.tier for feed in catalog.feeds} == {1, 2, 3}
    assert {id: feed.tier for id in ("isa-html", "jma-eqvol", "us-advisory", "wto") if (feed := catalog.by_id(id))} == {
        "isa-html": 1, "jma-eqvol": 1, "us-advisory": 1, "wto": 3,
    }  # fmt: skip
    assert catalog.source_for("防衛省").kind == "official"


SOURCES = Path(__file__).parents[4] / "shared" / "domain" / "sources.csv"


@pytest.mark.skipif(not SOURCES.is_file(), reason="no list of sources: ../shared/domain is absent")
def test_every_source_of_the_curated_list_is_read_or_has_a_tombstone_that_says_why() -> None:
    import csv

    catalog = load_catalog(shipped("config") / "feeds.yaml")
    with SOURCES.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            feed = catalog.by_id(row["id"])
            assert feed is not None, row["id"]
            assert feed.url == row["url"], row["id"]
            assert feed.enabled or feed.reason, row["id"]
            assert feed.terms or not feed.enabled, row["id"]
