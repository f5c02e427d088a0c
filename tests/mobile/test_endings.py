"""How protections end on the broker's phone: soon, by time, or by a rebind; with the minute of each."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
import zxingcpp
from PIL import Image

from tests.mobile.test_customers import card, facts, numbers
from tests.support.cast import OUYANG, Cast
from tests.support.client import PageClient, PageResponse
from tests.support.frozen import StoppedClock
from tests.support.project import write_project

Phone = Callable[[str], PageClient]
pytestmark = pytest.mark.usefixtures("clock")

HUANG = ("黄", "蓉", "1394321")


def bound(cast: Cast, customer: tuple[str, str, str] = OUYANG, who: str = "fang") -> int:
    lead_id = cast.enters(who, customer, reports=True)
    cast.scans("feng", lead_id)
    return lead_id


def ending(page: PageResponse, lead_id: int | None = None) -> str:
    """Read why and when the last protection ended, on the page or on a card of the list."""
    element = card(page, lead_id) if lead_id else page.page
    return element.find(data_ending="").text


def over(page: PageResponse) -> list[str]:
    return [line.text for line in page.page.find("ul", data_ended="").find_all("li")]


def marks(page: PageResponse) -> list[str]:
    return [mark.text for mark in page.page.find_all(class_="soon")]


def test_protection_that_ran_out_says_when_to_the_minute(
    cast: Cast, clock: StoppedClock, phone: Phone
) -> None:
    clock.forward(timedelta(minutes=17, seconds=40))
    lead_id = bound(cast)
    clock.forward(timedelta(days=30))
    client = phone("fang")

    page = client.get(f"/m/customers/{lead_id}")

    assert ending(page) == ending(client.get("/m/customers"), lead_id) == "Protection ended 2026-04-01 10:17"
    assert over(page) == ["2026-03-02 10:17 – 2026-04-01 10:17 · Time was up"]
    assert "Report the customer again; the number and the code stay the same." in page.page.text


def test_rebind_is_told_by_that_word_and_its_minute_alone(
    cast: Cast, clock: StoppedClock, phone: Phone
) -> None:
    lead_id = bound(cast)
    clock.forward(timedelta(days=3, minutes=5))
    cast.rebinds("director", lead_id, "qiang")
    client = phone("fang")

    page = client.get(f"/m/customers/{lead_id}")

    assert ending(page) == ending(client.get("/m/customers"), lead_id) == "Rebound 2026-03-05 10:05"
    assert over(page) == ["2026-03-02 10:00 – 2026-03-05 10:05 · Rebound"]
    assert not any(secret in page.text for secret in ("李强", "13500020002", "秦越", "协商"))


def test_every_protection_that_is_over_stays_on_the_page(
    cast: Cast, clock: StoppedClock, phone: Phone
) -> None:
    lead_id = bound(cast)
    clock.forward(timedelta(days=31))
    cast.reports("fang", lead_id)
    cast.scans("feng", lead_id)
    client = phone("fang")
    while_bound = client.get(f"/m/customers/{lead_id}")
    clock.forward(timedelta(days=1))
    cast.rebinds("director", lead_id, "qiang")

    rebound = client.get(f"/m/customers/{lead_id}")

    first = "2026-03-02 10:00 – 2026-04-01 10:00 · Time was up"
    assert over(while_bound) == [first]
    assert facts(while_bound)["Bound since"] == "2026-04-02 10:00"
    assert over(rebound) == ["2026-04-02 10:00 – 2026-04-03 10:00 · Rebound", first]


def test_reported_again_the_customer_is_expired_no_more_but_its_end_stays(
    cast: Cast, clock: StoppedClock, phone: Phone
) -> None:
    lead_id = bound(cast)
    clock.forward(timedelta(days=30))
    cast.reports("fang", lead_id)
    client = phone("fang")

    page = client.get(f"/m/customers/{lead_id}")

    assert page.page.find_all(data_ending="") == []
    assert over(page) == ["2026-03-02 10:00 – 2026-04-01 10:00 · Time was up"]
    assert card(client.get("/m/customers"), lead_id).find_all(data_ending="") == []


@pytest.mark.manual("1.5-13")
def test_customers_page_counts_down_to_the_minute_and_names_the_end(
    cast: Cast, clock: StoppedClock, phone: Phone
) -> None:
    lead_id = bound(cast)
    clock.forward(timedelta(days=1, hours=2, minutes=3))

    page = phone("fang").get(f"/m/customers/{lead_id}").page

    assert page.find(class_="countdown").text == "28 d 21 h 57 min"
    assert "2026-04-01 10:00" in page.find("p", class_="notice_good").text


@pytest.mark.parametrize(
    ("gone", "mark"),
    [
        (timedelta(days=22, hours=23, minutes=59), []),
        (timedelta(days=23), ["within 7 days"]),
        (timedelta(days=26, hours=23, minutes=59), ["within 7 days"]),
        (timedelta(days=27), ["within 3 days"]),
        (timedelta(days=28, hours=23, minutes=59), ["within 3 days"]),
        (timedelta(days=29), ["within 1 day"]),
        (timedelta(days=29, hours=23, minutes=59), ["within 1 day"]),
        (timedelta(days=30), []),
    ],
    ids=str,
)
def test_protection_that_ends_soon_is_marked_by_how_soon(
    cast: Cast, clock: StoppedClock, phone: Phone, gone: timedelta, mark: list[str]
) -> None:
    lead_id = bound(cast)
    clock.forward(gone)
    client = phone("fang")

    pages = [client.get(page) for page in ("/m/home", "/m/customers", f"/m/customers/{lead_id}")]

    assert [marks(page) for page in pages] == [mark] * 3


def test_dealt_customer_ends_no_more(cast: Cast, clock: StoppedClock, phone: Phone) -> None:
    lead_id = bound(cast)
    cast.deals("director", lead_id, clock.forward(timedelta(days=29)).date())

    page = phone("fang").get(f"/m/customers/{lead_id}")
    clock.forward(timedelta(days=5))
    later = phone("fang").get(f"/m/customers/{lead_id}")

    assert (marks(page), marks(later)) == ([], [])
    assert later.page.find_all("ul", data_ended="") == []


def test_list_narrows_to_what_ends_within_a_week_the_next_one_first(
    cast: Cast, clock: StoppedClock, phone: Phone
) -> None:
    second = bound(cast, HUANG)
    first = bound(cast)
    cast.extends("director", second, 1)
    gone = bound(cast, ("周", "全", "1770001"))
    bound(cast, ("周", "同", "1770001"), who="qiang")
    clock.forward(timedelta(days=24))
    bound(cast, ("林", "晓", "1591122"))
    cast.rebinds("director", gone, "qiang")
    client = phone("fang")
    everything = client.get("/m/customers")

    (link,) = everything.page.find_all("a", class_="soon-filter")
    narrowed = client.get(link["href"])

    assert link.text == "Protection ends within 7 days 2"
    assert [int(one["data-lead"]) for one in narrowed.page.find_all("article")] == [first, second]
    (back,) = narrowed.page.find_all("a", class_="soon-filter")
    assert len(numbers(client.get(back["href"]))) == 4
    found = client.submit(narrowed, {"q": "黄"}, button="Search")
    assert numbers(found) == [second]


def test_filter_is_not_there_where_nothing_ends_soon(cast: Cast, phone: Phone) -> None:
    bound(cast)
    client = phone("fang")

    assert client.get("/m/customers").page.find_all("a", class_="soon-filter") == []
    assert "No protection ends within 7 days." in client.get("/m/customers?soon=7").page.text
    assert client.get("/m/customers?soon=8").status_code == 404


def test_residents_home_names_own_protections_only(cast: Cast, clock: StoppedClock, phone: Phone) -> None:
    lead_id = cast.enters("wei", colleague="fang")
    cast.reports("fang", lead_id)
    cast.scans("feng", lead_id)
    clock.forward(timedelta(days=24))

    assert marks(phone("wei").get("/m/home")) == []
    assert marks(phone("fang").get("/m/home")) == ["within 7 days"]
    assert "2026-04-01 10:00" in phone("wei").get(f"/m/customers/{lead_id}").page.text


@pytest.mark.manual("1.5-11")
def test_visit_code_is_one_picture_to_show_or_to_save(cast: Cast, phone: Phone) -> None:
    write_project(cast, name="澄湖天街")
    lead_id = cast.enters("fang", reports=True)
    client = phone("fang")

    page = client.get(f"/m/customers/{lead_id}/code")

    card = page.page.find("section", class_="visit-code")
    save = page.page.find("a", data_card_save="")
    assert [line.text for line in card.find_all("p", class_="say")] == ["澄湖天街", "Show this at the gate"]
    assert (save["href"], save["download"]) == (card.find("img")["src"], "visit-code.png")
    assert not any(secret in card.text for secret in ("欧阳", "1385678", "138****5678", "No. 1"))
    picture = Image.open(BytesIO(client.get(save["href"]).data))
    (code,) = zxingcpp.read_barcodes(picture)
    assert code.text == f"http://localhost/m/v/{cast.code_of(lead_id)}"
    foot = picture.crop((0, picture.width, *picture.size)).convert("L")
    assert picture.height > picture.width
    assert foot.getextrema() == (0, 255)
