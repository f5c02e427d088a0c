"""Moving a customer to another broker: choosing, foreseeing, confirming."""

from datetime import datetime

import pytest

from tests.admin.conftest import Desk, Room
from tests.admin.reading import DECIDERS, for_each, notes, rows, section_rows
from tests.support.frozen import StoppedClock


def rebind_url(number: int, to: int | None = None) -> str:
    return f"/admin/leads/rebind/?id={number}" + (f"&to={to}" if to else "")


@pytest.mark.parametrize("who", for_each([(w, f"{c}.d") for w, c in DECIDERS], (33,)))
def test_a_customer_is_moved_to_another_broker_and_the_record_stays(desk: Desk, room: Room, who: str) -> None:
    client = desk(who)
    found = client.submit(rebind_url(room.bound), {"broker": "王"})
    asked = client.submit(found, {}, button="Choose 王芳")

    done = client.submit(asked, {"reason": "客户要求"}, button="Change the broker").page

    (record,) = section_rows(done, "rebinds")
    assert (record["From"], record["Reason"]) == (f"李强 {room.bound}", "客户要求")
    (bound,) = rows(client.get("/admin/leads/?status=bound").page)
    assert bound["Bound broker"].startswith("王芳")


def test_the_page_that_asks_shows_both_brokers_both_ends_and_what_will_be_made(
    desk: Desk, room: Room
) -> None:
    page = desk("director").get(rebind_url(room.bound, room.cast.ids["fang"])).page

    sides = [side.text for side in page.find_all("div", class_="side")]
    assert sides == [
        f"Bound broker now 李强 13500020002 百川地产 No. {room.bound} · until 2026-05-02 10:00",
        "New broker 王芳 13500010001 安家置业 Will get a new customer number",
    ]
    assert "A customer entry with its own number is made" in page.find("div", class_="foresight").text
    assert "Until 2026-05-02 10:00, as it is now." in page.text
    assert room.cast.status(room.bound) == "bound"


def test_an_own_lead_of_the_new_broker_is_named(desk: Desk, room: Room) -> None:
    own = room.cast.enters("fang", reports=True)

    page = desk("director").get(rebind_url(room.bound, room.cast.ids["fang"])).page

    assert f"No. {own} · Reported" in page.text
    assert f"No. {own} of the new broker is bound." in page.find("div", class_="foresight").text


@pytest.mark.parametrize(("choice", "end"), [("no", "2026-05-12 10:00"), ("yes", "2026-05-02 10:00")])
def test_the_clock_restarts_or_the_old_end_is_kept(
    desk: Desk, room: Room, clock: StoppedClock, choice: str, end: str
) -> None:
    clock.at(datetime.fromisoformat("2026-04-12T10:00:00+08:00"))
    client = desk("director")
    asked = client.get(rebind_url(room.bound, room.cast.ids["fang"]))

    client.submit(asked, {"reason": "客户要求", "keep_end": choice}, button="Change the broker")

    (row,) = rows(client.get("/admin/leads/?status=bound").page)
    assert row["Protected until"].startswith(end)


@pytest.mark.parametrize("reason", ["", "请拨打13812340000", "x" * 501])
def test_without_a_proper_reason_nothing_moves(desk: Desk, room: Room, reason: str) -> None:
    answer = desk("director").forge(rebind_url(room.bound, room.cast.ids["fang"]), {"reason": reason})

    assert answer.status_code == 422
    assert room.cast.status(room.bound) == "bound"


@pytest.mark.parametrize("to", ["fang", "wei"])
def test_a_broker_who_was_archived_a_second_ago_cannot_get_the_customer(
    desk: Desk, room: Room, to: str
) -> None:
    client = desk("director")
    asked = client.get(rebind_url(room.bound, room.cast.ids[to]))
    room.cast.archives(to)

    answer = client.submit(asked, {"reason": "客户要求"}, button="Change the broker")

    assert answer.status_code == 409
    assert "This broker's account is not in use." in answer.page.text
    assert room.cast.status(room.bound) == "bound"


@pytest.mark.parametrize("to", ["qiang", "feng", "director"])
def test_the_present_broker_and_people_who_are_no_brokers_cannot_be_chosen(
    desk: Desk, room: Room, to: str
) -> None:
    client = desk("director")

    answer = client.get(rebind_url(room.bound, room.cast.ids[to]))

    assert answer.status_code == 409
    assert not answer.page.find_all("textarea")
    assert not any("李强" in button.text for button in answer.page.find_all("button"))


def test_a_reason_with_markup_is_kept_as_text(desk: Desk, room: Room) -> None:
    client = desk("director")
    asked = client.get(rebind_url(room.bound, room.cast.ids["fang"]))

    done = client.submit(asked, {"reason": "<script>alert(1)</script>"}, button="Change the broker")

    assert "<script>alert" not in done.text
    assert section_rows(done.page, "rebinds")[0]["Reason"] == "<script>alert(1)</script>"
    assert len(notes(done.page)) == 1
