"""`alerts rules …` as an admin and as a program meet it: lines, JSON, exit codes."""

from __future__ import annotations

import json
import shutil
import threading
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from rich.console import Console
from rules_sample import FILES, make_entry
from typer.testing import CliRunner, Result

from alerts.cli.app import standing_in
from alerts.cli.rules.app import app
from alerts.cli.session import Session
from alerts.errors import AlertsError, ConfigError, UsageError
from alerts.settings import DEFAULT_HOME, Home

FEED = """<rss version="2.0"><channel><title>Office</title><link>https://a.example.org</link><item><title>A tariff announced</title>
<link>https://a.example.org/1</link><guid>1</guid><pubDate>Sun, 01 Feb 2026 09:00:00 GMT</pubDate></item></channel></rss>"""
FEEDS = """
- {id: one, url: "https://news.example.org/feed", title: One, publisher: One, kind: press, country: JPN, language: en, poll_minutes: 15}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    directory = tmp_path / "home" / "config"
    for name, text in FILES.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text, encoding="utf-8")
    (directory / "feeds.yaml").write_text(FEEDS, encoding="utf-8")
    return directory


@pytest.fixture
def call(config: Path):
    def invoke(*arguments: str) -> Result:
        session = Session(Home(config.parent), Console(width=200), Console(stderr=True))
        result = CliRunner().invoke(app, list(arguments), obj=session)
        if isinstance(result.exception, AlertsError):
            raise result.exception
        return result

    return invoke


def test_check_says_that_all_is_well_and_what_is_unwise(call, config: Path) -> None:
    result = call("check")
    assert result.exit_code == 0
    assert "3 rules" in result.output
    assert "L01" in result.output
    assert call("check", "--fail-on", "info").exit_code == 1


def test_check_of_broken_files_is_a_config_error_or_json(call, config: Path) -> None:
    (config / "rules" / "all.yaml").write_text("- {id: A B}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"rules/all.yaml:1:8: id: 'A B' is not an id"):
        call("check")
    result = call("check", "--json")
    assert result.exit_code == 2
    assert {problem["file"] for problem in json.loads(result.output)["problems"]} == {"rules/all.yaml"}


def test_a_code_is_explained(call) -> None:
    assert "review_by has passed" in call("check", "--explain", "L02").output
    assert "keeps the last good configuration" in call("check", "--explain", "e01").output
    with pytest.raises(AlertsError, match="no code 'L99'"):
        call("check", "--explain", "L99")


def test_tests_fail_with_the_clause_that_failed(call, config: Path) -> None:
    assert call("test").exit_code == 0
    text = FILES["rules/all.yaml"].replace("match: [New tariff on cars]", "match: [New taxes on cars]")
    (config / "rules" / "all.yaml").write_text(text, encoding="utf-8")
    result = call("test")
    assert result.exit_code == 1
    assert "must match, but $tariff is not found" in result.output


def test_case_files_are_run(call, config: Path) -> None:
    (config / "tests").mkdir()
    case = "- {title: Japan announces tariff, developments: [tariff-imposed], sectors: {trade: watch}}\n"
    (config / "tests" / "one.yaml").write_text(case, encoding="utf-8")
    result = call("test")
    assert result.exit_code == 1
    assert "trade is prepare, not watch (base +3)" in result.output


def test_explain_shows_evidence_and_the_sum(call) -> None:
    output = call("explain", "Japan announces tariff of 25 percent", "--published", "2026-02-01").output
    assert "title[16:22]" in output
    assert "twenty percent or more" in output
    assert "act needs an official source" in output
    output = call("explain", "Japan wins", "--rule", "tariff").output
    assert "$tariff is not found" in output
    verdicts = json.loads(call("explain", "関税を発動", "--json").output)["verdicts"]
    assert [(one["rule"], one["held"]) for one in verdicts] == [("tariff", True)]


def test_match_prints_the_contract(call, config: Path, tmp_path: Path) -> None:
    (config / "feeds.yaml").write_text(FEEDS, encoding="utf-8")
    lines = [
        {
            "id": "a",
            "title": "Japan announces tariff",
            "summary": "",
            "published": "2026-02-01T00:00:00+09:00",
            "source": "One",
            "lang": "en",
            "more": 1,
        },
        {"id": "b", "title": "Nothing", "summary": "", "published": "2026-02-01", "source": "Two", "lang": "en"},
    ]
    path = tmp_path / "lines.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    first, second = map(json.loads, call("match", str(path), "--json").output.splitlines())
    assert first["developments"] == [
        {"type": "tariff-imposed", "stage": "announced", "polarity": "tightening", "actors": ["JPN"], "rule": "tariff"}
    ]
    assert first["sectors"] == {"trade": "prepare"}
    assert {"field": "title", "start": 16, "end": 22, "text": "tariff", "concept": "tariff"} in first["evidence"]
    assert second == {"id": "b", "developments": [], "sectors": {}, "evidence": []}


def labelled(tmp_path: Path, *rows: tuple[str, str, object]) -> str:
    path = tmp_path / "labelled.jsonl"
    row = [{"id": name, "title": title, "published": "2026-02-01", "lang": "en", "labels": label} for name, title, label in rows]
    path.write_text("".join(json.dumps(line) + "\n" for line in row), encoding="utf-8")
    return str(path)


def test_score_compares_with_labels(call, tmp_path: Path) -> None:
    right = {"relevant": True, "development": ["tariff-imposed"], "sectors": {"trade": 3}}
    other = {"relevant": True, "development": ["missile-launch"], "sectors": {"trade": "info"}}
    path = labelled(
        tmp_path,
        ("a", "Japan announces tariff", right),
        ("b", "Nothing", right),
        ("c", "Nothing", {"relevant": False}),
        ("d", "Tariff on steel", {"relevant": False, "more": "ignored"}),
        ("e", "Japan plans tariff", other),
    )
    printed = call("score", path, "--json")
    assert "no key 'more', which 1 label names" in printed.stderr
    figures = json.loads(printed.stdout)
    assert figures["scores"]["all"]["development"] == {"p": 0.333, "r": 0.333, "f1": 0.333}
    assert list(figures["scores"]) == ["all", "en"]
    assert [(one["id"], one["mistake"]) for one in figures["wrong"]] == [("b", "missed"), ("d", "false alarm"), ("e", "other type")]
    output = call("score", path, "--misses").output
    assert "Missed: labelled as relevant, and no rule held  1" in output
    assert "not found: tariff-imposed (nearest is rule tariff: $tariff is not found)" in output
    assert "⟦Tariff⟧ on steel" in output
    assert "not labelled: tariff-imposed, announced (rule tariff)" in output
    assert "trade: info wanted, prepare found (base +3)" in output


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ({"relevant": "perhaps"}, "labels: relevant must be true or false, not 'perhaps'"),
        ({"relevant": True, "sectors": {"trade": 7}}, r"labels: trade: .*"),
        (5, "labels: this must be a mapping of keys to values"),
        ({"relevant": True, "development": "tariff-imposed"}, "labels: development must be a list"),
        ({"relevant": False, "development": ["tariff-imposed"]}, "labels: relevant is false, so there can be no development"),
    ],
)
def test_labels_that_cannot_be_used_are_told_with_their_line(call, tmp_path: Path, labels: object, told: str) -> None:
    with pytest.raises(AlertsError, match=rf"labelled.jsonl:1: {told}.*; labels are"):
        call("score", labelled(tmp_path, ("a", "x", labels)))


def test_advice_on_labels_is_for_json_and_they_are_wrong_usage(call, tmp_path: Path) -> None:
    label = {"relevant": True, "development": "tariff-imposed"}
    with pytest.raises(UsageError, match=r"labels: development must be a list; labels are ") as told:
        call("score", labelled(tmp_path, ("a", "x", label)))
    assert "- " not in str(told.value), "that would be YAML"


def test_what_is_no_set_of_labels_is_told(call, tmp_path: Path) -> None:
    path = labelled(tmp_path, ("a", "x", {"relevant": True}), ("a", "y", {"relevant": False}))
    with pytest.raises(AlertsError, match=r"labelled.jsonl:2: id 'a' stands already on line 1"):
        call("score", path)
    Path(path).write_text("\n", encoding="utf-8")
    with pytest.raises(AlertsError, match=r"holds no labelled entry; labels are"):
        call("score", path)
    Path(path).write_text("[" * 100_000 + "\n", encoding="utf-8")
    with pytest.raises(AlertsError, match=r"labelled.jsonl:1: a labelled entry is an object"):
        call("score", path)
    with pytest.raises(AlertsError, match=r"labelled.jsonl:1: nested too deeply"):
        call("match", path)


def test_a_label_that_no_rule_can_give_is_told(call, tmp_path: Path) -> None:
    slip = {"relevant": True, "development": ["tarif-imposed"], "sectors": {"trad": 2}}
    said = call("score", labelled(tmp_path, ("a", "Tariff", slip), ("b", "Tariff", slip))).stderr
    assert "no development 'tarif-imposed', which 2 labels name; did you mean 'tariff-imposed'?" in said
    assert "no sector 'trad', which 2 labels name; did you mean 'trade'?" in said
    assert "'tarif-imposed', which 1 label names;" in call("score", labelled(tmp_path, ("a", "Tariff", slip))).stderr


@pytest.mark.parametrize("form", ["json", "sarif", "github"])
def test_a_directory_that_is_not_there_is_invalid_in_every_form(call, form: str, tmp_path: Path) -> None:
    result = call("check", "--config", str(tmp_path / "none"), "--format", form)
    assert result.exit_code == 2
    assert "is not a directory" in result.output


def test_a_slip_in_a_term_of_two_words_is_found(call) -> None:
    said = call("explain", "Fans at the Wolrd Cup", "--rule", "sport").output
    assert "“wolrd cup” is much like “world cup” of sport" in said.lower()


def test_schemas_are_written(call, tmp_path: Path) -> None:
    call("schema", "--directory", str(tmp_path / "schemas"))
    assert len(list((tmp_path / "schemas").glob("*.schema.json"))) == 9


def test_check_reads_feeds_and_silences_too(call, config: Path) -> None:
    (config / "feeds.yaml").write_text("- {id: one}\n", encoding="utf-8")
    (config / "silences.yaml").write_text("- {id: a, rule: tarif, until: soon}\n", encoding="utf-8")
    result = call("check", "--format", "github")
    assert result.exit_code == 2
    assert "feeds.yaml,line=1,col=3,title=E01::'title' is missing" in result.output
    assert "silences.yaml,line=1,col=31,title=E01::until: 'soon' is not a moment" in result.output


def test_check_prints_sarif_that_follows_the_standard(call, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(config.parent)
    log = json.loads(call("check", "--format", "sarif").output)
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    assert {result["ruleId"] for result in run["results"]} <= {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {"startLine": 13, "startColumn": 7} in [result["locations"][0]["physicalLocation"]["region"] for result in run["results"]]
    assert {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in run["results"]} == {
        "config/rules/all.yaml",
        "config/developments.yaml",
        "config/lexicon/all.yaml",
    }
    (config / "rules" / "all.yaml").write_text("- {id: A%B}\n", encoding="utf-8")
    result = call("check", "--format", "sarif")
    assert result.exit_code == 2
    assert json.loads(result.output)["runs"][0]["results"][0]["level"] == "error"
    assert "id: 'A%25B' is not an id" in call("check", "--format", "github").output


def test_explain_marks_the_words_and_says_what_came_nearest(call) -> None:
    output = call("explain", "Japan announces tariff of 25 percent").output
    assert "⟦Japan⟧ ⟦announces⟧ ⟦tariff⟧ of 25 percent" in output
    assert "found  Japan = japan; announces = stage:announced; tariff = tariff" in output
    assert "prepare  3 = base +3" in output
    output = call("explain", "New electricity tariff and missle for homes", "--rule", "tariff").output
    assert "nearest: “tariff” stands in the title at 16, but does not count as tariff" in output
    assert "it asks for" in output
    assert "nearest: “missle” is much like “missile” of missile" in call("explain", "New missle", "--rule", "missile").output
    with pytest.raises(AlertsError, match="no rule 'tarif'; did you mean 'tariff'"):
        call("explain", "x", "--rule", "tarif")


def test_failures_show_the_text_with_its_evidence_marked(call, config: Path) -> None:
    text = FILES["rules/all.yaml"].replace("ignore: [New tax on cars]", "ignore: [A tariff on cars]")
    (config / "rules" / "all.yaml").write_text(text, encoding="utf-8")
    (config / "tests").mkdir()
    (config / "tests" / "one.yaml").write_text("- {title: Japan mulls tariff, developments: [missile-launch]}\n", encoding="utf-8")
    output = call("test").output
    assert "    A ⟦tariff⟧ on cars\n    must be ignored, but matched: “tariff” (tariff)" in output
    assert "Japan ⟦mulls⟧ ⟦tariff⟧" in output
    assert "not found: missile-launch (nearest is rule missile: $missile is not found)" in output
    assert "found but not expected: tariff-imposed (rule tariff)" in output


def test_coverage_says_what_nothing_reaches(call, config: Path, tmp_path: Path) -> None:
    (config / "feeds.yaml").write_text(FEEDS, encoding="utf-8")
    path = tmp_path / "lines.jsonl"
    path.write_text(json.dumps({"id": "a", "title": "Japan announces tariff", "published": "2026-02-01"}) + "\n", encoding="utf-8")
    output = call("test", "--coverage", "--entries", str(path)).output
    assert "rules/all.yaml:10: missile lacks a text to match or to ignore" in output
    assert "levy is a concept that nothing refers to" in output
    assert "missile did not fire on any of 1 entries" in output
    assert "1 of 3 rules have both kinds of tests, 1 concepts are not used, 1 of 3 rules fired on 1 entries" in output
    covered = json.loads(call("test", "--coverage", "--entries", str(path), "--json").output)["coverage"]
    assert covered["silent"] == ["missile", "sport"]


def test_explain_knows_stored_entries_and_reads_pages(call, config: Path, migrated_file: Path, tmp_path: Path) -> None:
    from alerts.feeds.parsed import Item
    from alerts.store import entries
    from alerts.store.db import Database

    (config.parent / "alerts.env").write_text("ALERTS_SECRET_KEY=a key for tests only\n", encoding="utf-8")
    shutil.copyfile(migrated_file, config.parent / "alerts.db")
    entry = replace(make_entry("Tariff announced"), id="one:abc")
    with Database(f"sqlite:///{config.parent / 'alerts.db'}").write() as connection:
        entries.insert_new(connection, [Item(entry, "1", "given", "", "1")], feed="one", now=entry.published, baseline=False)
    assert json.loads(call("explain", "one:abc", "--json").output)["entry"]["title"] == "Tariff announced"
    for unknown in ("one:abd", "gone:0123456789abcdef0123"):
        with pytest.raises(AlertsError, match=f"no entry '{unknown}' is stored in "):
            call("explain", unknown)
    assert json.loads(call("explain", "速報:関税を発動", "--json").stdout)["entry"]["title"] == "速報:関税を発動"
    said = call("explain", "note:tariff")
    assert "it is explained as a text" in said.stderr
    assert "⟦tariff⟧" in said.stdout
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "page.html").write_text("<title>A tariff on Japan announced</title>", encoding="utf-8")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "web"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        assert "⟦tariff⟧" in call("explain", f"{url}/page.html").output
        (tmp_path / "web" / "feed.xml").write_text(FEED, encoding="utf-8")
        listed = f"- {{id: office, url: '{url}/feed.xml', title: Office, publisher: Office, kind: official, country: JPN}}\n"
        (config / "feeds.yaml").write_text(listed, encoding="utf-8")
        source = json.loads(call("explain", f"{url}/feed.xml", "--json").stdout)["entry"]["source"]
        assert (source["id"], source["kind"], source["country"]) == ("office", "official", "JPN"), "as the service would read it"
        (tmp_path / "web" / "robots.txt").write_text("User-agent: *\nDisallow: /\n", encoding="utf-8")
        with pytest.raises(AlertsError, match="asks not to read this page"):
            call("explain", f"{url}/page.html")
        server.shutdown()


def test_explain_wants_a_text(call) -> None:
    with pytest.raises(AlertsError, match="there is no text"):
        call("explain", " ")


def test_who_stands_in_a_home_means_that_one(call, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert f"{config}: 3 rules" in call("check").output, "what was read is named"
    monkeypatch.chdir(config.parent)
    assert standing_in(Home(DEFAULT_HOME)).path == DEFAULT_HOME, "there is no service here yet"
    (config.parent / "alerts.env").touch()
    assert standing_in(Home(DEFAULT_HOME)).path == Path()
    assert standing_in(Home(tmp_path)).path == tmp_path, "a home that is named is meant"


def test_a_file_that_nothing_reads_is_found(call, config: Path) -> None:
    for name in ("rule.yaml", "rules/more/mine.yaml", "rules/.hidden.yaml", "rules/mine.yaml~", "lexicon/notes.txt"):
        (config / name).parent.mkdir(exist_ok=True)
        (config / name).write_text("- {}\n", encoding="utf-8")
    found = [line.partition(": ")[0] for line in call("check").output.splitlines() if "L15" in line]
    assert found == ["rule.yaml:1:1", "rules/more/mine.yaml:1:1"]


def test_a_rule_that_asks_for_a_feed_that_is_not_there_is_found(call, config: Path) -> None:
    rule = "- {id: only-there, title: X, development: missile-launch, review_by: 2031-01-01, when: {all: [$missile, {any: [{source: {id: [noe]}}, Kyoto]}]}}\n"
    (config / "rules" / "mine.yaml").write_text(rule, encoding="utf-8")
    found = [line for line in call("check").output.splitlines() if "L16" in line]
    assert len(found) == 1
    assert found[0].startswith("rules/mine.yaml:1:8: warning L16: no feed 'noe' in feeds.yaml; did you mean 'one'?")
    (config / "rules" / "mine.yaml").write_text(rule.replace("noe", "one"), encoding="utf-8")
    assert "L16" not in call("check").output


def test_a_silence_that_is_over_is_found(call, config: Path) -> None:
    silence = "- {id: old, development: tariff-imposed, until: 2026-03-01T09:00, author: Ann, comment: c}\n"
    (config / "silences.yaml").write_text(silence, encoding="utf-8")
    found = [line for line in call("check", "--now", "2026-03-01T09:00:00Z").output.splitlines() if "L19" in line]
    assert found == ["silences.yaml:1:49: info L19: silence old is over since 2026-03-01 09:00 UTC"]
    assert "L19" not in call("check", "--now", "2026-03-01T08:59:00Z").output


def test_a_home_that_lost_its_configuration_does_not_take_the_shipped_one(call, config: Path) -> None:
    (config.parent / "alerts.env").touch()
    shutil.rmtree(config)
    with pytest.raises(ConfigError, match="config:1:1: is not a directory; `alerts init` makes it"):
        call("check")


def test_a_code_that_no_language_and_no_country_has_is_found(call, config: Path) -> None:
    rule = "- {id: odd, title: X, development: missile-launch, review_by: 2031-01-01, when: {all: [$missile, {any: [{language: [jp]}, {source: {country: JAP}}, Kyoto]}]}}\n"
    (config / "rules" / "mine.yaml").write_text(rule, encoding="utf-8")
    (config / "feeds.yaml").write_text(FEEDS.replace("JPN, language: en", "JAP, language: jp"), encoding="utf-8")
    found = [line.partition(";")[0] for line in call("check").output.splitlines() if "L18" in line]
    assert found == [
        "feeds.yaml:2:101: warning L18: country: no actor of the lexicon has the code 'JAP'",
        "feeds.yaml:2:116: warning L18: language: 'jp' is the code of no language",
        "rules/mine.yaml:1:8: warning L18: country: no actor of the lexicon has the code 'JAP'",
        "rules/mine.yaml:1:8: warning L18: language: 'jp' is the code of no language",
    ]
    (config / "rules" / "mine.yaml").write_text(rule.replace("jp", "ja").replace("JAP", "USA"), encoding="utf-8")
    (config / "feeds.yaml").write_text(FEEDS, encoding="utf-8")
    assert "L18" not in call("check").output
