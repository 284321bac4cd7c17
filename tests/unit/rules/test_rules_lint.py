"""Every lint code: what brings it about, where it is said to stand, and that the small configuration is free of it otherwise."""

from __future__ import annotations

from datetime import date

import pytest
from rules_sample import FILES, make_entry

from alerts.resources import shipped
from alerts.rules.compile import RuleSet, compile_texts
from alerts.rules.files import read_texts
from alerts.rules.lint import lint
from alerts.rules.lints.entries import LEAST
from alerts.rules.lints.finding import CODES, Finding

TODAY = date(2026, 2, 1)
RULE = "- {{id: x, title: X, development: missile-launch, when: {when}, tests: {{match: [A missile], ignore: [A tree]}}{more}}}\n"


def with_rule(when: str, more: str = "") -> RuleSet:
    return compile_texts({**FILES, "rules/x.yaml": "# one\n" + RULE.format(when=when, more=more)})


def with_concept(line: str) -> RuleSet:
    return compile_texts({**FILES, "lexicon/x.yaml": f"# one\nx: {line}\n"})


def found(rules: RuleSet, code: str, **more: object) -> list[str]:
    return [f"{one.place} {one.message}" for one in lint(rules, today=TODAY, **more) if one.code == code]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ("{all: [$missile, $tariff], none: [$tariff]}", "it asks for $tariff, and for no $tariff"),
        ("{all: [$missile, $tariff], none: [$levy]}", "it asks for $tariff, and for no $levy, which includes $tariff"),
        ("{all: [missile, {none: [missile]}]}", "it asks for missile, and for no missile"),
        ("{all: [$missile, {language: en}, {language: ja}]}", "no entry has language en and ja at once"),
        ("{all: [$missile, {source: {kind: press}}, {source: {kind: [official, aggregator]}}]}", "no entry has kind aggregator or official and press at once"),
        ("{near: {terms: [$missile, $tariff]}, none: $tariff}", "it asks for $tariff, and for no $tariff"),
    ],
)  # fmt: skip
def test_a_rule_that_contradicts_itself_can_never_hold(when: str, reason: str) -> None:
    assert found(with_rule(when), "L11") == [f"rules/x.yaml:2:8 x can never hold: {reason}"]


@pytest.mark.parametrize(
    "when",
    [
        "{all: [$missile, {none: [$tariff]}]}",
        "{all: [$missile, {all: [$tariff], within: sentence}], any: [{none: [$tariff], within: sentence}]}",
        "{all: [$missile, {field: {title: $tariff}}, {none: [$tariff], within: sentence}]}",
        "{all: [$missile, $levy], none: [$tariff]}",
    ],
)
def test_what_can_hold_is_not_called_dead(when: str) -> None:
    assert found(with_rule(when), "L11") == []


def test_a_concept_that_no_text_can_mention_makes_a_rule_dead() -> None:
    rules = compile_texts(
        {
            **FILES,
            "lexicon/x.yaml": "x: {kind: context, includes: [y]}\ny: {kind: mask, en: [z]}\n",
            "rules/x.yaml": RULE.format(when="$x", more=""),
        }
    )
    assert found(rules, "L11") == ["rules/x.yaml:1:8 x can never hold: no text can mention x"]


@pytest.mark.parametrize(
    ("rules", "code", "told"),
    [
        (lambda: with_rule("$missile").rules and compile_texts({**FILES, "rules/x.yaml": "- {id: x, title: X, development: missile-launch, when: $missile}"}), "L01", "rules/x.yaml:1:8 x has no text to match or ignore"),
        (lambda: with_rule("$missile", ", review_by: 2026-01-31"), "L02", "rules/x.yaml:2:8 x was to be reviewed by 2026-01-31"),
        (lambda: with_concept("{kind: cue, en: [zebra]}"), "L03", "lexicon/x.yaml:2:1 concept 'x' is not used"),
        (lambda: with_rule("{language: ja}"), "L04", "rules/x.yaml:2:8 x needs no concept that the text must hold"),
        (lambda: with_concept("{kind: actor, actor: XYZ, leaders: [{en: Ann, ja: アン, role: national-leader, from: 2020-01-01, to: 2025-12-31}]}"), "L05", "lexicon/x.yaml:2:1 Ann (x) left office on 2025-12-31"),
        (lambda: with_concept("{kind: actor, actor: XYZ, leaders: [{en: Ann, ja: アン, role: national-leader, from: 2020-01-01, to: 2024-12-31}]}"), "L05", "lexicon/x.yaml:2:1 nobody is national-leader of x on 2026-02-01: the last one left on 2024-12-31"),
        (lambda: with_concept("{kind: cue, ja: [税]}"), "L06", "lexicon/x.yaml:2:1 '税' of x is one sign long and stands in many words"),
        (lambda: with_rule("[税]".join(["{any: ", "}"])), "L06", "rules/x.yaml:2:8 '税' of 税 is one sign long and stands in many words"),
        (lambda: compile_texts(FILES), "L07", "developments.yaml:13:7 missile-launch: told.default has no Japanese"),
        (lambda: with_rule("$missile", ", act: {safety: {en: [Stay inside.]}}"), "L07", "rules/x.yaml:2:8 x: act.safety has no Japanese"),
        (lambda: with_rule("$missile"), "L07", "rules/x.yaml:2:8 x: title has no Japanese"),
        (lambda: with_concept("{kind: place, name: {en: Nara}, ja: [奈良]}"), "L07", "lexicon/x.yaml:2:1 x: name has no Japanese"),
        (lambda: with_rule("{all: [$missile]}"), "L08", "rules/x.yaml:2:8 without x its texts would be told the same, by missile"),
        (lambda: compile_texts({**FILES, "rules/all.yaml": "[]"}), "L09", "developments.yaml:13:7 no rule tells of missile-launch"),
        (lambda: with_rule("$missile", ", yields_to: missile-launch"), "L10", "rules/x.yaml:2:8 x yields to its own development"),
        (lambda: compile_texts({**FILES, "rules/x.yaml": "- {id: x, title: X, kind: discard, when: tree, stage: mooted, levels: {trade: act}}"}), "L10", "rules/x.yaml:1:8 x discards, so nothing comes of levels, stage"),
        (lambda: compile_texts({**FILES, "rules/x.yaml": "- {id: x, title: X, kind: discard, when: tree, one_a_day: true, placed: true, actors: [JPN], actors_from: rule}"}), "L10", "rules/x.yaml:1:8 x discards, so nothing comes of actors, actors_from, one_a_day, placed"),
        (lambda: compile_texts({**FILES, "developments.yaml": FILES["developments.yaml"].replace("impact: {safety: prepare", "placed: true\n  impact: {safety: prepare")}), "L10", "developments.yaml:13:7 missile-launch is placed, and no concept is of kind: place"),
        (lambda: with_rule("{all: [missile, national-leader]}"), "L17", "rules/x.yaml:2:72 'national-leader' is looked for as words; $national-leader is what stands for it"),
        (lambda: with_rule("tariff on $japan"), "L17", "rules/x.yaml:2:56 'tariff on $japan' is one phrase, looked for with its sign; $name stands alone, in ASCII"),
        (lambda: with_rule("{any: [＄tariff、関税]}"), "L17", "rules/x.yaml:2:63 '＄tariff、関税' is one phrase, looked for with its sign; $name stands alone, in ASCII"),
        (lambda: with_concept("{kind: cue, ja: [関税、輸入税、追加関税]}"), "L17", "lexicon/x.yaml:2:21 '関税、輸入税、追加関税' is one term; put each on its own: [first, second]"),
        (lambda: with_concept("{kind: cue, en: ['tariff, duty, levy']}"), "L17", "lexicon/x.yaml:2:21 'tariff, duty, levy' is one term; put each on its own: [first, second]"),
        (lambda: with_rule("$missile", ", sizes: [{size: small, when: national-leader}]"), "L17", "rules/x.yaml:2:141 'national-leader' is looked for as words; $national-leader is what stands for it"),
        (lambda: with_rule("{any: ['tariff, duty, levy']}"), "L17", "rules/x.yaml:2:63 'tariff, duty, levy' is one phrase; put each on its own: {any: [first, second]}"),
        (lambda: with_concept("{kind: cue, en: [{term: 'tariff, duty, levy'}]}"), "L17", "lexicon/x.yaml:2:28 'tariff, duty, levy' is one term; put each on its own: [first, second]"),
        (lambda: with_concept("{kind: cue, en: [zebra], reject: {ja: [関税、輸入税、追加関税]}}"), "L17", "lexicon/x.yaml:2:43 '関税、輸入税、追加関税' is one term; put each on its own: [first, second]"),
        (lambda: with_concept("{kind: cue, en: [No, 'Yes']}"), "L14", "lexicon/x.yaml:2:21 put 'No' in quotes: other tools do not read it as text"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) == 3 else "",
)  # fmt: skip
def test_each_code_is_told_at_its_place(rules: object, code: str, told: str) -> None:
    assert told in found(rules(), code)  # type: ignore[operator]


@pytest.mark.parametrize(
    "more",
    [
        ", levels: {trade: prepare}",
        ", levels: {trade: none, safety: act}",
        ", stage: proposed",
        ", polarity: easing",
        ", actors: [PRK]",
        ", why: {safety: {en: Stay inside.}}",
        ", told: {default: {en: A missile flew by.}}",
        ", called: {en: Missile}",
        ", one_a_day: true",
        ", strand: north",
    ],
)
def test_a_narrower_rule_whose_difference_a_reader_sees_is_needed(more: str) -> None:
    assert found(with_rule("{all: [$missile, missile]}", more), "L08") == []


def test_a_term_of_one_sign_that_only_keeps_rules_out_is_wide_on_purpose() -> None:
    assert found(with_rule("{all: [$missile], none: [株]}"), "L06") == []
    both = with_rule("{any: [株, $missile], none: [{field: {title: 株}}]}")
    assert found(both, "L06") == ["rules/x.yaml:2:8 '株' of 株 is one sign long and stands in many words"]


def test_a_key_of_an_operator_is_not_asked_to_be_quoted() -> None:
    assert found(with_rule("{at_least: {n: 1, of: [$missile]}}"), "L14") == []


@pytest.mark.parametrize("kind", ["kind: subject", "kind: place, name: {en: Zebra}"])
def test_what_joins_reports_or_is_printed_is_used(kind: str) -> None:
    assert not any("'x'" in each for each in found(with_concept(f"{{{kind}, en: [zebra]}}"), "L03"))


def test_the_shipped_rules_are_without_a_warning() -> None:
    warned = [one for one in lint(compile_texts(read_texts(shipped("config"))), today=TODAY) if one.level == "warning"]
    assert warned == [], "an admin's CI that fails on warnings begins clean"


def test_terms_and_rules_that_match_too_many_entries_are_told_with_their_share(rules: RuleSet) -> None:
    entries = [make_entry("New tariff on cars" if number % 10 == 0 else "A tree") for number in range(LEAST)]
    assert found(rules, "L12", entries=entries) == [f"lexicon/all.yaml:25:1 “tariff” of tariff stands in 10.0% of {LEAST} entries in en"]
    assert found(rules, "L13", entries=entries) == [f"rules/all.yaml:2:7 tariff fires on 10.0% of {LEAST} entries"]
    assert found(rules, "L12", entries=entries[:-1]) == [], "a share of few entries says nothing"


def test_every_code_has_a_level_a_title_and_a_sentence() -> None:
    assert all(code.title and code.text.endswith(".") for code in CODES.values())
    assert Finding("a", 1, 2, "L01", "m", "info").place == "a:1:2"
