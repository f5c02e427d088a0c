"""A broker's customers on the phone: entering, reporting, the list with its tabs, and the visit code."""

from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO

import pytest
import zxingcpp
from PIL import Image

from lead_system.models import Collision, Lead, Report
from tests.support.cast import OUYANG, Cast
from tests.support.client import PageClient, PageResponse
from tests.support.frozen import StoppedClock
from tests.support.html import Element
from tests.support.refusals import nothing_written

Phone = Callable[[str], PageClient]
pytestmark = pytest.mark.usefixtures("clock")

ENTER = "/m/customers/enter"
HUANG = {
    "surname": "黄",
    "given_name": "蓉",
    "phone1_head": "138",
    "phone1_tail": "5678",
    "phone2_head": "139",
    "phone2_tail": "4321",
    "expected_visit_at": "2026-03-05T15:30",
    "needs": "想要一楼的转角铺",
}


def card(page: PageResponse, lead_id: int) -> Element:
    return page.page.find("article", data_lead=str(lead_id))


def numbers(page: PageResponse) -> list[int]:
    return sorted(int(article["data-lead"]) for article in page.page.find_all("article"))


def facts(page: PageResponse) -> dict[str, str]:
    listed = page.page.find("dl", class_="facts")
    names, values = (listed.find_all(tag) for tag in ("dt", "dd"))
    return {name.text: value.text for name, value in zip(names, values, strict=True)}


def complaints(page: PageResponse) -> str:
    said = page.page.find_all(class_="complaint") + page.page.find_all(class_="notice_warn")
    return " ".join(element.text for element in said if not element.has("data-summary"))


def enters_huang(cast: Cast, client: PageClient, button: str = "Only enter", **more: object) -> PageResponse:
    choices = {"customer_type_id": cast.types["临街商铺"], "wished_consultant_id": cast.ids["ming"]}
    return client.submit(ENTER, HUANG | choices | more, button=button)


def in_every_status(cast: Cast, clock: StoppedClock) -> dict[str, int]:
    """Give Fang one customer in each status, and Qiang one of his own."""
    names = {status: (status[0].upper(), status[1:], f"138{1000 + n}") for n, status in enumerate(STATUSES)}
    ids = {"expired": cast.enters("fang", names["expired"], reports=True)}
    cast.scans("feng", ids["expired"])
    clock.forward(timedelta(days=30))
    for status in ("entered", "reported", "bound", "dealt"):
        ids[status] = cast.enters("fang", names[status], reports=status != "entered")
    for status in ("bound", "dealt"):
        cast.scans("feng", ids[status])
    cast.deals("director", ids["dealt"], date(2026, 4, 1))
    cast.enters("qiang", names["entered"])
    return ids


STATUSES = ("entered", "reported", "bound", "expired", "dealt")


@pytest.mark.parametrize(
    ("tab", "shown"),
    [
        pytest.param("All", STATUSES, marks=pytest.mark.manual("1.5-1")),
        pytest.param("Entered", ["entered"], marks=pytest.mark.manual("1.5-2")),
        pytest.param("Reported", ["reported"], marks=pytest.mark.manual("1.5-3")),
        pytest.param("Bound", ["bound"], marks=pytest.mark.manual("1.5-4")),
        pytest.param("Expired", ["expired"], marks=pytest.mark.manual("1.5-5")),
        pytest.param("Dealt", ["dealt"], marks=pytest.mark.manual("1.5-6")),
    ],
)
def test_tab_shows_and_counts_the_customers_of_its_status(
    cast: Cast, clock: StoppedClock, phone: Phone, tab: str, shown: list[str]
) -> None:
    ids = in_every_status(cast, clock)
    client = phone("fang")
    tabs = client.get("/m/customers").page.find("nav", class_="tabs").find_all("a")
    opened = next(link for link in tabs if link.text.startswith(tab))

    page = client.get(opened["href"])

    assert opened.text == f"{tab} {len(shown)}"
    assert numbers(page) == sorted(ids[status] for status in shown)


@pytest.mark.parametrize("missing", ["surname", "given_name"])
@pytest.mark.manual("1.4-1")
def test_surname_and_given_name_are_both_needed(cast: Cast, phone: Phone, missing: str) -> None:
    client = phone("fang")

    with nothing_written(cast.app):
        refused = enters_huang(cast, client, **{missing: " "})

    assert (refused.status_code, complaints(refused)) == (422, "Enter the name.")
    assert refused.page.find("input", name=missing)["aria-invalid"] == "true"
    page = enters_huang(cast, client)
    assert page.page.find("h2").text == "黄蓉"


@pytest.mark.manual("1.4-2")
def test_first_phone_is_its_first_three_and_last_four_digits(cast: Cast, phone: Phone) -> None:
    client = phone("fang")

    with nothing_written(cast.app):
        refused = enters_huang(cast, client, phone1_head="", phone1_tail="")

    assert refused.status_code == 422
    assert complaints(refused).startswith("Enter the first three digits of the mobile number and its last")
    assert facts(enters_huang(cast, client))["Phone 1"] == "138****5678"


@pytest.mark.manual("1.4-3")
@pytest.mark.parametrize(("head", "tail", "shown"), [("", "", "—"), ("139", "4321", "139****4321")])
def test_second_phone_is_optional(cast: Cast, phone: Phone, head: str, tail: str, shown: str) -> None:
    page = enters_huang(cast, phone("fang"), phone2_head=head, phone2_tail=tail)

    assert facts(page)["Phone 2"] == shown


@pytest.mark.manual("1.4-4")
def test_middle_four_digits_are_never_asked_and_shown_as_stars(cast: Cast, phone: Phone) -> None:
    client = phone("fang")
    form = client.get(ENTER).page

    entered = enters_huang(cast, client)

    boxes = [box for box in form.find_all("input") if box["name"].startswith("phone")]
    assert [box.get("maxlength") for box in boxes] == ["3", "4", "3", "4"]
    assert [stars.text for stars in form.find_all(class_="hidden-digits")] == ["****", "****"]
    assert "138****5678" in card(client.get("/m/customers"), 1).text
    assert facts(entered)["Phone 2"] == "139****4321"


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        pytest.param("Expected visit", "2026-03-05 15:30", marks=pytest.mark.manual("1.4-5")),
        pytest.param("Customer type", "临街商铺", marks=pytest.mark.manual("1.4-6")),
        pytest.param("Customer's needs", "想要一楼的转角铺", marks=pytest.mark.manual("1.4-7")),
    ],
)
def test_what_was_entered_is_shown(cast: Cast, phone: Phone, fact: str, value: str) -> None:
    client = phone("fang")
    cast.enters("fang", ("黄", "药师", "1381111"), needs="别的", customer_type_id=cast.types["住宅"])

    enters_huang(cast, client)

    assert facts(client.get("/m/customers/2"))[fact] == value
    assert facts(client.get("/m/customers/1"))[fact] != value


@pytest.mark.manual("1.4-8")
@pytest.mark.parametrize(
    ("button", "status", "links"),
    [
        ("Only enter", "Entered", ["黄蓉", "Report"]),
        ("Enter and report", "Reported", ["黄蓉", "Report", "Visit code"]),
    ],
)
def test_one_button_enters_and_the_other_reports_too(
    cast: Cast, phone: Phone, button: str, status: str, links: list[str]
) -> None:
    client = phone("fang")

    enters_huang(cast, client, button)

    shown = card(client.get("/m/customers"), 1)
    assert shown.find(class_="status").text == status
    assert [link.text for link in shown.find_all("a")] == links


@pytest.mark.manual("1.4-9")
def test_two_brokers_enter_the_same_customer(cast: Cast, phone: Phone) -> None:
    enters_huang(cast, phone("fang"))
    enters_huang(cast, phone("qiang"))

    assert numbers(phone("fang").get("/m/customers")) == [1]
    assert numbers(phone("qiang").get("/m/customers")) == [2]


@pytest.mark.manual("1.4-10")
def test_one_broker_enters_the_same_customer_once(cast: Cast, phone: Phone) -> None:
    client = phone("fang")
    enters_huang(cast, client)

    with nothing_written(cast.app):
        refused = enters_huang(cast, client, surname="黄 ", phone1_tail="9999")

    assert refused.status_code == 409
    assert "You have entered this customer before: number 1." in complaints(refused)
    assert refused.page.find("a", href="/m/customers/1").text == "Open customer No. 1"
    assert numbers(client.get("/m/customers")) == [1]


@pytest.mark.manual("1.4-11")
def test_broker_names_a_consultant_at_entry_and_at_every_report(cast: Cast, phone: Phone) -> None:
    client = phone("fang")
    enters_huang(cast, client)
    form = client.get("/m/customers/1/report")

    chosen = [option["value"] for option in form.page.find_all("option") if option.has("selected")]
    reported = client.submit(form, {"wished_consultant_id": cast.ids["xin"]}, button="Report")

    assert str(cast.ids["ming"]) in chosen
    assert facts(reported)["Wished consultant"] == "江心怡"
    assert (
        facts(client.submit("/m/customers/1/report", {"wished_consultant_id": ""}))["Wished consultant"]
        == "—"
    )


def test_report_offers_what_was_wished_last_time(cast: Cast, phone: Phone) -> None:
    client = phone("fang")
    enters_huang(cast, client)

    form = client.get("/m/customers/1/report")
    reported = client.submit(form, button="Report")

    assert form.page.find("input", name="expected_visit_at")["value"] == "2026-03-05T15:30"
    assert form.page.find("textarea").text == "想要一楼的转角铺"
    shown = facts(reported)
    assert (shown["Expected visit"], shown["Customer type"]) == ("2026-03-05 15:30", "临街商铺")
    assert (shown["Wished consultant"], shown["Customer's needs"]) == ("陆明哲", "想要一楼的转角铺")


@pytest.mark.manual("1.5-7")
def test_two_brokers_report_the_same_customer(cast: Cast, phone: Phone) -> None:
    for who, lead_id in (("fang", 1), ("qiang", 2)):
        cast.enters(who)
        phone(who).submit(f"/m/customers/{lead_id}/report", button="Report")

    for who, lead_id in (("fang", 1), ("qiang", 2)):
        assert card(phone(who).get("/m/customers"), lead_id).find(class_="status").text == "Reported"


@pytest.mark.manual("1.5-8")
@pytest.mark.parametrize(("button", "status"), [("Only enter", "Entered"), ("Enter and report", "Reported")])
def test_held_customer_gets_the_same_answer_and_a_collision(
    cast: Cast, phone: Phone, button: str, status: str
) -> None:
    free = enters_huang(cast, phone("qiang"), button, given_name="容").page
    held_by_fang = cast.enters("fang", ("黄", "蓉", "1385678"), reports=True)
    cast.scans("feng", held_by_fang)

    held = enters_huang(cast, phone("qiang"), button).page

    assert held.find(class_="notice_good").text == free.find(class_="notice_good").text
    assert held.find(class_="status").text == status
    assert cast.count(Collision, holding_lead_id=held_by_fang, challenging_lead_id=3, state="open") == 1
    assert "黄蓉" in phone("director").get("/admin/collisions/").page.text


@pytest.mark.manual("1.5-9")
def test_expired_customer_is_reported_again_and_bound_anew(
    cast: Cast, clock: StoppedClock, phone: Phone
) -> None:
    client = phone("fang")
    lead_id = cast.enters("fang", reports=True)
    cast.scans("feng", lead_id)
    code = client.get(f"/m/customers/{lead_id}/code").page.find(data_short_code="").text
    clock.forward(timedelta(days=30))

    expired = card(client.get("/m/customers"), lead_id).find(class_="status").text
    client.submit(f"/m/customers/{lead_id}/report", button="Report")
    reported = card(client.get("/m/customers"), lead_id).find(class_="status").text
    cast.scans("feng", lead_id)

    bound = card(client.get("/m/customers"), lead_id)
    assert (expired, reported, bound.find(class_="status").text) == ("Expired", "Reported", "Bound")
    assert "30 d 0 h 0 min" in bound.text
    assert client.get(f"/m/customers/{lead_id}/code").page.find(data_short_code="").text == code


@pytest.mark.manual("1.5-10")
@pytest.mark.parametrize("status", STATUSES)
def test_report_is_there_in_every_status_and_may_be_pressed_again(
    cast: Cast, clock: StoppedClock, phone: Phone, status: str
) -> None:
    lead_id = in_every_status(cast, clock)[status]
    client = phone("fang")
    already = cast.count(Report, lead_id=lead_id)

    for _press in range(2):
        link = next(a for a in card(client.get("/m/customers"), lead_id).find_all("a") if a.text == "Report")
        assert client.submit(link["href"], button="Report").status_code == 200

    assert cast.count(Report, lead_id=lead_id) == already + 2
    last = facts(client.get(f"/m/customers/{lead_id}"))["Last reported"]
    assert last == "2026-04-01 10:00"


@pytest.mark.manual("1.5-11")
def test_visit_code_comes_with_the_first_report_and_stays(
    cast: Cast, clock: StoppedClock, phone: Phone
) -> None:
    client = phone("fang")
    lead_id = cast.enters("fang")
    before = client.get(f"/m/customers/{lead_id}/code").status_code

    client.submit(f"/m/customers/{lead_id}/report", button="Report")

    cast.scans("feng", lead_id)
    clock.forward(timedelta(days=31))
    assert before == 404
    assert "Visit code" in card(client.get("/m/customers"), lead_id).text
    assert (
        client.get(f"/m/customers/{lead_id}/code").page.find("img")["src"]
        == f"/m/customers/{lead_id}/code.png"
    )


def test_picture_is_a_link_without_name_or_number_and_is_kept_nowhere(cast: Cast, phone: Phone) -> None:
    lead_id = cast.enters("fang", reports=True)
    client = phone("fang")

    page = client.get(f"/m/customers/{lead_id}/code")
    picture = client.get(page.page.find("img")["src"])

    codes = zxingcpp.read_barcodes(Image.open(BytesIO(picture.data)))
    assert [code.text for code in codes] == [f"http://localhost/m/v/{cast.code_of(lead_id)}"]
    assert picture.mimetype == "image/png"
    assert [answer.headers["Cache-Control"] for answer in (page, picture)] == ["no-store", "no-store"]
    short_code = cast.read(lead_id, "short_code")
    spoken = page.page.find(data_short_code="").text
    assert spoken == f"{short_code[:3]} {short_code[3:6]} {short_code[6:]}"


@pytest.mark.manual("1.5-12")
def test_same_customer_is_scanned_many_times(cast: Cast, clock: StoppedClock, phone: Phone) -> None:
    lead_id = cast.enters("fang", reports=True)

    for _visit in range(3):
        cast.scans("feng", lead_id)
        clock.forward(timedelta(hours=1))

    rows = phone("feng").get("/m/gate/scans").page.table_rows()
    assert [row["Customer number"] for row in rows] == [str(lead_id)] * 3
    assert card(phone("fang").get("/m/customers"), lead_id).find(class_="status").text == "Bound"


@pytest.mark.manual("1.5-13")
def test_countdown_runs_from_the_binding_to_the_minute(cast: Cast, clock: StoppedClock, phone: Phone) -> None:
    lead_id = cast.enters("fang", reports=True)
    clock.forward(timedelta(days=2))
    cast.scans("feng", lead_id)
    clock.forward(timedelta(days=1, hours=2, minutes=3))

    shown = card(phone("fang").get("/m/customers"), lead_id)

    assert shown.find(class_="countdown").text == "28 d 21 h 57 min"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("2", [2]),
        ("锋", [1]),
        ("欧阳 锋", [1]),
        ("138****5678", [1]),
        ("4341", [1]),
        ("%", []),
        ("5679", [2]),
    ],
)
def test_search_finds_by_number_name_and_digits(
    cast: Cast, phone: Phone, typed: str, found: list[int]
) -> None:
    cast.enters("fang", OUYANG, "1394341")
    cast.enters("fang", ("欧阳", "峰", "1385679"))
    cast.enters("qiang", OUYANG)

    page = phone("fang").submit("/m/customers", {"q": typed}, button="Search")

    assert numbers(page) == found


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"phone1_head": "13"}, "Enter the first three digits of the mobile number and its last four"),
        ({"phone1_tail": "567"}, "Enter the first three digits of the mobile number and its last four"),
        ({"phone1_head": "238"}, "Enter the first three digits of the mobile number and its last four"),
        ({"phone1_head": "13812345678"}, "That is a whole mobile number."),
        ({"phone2_tail": "13812345678"}, "That is a whole mobile number."),
        ({"phone2_head": "139", "phone2_tail": ""}, "Enter the first three digits"),
        ({"phone2_head": "138", "phone2_tail": "5678"}, "The second phone is the same as the first."),
        ({"surname": ""}, "Enter the name."),
        ({"given_name": "长" * 60}, "The name is too long: at most 30 characters."),
        ({"given_name": "<script>"}, "A name has only letters"),
        ({"needs": "打 138-1234-5678 给他"}, "The text holds a whole mobile number."),
        ({"needs": "长" * 501}, "The text is too long: at most 500 characters."),
        ({"expected_visit_at": "tomorrow"}, "Give the day and the time, like 2026-03-02 15:30."),
        ({"expected_visit_at": "1026-03-02T10:00"}, "That date cannot be right."),
        ({"customer_type_id": "999"}, "That customer type is no longer offered."),
        ({"wished_consultant_id": "abc"}, "That consultant cannot be chosen any more."),
    ],
)
def test_wrong_entry_is_refused_beside_its_field(
    cast: Cast, phone: Phone, wrong: dict[str, str], sentence: str
) -> None:
    client = phone("fang")

    with nothing_written(cast.app):
        refused = client.forge(ENTER, HUANG | wrong, action="")

    assert refused.status_code == 422
    assert sentence in refused.page.find(class_="complaint").text
    assert refused.page.find("input", name="phone2_head")["value"] == (HUANG | wrong)["phone2_head"]


def test_title_is_warned_of_and_goes_through_when_sent_again(cast: Cast, phone: Phone) -> None:
    client = phone("fang")

    with nothing_written(cast.app):
        warned = enters_huang(cast, client, given_name="先生")
    confirmed = client.submit(warned, button="Only enter")

    assert warned.status_code == 200
    assert "The given name is only a title." in warned.page.find(class_="notice_amber").text
    assert confirmed.page.find("h2").text == "黄先生"


def test_own_person_cannot_be_entered(cast: Cast, phone: Phone) -> None:
    own = {"surname": "王", "given_name": "芳", "phone1_head": "135", "phone1_tail": "0001"}

    refused = enters_huang(cast, phone("fang"), **own)

    assert (refused.status_code, complaints(refused)) == (
        409,
        "A broker cannot be their own customer. Enter somebody else.",
    )


def test_consultant_archived_a_second_ago_cannot_be_wished_for(cast: Cast, phone: Phone) -> None:
    client = phone("fang")
    form = client.get(ENTER)
    cast.archives("ming")

    refused = client.submit(form, HUANG | {"wished_consultant_id": cast.ids["ming"]}, button="Only enter")

    assert refused.status_code == 422
    assert complaints(refused) == "That consultant cannot be chosen any more. Choose another one."


def test_double_tap_enters_one_customer(cast: Cast, phone: Phone) -> None:
    client = phone("fang")
    form = client.get(ENTER)

    answers = [client.submit(form, HUANG, button="Enter and report") for _tap in range(2)]

    assert [answer.request.path for answer in answers] == ["/m/customers/1", "/m/customers/1"]
    assert cast.count(Lead) == 1
    assert cast.count(Report) == 1


@pytest.mark.parametrize("page", ["", "/report", "/code", "/code.png"])
def test_customer_of_another_broker_does_not_exist(cast: Cast, phone: Phone, page: str) -> None:
    lead_id = cast.enters("qiang", reports=True)

    answer = phone("fang").get(f"/m/customers/{lead_id}{page}")

    assert answer.status_code == 404
    assert "欧阳" not in answer.text


def test_report_of_another_broker_cannot_be_forged(cast: Cast, phone: Phone) -> None:
    client = phone("fang")
    own, other = cast.enters("fang"), cast.enters("qiang")
    form = client.get(f"/m/customers/{own}/report").page.forms[-1]

    with nothing_written(cast.app):
        answer = client.post(f"/m/customers/{other}/report", data=form.defaults())

    assert answer.status_code == 404


@pytest.mark.parametrize(
    "arguments", ["page=-1", "page=0", "page=abc", "page=2", "tab=gone", "page=" + "9" * 30]
)
def test_page_that_does_not_exist_is_a_plain_404(cast: Cast, phone: Phone, arguments: str) -> None:
    answer = phone("fang").get(f"/m/customers?{arguments}")

    assert answer.status_code == 404
    assert "There is nothing here" in answer.page.text


def test_list_has_pages_that_keep_the_search(cast: Cast, phone: Phone) -> None:
    for number in range(21):
        cast.enters("fang", ("欧阳", "锋", f"138{5000 + number}"))
    cast.enters("fang", ("黄", "蓉", "1385678"))
    client = phone("fang")
    first = client.submit("/m/customers", {"q": "欧阳"}, button="Search")

    second = client.get(first.page.find("a", rel="next")["href"])

    assert (len(numbers(first)), numbers(second)) == (20, [1])
    assert second.page.find("input", name="q")["value"] == "欧阳"


def test_eleventh_report_of_a_day_says_already_reported(cast: Cast, phone: Phone) -> None:
    client = phone("fang")
    lead_id = cast.enters("fang", reports=True)
    for _press in range(9):
        cast.reports("fang", lead_id)

    with nothing_written(cast.app):
        refused = client.submit(f"/m/customers/{lead_id}/report", button="Report")

    assert refused.status_code == 409
    assert complaints(refused).startswith("This customer was already reported today.")


def test_home_counts_the_customers_and_names_what_ends_soon(
    cast: Cast, clock: StoppedClock, phone: Phone
) -> None:
    soon = cast.enters("fang", OUYANG, reports=True)
    cast.scans("feng", soon)
    clock.forward(timedelta(days=24))
    cast.scans("feng", cast.enters("fang", ("黄", "蓉", "1385679"), reports=True))

    page = phone("fang").get("/m/home").page

    assert page.find("nav", class_="counts").text == "0 Entered 0 Reported 2 Bound 0 Expired 0 Dealt"
    assert page.find("div", class_="rows").text == f"欧阳锋 {soon} within 7 days 6 d 0 h 0 min"


def test_broker_of_an_archived_brokerage_reads_but_does_not_enter(cast: Cast, phone: Phone) -> None:
    lead_id = cast.enters("fang")
    cast.change_brokerage_of("fang", archived_at=cast.read(lead_id, "entered_at"))

    refused = enters_huang(cast, phone("fang"))

    assert numbers(phone("fang").get("/m/customers")) == [lead_id]
    assert refused.status_code == 409
    assert "A brokerage must be chosen first." in complaints(refused)
