"""Verdicts: stage, polarity, the sum of a level, discards; and the properties that hold for any text."""

from __future__ import annotations

import random
from datetime import date

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_sample import FILES, LEXICON, RULES, make_entry

from alerts.resources import shipped
from alerts.rules.cases import run_tests
from alerts.rules.compile import RuleSet, compile_texts
from alerts.rules.evaluate import assess
from alerts.rules.explain import explain
from alerts.rules.files import read_texts
from alerts.rules.levels import Level

PIECES = [
    *[
        "Japan",
        "US",
        "tariff",
        "tariffs ",
        "missile",
        "may ",
        "denies",
        "World Cup",
        "'s",
        "25%",
        " ",
        ". ",
        "\n",
        "\u200b",
        "🙂",
        "…",
        "㍿",
    ],
    *["関税", "米、", "日米首脳", "ミサイル", "発表", "検討", "ＵＳ", "ﾊﾞ", "４月から", "が\u3099", "政府", "見本花子", "。"],
]
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5)), max_size=14).map("".join)
SMALL = compile_texts(FILES)


@pytest.mark.parametrize(
    ("asked", "actors"),
    [("evidence", ("CHN", "JPN", "PRK")), ("rule", ("JPN", "PRK"))],
)
def test_a_rule_may_say_that_nobody_else_acts(asked: str, actors: tuple[str, ...]) -> None:
    rules = compile_texts({**FILES, "rules/all.yaml": f"""
- {{id: missile, title: Missiles, development: missile-launch, when: $missile, actors: [JPN, PRK], actors_from: {asked}}}
"""})
    [development] = assess(rules, make_entry("Missile falls as China looks on")).developments
    assert development.actors == actors


@pytest.mark.parametrize(
    ("title", "country", "day"),
    [
        ("明日から関税を発動", "", date(2026, 2, 7)),
        ("明日から関税を発動", "USA", date(2026, 2, 6)),
        ("Tariff takes effect tomorrow", "JPN", date(2026, 2, 7)),
        ("Tariff takes effect tomorrow", "", date(2026, 2, 6)),
    ],
)
def test_tomorrow_is_that_of_the_press_that_says_so(title: str, country: str, day: date) -> None:
    """Told at six in the morning of 6 February in Tokyo, which is the evening before by UTC."""
    rules = compile_texts({**FILES, "lexicon/all.yaml": LEXICON.replace("  languages: [ja]", "  languages: [ja]\n  timezone: Asia/Tokyo")})
    assessed = assess(rules, make_entry(title, published="2026-02-05T21:00", country=country))
    assert [each.first for each in assessed.dates] == [day]


@pytest.fixture(scope="module")
def ours() -> RuleSet:
    return compile_texts(read_texts(shipped("config")))


@pytest.mark.parametrize(("country", "day"), [("KOR", date(2026, 2, 7)), ("AUS", date(2026, 2, 7)), ("GBR", date(2026, 2, 6))])
def test_tomorrow_in_seoul_is_not_that_of_london(ours: RuleSet, country: str, day: date) -> None:
    title = "US tariff on cars from Japan takes effect tomorrow"
    assert [each.first for each in assess(ours, make_entry(title, published="2026-02-05T21:00", country=country)).dates] == [day]


def test_the_places_of_what_happens_somewhere_are_those_told_beside_it() -> None:
    places = """
osaka: {kind: place, name: {en: Osaka, ja: 大阪}, en: [Osaka], ja: [大阪]}
nara: {kind: place, name: {en: Nara, ja: 奈良}, en: [Nara], ja: [奈良]}
kobe: {kind: place, name: {en: Kobe, ja: 神戸}, en: [Kobe], ja: [神戸]}
"""
    placed = FILES["developments.yaml"].replace("impact: {safety: prepare", "placed: true\n  impact: {safety: prepare")
    rules = compile_texts({**FILES, "lexicon/places.yaml": places, "developments.yaml": placed})
    entry = make_entry("Nara and Osaka on alert", "A missile was seen from Osaka. Kobe plays tonight. A tariff on Kobe beef rises.")
    told = {each.type: each.places for each in assess(rules, entry).developments}
    assert told == {"missile-launch": ("nara", "osaka"), "tariff-imposed": ()}


@pytest.mark.parametrize(
    ("title", "places"),
    [
        ("鉄道内に土砂流入、豪雨で避難指示", set()),
        ("道内全域に大雨特別警報", {"hokkaido"}),
        ("台風、報道内容を確認 四国に上陸", {"shikoku"}),
        ("大雨特別警報、東北東の風", set()),
        ("東北に大雨特別警報", {"tohoku"}),
        ("Evacuation order issued as flood saga drags on in Tokyo", {"tokyo"}),
        ("Evacuation order issued as saga of floods drags on in Kochi", {"kochi"}),
        ("Evacuation order issued in Saga as river floods", {"saga"}),
        ("石川氏、豪雨被害で謝罪", set()),
        ("石川で豪雨、避難指示", {"ishikawa"}),
    ],
)
def test_words_and_people_are_no_places(ours: RuleSet, title: str, places: set[str]) -> None:
    told = assess(ours, make_entry(title)).developments
    assert told
    assert {place for each in told for place in each.places} == places


@pytest.mark.parametrize(
    ("title", "summary", "places"),
    [
        ("Typhoon nears, trains to stop", "TOKYO (Reuters) - A strong typhoon is nearing Okinawa.", {"okinawa"}),
        ("Typhoon nears, trains to stop", "TOKYO, Aug 21 (Kyodo) -- A strong typhoon is nearing Japan.", set()),
        ("Typhoon nears, trains to stop", "TOKYO—A strong typhoon is nearing Japan.", set()),
        ("Typhoon nears, trains to stop", "Tokyo Disneyland - and all of Okinawa - will close, Japan's railways say.", {"tokyo", "okinawa"}),
        ("台風10号が接近", "【東京時事】台風10号が接近している。", set()),
        ("台風10号が接近", "[東京 21日 ロイター] - 台風10号が四国に接近している。", {"shikoku"}),
        ("台風10号が四国に接近", "[東京 21日 ロイター] - 台風10号が接近している。", {"shikoku"}),
        ("台風10号が接近", "【東京】台風10号が接近している。", {"tokyo"}),
    ],
)
def test_where_a_report_was_written_is_not_where_it_happened(ours: RuleSet, title: str, summary: str, places: set[str]) -> None:
    told = assess(ours, make_entry(title, summary)).developments
    assert {place for each in told for place in each.places} == places


def test_a_test_of_a_rule_may_say_where_it_happened() -> None:
    places = """
nara: {kind: place, name: {en: Nara, ja: 奈良}, en: [Nara], ja: [奈良]}
osaka: {kind: place, name: {en: Osaka, ja: 大阪}, en: [Osaka], ja: [大阪]}
"""
    cases = """
- {title: A missile over Osaka, developments: [missile-launch], places: [osaka]}
- {title: A missile over Osaka, developments: [missile-launch], places: [nara]}
- {title: A missile is seen, developments: [missile-launch], places: []}
"""
    placed = FILES["developments.yaml"].replace("impact: {safety: prepare", "placed: true\n  impact: {safety: prepare")
    rules = compile_texts({**FILES, "lexicon/places.yaml": places, "developments.yaml": placed, "tests/places.yaml": cases})
    told = [(one.passed, one.reason) for one in run_tests(rules) if one.place.startswith("tests/places")]
    assert told == [(True, ""), (False, "places are osaka, not nara"), (True, "")]


def test_a_place_is_told_by_its_own_name_whatever_it_includes() -> None:
    places = """
kansai: {kind: place, name: {en: Kansai, ja: 関西}, includes: [osaka, kinki]}
osaka: {kind: place, name: {en: Osaka, ja: 大阪}, en: [Osaka], ja: [大阪]}
kinki: {kind: context, en: [Kinki], ja: [近畿]}
"""
    placed = FILES["developments.yaml"].replace("impact: {safety: prepare", "placed: true\n  impact: {safety: prepare")
    rules = compile_texts({**FILES, "lexicon/places.yaml": places, "developments.yaml": placed})
    assert [each.places for each in assess(rules, make_entry("A missile over Osaka, says Kinki office")).developments] == [("osaka", "kansai")]


@pytest.mark.parametrize(
    ("title", "rule"),
    [
        ("Japan to evacuate nationals from Iran, planes to land at Narita", "evacuation-abroad"),
        ("政府、イスラエルから邦人退避 羽田に到着", "evacuation-abroad"),
        ("中国当局が日本人を拘束 東京の商社の社員", "japanese-detained"),
    ],
)
def test_what_happens_abroad_is_told_of_no_place_in_japan(ours: RuleSet, title: str, rule: str) -> None:
    assert [(each.rule, each.places) for each in assess(ours, make_entry(title)).developments] == [(rule, ())]


@pytest.mark.parametrize(
    ("title", "stage"),
    [
        ("Japan announces tariff", "announced"),
        ("A tariff on cars", "announced"),
        ("Japan may announce tariff", "mooted"),
        ("Japan considers tariff after bill passes", "adopted"),
        ("関税の発動を検討", "mooted"),
        ("関税の発動を見送り", "suspended"),
        ("関税を発動", "in-force"),
        ("米国が関税を発動 日本は報復を検討", "in-force"),
        ("米国が関税を発動、日本は報復を検討", "in-force"),
        ("政府、関税引き上げ法案を提出", "proposed"),
        ("Japan denies it will announce a tariff", "denied"),
        ("関税を撤回", "reversed"),
    ],
)
def test_stage(rules: RuleSet, title: str, stage: str) -> None:
    assert assess(rules, make_entry(title)).developments[0].stage == stage


def test_a_stage_that_a_rule_fixes_yields_to_a_denial_in_the_title_alone() -> None:
    line = "- {id: x, title: X, development: missile-launch, stage: in-force, when: $missile}\n"
    rules = compile_texts({**FILES, "rules/all.yaml": line})
    stages = [
        assess(rules, make_entry(*texts)).developments[0].stage
        for texts in [("Japan denies missile",), ("A missile may fly", "Japan denies it.")]
    ]
    assert stages == ["denied", "in-force"]


def test_a_hedged_title_wins_over_a_firm_body(rules: RuleSet) -> None:
    found = assess(rules, make_entry("Japan mulls tariff", "The tariff takes effect in May, officials said."))
    assert found.developments[0].stage == "mooted"


def test_what_is_proposed_is_not_announced_because_somebody_announces_it(rules: RuleSet) -> None:
    stages = [
        assess(rules, make_entry("Japan submits plan for tariff", body)).developments[0].stage
        for body in ("The ministry announced the tariff.", "The tariff takes effect.")
    ]
    assert stages == ["proposed", "in-force"]


def test_a_firm_body_completes_a_plain_title(rules: RuleSet) -> None:
    found = assess(rules, make_entry("Japan announces tariff", "The tariff takes effect today."))
    assert found.developments[0].stage == "in-force"


@pytest.mark.parametrize(
    ("title", "polarity"),
    [
        ("Japan raises tariff", "tightening"),
        ("Japan eases tariff", "easing"),
        ("Japan withdraws tariff", "easing"),
        ("Japan withdraws plan to raise tariff", "easing"),
    ],
)
def test_polarity(rules: RuleSet, title: str, polarity: str) -> None:
    assert assess(rules, make_entry(title)).developments[0].polarity == polarity


@pytest.mark.parametrize(
    ("title", "kind", "level", "terms"),
    [
        ("Japan announces tariff", "press", "prepare", {"base": 3}),
        ("Japan considers tariff", "press", "watch", {"base": 3, "stage": -1}),
        ("Japan denies tariff", "press", "info", {"base": 3, "stage": -1, "ceiling": -1}),
        ("China announces tariff on India", "press", "watch", {"base": 3, "reach": -1}),
        ("Japan announces tariff of 25 percent", "press", "prepare", {"base": 3, "size": 1, "cap": -1}),
        ("Japan announces tariff of 25 percent", "official", "act", {"base": 3, "size": 1}),
        ("Japan tariff takes effect 20 February", "official", "act", {"base": 3, "clock": 1}),
        ("Japan tariff unchanged", "press", "info", {"base": 3, "size": -2}),
        ("The Quad announces tariff", "press", "prepare", {"base": 3}),
        ("Japan tariff, sources say", "aggregator", "watch", {"base": 3, "cap": -1}),
        ("The Weather Agency of Japan announces tariff of 30%", "press", "act", {"base": 3, "size": 1}),
    ],
)
def test_a_level_is_the_sum_of_its_terms(rules: RuleSet, title: str, kind: str, level: str, terms: dict[str, int]) -> None:
    impact = next(each for each in assess(rules, make_entry(title, kind=kind)).impacts if each.sector == "trade")
    assert {term.name: term.value for term in impact.terms} == terms
    assert impact.level.name == level
    assert all(term.reason for term in impact.terms)


def test_far_away_safety_loses_two_and_a_neighbours_one(rules: RuleSet) -> None:
    far = {each.sector: each.level for each in assess(rules, make_entry("India tests missile")).impacts}
    near = {each.sector: each.level for each in assess(rules, make_entry("North Korea fires missile")).impacts}
    assert far == {"safety": Level.info}
    assert near == {"safety": Level.watch}


def test_distance_alone_makes_no_entry_irrelevant(rules: RuleSet) -> None:
    mooted = assess(rules, make_entry("India may test missile"))
    assert {each.sector: (each.level, sum(term.value for term in each.terms)) for each in mooted.impacts} == {"safety": (Level.info, 1)}
    assert not assess(rules, make_entry("India denies missile")).relevant


@pytest.mark.parametrize(
    ("mine", "theirs", "title", "told"),
    [
        ("", "missile-launch", "Missile and tariff", ["missile-launch"]),
        ("tariff-imposed", "missile-launch", "Missile and tariff", ["missile-launch"]),
        ("", "missile-launch", "Small missile and tariff", ["tariff-imposed"]),
        ("", "", "Missile and tariff", ["missile-launch", "tariff-imposed"]),
    ],
    ids=["to-what-is-told", "to-each-other", "to-what-is-not-told", "to-none"],
)
def test_a_rule_yields_to_what_is_told(mine: str, theirs: str, title: str, told: list[str]) -> None:
    lines = f"""
- id: launch
  title: X
  development: missile-launch
  when: $missile
  levels: {{safety: info, trade: none}}
  sizes: [{{size: small, when: small}}]
  yields_to: [{mine}]
- {{id: duty, title: X, development: tariff-imposed, when: $tariff, yields_to: [{theirs}]}}
"""
    rules = compile_texts({**FILES, "rules/all.yaml": lines})
    found = assess(rules, make_entry(title))
    assert sorted(each.type for each in found.developments) == told
    heard = [each.development.type for each in explain(rules, make_entry(title)).verdicts if each.held and each.development and not each.reason]
    assert sorted(heard) == told


def test_a_discard_makes_an_entry_irrelevant_unless_a_rule_holds_despite_it(rules: RuleSet) -> None:
    assert not assess(rules, make_entry("Basketball tariff")).relevant
    assert assess(rules, make_entry("North Korea fires missile during World Cup")).relevant


def test_a_text_that_names_nobody_speaks_of_its_own_country(rules: RuleSet) -> None:
    assert assess(rules, make_entry("追加関税を発動")).developments[0].actors == ("JPN",)
    assert assess(rules, make_entry("New tariff", country="IND")).developments[0].actors == ("IND",)
    assert assess(rules, make_entry("New tariff")).developments[0].actors == ()


@given(TEXTS, TEXTS)
@settings(max_examples=60, deadline=None)
def test_evidence_slices_the_original(title: str, summary: str) -> None:
    entry = make_entry(title, summary)
    for development in assess(SMALL, entry).developments:
        for each in development.evidence:
            assert getattr(entry, each.field)[each.start : each.end] == each.text
            assert each.text


@given(TEXTS, TEXTS, st.randoms(use_true_random=False))
@settings(max_examples=12, deadline=None)
def test_order_of_files_and_rules_does_not_matter(title: str, summary: str, chance: random.Random) -> None:
    shuffled = compile_texts(shuffle(chance))
    first, second = assess(SMALL, make_entry(title, summary)), assess(shuffled, make_entry(title, summary))
    assert (first.developments, first.impacts, first.dates, first.actors, first.concepts) == (
        second.developments, second.impacts, second.dates, second.actors, second.concepts,
    )  # fmt: skip


def shuffle(chance: random.Random) -> dict[str, str]:
    """The same configuration in other files and another order."""
    concepts = list(yaml.load(LEXICON, yaml.BaseLoader).items())
    rules = yaml.load(RULES, yaml.BaseLoader)
    chance.shuffle(concepts)
    chance.shuffle(rules)
    middle = len(concepts) // 2

    def dump(value: object) -> str:
        return yaml.dump(value, allow_unicode=True, sort_keys=False).replace("'true'", "true")

    return {
        **{name: FILES[name] for name in ("developments.yaml", "sectors.yaml", "stages.yaml")},
        "lexicon/z.yaml": dump(dict(concepts[:middle])),
        "lexicon/a.yaml": dump(dict(concepts[middle:])),
        **{f"rules/{index}.yaml": dump([rule]) for index, rule in enumerate(rules)},
    }


def test_the_hash_stands_for_the_texts() -> None:
    assert compile_texts(FILES).hash == SMALL.hash
    assert compile_texts({**FILES, "rules/all.yaml": RULES + "\n"}).hash != SMALL.hash
    assert compile_texts(SMALL.files).hash == SMALL.hash


@pytest.mark.parametrize("text", ["", "🙂🙂", "\u200b\u200b", "a" * 100_000, "関税" * 20_000, "。" * 5_000])
def test_odd_texts_are_read(rules: RuleSet, text: str) -> None:
    assess(rules, make_entry(text, text[:300]))
