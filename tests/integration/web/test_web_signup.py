"""Sign-up with double opt-in, over HTTP, on both databases."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from web_place import Place, hidden, sign_up_fields

from alerts.mail.links import CONFIRM_AGE
from alerts.rules.levels import Level


def token(place: Place) -> str:
    return hidden(place.client.get("/").text)["form_token"]


def neutralised(html: str) -> str:
    """A page without what differs by the address that was typed, and by the form token."""
    return re.sub(r"[\w.+-]+@[\w.-]+", "ADDRESS", html)


def test_a_sign_up_asks_for_consent_and_does_nothing_else(place: Place) -> None:
    answer = place.client.post("/", data=sign_up_fields(token(place)))
    person = place.find("new@example.com")
    assert answer.status_code == 200
    assert person is not None
    assert person.state == "unconfirmed"
    assert person.choices.sectors == (("automotive", Level.watch), ("visas", Level.info))
    assert person.choices.countries == ("USA",)
    assert place.mails() == [("confirmation", person.id)]


def test_the_page_after_a_sign_up_is_the_same_for_known_and_unknown_addresses(place: Place) -> None:
    place.subscriber("known@example.com")
    place.subscriber("waiting@example.com", confirmed=False)
    answers = [
        place.client.post("/", data=sign_up_fields(token(place), address=f"{name}@example.com")) for name in ("known", "waiting", "unknown")
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert len({neutralised(answer.text) for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers)) for answer in answers}) == 1


def test_a_stranger_cannot_change_what_a_subscriber_chose_and_the_subscriber_gets_a_link(place: Place) -> None:
    before = place.subscriber()
    place.client.post("/", data=sign_up_fields(token(place), address="READER@example.com", cadence="weekly"))
    assert place.find() == before
    assert place.mails() == [("link", before.id)]


def test_consent_is_kept_with_its_proof(place: Place) -> None:
    person = place.subscriber(confirmed=False, language="ja")
    page = place.client.get(place.links.confirm(person.id))
    assert '<html lang="ja">' in page.text
    answer = place.client.post(place.links.confirm(person.id), data=hidden(page.text))
    after = place.find()
    assert answer.status_code == 200
    assert after is not None
    assert after.state == "open"
    assert after.due is not None
    assert set(after.consent) >= {"at", "how", "page", "wording", "language", "ip"}
    assert after.consent["at"] == place.clock.now().isoformat()
    assert re.fullmatch(r"[0-9a-f]{32}", after.consent["ip"])
    with place.database.read() as connection:
        text = connection.exec_driver_sql(f"SELECT value FROM fact WHERE name = 'consent:{after.consent['wording']}'").scalar_one()
    assert "同意します" in str(text) or "\\u540c\\u610f" in str(text)


def test_pressing_the_button_twice_is_harmless(place: Place) -> None:
    person = place.subscriber(confirmed=False)
    form = hidden(place.client.get(place.links.confirm(person.id)).text)
    answers = [place.client.post(place.links.confirm(person.id), data=form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]


def test_whoever_consents_is_welcomed_once(place: Place) -> None:
    person = place.subscriber(confirmed=False)
    for _ in range(2):
        page = place.client.get(place.links.confirm(person.id))
        place.client.post(place.links.confirm(person.id), data=hidden(page.text))
        place.clock.set(place.clock.now() + timedelta(hours=2))
    assert place.mails() == [("welcome", person.id)]


def test_a_confirmation_link_dies_after_a_week(place: Place) -> None:
    person = place.subscriber(confirmed=False)
    link = place.links.confirm(person.id)
    form = hidden(place.client.get(link).text)
    place.clock.set(place.clock.now() + CONFIRM_AGE + timedelta(seconds=2))
    assert place.client.get(link).status_code == 404
    assert place.client.post(link, data=form).status_code == 404
    assert place.find().state == "unconfirmed"  # type: ignore[union-attr]


def test_who_has_left_is_not_brought_back_by_an_old_confirmation_link(place: Place) -> None:
    person = place.subscriber(confirmed=False)
    link = place.links.confirm(person.id)
    form = hidden(place.client.get(link).text)
    place.client.post(link, data=form)
    place.client.post(place.links.one_click(person.id))
    assert place.client.post(link, data=form).status_code == 404
    assert place.find().state == "ended"  # type: ignore[union-attr]


def test_who_has_left_may_sign_up_again(place: Place) -> None:
    person = place.subscriber()
    place.client.post(place.links.one_click(person.id))
    place.client.post("/", data=sign_up_fields(token(place), address="reader@example.com"))
    assert place.find().state == "unconfirmed"  # type: ignore[union-attr]
    assert place.mails() == [("confirmation", person.id)]


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"address": "nonsense"}, "address"),
        ({"sector": []}, "sector-safety"),
        ({"timezone": "Moon/Base"}, "timezone"),
        ({"hour": "25"}, "hour"),
    ],
)
def test_a_mistake_is_named_linked_to_its_field_and_nothing_entered_is_lost(place: Place, changes: dict[str, object], target: str) -> None:
    answer = place.client.post("/", data=sign_up_fields(token(place), **{"address": "kept@example.com", **changes}))
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert f'href="#{target}"' in answer.text
    assert f'id="{target}"' in answer.text
    assert f'id="{target}-error"' in answer.text
    assert 'name="sector" value="automotive" checked' in answer.text or "sector" in changes
    assert "kept@example.com" in answer.text or "address" in changes
    assert place.mails() == []


def test_a_robot_that_fills_the_trap_sees_success_and_causes_nothing(place: Place) -> None:
    good = place.client.post("/", data=sign_up_fields(token(place), address="b@example.com"))
    trapped = place.client.post("/", data=sign_up_fields(token(place), address="a@example.com", homepage="https://spam.example"))
    assert neutralised(good.text) == neutralised(trapped.text)
    assert place.find("a@example.com") is None


def test_one_address_cannot_be_flooded(place: Place) -> None:
    answers = [place.client.post("/", data=sign_up_fields(token(place))) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert len(place.mails()) == 1  # one an hour, whatever is asked


def test_one_place_cannot_write_to_the_world(place: Place) -> None:
    found = [
        place.client.post("/", data=sign_up_fields(token(place), address=f"r{number}@example.com")).status_code for number in range(22)
    ]
    assert found == [200] * 20 + [429] * 2


def test_a_header_cannot_be_smuggled_into_an_address(place: Place) -> None:
    answer = place.client.post("/", data=sign_up_fields(token(place), address="a@example.com\r\nBcc: b@example.com"))
    assert answer.status_code == 422
    assert place.mails() == []


def test_a_script_in_an_address_is_shown_as_text(place: Place) -> None:
    answer = place.client.post("/", data=sign_up_fields(token(place), address='"><script>alert(1)</script>'))
    assert "<script" not in answer.text


def test_a_fresh_link_goes_to_subscribers_only_and_the_page_does_not_tell(place: Place) -> None:
    open_one = place.subscriber("open@example.com")
    waiting = place.subscriber("waiting@example.com", confirmed=False)
    gone = place.subscriber("gone@example.com")
    place.client.post(place.links.one_click(gone.id))
    form = hidden(place.client.get("/link").text)
    answers = [
        place.client.post("/link", data={**form, "address": f"{name}@example.com"}).text for name in ("open", "waiting", "gone", "unknown")
    ]
    assert len({neutralised(answer) for answer in answers}) == 1
    assert place.mails() == [("link", open_one.id), ("confirmation", waiting.id)]
