"""The list of customers: tabs, columns and searches, for everybody who may see it."""

from datetime import datetime, timedelta

import pytest

from lead_system.clock import now
from tests.admin.conftest import Desk, Room
from tests.admin.reading import READERS, for_each, numbers, row_of, rows, tab_url, tabs
from tests.support.cast import Cast
from tests.support.frozen import StoppedClock
from tests.support.many import add_leads, plain_lead

LIST = "/admin/leads/"


@pytest.mark.parametrize(
    ("who", "tab", "held"),
    for_each(
        READERS,
        (1, "All", ("bound", "entered", "reported", "dealt", "expired")),
        (2, "Entered", ("entered",)),
        (3, "Reported", ("reported",)),
        (4, "Bound", ("bound",)),
        (5, "Expired", ("expired",)),
        (6, "Dealt", ("dealt",)),
    ),
)
def test_a_tab_shows_the_customers_of_its_status_and_says_how_many(
    desk: Desk, room: Room, who: str, tab: str, held: tuple[str, ...]
) -> None:
    client = desk(who)
    start = client.get(LIST).page

    page = client.get(tab_url(start, tab)).page

    assert numbers(page) == [getattr(room, status) for status in held]
    assert tabs(start)[tab] == tabs(page)[tab] == str(len(held))


@pytest.mark.parametrize(
    ("who", "column", "value"),
    for_each(
        READERS,
        (7, "Customer number", None),
        (8, "Customer name", "欧阳锋"),
        (9, "Customer phone", "138****5678"),
        (10, "Bound broker", "李强"),
        (11, "Broker's phone", "13500020002"),
        (12, "Expected visit", "2026-04-05 15:00"),
    ),
)
def test_a_column_shows_the_value_of_its_own_row(
    desk: Desk, room: Room, who: str, column: str, value: str | None
) -> None:
    page = desk(who).get(LIST).page

    expected = value or str(room.bound)
    assert row_of(page, room.bound)[column] == expected
    assert [row for row in rows(page) if row[column] == expected] == [row_of(page, room.bound)]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("Brokerage", "百川地产"),
        ("Consultant", "江心怡"),
        ("Status", "Bound"),
        ("Protected until", "2026-05-02 10:00"),
    ],
)
def test_columns_beyond_the_manual_show_the_value_of_their_own_row(
    desk: Desk, room: Room, column: str, value: str
) -> None:
    page = desk("secretary").get(LIST).page

    assert row_of(page, room.bound)[column] == value
    assert sum(row[column] == value for row in rows(page)) == 1


@pytest.mark.parametrize("who", for_each(READERS, (13,)))
def test_the_details_button_opens_this_customer(desk: Desk, room: Room, who: str) -> None:
    client = desk(who)
    buttons = client.get(LIST).page.find_all("a", class_="button-small")
    button = next(button for button in buttons if button.text == f"Details No. {room.bound}")

    page = client.get(button["href"]).page

    assert page.h1 == "欧阳锋"
    assert f"No. {room.bound}" in page.text


@pytest.mark.parametrize(
    ("who", "field", "typed"),
    for_each(
        READERS,
        (14, "number", None),
        (15, "name", "阳锋"),
        (16, "broker_name", "李"),  # 李阳春 is a customer and no broker: not found
        (17, "broker_phone", "3500020"),
        (18, "brokerage", "百川"),
        (19, "consultant", "心怡"),
    ),
)
def test_a_search_finds_its_customer_and_no_near_miss(
    desk: Desk, room: Room, who: str, field: str, typed: str | None
) -> None:
    page = desk(who).submit(LIST, {field: typed or str(room.bound)}).page

    assert numbers(page) == [room.bound]
    assert tabs(page) == {
        "All": "1",
        "Entered": "0",
        "Reported": "0",
        "Bound": "1",
        "Expired": "0",
        "Dealt": "0",
    }


@pytest.mark.parametrize("typed", ["138 5678", "138****5678", "5678", "138"])
def test_a_customer_is_found_by_the_visible_digits(desk: Desk, room: Room, typed: str) -> None:
    page = desk("secretary").submit(LIST, {"phone": typed}).page

    assert numbers(page) == [room.bound]


@pytest.mark.parametrize("typed", ["%", "_", "欧%锋", "欧_锋", "\\"])
def test_wildcards_are_ordinary_characters(desk: Desk, room: Room, typed: str) -> None:
    page = desk("secretary").submit(LIST, {"name": typed}).page

    assert numbers(page) == []
    assert "Nothing fits this search." in page.text


@pytest.mark.parametrize("field", ["phone", "name", "number"])
@pytest.mark.parametrize("typed", ["13812345678", "138 1234 5678", "１３８１２３４５６７８"])
def test_a_whole_customer_number_is_refused_and_not_repeated(
    desk: Desk, room: Room, field: str, typed: str
) -> None:
    answer = desk("secretary").submit(LIST, {field: typed})

    assert answer.status_code == 422
    assert "That is a whole mobile number." in answer.page.text
    assert typed not in answer.text
    assert numbers(answer.page) == []


def test_the_whole_phone_of_a_broker_may_be_searched(desk: Desk, room: Room) -> None:
    page = desk("secretary").submit(LIST, {"broker_phone": "13500020002"}).page

    assert numbers(page) == [room.bound]


def test_search_tab_order_and_page_size_stay_together(desk: Desk, room: Room) -> None:
    client = desk("secretary")
    found = client.submit("/admin/leads/?status=all&page_size=20", {"brokerage": "安家"}).page
    assert numbers(found) == [room.entered, room.reported, room.dealt, room.expired]

    heading = next(link for link in found.find_all("a", class_="sort") if link.text == "Customer number")
    page = client.get(heading["href"]).page

    assert numbers(page) == [room.expired, room.dealt, room.reported, room.entered]
    address = page.find("input", name="brokerage")["value"], page.find("input", name="page_size")["value"]
    assert address == ("安家", "20")
    assert "brokerage=" in tab_url(page, "Dealt")


def test_paging_shows_every_row_once(desk: Desk, room: Room) -> None:
    cast = room.cast
    more = [cast.enters("fang", ("孙", chr(0x4E00 + n), f"151{n:04}")) for n in range(18)]
    client = desk("secretary")

    first = client.get("/admin/leads/?page_size=20").page
    second = client.get(first.find("a", rel="next")["href"]).page

    assert len(numbers(first)) == 20
    assert numbers(first) + numbers(second) == sorted(
        [room.entered, room.reported, room.bound, room.expired, room.dealt, *more], reverse=True
    )


def test_a_customer_held_by_another_broker_is_marked(desk: Desk, room: Room) -> None:
    challenger = room.cast.enters("fang")

    page = desk("secretary").get(LIST).page

    assert row_of(page, challenger)["Marks"] == "Held by 李强"
    assert row_of(page, room.bound)["Marks"] == "–"


def test_the_person_who_entered_for_somebody_else_stands_beside_the_broker(desk: Desk, room: Room) -> None:
    moved = room.cast.rebinds("director", room.bound, "fang")

    page = desk("secretary").get(LIST).page

    moved_row, old_row = row_of(page, moved), row_of(page, room.bound)
    assert (moved_row["Bound broker"], moved_row["Entered by"]) == ("王芳", "秦越")
    assert (old_row["Bound broker"], old_row["Entered by"]) == ("李强", "–")
    assert old_row["Marks"] == "Held by 王芳 · Rebound"


def test_at_its_last_second_a_protection_has_ended_without_any_job(
    desk: Desk, room: Room, clock: StoppedClock
) -> None:
    client = desk("secretary")
    clock.at(datetime.fromisoformat("2026-05-02T09:59:59+08:00"))
    assert numbers(client.get("/admin/leads/?status=bound").page) == [room.bound]

    clock.forward(timedelta(seconds=1))

    assert numbers(client.get("/admin/leads/?status=bound").page) == []
    page = client.get("/admin/leads/?status=expired").page
    assert row_of(page, room.bound)["Status"] == "Expired"
    assert row_of(page, room.bound)["Protected until"] == "2026-05-02 10:00"


@pytest.mark.parametrize("tab", ["entered", "reported", "bound", "expired", "dealt"])
def test_an_empty_tab_says_what_to_do_next(desk: Desk, tab: str) -> None:
    page = desk("secretary").get(f"/admin/leads/?status={tab}").page

    advice = page.find("div", class_="empty").text
    assert advice.count(".") >= 2


@pytest.mark.parametrize("typed", ["135 0002 0002", "+86 135-0002-0002", "0002 0002", "１３５０００２"])
def test_a_brokers_phone_is_found_however_it_is_grouped(desk: Desk, room: Room, typed: str) -> None:
    assert numbers(desk("secretary").submit(LIST, {"broker_phone": typed}).page) == [room.bound]


@pytest.mark.parametrize("typed", ["Mary Ann", "maryann", "Smith Mary Ann", "h M"])
def test_spaces_in_a_name_do_not_count(desk: Desk, room: Room, typed: str) -> None:
    smith = room.cast.enters("fang", ("Smith", "Mary Ann", "1520004"))

    assert numbers(desk("secretary").submit(LIST, {"name": typed}).page) == [smith]


@pytest.mark.parametrize(
    ("argument", "whose"),
    [("broker_id", "xin"), ("broker_id", "admin"), ("consultant_id", "qiang"), ("wished_id", "feng")],
)
def test_a_list_names_nobody_whose_customers_it_cannot_show(
    desk: Desk, room: Room, argument: str, whose: str
) -> None:
    answer = desk("secretary").get(f"{LIST}?{argument}={room.cast.ids[whose]}")

    assert answer.status_code == 404


def test_the_end_of_the_protection_sorts_by_what_is_shown_with_blanks_last(desk: Desk, room: Room) -> None:
    client, column = desk("secretary"), 11

    rising = rows(client.get(f"{LIST}?sort={column}").page)
    falling = rows(client.get(f"{LIST}?sort={column}&desc=1").page)

    ends = ["2026-04-01 10:00", "2026-05-02 10:00", "–", "–", "–"]
    assert [row["Protected until"] for row in rising] == ends
    assert [row["Protected until"] for row in falling] == [ends[1], ends[0], *ends[2:]]


def test_a_tab_of_which_nothing_was_counted_says_so(desk: Desk, cast: Cast, clock: StoppedClock) -> None:
    add_leads(cast, [plain_lead(cast, n, now()) for n in range(1, 10_002)])

    page = desk("director").get("/admin/leads/?name=孙").page

    counts = [tab.find("span", class_="tab-count").text for tab in page.find_all("a", class_="tab")]
    assert counts == ["10 000+", "10 000+", *["… not counted"] * 4]
    assert page.find("div", class_="list-head").find("strong").text == "10 000+"
