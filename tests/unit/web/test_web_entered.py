"""The form of choices: what it shows is what it reads back, and nothing else gets through."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData

from alerts.digests.subscriber import Choices
from alerts.rules.levels import Level
from alerts.rules.schema import ConceptSpec, Localised, SectorSpec
from alerts.rules.wording import Wording
from alerts.web.entered import Entered, fresh, of_choices, of_form, read
from alerts.web.options import ALERT_LEVELS, LEVELS, Choice, countries, offered_first, zone_names, zones

TEXT = Localised(en="text", ja="文")
SECTORS = ("safety", "visas", "automotive")
WORDING = Wording(
    sectors={id: SectorSpec(id=id, name=TEXT, about=TEXT) for id in SECTORS},
    stages={},
    developments={},
    rules={},
    concepts={
        "usa": ConceptSpec(kind="actor", actor="USA", name=Localised(en="the United States")),
        "zambia": ConceptSpec(kind="actor", actor="ZMB", name=Localised(en="Zambia")),
        "japan": ConceptSpec(kind="actor", actor="JPN", name=Localised(en="Japan")),
        "un": ConceptSpec(kind="actor", actor="UN", type="body", name=Localised(en="the UN")),
    },
)
HOURS = st.integers(0, 23)
CHOICES = st.builds(
    Choices,
    language=st.sampled_from(["en", "ja"]),
    timezone=st.sampled_from(sorted(available_timezones())),
    cadence=st.sampled_from(["immediate", "daily", "weekly"]),
    hour=HOURS,
    weekday=st.integers(0, 6),
    sectors=st.dictionaries(st.sampled_from(SECTORS), st.sampled_from(LEVELS), min_size=1).map(lambda found: tuple(sorted(found.items()))),
    alert_level=st.sampled_from(ALERT_LEVELS),
    countries=st.sets(st.sampled_from(["USA", "ZMB"])).map(lambda found: tuple(sorted(found))),
    nationality=st.sampled_from(["", "USA", "JPN"]),
    quiet=st.one_of(st.none(), st.tuples(HOURS, HOURS).filter(lambda hours: hours[0] != hours[1])),
)


def as_posted(entered: Entered) -> FormData:
    """What a browser sends for a form that shows `entered`."""
    pairs = [(name, getattr(entered, name)) for name in ("address", "language", "timezone", "cadence", "hour", "weekday", "alert_level")]
    pairs += [("nationality", entered.nationality), ("quiet_from", entered.quiet_from), ("quiet_to", entered.quiet_to)]
    pairs += [("sector", sector) for sector in entered.sectors] + [("country", country) for country in entered.countries]
    pairs += [(f"level-{sector}", level) for sector, level in entered.thresholds.items()]
    return FormData([*pairs, *([("quiet", "on")] if entered.quiet else [])])


@given(CHOICES)
def test_choices_survive_the_way_through_the_form(choices: Choices) -> None:
    posted = of_form(as_posted(of_choices(choices)), WORDING)
    assert read(posted, WORDING, host="JPN") == (choices, ())


@given(
    st.builds(Entered, *[st.text(max_size=8)] * 6, sectors=st.frozensets(st.text(max_size=4)), countries=st.frozensets(st.text(max_size=4)))
)
def test_whatever_is_sent_gives_errors_and_never_an_exception(entered: Entered) -> None:
    _, errors = read(entered, WORDING, host="JPN")
    assert errors


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"sectors": frozenset()}, "error.sectors"),
        ({"sectors": frozenset({"gardening"})}, "error.sectors"),
        ({"timezone": "Asia/Atlantis"}, "error.timezone"),
        ({"timezone": "../../etc/passwd"}, "error.timezone"),
        ({"hour": "24"}, "error.hour"),
        ({"hour": "７"}, "error.hour"),
        ({"cadence": "hourly"}, "error.cadence"),
        ({"weekday": "7"}, "error.weekday"),
        ({"alert_level": "info"}, "error.alert_level"),
        ({"language": "fr"}, "error.language"),
        ({"countries": frozenset({"UN"})}, "error.countries"),
        ({"nationality": "ZZZ"}, "error.nationality"),
        ({"quiet_to": ""}, "error.quiet"),
    ],
)
def test_each_mistake_is_named(changes: dict[str, object], key: str) -> None:
    _, errors = read(replace(fresh(WORDING, "en"), **changes), WORDING, host="JPN")  # type: ignore[arg-type]
    assert [error.key for error in errors] == [key]


def test_a_new_form_is_sensible_as_it_stands() -> None:
    choices, errors = read(fresh(WORDING, "ja"), WORDING, host="JPN")
    assert not errors
    assert choices == Choices(language="ja", sectors=(("safety", Level.watch), ("visas", Level.watch)))


def test_equal_ends_mean_no_quiet_hours() -> None:
    choices, errors = read(replace(fresh(WORDING, "en"), quiet_from="5", quiet_to="5"), WORDING, host="JPN")
    assert (choices.quiet, errors) == (None, ())


def test_a_form_shows_partners_of_the_host_and_what_was_chosen_and_folds_the_rest() -> None:
    spec = ConceptSpec.model_validate({"kind": "actor", "actor": "JPN", "name": {"en": "Japan"}, "en": ["Japan"], "partners": ["USA"]})
    wording = replace(WORDING, concepts={**WORDING.concepts, "japan": spec})
    known = [Choice(code, code) for code in ("USA", "ZMB", "XKX")]

    def shown(host: str, *chosen: str) -> tuple[list[str], list[str]]:
        first, others = offered_first(wording, known, host=host, chosen=chosen)
        return [each.value for each in first], [each.value for each in others]

    assert shown("JPN") == (["USA"], ["ZMB", "XKX"])
    assert shown("JPN", "ZMB") == (["USA", "ZMB"], ["XKX"])
    assert shown("KOR") == (["USA", "ZMB", "XKX"], []), "where no partners are named, nothing is folded"


def test_countries_are_sorted_as_people_look_for_them_and_leave_out_the_host() -> None:
    assert [choice.name for choice in countries(WORDING, "en", host="JPN")] == ["United States", "Zambia"]


def test_every_country_has_its_zone_and_an_odd_one_that_was_chosen_stays(moment) -> None:  # type: ignore[no-untyped-def]
    assert {"Asia/Tokyo", "Europe/Stockholm", "America/Argentina/Ushuaia", "Asia/Kathmandu"} <= set(zone_names())
    labels = {choice.value: choice.name for group in zones(moment, "Etc/UTC") for choice in group.choices}
    assert labels["Asia/Tokyo"] == "Tokyo (UTC+9)"
    assert labels["Asia/Kathmandu"] == "Kathmandu (UTC+5:45)"
    assert labels["America/St_Johns"] == "St Johns (UTC−3:30)"
    assert labels["Etc/UTC"] == "UTC (UTC+0)"
