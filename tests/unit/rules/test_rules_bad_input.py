"""Texts that no editor would write: huge, empty to the eye, of several scripts, of characters that are longer or shorter once normalised."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_sample import FILES, make_entry

from alerts.resources import shipped
from alerts.rules.cases import entry_of
from alerts.rules.compile import compile_texts
from alerts.rules.evaluate import assess, look_at
from alerts.rules.files import read_texts
from alerts.rules.scan import READ

SMALL = compile_texts(FILES)
HIDDEN = "\u200b\u200d\u2060\ufeff\u00ad\ufe0f"
LONGER = "㍿㍻ﷺ①½ﬃ…㌔"  # NFKC makes more characters of each
SHORTER = ("ﾊﾞ", "ﾎﾟ", "か\u3099", "e\u0301", "각")  # and fewer of these
WORDS = (
    "tariff",
    "関税",
    "US",
    "ＵＳ",
    "米、",
    "日米首脳",
    "South Korea",
    "ﾐｻｲﾙ",
    "missile",
    "World Cup",
    "税関",
    "政府",
    "in April",
    "４月から",
)
TEXTS = st.lists(
    st.one_of(st.sampled_from([*WORDS, *SHORTER, *LONGER, *HIDDEN, " ", ". ", "。", "\n", "🇯🇵", "👨‍👩‍👧"]), st.text(max_size=4)),
    max_size=16,
).map("".join)


@pytest.mark.parametrize(
    "text",
    ["", " ", "\n\t\r", HIDDEN * 50, "🙂🇯🇵👨‍👩‍👧" * 40, "\u0301\u3099", "…—・。、", "\x00\x07", "\U0010ffff", "\ud800 \udfff"],
    ids=["nothing", "space", "blank", "hidden", "emoji", "marks", "signs", "control", "last", "surrogates"],
)
def test_what_says_nothing_means_nothing(text: str) -> None:
    found = assess(SMALL, make_entry(text, text))
    assert (found.developments, found.impacts, found.actors, found.concepts) == ((), (), (), ())


@pytest.mark.parametrize("filler", ["x ", "あ", "ﷺ", HIDDEN, "tariff ", "South Korea US ", "日米韓首脳、", "税関 関税 "])
def test_a_hundred_thousand_characters_are_read_as_far_as_a_text_is_read(filler: str) -> None:
    long = (filler * (100_000 // len(filler) + 1))[:100_000]
    first, last = look_at(SMALL, make_entry("missile " + long, long), "JPN"), look_at(SMALL, make_entry(long + " missile", long), "JPN")
    missile = SMALL.lexicon.number("missile")
    assert missile in first.found.seen
    assert missile not in last.found.seen
    assert len(first.found.text) <= 2 * READ * 18 + 1  # the longest that NFKC makes of one character
    assert assess(SMALL, make_entry("missile " + long)).entry == "e"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("New tar\u200biff on cars", "tar\u200biff"),
        ("ＮＥＷ　ＴＡＲＩＦＦ", "ＴＡＲＩＦＦ"),
        ("㍿日本の関\ufe0f税", "関\ufe0f税"),
        ("ﷺﷺ tariff", "tariff"),
        ("🙂🇯🇵tariff🙂", "tariff"),
        ("Тариф и tariff и 關税と関税", "tariff"),
        ("e\u0301e\u0301 tariff", "tariff"),
    ],
)
def test_evidence_is_quoted_as_it_was_written(text: str, words: str) -> None:
    (development,) = assess(SMALL, make_entry(text)).developments
    assert words in {each.text for each in development.evidence}
    assert all(text[each.start : each.end] == each.text for each in development.evidence)


@given(TEXTS, TEXTS)
@settings(max_examples=150, deadline=None)
def test_every_mention_slices_the_text_it_stands_in(title: str, summary: str) -> None:
    entry = make_entry(title, summary)
    look = look_at(SMALL, entry, "JPN")
    for mentions in look.found.mentions.values():
        for each in map(look.found.evidence, mentions):
            text = entry.title if each.field == "title" else entry.summary
            assert each.text
            assert text[each.start : each.end] == each.text


@given(TEXTS, TEXTS, st.sampled_from(["JPN", "USA", "KOR"]))
@settings(max_examples=100, deadline=None)
def test_what_is_at_hand_agrees_with_what_is_written_down(title: str, summary: str, host: str) -> None:
    found = look_at(SMALL, make_entry(title, summary, country="JPN"), host).found
    seen, named = set(found.seen), found.named()
    assert seen == found.mentions.keys()
    assert named == {found.actor(each) for each in found.everybody()}


def test_the_shipped_configuration_decides_alike_whatever_its_files_are_called() -> None:
    texts = read_texts(shipped("config"))
    parts = [name for name in texts if name.startswith(("rules/", "lexicon/"))]
    renamed = {f"{name.partition('/')[0]}/{len(parts) - number:03}.yaml": texts[name] for number, name in enumerate(parts)}
    first, second = compile_texts(texts), compile_texts({name: texts[name] for name in texts if name not in parts} | renamed)
    for rule in first.rules:
        for case in (*rule.spec.tests.match, *rule.spec.tests.ignore):
            entry = entry_of(case)
            assert dataclasses.replace(assess(first, entry), ruleset="") == dataclasses.replace(assess(second, entry), ruleset="")
