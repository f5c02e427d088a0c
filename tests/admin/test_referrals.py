"""The referral table: what each broker brought, in its one order, and the rows behind every figure."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from openpyxl import load_workbook

from lead_system.clock import now
from lead_system.extensions import db
from lead_system.models import Lead
from tests.admin.conftest import Desk
from tests.admin.reading import DECIDERS, for_each, numbers, rows
from tests.admin.test_lists import add_broker
from tests.support.cast import Cast
from tests.support.client import PageClient
from tests.support.frozen import StoppedClock
from tests.support.html import Page
from tests.support.stories import told_once

LIST = "/admin/referrals/"
pytestmark = pytest.mark.usefixtures("clock")
CHAPTERS = [(who, f"{chapter}.g") for who, chapter in DECIDERS]
FIGURES = ("Customers entered", "Customers reported", "Customers bound", "Customers dealt")


def brings(cast: Cast, who: str, *steps: str) -> list[int]:
    """Let a broker bring one customer as far as each step says; returns their numbers."""
    return [_brings(cast, who, step, n) for n, step in enumerate(steps)]


def _brings(cast: Cast, who: str, step: str, n: int) -> int:
    customer = ("周", chr(0x4E10 + n), f"15{n}{cast.ids[who]:04}")
    lead = cast.enters(who, customer, reports=step != "entered")
    if step in ("bound", "dealt"):
        cast.scans("feng", lead)
    if step == "dealt":
        cast.deals("director", lead, date(2026, 3, 2))
    return lead


@told_once
def table(cast: Cast, clock: StoppedClock) -> Cast:
    """Fang brought four, of whom one was dealt; Qiang three, of whom none was bound; Wei nobody."""
    brings(cast, "fang", "entered", "reported", "bound", "dealt")
    brings(cast, "qiang", "entered", "reported", "reported")
    return cast


def line_of(page: Page, name: str) -> dict[str, str]:
    (line,) = [row for row in rows(page) if row["Broker's name"] == name]
    return line


def names(page: Page) -> list[str]:
    return [row["Broker's name"] for row in rows(page)]


def figures_of(page: Page, name: str) -> tuple[str, ...]:
    return tuple(line_of(page, name)[figure] for figure in FIGURES)


@pytest.mark.parametrize(
    ("who", "column", "values"),
    for_each(
        CHAPTERS,
        (1, "Brokerage", ("安家置业", "百川地产")),
        (2, "Broker's name", ("王芳", "李强")),
        (3, "Broker's phone", ("13500010001", "13500020002")),
        (4, "Customers entered", ("4", "3")),
        (5, "Customers reported", ("3", "2")),
        (6, "Customers bound", ("2", "0")),
        (7, "Customers dealt", ("1", "0")),
    ),
)
def test_a_column_shows_the_value_of_its_own_broker(
    desk: Desk, table: Cast, who: str, column: str, values: tuple[str, str]
) -> None:
    page = desk(who).get(LIST).page

    assert (line_of(page, "王芳")[column], line_of(page, "李强")[column]) == values


def test_the_headings_stand_in_the_order_of_the_manual(desk: Desk, table: Cast) -> None:
    assert list(rows(desk("director").get(LIST).page)[0]) == [
        "Brokerage",
        "Broker's name",
        "Broker's phone",
        *FIGURES,
    ]


def test_a_customer_who_expired_still_counts_as_entered_reported_and_bound(
    desk: Desk, cast: Cast, clock: StoppedClock
) -> None:
    brings(cast, "fang", "bound")
    clock.forward(timedelta(days=31))

    page = desk("director").get(LIST).page

    assert figures_of(page, "王芳") == ("1", "1", "1", "0")


def test_a_deal_that_was_undone_does_not_count(desk: Desk, cast: Cast, clock: StoppedClock) -> None:
    (dealt,) = brings(cast, "fang", "dealt")
    assert figures_of(desk("director").get(LIST).page, "王芳") == ("1", "1", "1", "1")

    cast.undoes_deal("director", dealt)

    assert figures_of(desk("director").get(LIST).page, "王芳") == ("1", "1", "1", "0")


def test_a_customer_who_was_rebound_counts_for_both_brokers(
    desk: Desk, cast: Cast, clock: StoppedClock
) -> None:
    (lead,) = brings(cast, "fang", "bound")

    cast.rebinds("director", lead, "qiang")

    page = desk("director").get(LIST).page
    assert figures_of(page, "王芳") == figures_of(page, "李强") == ("1", "1", "1", "0")


@pytest.mark.parametrize("left", ["withdrawn", "merged"])
def test_a_customer_who_left_the_lists_does_not_count(
    desk: Desk, cast: Cast, clock: StoppedClock, left: str
) -> None:
    first, second = brings(cast, "fang", "reported", "entered")
    with cast.app.app_context():
        if left == "merged":
            db.session.get_one(Lead, first).merged_into_id = second
        else:
            lead = db.session.get_one(Lead, second)
            lead.status, lead.withdrawn_at = type(lead.status)("withdrawn"), now()
        db.session.commit()

    page = desk("director").get(LIST).page

    expected = ("1", "0", "0", "0") if left == "merged" else ("1", "1", "0", "0")
    assert figures_of(page, "王芳") == expected


RANKED = (
    ("钱一", ("dealt", "dealt")),
    ("钱丁", ("dealt", "bound", "bound")),
    ("钱丂", ("dealt", "bound", "reported", "reported")),
    ("钱七", ("dealt", "bound", "entered", "entered", "entered")),
    ("钱丄", ("dealt", "bound", "entered")),
    ("钱丅", ("reported",) * 5),
    ("钱丆", ("entered",) * 6),
)
"""Brokers in the order of the table; each is ahead by one figure, and behind in all that count less."""


@told_once
def ranking(cast: Cast, clock: StoppedClock) -> Cast:
    """Lets them in the other way round, so that no order of arrival is theirs by chance."""
    for n in reversed(range(len(RANKED))):
        add_broker(cast, 2 * n)
        cast.change(f"new {2 * n}", name=RANKED[n][0])
        brings(cast, f"new {2 * n}", *RANKED[n][1])
    return cast


@pytest.mark.parametrize("who", for_each(CHAPTERS, (8,)))
def test_the_table_is_ordered_by_deals_then_bindings_reports_and_entries(
    desk: Desk, ranking: Cast, who: str
) -> None:
    page = desk(who).get(LIST).page

    assert names(page)[:7] == [name for name, _ in RANKED]
    assert [figures_of(page, name)[3] for name in names(page)[:7]] == ["2", "1", "1", "1", "1", "0", "0"]


@pytest.mark.parametrize(
    ("who", "field", "typed"),
    for_each(CHAPTERS, (9, "brokerage", "百川"), (10, "name", "李强"), (11, "phone", "5000200")),
)
def test_a_search_finds_its_broker_and_no_near_miss(
    desk: Desk, table: Cast, who: str, field: str, typed: str
) -> None:
    table.change("fang", name="百川 强李")
    table.change("wei", phone="13502000500", name="百川")
    table.change_brokerage_of("fang", name="川百李强 5000200")

    page = desk(who).submit(LIST, {field: typed}).page

    assert names(page) == ["李强"]


@pytest.mark.parametrize("field", ["brokerage", "name", "phone"])
@pytest.mark.parametrize("typed", ["%", "_", "1%0", "\\"])
def test_wildcards_are_ordinary_characters(desk: Desk, table: Cast, field: str, typed: str) -> None:
    assert names(desk("director").submit(LIST, {field: typed}).page) == []


def workbook(client: PageClient, address: str) -> list[tuple[object, ...]]:
    """Press the button of a list and return the first sheet."""
    answer = client.forge(address, {}, action="/admin/referrals/export/")
    sheet = load_workbook(BytesIO(answer.data)).worksheets[0]
    answer.close()
    return list(sheet.iter_rows(values_only=True))


@pytest.mark.parametrize("who", for_each(CHAPTERS, (12,)))
def test_the_file_holds_exactly_what_was_found(desk: Desk, table: Cast, who: str) -> None:
    client = desk(who)

    assert workbook(client, f"{LIST}?brokerage=安家") == [
        ("Brokerage", "Broker's name", "Broker's phone", *FIGURES),
        ("安家置业", "王芳", "13500010001", 4, 3, 2, 1),
        ("安家置业", "赵伟", "13500030003", 0, 0, 0, 0),
    ]
    assert len(workbook(client, LIST)) == 4


@pytest.mark.parametrize("who", for_each(CHAPTERS, (13,)))
def test_list_and_file_keep_the_order_under_a_search(desk: Desk, ranking: Cast, who: str) -> None:
    client = desk(who)
    expected = [name for name, _ in RANKED]

    page = client.submit(f"{LIST}?sort=1&desc=1&page_size=20", {"name": "钱"}).page

    assert names(page) == expected
    assert page.find("table", class_="list-table").find("thead").find_all("a") == []
    for sort in range(7):
        file = workbook(client, f"{LIST}?name=钱&sort={sort}")
        assert [line[1] for line in file[1:]] == expected


@pytest.mark.parametrize(("figure", "count"), list(zip(FIGURES, (4, 3, 2, 1), strict=True)))
def test_every_figure_opens_exactly_its_rows(desk: Desk, cast: Cast, figure: str, count: int) -> None:
    bound = brings(cast, "fang", "dealt", "bound", "reported", "entered")
    brings(cast, "qiang", "dealt", "bound", "reported", "entered")
    client = desk("director")
    page = client.get(LIST).page
    line = next(line for line in page.find("tbody").find_all("tr") if "王芳" in line.text)
    cell = line.find_all("td")[list(rows(page)[0]).index(figure)]

    opened = client.get(cell.find("a")["href"]).page

    assert cell.text == str(count)
    assert sorted(numbers(opened)) == sorted(bound[:count])
    assert "王芳" in opened.find("p", class_="narrowed").text


def test_the_figures_of_expired_and_reported_again_customers_open_their_rows_too(
    desk: Desk, cast: Cast, clock: StoppedClock
) -> None:
    expired, again = brings(cast, "fang", "bound", "bound")
    clock.forward(timedelta(days=31))
    cast.reports("fang", again)
    client = desk("director")
    line = next(x for x in client.get(LIST).page.find("tbody").find_all("tr") if "王芳" in x.text)

    links = [link["href"] for link in line.find_all("a")]

    assert [sorted(numbers(client.get(link).page)) for link in links] == [[expired, again]] * 3 + [[]]


def test_brokers_without_a_profile_and_archived_ones_have_no_line(desk: Desk, table: Cast) -> None:
    table.arrives("newcomer")
    table.archives("qiang")

    assert names(desk("director").get(LIST).page) == ["王芳", "赵伟"]


def test_a_secretary_has_no_referral_table(desk: Desk, table: Cast) -> None:
    client = desk("secretary")

    assert client.get(LIST).status_code == 403
    assert LIST not in [link["href"] for link in client.get("/admin/leads/").page.find_all("a")]
