"""One customer's page: every field, and the records of this number and of no other."""

from datetime import timedelta

import pytest

from tests.admin.conftest import Desk, Room
from tests.admin.reading import DECIDERS, READERS, facts, for_each, notes, numbers, section, section_rows
from tests.support.client import PageClient
from tests.support.frozen import StoppedClock
from tests.support.html import Page
from tests.support.stories import told_once


def details(client: PageClient, number: int) -> Page:
    return client.get(f"/admin/leads/details/?id={number}").page


@pytest.mark.parametrize(
    ("who", "field", "value"),
    for_each(
        READERS,
        (20, "Customer number", None),
        (21, "Customer name", "欧阳锋"),
        (22, "Customer phone", "138****5678"),
        (23, "Broker's name", "李强"),
        (24, "Broker's phone", "13500020002"),
        (25, "Expected visit", "2026-04-05 15:00"),
        (26, "Shop type", "临街商铺"),
        (27, "Needs", "想要一楼临街，做餐饮"),
        (28, "Deal status", "Bound"),
    ),
)
def test_a_field_shows_the_value_of_this_customer(
    desk: Desk, room: Room, who: str, field: str, value: str | None
) -> None:
    client = desk(who)

    assert facts(details(client, room.bound))[field] == (value or str(room.bound))
    assert facts(details(client, room.dealt))[field] != (value or str(room.bound))


def test_a_dealt_customer_shows_the_deal(desk: Desk, room: Room) -> None:
    shown = facts(details(desk("secretary"), room.dealt))

    assert shown["Deal status"] == "Dealt"
    assert shown["Deal date"] == "2026-04-02"
    assert shown["Unit"] == "6-126"
    assert shown["Amount"] == "¥3,420,000.00"


@pytest.mark.parametrize("who", for_each(READERS, (29,)))
def test_the_gate_scans_of_this_number_are_listed(
    desk: Desk, room: Room, clock: StoppedClock, who: str
) -> None:
    clock.forward(timedelta(hours=2))
    room.cast.scans("lu", room.bound, "ming")
    client = desk(who)

    scans = section_rows(details(client, room.bound), "scans")

    shown = [
        (r["Scanned at"], r["Gate staff"], r["Consultant"], r["Broker"], r["Brokerage then"]) for r in scans
    ]
    assert shown == [
        ("2026-04-02 12:00", "尹露", "陆明哲", "李强", "百川地产"),
        ("2026-04-02 10:00", "岳峰", "江心怡", "李强", "百川地产"),
    ]
    assert section_rows(details(client, room.reported), "scans") == []


@pytest.mark.parametrize("who", for_each(READERS, (30,)))
def test_the_viewings_of_this_number_are_listed_with_their_follow_ups(
    desk: Desk, room: Room, who: str
) -> None:
    room.cast.views("xin", room.bound, "A", standing_in=False)
    room.cast.views("xin", room.dealt, "C")
    room.cast.follows_up("xin", room.bound, "很满意朝向")

    page = details(desk(who), room.bound)

    shown = [(r["Viewed at"], r["Consultant"], r["Intent"]) for r in section_rows(page, "viewings")]
    assert shown == [("2026-04-02 10:00", "江心怡", "A")]
    assert "很满意朝向" in section(page, "follow-ups").text


@pytest.mark.parametrize("who", for_each(READERS, (31,)))
def test_the_viewing_fees_of_this_number_are_listed(desk: Desk, room: Room, who: str) -> None:
    room.cast.pays("secretary", room.bound, "200.50")
    room.cast.pays("secretary", room.dealt, "999.00")

    fees = section_rows(details(desk(who), room.bound), "fees")

    shown = [(r["Created at"], r["Broker"], r["Created by"], r["Amount"]) for r in fees]
    assert shown == [("2026-04-02 10:00", "李强", "苏文", "¥200.50")]


@told_once
def moved(room: Room, clock: StoppedClock) -> Room:
    """Moves the bound customer from Qiang to Fang at one o'clock."""
    clock.forward(timedelta(hours=3))
    room.cast.rebinds("director", room.bound, "fang")
    return room


@pytest.mark.parametrize(
    ("who", "column", "value"),
    for_each(
        [(who, f"{chapter}.d") for who, chapter in DECIDERS],
        (32, "Reason", "协商一致"),
        (35, "By", "秦越 director"),
        (36, "From", "李强 {old}"),
        (37, "Rebound at", "2026-04-02 13:00"),
    ),
)
def test_a_rebind_is_recorded_on_both_leads(
    desk: Desk, moved: Room, who: str, column: str, value: str
) -> None:
    room, client = moved, desk(who)
    new = numbers(client.get("/admin/leads/?status=bound").page)[0]

    for number in (room.bound, new):
        (record,) = section_rows(details(client, number), "rebinds")
        assert record[column] == value.format(old=room.bound)
        assert record["To"] == f"王芳 {new}"
    assert section_rows(details(client, room.dealt), "rebinds") == []


def test_the_secretary_sees_neither_rebinds_nor_collisions_nor_actions(desk: Desk, room: Room) -> None:
    room.cast.enters("fang")
    new = room.cast.rebinds("director", room.bound, "fang")

    page = details(desk("secretary"), new)

    assert not page.find_all("section", id="rebinds")
    assert not page.find_all("section", id="collisions")
    assert not page.find("div", class_="page-actions").find_all("a")


def test_the_other_leads_of_the_same_customer_are_linked(desk: Desk, room: Room) -> None:
    other = room.cast.enters("fang")
    room.cast.enters("fang", ("欧阳", "锋", "1388888"))  # The same name, another phone: somebody else.
    client = desk("secretary")

    (row,) = section_rows(details(client, room.bound), "others")

    assert (row["Customer number"], row["Broker"], row["Status"]) == (str(other), "王芳", "Entered")
    assert "Held by 李强" in details(client, other).find("div", class_="head-line").text


def test_the_history_tells_who_did_what_and_when(desk: Desk, room: Room) -> None:
    page = details(desk("secretary"), room.dealt)

    entries = [entry.text for entry in section(page, "history").find_all("li")]
    assert entries == [
        "just now Deal marked 秦越 · Director",
        "just now Scanned at the gate and bound 岳峰 · Gate staff",
        "just now Customer reported 王芳 · Broker",
        "just now Customer entered 王芳 · Broker",
    ]
    moments = {time["title"] for time in section(page, "history").find_all("time")}
    assert moments == {"2026-04-02 10:00:00"}


def test_what_people_typed_is_shown_as_text(desk: Desk, room: Room) -> None:
    lead = room.cast.enters("qiang", ("沈", "迪", "1520004"), needs="<script>alert(1)</script>")

    answer = desk("director").get(f"/admin/leads/details/?id={lead}")

    assert facts(answer.page)["Needs"] == "<script>alert(1)</script>"
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("wanted", ["abc", "", "-1", "0", "999999", "1,2", "９", "99999999999999999999"])
def test_a_number_that_is_nobodys_answers_404_in_words(desk: Desk, room: Room, wanted: str) -> None:
    answer = desk("director").get(f"/admin/leads/details/?id={wanted}")

    assert answer.status_code == 404
    assert "There is nothing here" in answer.page.text
    assert notes(answer.page) == []
