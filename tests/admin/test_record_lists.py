"""The lists of gate scans, viewings and rebinds, and the way to them from a customer's page."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tests.admin.conftest import Desk
from tests.admin.reading import facts, numbers, rows, section, section_rows
from tests.admin.test_fee_list import exported, search_for
from tests.support.cast import OUYANG, Cast
from tests.support.client import PageClient
from tests.support.frozen import MONDAY_TEN, StoppedClock
from tests.support.html import Page
from tests.support.stories import told_once

SCANS, VIEWINGS, REBINDS = "/admin/scans/", "/admin/viewings/", "/admin/rebinds/"
BACK_OFFICE = ("secretary", "director", "admin")
TARGET, NEAR, REVERSED = 1, 11, 12
"""The customer who is looked for, and two who nearly fit whatever finds that one."""


@told_once
def three_customers(cast: Cast, clock: StoppedClock) -> Cast:
    """Bind three customers to three brokers: the parts of one stand in other columns of the others."""
    cast.change("fang", name="王尹露心怡")
    cast.change("wei", name="赵阳锋", phone="13800005678")
    cast.enters("qiang", OUYANG, "1394321", reports=True)
    for number in range(9):
        cast.enters("fang", ("某", "人", f"138{2000 + number}"))
    cast.enters("fang", ("李强", "百川", "1350002"), reports=True)
    cast.enters("wei", ("锋", "阳欧", "1381111"), "1395678", reports=True)
    cast.scans("lu", TARGET, "xin")
    for number in (NEAR, REVERSED):
        clock.forward(timedelta(hours=1))
        cast.scans("feng", number, "ming")
    return cast


@told_once
def viewings(three_customers: Cast, clock: StoppedClock) -> Cast:
    """At one, two and three o'clock each of the three customers is shown round."""
    for who, number, intent in (("xin", TARGET, "A"), ("ming", NEAR, "B"), ("ming", REVERSED, "C")):
        clock.forward(timedelta(hours=1))
        three_customers.views(who, number, intent, standing_in=False)
    return three_customers


def without_actions(listed: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the cells of rows without the buttons at their end, which no workbook has."""
    return [{name: text for name, text in row.items() if name != "Actions"} for row in listed]


@pytest.mark.parametrize("who", BACK_OFFICE)
def test_the_columns_show_the_values_of_their_own_scan(desk: Desk, three_customers: Cast, who: str) -> None:
    *others, first = without_actions(rows(desk(who).get(SCANS).page))

    assert [row["Customer name"] for row in others] == ["锋阳欧", "李强百川"]
    assert [set(first.items()) & set(row.items()) for row in others] == [set(), set()]
    assert first == {
        "Scanned at": "2026-03-02 10:00",
        "Customer number": "1",
        "Customer name": "欧阳锋",
        "Customer phone": "138****5678, 139****4321",
        "Broker's name": "李强",
        "Broker's phone": "13500020002",
        "Brokerage then": "百川地产",
        "Gate staff": "尹露",
        "Consultant": "江心怡",
    }


@pytest.mark.parametrize(
    ("label", "typed"),
    [
        ("Customer number", "1"),
        ("Customer name", "阳锋"),
        ("Customer phone", "138 5678"),
        ("Customer phone", "4321"),
        ("Broker's name", "李强"),
        ("Brokerage then", "百川"),
        ("Gate staff", "尹露"),
        ("Consultant", "心怡"),
    ],
)
def test_a_search_finds_its_scan_and_no_near_miss(
    desk: Desk, three_customers: Cast, label: str, typed: str
) -> None:
    page = search_for(desk("secretary"), SCANS, {label: typed}).page

    assert [row["Customer name"] for row in rows(page)] == ["欧阳锋"]


@pytest.mark.parametrize("who", BACK_OFFICE)
def test_the_columns_show_the_values_of_their_own_viewing(desk: Desk, viewings: Cast, who: str) -> None:
    *others, first = rows(desk(who).get(VIEWINGS).page)

    assert [row["Customer name"] for row in others] == ["锋阳欧", "李强百川"]
    assert first == {
        "Viewed at": "2026-03-02 13:00",
        "Customer number": "1",
        "Customer name": "欧阳锋",
        "Customer phone": "138****5678, 139****4321",
        "Intent": "A",
        "Consultant": "江心怡",
        "Standing in": "–",
        "Broker's name": "李强",
    }
    assert [set(first.items()) & set(row.items()) for row in others] == [{("Standing in", "–")}] * 2


def test_only_a_viewing_by_somebody_else_is_marked_as_standing_in(desk: Desk, viewings: Cast) -> None:
    viewings.views("ming", TARGET, "D")

    listed = rows(desk("secretary").get(VIEWINGS).page)

    assert [(row["Consultant"], row["Standing in"]) for row in listed if row["Customer number"] == "1"] == [
        ("陆明哲", "Yes"),
        ("江心怡", "–"),
    ]
    assert [row["Standing in"] for row in listed].count("–") == 3


@pytest.mark.parametrize(
    ("label", "typed"),
    [
        ("Customer number", "1"),
        ("Customer name", "阳锋"),
        ("Customer phone", "138 5678"),
        ("Broker's name", "李强"),
        ("Consultant", "心怡"),
        ("Intent", "A"),
    ],
)
def test_a_search_finds_its_viewing_and_no_near_miss(
    desk: Desk, viewings: Cast, label: str, typed: str
) -> None:
    page = search_for(desk("secretary"), VIEWINGS, {label: typed}).page

    assert [row["Customer name"] for row in rows(page)] == ["欧阳锋"]


def move(client: PageClient, number: int, broker_id: int, reason: str, keep_end: str) -> None:
    """Rebind a customer through the page, so that each record gets a reason of its own."""
    fields = {"reason": reason, "keep_end": keep_end}
    client.submit(f"/admin/leads/rebind/?id={number}&to={broker_id}", fields, action="/admin/leads/rebind/")


@told_once
def rebinds(cast: Cast, desk: Desk, clock: StoppedClock) -> Cast:
    """The director moves No 1 from Qiang to Wei, an hour later the admin No 11 from Wei to Fang."""
    cast.change("fang", name="王秦越")
    cast.enters("qiang", OUYANG, reports=True)
    for number in range(9):
        cast.enters("fang", ("某", "人", f"138{2000 + number}"))
    cast.enters("wei", ("李强", "锋阳", "1350002"), reports=True)
    cast.scans("feng", TARGET)
    clock.forward(timedelta(minutes=7))
    cast.scans("feng", NEAR)
    clock.forward(timedelta(minutes=53))
    move(desk("director"), TARGET, cast.ids["wei"], "门店协商", "yes")
    clock.forward(timedelta(hours=1))
    move(desk("admin"), NEAR, cast.ids["fang"], "客户要求", "no")
    return cast


@pytest.mark.parametrize("who", ["director", "admin"])
def test_the_columns_show_the_values_of_their_own_rebind(desk: Desk, rebinds: Cast, who: str) -> None:
    other, first = rows(desk(who).get(REBINDS).page)

    assert set(first.items()) & set(other.items()) == set()
    assert first == {
        "Rebound at": "2026-03-02 11:00",
        "Customer name": "欧阳锋",
        "From broker": "李强",
        "From number": "1",
        "To broker": "赵伟",
        "To number": "12",
        "Old end": "2026-04-01 10:00",
        "New end": "2026-04-01 10:00",
        "Protection": "end kept",
        "Changed by": "秦越",
        "Account": "director",
        "Reason": "门店协商",
    }


def test_a_restarted_clock_is_told_from_a_kept_end(desk: Desk, rebinds: Cast) -> None:
    restarted = rows(desk("director").get(REBINDS).page)[0]

    shown = [restarted[column] for column in ("Protection", "Old end", "New end")]
    assert shown == ["clock restarted", "2026-04-01 10:07", "2026-04-01 12:00"]


@pytest.mark.parametrize(
    ("label", "typed", "found"),
    [
        ("Customer number", "1", "欧阳锋"),
        ("Customer number", "12", "欧阳锋"),
        ("Customer number", "13", "李强锋阳"),
        ("Customer name", "阳锋", "欧阳锋"),
        ("Broker's name", "李强", "欧阳锋"),
        ("Broker's name", "王秦", "李强锋阳"),
        ("Changed by", "秦越", "欧阳锋"),
    ],
)
def test_a_search_finds_its_rebind_and_no_near_miss(
    desk: Desk, rebinds: Cast, label: str, typed: str, found: str
) -> None:
    page = search_for(desk("director"), REBINDS, {label: typed}).page

    assert [row["Customer name"] for row in rows(page)] == [found]


def test_a_search_by_a_broker_finds_both_sides_of_a_rebind(desk: Desk, rebinds: Cast) -> None:
    page = search_for(desk("director"), REBINDS, {"Broker's name": "赵伟"}).page

    assert [row["Customer name"] for row in rows(page)] == ["李强锋阳", "欧阳锋"]


def test_the_secretary_sees_no_rebinds(desk: Desk, rebinds: Cast) -> None:
    client = desk("secretary")

    assert client.get(REBINDS).status_code == 403
    assert REBINDS not in [link["href"] for link in client.get(SCANS).page.find_all("a")]


@pytest.mark.parametrize("who", ["fang", "feng", "xin"])
def test_nobody_outside_the_back_office_sees_a_list(desk: Desk, cast: Cast, who: str) -> None:
    client = desk(who)

    for address in (SCANS, VIEWINGS, REBINDS):
        assert (address, client.get(address).status_code) == (address, 403)


EDGES = ("2026-03-02T23:59:59", "2026-03-03T00:00:00", "2026-03-04T23:59:59", "2026-03-05T00:00:00")


def scan_at_the_edges(cast: Cast, at: Callable[[str], object]) -> None:
    for moment in EDGES:
        at(moment)
        cast.scans("feng", TARGET)


def view_at_the_edges(cast: Cast, at: Callable[[str], object]) -> None:
    for moment in EDGES:
        at(moment)
        cast.views("xin", TARGET)


def rebind_at_the_edges(cast: Cast, at: Callable[[str], object]) -> None:
    holding, other = TARGET, "wei"
    for moment in EDGES:
        at(moment)
        holding, other = cast.rebinds("director", holding, other), "qiang" if other == "wei" else "wei"


HAPPENINGS = {
    "Scanned at": (SCANS, scan_at_the_edges),
    "Viewed at": (VIEWINGS, view_at_the_edges),
    "Rebound at": (REBINDS, rebind_at_the_edges),
}


@pytest.mark.parametrize("column", HAPPENINGS)
def test_both_days_belong_to_the_search(desk: Desk, cast: Cast, clock: StoppedClock, column: str) -> None:
    address, happen = HAPPENINGS[column]
    clock.at(MONDAY_TEN - timedelta(days=1))
    cast.enters("qiang", OUYANG, reports=True)
    cast.scans("feng", TARGET)
    happen(cast, lambda moment: clock.at(datetime.fromisoformat(f"{moment}+08:00")))
    client, first, last = desk("director"), f"{column} from", f"{column} to"

    both = search_for(client, address, {first: "2026-03-03", last: "2026-03-04"}).page
    since = search_for(client, address, {first: "2026-03-04"}).page
    one_day = search_for(client, address, {first: "2026-03-02", last: "2026-03-02"}).page

    assert [row[column] for row in rows(both)] == ["2026-03-04 23:59", "2026-03-03 00:00"]
    assert [row[column] for row in rows(since)] == ["2026-03-05 00:00", "2026-03-04 23:59"]
    assert [row[column] for row in rows(one_day)] == ["2026-03-02 23:59"]


def press(client: PageClient, page: Page, heading: str) -> Page:
    """Press the heading of a column, which sorts the list."""
    links = page.find_all("a", class_="sort")
    return client.get(next(link["href"] for link in links if link.text == heading)).page


@pytest.mark.parametrize(
    ("address", "heading", "ascending"),
    [
        (SCANS, "Scanned at", [1, 11, 12]),
        (SCANS, "Customer number", [1, 11, 12]),
        (SCANS, "Broker's phone", [11, 1, 12]),
        (VIEWINGS, "Viewed at", [1, 11, 12]),
        (VIEWINGS, "Customer number", [1, 11, 12]),
    ],
)
def test_a_heading_sorts_both_ways(
    desk: Desk, viewings: Cast, address: str, heading: str, ascending: list[int]
) -> None:
    client = desk("secretary")

    once = press(client, client.get(address).page, heading)

    assert numbers(once) == ascending
    assert numbers(press(client, once, heading)) == ascending[::-1]


@pytest.mark.parametrize("heading", ["Rebound at", "From number", "To number", "Old end", "New end"])
def test_a_heading_sorts_rebinds_both_ways(desk: Desk, rebinds: Cast, heading: str) -> None:
    client = desk("director")

    once = press(client, client.get(REBINDS).page, heading)

    assert [row["From number"] for row in rows(once)] == ["1", "11"]
    assert [row["From number"] for row in rows(press(client, once, heading))] == ["11", "1"]


@pytest.mark.parametrize("address", [SCANS, VIEWINGS])
def test_a_customer_number_leads_to_that_customer(desk: Desk, viewings: Cast, address: str) -> None:
    client = desk("secretary")

    for row in client.get(address).page.find("tbody").find_all("tr"):
        link, *_buttons = row.find_all("a")
        shown = facts(client.get(link["href"]).page)
        assert link.text == shown["Customer number"]
        assert shown["Customer name"] in row.text


def test_both_numbers_of_a_rebind_lead_to_their_leads(desk: Desk, rebinds: Cast) -> None:
    client = desk("director")
    before, after = client.get(REBINDS).page.find("tbody").find_all("tr")[1].find_all("a")

    assert [before.text, after.text] == ["1", "12"]
    assert facts(client.get(before["href"]).page)["Broker's name"] == "李强"
    assert facts(client.get(after["href"]).page)["Broker's name"] == "赵伟"


@pytest.mark.parametrize("address", [SCANS, VIEWINGS])
def test_the_workbook_holds_exactly_the_rows_found(desk: Desk, viewings: Cast, address: str) -> None:
    client = desk("secretary")
    found = search_for(client, f"{address}?sort=0", {"Customer name": "阳"})

    workbook = exported(client, found)

    assert [row["Customer name"] for row in workbook] == ["欧阳锋", "锋阳欧"]
    assert workbook == without_actions(rows(found.page))


def test_the_workbook_of_rebinds_holds_exactly_the_rows_found(desk: Desk, rebinds: Cast) -> None:
    client = desk("director")
    found = search_for(client, REBINDS, {"Changed by": "秦越"})

    workbook = exported(client, found)

    assert [row["From number"] for row in workbook] == ["1"]
    assert workbook == rows(found.page)


@told_once
def busy(rebinds: Cast, clock: StoppedClock) -> Cast:
    """Add several records of every kind for No 12, who was No 1, and some for No 13, who was No 11."""
    for number, times in ((12, 3), (13, 2)):
        for _ in range(times):
            clock.forward(timedelta(minutes=10))
            rebinds.scans("feng", number)
            rebinds.views("xin", number)
            rebinds.voids("secretary", rebinds.pays("secretary", number, "10"))
            rebinds.pays("secretary", number, "20")
    rebinds.rebinds("admin", 12, "qiang")
    return rebinds


@pytest.mark.parametrize(
    ("name", "column", "count"),
    [
        ("scans", "Scanned at", 3),
        ("viewings", "Viewed at", 3),
        ("fees", "Created at", 6),
        ("rebinds", "Rebound at", 2),
    ],
)
def test_a_section_of_a_customers_page_opens_as_a_list_of_exactly_its_rows(
    desk: Desk, busy: Cast, name: str, column: str, count: int
) -> None:
    client = desk("director")
    customer = client.get("/admin/leads/details/?id=12").page
    (link,) = [a for a in section(customer, name).find_all("a") if a.text == "Open as a list"]

    page = client.get(link["href"]).page

    listed, shown = rows(page), section_rows(customer, name)
    assert (len(listed), len(shown)) == (count, count)
    assert page.h1 in section(customer, name).find("h2").text
    assert [row[column] for row in listed] == [row[column] for row in shown]
    assert page.find("input", name="number")["value"] == "12"
    for row in listed:
        assert "12" in (row.get("Customer number"), row.get("From number"), row.get("To number"))


def test_an_empty_section_opens_no_list(desk: Desk, busy: Cast) -> None:
    customer = desk("director").get("/admin/leads/details/?id=2").page

    for name in ("scans", "viewings", "fees", "rebinds"):
        assert section_rows(customer, name) == []
        assert section(customer, name).find_all("a") == []


@pytest.mark.parametrize("address", [SCANS, VIEWINGS, REBINDS])
def test_a_search_that_cannot_be_is_refused_in_words(desk: Desk, rebinds: Cast, address: str) -> None:
    client = desk("director")

    for query in ("name=13812345678", "number=13812345678", "first_day=2026-02-30", "last_day=x",
                  "first_day=2026-03-05&last_day=2026-03-04", f"name={'x' * 41}"):  # fmt: skip
        answer = client.get(f"{address}?{query}")
        assert (query, answer.status_code, rows(answer.page)) == (query, 422, [])
        assert answer.page.find(id="search-error").text.endswith(".")


def test_an_intent_that_is_not_offered_is_refused_in_words(desk: Desk, viewings: Cast) -> None:
    client = desk("secretary")

    for intent in ("E", "a", "AB", "%", "1"):
        answer = client.get(VIEWINGS, query_string={"intent": intent})
        assert (intent, answer.status_code, rows(answer.page)) == (intent, 422, [])
        assert answer.page.find(id="search-error").text == "Choose one of the list."


@pytest.mark.parametrize("label", ["Customer name", "Broker's name", "Consultant"])
def test_wildcards_are_ordinary_characters(desk: Desk, viewings: Cast, label: str) -> None:
    client = desk("secretary")

    for address in (SCANS, VIEWINGS):
        for typed in ("%", "_", "\\", "欧%锋"):
            assert rows(search_for(client, address, {label: typed}).page) == []
