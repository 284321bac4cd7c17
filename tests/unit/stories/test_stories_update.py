"""What is new in a story, and what is only one more source."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.feeds.entry import Entry
from alerts.rules.assessment import Assessment, Development, Term
from alerts.rules.levels import Level
from alerts.stories.story import Story, Update
from alerts.stories.update import tell

CALL, VISIT, SPRING = "leader-call:announced", "visit-arranged:arranging", "2026-03-01/2026-05-31"


def thread(*told: tuple[Entry, Assessment]) -> tuple[Story, list[Update | None]]:
    """Tell the entries as one story."""
    story: Story | None = None
    updates = []
    for entry, assessment in told:
        story, update = tell(story, entry, assessment, at=entry.published.astimezone(UTC), quiet=False)
        updates.append(update)
    assert story is not None
    return story, updates


def kinds(updates: list[Update | None]) -> list[str]:
    return [update.kind if update else "" for update in updates]


def test_the_leaders_call_is_news_in_at_most_three_daily_digests(entry, found) -> None:
    """The call of January 2026, told over eleven weeks in two languages: digests at 07:00, three of them with something to say."""
    told = []
    for title, at, kinds_, dates in [
        ("高市首相、トランプ大統領と今夜電話会談へ", "2026-01-02 10:20", "leader-call:arranging", ()),
        ("Leaders of Japan and the US to speak by phone tonight", "2026-01-02 11:05", "leader-call:arranging", ()),
        ("Takaichi speaks with Trump by phone", "2026-01-02 22:40", CALL, ()),
        ("日米首脳が電話会談 今春の訪米で一致", "2026-01-03 00:15", f"{CALL} {VISIT}", (SPRING,)),
        ("Trump invites Takaichi to Washington in spring", "2026-01-03 09:00", f"{CALL} {VISIT}", (SPRING,)),
        ("高市首相の訪米、3月20日前後で調整", "2026-01-18 08:00", VISIT, ("2026-03-15/2026-03-25",)),
        ("Takaichi to visit Washington on 19 March", "2026-02-06 08:10", "visit-arranged:announced", ("2026-03-19",)),
        ("高市首相、3月19日に訪米へ", "2026-02-06 09:10", "visit-arranged:announced", ("2026-03-19",)),
        ("日米首脳がワシントンで会談", "2026-03-20 06:30", "summit:announced", ()),
        ("Takaichi and Trump meet in Washington", "2026-03-20 07:30", "summit:announced", ()),
    ]:
        one = entry(title, at)
        told.append((one, found(one, kinds_, {"trade": 1}, dates=dates)))
    story, updates = thread(*told)
    assert kinds(updates) == ["new", "source", "stage", "date", "source", "source", "stage", "source", "stage", "source"]
    digests = {(update.at + timedelta(hours=9 - 7)).date() for update in updates if update and update.material}
    assert len(digests) == 3
    assert [f"{one.type} {one.stage}" for one in story.developments] == [
        "leader-call announced",
        "visit-arranged announced",
        "summit announced",
    ]
    assert [one.first.isoformat() for one in story.dates] == ["2026-03-19"]


@pytest.mark.parametrize(
    ("before", "after", "kind", "stands"),
    [
        pytest.param("mooted", "proposed", "stage", "proposed", id="a further stage"),
        pytest.param("announced", "announced", "source", "announced", id="the same stage"),
        pytest.param("adopted", "proposed", "source", "adopted", id="an outlet that is behind"),
        pytest.param("mooted", "denied", "stage", "denied", id="denied"),
        pytest.param("adopted", "denied", "source", "adopted", id="what is decided cannot be denied"),
        pytest.param("in-force", "reversed", "stage", "reversed", id="reversed"),
        pytest.param("announced", "suspended", "stage", "suspended", id="suspended"),
        pytest.param("suspended", "announced", "source", "suspended", id="an outlet that missed the suspension"),
        pytest.param("suspended", "in-force", "stage", "in-force", id="taken up again"),
        pytest.param("reversed", "suspended", "source", "reversed", id="no way back by half"),
        pytest.param("denied", "announced", "stage", "announced", id="denied and yet announced"),
    ],
)
def test_stages(entry, found, *, before: str, after: str, kind: str, stands: str) -> None:
    first, second = entry("Visa fee", "2026-01-02 10:00"), entry("Visa fee again", "2026-01-05 10:00")
    story, updates = thread(
        (first, found(first, f"visa-rule-change:{before}", {"visas": 2})),
        (second, found(second, f"visa-rule-change:{after}", {"visas": 2})),
    )
    assert kinds(updates) == ["new", kind]
    assert story.developments[0].stage == stands


def test_an_older_report_that_comes_late_undoes_nothing(entry, found) -> None:
    news, late = entry("Tariff in force", "2026-01-05 10:00"), entry("Tariff suspended", "2026-01-04 10:00")
    story, updates = thread(
        (news, found(news, "tariff-imposed:in-force", {"trade": 3})), (late, found(late, "tariff-imposed:suspended", {"trade": 2}))
    )
    assert kinds(updates) == ["new", "source"]
    assert story.developments[0].stage == "in-force"


@pytest.mark.parametrize(
    ("known", "told", "kind"),
    [
        pytest.param((), "2026-03-19", "date", id="first date"),
        pytest.param((SPRING,), "2026-03-01/2026-03-31", "source", id="a season becomes a month"),
        pytest.param(("2026-03-15/2026-03-25",), "2026-03-19", "date", id="the first fixed day"),
        pytest.param(("2026-03-19",), SPRING, "source", id="an outlet that is vaguer"),
        pytest.param(("2026-03-19",), "2026-03-19", "source", id="the same day"),
        pytest.param(("2026-03-19",), "2026-04-02", "date", id="put off to another day"),
        pytest.param((), "2026-01-02", "source", id="a day that is over"),
    ],
)
def test_dates(entry, found, known: tuple[str, ...], told: str, kind: str) -> None:
    first, second = entry("Visit", "2026-01-02 10:00"), entry("Visit again", "2026-01-03 10:00")
    _, updates = thread(
        (first, found(first, VISIT, {"trade": 1}, dates=known)), (second, found(second, VISIT, {"trade": 1}, dates=(told,)))
    )
    assert kinds(updates) == ["new", kind]


def test_a_higher_level_is_for_the_sectors_where_it_rose(entry, found) -> None:
    first, second = entry("Tariff"), entry("Tariff of 25 percent")
    story, updates = thread(
        (first, found(first, "tariff-imposed:announced", {"trade": 2, "automotive": 2})),
        (second, found(second, "tariff-imposed:announced", {"trade": 2, "automotive": 3})),
    )
    assert kinds(updates) == ["new", "level"]
    assert updates[1] is not None
    assert updates[1].sectors == ("automotive",)
    assert updates[1].note == "level automotive prepare"
    assert story.level == Level.prepare


def test_a_lower_level_is_only_a_source(entry, found) -> None:
    first, second = entry("Tariff"), entry("Tariff, again")
    story, updates = thread(
        (first, found(first, "tariff-imposed:announced", {"trade": 3})), (second, found(second, "tariff-imposed:announced", {"trade": 2}))
    )
    assert kinds(updates) == ["new", "source"]
    assert story.level == Level.prepare


class TestActNeedsEvidence:
    """`act` needs an official source or two independent publishers."""

    capped = (Term("cap", -1, "act needs an official source or two independent publishers"),)

    def test_one_paper_alone_stays_where_the_rules_capped_it(self, entry, found) -> None:
        one = entry("Tsunami warning")
        assert thread((one, found(one, "disaster:in-force", {"safety": 4}, terms=self.capped)))[0].level == Level.prepare

    def test_the_second_publisher_lifts_the_cap_and_that_is_news(self, entry, found) -> None:
        one, two = entry("Tsunami warning"), entry("Wave of three metres expected", outlet="Sample Post")
        story, updates = thread(
            (one, found(one, "disaster:in-force", {"safety": 4}, terms=self.capped)), (two, found(two, "disaster:in-force", {"safety": 2}))
        )
        assert kinds(updates) == ["new", "level"]
        assert story.level == Level.act
        assert [term.name for term in story.impacts[0].terms] == ["base"]

    def test_an_official_source_lifts_it(self, entry, found) -> None:
        one, two = entry("Tsunami warning"), entry("Notice of a tsunami warning", outlet="Sample Agency", kind="official")
        story, _ = thread(
            (one, found(one, "disaster:in-force", {"safety": 4}, terms=self.capped)), (two, found(two, "disaster:in-force", {"safety": 2}))
        )
        assert story.level == Level.act

    def test_so_does_a_report_that_rests_on_an_authority(self, entry, found) -> None:
        one, two = entry("Tsunami warning"), entry("Agency warns of a tsunami")
        story, updates = thread(
            (one, found(one, "disaster:in-force", {"safety": 4}, terms=self.capped)), (two, found(two, "disaster:in-force", {"safety": 4}))
        )
        assert kinds(updates) == ["new", "level"]
        assert story.level == Level.act

    @pytest.mark.parametrize(
        ("title", "outlet", "via"),
        [
            pytest.param("A second look at the warning", "Sample Wire Japan", "", id="the same publisher under another name"),
            pytest.param("Tsunami warning", "Sample Post", "", id="the same text in another paper"),
            pytest.param("A second look at the warning", "Sample Wire", "Sample Portal", id="an aggregator that repeats the first"),
            pytest.param("A second look at the warning", "", "Sample Portal", id="an aggregator that names nobody"),
        ],
    )
    def test_no_second_voice(self, entry, found, title: str, outlet: str, via: str) -> None:
        one, two = entry("Tsunami warning"), entry(title, outlet=outlet, via=via)
        story, updates = thread(
            (one, found(one, "disaster:in-force", {"safety": 4}, terms=self.capped)),
            (two, found(two, "disaster:in-force", {"safety": 4}, terms=self.capped)),
        )
        assert story.level == Level.prepare
        assert kinds(updates) == ["new", "source"]

    def test_an_aggregator_with_another_outlet_is_a_second_voice(self, entry, found) -> None:
        one, two = entry("Tsunami warning"), entry("Wave expected", outlet="Sample Post", via="Sample Portal")
        story, _ = thread(
            (one, found(one, "disaster:in-force", {"safety": 4}, terms=self.capped)),
            (two, found(two, "disaster:in-force", {"safety": 4}, terms=self.capped)),
        )
        assert story.level == Level.act
        assert [report.outlet for report in story.reports] == ["Sample Wire", "Sample Post"]


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Correction: the fee is 10,000 yen", "correction"),
        ("【訂正】手数料は1万円", "correction"),
        ("Retraction: no fee was decided", "withdrawal"),
        ("Missile alert was a false alarm", "withdrawal"),
        ("Jアラートは誤報", "withdrawal"),
        ("Officials: missile alert was not a false alarm", "source"),
        ("Jアラートは誤報ではないと政府", "source"),
        ("手数料の発表を撤回", "withdrawal"),
        ("政府、手数料の発表を撤回せず", "source"),
        ("Court orders correction of the register", "source"),
        ("Correction in shares after the fee", "source"),
        ("Clarification sought on the fee", "source"),
        ("取り消し対象を拡大、永住許可で政府", "source"),
        ("「手数料は誤報」とデマ拡散", "source"),
        ("お詫びと訂正：手数料", "correction"),
    ],
)
def test_corrections_and_withdrawals(entry, found, title: str, kind: str) -> None:
    one, two = entry("Fee"), entry(title)
    _, updates = thread(
        (one, found(one, "visa-rule-change:mooted", {"visas": 2})),
        (two, found(two, "visa-rule-change:mooted", {"visas": 2})),
    )
    assert kinds(updates) == ["new", kind]


def test_the_date_of_a_correction_replaces_the_wrong_one(entry, found) -> None:
    """Also where the correction names both: "1 April, not 1 March"."""
    one, two = entry("Fee from March"), entry("Correction: the fee is due from 1 April, not 1 March")
    story, updates = thread(
        (one, found(one, "visa-rule-change:adopted", {"visas": 2}, dates=("2026-03-01",))),
        (two, found(two, "visa-rule-change:adopted", {"visas": 2}, dates=("2026-03-01", "2026-04-01"))),
    )
    assert [each.first.isoformat() for each in story.dates] == ["2026-04-01"]
    assert updates[1] is not None
    assert updates[1].note == "date 2026-04-01"


def test_a_correction_told_again_or_missed_by_others_brings_no_wrong_date_back(entry, found) -> None:
    titles = [
        "Fee from March",
        "Correction: fee due from 1 April, not 1 March",
        "Corrected: fee from 1 April, not 1 March",
        "Fee from March 1",
    ]
    days = [("2026-03-01",), ("2026-03-01", "2026-04-01"), ("2026-04-01", "2026-03-01"), ("2026-03-01",)]
    reports = [entry(title, outlet=f"Paper {number}") for number, title in enumerate(titles)]
    story, updates = thread(
        *((one, found(one, "visa-rule-change:adopted", {"visas": 2}, dates=dates)) for one, dates in zip(reports, days, strict=True))
    )
    assert [each.first.isoformat() for each in story.dates] == ["2026-04-01"]
    assert [update.note for update in updates if update] == ["", "date 2026-04-01", "", ""]


def test_a_correction_is_told_once_unless_it_brings_something(entry, found) -> None:
    first, second = entry("Fee is 6,000 yen"), entry("Correction: the fee is 10,000 yen")
    repeated, more = (
        entry("Corrected: fee is 10,000 yen", outlet="Sample Post"),
        entry("Correction: the fee is due in April", outlet="Sample Times"),
    )
    edited = replace(second, title="Correction: the fee is 10,000 yen a year")
    reports = [(each, found(each, "visa-rule-change:adopted", {"visas": 2})) for each in (first, second, repeated, edited)]
    _, updates = thread(*reports, (more, found(more, "visa-rule-change:adopted", {"visas": 2}, dates=("2026-04-01",))))
    assert [update.kind for update in updates if update] == ["new", "correction", "source", "correction"]


def test_a_date_and_an_official_word_are_those_of_what_the_report_tells(entry, found) -> None:
    """A rate decision and a tax that were joined: the day and the ministry are the tax's."""
    bank, ministry = entry("Rate raised"), entry("Tax to rise from April", outlet="Sample Ministry", kind="official")
    told = (
        (bank, found(bank, "rate-decision:announced", {"finance": 4}, family="economy", terms=(Term("cap", -1, "one publisher"),))),
        (ministry, found(ministry, "tax-change:announced", {"tax-pension": 2}, family="society", dates=("2026-04-01",))),
    )
    story, _ = thread(*told)
    assert [date.types for date in story.dates] == [("tax-change",)]
    assert [report.types for report in story.reports] == [("rate-decision",), ("tax-change",)]
    assert story.level == Level.prepare, "no authority and no second paper tells of the rate"
    again, _ = thread(
        *told,
        (second := entry("Rates up", outlet="Sample Post"), found(second, "rate-decision:announced", {"finance": 4}, family="economy")),
    )
    assert again.level == Level.act


def test_a_correction_of_one_date_leaves_the_others_that_it_does_not_name(entry, found) -> None:
    first, second = entry("Fees rise"), entry("Correction: the later fee rises on 1 November")
    story, _ = thread(
        (first, found(first, "visa-rule-change:adopted", {"visas": 2}, dates=("2026-04-01", "2026-10-01"))),
        (second, found(second, "visa-rule-change:adopted", {"visas": 2}, dates=("2026-11-01",))),
    )
    assert [each.first.isoformat() for each in story.dates] == ["2026-04-01", "2026-10-01", "2026-11-01"]


def test_what_was_withdrawn_is_withdrawn_once(entry, found) -> None:
    papers = ("Sample Post", "Sample Times", "Sample Herald")
    reports = [entry("Missile alert"), *(entry("Missile alert was a false alarm", outlet=outlet) for outlet in papers)]
    _, updates = thread(*((one, found(one, "missile-launch:in-force", {"safety": 3})) for one in reports))
    assert kinds(updates) == ["new", "source", "withdrawal", "source"], "it takes a second paper to say so"


def test_a_correction_that_names_no_other_date_leaves_the_dates(entry, found) -> None:
    one, two = entry("Fee from March"), entry("Correction: the fee due from 1 March is 10,000 yen")
    story, _ = thread(*((each, found(each, "visa-rule-change:adopted", {"visas": 2}, dates=("2026-03-01",))) for each in (one, two)))
    assert [each.first.isoformat() for each in story.dates] == ["2026-03-01"]


@pytest.mark.parametrize(
    ("title", "outlet", "kind", "told", "voices"),
    [
        pytest.param("Retraction: no fee was decided", "Sample Wire", "press", "source", ["Sample Post"], id="its own report"),
        pytest.param("【取り消し】手数料の記事", "Sample Wire Japan", "press", "source", ["Sample Post"], id="under another name"),
        pytest.param(
            "Withdrawn: notice of fees", "Sample Agency", "official", "withdrawal", ["Sample Wire", "Sample Post", "Sample Agency"],
            id="an authority takes it back for all",
        ),
        pytest.param(
            "Missile alert was a false alarm", "Sample Times", "press", "source", ["Sample Wire", "Sample Post", "Sample Times"],
            id="one paper's word against those of others",
        ),
        pytest.param(
            "Missile alert was a false alarm", "Sample Agency", "official", "withdrawal", ["Sample Wire", "Sample Post", "Sample Agency"],
            id="an authority says that it is not so",
        ),
    ],
)  # fmt: skip
def test_a_paper_takes_back_only_its_own(entry, found, *, title: str, outlet: str, kind: str, told: str, voices: list[str]) -> None:
    first, second, last = entry("Fee"), entry("Fee raised", outlet="Sample Post"), entry(title, outlet=outlet, kind=kind)
    story, updates = thread(*((each, found(each, "visa-rule-change:mooted", {"visas": 2})) for each in (first, second, last)))
    assert kinds(updates) == ["new", "source", told]
    assert [report.outlet for report in story.reports] == voices
    again, _ = tell(story, last, found(last, "visa-rule-change:mooted", {"visas": 2}), at=last.published, quiet=False)
    assert again.reports == story.reports, "read again it takes back no more"


def test_who_told_less_before_stands_for_nothing_more(entry, found) -> None:
    """The stage was the retracted paper's alone."""
    first = entry("Fee rise weighed", "2026-01-02 10:00", outlet="Sample Post")
    second, last = entry("Fee rise in force", "2026-01-03 10:00"), entry("Retraction: fee rise in force", "2026-01-03 12:00")
    stages = ("mooted", "in-force", "in-force")
    story, updates = thread(
        *((one, found(one, f"visa-rule-change:{stage}", {"visas": 2})) for one, stage in zip((first, second, last), stages, strict=True))
    )
    assert kinds(updates) == ["new", "stage", "withdrawal"]
    assert story.withdrawn


def test_a_headline_changed_to_a_withdrawal_withdraws_once(entry, found) -> None:
    one = entry("Fee")
    assessment = found(one, "visa-rule-change:mooted", {"visas": 2})
    edited = replace(one, title="Withdrawn: fee")
    story, updates = thread((one, assessment), (edited, assessment), (edited, assessment))
    assert kinds(updates) == ["new", "withdrawal", ""]
    assert len(story.reports) == 1


def test_a_version_counts_what_readers_were_to_hear(entry, found) -> None:
    reports = [entry(title) for title in ("Fee", "Fee, again", "Correction: fee")]
    told = [(one, found(one, "visa-rule-change:mooted", {"visas": 2})) for one in reports]
    assert [thread(*told[:count])[0].version for count in (1, 2, 3)] == [1, 1, 2]
    assert tell(None, *told[0], at=reports[0].published, quiet=True)[0].version == 0


def test_an_entry_told_again_unchanged_is_nothing(entry, found) -> None:
    one = entry("Fee")
    assessment = found(one, "visa-rule-change:mooted", {"visas": 2})
    story, updates = thread((one, assessment), (one, assessment))
    assert kinds(updates) == ["new", ""]
    assert len(story.reports) == 1


def test_an_edited_entry_is_news_if_it_says_more(entry, found) -> None:
    one = entry("Fee")
    _, updates = thread(
        (one, found(one, "visa-rule-change:mooted", {"visas": 2})), (one, found(one, "visa-rule-change:proposed", {"visas": 2}))
    )
    assert kinds(updates) == ["new", "stage"]


def test_what_is_quiet_is_never_material(entry, found) -> None:
    one = entry("Fee")
    _, update = tell(None, one, found(one, "visa-rule-change:mooted", {"visas": 4}), at=datetime(2026, 1, 3, tzinfo=UTC), quiet=True)
    assert update is not None
    assert update.quiet
    assert not update.material


def test_the_same_telling_gives_the_same_story(entry, found) -> None:
    one, two = entry("Fee"), entry("Fee raised")
    told = [(one, found(one, "visa-rule-change:mooted", {"visas": 2})), (two, found(two, "visa-rule-change:proposed", {"visas": 3}))]
    assert thread(*told) == thread(*told)


def test_a_development_keeps_the_evidence_of_its_stage(entry, found) -> None:
    one, two = entry("Fee"), entry("Fee raised")
    story, _ = thread(
        (one, found(one, "visa-rule-change:proposed", {"visas": 2})),
        (two, found(two, "visa-rule-change:mooted", {"visas": 2})),
    )
    assert story.developments == (Development("visa-rule-change", "proposed", "neutral", ("JPN", "USA"), "rule", family="contact"),)


def test_a_development_keeps_the_places_of_its_stage_or_the_first_that_are_named(entry, found) -> None:
    story = None
    stands = []
    for stage, places in (("announced", ()), ("announced", ("osaka",)), ("announced", ("nara",)), ("in-force", ()), ("suspended", ("kobe",))):
        one = entry(f"Warning {stage}")
        verdict = found(one, f"disaster:{stage}", {"safety": 2})
        verdict = replace(verdict, developments=tuple(replace(each, places=places) for each in verdict.developments))
        story, _ = tell(story, one, verdict, at=one.published, quiet=False)
        stands.append(story.developments[0].places)
    assert stands == [(), ("osaka",), ("osaka",), ("osaka",), ("kobe",)]


def test_no_day_belongs_to_what_has_happened_by_its_nature(entry, found) -> None:
    one = entry("Missile launched; summit later this year")
    dated = found(one, "missile-launch:in-force visit-arranged:mooted", {"safety": 2}, dates=(SPRING,))
    launch, visit = dated.developments
    both, _ = tell(None, one, replace(dated, developments=(replace(launch, undated=True), visit)), at=one.published, quiet=False)
    assert [each.types for each in both.dates] == [("visit-arranged",)]
    alone, _ = tell(None, one, replace(dated, developments=(replace(launch, undated=True),)), at=one.published, quiet=False)
    assert alone.dates == ()


def test_what_came_with_a_first_poll_is_opened_to_readers_by_the_next_report(entry, found) -> None:
    """A feed added in the middle of a crisis must not swallow the story: the first report that may be mailed is new to readers."""
    reports = [entry(f"US duty on Japanese cars, report {n}", f"2026-01-02 1{n}:00") for n in range(3)]
    story: Story | None = None
    updates = []
    for report, quiet in zip(reports, (True, False, False), strict=True):
        story, update = tell(story, report, found(report, "tariff-imposed:announced", {"trade": 3}), at=report.published, quiet=quiet)
        updates.append(update)
    assert kinds(updates) == ["new", "new", "source"]
    assert [update.material for update in updates if update] == [False, True, False]
