"""Bytes become text by the web's labels, by the bytes themselves where the labels lie, and never by an optional package."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.feeds.encoding import canonical, decode, without_declaration

NEC = "①㈱髙橋 ～"  # in cp932 and on the web, not in Python's shift_jis or euc_jp
KANJI = "米国への輸出と関税、カタカナも"


def document(text: str, label: str) -> str:
    return f'<?xml version="1.0" encoding="{label}"?><rss><title>{text}</title></rss>'


def euc_jp(text: str) -> bytes:
    """EUC-JP with the NEC and IBM characters, by way of cp932."""
    out = bytearray()
    for char in text:
        raw = char.encode("cp932")
        if len(raw) == 1:
            out += raw if raw[0] < 0x80 else b"\x8e" + raw
            continue
        lead, trail = raw
        row = (lead - (0x70 if lead < 0xA0 else 0xB0)) * 2 - (1 if trail < 0x9F else 0)
        cell = trail - (0x7E if trail >= 0x9F else 0x20 if trail > 0x7F else 0x1F)
        out += bytes((row | 0x80, cell | 0x80))
    return bytes(out)


@pytest.mark.parametrize("label", ["Shift_JIS", "shift-jis", "x-sjis", "Windows-31J", "MS_Kanji", "cp932"])
def test_shift_jis_is_cp932(label: str) -> None:
    text = document(NEC + KANJI, label)
    found = decode(text.encode("cp932"))
    assert (found.text, found.encoding) == (text, "shift_jis")


@pytest.mark.parametrize("label", ["EUC-JP", "x-euc-jp", "eucJP"])
def test_euc_jp_has_the_nec_characters(label: str) -> None:
    text = document("①㈱" + KANJI + "ｶﾅ", label)
    found = decode(euc_jp(text))
    assert (found.text, found.encoding) == (text, "euc-jp")


def test_euc_jp_agrees_with_python_where_python_can() -> None:
    assert decode(KANJI.encode("euc_jp"), content_type="text/xml; charset=euc-jp").text == KANJI


def test_iso_2022_jp_is_read_with_and_without_label() -> None:
    text = document(KANJI, "ISO-2022-JP")
    assert decode(text.encode("iso2022_jp")).text == text
    assert decode(KANJI.encode("iso2022_jp")).text == KANJI
    assert decode(b"\x1b$B-!\x1b(B", content_type="text/xml; charset=iso-2022-jp").text == "①"


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("GB2312", "gb18030", "中国商务部公告 镕"),
        ("Big5", "big5hkscs", "臺灣與香港"),
        ("EUC-KR", "cp949", "한국 외교부 똠"),
        ("ISO-8859-1", "cp1252", "“quoted” – café €"),
        ("us-ascii", "cp1252", "it’s"),
        ("windows-1251", "cp1251", "Москва"),
        ("windows-1250", "cp1250", "Łódź"),
        ("ISO-8859-15", "iso8859-15", "à 5 €"),
        ("KOI8-R", "koi8_r", "Новости"),
        ("TIS-620", "cp874", "ข่าว"),
        ("macintosh", "mac_roman", "naïve"),
        ("windows-1254", "cp1254", "İstanbul"),
    ],
)
def test_labels_mean_what_browsers_mean_by_them(label: str, codec: str, text: str) -> None:
    assert decode(document(text, label).encode(codec)).text == document(text, label)


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_unicode_with_and_without_mark(codec: str) -> None:
    text = document(KANJI, "utf-16" if "16" in codec else "utf-8")
    assert decode(text.encode(codec), content_type="text/xml; charset=iso-8859-1").text == text


def test_a_mark_beats_every_label() -> None:
    assert decode(document(KANJI, "Shift_JIS").encode("utf-8-sig"), content_type="text/xml; charset=euc-jp").encoding == "utf-8"


def test_the_header_beats_the_declaration() -> None:
    found = decode(document(KANJI, "EUC-JP").encode("cp932"), content_type="application/xml; charset=Shift_JIS")
    assert KANJI in found.text
    assert any("the HTTP header says shift_jis, the document says euc-jp" in problem for problem in found.problems)


def test_a_server_default_does_not_beat_a_document_that_knows_better() -> None:
    assert KANJI in decode(document(KANJI, "Shift_JIS").encode("cp932"), content_type="text/xml; charset=ISO-8859-1").text


def test_utf8_labelled_as_something_else_is_utf8_and_said_to_be() -> None:
    found = decode(document("café " + KANJI, "ISO-8859-1").encode())
    assert found.encoding == "utf-8"
    assert found.problems == ("labelled windows-1252, but the bytes are UTF-8",)


def test_a_japanese_label_on_utf8_bytes_is_not_believed() -> None:
    found = decode(document(KANJI, "Shift_JIS").encode())
    assert KANJI in found.text


@pytest.mark.parametrize("content_type", ["text/xml; charset=Shift_JIS", "text/xml"])
def test_a_japanese_label_on_bytes_of_the_other_japanese_encoding_is_not_believed(content_type: str) -> None:
    text = document("窓口の時間についてのお知らせ", "EUC-JP" if content_type != "text/xml" else "Shift_JIS")
    found = decode(text.encode("euc_jp"), content_type=content_type)
    assert (found.text, found.encoding) == (text, "euc-jp")
    assert any("shift_jis" in problem and "euc-jp" in problem for problem in found.problems)


@pytest.mark.parametrize(
    ("codec", "label", "content_type", "by"),
    [
        ("utf-8-sig", "utf-8", "text/xml; charset=utf-8", "its byte order mark"),
        ("utf-16-le", "utf-16", "text/xml", "its bytes"),
        ("utf-8", "utf-8", "text/xml; charset=utf-8", "the HTTP header"),
        ("utf-8", "utf-8", "text/xml", "the document"),
        ("utf-8", "Shift_JIS", "text/xml", "its bytes"),
        ("cp932", "Shift_JIS", "text/xml; charset=ISO-8859-1", "the document"),
        ("cp932", "utf-8", "text/xml; charset=Shift_JIS", "the HTTP header"),
        ("cp932", "utf-8", "text/xml", "its bytes"),
    ],
)
def test_what_told_the_encoding_is_told(codec: str, label: str, content_type: str, by: str) -> None:
    found = decode(document("窓口の時間についてのお知らせ", label).encode(codec), content_type=content_type)
    assert ("お知らせ" in found.text, found.by) == (True, by)


@pytest.mark.parametrize(("codec", "name"), [("cp932", "shift_jis"), ("euc_jp", "euc-jp")])
def test_a_server_default_does_not_beat_the_bytes_of_a_document_that_says_nothing(codec: str, name: str) -> None:
    text = "<rss><title>窓口の時間についてのお知らせ</title></rss>"
    found = decode(text.encode(codec), content_type="text/xml; charset=ISO-8859-1")
    assert (found.text, found.encoding) == (text, name)


@pytest.mark.parametrize("text", ["¤¢¤¢ Prix: 5 ¥ É©é, naïve café", "“Ça coûte 5 €” – Ærø, Übergrößenträger", "‚ƒ‚¡ ƒ"])
def test_western_text_with_odd_signs_stays_western(text: str) -> None:
    assert decode(text.encode("cp1252"), content_type="text/xml; charset=ISO-8859-1").text == text


def test_half_width_kana_are_shift_jis_where_the_label_says_so() -> None:
    text = document("ｵｼﾗｾ ﾏﾄﾞｸﾞﾁﾉｼﾞｶﾝ", "Shift_JIS")
    assert decode(text.encode("cp932")).text == text


@pytest.mark.parametrize(("codec", "name"), [("cp932", "shift_jis"), ("euc_jp", "euc-jp"), ("utf-8", "utf-8")])
def test_undeclared_japanese_is_recognised(codec: str, name: str) -> None:
    text = "<rss><title>" + KANJI * 3 + "についてのお知らせ</title></rss>"
    found = decode(text.encode(codec))
    assert (found.text, found.encoding) == (text, name)


def test_undeclared_western_bytes_are_windows_1252() -> None:
    assert decode("<rss>café “ok”</rss>".encode("cp1252")).text == "<rss>café “ok”</rss>"


def test_a_few_broken_bytes_do_not_spoil_a_document() -> None:
    found = decode(document(KANJI * 50, "UTF-8").encode() + b"\xe3\x81")
    assert KANJI in found.text
    assert found.encoding == "utf-8"
    assert "cannot be read as utf-8" in found.problems[0]


def test_an_unknown_label_is_named_and_the_bytes_are_asked() -> None:
    found = decode(document(KANJI, "klingon-8").encode())
    assert KANJI in found.text
    assert "klingon-8, which nobody knows" in found.problems[0]


def test_labels_that_are_no_text_encodings_are_refused() -> None:
    assert canonical("rot13") is None
    assert canonical("utf-7") is None
    assert canonical("base64") is None


def test_the_declaration_goes_once_it_is_no_longer_true() -> None:
    assert without_declaration('\ufeff<?xml version="1.0" encoding="x"?>\n<rss/>').strip() == "<rss/>"


@given(
    st.binary(max_size=200),
    st.sampled_from(["", "text/xml; charset=shift_jis", "a; charset=euc-jp", "a; charset=iso-2022-jp", "a;charset=???"]),
)
def test_any_bytes_can_be_decoded(raw: bytes, content_type: str) -> None:
    assert isinstance(decode(raw, content_type=content_type).text, str)


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0xFFFD, exclude_categories=("Cs",)), min_size=1, max_size=60))
def test_utf8_comes_back_whatever_the_label(text: str) -> None:
    body = f"<rss>{text}ひらがな</rss>"
    assert decode(body.encode(), content_type="text/xml; charset=iso-8859-1").text == body
