"""Visitors as the back office meets them: the list of walk-ins, and collisions that a visitor holds."""

from datetime import timedelta

import pytest

from tests.admin.conftest import Desk
from tests.admin.reading import facts, rows, section_rows, ticked
from tests.admin.test_fee_list import exported, search_for
from tests.support.cast import HONG, OUYANG, Cast
from tests.support.frozen import StoppedClock
from tests.support.html import Page
from tests.support.stories import told_once

WALK_INS, COLLISIONS = "/admin/walk_ins/", "/admin/collisions/"
HONGS = {
    "Came at": "2026-03-02 10:00",
    "Visitor's name": "洪七",
    "Visitor's phone": "139****2222",
    "Consultant": "江心怡",
    "Gate staff": "尹露",
}


@told_once
def two_walk_ins(cast: Cast, clock: StoppedClock) -> Cast:
    """Hong comes first; an hour later one whose name holds parts of all the others."""
    cast.change("ming", name="尹露明哲")
    cast.walks_in("hong", at="lu")
    clock.forward(timedelta(hours=1))
    cast.change("hong", name="心怡七洪", phone="13822221391")
    cast.walks_in("hong", "ming")
    cast.change("hong", name="洪七", phone="13911112222")
    return cast


@pytest.mark.parametrize("who", ["secretary", "director", "admin"])
def test_the_list_shows_who_came_alone_as_they_were_then(desk: Desk, two_walk_ins: Cast, who: str) -> None:
    other, first = rows(desk(who).get(WALK_INS).page)

    assert first == HONGS
    assert set(first.items()) & set(other.items()) == set()
    assert "13911112222" not in desk(who).get(WALK_INS).text


@pytest.mark.parametrize(
    ("label", "typed"),
    [
        ("Visitor's name", "洪 七"),
        ("Visitor's phone", "139 2222"),
        ("Visitor's phone", "2222"),
        ("Gate staff", "尹露"),
        ("Consultant", "江心怡"),
    ],
)
def test_a_search_finds_the_walk_in_and_no_near_miss(
    desk: Desk, two_walk_ins: Cast, label: str, typed: str
) -> None:
    client = desk("secretary")

    listed = search_for(client, WALK_INS, {label: typed})

    assert [row["Visitor's name"] for row in rows(listed.page)] == ["洪七"]
    assert exported(client, listed) == [HONGS]


def walk_in_first(page: Page) -> dict[str, str]:
    return next(row for row in rows(page) if row["Kind"] == "Walk-in first")


def test_a_walk_in_first_stands_among_the_collisions_with_the_visitor_as_holder(
    desk: Desk, cast: Cast
) -> None:
    cast.walks_in("hong")
    number = cast.enters("fang", HONG)
    client = desk("director")

    row = walk_in_first(client.get(COLLISIONS).page)

    assert row["Customer name"] == "洪七"
    assert (row["Holder"], row["Holder's phone"], row["Holder's number"]) == ("Visitor", "139****2222", "–")
    assert (row["Challenger"], row["Challenger's number"]) == ("王芳", str(number))
    (exported_row,) = exported(client, client.get(COLLISIONS))
    assert (exported_row["Holder"], exported_row["Kind"]) == ("Visitor", "Walk-in first")


@pytest.mark.parametrize(("label", "typed"), [("Customer name", "洪七"), ("Broker's name or phone", "王芳")])
def test_a_search_finds_it_beside_one_between_brokers(desk: Desk, cast: Cast, label: str, typed: str) -> None:
    cast.scans("feng", cast.enters("qiang", OUYANG, reports=True))
    cast.enters("wei", OUYANG)
    cast.walks_in("hong")
    cast.enters("fang", HONG)

    page = search_for(desk("director"), COLLISIONS, {label: typed}).page

    assert [row["Kind"] for row in rows(page)] == ["Walk-in first"]


def test_it_is_handled_and_opened_again_like_any(desk: Desk, cast: Cast) -> None:
    cast.walks_in("hong")
    cast.enters("fang", HONG)
    client = desk("director")
    details = client.get(COLLISIONS + "details/?id=1").page
    assert details.find("div", class_="sides").text.startswith("Visitor 洪七 139****2222")

    chosen = client.submit(COLLISIONS, ticked(1), button="handle")
    client.submit(chosen, {"note": "客户自行到访在先"})
    assert facts(client.get(COLLISIONS + "details/?id=1").page)["Note"] == "客户自行到访在先"
    client.submit(COLLISIONS + "reopen/?id=1", {"reason": "再核实"})

    assert walk_in_first(client.get(COLLISIONS).page)["Challenger"] == "王芳"


def test_the_customers_page_tells_of_the_walk_in(desk: Desk, cast: Cast) -> None:
    cast.walks_in("hong")
    number = cast.enters("fang", HONG)

    page = desk("director").get(f"/admin/leads/details/?id={number}").page

    (row,) = section_rows(page, "collisions")
    assert row["Holder"] == "Walk-in first 139****2222"
