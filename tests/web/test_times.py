"""Moments on pages: Shanghai's, exact where people dispute by the minute, with their age everywhere (R11)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import starmap

import pytest
from flask import Flask
from openpyxl import load_workbook

from lead_system.clock import now
from lead_system.web.filters import age, ago, exact
from tests.support.cast import Cast
from tests.support.client import PageClient
from tests.support.frozen import StoppedClock

SignedIn = Callable[[str], PageClient]

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
EVENING = datetime(2026, 3, 2, 18, 30, 7, tzinfo=UTC)
"""Half past two in the night of 3 March in Shanghai."""

AGES = [
    (timedelta(0), "just now", "刚刚"),
    (timedelta(seconds=-59), "just now", "刚刚"),
    (timedelta(seconds=59), "in less than a minute", "不到一分钟后"),
    (timedelta(minutes=-1), "1 minute ago", "1分钟前"),
    (timedelta(minutes=1), "in 1 minute", "1分钟后"),
    (timedelta(minutes=30), "in 30 minutes", "30分钟后"),
    (timedelta(minutes=-5, seconds=-10), "5 minutes ago", "5分钟前"),
    (timedelta(minutes=-59), "59 minutes ago", "59分钟前"),
    (timedelta(hours=-1), "1 hour ago", "1小时前"),
    (timedelta(hours=1, minutes=29), "in 1 hour", "1小时后"),
    (timedelta(hours=1, minutes=31), "in 2 hours", "2小时后"),
    (timedelta(hours=-2), "2 hours ago", "2小时前"),
    (timedelta(hours=-23), "23 hours ago", "23小时前"),
    (timedelta(days=-1), "1 day ago", "1天前"),
    (timedelta(days=-4), "4 days ago", "4天前"),
    (timedelta(days=1), "in 1 day", "1天后"),
    (timedelta(days=3), "in 3 days", "3天后"),
    (timedelta(days=7), "in 1 week", "1周后"),
    (timedelta(days=-7), "1 week ago", "1周前"),
    (timedelta(days=-21), "3 weeks ago", "3周前"),
    (timedelta(days=14), "in 2 weeks", "2周后"),
    (timedelta(days=-30), "1 month ago", "1个月前"),
    (timedelta(days=-46), "2 months ago", "2个月前"),
    (timedelta(days=31), "in 1 month", "1个月后"),
    (timedelta(days=80), "in 3 months", "3个月后"),
    (timedelta(days=-365), "1 year ago", "1年前"),
    (timedelta(days=-800), "2 years ago", "2年前"),
    (timedelta(days=366), "in 1 year", "1年后"),
    (timedelta(days=1100), "in 3 years", "3年后"),
]


@pytest.mark.parametrize(("away", "english", "chinese"), AGES)
def test_age_is_said_in_both_languages(app: Flask, away: timedelta, english: str, chinese: str) -> None:
    said = {}
    for language in ("en", "zh-CN"):
        with app.test_request_context(headers={"Cookie": f"language={language}"}):
            said[language] = age(NOW + away, NOW).replace(" ", " ")

    assert said == {"en": english, "zh-CN": chinese}


def test_age_carries_the_exact_moment_for_pointer_keyboard_and_machine(app: Flask) -> None:
    with app.test_request_context(headers={"Cookie": "language=en"}):
        shown = ago(EVENING, EVENING + timedelta(minutes=5))

    assert shown == (
        '<time class="ago" datetime="2026-03-03T02:30:07+08:00" title="2026-03-03 02:30:07" tabindex="0">'
        "5 minutes ago</time>"
    )


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        (timedelta(days=7), "1 week ago"),
        (timedelta(days=7, microseconds=1), "2026-03-03 02:30"),
        (-timedelta(days=7), "in 1 week"),
        (-timedelta(days=7, microseconds=1), "2026-03-03 02:30"),
    ],
)
def test_moment_more_than_a_week_away_is_written_to_the_minute(
    app: Flask, later: timedelta, expected: str
) -> None:
    with app.test_request_context(headers={"Cookie": "language=en"}):
        shown = ago(EVENING, EVENING + later)

    assert f">{expected}</time>" in shown


def test_exact_moment_carries_its_age(app: Flask) -> None:
    with app.test_request_context(headers={"Cookie": "language=en"}):
        shown = exact(EVENING, EVENING + timedelta(hours=2))

    assert shown == ('<time datetime="2026-03-03T02:30:07+08:00" title="2 hours ago">2026-03-03 02:30</time>')


def test_no_moment_is_nothing(app: Flask) -> None:
    with app.test_request_context():
        assert (ago(None), exact(None)) == ("", "")


def live_an_evening(cast: Cast, clock: StoppedClock) -> tuple[int, int]:
    """Let everything happen at a UTC evening that is the next day in Shanghai: a lead and a collision."""
    clock.forward(EVENING - now())
    lead = cast.enters("fang", reports=True)
    cast.scans("feng", lead)
    cast.views("xin", lead)
    cast.follows_up("xin", lead, "周末再看")
    cast.voids("secretary", cast.pays("secretary", lead, "300"))
    collision = cast.collision_of(lead, cast.enters("qiang", reports=True))
    cast.handles("director", collision)
    return lead, collision


OFFICE_PAGES = [
    "/admin/leads/",
    "/admin/leads/details/?id={lead}",
    "/admin/collisions/?state=handled",
    "/admin/collisions/details/?id={collision}",
    "/admin/fees/",
    "/admin/fees/details/?id=1",
    "/admin/scans/",
    "/admin/viewings/",
]
PHONE_PAGES = [
    ("fang", "/m/customers/{lead}"),
    ("feng", "/m/gate/scans"),
    ("feng", "/m/gate/scans/1"),
    ("xin", "/m/consultant/viewings"),
    ("xin", "/m/consultant/viewings/customers/{lead}"),
]


@pytest.mark.parametrize(
    ("who", "address"), [*(("director", page) for page in OFFICE_PAGES), *starmap(lambda *p: p, PHONE_PAGES)]
)
def test_every_moment_of_a_page_is_shanghais(
    cast: Cast, clock: StoppedClock, signed_in: SignedIn, who: str, address: str
) -> None:
    lead, collision = live_an_evening(cast, clock)
    clock.forward(timedelta(minutes=3))

    page = signed_in(who).get(address.format(lead=lead, collision=collision))

    assert page.status_code == 200
    assert "2026-03-03" in page.text
    said = re.sub(r'value="[^"]*"', "", page.text)
    assert "2026-03-02" not in said, "a moment is shown in UTC"
    assert "18:30" not in said


def test_exported_moments_are_shanghais(cast: Cast, clock: StoppedClock, signed_in: SignedIn) -> None:
    live_an_evening(cast, clock)
    client = signed_in("director")

    answer = client.submit("/admin/scans/", action="/admin/scans/export/")
    answer.get_data()
    answer.close()

    sheet = load_workbook(BytesIO(answer.data)).worksheets[0]
    moments = [cell for row in sheet.values for cell in row if isinstance(cell, datetime)]
    assert moments[0].strftime("%Y-%m-%d %H:%M") == "2026-03-03 02:30"


def test_records_show_exact_moments_and_their_age_for_the_pointer(
    cast: Cast, clock: StoppedClock, signed_in: SignedIn
) -> None:
    live_an_evening(cast, clock)
    clock.forward(timedelta(hours=2))

    page = signed_in("director").get("/admin/scans/").page

    (time,) = [one for one in page.find_all("time") if one["datetime"] == "2026-03-03T02:30:07+08:00"]
    assert (time.text, time["title"].replace(" ", " ")) == ("2026-03-03 02:30", "2小时前")


def test_history_shows_the_age_and_the_exact_moment_for_pointer_and_keyboard(
    cast: Cast, clock: StoppedClock, signed_in: SignedIn
) -> None:
    lead, _ = live_an_evening(cast, clock)
    clock.forward(timedelta(hours=2))

    page = signed_in("director").get(f"/admin/leads/details/?id={lead}").page

    times = page.find("section", id="history").find_all("time")
    assert {(t.text.replace(" ", " "), t["title"], t["tabindex"]) for t in times} == {
        ("2小时前", "2026-03-03 02:30:07", "0")
    }


def test_collision_says_how_long_ago_it_was_handled_and_by_whom(
    cast: Cast, clock: StoppedClock, signed_in: SignedIn
) -> None:
    _, collision = live_an_evening(cast, clock)
    clock.forward(timedelta(hours=2))
    client = signed_in("admin")
    with client.session_transaction() as session:
        session["language"] = "en"

    page = client.get(f"/admin/collisions/details/?id={collision}").page

    assert "opened 2 hours ago · handled 2 hours ago by 秦越" in page.find("p", class_="page-lead").text
