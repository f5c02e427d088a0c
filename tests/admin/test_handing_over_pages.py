"""The pages on which customers of those who left go to others."""

import pytest

from lead_system.models import Rebind
from tests.admin.conftest import Desk, Room
from tests.admin.test_brokerage_pages import HANDED_OVER, row_button

PAGE = "/admin/handing_over/"


def test_nobody_has_left(desk: Desk, room: Room) -> None:
    page = desk("director").get(PAGE).page

    assert "No customer is with an archived consultant." in page.text
    assert "No running binding belongs to an archived broker or brokerage." in page.text


@pytest.mark.parametrize("who", ["director", "admin"])
def test_customers_of_an_archived_consultant_go_to_another(desk: Desk, room: Room, who: str) -> None:
    room.cast.archives("xin")
    client = desk(who)
    listed = client.get(PAGE)
    assert "江心怡 1 Hand over" in listed.page.text
    asked = client.get(f"{PAGE}consultant/?id={room.cast.ids['xin']}")

    fields = {"lead_ids": str(room.bound), "consultant_id": str(room.cast.ids["ming"])}
    done = client.submit(asked, fields, button="Hand over the chosen ones").page

    assert "1 customer is handed over." in done.text
    assert room.cast.read(room.bound, "consultant_id") == room.cast.ids["ming"]
    assert "No customer is with an archived consultant." in done.text


def test_bindings_of_an_archived_broker_go_to_another(desk: Desk, room: Room) -> None:
    room.cast.archives("qiang")
    client = desk("director")
    assert "Hand over in one go" in client.get("/admin/leads/").page.text
    found = client.get(f"{PAGE}brokers/?broker=王")
    assert "Choose 王芳" in found.page.text
    asked = client.get(f"{PAGE}brokers/?to={room.cast.ids['fang']}")

    fields = {"lead_ids": str(room.bound), "reason": "离职", "keep_end": "yes"}
    done = client.submit(asked, fields, button="Rebind the chosen ones").page

    assert "1 customer is handed over." in done.text
    assert room.cast.count(Rebind, from_lead_id=room.bound, to_broker_id=room.cast.ids["fang"]) == 1


def test_refusal_names_the_customer_and_leaves_all_as_they_were(desk: Desk, room: Room) -> None:
    room.cast.archives("xin")
    client = desk("director")
    asked = client.get(f"{PAGE}consultant/?id={room.cast.ids['xin']}")
    room.cast.scans("lu", room.bound, "ming")

    fields = {"lead_ids": str(room.bound), "consultant_id": str(room.cast.ids["ming"])}
    answer = client.submit(asked, fields, button="Hand over the chosen ones")

    assert answer.status_code == 409
    assert f"Customer number {room.bound} is the reason." in answer.page.text


def test_pages_speak_chinese(desk: Desk, room: Room) -> None:
    room.cast.archives("qiang")
    client = desk("director")
    with client.session_transaction() as session:
        session["language"] = "zh_Hans_CN"

    assert "一次性交接" in client.get(PAGE).page.text
    assert "批量改绑" in client.get(f"{PAGE}brokers/?to={room.cast.ids['fang']}").page.text
    assert "交接置业顾问的客户" in client.get(f"{PAGE}consultant/?id={room.cast.ids['xin']}").page.text


@pytest.mark.parametrize(
    ("people", "button"), [("brokers", "Archive 王芳"), ("consultants", "Archive 江心怡")]
)
def test_the_page_that_asks_before_archiving_leads_to_handing_over(
    desk: Desk, room: Room, people: str, button: str
) -> None:
    room.cast.scans("lu", room.cast.enters("fang", ("孙", "立", "1510005"), reports=True))
    client = desk("admin")

    asking = client.get(row_button(client.get(f"/admin/{people}/").page, button)).page

    (way,) = [link for link in asking.find_all("a") if link.text == HANDED_OVER]
    assert client.get(way["href"]).page.find("h1").text == "Handing over"
