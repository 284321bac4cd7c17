"""An aggregator's headline is the outlet's, and the outlet's name behind it is no part of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from alerts.feeds.entry import Source
from alerts.feeds.outlet import part_outlet
from alerts.feeds.parse import parse
from alerts.stories.independent import confirmed
from alerts.stories.story import Report

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)

BEHIND = {
    "Fees rise in April - Reuters": ("Fees rise in April", "Reuters"),
    "Fees rise in April - Bloomberg.com": ("Fees rise in April", "Bloomberg.com"),
    "Fees rise in April – The Town Times": ("Fees rise in April", "The Town Times"),
    "四月に手数料が上がる（港町新聞）": ("四月に手数料が上がる", "港町新聞"),
    "四月に手数料が上がる(時事通信)": ("四月に手数料が上がる", "時事通信"),
    "四月に手数料が上がる (ロイター)": ("四月に手数料が上がる", "ロイター"),
    "四月に手数料が上がる（ＮＨＫ）": ("四月に手数料が上がる", "ＮＨＫ"),
    "四月に手数料が上がる（全文）": ("四月に手数料が上がる（全文）", ""),
    "四月に手数料が上がる（山田太郎）": ("四月に手数料が上がる（山田太郎）", ""),
    "Fees rise - and what it means": ("Fees rise - and what it means", ""),
    "Trump - Xi talks": ("Trump - Xi talks", ""),
    "（港町新聞）": ("（港町新聞）", ""),
    "": ("", ""),
}


@pytest.mark.parametrize("title", BEHIND)
def test_an_outlet_behind_a_headline_is_parted_from_it(title: str) -> None:
    assert part_outlet(title, "") == BEHIND[title]


def test_what_the_document_names_goes_before_what_looks_like_a_name() -> None:
    assert part_outlet("Fees rise - Minato Dispatch", "Minato Dispatch") == ("Fees rise", "Minato Dispatch")
    assert part_outlet("Fees rise - Reuters", "Minato Dispatch") == ("Fees rise - Reuters", "Minato Dispatch")
    assert part_outlet("Fees rise", "Minato Dispatch") == ("Fees rise", "Minato Dispatch")


def report(kind: str, publisher: str, title: str) -> Report:
    text = f"<rss><channel><title>F</title><item><title>{title}</title><link>http://{kind}.example/1</link></item></channel></rss>"
    source = Source(kind, publisher, kind)  # type: ignore[arg-type]
    entry = parse(text.encode(), content_type="", url="", feed_source=source, timezone="UTC", now=NOW).entries[0]
    told = "press" if entry.source.kind == "aggregator" and entry.outlet else entry.source.kind
    return Report(entry.id, entry.credit(), entry.title, entry.url, entry.language, entry.published, told)


def test_an_aggregator_and_the_outlet_it_repeats_are_one_source() -> None:
    own = report("press", "港町新聞", "四月に手数料が上がる")
    repeated = report("aggregator", "まとめ", "手数料、四月に値上げ（港町新聞）")
    assert (repeated.outlet, repeated.title) == ("港町新聞", "手数料、四月に値上げ")
    assert not confirmed([own, repeated])
    assert confirmed([own, report("aggregator", "まとめ", "手数料、四月に値上げ（山手通信）")])
    assert not confirmed([own, report("aggregator", "まとめ", "手数料、四月に値上げ")]), "it names none, so it confirms nothing"
    assert report("press", "港町新聞", "手数料（港町新聞）").title == "手数料（港町新聞）", "a newspaper's own headline is left as it is"
