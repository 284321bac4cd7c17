"""How long a document asks to be left alone: `ttl`, `skipHours`, `skipDays` and the syndication module, in the forms that feeds write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from alerts.feeds.entry import Source
from alerts.feeds.parse import parse
from alerts.feeds.parsed import Parsed

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
SY = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'


def read(head: str) -> Parsed:
    text = (
        f'<rss version="2.0" {SY}><channel><title>T</title>{head}<item><title>One</title><link>http://t.example/1</link></item></channel></rss>'
    )
    return parse(text.encode(), content_type="", url="", feed_source=Source("t", "T"), timezone="UTC", now=NOW)


@pytest.mark.parametrize(
    ("head", "minutes"),
    [
        ("", None),
        ("<ttl>60</ttl>", 60),
        ("<ttl> 15 </ttl>", 15),
        ("<ttl>0</ttl>", None),
        ("<ttl>-5</ttl>", None),
        ("<ttl>soon</ttl>", None),
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", 60),
        ("<sy:updatePeriod>\n\thourly\t</sy:updatePeriod><sy:updateFrequency>\n\t2\t</sy:updateFrequency>", 30),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", 720),
        ("<sy:updatePeriod>weekly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", 10_080),
        ("<sy:updatePeriod>now and then</sy:updatePeriod>", None),
        ("<sy:updateFrequency>4</sy:updateFrequency>", None),
        ("<ttl>90</ttl><sy:updatePeriod>hourly</sy:updatePeriod>", 90),
    ],
)
def test_minutes_between_two_visits(head: str, minutes: float | None) -> None:
    assert read(head).ttl_minutes == minutes


@pytest.mark.parametrize(
    ("head", "hours", "days"),
    [
        ("<skipHours><hour>0</hour><hour> 23 </hour><hour>24</hour></skipHours>", (0, 23), ()),
        ("<skipHours>" + "".join(f"<hour>{n}</hour>" for n in range(24)) + "</skipHours>", (), ()),
        ("<skipDays><day>Saturday</day><day> sunday </day><day>Someday</day></skipDays>", (), (5, 6)),
        ("<skipHours><hour>no</hour></skipHours><skipDays/>", (), ()),
    ],
)
def test_hours_and_days_to_be_left_alone(head: str, hours: tuple[int, ...], days: tuple[int, ...]) -> None:
    found = read(head)
    assert (found.skip_hours, found.skip_days) == (hours, days)
