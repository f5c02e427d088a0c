"""Consultants on the phone: scanning, grading, the list of viewings, and follow-ups."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from lead_system.models import FollowUp, Viewing
from tests.mobile.test_gate import camera_sees, link_of, photo_of, said
from tests.support.cast import OUYANG, Cast
from tests.support.client import PageClient, PageResponse
from tests.support.frozen import StoppedClock
from tests.support.refusals import nothing_written

Phone = Callable[[str], PageClient]
pytestmark = pytest.mark.usefixtures("clock")

SCAN = "/m/consultant"


def bound_to_xin(cast: Cast) -> int:
    lead_id = cast.enters("fang", reports=True)
    cast.scans("feng", lead_id, "xin")
    return lead_id


def notes(page: PageResponse) -> list[str]:
    return [note.text for note in page.page.find_all("p", class_="text")]


def customer_page(lead_id: int) -> str:
    return f"/m/consultant/viewings/customers/{lead_id}"


@pytest.mark.manual("4.2-1")
def test_scanned_code_asks_for_the_intent(cast: Cast, phone: Phone) -> None:
    lead_id = bound_to_xin(cast)
    client = phone("xin")

    answer = camera_sees(client, f"https://leads.example{link_of(cast, lead_id)}", SCAN)

    assert answer.json == {"url": link_of(cast, lead_id)}
    asked = client.get(link_of(cast, lead_id))
    assert asked.page.h1 == "Record the viewing"
    assert asked.page.find("legend").text == "How strong is the intent?"
    assert "欧阳锋" in said(asked)


@pytest.mark.manual("4.2-2")
@pytest.mark.parametrize("level", ["A", "B", "C", "D"])
def test_intent_has_four_levels(cast: Cast, phone: Phone, level: str) -> None:
    lead_id = bound_to_xin(cast)
    client = phone("xin")
    asked = client.get(link_of(cast, lead_id))

    client.submit(asked, {"intent": level}, button="Record")

    assert [radio["value"] for radio in asked.page.find_all("input", name="intent")] == ["A", "B", "C", "D"]
    assert client.get("/m/consultant/viewings").page.table_rows()[0]["Intent"] == level


@pytest.mark.manual("4.2-3")
def test_grading_writes_a_viewing(cast: Cast, clock: StoppedClock, phone: Phone) -> None:
    lead_id = bound_to_xin(cast)
    clock.forward(timedelta(hours=1))
    client = phone("xin")
    before = client.get("/m/consultant/viewings").page.find_all("table")

    answer = client.submit(link_of(cast, lead_id), {"intent": "B"}, button="Record")

    assert before == []
    assert "The viewing is recorded." in answer.page.text
    row = client.get("/m/consultant/viewings").page.table_rows()[0]
    assert (row["Viewed at"], row["Customer number"]) == ("2026-03-02 11:00", str(lead_id))


def two_viewings(cast: Cast, clock: StoppedClock) -> None:
    """Two viewings of Xin that differ in everything, but only a little."""
    cast.change("qiang", name="王方")
    first = cast.enters("fang", OUYANG, "1394321", reports=True)
    for number in range(9):
        cast.enters("fang", ("某", "人", f"138{2000 + number}"))
    second = cast.enters("qiang", ("欧阳", "峰", "1385679"), reports=True)
    for lead_id in (first, second):
        cast.scans("feng", lead_id, "xin")
    cast.views("xin", first, "A")
    clock.forward(timedelta(minutes=90))
    cast.views("xin", second, "C")


COLUMNS = [
    ("4.3-1", "Viewed at", ["2026-03-02 11:30", "2026-03-02 10:00"]),
    ("4.3-2", "Customer number", ["11", "1"]),
    ("4.3-3", "Customer name", ["欧阳峰", "欧阳锋"]),
    ("4.3-4", "Customer's phone", ["138****5679", "138****5678 139****4321"]),
    ("4.3-5", "Bound broker", ["王方", "王芳"]),
    ("4.3-6", "Broker's phone", ["13500020002", "13500010001"]),
    ("4.3-7", "Intent", ["C", "A"]),
]


@pytest.mark.parametrize(
    ("column", "newest_first"),
    [pytest.param(*case[1:], marks=pytest.mark.manual(case[0])) for case in COLUMNS],
)
def test_viewing_has_the_column(
    cast: Cast, clock: StoppedClock, phone: Phone, column: str, newest_first: list[str]
) -> None:
    two_viewings(cast, clock)

    rows = phone("xin").get("/m/consultant/viewings").page.table_rows()

    assert [row[column] for row in rows] == newest_first


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        pytest.param("number", "1", marks=pytest.mark.manual("4.3-11")),
        pytest.param("name", "欧阳锋", marks=pytest.mark.manual("4.3-12")),
        pytest.param("broker", "王芳", marks=pytest.mark.manual("4.3-13")),
        pytest.param("intent", "A", marks=pytest.mark.manual("4.3-14")),
    ],
)
def test_viewing_is_found_and_its_neighbour_is_not(
    cast: Cast, clock: StoppedClock, phone: Phone, field: str, typed: str
) -> None:
    two_viewings(cast, clock)

    page = phone("xin").submit("/m/consultant/viewings", {field: typed}, button="Search").page

    assert [row["Customer number"] for row in page.table_rows()] == ["1"]


@pytest.mark.manual("4.3-8")
def test_viewing_has_a_button_to_the_follow_ups_of_its_customer(
    cast: Cast, clock: StoppedClock, phone: Phone
) -> None:
    two_viewings(cast, clock)
    cast.follows_up("xin", 1, "周末再看")
    client = phone("xin")

    buttons = [a for a in client.get("/m/consultant/viewings").page.find_all("a") if a.text == "Follow up"]

    assert [notes(client.get(button["href"])) for button in buttons] == [[], ["周末再看"]]


@pytest.mark.manual("4.3-9")
def test_follow_ups_of_the_customer_are_listed_newest_first(
    cast: Cast, clock: StoppedClock, phone: Phone
) -> None:
    two_viewings(cast, clock)
    for lead_id, note in ((1, "第一次电话"), (11, "别的客户"), (1, "第二次电话")):
        cast.follows_up("xin", lead_id, note)

    page = phone("xin").get(customer_page(1))

    assert notes(page) == ["第二次电话", "第一次电话"]
    assert "2026-03-02 11:30 · 江心怡" in page.page.text


@pytest.mark.manual("4.3-10")
def test_follow_ups_are_added_again_and_again(cast: Cast, phone: Phone) -> None:
    lead_id = bound_to_xin(cast)
    client = phone("xin")
    page = client.get(customer_page(lead_id))

    for note in ("第一次", "第二次", "第二次"):
        page = client.submit(page, {"note": note}, button="Add follow-up")

    assert notes(client.get(customer_page(lead_id))) == ["第二次", "第二次", "第一次"]


@pytest.mark.parametrize(
    ("note", "sentence"),
    [
        (" ", "Write a few words here first."),
        ("长" * 501, "The text is too long: at most 500 characters."),
        ("电话 13812345678", "The text holds a whole mobile number."),
    ],
)
def test_wrong_follow_up_is_refused_beside_its_field(
    cast: Cast, phone: Phone, note: str, sentence: str
) -> None:
    lead_id = bound_to_xin(cast)

    with nothing_written(cast.app):
        refused = phone("xin").submit(customer_page(lead_id), {"note": note}, button="Add follow-up")

    assert refused.status_code == 422
    assert sentence in refused.page.find(class_="complaint").text


def test_double_tap_writes_one_follow_up(cast: Cast, phone: Phone) -> None:
    lead_id = bound_to_xin(cast)
    client = phone("xin")
    form = client.get(customer_page(lead_id))

    for _tap in range(2):
        client.submit(form, {"note": "周末再看"}, button="Add follow-up")

    assert cast.count(FollowUp) == 1


def test_other_consultant_is_told_who_is_assigned_and_stands_in(cast: Cast, phone: Phone) -> None:
    lead_id = bound_to_xin(cast)
    client = phone("ming")

    with nothing_written(cast.app):
        asked = client.submit(link_of(cast, lead_id), {"intent": "A"}, button="Record")
    recorded = client.submit(asked, button="Yes, I stand in")

    assert asked.status_code == 409
    assert "This customer is assigned to 江心怡." in asked.page.find(class_="notice_amber").text
    assert recorded.status_code == 200
    row = client.get("/m/consultant/viewings").page.table_rows()[0]
    assert row["Intent"] == "A standing in"
    assert phone("xin").get("/m/consultant/viewings").page.find_all("table") == []


def test_viewing_without_an_intent_is_refused(cast: Cast, phone: Phone) -> None:
    lead_id = bound_to_xin(cast)
    client = phone("xin")

    with nothing_written(cast.app):
        blank = client.submit(link_of(cast, lead_id), button="Record")
        forged = client.forge(link_of(cast, lead_id), {"intent": "E"})

    assert [blank.status_code, forged.status_code] == [422, 422]
    assert blank.page.find(class_="complaint").text == "Choose how strong the intent is: A, B, C or D."


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("reported", "Gate staff have not scanned this customer yet. Go to the gate first."),
        ("expired", "The protection has ended. The broker must report this customer again"),
    ],
)
def test_customer_who_is_not_bound_is_not_shown_round(
    cast: Cast, clock: StoppedClock, phone: Phone, state: str, sentence: str
) -> None:
    lead_id = cast.enters("fang", reports=True)
    if state == "expired":
        cast.scans("feng", lead_id)
        clock.forward(timedelta(days=30))
    client = phone("xin")

    link = client.get(link_of(cast, lead_id))
    typed = client.submit(SCAN, {"code": cast.read(lead_id, "short_code")}, button="Read")

    assert [link.status_code, typed.status_code] == [409, 409]
    assert sentence in said(link)
    assert sentence in typed.page.find(class_="complaint").text


def test_photo_and_double_tap_record_one_viewing(cast: Cast, phone: Phone) -> None:
    lead_id = bound_to_xin(cast)
    client = phone("xin")
    asked = client.submit(SCAN, {"photo": photo_of(f"http://localhost{link_of(cast, lead_id)}")})

    for _tap in range(2):
        client.submit(asked, {"intent": "D"}, button="Record")

    assert cast.count(Viewing, lead_id=lead_id, intent="D") == 1


def test_customer_of_another_consultant_does_not_exist(cast: Cast, phone: Phone) -> None:
    lead_id = bound_to_xin(cast)

    answer = phone("ming").get(customer_page(lead_id))

    assert answer.status_code == 404
    assert "欧阳" not in answer.text


@pytest.mark.parametrize("arguments", ["page=-1", "page=abc", "page=2", "intent=E"])
def test_page_of_viewings_that_does_not_exist_is_a_plain_404(
    cast: Cast, phone: Phone, arguments: str
) -> None:
    assert phone("xin").get(f"/m/consultant/viewings?{arguments}").status_code == 404
