"""`config/silences.yaml`: what is read, and what is told about every mistake."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerts.errors import ConfigError, Problem
from alerts.feeds.catalog import Catalog, Feed
from alerts.loaded import load, load_silences
from alerts.resources import shipped
from alerts.rules.compile import RuleSet
from alerts.rules.files import load_rules
from alerts.stories.silence import Silence
from alerts.stories.silences_file import silences_of

FEEDS = Catalog(
    feeds=(
        Feed(id="nhk-main", url="https://a.example.com", title="Top", publisher="NHK", aliases=("NHKニュース",)),
        Feed(id="nhk-world", url="https://b.example.com", title="World", publisher="NHK"),
    )
)
WHO = "until: 2026-12-01, author: Ann, comment: why"


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules(shipped("config"))


def read(text: str, rules: RuleSet) -> tuple[tuple[Silence, ...], list[str]]:
    problems: list[Problem] = []
    return silences_of(text.encode(), rules.names(), FEEDS, problems), [str(each) for each in problems]


def test_a_day_begins_in_utc_and_a_publisher_stands_for_its_feeds(rules: RuleSet) -> None:
    (first, second), problems = read(
        f"- {{id: a, source: nhkニュース, {WHO}}}\n- {{id: b, story: s1, until: 2026-12-01T09:00+09:00, author: A, comment: c}}", rules
    )
    assert problems == []
    assert first.until == second.until == datetime(2026, 12, 1, tzinfo=UTC)
    assert first.publishers == ("nhkニュース",)
    assert set(first.feeds) == {"nhk-main", "nhk-world"}
    assert second.words == "story s1"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (f"{{id: a, rule: no-such, {WHO}}}", "silences.yaml:1:17: no rule 'no-such'"),
        (f"{{id: a, development: leader-cal, {WHO}}}", "silences.yaml:1:24: no development 'leader-cal'; did you mean 'leader-call'?"),
        (f"{{id: a, source: NKH, {WHO}}}", "silences.yaml:1:19: no source 'NKH'; did you mean 'NHK'? allowed: NHK, nhk-main, nhk-world"),
        (f"{{id: a, {WHO}}}", "silences.yaml:1:3: names nothing to mute; write rule:, development:, source: or story:"),
        (f"{{id: a, story: s, from: 2027-01-01, {WHO}}}", "silences.yaml:1:3: from is not before until"),
        ("{id: a, story: s, until: soon, author: A, comment: c}", "silences.yaml:1:28: until: 'soon' is not a moment; write it as 2026-03-31 or"),
        ("{id: a, story: s, until: 2026-12-01, comment: c}", "silences.yaml:1:3: 'author' is missing"),
        ("{id: a, story: s, until: 2026-12-01, author: ' ', comment: c}", "silences.yaml:1:48: author: is blank; write the text"),
        (f"{{id: a, rule: [us-tariff-on-japan, x], {WHO}}}", "silences.yaml:1:38: no rule 'x'"),
        (f"{{id: a, story: no such story, {WHO}}}", "silences.yaml:1:18: 'no such story' is no id of a story; `alerts silences add --story`"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_place_and_advice(rules: RuleSet, line: str, told: str) -> None:
    _, problems = read(f"- {line}\n", rules)
    assert [problem for problem in problems if problem.startswith(told)], problems


def test_one_mistake_hides_no_other(rules: RuleSet) -> None:
    lines = (
        f"{{id: a, rule: no-such, until: soon, {WHO[19:]}}}",
        f"{{id: a, source: Nowhere, {WHO}}}",
        f"{{id: b, {WHO}}}",
        f"{{id: b, development: no-such-thing, untill: 2026-12-01, {WHO}}}",
    )
    _, problems = read("".join(f"- {line}\n" for line in lines), rules)
    assert [problem.split("; ")[0].removeprefix("silences.yaml:") for problem in sorted(problems)] == [
        "1:17: no rule 'no-such'",
        "1:33: until: 'soon' is not a moment",
        "2:19: no source 'Nowhere'",
        "2:8: id 'a' stands twice",
        "3:3: names nothing to mute",
        "4:24: no development 'no-such-thing'",
        "4:39: unknown key 'untill'",
        "4:8: id 'b' stands twice",
    ]


def test_the_id_of_a_feed_means_that_feed_alone_though_its_publisher_is_called_alike(rules: RuleSet) -> None:
    same = Catalog(feeds=(*FEEDS.feeds, Feed(id="nhk", url="https://c.example.com", title="News", publisher="NHK")))
    problems: list[Problem] = []
    text = f"- {{id: a, source: nhk, {WHO}}}\n- {{id: b, source: NHK, {WHO}}}\n"
    feed, publisher = silences_of(text.encode(), rules.names(), same, problems)
    assert not problems
    assert (feed.publishers, feed.feeds) == ((), ("nhk",))
    assert (publisher.publishers, publisher.feeds) == (("nhk",), ("nhk-main", "nhk-world", "nhk"))
    assert feed.words == "feed nhk"


def test_a_rule_and_a_development_that_it_never_tells_of_mute_nothing(rules: RuleSet) -> None:
    _, problems = read(f"- {{id: a, rule: tariff-on-japan, development: disaster, {WHO}}}\n", rules)
    assert problems == [
        "silences.yaml:1:17: nothing fits this rule and this development: tariff-on-japan tells of tariff-imposed; name one of the two"
    ]
    assert read(f"- {{id: a, rule: tariff-on-japan, development: tariff-imposed, {WHO}}}\n", rules)[1] == []


def test_an_id_stands_once(rules: RuleSet) -> None:
    _, problems = read(f"- {{id: a, story: s, {WHO}}}\n- {{id: a, story: t, {WHO}}}\n", rules)
    assert problems == ["silences.yaml:2:8: id 'a' stands twice"]


def test_no_file_and_a_file_of_comments_are_no_silences(tmp_path: Path) -> None:
    problems: list[Problem] = []
    assert load_silences(tmp_path, None, None, problems) == ()
    (tmp_path / "silences.yaml").write_text("# nothing\n")
    assert load_silences(tmp_path, None, None, problems) == ()
    assert problems == []


def test_problems_of_feeds_rules_and_silences_come_at_once(tmp_path: Path) -> None:
    for name, text in (("feeds.yaml", "- {id: a}"), ("silences.yaml", "- {id: b}")):
        (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert {problem.file for problem in caught.value.problems} == {
        "feeds.yaml",
        "silences.yaml",
        "sectors.yaml",
        "stages.yaml",
        "developments.yaml",
        "lexicon",
        "rules",
    }
