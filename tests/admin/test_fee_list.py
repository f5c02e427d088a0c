"""The list of viewing fees: columns, searches, totals and the workbook, for everybody who may see it."""

from datetime import datetime, timedelta
from io import BytesIO

import pytest
from openpyxl import load_workbook

from tests.admin.conftest import Desk, Room
from tests.admin.reading import facts, for_each, notes, rows, tab_url, tabs
from tests.support.client import PageClient, PageResponse
from tests.support.frozen import StoppedClock
from tests.support.html import Page
from tests.support.stories import told_once

LIST = "/admin/fees/"
CHAPTERS = (("secretary", "6.1.c"), ("director", "6.2.f"), ("admin", "6.3.f"))


@told_once
def fees(room: Room, clock: StoppedClock) -> Room:
    """Three fees: what finds the one for Qiang's customer nearly fits both others, in another column."""
    cast = room.cast
    cast.change("wei", name="赵阳锋", phone="13800005678")
    for number in range(9):
        cast.enters("fang", ("某", "人", f"138{2000 + number}"))
    near = cast.enters("fang", ("李强", "百川", "1350002"), reports=True)
    reversed_ = cast.enters("wei", ("锋", "阳欧", "1381111"), "1395678", reports=True)
    for lead, amount in ((room.bound, "200.50"), (near, "88"), (reversed_, "1000")):
        cast.scans("feng", lead, "ming")
        clock.forward(timedelta(hours=1))
        cast.pays("secretary", lead, amount)
    assert str(room.bound) in str(near)
    return room


def amounts(page: Page) -> list[str]:
    """Return what the fees of a list amount to, from top to bottom."""
    return [row["Fee amount"] for row in rows(page)]


def search_for(client: PageClient, address: str, typed: dict[str, str]) -> PageResponse:
    """Fill the search fields above a list by what their labels say, and search."""
    start = client.get(address)
    form = start.page.find("form", role="search")
    fields = {label.text: form.find(id=label["for"])["name"] for label in form.find_all("label")}
    return client.submit(start, {fields[label]: text for label, text in typed.items()}, button="Search")


def exported(client: PageClient, listed: PageResponse) -> list[dict[str, str]]:
    """Export a list from its page and return the rows of the workbook, written as the screen writes them."""
    with client.submit(listed, button="Export to Excel") as answer:
        assert (answer.status_code, "spreadsheet" in str(answer.mimetype)) == (200, True)
        headings, *written = load_workbook(BytesIO(answer.data)).worksheets[0].iter_rows()
    names = [str(cell.value) for cell in headings]
    return [dict(zip(names, map(as_shown, cells), strict=True)) for cells in written]


def as_shown(cell: object) -> str:
    """Return a cell of a workbook as the screen shows its value."""
    value = getattr(cell, "value", None)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if getattr(cell, "number_format", "") == "#,##0.00":
        return f"¥{value:,.2f}"
    return "–" if value is None else str(value)


def without_actions(listed: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{name: text for name, text in row.items() if name != "Actions"} for row in listed]


@pytest.mark.parametrize(
    ("who", "column", "value"),
    for_each(
        CHAPTERS,
        (1, "Fee amount", "¥200.50"),
        (2, "Broker's name", "李强"),
        (3, "Broker's phone", "13500020002"),
        (4, "Brokerage", "百川地产"),
        (5, "Customer number", "5"),
        (6, "Customer name", "欧阳锋"),
        (7, "Customer phone", "138****5678"),
        (8, "Created at", "2026-04-02 11:00"),
    ),
)
def test_a_column_shows_the_value_of_its_own_fee(
    desk: Desk, fees: Room, who: str, column: str, value: str
) -> None:
    newest_first = rows(desk(who).get(LIST).page)

    assert [row[column] == value for row in newest_first] == [False, False, True]


@pytest.mark.parametrize(
    ("who", "label", "typed"),
    for_each(
        CHAPTERS,
        (9, "Broker's name", "李强"),
        (10, "Broker's phone", "0002"),
        (11, "Brokerage", "百川"),
        (12, "Customer number", "5"),
        (13, "Customer name", "阳锋"),
        (14, "Customer phone", "138 5678"),
    ),
)
def test_a_search_finds_its_fee_and_no_near_miss(
    desk: Desk, fees: Room, who: str, label: str, typed: str
) -> None:
    page = search_for(desk(who), LIST, {label: typed}).page

    assert [row["Customer name"] for row in rows(page)] == ["欧阳锋"]
    assert tabs(page) == {"All": "1", "Paid": "1", "Void": "0"}


@told_once
def around_midnight(room: Room, clock: StoppedClock) -> Room:
    """Fees at the last and first seconds of Shanghai's days, of 1 to 4 yuan."""
    moments = ("2026-04-02T23:59:59", "2026-04-03T00:00:00", "2026-04-04T23:59:59", "2026-04-05T00:00:00")
    for amount, moment in enumerate(moments, 1):
        clock.at(datetime.fromisoformat(f"{moment}+08:00"))
        room.cast.pays("secretary", room.bound, str(amount))
    return room


@pytest.mark.parametrize("who", for_each(CHAPTERS, (15,)))
def test_both_days_of_creation_belong_to_the_search(desk: Desk, around_midnight: Room, who: str) -> None:
    client = desk(who)
    first, last = "Created at from", "Created at to"

    both = search_for(client, LIST, {first: "2026-04-03", last: "2026-04-04"}).page
    since = search_for(client, LIST, {first: "2026-04-03"}).page
    until = search_for(client, LIST, {last: "2026-04-04"}).page

    assert amounts(both) == ["¥3.00", "¥2.00"]
    assert amounts(since) == ["¥4.00", "¥3.00", "¥2.00"]
    assert amounts(until) == ["¥3.00", "¥2.00", "¥1.00"]


@pytest.mark.parametrize("who", for_each(CHAPTERS, (16,)))
def test_the_workbook_holds_exactly_the_search_result_of_all_pages_in_its_order(
    desk: Desk, fees: Room, who: str
) -> None:
    paid = [fees.cast.pays("secretary", fees.bound, f"{300 - 7 * n}.10") for n in range(22)]
    fees.cast.voids("secretary", paid[3])
    client = desk(who)
    first = search_for(client, f"{LIST}?page_size=20&sort=0", {"Broker's name": "李强"})
    second = client.get(first.page.find("a", rel="next")["href"])

    workbook = exported(client, second)

    assert (len(rows(first.page)), len(rows(second.page)), len(workbook)) == (20, 3, 23)
    assert workbook == without_actions(rows(first.page) + rows(second.page))
    assert list(workbook[0]) == list(rows(first.page)[0])[:-1]
    assert (workbook[0]["Fee amount"], workbook[-1]["Fee amount"]) == ("¥153.10", "¥300.10")
    assert [row["Status"] for row in workbook].count("Void") == 1


def test_the_tabs_part_what_counts_from_what_is_void(desk: Desk, fees: Room) -> None:
    fees.cast.voids("secretary", fees.cast.pays("secretary", fees.bound, "77"))
    client = desk("director")
    start = client.get(LIST).page
    paid, void = (client.get(tab_url(start, tab)).page for tab in ("Paid", "Void"))

    assert tabs(start) == tabs(paid) == tabs(void) == {"All": "4", "Paid": "3", "Void": "1"}
    assert amounts(paid) == ["¥1,000.00", "¥88.00", "¥200.50"]
    assert [(row["Fee amount"], row["Status"]) for row in rows(void)] == [("¥77.00", "Void")]
    assert [row["Status"] for row in rows(start)] == ["Void", "Paid", "Paid", "Paid"]


def total(page: Page) -> str:
    """Return the line with the total of a list, blank where there is none."""
    return " ".join(f.parent.text for f in page.find_all("strong", data_sum="") if f.parent)


def test_the_total_is_of_the_search_and_without_void_fees(desk: Desk, fees: Room) -> None:
    fees.cast.voids("secretary", fees.cast.pays("secretary", fees.bound, "77"))
    client = desk("secretary")
    start = client.get(LIST).page

    assert total(start) == "Total without void fees ¥1,288.50"
    assert total(client.get(tab_url(start, "Paid")).page) == "Total without void fees ¥1,288.50"
    assert total(client.get(tab_url(start, "Void")).page) == ""
    found, nobody = (search_for(client, LIST, {"Broker's name": name}).page for name in ("李强", "nobody"))
    assert amounts(found) == ["¥77.00", "¥200.50"]
    assert total(found) == "Total without void fees ¥200.50"
    assert total(nobody) == "Total without void fees ¥0.00"


def test_the_total_is_of_all_pages(desk: Desk, fees: Room) -> None:
    for _ in range(21):
        fees.cast.pays("secretary", fees.bound, "0.10")

    page = desk("secretary").get(f"{LIST}?page_size=20").page

    assert len(rows(page)) == 20
    assert total(page) == "Total without void fees ¥1,290.60"


@pytest.mark.parametrize(
    ("preset", "found"),
    [
        ("Today", ["¥5.00"]),
        ("Last 7 days", ["¥5.00", "¥4.00", "¥3.00"]),
        ("This month", ["¥5.00", "¥4.00", "¥3.00", "¥2.00"]),
    ],
)
def test_a_range_of_days_that_people_often_want_is_one_click_away(
    desk: Desk, room: Room, clock: StoppedClock, preset: str, found: list[str]
) -> None:
    moments = ("04-30T23:59", "05-01T00:00", "05-02T00:00", "05-07T23:59", "05-08T08:00")
    for amount, moment in enumerate(moments, 1):
        clock.at(datetime.fromisoformat(f"2026-{moment}+08:00"))
        room.cast.pays("secretary", room.bound, str(amount))
    client = desk("secretary")
    links = client.get(f"{LIST}?broker_name=李强").page.find("p", class_="presets").find_all("a")

    page = client.get(next(link["href"] for link in links if link.text == preset)).page

    assert amounts(page) == found
    chosen = [a.text for a in page.find("p", class_="presets").find_all("a") if a.has("aria-current")]
    assert chosen == [preset]
    assert page.find("input", name="broker_name")["value"] == "李强"


@pytest.mark.parametrize(
    ("heading", "ascending"),
    [
        ("Fee amount", ["¥88.00", "¥200.50", "¥1,000.00"]),
        ("Created at", ["¥200.50", "¥88.00", "¥1,000.00"]),
        ("Customer number", ["¥200.50", "¥88.00", "¥1,000.00"]),
        ("Broker's phone", ["¥88.00", "¥200.50", "¥1,000.00"]),
    ],
)
def test_a_heading_sorts_both_ways(desk: Desk, fees: Room, heading: str, ascending: list[str]) -> None:
    client = desk("director")

    def press(page: Page) -> Page:
        links = page.find_all("a", class_="sort")
        return client.get(next(link["href"] for link in links if link.text == heading)).page

    once = press(client.get(LIST).page)
    assert amounts(once) == ascending
    assert amounts(press(once)) == ascending[::-1]


def test_the_brokerage_is_the_one_at_the_payment(desk: Desk, fees: Room) -> None:
    fees.cast.change("qiang", brokerage_id=fees.cast.account("fang", "brokerage_id"))
    client = desk("director")

    assert [row["Brokerage"] for row in rows(client.get(LIST).page)] == ["安家置业", "安家置业", "百川地产"]
    found = search_for(client, LIST, {"Brokerage": "百川"}).page
    assert amounts(found) == ["¥200.50"]
    (link,) = [link for link in found.find_all("a") if link.text == "¥200.50"]
    assert facts(client.get(link["href"]).page)["Brokerage then"] == "百川地产"


def test_amount_and_number_lead_to_the_fee_and_to_its_customer(desk: Desk, fees: Room) -> None:
    client = desk("admin")
    fee = client.get(LIST).page.find("tbody").find_all("tr")[2]

    amount, number, details = (link["href"] for link in fee.find_all("a"))

    assert amount == details
    assert client.get(amount).page.h1 == "Viewing fee ¥200.50"
    assert facts(client.get(number).page)["Customer name"] == "欧阳锋"


@pytest.mark.parametrize("label", ["Broker's name", "Broker's phone", "Brokerage", "Customer name"])
def test_wildcards_are_ordinary_characters(desk: Desk, fees: Room, label: str) -> None:
    client = desk("secretary")

    for typed in ("%", "_", "\\", "*", "'"):
        answer = search_for(client, LIST, {label: typed})
        assert (typed, answer.status_code, rows(answer.page)) == (typed, 200, [])
        assert "Nothing fits this search." in answer.page.text


@pytest.mark.parametrize("label", ["Customer number", "Customer name", "Customer phone"])
def test_a_whole_customer_number_is_refused_and_not_repeated(desk: Desk, fees: Room, label: str) -> None:
    client = desk("secretary")

    for typed in ("13812345678", "138-1234-5678", "１３８１２３４５６７８"):
        answer = search_for(client, LIST, {label: typed})
        assert (typed, answer.status_code, rows(answer.page)) == (typed, 422, [])
        assert "That is a whole mobile number." in answer.page.find(id="search-error").text
        assert typed not in answer.text


def test_the_whole_phone_of_a_broker_may_be_searched(desk: Desk, fees: Room) -> None:
    page = search_for(desk("secretary"), LIST, {"Broker's phone": "13500020002"}).page

    assert amounts(page) == ["¥200.50"]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("first_day=2026-04-03&last_day=2026-04-02", "The first day comes after the last one. Swap them."),
        ("first_day=2026-02-30", "That date cannot be right. Choose it again."),
        ("last_day=yesterday", "That date cannot be right. Choose it again."),
        ("first_day=0001-01-01", "That date cannot be right. Choose it again."),
        ("last_day=9999-12-31", "That date cannot be right. Choose it again."),
    ],
)
def test_days_that_cannot_be_are_refused_in_words(desk: Desk, fees: Room, query: str, sentence: str) -> None:
    answer = desk("secretary").get(f"{LIST}?{query}")

    assert answer.status_code == 422
    assert answer.page.find(id="search-error").text == sentence
    assert rows(answer.page) == []


@pytest.mark.parametrize("query", ["state=gone", "page=0", "page=abc"])
def test_an_address_that_cannot_be_is_answered_404(desk: Desk, fees: Room, query: str) -> None:
    answer = desk("secretary").get(f"{LIST}?{query}")

    assert answer.status_code == 404
    assert notes(answer.page) == []


def test_without_any_fee_the_list_says_how_one_comes_about(desk: Desk, room: Room) -> None:
    page = desk("secretary").get(LIST).page

    assert "the secretary writes the fee down there." in page.find("div", class_="empty").text
    assert tabs(page) == {"All": "0", "Paid": "0", "Void": "0"}
