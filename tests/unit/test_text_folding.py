"""Folding keeps a map back to the original; what people see is measured in columns."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alerts.log import mask_addresses
from alerts.text import excerpt, fold, is_japanese, width, without_addresses

TEXTS = st.text(alphabet=st.one_of(st.characters(), st.sampled_from("ﾊﾞ㍿…①ＵＳ\u200bゞが゙e\u0301ßİ﹣’米髙ﬁ\ufeff가각ᆨ")), max_size=40)


@given(TEXTS)
@example("か\u200b\u3099")
@example("㍿ﾊﾞ…ＵＳ")
def test_every_span_of_the_folded_text_maps_to_a_span_of_the_original(text: str) -> None:
    folded = fold(text)
    assert len(folded.text) == len(folded.cased)
    last = 0
    for index in range(len(folded.text)):
        start, end = folded.original(index, index + 1)
        assert 0 <= start < end <= len(text)
        assert start >= last or folded.starts is None
        last = start
    if folded.text:
        start, end = folded.original(0, len(folded.text))
        assert fold(text[start:end]).text == folded.text


@given(TEXTS)
def test_folding_twice_is_folding_once(text: str) -> None:
    once = fold(text).text
    assert fold(once).text == once


@given(st.text(max_size=30))
def test_ascii_letters_and_full_width_ones_fold_alike(text: str) -> None:
    wide = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text if char.isascii() and char.isprintable())
    plain = "".join(char for char in text if char.isascii() and char.isprintable())
    assert fold(wide).text == fold("é" + plain).text[1:]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Ｇ７サミット", "g7サミット"),
        ("ﾊﾞｽ", "バス"),
        ("Japan’s “dual‑use”", 'japan\'s "dual-use"'),
        ("髙市", "高市"),
        ("zero\u200bwidth", "zerowidth"),
        ("Straße", "straße"),
        ("㍿", "株式会社"),
        ("①か…", "1か..."),
    ],
)
def test_one_form_for_what_reads_the_same(text: str, folded: str) -> None:
    assert fold(text).text == folded


@given(st.text(max_size=60), st.integers(2, 40))
def test_an_excerpt_fits_its_columns(text: str, columns: int) -> None:
    assert width(excerpt(text, columns)) <= columns


def test_an_excerpt_ends_at_a_word_and_says_that_something_is_missing() -> None:
    assert excerpt("The ministry published new guidelines", 22) == "The ministry…"
    assert excerpt("在留手数料を引き上げる方針", 12) == "在留手数料…"
    assert excerpt("short", 12) == "short"


def test_width_counts_columns() -> None:
    assert width("日本 a") == 6
    assert width(unicodedata.normalize("NFD", "é")) == 1


def test_japanese_is_told_by_its_script() -> None:
    assert is_japanese("US、追加関税")
    assert not is_japanese("US tariff – 25%")


@pytest.mark.parametrize(
    "address",
    [
        "reader@example.org",
        '"odd..name"@docomo.ne.jp',
        "o'brien@example.org",
        "bounces+reader=example.org@relay.example.net",
        "reader%40example.org",
    ],
)
def test_no_form_of_an_address_is_left_in_a_log(address: str) -> None:
    said = without_addresses(f"550 5.1.1 <{address}>: nobody, tried {address}")
    assert said == "550 5.1.1 <address>: nobody, tried <address>"
    logged = mask_addresses(None, "", {"event": "x", "lines": [address], "by": {"who": address}, "error": ValueError(address), "n": 3})
    assert logged == {"event": "x", "lines": ["<address>"], "by": {"who": "<address>"}, "error": "<address>", "n": 3}
