"""Preferences, the pause, the way out and the way back, over HTTP, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from web_place import Place, hidden, sign_up_fields

from alerts.mail.links import PREFERENCES_AGE
from alerts.rules.levels import Level
from alerts.store import outbox


def form_of(place: Place, link: str) -> dict[str, str]:
    return hidden(place.client.get(link).text)


def test_choices_are_changed_by_the_signed_link(place: Place) -> None:
    person = place.subscriber()
    link = place.links.preferences(person.id)
    changed = sign_up_fields(form_of(place, link)["form_token"], language="ja", cadence="weekly", weekday="4", quiet="")
    answer = place.client.post(link, data=changed)
    after = place.find()
    assert answer.status_code == 200
    assert '<html lang="ja">' in answer.text
    assert "保存しました" in answer.text
    assert after is not None
    assert (after.choices.cadence, after.choices.weekday, after.choices.quiet) == ("weekly", 4, None)
    assert after.choices.sectors == (("automotive", Level.watch), ("visas", Level.info))


def test_the_page_shows_what_was_chosen_and_the_address_masked(place: Place) -> None:
    person = place.subscriber(cadence="weekly", countries=("USA",))
    page = place.client.get(place.links.preferences(person.id)).text
    assert 'id="cadence-weekly" name="cadence" value="weekly" checked' in page
    assert 'value="USA" checked' in page
    assert "r•••@example.com" in page
    assert "reader@example.com" not in page


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_page_says_what_became_of_the_last_mails(place: Place, language: str) -> None:
    person = place.subscriber(language=language)
    now = place.clock.now()
    given_up = "given up after 3 days: the mail server says not now: 451 4.7.1 <address>: try later"
    with place.database.write() as connection:
        assert outbox.mail_link(connection, person.id, now=now)
        (mail,) = [ready for ready in outbox.claim(connection, worker="w1", now=now, limit=9) if ready.kind == "link"]
        outbox.record(connection, [outbox.Outcome(mail.id, "failed", now, now, 24, 451, given_up)], worker="w1")
    page = place.client.get(place.links.preferences(person.id), headers={"Accept-Language": language}).text
    assert {"en": "it could not be delivered", "ja": "お届けできませんでした"}[language] in page
    assert "given up after 3 days: the mail server says not now: 451 4.7.1 &lt;address&gt;: try later" in page


@pytest.mark.parametrize(("language", "waits", "goes"), [("en", "it goes out", "on its way since"), ("ja", "にお送りします。", "お送りするところです")])
def test_a_mail_that_waits_for_the_morning_is_not_on_its_way(place: Place, language: str, waits: str, goes: str) -> None:
    person = place.subscriber(language=language)
    now = place.clock.now()
    with place.database.write() as connection:
        assert outbox.mail_link(connection, person.id, now=now + timedelta(hours=8))
    address = place.links.preferences(person.id)
    page = place.client.get(address, headers={"Accept-Language": language}).text
    assert waits in page
    place.clock.set(now + timedelta(hours=8))
    later = place.client.get(address, headers={"Accept-Language": language}).text
    assert goes in later
    assert waits not in later


def test_wrong_choices_change_nothing(place: Place) -> None:
    person = place.subscriber()
    link = place.links.preferences(person.id)
    answer = place.client.post(link, data=sign_up_fields(form_of(place, link)["form_token"], sector=[]))
    assert answer.status_code == 422
    assert place.find() == person


def test_a_pause_ends_at_midnight_of_the_readers_own_calendar(place: Place) -> None:
    person = place.subscriber(timezone="America/New_York")
    link = place.links.preferences(person.id)
    form = form_of(place, link)
    answer = place.client.post(f"{link}/pause", data={**form, "until": "2026-02-01"})
    assert "Paused" in answer.text
    assert place.find().paused_until == datetime(2026, 2, 1, 5, tzinfo=UTC)  # type: ignore[union-attr]
    answer = place.client.post(f"{link}/pause", data={**form, "action": "resume"})
    assert "The pause is over" in answer.text
    assert place.find().paused_until is None  # type: ignore[union-attr]


@pytest.mark.parametrize("until", ["", "tomorrow", "2026-01-03", "2020-01-01", "2028-01-01", "0001-01-01", "9999-12-31", "2026-02-30"])
def test_a_pause_needs_a_day_within_a_year(place: Place, until: str) -> None:
    person = place.subscriber()
    link = place.links.preferences(person.id)
    answer = place.client.post(f"{link}/pause", data={**form_of(place, link), "until": until})
    assert answer.status_code == 422
    assert 'href="#until"' in answer.text
    assert place.find() == person


def test_a_preferences_link_dies_after_ninety_days(place: Place) -> None:
    person = place.subscriber()
    link = place.links.preferences(person.id)
    place.clock.set(place.clock.now() + PREFERENCES_AGE + timedelta(seconds=2))
    assert place.client.get(link).status_code == 404


def test_one_click_needs_neither_cookie_nor_form_and_answers_without_a_redirect(place: Place) -> None:
    """RFC 8058 §3.1: the body is one key and value, urlencoded or multipart; there are no cookies."""
    person = place.subscriber()
    answer = place.client.post(place.links.one_click(person.id), data={"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, answer.headers.get("location"), answer.headers.get("set-cookie")) == (200, None, None)
    after = place.find()
    assert after is not None
    assert (after.state, after.ended_reason) == ("ended", "one-click")


@pytest.mark.parametrize(
    "request_",
    [{"files": {"List-Unsubscribe": (None, "One-Click")}}, {"content": b""}, {"content": b"\xff\xfe", "headers": {"content-type": "x/y"}}],
)
def test_one_click_is_understood_however_it_is_sent(place: Place, request_: dict[str, object]) -> None:
    person = place.subscriber()
    assert place.client.post(place.links.one_click(person.id), **request_).status_code == 200  # type: ignore[arg-type]
    assert place.find().state == "ended"  # type: ignore[union-attr]


def test_one_click_is_the_same_the_second_time_and_works_years_later(place: Place) -> None:
    person = place.subscriber()
    link = place.links.one_click(person.id)
    place.clock.set(place.clock.now() + timedelta(days=1500))
    assert [place.client.post(link).status_code for _ in range(2)] == [200, 200]


def test_one_click_is_never_held_up_by_quotas(place: Place) -> None:
    person = place.subscriber()
    assert {place.client.post(place.links.one_click(person.id)).status_code for _ in range(70)} == {200}


def test_a_person_unsubscribes_with_one_button_and_may_take_it_back(place: Place) -> None:
    person = place.subscriber()
    link = place.links.unsubscribe(person.id)
    ended = place.client.post(link, data=form_of(place, link))
    after = place.find()
    assert after is not None
    assert (after.state, after.ended_reason) == ("ended", "unsubscribed")
    back = place.client.post(f"{link}/undo", data=hidden(ended.text))
    again = place.find()
    assert back.status_code == 200
    assert again is not None
    assert (again.state, again.choices) == ("open", person.choices)
    assert "undone" in again.consent


def test_only_whoever_pressed_the_button_can_take_it_back_and_not_for_long(place: Place) -> None:
    person, other = place.subscriber(), place.subscriber("other@example.com")
    link, others = place.links.unsubscribe(person.id), place.links.unsubscribe(other.id)
    ended = hidden(place.client.post(link, data=form_of(place, link)).text)
    undo_of_other = hidden(place.client.post(others, data=form_of(place, others)).text)["undo"]
    assert place.client.post(f"{link}/undo", data={**ended, "undo": undo_of_other}).status_code == 404
    assert place.client.post(f"{link}/undo", data={**ended, "undo": ""}).status_code == 404
    place.clock.set(place.clock.now() + timedelta(days=1, seconds=2))
    assert place.client.post(f"{link}/undo", data=ended).status_code == 404
    assert place.find().state == "ended"  # type: ignore[union-attr]


def test_an_end_for_another_reason_is_not_taken_back(place: Place) -> None:
    """A complaint that came in between stays a complaint."""
    from alerts.store import subscribers

    person = place.subscriber()
    link = place.links.unsubscribe(person.id)
    ended = hidden(place.client.post(link, data=form_of(place, link)).text)
    with place.database.write() as connection:
        subscribers.resubscribe(connection, person.id, now=place.clock.now())
        subscribers.end(connection, [person.id], reason="complaint", now=place.clock.now())
    assert place.client.post(f"{link}/undo", data=ended).status_code == 404


def test_settings_are_closed_to_who_has_left(place: Place) -> None:
    person = place.subscriber()
    link = place.links.preferences(person.id)
    form = form_of(place, link)
    place.client.post(place.links.one_click(person.id))
    assert place.client.get(link).status_code == 404
    assert place.client.post(link, data=sign_up_fields(form["form_token"])).status_code == 404
    assert place.client.post(f"{link}/pause", data={**form, "until": "2026-02-01"}).status_code == 404
