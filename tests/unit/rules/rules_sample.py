"""A small configuration of the tests' own, so that engine tests do not move when the shipped rules do."""

from __future__ import annotations

from datetime import UTC, datetime

from alerts.feeds.entry import Entry, Source
from alerts.text import is_japanese

SECTORS = """
- {id: trade, name: {en: Trade, ja: 貿易}, about: {en: Trade}}
- {id: safety, name: {en: Safety, ja: 安全}, about: {en: Safety}}
- {id: visas, name: {en: Visas, ja: 在留資格}, about: {en: Visas}}
"""
STAGES = """
- {id: mooted, name: {en: under discussion, ja: 検討中}, shift: -1, rank: 0, hedge: true,
   cues: {en: [consider, may, mull], ja: [検討, 方針, 見通し]}}
- {id: arranging, name: {en: being arranged, ja: 調整中}, shift: -1, rank: 1, hedge: true, cues: {en: [arrange], ja: [調整]}}
- {id: proposed, name: {en: proposed, ja: 提案}, shift: 0, rank: 2, cues: {en: [submit], ja: [提出]}}
- {id: announced, name: {en: announced, ja: 発表}, shift: 0, rank: 3, cues: {en: [announce], ja: [発表]}}
- {id: adopted, name: {en: adopted, ja: 成立}, shift: 0, rank: 4, cues: {en: [enact, pass], ja: [成立]}}
- {id: in-force, name: {en: in force, ja: 施行}, shift: 0, rank: 5, cues: {en: [take effect], ja: [施行, 発動]}}
- {id: suspended, name: {en: put off, ja: 見送り}, shift: -1, rank: 6, hedge: true, cues: {en: [postpone, suspend], ja: [見送り, 延期]}}
- {id: reversed, name: {en: withdrawn, ja: 撤回}, shift: 0, rank: 7, opposite: true, cues: {en: [withdraw, lift], ja: [撤回]}}
- {id: denied, name: {en: denied, ja: 否定}, shift: -1, rank: 8, hedge: true, ceiling: info, cues: {en: [deny], ja: [否定]}}
"""
DEVELOPMENTS = """
- id: tariff-imposed
  name: {en: Tariff raised, ja: 関税引き上げ}
  family: trade
  definition: A duty is raised.
  ceiling: act
  polarity: tightening
  impact: {trade: prepare, visas: none}
  clock: true
  told: {default: {en: "{actors} raised duties{when}.", ja: "{actors}が関税を上げました。"}}
  why: {trade: {en: Goods cost more., ja: 物価が上がります。}}
  watch: {en: a date is set, ja: 日付が決まる}
- id: missile-launch
  name: {en: Missile launched, ja: ミサイル発射}
  family: security
  definition: A missile is launched.
  ceiling: act
  impact: {safety: prepare, trade: info}
  told: {default: {en: A missile was launched.}}
  why: {safety: {en: Take cover.}, trade: {en: Ships change course.}}
  watch: {en: another launch}
"""
LEXICON = """
japan:
  kind: actor
  actor: JPN
  name: {en: Japan, ja: 日本}
  en: [Japan, Japanese]
  ja: [日本]
  kanji: 日
  languages: [ja]
  neighbours: [KOR, PRK]
  implied_by: [government]
  leaders: [{en: Hanako Sample, ja: 見本花子, aliases: [Sample], role: national-leader, from: 2025-01-01, to: 2026-06-30}]
united-states: {kind: actor, actor: USA, name: {en: the United States, ja: アメリカ},
  en: [US, U.S., United States], ja: [米国], kanji: 米, reject: {ja: [備蓄米, 南米]}}
china: {kind: actor, actor: CHN, en: [China, Chinese], ja: [中国], kanji: 中, reject: {ja: [中国地方]}}
south-korea: {kind: actor, actor: KOR, en: [South Korea, Korea], ja: [韓国], kanji: 韓}
north-korea: {kind: actor, actor: PRK, en: [North Korea], ja: [北朝鮮]}
india: {kind: actor, actor: IND, en: [India], ja: [インド]}
indonesia: {kind: actor, actor: IDN, en: [Indonesia], ja: [インドネシア]}
thailand: {kind: actor, actor: THA, en: [Thailand], ja: [タイ], edge: katakana}
quad: {kind: actor, actor: QUAD, type: bloc, en: [the Quad], members: [JPN, USA, IND]}
weather-agency: {kind: institution, of: JPN, official: true, en: [=Weather Agency], ja: [見本気象庁]}
government: {kind: context, en: [the government], ja: [政府]}
national-leader: {kind: context, en: [prime minister, president], ja: [首相, 大統領]}
tariff: {kind: cue, en: [tariff, import duty], ja: [関税], reject: {en: [electricity tariff], ja: [税関]}}
levy: {kind: cue, en: [levy], includes: [tariff]}
missile: {kind: cue, en: [missile], ja: [ミサイル]}
easing: {kind: cue, en: [ease, relief], ja: [緩和]}
sport: {kind: context, en: [=World Cup, basketball], ja: [サッカー]}
places: {kind: mask, en: [Tariff Street], ja: [関税通り]}
unnamed-source: {kind: context, en: [sources say], ja: [関係者]}
"""
RULES = """
- id: tariff
  title: Tariffs
  development: tariff-imposed
  when: {all: [$tariff]}
  sizes:
    - {size: exceptional, when: {re: '[2-9][0-9] ?(%|percent)'}, reason: twenty percent or more}
    - {size: routine, when: unchanged}
  tests: {match: [New tariff on cars], ignore: [New tax on cars]}
- id: missile
  title: Missiles
  development: missile-launch
  when: {all: [$missile]}
  despite: [sport]
- id: sport
  kind: discard
  title: Sport
  when: {any: [$sport]}
"""
FILES = {
    "sectors.yaml": SECTORS,
    "stages.yaml": STAGES,
    "developments.yaml": DEVELOPMENTS,
    "lexicon/all.yaml": LEXICON,
    "rules/all.yaml": RULES,
}


def make_entry(
    title: str, summary: str = "", *, published: str = "2026-02-01", kind: str = "press", country: str = "", language: str = ""
) -> Entry:
    """Make an entry; its language is told by its script."""
    language = language or ("ja" if is_japanese(title + summary) else "en")
    source = Source("s", "s", kind, country, language)  # type: ignore[arg-type]
    return Entry("e", source, "", title, summary, datetime.fromisoformat(published).replace(tzinfo=UTC), language, outlet="s")
