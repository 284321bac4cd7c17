"""A story that several mails tell alike is rendered, styled and encoded once; nothing that differs is ever shared."""

from __future__ import annotations

import binascii
import os
import quopri
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_mails import SENDER
from sample_stories import CALL, DUTY, NAGOYA, RATE, alert, digest

from alerts.digests.digest import Digest
from alerts.mail.encodings import Base64, Literal, QuotedPrintable, literal, smallest
from alerts.mail.fragments import Fragments
from alerts.mail.message import SLOTS, Headers, Personal
from alerts.mail.mime import prepare
from alerts.mail.render import Renderer
from alerts.rules.levels import Level

READER = replace(NAGOYA, sectors=(("automotive", Level.info), ("trade", Level.info), ("finance", Level.info)))
MORNING = digest(READER, (DUTY, CALL))
EVENING = digest(replace(READER, hour=19, cadence="weekly"), (CALL, RATE, DUTY), kind="weekly")


def fragments(renderer: Renderer, one: Digest) -> tuple[list[Literal], list[Literal]]:
    made = renderer.digest(one, SENDER)
    return [each.literal for each in made.html_fragments], [each.literal for each in made.text_fragments]


def shared(first: list[Literal], second: list[Literal]) -> int:
    return len({id(each) for each in first} & {id(each) for each in second})


def test_two_digests_that_tell_a_story_alike_share_its_encoded_fragment() -> None:
    renderer = Renderer()
    one, two = renderer.digest(MORNING, SENDER), renderer.digest(EVENING, SENDER)
    assert len(one.html_fragments) == len(one.text_fragments) == 2
    for first, second in ((one.html_fragments, two.html_fragments), (one.text_fragments, two.text_fragments)):
        common = {id(each.literal) for each in first} & {id(each.literal) for each in second}
        assert len(common) == 2
    literals = [each.literal for each in (*one.html_fragments, *one.text_fragments)]
    for made in (prepare(one, SENDER), prepare(two, SENDER)):
        parts = {id(part) for body in (made._text, made._html) for part in body._parts}  # type: ignore[attr-defined]
        assert all(id(each.quoted(soft=True)) in parts for each in literals), "the very bytes, not others like them"


def test_what_is_put_together_is_what_would_have_been_rendered_whole() -> None:
    renderer = Renderer()
    renderer.digest(MORNING, SENDER)
    for one in (EVENING, MORNING, alert(), alert()):
        assert renderer.digest(one, SENDER) == Renderer().digest(one, SENDER)


def test_an_alert_is_shared_by_all_who_get_it_alike() -> None:
    renderer = Renderer()
    one, two = alert(NAGOYA), alert(replace(NAGOYA, hour=12))
    assert shared(fragments(renderer, one)[0], fragments(renderer, two)[0]) == 1


def told_in_japanese() -> Digest:
    return digest(replace(READER, language="ja"), (DUTY, CALL))


def told_for_another_sector() -> Digest:
    return digest(replace(NAGOYA, sectors=(("finance", Level.info),)), (DUTY, CALL))


@pytest.mark.parametrize("other", [told_in_japanese, told_for_another_sector])
def test_another_language_or_another_meaning_shares_nothing(other: object) -> None:
    renderer = Renderer()
    first, second = fragments(renderer, MORNING), fragments(renderer, other())  # type: ignore[operator]
    assert not shared(first[0], second[0]) + shared(first[1], second[1])


def override(home: Path, name: str, text: str) -> Path:
    (home / "email").mkdir(exist_ok=True)
    file = home / "email" / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_changed_template_shares_nothing_with_what_was_made_before(tmp_path: Path) -> None:
    parts = (Path(__file__).parents[3] / "templates/email/parts.html.j2").read_text(encoding="utf-8")
    file = override(tmp_path, "parts.html.j2", parts)
    renderer = Renderer(tmp_path)
    before = fragments(renderer, MORNING)
    assert shared(before[0], fragments(renderer, MORNING)[0]) == 2
    file.write_text(parts.replace("<h3>{{ item.title }}</h3>", "<h3>{{ item.title }}!</h3>"), encoding="utf-8")
    os.utime(file, (1, 1))
    after = renderer.digest(MORNING, SENDER)
    assert not shared(before[0], [each.literal for each in after.html_fragments])
    assert f"{MORNING.items[0].title}!</h3>" in after.html


def test_a_changed_style_shares_nothing_either(tmp_path: Path) -> None:
    file = override(tmp_path, "style.css.j2", "h3 { color: #111111; }")
    renderer = Renderer(tmp_path)
    assert '<h3 style="color: #111111;">' in renderer.digest(MORNING, SENDER).html
    file.write_text("h3 { color: #222222; }", encoding="utf-8")
    os.utime(file, (1, 1))
    assert '<h3 style="color: #222222;">' in renderer.digest(MORNING, SENDER).html


def test_a_broken_template_leaves_nothing_of_its_own_behind(tmp_path: Path) -> None:
    override(
        tmp_path,
        "digest_body.html.j2",
        '{% import "email/parts.html.j2" as parts with context %}{{ parts.entry(digest.items[0]) }}{{ no }}',
    )
    renderer = Renderer(tmp_path)
    assert renderer.digest(MORNING, SENDER) == renderer.digest(MORNING, SENDER) == Renderer().digest(MORNING, SENDER)


def test_a_link_of_the_reader_inside_a_story_stays_the_readers_own(tmp_path: Path) -> None:
    parts = (Path(__file__).parents[3] / "templates/email/parts.html.j2").read_text(encoding="utf-8")
    override(
        tmp_path, "parts.html.j2", parts.replace("<h3>{{ item.title }}</h3>", '<h3><a href="{{ slots.web_url }}">{{ item.title }}</a></h3>')
    )
    renderer = Renderer(tmp_path)
    for _ in range(2):
        made = renderer.digest(MORNING, SENDER)
        assert not made.html_fragments
        assert made.html.count(SLOTS["web_url"]) == 2 + 2 + 1
    message = prepare(made, SENDER).join(Personal("a@example.org", web_url="https://x.example/w/own"), Headers("<1@x>", MORNING.made))
    assert quopri.decodestring(message).count(b"https://x.example/w/own") >= 5


def test_only_the_fragments_used_last_are_kept() -> None:
    kept = Fragments(most=2)
    kept.keep("a", "A")
    kept.keep("b", "B")
    assert kept.find("a")
    kept.keep("c", "C")
    assert (kept.find("b"), kept.find("a") is None, kept.find("c") is None) == (None, False, False)


PIECES = st.lists(
    st.one_of(st.text(st.sampled_from(".=From \n\tabc日本"), max_size=90).map(literal), st.sampled_from(["one", "two"])),
    min_size=1,
    max_size=9,
)


@given(PIECES, st.binary(max_size=5), st.binary(max_size=90).filter(lambda value: b"\n" not in value and b"\r" not in value))
def test_literals_may_meet_anywhere(pieces: list[Literal | str], one: bytes, two: bytes) -> None:
    """Fragments stand beside others with no slot between; both encodings stay exact, whatever stands where."""
    values = {"one": binascii.hexlify(one), "two": two}
    whole = b"".join(piece.data if isinstance(piece, Literal) else values[piece] for piece in pieces)
    for part in (Base64(pieces), QuotedPrintable(pieces), smallest(pieces)):
        body = b"".join(part.join(values))
        decoded = (
            binascii.a2b_base64(body)
            if part.encoding == "base64"
            else quopri.decodestring(body).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        )
        assert decoded == whole
        lines = body.split(b"\r\n")
        assert max(map(len, lines)) <= 76
        assert not any(line.startswith((b".", b"From ")) for line in lines)
