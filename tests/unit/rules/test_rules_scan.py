"""What is a mention, and what hides one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from alerts.rules.terms import expand

Find = Callable[..., dict[str, list[str]]]


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("impose tariff", {"impose tariff", "imposed tariffs", "imposing tariffs"}),
        ("ban", {"ban", "bans", "banned", "banning"}),
        ("levy", {"levy", "levies", "levied", "levying"}),
        ("withdraw", {"withdrew", "withdrawn", "withdrawing"}),
        ("submit", {"submitted", "submitting"}),
        ("visit", {"visited", "visiting"}),
        ("dual-use", {"dual-use", "dual use"}),
        ("tax cut", {"tax cut", "tax cuts", "tax-cut", "tax-cuts"}),
        ("引き上げ", {"引き上げ", "引上げ"}),
        ("agree", {"agreed", "agreeing", "agrees"}),
        ("warning", {"warning", "warnings"}),
        ("heavy rain warning", {"heavy rain warning", "heavy rain warnings"}),
    ],
)
def test_ordinary_inflections_are_found(term: str, found: set[str]) -> None:
    assert found <= {pattern.text for pattern in expand(term)}


@pytest.mark.parametrize("term", ["Trump", "=tariff", "BOJ", "=quake-hit"])
def test_names_and_exact_terms_have_no_inflections(term: str) -> None:
    assert len(expand(term)) == 1


@pytest.mark.parametrize("term", ["strike down", "to visit", "White House", "20 percent"])
def test_what_is_no_compound_gets_no_hyphen(term: str) -> None:
    assert ("-" in "".join(pattern.text for pattern in expand(term))) is (term == "White House")


@pytest.mark.parametrize("term", ["", "=", "…", "  "])
def test_a_term_needs_a_letter(term: str) -> None:
    with pytest.raises(ValueError, match="no letter"):
        expand(term)


@pytest.mark.parametrize(
    ("text", "concept", "words"),
    [
        ("US raises tariffs", "united-states", ["US"]),
        ("Let us raise it", "united-states", []),
        ("U.S. tariff", "united-states", ["U.S."]),
        ("Japan's plan", "japan", ["Japan"]),
        ("Non-Japanese residents", "japan", ["Japanese"]),
        ("Japanology", "japan", []),
        ("Electricity tariffs and the tariff", "tariff", ["tariff"]),
        ("A shop on Tariff Street", "tariff", []),
        ("税関で押収", "tariff", []),
        ("関税通りの店", "tariff", []),
        ("追加関税を発動", "tariff", ["関税"]),
        ("South Korea and Korea", "south-korea", ["South Korea", "Korea", "Korea"]),
        ("North Korea fires", "south-korea", []),
        ("インドネシアで噴火", "india", []),
        ("インドで噴火", "india", ["インド"]),
        ("タイヤの値段", "thailand", []),
        ("タイのビザ", "thailand", ["タイ"]),
        ("備蓄米の販売", "united-states", []),
        ("米大統領が発表", "united-states", ["米"]),
        ("米、関税を発動", "united-states", ["米"]),
        ("訪米を調整", "united-states", ["米"]),
        ("日米韓首脳が会談", "south-korea", ["韓"]),
        ("日米韓首脳が会談", "united-states", ["米"]),
        ("日米、合意", "japan", ["日"]),
        ("米アラバマ州で洪水", "united-states", ["米"]),
        ("米スミス国防長官が辞任", "united-states", ["米"]),
        ("米サンプル社が値上げ", "united-states", []),
        ("会談中スミス首相が離席", "china", []),
        ("スミス新首相が会見", "japan", []),
        ("日中は暑い", "china", []),
        ("日中首脳が会談", "china", ["中"]),
        ("19日首相が会見", "japan", []),
        ("中国地方に大雨", "china", []),
        ("政府、方針を決定", "japan", ["政府"]),
        ("米政府、方針を決定", "japan", []),
        ("政府が方針を決定(米国、中国) | 通信", "japan", []),
        ("政府が方針を決定(日本、米国)", "japan", ["政府", "日本"]),
        ("政府が方針を決定(米国に説明)の日", "japan", ["政府"]),
        ("Hanako Sample speaks", "japan", ["Hanako Sample", "Sample"]),
        ("Former prime minister Hanako Sample speaks", "japan", []),
        ("見本花子前首相が講演", "japan", []),
        ("元首相の見本花子氏", "japan", []),
    ],
)
def test_mentions(mentioned: Find, text: str, concept: str, words: list[str]) -> None:
    assert sorted(mentioned(text).get(concept, [])) == sorted(words)


def test_a_leader_out_of_office_speaks_for_nobody(mentioned: Find) -> None:
    assert mentioned("Hanako Sample speaks", published="2026-06-30")["japan"]
    assert "japan" not in mentioned("Hanako Sample speaks", published="2026-07-01")
    assert "national-leader" not in mentioned("Hanako Sample speaks", published="2024-12-31")


def test_a_leader_counts_for_the_role(mentioned: Find) -> None:
    assert mentioned("Hanako Sample speaks")["national-leader"]


def test_a_concept_has_the_mentions_of_what_it_includes(mentioned: Find) -> None:
    assert mentioned("A tariff")["levy"] == ["tariff"]


def test_an_institution_mentions_its_actor(mentioned: Find) -> None:
    assert mentioned("The Weather Agency warns")["japan"] == ["Weather Agency"]
    assert "japan" not in mentioned("the weather agency of the town")


def test_the_government_in_the_press_of_a_country_is_its_own(mentioned: Find) -> None:
    assert "japan" in mentioned("the government decides", country="JPN")
    assert "japan" not in mentioned("the government decides", country="USA")
