"""Stories, wording and two readers for the tests of digests and mails: our own words, in the shape that the pipeline gives them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from alerts.digests.audience import LeftOut, Match, Pick, Picked
from alerts.digests.compose import compose
from alerts.digests.digest import Digest, DigestKind
from alerts.digests.subscriber import Choices
from alerts.rules.assessment import Development, Evidence, Impact, NamedDate, Polarity, Term
from alerts.rules.levels import Level
from alerts.rules.schema import ConceptSpec, DevelopmentSpec, RuleSpec, SectorSpec, StageSpec
from alerts.rules.wording import Wording
from alerts.stories.story import Report, Story, Update

NOW = datetime(2026, 1, 2, 22, 5, tzinfo=UTC)
NAGOYA = Choices(sectors=(("automotive", Level.info), ("trade", Level.info)), countries=("USA",), alert_level=Level.watch, language="en")
TOKYO = Choices(sectors=(("finance", Level.info), ("technology", Level.info), ("visas", Level.info)), language="en")
_STAGES = {
    "mooted": ("under discussion", "検討段階"),
    "arranging": ("being arranged", "調整中"),
    "proposed": ("proposed", "提案・提出"),
    "announced": ("announced", "発表"),
    "adopted": ("adopted", "成立・決定"),
    "in-force": ("in force", "実施中"),
    "suspended": ("suspended or postponed", "停止・延期"),
    "reversed": ("withdrawn or lifted", "撤回・解除"),
    "denied": ("denied", "否定"),
}
_SECTORS = {
    "visas": ("Visas and residence", "ビザ・在留"),
    "finance": ("Finance", "金融"),
    "automotive": ("Automotive", "自動車"),
    "technology": ("Technology", "テクノロジー"),
    "trade": ("Trade", "貿易"),
}
_ACTORS = {"JPN": ("Japan", "日本"), "USA": ("the United States", "米国"), "CHN": ("China", "中国")}
_DEVELOPMENTS: dict[str, dict[str, Any]] = {
    "leader-call": {
        "name": ("Leaders' call", "首脳の電話会談"),
        "told": {
            "default": (
                "The leaders of {actors} spoke by phone or video link{when}.",
                "{actors}の首脳が電話またはビデオで会談しました{when}。",
            )
        },
        "why": {
            "automotive": (
                "The duty on cars made in Japan rests on a deal between the two governments, not on this call.",
                "日本車の関税は両政府の合意で決まるもので、この電話で変わることはありません。",
            ),
            "trade": (
                "A call decides nothing, but it can prepare a trade package.",
                "電話で決まることはありませんが、通商の合意の準備になることがあります。",
            ),
            "finance": ("Markets may move on a remark about the yen.", "円への発言で市場が動くことがあります。"),
            "technology": ("Chips and AI are often on the list.", "半導体やAIが議題になることがあります。"),
        },
        "watch": ("a date for a visit or a trade package is announced", "訪問の日程や通商の合意が発表される"),
    },
    "visit-arranged": {
        "name": ("Leader's visit planned", "首脳の訪問予定"),
        "told": {
            "default": ("A visit between the leaders of {actors} is planned{when}.", "{actors}の首脳の訪問が予定されています{when}。"),
            "arranging": (
                "A visit between the leaders of {actors} is being arranged{when}.",
                "{actors}の首脳の訪問に向けて調整が進んでいます{when}。",
            ),
        },
        "why": {
            "automotive": (
                "Such a visit is the usual moment to confirm or change car duties, so production plans may be discussed again around it.",
                "こうした訪問は自動車関税を確認し、または変える機会になりやすく、その前後に生産計画が見直されることがあります。",
            ),
            "trade": ("Governments like to sign on the day of a visit.", "政府は訪問の日に署名することが多いです。"),
        },
        "act": {
            "automotive": (
                "If your posting or bonus depends on US sales, ask your manager when the spring plan is fixed.",
                "赴任や賞与が米国向けの販売に左右される場合は、春の計画がいつ決まるか上司に聞いてください。",
            )
        },
        "watch": ("a date, a trade package or a change of duty is announced", "日程、通商の合意、関税の変更が発表される"),
    },
    "visa-rule-change": {
        "name": ("Residence rule or fee", "在留の規則・手数料"),
        "told": {
            "default": (
                "A change to a rule or fee for residents was announced{when}.",
                "在留の規則または手数料の変更が発表されました{when}。",
            ),
            "proposed": ("A bill to change residence fees was put forward{when}.", "在留手数料を変える法案が出されました{when}。"),
        },
        "why": {
            "visas": (
                "If you renew, change status or apply for permanent residence, the start date decides which fee you pay.",
                "更新、変更、永住の申請をする場合、始まる日によって手数料が変わります。",
            ),
            "finance": (
                "Employers may pay or share the fee; ask before you file.",
                "会社が手数料を負担することがあります。申請の前に聞いてください。",
            ),
        },
        "act": {
            "visas": (
                "File as soon as your window opens: three months before the expiry date on your card.",
                "在留カードの期限の3か月前になったら、早めに申請してください。",
            )
        },
        "watch": ("the amounts or the start date are fixed", "金額または始まる日が決まる"),
    },
    "tariff-imposed": {
        "name": ("Import duty raised", "輸入関税の引き上げ"),
        "told": {
            "default": (
                "{actors}: a higher import duty was announced{when}.",
                "{actors}に関わる輸入関税の引き上げが発表されました{when}。",
            ),
            "in-force": ("{actors}: a higher import duty is in force{when}.", "{actors}に関わる輸入関税の引き上げが始まりました{when}。"),
        },
        "why": {
            "automotive": (
                "Car and parts makers adjust production and overtime when the duty rises.",
                "関税が上がると、自動車や部品の生産と残業が調整されます。",
            ),
            "trade": ("Customers abroad pay more from the start date on.", "始まる日から、海外の客の支払いが増えます。"),
            "finance": ("The yen and Tokyo shares can move the same day.", "円と東京の株価が同じ日に動くことがあります。"),
        },
        "act": {
            "trade": ("Check which of your shipments arrive after the start date.", "始まる日のあとに着く荷物を確かめてください。"),
        },
        "watch": ("the duty is changed, suspended or challenged in court", "関税の変更や停止、裁判がある"),
    },
    "summit": {
        "name": ("Leaders' meeting", "首脳会談"),
        "told": {"default": ("The leaders of {actors} met in person{when}.", "{actors}の首脳が会談しました{when}。")},
        "why": {"automotive": ("Car duties are the usual subject.", "自動車関税がよく議題になります。")},
        "watch": ("a trade package or a change of duty is announced", "通商の合意や関税の変更が発表される"),
    },
    "court-ruling": {
        "name": ("Court ruling", "判決"),
        "told": {
            "default": (
                "A high court ruled on a measure of policy ({actors}){when}.",
                "上級の裁判所が政策上の措置について判断しました（{actors}）{when}。",
            )
        },
        "why": {"finance": ("Money already paid may be refunded.", "支払い済みの金額が戻ることがあります。")},
        "watch": ("an appeal is filed", "上訴がある"),
    },
    "rate-decision": {
        "name": ("Central bank decision", "中央銀行の決定"),
        "told": {
            "default": (
                "The central bank of {actors} announced its policy rate{when}.",
                "{actors}の中央銀行が政策金利を発表しました{when}。",
            )
        },
        "why": {
            "finance": ("Variable-rate loans follow the policy rate with a delay.", "変動金利のローンは、遅れて政策金利に連動します。")
        },
        "watch": ("the rate is changed", "金利が変わる"),
    },
}


def two(pair: tuple[str, str]) -> dict[str, str]:
    return {"en": pair[0], "ja": pair[1]}


def wording() -> Wording:
    """A small configuration of its own, so that an admin's edits of the shipped one break no golden file."""
    developments = {
        name: DevelopmentSpec.model_validate(
            {
                "id": name,
                "name": two(spec["name"]),
                "family": "sample",
                "definition": name,
                "ceiling": "act",
                "impact": {"trade": "info"},
                "told": {stage: two(text) for stage, text in spec["told"].items()},
                "why": {sector: two(text) for sector, text in spec["why"].items()},
                "act": {sector: {"en": [text[0]], "ja": [text[1]]} for sector, text in spec.get("act", {}).items()},
                "watch": two(spec["watch"]),
            }
        )
        for name, spec in _DEVELOPMENTS.items()
    }
    return Wording(
        sectors={name: SectorSpec.model_validate({"id": name, "name": two(pair), "about": two(pair)}) for name, pair in _SECTORS.items()},
        stages={
            name: StageSpec.model_validate({"id": name, "name": two(pair), "shift": 0, "rank": rank})
            for rank, (name, pair) in enumerate(_STAGES.items())
        },
        developments=developments,
        rules={
            name: RuleSpec.model_validate({"id": name, "title": title, "development": name, "when": "$x", "actors": supposed})
            for name, title, supposed in (
                ("leader-call", {"en": "Leaders' calls with Japan", "ja": "日本との首脳の電話会談"}, ()),
                ("visit-arranged", "Leaders' visits to and from Japan", ()),
                ("summit", "Leaders' meetings with Japan", ()),
                ("visa-rule-change", "Residence fees and rules", ()),
                ("tariff-imposed", "US duties on goods from Japan", ()),
                ("court-ruling", "Courts on tariffs", ("JPN",)),
                ("rate-decision", "Bank of Japan decisions", ()),
            )
        },
        concepts={
            name: ConceptSpec.model_validate({"kind": "actor", "actor": code, "name": two(pair)})
            for code, pair in _ACTORS.items()
            for name in (code.lower(),)
        },
    )


def impact(sector: str, level: Level, development: str, *terms: tuple[str, int]) -> Impact:
    summands = terms or (("base", int(level)),)
    return Impact(sector, level, Level.act, development, development, tuple(Term(name, value, name) for name, value in summands))


def report(entry: str, outlet: str, title: str, at: datetime, *language: str, kind: str = "press") -> Report:
    return Report(entry, outlet, title, f"https://news.example.com/{entry}", next(iter(language), "en"), at, kind)


def development(type_: str, stage: str, actors: tuple[str, ...], *words: str, polarity: Polarity = "neutral") -> Development:
    evidence = tuple(Evidence("title", 0, len(word), word, type_) for word in words)
    return Development(type_, stage, polarity, actors, type_, evidence)  # type: ignore[arg-type]


def story(
    name: str, developments: tuple[Development, ...], impacts: tuple[Impact, ...], reports: tuple[Report, ...], *dates: NamedDate
) -> Story:
    actors = tuple(sorted({actor for one in developments for actor in one.actors}))
    moments = [one.published for one in reports]
    return Story(name, min(moments), max(moments), developments, impacts, dates, actors, reports, told=True, version=1)


def picked(story: Story, choices: Choices, *kinds: str, number: int = 1) -> Pick:
    """The pick that an audience of these choices would get."""
    followed = dict(choices.sectors)
    matches = [Match(one.sector, one.level, followed[one.sector], one) for one in story.impacts if one.sector in followed]
    matches.sort(key=lambda match: -match.level)
    updates = tuple(
        Update(story.id, kind, story.reports[-1].entry, story.changed, matches[0].level, number=number + offset)  # type: ignore[arg-type]
        for offset, kind in enumerate(kinds or ("new",))
    )
    return Pick(story, updates, matches[0].level, tuple(matches))


SPRING = NamedDate("next", date(2026, 3, 1), date(2026, 5, 31), "今春")
CALL = story(
    "call",
    (
        development("leader-call", "announced", ("JPN", "USA"), "speaks by phone", "電話会談"),
        development("visit-arranged", "arranging", ("JPN", "USA"), "訪米", "調整"),
    ),
    (
        impact("automotive", Level.watch, "visit-arranged", ("base", 1), ("stage", 0), ("size", 1)),
        impact("trade", Level.info, "leader-call"),
        impact("finance", Level.info, "leader-call"),
        impact("technology", Level.info, "leader-call"),
    ),
    (
        report(
            "c1", "Sample Wire", "Japan's prime minister speaks by phone with the US president", datetime(2026, 1, 2, 13, 40, tzinfo=UTC)
        ),
        report("c2", "サンプル新聞", "日米首脳が電話会談 今春の訪米で一致", datetime(2026, 1, 2, 15, 15, tzinfo=UTC), "ja"),
    ),
    SPRING,
)
FEES = story(
    "fees",
    (development("visa-rule-change", "proposed", ("JPN",), "residence permit fees", "手数料", polarity="tightening"),),
    (
        impact("visas", Level.prepare, "visa-rule-change", ("base", 3), ("size", 1), ("stage", -1)),
        impact("finance", Level.info, "visa-rule-change"),
    ),
    (
        report(
            "f1",
            "Sample Government Notices",
            "Bill on residence permit fees sent to the Diet",
            datetime(2026, 1, 2, 2, 0, tzinfo=UTC),
            kind="official",
        ),
        report(
            "f2", "サンプル新聞", "在留手続きの手数料上限を引き上げ 入管法改正案を閣議決定", datetime(2026, 1, 2, 3, 30, tzinfo=UTC), "ja"
        ),
    ),
    NamedDate("next", date(2026, 1, 23), date(2026, 1, 23), "23 January"),
    NamedDate("effective", date(2026, 4, 1), date(2027, 3, 31), "fiscal 2026"),
)
DUTY = story(
    "duty",
    (development("tariff-imposed", "announced", ("JPN", "USA"), "10% tariff", "追加関税", polarity="tightening"),),
    (
        impact("automotive", Level.act, "tariff-imposed", ("base", 3), ("size", 1)),
        impact("trade", Level.prepare, "tariff-imposed"),
        impact("finance", Level.watch, "tariff-imposed"),
    ),
    (report("d1", "Sample Wire", "Proclamation puts a 10% duty on imports from all countries", datetime(2026, 1, 1, 20, 0, tzinfo=UTC)),),
    NamedDate("effective", date(2026, 1, 24), date(2026, 1, 24), "24 January"),
)
MET = replace(
    CALL,
    developments=(*CALL.developments, development("summit", "announced", ("JPN", "USA"), "met in Washington")),
    impacts=(impact("automotive", Level.watch, "summit"), *CALL.impacts[1:]),
)
"""The leaders of CALL have met."""
COURT = story(
    "court",
    (development("court-ruling", "announced", ("JPN", "USA"), "Supreme Court", "strikes down"),),
    (impact("finance", Level.watch, "court-ruling"),),
    (report("k1", "Sample Wire", "Supreme Court strikes down emergency duties", datetime(2026, 1, 2, 16, 0, tzinfo=UTC)),),
)
RATE = story(
    "rate",
    (development("rate-decision", "announced", ("JPN",), "policy rate"),),
    (impact("finance", Level.info, "rate-decision", ("base", 3), ("size", -2)),),
    (report("r1", "Bank of Japan", "Statement on Monetary Policy", datetime(2026, 1, 2, 3, 0, tzinfo=UTC), kind="official"),),
)


def alert(choices: Choices = NAGOYA, one: Story = CALL, *, late: bool = False) -> Digest:
    """An alert of one story."""
    chosen = Picked((picked(one, choices),), ())
    return compose("alert", chosen, choices, wording(), edition=f"alert:{one.id}:1", now=NOW, late=late)


def digest(
    choices: Choices = NAGOYA,
    stories: tuple[Story, ...] = (DUTY, CALL),
    quiet: tuple[Story, ...] = (),
    kind: DigestKind = "daily",
    **values: Any,
) -> Digest:
    """A digest of these stories in the order of their levels; one more was left out."""
    picks = sorted((picked(one, choices, number=10 * number) for number, one in enumerate(stories, 1)), key=lambda pick: pick.rank)
    left_out = (LeftOut(RATE, "below-threshold", "below", Level.info), LeftOut(FEES, "nothing-new", "told"))
    name = "weekly:2026-W01" if kind == "weekly" else "daily:2026-01-03"
    return compose(kind, Picked(tuple(picks), left_out), choices, wording(), edition=name, now=NOW, quiet_stories=quiet, **values)


def many(count: int) -> tuple[Story, ...]:
    """Stories that differ in name and age only, newest first."""
    return tuple(
        story(
            f"rate{number:02d}",
            RATE.developments,
            RATE.impacts,
            (report(f"m{number}", "Bank of Japan", f"Statement {number}", NOW - timedelta(hours=number), kind="official"),),
        )
        for number in range(count)
    )
