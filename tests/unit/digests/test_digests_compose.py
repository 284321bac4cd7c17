"""What a reader reads: every text of a digest is from fields, short, dated, and in one language."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_stories import (
    CALL,
    COURT,
    DUTY,
    FEES,
    MET,
    NAGOYA,
    NOW,
    RATE,
    TOKYO,
    alert,
    development,
    digest,
    impact,
    many,
    picked,
    report,
    story,
    wording,
)

from alerts.digests import printed
from alerts.digests.audience import Picked, amendment
from alerts.digests.compose import MOST_BRIEFS, MOST_ITEMS, SILENCED, compose
from alerts.digests.item import teller_of
from alerts.digests.phrases import LANGUAGES, listed, phrase
from alerts.digests.reasons import quoted
from alerts.rules.assessment import Evidence, NamedDate
from alerts.rules.levels import Level
from alerts.rules.schema import ConceptSpec
from alerts.rules.shapes import Localised, Told
from alerts.stories.story import Update

ROOT = Path(__file__).parents[3]
DEPENDENT = ("short.", "zone.", "language.")


def test_the_catalogue_is_complete_in_every_language() -> None:
    english = {key for key in LANGUAGES["en"] if not key.endswith(".one")}
    for language, catalogue in LANGUAGES.items():
        assert {key for key in catalogue if not key.endswith(".one")} == english, language


def test_no_translation_invents_a_slot() -> None:
    free = {"date.format", "date.month", "date.fiscal", "date.winter", "date.range.year", "date.range.month", "why.rule.name"}
    for key in LANGUAGES["en"]:
        slots = {
            language: {name for _, name, _, _ in Formatter().parse(texts.get(key, "")) if name} for language, texts in LANGUAGES.items()
        }
        if key not in free and not key.endswith(".one"):
            assert slots["en"] - {"n"} == slots["ja"] - {"n"}, key


def test_no_template_holds_a_sentence_of_its_own() -> None:
    """Every word that a reader sees comes from a catalogue, or a mail would be half in another language."""
    for place in sorted((ROOT / "templates/email").glob("*.j2")):
        if place.name.endswith(".css.j2") or place.name.startswith("notice."):  # notices are for the operator, in English
            continue
        text = re.sub(
            r"\{% block kind %\}\w*|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>|&\w+;", " ", place.read_text(encoding="utf-8"), flags=re.S
        )
        assert not re.findall(r"[^\W\d_]{2,}", re.sub(r":root \{[^}]*\}", "", text)), place.name


def test_every_fixed_string_is_used() -> None:
    places = [*(ROOT / "alerts").rglob("*.py"), *(ROOT / "templates").rglob("*.j2")]
    text = "\n".join(place.read_text(encoding="utf-8") for place in places if not place.name.startswith("phrases_"))
    fixed = set(re.findall(r"""["']([a-z_]+(?:\.[a-z_A-Z/-]+)*)["']""", text))
    families = set(re.findall(r"""f["']([a-z_]+\.(?:[a-z_]+\.)*)\{""", text)) | set(DEPENDENT)
    unused = [key for key in LANGUAGES["en"] if key.removesuffix(".one") not in fixed and not key.startswith(tuple(families))]
    assert not unused, unused


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("made", [alert, digest])
def test_the_level_word_opens_the_subject(made: object, language: str) -> None:
    composed = made(replace(NAGOYA, language=language))  # type: ignore[operator]
    word = wording().level(composed.level, language)
    assert re.match(rf"[\[【]{word}[\]】]", composed.subject)


@given(
    st.sampled_from(["leader-call", "visit-arranged", "visa-rule-change", "tariff-imposed", "rate-decision"]),
    st.sampled_from(["mooted", "arranging", "proposed", "announced", "adopted", "in-force", "suspended", "reversed", "denied"]),
    st.lists(st.sampled_from(["JPN", "USA", "CHN", "A body with quite a long name of its own"]), unique=True, max_size=4),
    st.sampled_from(["en", "ja"]),
    st.booleans(),
)
def test_titles_short_texts_and_points_keep_their_length(type_: str, stage: str, actors: list[str], language: str, dated: bool) -> None:
    dates = (
        NamedDate("next", date(2026, 3, 1), date(2026, 5, 31), "spring"),
        NamedDate("effective", date(2026, 4, 1), date(2026, 4, 1), ""),
    )
    both = (development(type_, stage, tuple(actors)), development("visit-arranged", "arranging", ("JPN", "USA")))
    one = story("any", both, (impact("trade", Level.watch, type_),), CALL.reports, *(dates if dated else ()))
    item = alert(replace(NAGOYA, language=language), one).items[0]
    assert 0 < len(item.title) <= (30 if language == "ja" else 70)
    assert len(item.in_short) <= 180 if language == "ja" else len(item.in_short.split()) <= 60
    assert 3 <= len(item.key_points) <= 5
    assert language == "ja" or all(len(point.split()) <= 18 for point in item.key_points)


def test_the_title_says_who_what_and_when() -> None:
    assert alert().items[0].title == "Japan–US: Leaders' call; Leader's visit planned (spring 2026)"
    assert alert(replace(NAGOYA, language="ja")).items[0].title == "日本・米国：首脳の電話会談、首脳の訪問予定（2026年春）"


def test_where_a_title_has_no_room_for_both_it_names_what_is_to_come() -> None:
    """Not the call of January with the day of a report about the visit."""
    dated = replace(CALL, dates=(NamedDate("next", date(2026, 3, 19), date(2026, 3, 19), ""),))
    assert alert(replace(NAGOYA, language="ja"), dated).items[0].title == "日本・米国：首脳の訪問予定（2026年3月19日）"


def test_a_story_without_news_has_the_name_that_it_had_in_the_mail() -> None:
    both = story(
        "two",
        (development("visa-rule-change", "proposed", ("JPN",)), development("rate-decision", "announced", ("JPN",))),
        (impact("visas", Level.prepare, "visa-rule-change"), impact("finance", Level.watch, "rate-decision")),
        CALL.reports,
    )
    reader = replace(NAGOYA, sectors=(("finance", Level.info),))
    told = compose("daily", Picked((picked(both, reader),), ()), reader, wording(), edition="e", now=NOW).items[0].title
    quiet = compose("daily", Picked((), ()), reader, wording(), edition="e", now=NOW, quiet_stories=(both,)).quiet_stories
    assert quiet == (told,)
    assert "Central bank decision" in told


def test_the_title_is_never_the_feeds() -> None:
    for item in digest(TOKYO, (FEES, CALL, RATE, DUTY)).items:
        assert item.title not in {line.title for line in item.sources}


def test_a_date_stands_only_with_the_development_it_belongs_to() -> None:
    """The spring date is of the visit: nobody says that the call took place in spring, nor that a bill was put forward on its next date."""
    short = alert().items[0].in_short
    assert "for spring 2026" in short
    assert "video link." in short
    assert "23 Jan" not in alert(TOKYO, FEES).items[0].in_short


def test_in_short_says_also_what_did_not_happen() -> None:
    assert "no new rule, fee or duty" in alert().items[0].in_short
    assert "not law yet" in alert(TOKYO, FEES).items[0].in_short


def test_each_followed_sector_gets_its_meaning_and_visas_a_none() -> None:
    meanings = {line.sector: line for line in alert().items[0].meanings}
    assert list(meanings) == ["automotive", "trade", "visas"]
    assert (meanings["automotive"].level, meanings["visas"].level) == (Level.watch, Level.none)
    assert "status of residence" in meanings["visas"].text


def test_a_digest_says_none_of_visas_only_where_readers_wonder() -> None:
    items = {item.story: [line.sector for line in item.meanings if line.level == Level.none] for item in digest(TOKYO, (CALL, RATE)).items}
    assert items == {"call": ["visas"], "rate": []}


def test_nothing_is_required_is_said() -> None:
    assert digest(TOKYO, (RATE,)).items[0].actions == ("Nothing is required.",)


def test_a_season_is_shown_with_its_days_and_the_sources_own_word() -> None:
    line = alert().items[0].watch_next[0]
    assert (line.when, line.days, line.said, line.said_language) == ("Spring 2026", "1 Mar – 31 May 2026", "今春", "ja")


def test_what_is_over_is_not_watched() -> None:
    composed = compose("alert", Picked((picked(CALL, NAGOYA),), ()), NAGOYA, wording(), edition="e", now=datetime(2026, 6, 1, tzinfo=UTC))
    assert composed.items[0].watch_next == ()


def test_a_date_that_is_over_is_not_named_beside_the_one_to_come() -> None:
    days = (NamedDate("next", date(2026, 1, 2), date(2026, 1, 2), "2 January"), NamedDate("next", date(2026, 1, 9), date(2026, 1, 9), ""))
    item = alert(NAGOYA, replace(CALL, dates=days)).items[0]
    assert "Date named for the next step: 9 Jan 2026." in item.key_points
    assert [line.when for line in item.watch_next] == ["9 Jan 2026"]


def test_when_every_next_step_is_over_no_date_is_named_but_a_start_stays_a_fact() -> None:
    over = date(2026, 1, 1)
    asked = [alert(NAGOYA, replace(CALL, dates=(NamedDate(kind, over, over, ""),))).items[0].key_points for kind in ("next", "effective")]
    assert "No date for a next step is named." in asked[0]
    assert "Date named for the start: 1 Jan 2026." in asked[1]


def test_a_rule_names_what_happened_more_exactly_than_its_development() -> None:
    known = wording()
    rule = known.rules["tariff-imposed"]
    told = {"default": Told(en="Japanese cars cost more in the US{when}.", ja="日本車が米国で高くなります{when}。")}
    exact = replace(
        known, rules=known.rules | {"tariff-imposed": rule.model_copy(update={"called": Localised(en="Car duty"), "told": told})}
    )
    item = compose("alert", Picked((picked(DUTY, NAGOYA),), ()), NAGOYA, exact, edition="e", now=NOW).items[0]
    assert item.title.startswith("Japan–US: Car duty")
    assert item.in_short.startswith("Japanese cars cost more in the US")
    plain = known.told("tariff-imposed", "in-force", "en")
    assert exact.told("tariff-imposed", "in-force", "en", rule="tariff-imposed") == plain, "only the development has a sentence for it"


def test_a_stage_has_the_name_that_its_development_gives_it() -> None:
    known = wording()
    spec = known.developments["tariff-imposed"].model_copy(update={"stages": {"in-force": Localised(en="collected")}})
    named = replace(known, developments=known.developments | {"tariff-imposed": spec})
    assert named.stage("in-force", "en", "tariff-imposed") == "collected"
    assert named.stage("in-force", "en", "sanction") == named.stage("in-force", "en") == known.stage("in-force", "en")


def test_of_many_actors_a_title_names_those_that_the_words_name() -> None:
    crowd = ("CHN", "JPN", "KOR", "USA")
    words = (Evidence("title", 0, 2, "US", "usa"),)
    launched = replace(DUTY.developments[0], actors=crowd, evidence=words)
    assert alert(NAGOYA, replace(DUTY, developments=(launched,), actors=crowd)).items[0].title.startswith("US: ")
    few = replace(launched, actors=("JPN", "USA"))
    assert alert(NAGOYA, replace(DUTY, developments=(few,), actors=crowd)).items[0].title.startswith("Japan–US: ")


@pytest.mark.parametrize(
    ("language", "count", "title", "where"),
    [
        ("en", 2, "Osaka, Nara: ", "Osaka, Nara · "),
        ("ja", 2, "大阪、奈良：", "大阪、奈良 ・ "),
        ("en", 5, "Osaka, Nara, Kobe and elsewhere: ", "Osaka, Nara, Kobe, Tsu and elsewhere · "),
        ("ja", 5, "大阪、奈良など：", "大阪、奈良、神戸、津など ・ "),
    ],
)
def test_what_happens_somewhere_is_told_with_its_places(language: str, count: int, title: str, where: str) -> None:
    names = {"osaka": ("Osaka", "大阪"), "nara": ("Nara", "奈良"), "kobe": ("Kobe", "神戸"), "tsu": ("Tsu", "津"), "otsu": ("Otsu", "大津")}
    places = {each: ConceptSpec(kind="place", name=Localised(en=en, ja=ja), en=[en]) for each, (en, ja) in names.items()}
    known = wording()
    named = replace(known, concepts={**known.concepts, **places})
    there = replace(DUTY, developments=(replace(DUTY.developments[0], places=tuple(names)[:count]),))
    reader = replace(NAGOYA, language=language)
    item = compose("alert", Picked((picked(there, reader),), ()), reader, named, edition="e", now=NOW).items[0]
    assert item.title.startswith(title)
    assert item.topic.startswith(where)
    assert item.in_short.startswith(where.split(" ", maxsplit=1)[0][:2])


def test_two_places_of_one_name_are_named_once() -> None:
    place = ConceptSpec(kind="place", name=Localised(en="Osaka", ja="大阪"), en=["Osaka"])
    named = replace(wording(), concepts={"osaka": place, "osaka-bay": place})
    there = replace(DUTY, developments=(replace(DUTY.developments[0], places=("osaka", "osaka-bay")),))
    item = compose("alert", Picked((picked(there, NAGOYA),), ()), NAGOYA, named, edition="e", now=NOW).items[0]
    assert item.title.startswith("Osaka: ")


@pytest.mark.parametrize(
    ("kinds", "event"),
    [
        (("press",), "medium"),
        (("press", "press"), "high"),
        (("official",), "high"),
        (("aggregator",), "low"),
        (("aggregator", "press"), "medium"),
    ],
)
def test_how_sure_follows_from_who_reports(kinds: tuple[str, ...], event: str) -> None:
    reports = tuple(report(f"x{number}", f"Outlet {number}", "A headline", NOW, kind=kind) for number, kind in enumerate(kinds))
    lines = alert(NAGOYA, replace(CALL, reports=reports)).items[0].confidence
    assert lines[0].startswith(f"The event: {event} ")
    assert lines[1].startswith("The effect on you: low ")


def test_where_reports_do_not_agree_is_said() -> None:
    other = NamedDate("effective", date(2026, 2, 1), date(2026, 2, 1), "1 February")
    both = replace(DUTY, dates=(*DUTY.dates, other))
    assert alert(NAGOYA, both).items[0].confidence[2:] == ("The reports do not agree on the start: 24 Jan 2026 and 1 Feb 2026.",)
    denied = replace(CALL, developments=(CALL.developments[0], replace(CALL.developments[1], stage="denied")))
    assert alert(NAGOYA, denied).items[0].confidence[2].startswith("Not all reports agree: one denies this part (")
    assert len(alert(NAGOYA, DUTY).items[0].confidence) == 2


def test_a_withdrawn_story_rests_on_nothing() -> None:
    """Neither effect nor date nor action of what was taken back is told again as if it stood."""
    update = Update(CALL.id, "withdrawal", "c3", CALL.changed, Level.watch, number=2)
    pick = amendment(CALL, (update,), NAGOYA)
    item = compose("alert", Picked((pick,), ()), NAGOYA, wording(), edition="e", now=NOW).items[0]
    assert (item.level, item.watch_next) == (Level.info, ())
    assert {line.level for line in item.meanings} == {Level.none}
    assert item.in_short.startswith("A source has taken back the report")
    assert item.confidence == ("The event: low (the source has taken its report back).",)
    assert item.why[-1] == "Level for Automotive: base 1 + size 1 = 2, limited to Info.", "the sum does not contradict the level above it"


def test_two_reports_of_one_publisher_are_one_publisher() -> None:
    reports = tuple(report(f"x{number}", "Sample Wire", "A headline", NOW) for number in range(2))
    assert alert(NAGOYA, replace(CALL, reports=reports)).items[0].confidence[0].startswith("The event: medium")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=400))
def test_a_headline_is_quoted_within_the_limit(title: str) -> None:
    text = quoted(title)
    assert len(text.split()) <= 26
    if not any(sign.isascii() for sign in title):
        assert len(text) <= 80


def test_a_foreign_headline_names_its_language() -> None:
    notes = {line.language: line.note for line in alert().items[0].sources}
    assert notes == {"ja": "Japanese", "en": ""}


def test_why_gives_rule_words_and_the_sum() -> None:
    why = " ".join(alert().items[0].why)
    assert "Leaders' visits to and from Japan" in why
    assert "“speaks by phone”" in why
    assert "base 1 + size 1 = 2, Watch" in why


def test_a_sum_over_its_limit_says_so() -> None:
    one = replace(CALL, impacts=(impact("trade", Level.watch, "leader-call", ("base", 3), ("size", 1)),))
    assert "base 3 + size 1 = 4, limited to Watch" in " ".join(alert(NAGOYA, one).items[0].why)


@given(st.integers(0, 70))
def test_nothing_is_dropped_silently(count: int) -> None:
    composed = digest(TOKYO, many(count))
    assert len(composed.items) == min(count, MOST_ITEMS)
    assert len(composed.briefs) == min(max(count - MOST_ITEMS, 0), MOST_BRIEFS)
    overflow = count - len(composed.items) - len(composed.briefs)
    assert composed.left_out == overflow + 1
    assert (f"{overflow} beyond the length" in composed.held_back) == (overflow > 0)


def test_sections_stand_in_the_order_of_what_a_reader_does() -> None:
    levels = [section.level for section in digest(TOKYO, (RATE, CALL, DUTY, FEES)).sections]
    assert levels == sorted(levels, reverse=True)


def test_the_calendar_is_in_order_and_takes_in_followed_stories_without_news() -> None:
    composed = digest(NAGOYA, (DUTY,), quiet=(CALL, FEES))
    assert [line.when for line in composed.calendar] == ["23 Jan 2026", "24 Jan 2026", "Spring 2026", "Fiscal 2026"]
    assert [line.what for line in composed.calendar][1:3] == ["Japan–US: Import duty raised, start", "Japan–US: Leader's visit planned"]
    assert len(composed.quiet_stories) == 2


def test_what_was_left_out_is_counted_with_its_reason_and_told_stories_are_no_loss() -> None:
    composed = digest()
    assert (composed.left_out, composed.held_back) == (1, "1 below your level.")
    assert [brief.reason for brief in composed.left_out_briefs] == ["below your level"]


def test_late_mail_says_so() -> None:
    assert digest(late=True).notice.startswith("This mail is late")
    assert digest().notice == ""


def test_a_zone_that_nobody_knows_is_told_to_its_reader_and_japan_time_is_used() -> None:
    composed = alert(replace(NAGOYA, timezone="Mars/Olympus"))
    assert composed.notice.startswith("We do not know your time zone (Mars/Olympus)")
    assert composed.stamp == "Published 3 Jan 2026, 07:05 (Japan time)."


@pytest.mark.parametrize(
    ("kind", "start"),
    [("correction", "Correction:"), ("withdrawal", "Withdrawn:"), ("stage", "It has moved on"), ("date", "A date is named")],
)
def test_an_update_says_first_what_is_new(kind: str, start: str) -> None:
    composed = compose("alert", Picked((picked(CALL, NAGOYA, kind),), ()), NAGOYA, wording(), edition="e", now=NOW)
    assert composed.items[0].news.startswith(start)
    assert alert().items[0].news == ""


def test_a_story_that_moved_on_tells_where_it_is_now_and_not_how_it_got_there() -> None:
    """The call led to the meeting: whoever was told of the call is told of the meeting alone; whoever hears of the story first, of both."""
    news = Update(MET.id, "stage", "c3", MET.changed, Level.watch, note="stage summit announced", number=2)
    again = replace(picked(MET, NAGOYA), updates=(news,))
    composed = compose("alert", Picked((again,), ()), NAGOYA, wording(), edition="e", now=NOW)
    assert composed.items[0].in_short.startswith("The leaders of Japan and the United States met in person.")
    assert "phone" not in composed.items[0].in_short + composed.items[0].title
    assert composed.items[0].news == "It has moved on: Leaders' meeting."
    assert "phone" in alert(NAGOYA, MET).items[0].in_short
    began = Update(MET.id, "new", "c1", MET.changed - timedelta(days=5), Level.info, number=1)
    week = compose("weekly", Picked((replace(again, updates=(began, news)),), ()), NAGOYA, wording(), edition="e", now=NOW)
    assert "phone" not in week.items[0].in_short, "a call of last week is not told beside the meeting of today"


def test_a_ruling_is_of_the_country_that_the_reports_name() -> None:
    """The rule supposes that Japan is concerned; nobody may read that the court was Japanese."""
    assert alert(TOKYO, COURT).items[0].in_short.startswith("United States: a high court ruled on a measure of policy.")
    anybodys = replace(COURT, developments=(replace(COURT.developments[0], actors=("CHN", "USA")),))
    assert alert(TOKYO, anybodys).items[0].in_short.startswith("A high court ruled on a measure of policy.")


def test_the_place_stands_once_before_what_happened_there() -> None:
    lifted = replace(COURT.developments[0], type="tariff-lifted", stage="announced")
    both = replace(COURT, developments=(*COURT.developments, lifted))
    told = alert(TOKYO, both).items[0].in_short
    assert told.count("United States:") == 1, told
    assert "(" not in told
    assert alert(replace(TOKYO, language="ja"), COURT).items[0].in_short.startswith("米国：")


def test_a_country_has_one_name_in_a_mail() -> None:
    item = alert(replace(NAGOYA, language="ja")).items[0]
    assert "米国" in item.title
    assert "米国" in item.topic


def test_japanese_joins_two_names_with_to() -> None:
    assert "日本と米国の首脳が" in alert(replace(NAGOYA, language="ja")).items[0].in_short
    assert listed("ja", ["日本", "米国", "中国"]) == "日本、米国、中国"
    assert listed("en", ["a", "b", "c"]) == "a, b and c"


def test_a_rule_is_named_by_its_title_in_the_readers_language() -> None:
    why = alert(replace(NAGOYA, language="ja")).items[0].why[0]
    assert "日本との首脳の電話会談" in why
    assert "首脳の訪問予定（Leaders' visits to and from Japan）" in why, "no title in Japanese: the development's name helps"


def test_several_alerts_in_one_mail_are_told_as_several() -> None:
    picks = Picked((picked(DUTY, NAGOYA), picked(CALL, NAGOYA)), ())
    composed = compose("alert", picks, NAGOYA, wording(), edition="e", now=NOW)
    assert composed.subject.startswith("[Act] Several developments: ")
    assert len(composed.items) == 2


def test_a_week_is_counted_by_sector() -> None:
    tallies = {tally.name: tally.total for tally in digest(TOKYO, (FEES, CALL, RATE), kind="weekly").tallies}
    assert tallies == {"Finance": 3, "Technology": 1, "Visas and residence": 1}


def test_updates_told_are_recorded() -> None:
    assert digest().updates == (10, 20)


@pytest.mark.parametrize(
    ("zone", "language", "text"),
    [
        ("Asia/Tokyo", "en", "3 Jan 2026, 07:05 (Japan time)"),
        ("Asia/Tokyo", "ja", "2026年1月3日 07:05（日本時間）"),
        ("Asia/Kathmandu", "en", "3 Jan 2026, 03:50 (Asia/Kathmandu)"),
        ("Mars/Base", "en", "3 Jan 2026, 07:05 (Japan time)"),
    ],
)
def test_moments_are_in_the_readers_zone_and_name_it(zone: str, language: str, text: str) -> None:
    assert printed.time(NOW, zone, language) == text


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        (date(2026, 3, 19), date(2026, 3, 19), "19 Mar 2026"),
        (date(2026, 3, 1), date(2026, 3, 31), "Mar 2026"),
        (date(2026, 12, 1), date(2027, 2, 28), "winter 2026/2027"),
        (date(2026, 4, 1), date(2027, 3, 31), "fiscal 2026"),
        (date(2026, 1, 1), date(2026, 12, 31), "2026"),
        (date(2026, 1, 22), date(2026, 1, 23), "22–23 Jan 2026"),
        (date(2026, 12, 30), date(2027, 1, 2), "30 Dec 2026 – 2 Jan 2027"),
    ],
)
def test_a_window_is_said_as_short_as_it_can_be(first: date, last: date, text: str) -> None:
    assert printed.window(first, last, "en") == text


def test_the_same_input_gives_the_same_digest() -> None:
    assert digest() == digest()


def test_japanese_mail_has_no_english_of_ours() -> None:
    """Rule titles, matched words, outlets and headlines are others'; everything else is Japanese."""
    item = alert(replace(NAGOYA, language="ja")).items[0]
    for text in (item.title, item.in_short, item.trigger, *item.actions, *item.confidence, *(line.text for line in item.meanings)):
        assert not re.search(r"[A-Za-z]{3,}", text), text


def test_a_missing_slot_is_our_mistake_and_loud() -> None:
    with pytest.raises(KeyError):
        phrase("en", "stamp.digest")


def test_the_development_that_matters_most_to_the_reader_comes_first() -> None:
    assert teller_of(picked(CALL, NAGOYA), NAGOYA, wording(), NOW).developments[0].type == "visit-arranged"
    assert teller_of(picked(CALL, TOKYO), TOKYO, wording(), NOW).developments[0].type == "leader-call"


def test_a_plan_whose_day_is_over_is_not_told_as_a_plan() -> None:
    composed = compose("alert", Picked((picked(CALL, NAGOYA),), ()), NAGOYA, wording(), edition="e", now=datetime(2026, 6, 1, tzinfo=UTC))
    assert "planned" not in composed.items[0].title + composed.items[0].in_short


def test_talks_that_were_to_be_held_on_a_day_that_is_over_are_not_planned_for_it() -> None:
    talks = replace(
        CALL,
        developments=(development("ministerial-talks", "arranging", ("JPN", "USA")),),
        dates=(NamedDate("next", date(2026, 1, 9), date(2026, 1, 9), ""),),
    )
    ahead, over = (teller_of(picked(talks, TOKYO), TOKYO, wording(), datetime(2026, 1, day, tzinfo=UTC)) for day in (5, 20))
    assert ahead.date_of(talks.developments[0]) == talks.dates[0]
    assert over.date_of(talks.developments[0]) is None


def test_advice_is_that_of_the_sectors_that_decide() -> None:
    """A sector that is only touched lightly adds no advice of its own."""
    assert alert(NAGOYA, DUTY).items[0].actions == ("Check which of your shipments arrive after the start date.",)
    assert len(alert().items[0].actions) == 1


def test_a_meeting_held_comes_before_the_call_that_led_to_it() -> None:
    both = (*CALL.developments, development("summit", "announced", ("JPN", "USA")))
    assert teller_of(picked(replace(CALL, developments=both), TOKYO), TOKYO, wording(), NOW).developments[0].type == "summit"


def test_a_level_that_rose_in_other_sectors_only_is_no_news_but_the_date_named_with_it_is() -> None:
    risen = Update(CALL.id, "level", "c2", NOW, Level.watch, "level automotive watch; date 2026-03-01", number=2)
    lines = []
    for choices in (NAGOYA, TOKYO):
        pick = replace(picked(CALL, choices), updates=(risen,))
        lines.append(compose("daily", Picked((pick,), ()), choices, wording(), edition="daily:2026-01-03", now=NOW).items[0].news)
    date_line = "A date is named: spring 2026 (1 Mar – 31 May 2026)."
    assert lines == [f"The level for Automotive has changed to Watch. {date_line}", date_line]


def test_the_date_told_as_new_is_the_one_that_came() -> None:
    days = tuple(NamedDate("next", date(2026, month, 9), date(2026, month, 9), "") for month in (2, 5))
    news = Update(CALL.id, "date", "c2", NOW, Level.watch, "date 2026-05-09", number=2)
    pick = replace(picked(replace(CALL, dates=days), NAGOYA), updates=(news,))
    composed = compose("alert", Picked((pick,), ()), NAGOYA, wording(), edition="e", now=NOW)
    assert composed.items[0].news == "A date is named: 9 May 2026."


def test_in_a_danger_the_level_says_to_act_now() -> None:
    reader = replace(NAGOYA, sectors=(("safety", Level.info), *NAGOYA.sectors))
    acts = [
        alert(reader, replace(DUTY, impacts=(impact(sector, Level.act, "tariff-imposed"),))).items[0].level_act
        for sector in ("safety", "automotive")
    ]
    assert acts[0] == "Act now; follow your municipality and the official warnings"
    assert "now" not in acts[1]


def test_a_matter_that_is_settled_waits_for_no_date() -> None:
    """Decided with a start that is known: what is to come is another thing than for one that is still open."""
    known = wording()
    spec = known.developments["tariff-imposed"].model_copy(
        update={"watch": Localised(en="a start date is set"), "watch_settled": Localised(en="the duty is lifted")}
    )
    shown = replace(known, developments=known.developments | {"tariff-imposed": spec})
    undated = replace(DUTY, dates=())
    mooted = replace(DUTY, developments=(replace(DUTY.developments[0], stage="proposed"),))
    lines = [
        compose("alert", Picked((picked(one, NAGOYA),), ()), NAGOYA, shown, edition="e", now=NOW).items[0].trigger
        for one in (DUTY, undated, mooted)
    ]
    settled, still = "We will write again if the duty is lifted.", "We will write again if a start date is set."
    assert lines == [settled, still, still]


@pytest.mark.parametrize("stage", ["denied", "suspended", "reversed"])
def test_what_is_over_is_not_told_as_if_it_stood(stage: str) -> None:
    """Where nobody wrote a sentence for the stage, it is named with its stage and told no further."""
    over = replace(FEES.developments[0], stage=stage, type="rate-decision", rule="rate-decision")
    told = alert(TOKYO, replace(FEES, developments=(over,), dates=())).items[0].in_short
    assert told.startswith(f"Japan: {wording().development('rate-decision', 'en')}, {wording().stage(stage, 'en')}.")


def test_what_is_on_its_way_borrows_no_sentence_of_what_is_done() -> None:
    known = wording()
    texts = {"default": Told(en="It was done."), "mooted": Told(en="It is talked about."), "adopted": Told(en="It is law.")}
    spec = known.developments["tariff-imposed"].model_copy(update={"told": texts})
    told = replace(known, developments=known.developments | {"tariff-imposed": spec}).told
    said = [told("tariff-imposed", stage, "en") for stage in ("proposed", "arranging", "mooted", "adopted", "in-force")]
    assert said == ["It is talked about."] * 3 + ["It is law.", "It was done."]


def test_what_the_editors_set_aside_is_counted() -> None:
    composed = compose("daily", Picked((picked(CALL, TOKYO),), ()), TOKYO, wording(), edition="daily:2026-01-03", now=NOW, silenced=2)
    assert (composed.left_out, dict(composed.refusals)) == (2, {SILENCED: 2})
    assert "2 set aside by the editors" in composed.held_back


def test_a_withdrawn_story_in_a_digest_says_so_in_its_title() -> None:
    update = Update(CALL.id, "withdrawal", "c3", CALL.changed, Level.watch, number=2)
    pick = amendment(CALL, (update,), TOKYO)
    composed = compose("daily", Picked((pick,), ()), TOKYO, wording(), edition="daily:2026-01-03", now=NOW)
    assert composed.items[0].title.startswith("Withdrawn: ")


def test_evidence_is_quoted_whole_and_once() -> None:
    words = (Evidence("title", 0, 20, "raise the visa fee", "a"), Evidence("title", 10, 18, "visa fee", "b"), Evidence("title", 30, 33, "yen", "c"))
    fees = replace(FEES, developments=(replace(FEES.developments[0], evidence=words),))
    line = next(each for each in alert(TOKYO, fees).items[0].why if "raise the visa fee" in each)
    assert line.count("visa fee") == 1
    assert "yen" in line


def test_what_starts_on_a_day_to_come_is_not_in_force_yet() -> None:
    duty = replace(DUTY, developments=(development("tariff-imposed", "in-force", ("JPN", "USA"), "10% tariff", polarity="tightening"),))
    (before,) = digest(stories=(duty,)).items
    assert "announced" in before.in_short
    assert not any("in force" in line for line in (before.in_short, *before.key_points))
    begun = NamedDate("effective", date(2026, 1, 2), date(2026, 1, 2), "2 January")
    (after,) = digest(stories=(replace(duty, dates=(begun,)),)).items
    assert "in force" in after.in_short
