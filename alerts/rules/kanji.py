"""One-kanji country names, which Japanese headlines glue to what follows: 日米首脳, 訪中, 米政府. Never found alone (HANDBOOK §3.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from alerts.text import is_kanji, is_katakana

PREFIXES = ("訪", "対", "駐", "在", "親", "反", "渡", "離")
SUFFIXES = (
    "大統領", "副大統領", "首相", "政府", "政権", "軍", "側", "外相", "外務省", "国防長官", "国防相", "国防総省", "国務長官", "国務省",
    "財務長官", "財務省", "商務省", "商務長官", "通商代表", "当局", "議会", "関税", "上院", "下院", "連邦", "海軍", "空軍", "最高裁",
    "高官", "国債", "外交", "大使", "当局者", "特使", "代表団", "国防", "長官", "首脳", "企業", "市場", "経済", "、", "・",
    "新大統領", "新首相", "副首相", "資源相", "貿易相", "財務相", "経済相", "産業相", "内相", "農務長官", "運輸長官", "司法長官",
    "エネルギー長官", "財務次官", "国防次官", "国務次官", "国務副長官", "商務次官",
    "債務", "財政", "中銀", "消費者", "雇用", "物価", "司法省", "移民", "ビザ", "入国", "入管", "国境", "国民", "税制", "減税", "規制",
    "制裁",
)  # fmt: skip
AFTER_RUN = (
    "首脳", "外相", "外務", "防衛", "国防", "財務", "経済", "貿易", "通商", "閣僚", "高官", "会談", "協議", "関係", "同盟", "合意",
    "両", "間", "電話", "共同", "政府", "交渉", "対立", "対話", "協力", "摩擦", "協定", "条約", "軍", "安保", "安全保障", "国境",
    "実務者", "局長", "次官", "大統領", "首相", "の首脳", "の外相", "租税", "社会保障", "沿岸", "合同", "トップ", "衝突", "戦争",
    "停戦", "和平", "演習", "歴訪", "核", "投資", "産業", "船", "艦", "爆撃機",
)  # fmt: skip
KATAKANA = tuple(chr(code) for code in range(0x30A1, 0x30FB))
_PLACE_OR_OFFICE = re.compile(
    r"[ァ-ヺー・]{2,16}(?:州|市|郡|県|島|半島|空港|湾|沖|[新前元副]?(?:首相|大統領)|外相|国防相|財務相|政権|(?:国務|国防|財務|商務)?長官|省|庁|知事)"
)
"""A foreign name that says what it is: a place (米カリフォルニア州) or somebody in office (英スターマー首相)."""
_AMBIGUOUS = frozenset({"日中", "中日", "朝日", "土日", "日土", "日比", "日西", "中西", "中比", "日加", "日台", "中台", "日仏"})
_AFTER_PAIR = ("、", "が", "は", "で", "の", "も", "と", " ", "「", "・")
_NOT_BEFORE_RUN = "前当翌同本今毎連終平休祝期数半"
_NOT_BEFORE = {"対": "絶反相敵応", "在": "存現滞自不所健", "反": "違背離", "親": "両父母肉", "渡": "引譲", "離": "分距隔"}
_MAY_STAND_BEFORE = "前元現対訪駐在新各両同"


def glued(kanji: str) -> Iterator[tuple[str, int]]:
    """Yield every text that a one-kanji name is recognised in, with the kanji's place in it."""
    for prefix in PREFIXES:
        yield prefix + kanji, 1
    for suffix in SUFFIXES:
        yield kanji + suffix, 0
    if not is_katakana(kanji):
        for sign in KATAKANA:
            yield kanji + sign, 0


def stands(text: str, start: int, place: int, names: Mapping[str, str]) -> bool:
    """True if a glued text at `start` is no part of another word: 対中 in 絶対中止, 日側 in 毎日側, 日首相 in 19日首相, 中、 in 進む中.

    Before katakana a name stands for its country only where the foreign name says what it is: 米カリフォルニア州, but not 米メタ.
    """
    if not place and is_katakana(text[start + 1]) and not _PLACE_OR_OFFICE.match(text, start + 1):
        return False
    if start == 0:
        return True
    before = text[start - 1]
    if place:
        return before not in _NOT_BEFORE.get(text[start], "")
    if is_katakana(before) and is_katakana(text[start]):  # ロ in 消費税ゼロ、 and ユーロ経済
        return False
    if text.startswith(("、", "・"), start + 1) and "\u3041" <= before <= "\u3096":  # hiragana: 交渉が進む中、
        return False
    return not (is_kanji(before) and before not in names and before not in _MAY_STAND_BEFORE) and not before.isdigit()


def in_run(text: str, start: int, end: int, names: Mapping[str, str]) -> bool:
    """True if a pair of names belongs to a run of two to four that is followed by what countries do together (日米韓首脳), or stands by
    itself and means nothing else (日印、)."""
    first, last = start, end
    while first and text[first - 1] in names:
        first -= 1
    while last < len(text) and text[last] in names:
        last += 1
    if last - first > 4 or (first and (text[first - 1].isdigit() or text[first - 1] in _NOT_BEFORE_RUN)):
        return False
    if text.startswith(AFTER_RUN, last):
        return True
    return text[first:last] not in _AMBIGUOUS and (last == len(text) or text.startswith(_AFTER_PAIR, last))
