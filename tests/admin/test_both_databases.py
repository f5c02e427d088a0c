"""The pages of the back office on SQLite and on PostgreSQL, which read some questions differently."""

from typing import Any

import pytest

from tests.admin.conftest import Desk, Room
from tests.admin.reading import numbers, rows, tabs
from tests.support.databases import both_databases

pytestmark = both_databases


def test_tabs_searches_and_every_order_answer_alike(desk: Desk, room: Room) -> None:
    client = desk("director")

    found = client.submit("/admin/leads/", {"name": "阳", "brokerage": "安家"}).page
    assert numbers(found) == [room.entered]
    assert tabs(client.get("/admin/leads/").page)["All"] == "5"
    for column in range(10):
        page = client.get(f"/admin/leads/?sort={column}&desc=1").page
        assert sorted(numbers(page)) == sorted(
            [room.entered, room.reported, room.bound, room.expired, room.dealt]
        )


LISTS = {
    "leads": ("number", "name", "phone", "broker_name", "broker_phone", "brokerage", "consultant"),
    "collisions": ("number", "name", "phone", "broker"),
    "fees": ("broker_name", "broker_phone", "brokerage", "number", "name", "phone"),
    "referrals": ("brokerage", "name", "phone"),
    "scans": ("number", "name", "phone", "broker", "brokerage", "gate", "consultant"),
    "viewings": ("number", "name", "phone", "broker", "consultant"),
    "rebinds": ("number", "name", "broker", "actor"),
    "profile_changes": ("name", "phone", "brokerage"),
    "exports": ("account",),
    "brokers": ("name", "phone", "brokerage"),
    "brokerages": ("name",),
    "consultants": ("name", "phone"),
    "staff": ("name", "phone"),
    "customer_types": ("name",),
}


@pytest.mark.parametrize("name", LISTS)
def test_every_order_and_every_search_of_a_list_is_answered(desk: Desk, room: Room, name: str) -> None:
    room.cast.pays("secretary", room.bound, "200")
    room.cast.rebinds("director", room.bound, "fang")
    client, path = desk("admin"), f"/admin/{name}/"
    days = {"first_day": "2026-04-01", "last_day": "2026-04-02"}

    asked: list[dict[str, Any]] = [{"sort": column, "desc": way} for column in range(17) for way in (0, 1)]
    asked += [{field: "1"} for field in LISTS[name]] + [days, dict.fromkeys(LISTS[name], "%_")]

    answers = [(question, client.get(path, query_string=question).status_code) for question in asked]
    assert [one for one in answers if one[1] != 200] == []


def test_a_null_character_is_refused_before_it_reaches_the_database(desk: Desk, room: Room) -> None:
    client = desk("director")

    for field in ("name", "broker_name", "brokerage", "consultant", "number"):
        assert client.get(f"/admin/leads/?{field}=%00zz").status_code == 400
    assert client.get(f"/admin/leads/rebind/?id={room.bound}&broker=%00").status_code == 400


def test_a_collision_is_listed_searched_and_handled(desk: Desk, room: Room) -> None:
    room.cast.enters("fang")
    client = desk("director")
    listed = client.submit("/admin/collisions/", {"broker": "王芳"})
    assert [row["Customer name"] for row in rows(listed.page)] == ["欧阳锋"]

    done = client.submit(listed, {}, button="Handle No. 1").page

    assert tabs(done) == {"Open": "0", "Handled": "1", "All": "1"}


def test_a_customer_is_moved_and_marked_dealt(desk: Desk, room: Room) -> None:
    client = desk("director")
    asked = client.get(f"/admin/leads/rebind/?id={room.bound}&to={room.cast.ids['fang']}")
    moved = client.submit(asked, {"reason": "客户要求"}, button="Change the broker").page

    deal = client.submit(moved.find("a", class_="button-first")["href"], {}, button="Mark as dealt").page

    assert deal.find("div", class_="head-line").text == (
        "欧阳锋 Dealt ? A director has marked the deal."
        " The customer stays with this broker; a deal has no end."
    )
