"""Mails as they look: HTML and text say the same, in small, safe, accessible mark-up, and a broken template never stops a mail."""

from __future__ import annotations

import dataclasses
import re
import shutil
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise, product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_mails import SENDER, samples
from sample_stories import CALL, DUTY, NAGOYA, alert, digest, impact, report, story

from alerts.digests.digest import Digest, DigestKind
from alerts.mail.message import SLOTS, Rendered
from alerts.mail.overrides import Overrides, examine_overrides
from alerts.mail.plain import COLUMNS, wrap
from alerts.mail.render import Renderer
from alerts.resources import shipped
from alerts.rules.levels import Level
from alerts.text import width

RENDERER = Renderer()
JAPANESE = replace(NAGOYA, language="ja")
ROOT = Path(__file__).parents[3]


class Reader(HTMLParser):
    """What is on the page: text, links, headings, and every element with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.links: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._hidden = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._hidden = tag in {"style", "title"}
        if tag == "a":
            self.links.append(dict(attrs)["href"] or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"style", "title"}:
            self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.text.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


def squeezed(text: str) -> str:
    """Without white space and case, as wrapping and headings change them."""
    return re.sub(r"\s+", "", text).casefold()


def facts(value: object) -> list[str]:
    """Every text that a digest holds for its readers; ids and the words for reasons, whose sentences stand beside them, are not for them."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [text for one in value for text in facts(one)]
    if dataclasses.is_dataclass(value):
        ids = {"story", "edition", "kind", "language", "said_language", "sector", "refusal", "refusals"}
        kept = ids | {"preheader", "subject", "url", "left_out_briefs"}
        return [text for field in dataclasses.fields(value) if field.name not in kept for text in facts(getattr(value, field.name))]
    return []


MAILS = [(one.name, one.digest, one.mail) for one in samples()]
ALL = pytest.mark.parametrize(("digested", "mail"), [(one, mail) for _, one, mail in MAILS], ids=[name for name, _, _ in MAILS])


def signs(text: str) -> str:
    """Letters, digits and operators alone: a label stands with a colon in one part and as a heading in the other."""
    return re.sub(r"[^\w+−=%]", "", text).casefold()


ONLY_SEEN = {"Read on the web", "See them on the web"}
"""Labels of links whose words differ in the text, where the link itself stands."""


@ALL
def test_nothing_stands_on_the_page_that_the_text_does_not_say_as_often(digested: Digest | None, mail: Rendered) -> None:
    """Not only is every fact in both: what stands at three stories stands three times, so that none is told with less."""
    page = read(re.sub(r'<div class="preheader".*?</div>', "", mail.html, flags=re.S))
    text = signs(mail.text)
    runs = Counter(signs(run) for run in page.text if run.strip() not in ONLY_SEEN)
    missing = {run: (count, text.count(run)) for run, count in runs.items() if run and text.count(run) < count}
    assert missing == {}
    if digested is None:
        return
    items = tuple(replace(item, level_act="") for item in digested.items)  # that stands once for all of a level
    told = Counter(signs(fact) for fact in facts(replace(digested, sections=())) + facts(items))
    whole = signs("".join(page.text))
    alone = digested.kind == "alert" and len(digested.items) == 1  # its title is that of its one story
    missing = {
        fact: (count, whole.count(fact), text.count(fact))
        for fact, count in told.items()
        if fact and min(whole.count(fact), text.count(fact)) < count - alone
    }
    assert missing == {}


@ALL
def test_html_and_text_say_the_same(digested: Digest | None, mail: Rendered) -> None:
    page = read(mail.html)
    html, text = squeezed("".join(page.text)), squeezed(mail.text)
    shown = replace(digested, sections=()) if digested and digested.kind == "alert" else digested
    for fact in facts(shown) + (facts(digested.items) if digested else []):
        assert squeezed(fact) in html, fact
        assert squeezed(fact) in text, fact
    targets = {link.removeprefix("mailto:") for link in page.links}
    assert targets == {word for word in re.findall(r"https?://\S+|\ue000\w+\ue001", mail.text) if word != SLOTS["consent_date"]}
    for line in mail.text.splitlines():
        plain = re.sub(r"https?://\S+|\S*\ue000.*", "", line)
        words = [word for word in re.split(r"[\s:：*■=–\-\[\]［］]+", plain) if len(word) > 3]
        assert all(squeezed(word) in html for word in words), line


@ALL
def test_text_keeps_to_72_columns(digested: Digest | None, mail: Rendered) -> None:
    for line in mail.text.splitlines():
        assert width(line) <= COLUMNS or "://" in line or "\ue000" in line, line
        assert line == line.rstrip()


@ALL
def test_mark_up_is_accessible_and_loads_nothing(digested: Digest | None, mail: Rendered) -> None:
    page = read(mail.html)
    tags = [tag for tag, _ in page.elements]
    assert not {"img", "script", "iframe", "link", "form", "video"} & set(tags)
    assert "url(" not in mail.html
    assert all(attributes.get("role") == "presentation" for tag, attributes in page.elements if tag == "table")
    assert next(attributes for tag, attributes in page.elements if tag == "html").get("lang") in {"en", "ja"}
    headings = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(headings)), headings
    assert "color-scheme" in mail.html
    assert "prefers-color-scheme: dark" in mail.html
    assert len(mail.html.encode()) < 80_000


@ALL
def test_styles_stand_at_the_elements(digested: Digest | None, mail: Rendered) -> None:
    assert all("style" in attributes for tag, attributes in read(mail.html).elements if tag in {"h1", "h2", "h3", "h4", "p"})


def test_the_heaviest_digest_stays_below_what_gmail_cuts() -> None:
    names = ("visas", "finance", "automotive", "technology", "trade", "employment", "tax-pension", "travel", "safety", "living-costs")
    sectors = tuple((name, Level.info) for name in names)
    reports = tuple(
        report(f"h{number}" + "x" * 200, f"サンプル新聞{number}", "輸入品への追加関税について" * 6, CALL.opened, "ja")
        for number in range(9)
    )
    heavy = tuple(
        story(
            f"heavy{number}",
            DUTY.developments + CALL.developments,
            tuple(impact(s, Level(1 + (number + at) % 4), "tariff-imposed") for at, (s, _) in enumerate(sectors)),
            reports,
        )
        for number in range(60)
    )
    kinds: tuple[DigestKind, ...] = ("daily", "weekly")
    for language, kind in product(("en", "ja"), kinds):
        made = RENDERER.digest(digest(replace(NAGOYA, language=language, sectors=sectors), heavy, kind=kind), SENDER)
        assert len(made.html.encode()) < 80_000, (language, kind, len(made.html.encode()))


def test_stopping_stands_at_the_top_and_at_the_end() -> None:
    for _, one, mail in MAILS:
        if one:
            assert mail.html.count(SLOTS["unsubscribe_url"]) == 2
            assert mail.html.index(SLOTS["unsubscribe_url"]) < mail.html.index("<h1")
            assert mail.text.count(SLOTS["unsubscribe_url"]) == 2


def test_a_foreign_headline_is_marked_with_its_language() -> None:
    languages = {attributes.get("lang") for tag, attributes in read(RENDERER.digest(alert(), SENDER).html).elements if tag == "a"}
    assert "ja" in languages
    assert '<span lang="ja">サンプル新聞</span>' in RENDERER.digest(alert(), SENDER).html


def test_what_a_feed_says_is_never_mark_up() -> None:
    bad = report("bad", "A & B <News>", 'Duty "raised" <script>alert(1)</script>', CALL.opened)
    made = RENDERER.digest(alert(NAGOYA, replace(CALL, reports=(bad,))), SENDER)
    assert "<script" not in made.html
    assert "&lt;script&gt;" in made.html
    assert "<script>alert(1)</script>" in made.text


def test_a_level_is_never_told_by_colour_alone() -> None:
    page = read(RENDERER.digest(digest(), SENDER).html)
    badges = [attributes for tag, attributes in page.elements if tag == "span" and "level" in (attributes.get("class") or "")]
    text = " ".join(page.text)
    assert badges
    assert "Act" in text
    assert "Watch" in text


def test_a_confirmation_carries_its_link_and_nothing_personal() -> None:
    mail = next(mail for name, _, mail in MAILS if name == "confirmation_en")
    assert "https://alerts.example.jp/c/abc" in mail.html
    assert not [token for token in SLOTS.values() if token in mail.html + mail.text]


def test_the_footer_names_the_sender() -> None:
    for _, _, mail in MAILS:
        for text in (mail.html, mail.text.replace("\n", " ")):
            assert SENDER.name in text
            assert SENDER.postal_address in text
            assert SENDER.contact in text


def test_the_web_view_shows_the_same_and_what_was_left_out() -> None:
    one = digest()
    page = squeezed("".join(read(RENDERER.web(one)).text))
    assert all(squeezed(fact) in page for fact in facts(one))
    assert all(squeezed(brief.text) in page for brief in one.left_out_briefs)
    assert "\ue000" not in RENDERER.web(one) + RENDERER.web(alert())


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("file", "papers"), [("style.css.j2", ("#ffffff", "#f8f9f6")), ("dark.css.j2", ("#181c1e", "#141819"))])
def test_contrast_is_enough_in_light_and_dark(file: str, papers: tuple[str, str]) -> None:
    """Every colour of text against the ground it names, else against both papers of its mode: at least 4.5 (WCAG 2.2, 1.4.3)."""
    style = (ROOT / "templates/email" / file).read_text()
    for selectors, rule in re.findall(r"([^{}]+)\{([^{}]*)\}", style):
        ink, ground = (re.search(rf"(?<![\w-]){name}: (#[0-9a-f]{{6}})", rule) for name in ("color", "background-color"))
        if ink and ".preheader" not in selectors:
            for paper in (ground[1],) if ground else papers:
                assert contrast(ink[1], paper) >= 4.5, (selectors.strip(), ink[1], paper)


WHO = "{{ sender.name }}, {{ sender.postal_address }}, {{ sender.contact }}"


def override(home: Path, name: str, text: str) -> Renderer:
    (home / "email").mkdir(exist_ok=True)
    (home / "email" / name).write_text(text, encoding="utf-8")
    return Renderer(home)


def test_a_template_can_be_overridden_singly(tmp_path: Path) -> None:
    made = override(tmp_path, "sender.txt.j2", f"Our own footer of {WHO}").digest(alert(), SENDER)
    assert "Our own footer of Expat Impact Alerts" in made.text
    assert made.html == RENDERER.digest(alert(), SENDER).html


@pytest.mark.parametrize(
    ("name", "text", "lacks"),
    [
        ("sender.txt.j2", "{{ sender.name }}, {{ sender.postal_address }}", "the contact"),
        ("sender.html.j2", "<p>{{ sender.name }}</p>", "the postal address and the contact"),
        ("sender.html.j2", "<!-- {{ sender.name }} {{ sender.postal_address }} {{ sender.contact }} -->", "the postal address"),
        ("foot.txt.j2", "{{ sender.name }}, {{ sender.postal_address }}, {{ sender.contact }}", "the date of consent"),
    ],
)
def test_an_override_that_drops_what_the_law_asks_is_not_used(tmp_path: Path, name: str, text: str, lacks: str) -> None:
    """Act on Regulation of Transmission of Specified Electronic Mail, art. 4 (HANDBOOK): sender, address, contact and a way to stop."""
    renderer = override(tmp_path, name, text)
    assert renderer.digest(alert(), SENDER) == RENDERER.digest(alert(), SENDER)
    assert [problem.file for problem in renderer.problems] == [f"email/{name}"]
    assert lacks in renderer.problems[0].message
    assert lacks in examine_overrides(tmp_path).broken[0].message


@pytest.mark.parametrize(
    ("name", "text", "lacks"),
    [
        ("confirmation.txt.j2", f"Confirm please. {WHO}", "the link that confirms"),
        ("confirmation.html.j2", f"<p>Confirm please. {WHO}</p>", "the link that confirms"),
        ("link.txt.j2", f"{{{{ unsubscribe_url }}}} {WHO}", "the link to the settings"),
        ("link.html.j2", f"<p>{{{{ preferences_url }}}} {WHO}</p>", "the link that stops it"),
        ("alert.subject.j2", " \n", "a subject"),
        ("confirmation.subject.j2", "{{ 'Please' if lang == 'ja' else '' }}", "a subject"),
    ],
)
def test_an_override_without_what_the_mail_is_sent_for_is_not_used(tmp_path: Path, name: str, text: str, lacks: str) -> None:
    renderer = override(tmp_path, name, text)
    for each in (renderer, RENDERER):
        each.digest(alert(), SENDER)
    links = {
        "confirm_url": "https://a.example.org/c/1",
        "preferences_url": "https://a.example.org/p/1",
        "unsubscribe_url": "https://a.example.org/u/1",
    }
    mails = [
        (
            each.digest(alert(), SENDER),
            each.confirmation("en", confirm_url=links["confirm_url"], days=7, host_name="Japan", sender=SENDER),
            each.link("en", preferences_url=links["preferences_url"], unsubscribe_url=links["unsubscribe_url"], days=7, sender=SENDER),
        )
        for each in (renderer, RENDERER)
    ]
    assert mails[0] == mails[1]
    assert [(problem.file, lacks in problem.message) for problem in renderer.problems] == [(f"email/{name}", True)]
    assert [lacks in problem.message for problem in examine_overrides(tmp_path).broken] == [True]


def test_an_address_that_is_broken_over_lines_is_still_there(tmp_path: Path) -> None:
    long = replace(
        SENDER, name="日本に住む外国人のための警報メール", postal_address="東京都千代田区丸の内二丁目四番一号丸の内の建物の十二階"
    )
    renderer = override(tmp_path, "top.txt.j2", "{{ slots.unsubscribe_url }}")
    renderer.digest(alert(), long)
    assert renderer.problems == ()


@pytest.mark.parametrize("text", ["{% if %}", "{{ digest.no_such_field }}", "{{ nobody }}", "{{ 1 / 0 }}", "{% include 'email/gone.j2' %}"])
def test_a_broken_override_is_reported_and_the_shipped_one_goes_out(tmp_path: Path, text: str) -> None:
    renderer = override(tmp_path, "alert.txt.j2", text)
    made = [renderer.digest(alert(), SENDER) for _ in range(2)]
    assert made[0] == made[1] == RENDERER.digest(alert(), SENDER)
    assert [problem.file for problem in renderer.problems] == ["email/alert.txt.j2"]
    assert "shipped" in renderer.problems[0].message


def test_a_mistake_in_an_included_override_is_told_with_its_own_place(tmp_path: Path) -> None:
    renderer = override(tmp_path, "sender.txt.j2", "Sender\n{{ nobody }}")
    assert renderer.digest(alert(), SENDER) == RENDERER.digest(alert(), SENDER)
    assert [(problem.file, problem.line) for problem in renderer.problems] == [("email/sender.txt.j2", 2)]
    mended = override(tmp_path, "sender.txt.j2", f"Sender {WHO}")
    mended.digest(alert(), SENDER)
    assert (mended.problems, "email/sender.txt.j2" in mended.sound) == ((), True)


@pytest.mark.parametrize("name", sorted(path.name for path in Path(str(shipped("templates", "email"))).iterdir()))
def test_every_override_is_tried_before_a_mail_needs_it(tmp_path: Path, name: str) -> None:
    override(tmp_path, name, "{{ nobody }}")
    override(tmp_path, "salutation.txt.j2", "Dear reader")
    found = examine_overrides(tmp_path)
    assert [(each.file, each.line) for each in found.broken] == [(f"email/{name}", 1)]
    assert (found.used, found.unknown) == ((f"email/{name}",), ("email/salutation.txt.j2",))


def test_the_shipped_templates_hold_as_overrides_too(tmp_path: Path) -> None:
    shutil.copytree(str(shipped("templates", "email")), tmp_path / "email")
    assert examine_overrides(tmp_path).broken == ()
    assert examine_overrides(tmp_path / "none") == Overrides()


def test_a_home_without_templates_is_fine(tmp_path: Path) -> None:
    assert Renderer(tmp_path / "none").digest(alert(), SENDER) == RENDERER.digest(alert(), SENDER)


def test_the_same_digest_gives_the_same_mail() -> None:
    assert RENDERER.digest(digest(JAPANESE), SENDER) == Renderer().digest(digest(JAPANESE), SENDER)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "M"]), max_size=300), st.integers(20, 80))
def test_wrapping_keeps_every_sign_and_the_columns(text: str, columns: int) -> None:
    lines = wrap(text, columns, indent="  ", first="* ").splitlines()
    assert squeezed("".join(lines).removeprefix("*")) == squeezed(text) or not text.strip()
    assert all(width(line) <= columns or len(line.split()) <= 2 for line in lines)


@given(st.text(st.sampled_from("日本語の文、。「」（）ーっabc"), max_size=120))
def test_no_line_begins_with_a_closing_mark(text: str) -> None:
    lines = wrap(text, 20).splitlines()
    assert not [line for line in lines[1:] if line[0] in "、。」）ーっ"]
    assert not [line for line in lines[:-1] if line[-1] in "「（"]
