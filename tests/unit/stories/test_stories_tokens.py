"""The telling words of headlines."""

import pytest

from alerts.stories.independent import publisher_key
from alerts.stories.signature import read_signature, signature
from alerts.stories.tokens import words


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Ministry raises fees", "en", "e:ministr e:rais e:fee"),
        ("Fee raised: ministry’s plan", "en", "e:fee e:rais e:ministr"),
        ("Ministry raises fees - Sample Wire", "en", "e:ministr e:rais e:fee"),
        ("M6.40 quake, 1,200 homes, 2026", "en", "n:6.4 n:1200 e:quak e:home"),
        ("dual-use goods", "en", "e:dual e:use e:good"),
        ("政策金利を据え置き", "ja", "j:政策 j:策金 j:金利"),
        ("ドローン、１０％のＡＩ", "ja", "n:10 k:ドローン e:ai"),
        ("のはとに", "ja", ""),
        ("", "en", ""),
    ],
)
def test_words(text: str, language: str, expected: str) -> None:
    assert list(words(text, language)) == expected.split()


def test_numbers_and_latin_runs_are_the_same_in_both_languages(entry, found) -> None:
    en, ja = (entry(text) for text in ("IEEPA duty of 15%", "IEEPA関税、税率15％"))
    shared = set(words(en.title, "en")) & set(words(ja.title, "ja"))
    assert shared == {"n:15", "e:ieepa"}


def test_a_signature_can_be_read_back(entry, found) -> None:
    one = entry("手数料引き上げ", summary="法務省が発表")
    line = signature(one, found(one, "visa-rule-change:proposed", {"visas": 2}, actors="JPN", concepts="fee", dates=("2026-04-01",)))
    language, weights = read_signature(line)
    assert language == "ja"
    assert {token: weight for token, weight in weights.items() if token[0] != "j"} == {
        "v:visa-rule-change": 1.0, "c:fee": 1.0, "a:JPN": 1.0, "d:2026-04-01": 1.0,
    }  # fmt: skip
    assert weights["j:手数"] == 1.0
    assert weights["j:法務"] < 1.0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Sample Wire", "SAMPLE WIRE Japan", True),
        ("The Sample Times", "Sample Times (web)", True),
        ("samplepost.com", "Sample Post", True),
        ("Sample Times", "Sample Post", False),
        ("サンプル新聞", "サンプル新聞", True),
        ("News", "Japan", False),
        ("Japan", "Online", False),
    ],
)
def test_publishers(one: str, other: str, same: bool) -> None:
    assert (publisher_key(one) == publisher_key(other)) == same
