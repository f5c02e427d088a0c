"""Follow-ups with a next day on the phone, and the list of those whose day has come."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from lead_system.clock import now
from lead_system.services import viewings
from tests.mobile.test_consultant import bound_to_xin, customer_page
from tests.support.cast import OUYANG, Cast
from tests.support.client import PageClient, PageResponse
from tests.support.frozen import StoppedClock
from tests.support.refusals import nothing_written, refused

Phone = Callable[[str], PageClient]
pytestmark = pytest.mark.usefixtures("clock")

DUE = "/m/consultant/viewings/due"
TODAY = date(2026, 3, 2)
TOMORROW = date(2026, 3, 3)


def writes(client: PageClient, lead_id: int, note: str = "周末再看", next_on: str = "") -> PageResponse:
    fields = {"note": note, "next_on": next_on}
    return client.submit(customer_page(lead_id), fields, button="Add follow-up")


def due(page: PageResponse) -> list[int]:
    return [int(article["data-lead"]) for article in page.page.find_all("article")]


def counts(client: PageClient) -> list[str]:
    """Read the two figures that lead to the list: on the page of viewings and in the bottom bar."""
    page = client.get("/m/consultant/viewings").page
    in_bar = page.find("nav", class_="bottom-bar").find_all(class_="bar-count")
    return [page.find(class_="badge").text, *(figure.text for figure in in_bar)]


def customers_of_xin(cast: Cast, *names: str) -> list[int]:
    ids = [cast.enters("fang", ("周", name, "1770001"), reports=True) for name in names]
    for lead_id in ids:
        cast.scans("feng", lead_id, "xin")
    return ids


@pytest.mark.parametrize(("next_on", "shown"), [("", False), ("2026-03-02", True), ("2026-03-20", True)])
def test_next_day_is_optional_and_shown_beside_its_follow_up(
    cast: Cast, phone: Phone, next_on: str, *, shown: bool
) -> None:
    lead_id = bound_to_xin(cast)
    client = phone("xin")

    page = writes(client, lead_id, next_on=next_on)

    (line,) = page.page.find_all("ul", class_="notes")[0].find_all("li")
    said = f"周末再看 2026-03-02 10:00 · 江心怡 · Next contact on {next_on}"
    assert line.text == (said if shown else "周末再看 2026-03-02 10:00 · 江心怡")
    office = phone("secretary").get(f"/admin/leads/details/?id={lead_id}").page
    assert (f"Next contact on {next_on}" in office.find("section", id="follow-ups").text) is shown
    assert cast.history(f"lead:{lead_id}")[-1][2]["next_on"] == (next_on or None)


@pytest.mark.parametrize(
    ("next_on", "sentence"),
    [
        ("2026-03-01", "That day has passed. Choose today or a later day, or leave it blank."),
        ("2101-01-01", "That date cannot be right. Choose it again."),
        ("tomorrow", "Give the day like 2026-03-02."),
        ("13812345678", "Give the day like 2026-03-02."),
    ],
)
def test_day_that_cannot_be_is_refused_beside_its_field(
    cast: Cast, phone: Phone, next_on: str, sentence: str
) -> None:
    lead_id = bound_to_xin(cast)

    with nothing_written(cast.app):
        answer = writes(phone("xin"), lead_id, next_on=next_on)

    assert answer.status_code == 422
    assert answer.page.find(id="next_on-complaint").text == sentence
    assert answer.page.find("textarea").text == "周末再看"
    assert "13812345678" not in answer.text


@pytest.mark.parametrize(
    ("moment", "is_past"), [("2026-03-02T15:59:59", False), ("2026-03-02T16:00:00", True)]
)
def test_today_is_shanghais_day(cast: Cast, clock: StoppedClock, moment: str, *, is_past: bool) -> None:
    lead_id = bound_to_xin(cast)
    clock.at(datetime.fromisoformat(moment).replace(tzinfo=UTC))

    with cast.app.app_context():
        if is_past:
            with refused("next_day_past", field="next_on"):
                viewings.add_follow_up(
                    cast.as_("xin"), lead_id=lead_id, note="电话", next_on=TODAY, now=now()
                )
        else:
            viewings.add_follow_up(cast.as_("xin"), lead_id=lead_id, note="电话", next_on=TODAY, now=now())


def test_due_and_overdue_customers_are_listed_longest_due_first(
    cast: Cast, clock: StoppedClock, phone: Phone
) -> None:
    first, second, third, never = customers_of_xin(cast, "全", "同", "桐", "泉")
    cast.follows_up("xin", third, "第三", TOMORROW + timedelta(days=2))
    cast.follows_up("xin", second, "第二", TOMORROW)
    cast.follows_up("xin", first, "第一", TODAY)
    cast.follows_up("xin", never, "不用再联系")
    client = phone("xin")

    on_monday = due(client.get(DUE)), counts(client)
    clock.forward(timedelta(days=2))
    page = client.get(DUE)

    assert on_monday == ([first], ["1", "1"])
    assert (due(page), counts(client)) == ([first, second], ["2", "2"])
    marks = [article.find(class_="soon").text for article in page.page.find_all("article")]
    assert marks == ["2 days overdue", "1 day overdue"]
    assert "第一" in page.page.find("article", data_lead=str(first)).text
    assert client.get(page.page.find_all("a", class_="weui-btn")[0]["href"]).request.path == customer_page(
        first
    )


def test_nothing_due_says_so_and_counts_nought(cast: Cast, phone: Phone) -> None:
    lead_id = bound_to_xin(cast)
    cast.follows_up("xin", lead_id, "周末再看", TOMORROW)
    client = phone("xin")

    assert due(client.get(DUE)) == []
    assert "Nothing is due." in client.get(DUE).page.text
    assert counts(client) == ["0"]


@pytest.mark.parametrize(("next_on", "left"), [(None, []), (date(2026, 3, 9), []), (TODAY, [1])])
def test_newer_follow_up_takes_the_place_of_the_older_day(
    cast: Cast, phone: Phone, next_on: date | None, left: list[int]
) -> None:
    lead_id = bound_to_xin(cast)
    cast.follows_up("xin", lead_id, "周末再看", TODAY)

    cast.follows_up("xin", lead_id, "已联系", next_on)

    assert due(phone("xin").get(DUE)) == left


def test_each_consultant_has_a_list_of_the_own_days(cast: Cast, phone: Phone) -> None:
    lead_id = bound_to_xin(cast)
    cast.views("ming", lead_id, "A")
    cast.follows_up("xin", lead_id, "周末再看", TODAY)

    cast.follows_up("ming", lead_id, "我也联系了")

    assert due(phone("xin").get(DUE)) == [lead_id]
    assert due(phone("ming").get(DUE)) == []


def test_customer_who_has_gone_to_another_consultant_is_no_longer_due(
    cast: Cast, clock: StoppedClock, phone: Phone
) -> None:
    lead_id = bound_to_xin(cast)
    cast.follows_up("xin", lead_id, "周末再看", TODAY)
    clock.forward(timedelta(minutes=2))

    cast.scans("feng", lead_id, "ming")

    client = phone("xin")
    assert (due(client.get(DUE)), counts(client)) == ([], ["0"])
    assert client.get(customer_page(lead_id)).status_code == 404


def test_due_list_has_pages(cast: Cast, phone: Phone) -> None:
    ids = customers_of_xin(cast, *(chr(0x4E00 + number) for number in range(21)))
    for lead_id in ids:
        cast.follows_up("xin", lead_id, "周末再看", TODAY)
    client = phone("xin")

    first = client.get(DUE)
    second = client.get(first.page.find("a", rel="next")["href"])

    assert (due(first), due(second)) == (ids[:20], ids[20:])
    assert client.get(f"{DUE}?page=3").status_code == 404


def test_standing_in_is_marked_wherever_the_viewing_is_read(cast: Cast, phone: Phone) -> None:
    lead_id = cast.enters("fang", OUYANG, reports=True)
    cast.scans("feng", lead_id, "xin")
    cast.views("xin", lead_id, "B")
    cast.views("ming", lead_id, "A")

    page = phone("xin").get(customer_page(lead_id)).page
    office = phone("secretary").get(f"/admin/leads/details/?id={lead_id}").page

    viewings_read = [line.text for line in page.find_all("ul", class_="notes")[1].find_all("li")]
    assert viewings_read == [
        "2026-03-02 10:00 · Intent A · 陆明哲 standing in",
        "2026-03-02 10:00 · Intent B · 江心怡",
    ]
    assert office.find("section", id="viewings").text.count("Standing in") == 1
