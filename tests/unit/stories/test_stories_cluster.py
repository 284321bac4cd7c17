"""Which reports tell one happening: across outlets, languages and weeks, and independent of how they come in."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.feeds.entry import Entry
from alerts.rules.assessment import Assessment
from alerts.stories.cluster import Joiner, closes, join
from alerts.stories.story import Story
from alerts.stories.update import tell

Told = list[tuple[Entry, Assessment]]


def placed(told: Told, *, rebuild_every: int = 0) -> list[str]:
    """Join entries one by one; with `rebuild_every` the index is made anew from the stories after so many entries."""
    joiner, stories, ids = Joiner(), {}, []
    for number, (entry, assessment) in enumerate(told, 1):
        known = joiner.place(entry, assessment)
        story, _ = tell(stories.get(known) if known else None, entry, assessment, at=entry.published, quiet=False)
        stories[story.id] = story
        joiner.add(story)
        ids.append(story.id)
        if rebuild_every and number % rebuild_every == 0:
            joiner = Joiner(reversed(list(stories.values())))
    return ids


def groups(ids: list[str]) -> list[int]:
    """Name the stories 0, 1, 2 … in the order of their first report."""
    order = list(dict.fromkeys(ids))
    return [order.index(one) for one in ids]


@pytest.fixture
def week(entry, found) -> Told:
    """Five happenings of one week, in two languages, told by several outlets."""
    return [
        (one, found(one, developments, levels, actors=actors, concepts=concepts, dates=dates, family=family))
        for one, developments, levels, actors, concepts, dates, family in [
            (entry("Ministry raises renewal fee for visas to 6,000 yen", "2026-03-02 09:00"),
             "visa-rule-change:announced", {"visas": 3}, "JPN", "visa fee raise justice-ministry-japan", (), "mobility"),
            (entry("Magnitude 6.4 quake shakes northern coast", "2026-03-02 09:20"),
             "disaster:announced", {"safety": 2}, "JPN", "earthquake quake-strong weather-agency", (), "security"),
            (entry("北部沿岸でM6.4の地震 津波の心配なし", "2026-03-02 09:26"),
             "disaster:announced", {"safety": 2}, "JPN", "earthquake quake-strong tsunami weather-agency", (), "security"),
            (entry("Strong quake of magnitude 6.4 hits northern coast, no tsunami", "2026-03-02 09:40", outlet="Sample Post"),
             "disaster:announced", {"safety": 2}, "JPN", "earthquake quake-strong tsunami", (), "security"),
            (entry("在留資格の更新手数料、6000円に引き上げ 法務省", "2026-03-02 10:00"),
             "visa-rule-change:announced", {"visas": 3}, "JPN", "visa fee raise justice-ministry-japan", (), "mobility"),
            (entry("Central bank keeps rate at 0.75 percent", "2026-03-03 12:00"),
             "rate-decision:announced", {"finance": 1}, "JPN", "bank-of-japan policy-rate rate-hold", (), "economy"),
            (entry("日銀、政策金利0.75％で据え置き", "2026-03-03 12:10"),
             "rate-decision:announced", {"finance": 1}, "JPN", "bank-of-japan policy-rate rate-hold", (), "economy"),
            (entry("Visa renewal fee to rise to 6,000 yen from April", "2026-03-03 13:00", outlet="Sample Post"),
             "visa-rule-change:announced", {"visas": 3}, "JPN", "visa fee raise", ("2026-04-01",), "mobility"),
            (entry("Coast guard ship enters waters near islets", "2026-03-04 08:00"),
             "military-incident:announced", {"safety": 1}, "CHN JPN", "coast-guard-china senkaku", (), "security"),
        ]
    ]  # fmt: skip


def test_reports_of_one_happening_are_one_story_in_both_languages(week: Told) -> None:
    assert groups(placed(week)) == [0, 1, 1, 1, 0, 2, 2, 0, 3]


@pytest.mark.parametrize("every", [1, 2, 4])
def test_batches_make_no_difference(week: Told, every: int) -> None:
    """The index made anew from stored stories, in any order, answers as the one that was kept."""
    assert placed(week, rebuild_every=every) == placed(week)


def test_two_earthquakes_with_other_numbers_and_places_are_two_stories(entry, found) -> None:
    quakes = [
        entry("Magnitude 6.4 quake shakes northern coast", "2026-03-02 09:20"),
        entry("Tremor of magnitude 5.1 felt across southern island, trains stopped", "2026-03-05 18:00"),
    ]
    told = [
        (one, found(one, "disaster:announced", {"safety": 2}, actors="JPN", concepts="earthquake", family="security")) for one in quakes
    ]
    assert groups(placed(told)) == [0, 1]


@pytest.mark.parametrize(
    ("strands", "stories"),
    [
        pytest.param((("quake",), ("weather",)), [0, 1], id="two dangers"),
        pytest.param((("CHN",), ("CHN", "KOR")), [0, 0], id="one country in common"),
        pytest.param((("CHN",), ()), [0, 0], id="nothing known of one"),
        pytest.param(((), ()), [0, 0], id="nothing known of both"),
    ],
)
def test_strands_keep_happenings_of_one_type_apart(entry, found, strands: tuple[tuple[str, ...], ...], stories: list[int]) -> None:
    """However alike their words, and also when the index is made anew from what is stored."""
    told = []
    for outlet, which in zip(("Sample Wire", "Sample Post"), strands, strict=True):
        one = entry("Warning for the coast of Kochi tonight", outlet=outlet)
        verdict = found(one, "disaster:in-force", {"safety": 3}, actors="JPN", concepts="coast warning", family="security")
        told.append((one, replace(verdict, developments=tuple(replace(each, strands=which) for each in verdict.developments))))
    assert groups(placed(told)) == groups(placed(told, rebuild_every=1)) == stories


@pytest.mark.parametrize(
    ("title", "at", "stories"),
    [
        pytest.param("Sample army: unknown object over the eastern sea", "2026-03-02 10:00", [0, 0], id="in other words"),
        pytest.param("見本軍「飛翔体を探知」と発表", "2026-03-02 12:00", [0, 0], id="in another language"),
        pytest.param("Sample army: unknown object over the eastern sea", "2026-03-04 10:00", [0, 1], id="two days later"),
    ],
)
def test_what_comes_one_a_day_is_one_story_however_it_is_told(entry, found, title: str, at: str, stories: list[int]) -> None:
    told = []
    for one, concepts in ((entry("Missile fell outside our waters, ministry says", "2026-03-02 09:00"), "missile"), (entry(title, at), "army")):
        verdict = found(one, "missile-launch:in-force", {"safety": 3}, actors="JPN PRK", concepts=concepts, family="security")
        told.append((one, replace(verdict, developments=tuple(replace(each, one_a_day=True) for each in verdict.developments))))
    assert groups(placed(told)) == groups(placed(told, rebuild_every=1)) == stories


def test_a_story_of_something_else_is_no_home_to_what_comes_one_a_day(entry, found) -> None:
    """The drill that North Korea answers with a missile, told in the same words."""
    drill = entry("Sample army ends joint drill on the eastern coast", "2026-03-02 09:00")
    shot = entry("Sample army on joint drill on the eastern coast: missile launched", "2026-03-02 10:00")
    launch = found(shot, "missile-launch:in-force", {"safety": 3}, actors="PRK", concepts="army drill", family="security")
    told = [
        (drill, found(drill, "military-exercise:announced", {"safety": 1}, actors="PRK", concepts="army drill", family="security")),
        (shot, replace(launch, developments=tuple(replace(each, one_a_day=True) for each in launch.developments))),
    ]
    assert groups(placed([told[0], (shot, launch)])) == [0, 0]
    assert groups(placed(told)) == [0, 1]


@pytest.mark.parametrize(
    ("kind", "hours", "stories"),
    [
        pytest.param("press", 1, [0, 0, 0], id="a paper that repeats it"),
        pytest.param("press", 20, [0, 0, 1], id="a paper a day later"),
        pytest.param("official", 1, [0, 0, 1], id="an authority"),
    ],
)
def test_a_real_warning_after_a_withdrawn_one_is_a_story_of_its_own(entry, found, kind: str, hours: int, stories: list[int]) -> None:
    told = []
    for title, hour, source in [("Missile alert for Okinawa", 0, "press"), ("False alarm: missile alert for Okinawa", 1, "press"),
                                ("Missile alert for Okinawa", 1 + hours, kind)]:  # fmt: skip
        one = entry(title, f"2026-03-0{2 + hour // 24} {hour % 24:02}:00", kind=source)
        told.append((one, found(one, "missile-launch:in-force", {"safety": 4}, concepts="missile alert", family="security")))
    assert groups(placed(told)) == groups(placed(told, rebuild_every=1)) == stories


def test_the_first_report_says_what_keeps_a_story_apart(entry, found) -> None:
    """A second one that names a further state builds no bridge to that state's own measures."""
    told = []
    for outlet, which in (("Sample Wire", ("USA",)), ("Sample Post", ("CHN", "USA")), ("Sample Times", ("CHN",))):
        one = entry("New duty on cars from Japan decided", outlet=outlet)
        verdict = found(one, "tariff-imposed:announced", {"trade": 3}, concepts="tariff car", family="trade")
        told.append((one, replace(verdict, developments=tuple(replace(each, strands=which) for each in verdict.developments))))
    assert groups(placed(told)) == [0, 0, 1]


def test_the_same_words_a_month_later_are_a_new_story(entry, found) -> None:
    told = [
        (one, found(one, "rate-decision:announced", {"finance": 1}, actors="JPN", concepts="policy-rate rate-hold", family="economy"))
        for one in (entry("Central bank keeps rate", "2026-01-20 12:00"), entry("Central bank keeps rate", "2026-03-03 12:00"))
    ]
    assert groups(placed(told)) == [0, 1]


def test_a_story_waits_for_the_date_that_it_named(entry, found) -> None:
    """The visit that a call announced is told weeks later, in the other language: the same story."""
    told = [
        (one, found(one, kinds, {"trade": 1}, concepts=f"japan united-states {concepts}", dates=dates))
        for one, kinds, concepts, dates in [
            (entry("Leaders of Japan and the US speak by phone, visit planned for spring", "2026-01-02 22:40"),
             "leader-call:announced visit-arranged:announced", "leader-call visit prime-minister president", ("2026-03-01/2026-05-31",)),
            (entry("日米首脳会談、3月19日に開催へ", "2026-02-06 08:10"),
             "visit-arranged:announced", "visit summit prime-minister president", ("2026-03-19",)),
            (entry("ワシントンで日米首脳が会談", "2026-03-20 06:30"), "summit:announced", "summit visit prime-minister president", ()),
        ]
    ]  # fmt: skip
    assert groups(placed(told)) == [0, 0, 0]


def test_a_far_date_does_not_keep_a_story_open(entry, found) -> None:
    one = entry("Law passes, in force from next spring", "2026-01-20 12:00")
    story, _ = tell(None, one, found(one, "immigration-law:adopted", {"visas": 3}, dates=("2027-04-01",)), at=one.published, quiet=False)
    assert closes(story) - one.published < timedelta(days=91)


def test_the_words_of_conditions_keep_no_two_languages_apart(entry, found) -> None:
    """A text touches on many parts of rules that it is not about; whoever writes broad ones must not take reports of one event apart."""
    told = [
        (one, found(one, "leadership-change:announced", {"trade": 1}, actors="JPN", concepts="japan new-cabinet prime-minister", asides=asides))
        for one, asides in [
            (entry("Second cabinet formed as leader is elected again", "2026-02-18 20:00"), "takes-office planned talking ties tax-step"),
            (entry("第2次内閣が発足 予算成立に意欲", "2026-02-18 22:00"), "reshuffle sanction-step reaction missile-aside policy-step"),
        ]
    ]
    assert groups(placed(told)) == [0, 0]
    whole = [(one, replace(each, concepts=each.concepts + each.asides, asides=())) for one, each in told]
    assert groups(placed(whole)) == [0, 1]


def test_an_unrelated_entry_opens_a_story(entry, found) -> None:
    told = [
        (one, found(one, "", {}, actors="", concepts=""))
        for one in (entry("Museum shows old maps"), entry("Rowing club wins regional cup"))
    ]
    assert groups(placed(told)) == [0, 1]


def test_join_asks_once(week: Told) -> None:
    entry, assessment = week[1]
    story, _ = tell(None, entry, assessment, at=entry.published, quiet=False)
    assert join(*week[3], [story]) == story.id
    assert join(*week[5], [story]) is None


def test_an_entry_that_repeats_a_headline_joins_it(entry, found) -> None:
    one, two = entry("Rowing club wins regional cup"), entry("Rowing club wins regional cup", outlet="Sample Post")
    told = [(each, found(each, "", {}, actors="", concepts="")) for each in (one, two)]
    assert groups(placed(told)) == [0, 0]


def test_an_empty_title_joins_nothing(entry, found) -> None:
    told = [(each, found(each, "", {}, actors="", concepts="")) for each in (entry("…"), entry("!!"))]
    assert groups(placed(told)) == [0, 1]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_adding_states_again_or_in_another_order_changes_nothing(data: st.DataObject, week_stories: tuple[Told, list[Story]]) -> None:
    """The index depends on the last state of each story alone."""
    told, stories = week_stories
    again = data.draw(st.lists(st.sampled_from(stories), max_size=6))
    order = data.draw(st.permutations(stories))
    plain, other = Joiner(stories), Joiner([*again, *order])
    for entry, assessment in told:
        assert plain.place(entry, assessment) == other.place(entry, assessment)


@pytest.fixture
def week_stories(week: Told) -> tuple[Told, list[Story]]:
    stories: dict[str, Story] = {}
    joiner = Joiner()
    for entry, assessment in week:
        known = joiner.place(entry, assessment)
        story, _ = tell(stories.get(known) if known else None, entry, assessment, at=entry.published, quiet=False)
        stories[story.id] = story
        joiner.add(story)
    return week, list(stories.values())
