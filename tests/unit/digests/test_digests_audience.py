"""Which stories an audience gets and why, and why not the others."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.digests.audience import Picked, alert_minimum, pick
from alerts.digests.subscriber import Choices
from alerts.rules.assessment import Development, Impact, Stage, Term
from alerts.rules.levels import Level, clamp
from alerts.stories.story import Report, Story, Update, UpdateKind

NOW = datetime(2026, 1, 3, tzinfo=UTC)
READER = Choices(sectors=(("automotive", Level.watch), ("trade", Level.info)))


def impact(sector: str, *values: tuple[str, int], ceiling: Level = Level.act, of: str = "tariff-imposed") -> Impact:
    terms = tuple(Term(name, value, name) for name, value in values)
    return Impact(sector, clamp(sum(value for _, value in values), ceiling), ceiling, of, "rule", terms)


def story(name: str, *impacts: Impact, actors: str = "JPN USA", stage: Stage = "announced", minutes: int = 0) -> Story:
    who = tuple(actors.split())
    types = sorted({one.development for one in impacts}) or ["tariff-imposed"]
    changed = NOW + timedelta(minutes=minutes)
    return Story(
        id=name,
        opened=changed,
        changed=changed,
        developments=tuple(Development(kind, stage, "neutral", who, "rule") for kind in types),
        impacts=impacts,
        dates=(),
        actors=who,
        reports=(Report("e", "Sample Wire", name, "https://example.com/", "en", changed, "press"),),
    )


def update(one: Story, kind: UpdateKind = "new", *, number: int = 1, sectors: tuple[str, ...] = (), quiet: bool = False) -> Update:
    return Update(one.id, kind, "e", NOW, one.level, number=number, sectors=sectors, quiet=quiet)


def told(*stories: Story, choices: Choices = READER, minimum: Level = Level.info, national: tuple[str, ...] = ()) -> Picked:
    return pick([(one, (update(one),)) for one in stories], choices, minimum_level=minimum, national=national)


def test_a_pick_carries_each_reason_once() -> None:
    picked = told(story("tariff", impact("automotive", ("base", 3)), impact("trade", ("base", 2)), impact("visas", ("base", 4))))
    assert picked.picks[0].reasons == ("automotive at prepare (you asked for watch or more)", "trade at watch (you asked for info or more)")
    assert picked.picks[0].level == Level.prepare
    assert picked.picks[0].sectors == ("automotive",)
    assert picked.updates == (1,)


@pytest.mark.parametrize(
    ("one", "refusal", "reason"),
    [
        pytest.param(
            story("low", impact("automotive", ("base", 1))), "below-threshold", "automotive is at info, below watch", id="threshold"
        ),
        pytest.param(
            story("other", impact("visas", ("base", 4))),
            "not-followed",
            "it touches only sectors that you do not follow: visas",
            id="sector",
        ),
    ],
)
def test_what_is_left_out_says_why(one: Story, refusal: str, reason: str) -> None:
    (left,) = told(one).left_out
    assert (left.refusal, left.reason) == (refusal, reason)


def test_a_level_that_rose_picks_only_the_sectors_in_which_it_did() -> None:
    """Trade has long been at `watch`; the news is about cars."""
    one = story("tariff", impact("automotive", ("base", 3)), impact("trade", ("base", 2)))
    risen = update(one, "level", sectors=("automotive",))
    sectors = []
    for news in ((risen,), (risen, update(one, "stage", number=2))):
        (found,) = pick([(one, news)], READER).picks
        sectors.append([match.sector for match in found.matches])
    assert sectors == [["automotive"], ["automotive", "trade"]]


class TestScope:
    """Choices with countries: the host country and those followed, and nothing that cannot be attributed."""

    scoped = replace(READER, countries=("USA",))

    @pytest.mark.parametrize(
        ("actors", "refusal"),
        [
            ("USA", ""),
            ("JPN", ""),
            ("CHN JPN", ""),
            ("CHN KOR", "out-of-scope"),
            ("", "no-actor"),
        ],
    )
    def test_scope_fails_closed(self, actors: str, refusal: str) -> None:
        picked = told(story("tariff", impact("trade", ("base", 3)), actors=actors), choices=self.scoped)
        assert [left.refusal for left in picked.left_out] == ([refusal] if refusal else [])

    def test_without_countries_everything_is_in_scope(self) -> None:
        assert told(story("tariff", impact("trade", ("base", 3)), actors="")).picks

    def test_a_nationality_alone_is_no_scope(self) -> None:
        one = story("tariff", impact("trade", ("base", 3)), actors="CHN KOR")
        assert told(one, choices=replace(READER, nationality="USA")).picks


class TestReach:
    """Levels are reckoned for a resident; who follows an acting country does not lose what distance takes."""

    far = impact("automotive", ("base", 2), ("reach", -1))

    def test_distance_counts_for_a_resident(self) -> None:
        assert told(story("far", self.far, actors="USA")).left_out[0].reason == "automotive is at info, below watch"

    @pytest.mark.parametrize("choices", [replace(READER, countries=("USA",)), replace(READER, nationality="USA")])
    def test_it_does_not_for_one_who_follows_the_country(self, choices: Choices) -> None:
        (one,) = told(story("far", self.far, actors="USA"), choices=choices).picks
        assert one.level == Level.watch
        assert one.reasons == ("automotive at watch (you asked for watch or more, distance not counted because you follow the country)",)

    def test_following_another_country_changes_nothing(self) -> None:
        assert not told(story("far", self.far, actors="GBR JPN"), choices=replace(READER, countries=("USA",))).picks

    def test_the_ceiling_stays(self) -> None:
        high = impact("automotive", ("base", 3), ("size", 1), ("reach", -1), ceiling=Level.prepare)
        (one,) = told(story("far", high, actors="USA"), choices=replace(READER, countries=("USA",))).picks
        assert one.level == Level.prepare

    def test_the_evidence_is_not_better_for_being_followed(self) -> None:
        capped = impact("automotive", ("base", 4), ("size", 1), ("reach", -1), ("cap", -1))
        (one,) = told(story("far", capped, actors="USA"), choices=replace(READER, countries=("USA",))).picks
        assert one.level == Level.prepare

    def test_what_distance_kept_below_act_needs_the_evidence_of_act_where_distance_does_not_count(self) -> None:
        """The rules cap a level above prepare only; one that distance had brought down to it was never looked at for its evidence."""
        near = impact("automotive", ("base", 3), ("size", 1), ("reach", -1))
        (one,) = told(story("far", near, actors="USA"), choices=replace(READER, countries=("USA",))).picks
        assert one.level == Level.prepare


class TestNationality:
    """Developments that concern only people of a nationality."""

    treaty = story("treaty", impact("trade", ("base", 3), of="tax-ss-treaty"), actors="DEU JPN")

    @pytest.mark.parametrize(
        ("choices", "picked"),
        [
            (READER, False),
            (replace(READER, nationality="DEU"), True),
            (replace(READER, countries=("DEU",)), True),
            (replace(READER, countries=("USA",)), False),
            (replace(READER, nationality="JPN"), False),
        ],
    )
    def test_only_those_concerned_get_it(self, choices: Choices, picked: bool) -> None:
        found = told(self.treaty, choices=choices, national=("tax-ss-treaty",))
        assert bool(found.picks) == picked
        assert picked or found.left_out[0].refusal == "other-nationality"


class TestNews:
    """Only what is new since the last mail, and new for these readers."""

    both = story("tariff", impact("automotive", ("base", 3)), impact("visas", ("base", 3)))

    @pytest.mark.parametrize(
        ("updates", "refusal"),
        [
            pytest.param((), "nothing-new", id="no update"),
            pytest.param((update(both, "source"),), "nothing-new", id="one more source"),
            pytest.param((update(both, quiet=True),), "nothing-new", id="quiet"),
            pytest.param((update(both, "level", sectors=("visas",)),), "not-risen", id="rose in a sector that is not followed"),
            pytest.param((update(both, "level", sectors=("automotive",)),), "", id="rose in a followed sector"),
            pytest.param((update(both, "correction"),), "never-told", id="nobody is put right who was never told"),
            pytest.param(
                (replace(update(both, "correction"), note="level automotive prepare"),), "", id="but what a correction brings is news"
            ),
            pytest.param((update(both), update(both, "correction")), "", id="corrected before it was told"),
            pytest.param((update(both, "stage"), update(both, "withdrawal")), "never-told", id="taken back, and never told"),
            pytest.param((update(both), update(both, "withdrawal")), "taken-back", id="taken back before it was told"),
        ],
    )
    def test_news_for_these_readers(self, updates: tuple[Update, ...], refusal: str) -> None:
        picked = pick([(self.both, updates)], READER)
        assert [left.refusal for left in picked.left_out] == ([refusal] if refusal else [])

    @pytest.mark.parametrize("kind", ["correction", "withdrawal"])
    def test_whoever_was_told_is_put_right(self, kind: UpdateKind) -> None:
        (one,) = pick([(self.both, (update(self.both, kind),))], READER, told=[self.both.id]).picks
        assert [each.kind for each in one.updates] == [kind]

    def test_who_hears_first_of_it_through_a_correction_hears_no_word_of_a_correction(self) -> None:
        corrected = replace(update(self.both, "correction"), note="stage tariff-imposed announced; level automotive prepare")
        (one,) = pick([(self.both, (corrected,))], READER).picks
        assert [(each.kind, each.number) for each in one.updates] == [("stage", corrected.number)]

    def test_a_pick_tells_only_the_updates_that_are_for_these_readers(self) -> None:
        rose = update(self.both, "level", number=2, sectors=("visas",))
        picked = pick([(self.both, (update(self.both), rose, update(self.both, "source", number=3)))], READER)
        assert picked.updates == (1,)

    def test_a_denial_reaches_those_who_got_the_story_but_as_information(self) -> None:
        denied = story("fee", impact("automotive", ("base", 3)), stage="denied")
        (one,) = pick([(denied, (update(denied, "stage"),))], READER, minimum_level=Level.prepare).picks
        assert one.level == Level.info
        assert one.matches[0].level == Level.prepare


class TestAlerts:
    """Beside the threshold an alert has a least level of its own."""

    def test_below_the_alert_level_a_story_waits_for_the_digest(self) -> None:
        one = story("talks", impact("automotive", ("base", 2)))
        assert told(one, minimum=alert_minimum(READER)).left_out[0].reason == "automotive is at watch, below prepare"
        assert told(one).picks

    def test_immediate_means_every_story_over_the_threshold(self) -> None:
        immediate = replace(READER, cadence="immediate")
        assert told(story("talks", impact("automotive", ("base", 2))), choices=immediate, minimum=alert_minimum(immediate)).picks

    def test_a_story_without_level_is_never_picked(self) -> None:
        always = replace(READER, sectors=(("trade", Level.none),))
        assert not told(story("nothing", impact("trade", ("base", 0))), choices=always).picks


def test_the_order_is_level_then_sectors_then_newer() -> None:
    stories = [
        story("watch", impact("automotive", ("base", 2))),
        story("info", impact("trade", ("base", 1))),
        story("act", impact("trade", ("base", 4))),
        story("prepare-old", impact("trade", ("base", 3))),
        story("prepare-new", impact("trade", ("base", 3)), minutes=5),
        story("prepare-two", impact("trade", ("base", 3)), impact("automotive", ("base", 2))),
    ]
    expected = ["act", "prepare-two", "prepare-new", "prepare-old", "watch", "info"]
    assert [one.story.id for one in told(*stories).picks] == expected
    assert [one.story.id for one in told(*reversed(stories)).picks] == expected
