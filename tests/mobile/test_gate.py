"""The gate on the phone: reading codes, confirming visits, and the records with their search."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from PIL import Image, ImageFilter

from lead_system.models import Collision, GateScan
from lead_system.web.qr import draw_code
from tests.support.cast import OUYANG, Cast
from tests.support.client import PageClient, PageResponse
from tests.support.frozen import StoppedClock
from tests.support.refusals import nothing_written

Phone = Callable[[str], PageClient]
pytestmark = pytest.mark.usefixtures("clock")

SCAN = "/m/gate"
UNKNOWN = "This is no visit code of ours. Ask the broker to open the code again."


def link_of(cast: Cast, lead_id: int) -> str:
    return f"/m/v/{cast.code_of(lead_id)}"


def chosen(page: PageResponse) -> list[str]:
    """The consultants who are chosen when the question comes up."""
    return [radio["value"] for radio in page.page.find_all("input", type="radio") if radio.has("checked")]


def confirm(cast: Cast, client: PageClient, lead_id: int, consultant: str = "xin") -> PageResponse:
    return client.submit(link_of(cast, lead_id), {"consultant_id": cast.ids[consultant]})


def camera_sees(client: PageClient, text: str, port: str = SCAN) -> PageResponse:
    """Send what the camera in the page sends."""
    form = next(form for form in client.get(port).page.forms if form.action.endswith("/read"))
    sent = form.defaults() | {"code": [text]}
    answer = client.post(f"{port}/read", data=sent, headers={"Accept": "application/json"})
    assert isinstance(answer, PageResponse)
    return answer


def photo_of(text: str, quality: int = 70) -> tuple[BytesIO, str]:
    """Take a photo of a screen with a code: small in the picture, turned, and not quite sharp."""
    code = Image.open(BytesIO(draw_code(text))).convert("RGB").resize((420, 420))
    photo = Image.new("RGB", (1600, 1200), (70, 66, 60))
    photo.paste(code.rotate(9, expand=True, fillcolor=(220, 220, 220)), (520, 300))
    data = BytesIO()
    photo.filter(ImageFilter.GaussianBlur(1.4)).save(data, "JPEG", quality=quality)
    data.seek(0)
    return data, "photo.jpg"


def said(page: PageResponse) -> str:
    return page.page.find("main").text


@pytest.mark.manual("3.2-1")
def test_scanned_code_leads_to_the_customer_of_that_broker(cast: Cast, phone: Phone) -> None:
    cast.enters("qiang", OUYANG, reports=True)
    lead_id = cast.enters("fang", OUYANG, reports=True)
    client = phone("feng")

    answer = camera_sees(client, f"https://leads.example{link_of(cast, lead_id)}")

    assert answer.json == {"url": link_of(cast, lead_id)}
    asked = client.get(link_of(cast, lead_id))
    assert asked.page.h1 == "Confirm the visit"
    assert "欧阳锋" in said(asked)
    assert "王芳 13500010001" in said(asked)
    assert "安家置业" in said(asked)


@pytest.mark.manual("3.2-2")
def test_dialog_offers_the_consultants_who_can_be_chosen(cast: Cast, phone: Phone) -> None:
    lead_id = cast.enters("fang", reports=True)
    cast.archives("ming")

    page = phone("feng").get(link_of(cast, lead_id)).page

    assert [radio["value"] for radio in page.find_all("input", name="consultant_id")] == [
        str(cast.ids["xin"])
    ]


@pytest.mark.manual("3.2-3")
@pytest.mark.parametrize("taken", ["ming", "xin"])
def test_wished_consultant_is_chosen_already_and_may_be_changed(cast: Cast, phone: Phone, taken: str) -> None:
    lead_id = cast.enters("fang", reports=True, wished_consultant_id=cast.ids["ming"])
    client = phone("feng")

    asked = client.get(link_of(cast, lead_id))
    client.submit(asked, {} if taken == "ming" else {"consultant_id": cast.ids[taken]}, button="Confirm")

    assert chosen(asked) == [str(cast.ids["ming"])]
    row = client.get("/m/gate/scans").page.table_rows()[0]
    assert row["Consultant"] == {"ming": "陆明哲", "xin": "江心怡"}[taken]


def turns(page: PageResponse) -> dict[str, str]:
    """What stands beside each name in the question, in the order of the names."""
    choices = page.page.find_all("label", class_="choice")
    names = [choice.find("span", class_="turn").find_all("span")[1].text for choice in choices]
    return {name: choice.find(class_="turns").text for name, choice in zip(names, choices, strict=True)}


def test_question_counts_the_visits_that_each_consultant_was_given_today(
    cast: Cast, clock: StoppedClock, phone: Phone
) -> None:
    clock.at(datetime(2026, 3, 1, 15, 59, 59, tzinfo=UTC))  # One second before midnight in Shanghai.
    cast.scans("feng", cast.enters("fang", ("夜", "归", "1380001"), reports=True), "ming")
    cast.walks_in("hong", "ming")
    clock.forward(timedelta(seconds=1))
    cast.walks_in("hong", "ming", at="lu")
    for number, taken in enumerate(["xin", "xin", "ming", "xin"]):
        cast.scans(
            "feng" if number % 2 else "lu",
            cast.enters("fang", ("客", "甲", f"138000{number + 2}"), reports=True),
            taken,
        )
    lead_id = cast.enters("fang", reports=True, wished_consultant_id=cast.ids["xin"])
    clock.forward(timedelta(hours=23, minutes=59, seconds=59))
    client = phone("feng")

    asked = client.get(link_of(cast, lead_id))
    clock.forward(timedelta(seconds=1))
    tomorrow = client.get(link_of(cast, lead_id))

    assert list(turns(asked).items()) == [("江心怡", "Today: 3"), ("陆明哲", "Today: 2")]
    assert list(turns(tomorrow).items()) == [("江心怡", "Today: 0"), ("陆明哲", "Today: 0")]
    assert chosen(asked) == [str(cast.ids["xin"])], "the wish stays chosen, however many turns"


@pytest.mark.parametrize("number", [0, 20])
def test_turns_of_all_consultants_are_counted_in_one_query(
    cast: Cast, clock: StoppedClock, phone: Phone, number: int
) -> None:
    lead_id = cast.enters("fang", reports=True)
    for visit in range(number):
        cast.scans("feng", lead_id, "ming" if visit % 2 else "xin")
        clock.forward(timedelta(minutes=2))
    client = phone("feng")

    client.get(link_of(cast, lead_id))

    assert len([query for query in client.queries if "count(" in query and "gate_scans" in query]) == 1


@pytest.mark.manual("3.2-4")
def test_without_a_wish_a_consultant_must_be_chosen(cast: Cast, phone: Phone) -> None:
    lead_id = cast.enters("fang", reports=True)
    client = phone("feng")
    asked = client.get(link_of(cast, lead_id))

    with nothing_written(cast.app):
        refused = client.submit(asked, button="Confirm")

    assert chosen(asked) == []
    assert refused.status_code == 422
    assert refused.page.find(class_="complaint").text.startswith("Choose the consultant who will show")
    assert client.submit(refused, {"consultant_id": cast.ids["xin"]}).status_code == 200


@pytest.mark.manual("3.2-5")
def test_confirmed_visit_is_recorded(cast: Cast, phone: Phone) -> None:
    lead_id = cast.enters("fang", reports=True)
    client = phone("feng")
    before = client.get("/m/gate/scans").page.find_all("table")

    confirm(cast, client, lead_id)

    assert before == []
    assert [row["Customer number"] for row in client.get("/m/gate/scans").page.table_rows()] == [str(lead_id)]


@pytest.mark.manual("3.2-6")
def test_confirmed_visit_binds_the_customer_to_the_broker(cast: Cast, phone: Phone) -> None:
    rival = cast.enters("qiang", reports=True)
    lead_id = cast.enters("fang", reports=True)

    green = confirm(cast, phone("feng"), lead_id)

    assert green.page.find(data_result="bound").find("h2").text == "Bound"
    assert "2026-04-01 10:00" in said(green)
    assert phone("fang").get("/m/customers?tab=bound").page.find("article")["data-lead"] == str(lead_id)
    assert phone("qiang").get(f"/m/customers/{rival}").page.find(class_="status").text == "Reported"


def two_scans(cast: Cast, clock: StoppedClock) -> None:
    """Two visits that differ in everything, but only a little: what finds one must not find the other."""
    cast.change("qiang", name="王方")
    cast.change("ming", name="江心宜")
    cast.scans("feng", cast.enters("fang", OUYANG, "1394321", reports=True), "xin")
    for number in range(9):
        cast.enters("fang", ("某", "人", f"138{2000 + number}"))
    clock.forward(timedelta(minutes=90))
    cast.scans("lu", cast.enters("qiang", ("欧阳", "峰", "1385679"), reports=True), "ming")


COLUMNS = [
    ("3.3-1", "Scanned at", ["2026-03-02 11:30", "2026-03-02 10:00"]),
    ("3.3-2", "Customer number", ["11", "1"]),
    ("3.3-3", "Customer name", ["欧阳峰", "欧阳锋"]),
    ("3.3-4", "Customer's phone", ["138****5679", "138****5678 139****4321"]),
    ("3.3-5", "Bound broker", ["王方", "王芳"]),
    ("3.3-6", "Broker's phone", ["13500020002", "13500010001"]),
    ("3.3-7", "Consultant", ["江心宜", "江心怡"]),
    ("3.3-8", "Consultant's phone", ["13700020002", "13700010001"]),
]


@pytest.mark.parametrize(
    ("column", "newest_first"),
    [pytest.param(*case[1:], marks=pytest.mark.manual(case[0])) for case in COLUMNS],
)
def test_record_has_the_column(
    cast: Cast, clock: StoppedClock, phone: Phone, column: str, newest_first: list[str]
) -> None:
    two_scans(cast, clock)

    rows = phone("lu").get("/m/gate/scans").page.table_rows()

    assert [row[column] for row in rows] == newest_first


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        pytest.param("number", "1", marks=pytest.mark.manual("3.3-9")),
        pytest.param("name", "欧阳锋", marks=pytest.mark.manual("3.3-10")),
        pytest.param("phone", "138****5678", marks=pytest.mark.manual("3.3-11")),
        pytest.param("phone", "4321", id="second phone"),
        pytest.param("broker", "王芳", marks=pytest.mark.manual("3.3-12")),
        pytest.param("consultant", "心怡", marks=pytest.mark.manual("3.3-13")),
    ],
)
def test_record_is_found_and_its_neighbour_is_not(
    cast: Cast, clock: StoppedClock, phone: Phone, field: str, typed: str
) -> None:
    two_scans(cast, clock)

    page = phone("feng").submit("/m/gate/scans", {field: typed}, button="Search").page

    assert [row["Customer number"] for row in page.table_rows()] == ["1"]
    assert page.find("input", name=field)["value"] == typed
    assert "1 record" in page.text


@pytest.mark.parametrize("typed", ["%", "_", "没有此人"])
def test_search_without_a_match_says_so(cast: Cast, clock: StoppedClock, phone: Phone, typed: str) -> None:
    two_scans(cast, clock)

    page = phone("feng").submit("/m/gate/scans", {"name": typed}, button="Search").page

    assert "No scan fits." in page.text


def test_records_have_pages(cast: Cast, clock: StoppedClock, phone: Phone) -> None:
    lead_id = cast.enters("fang", reports=True)
    for _visit in range(21):
        cast.scans("feng", lead_id)
        clock.forward(timedelta(minutes=2))
    client = phone("feng")
    first = client.submit("/m/gate/scans", {"number": lead_id}, button="Search")

    second = client.get(first.page.find("a", rel="next")["href"])

    assert len(first.page.table_rows()) == 20
    assert [row["Scanned at"] for row in second.page.table_rows()] == ["2026-03-02 10:00"]


@pytest.mark.parametrize("number", [0, 49])
def test_records_cost_as_many_queries_for_one_row_as_for_fifty(
    cast: Cast, clock: StoppedClock, phone: Phone, number: int
) -> None:
    lead_id = cast.enters("fang", reports=True)
    for _visit in range(number + 1):
        cast.scans("feng", lead_id)
        clock.forward(timedelta(minutes=2))
    client = phone("feng")

    client.get("/m/gate/scans")

    assert len(client.queries) == 7


@pytest.mark.parametrize(
    "typed", ["", "12345", "0000000001", "<script>", "https://elsewhere.example/x", "1 or 1=1", "零" * 2000]
)
def test_unknown_code_is_refused_beside_the_field(cast: Cast, phone: Phone, typed: str) -> None:
    client = phone("feng")

    with nothing_written(cast.app):
        refused = client.submit(SCAN, {"code": typed}, button="Read")

    assert refused.status_code == 409
    assert refused.page.find(class_="complaint").text == UNKNOWN


@pytest.mark.parametrize("spelling", ["{}", "{:.3} {:.6}", "　{}　"])
def test_short_code_leads_to_the_customer(cast: Cast, phone: Phone, spelling: str) -> None:
    lead_id = cast.enters("fang", reports=True)
    code = cast.read(lead_id, "short_code")
    typed = f"{code[:3]} {code[3:6]}-{code[6:]}" if " " in spelling else spelling.format(code)

    answer = phone("feng").submit(SCAN, {"code": typed}, button="Read")

    assert answer.request.path == link_of(cast, lead_id)
    assert "欧阳锋" in said(answer)


def test_photo_leads_to_the_customer(cast: Cast, phone: Phone) -> None:
    lead_id = cast.enters("fang", reports=True)

    answer = phone("feng").submit(SCAN, {"photo": photo_of(f"http://localhost{link_of(cast, lead_id)}")})

    assert answer.request.path == link_of(cast, lead_id)


def bomb() -> bytes:
    """A small file that would unpack into 100 million pixels."""
    data = BytesIO()
    Image.new("1", (10_000, 10_000)).save(data, "PNG")
    return data.getvalue()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        pytest.param(b"", "empty.jpg", id="empty"),
        pytest.param(b"no picture at all", "x.jpg", id="text"),
        pytest.param(b"\xff\xd8\xff\xe0" + b"\0" * 500, "cut.jpg", id="cut off"),
        pytest.param(bomb(), "bomb.png", id="too many pixels"),
        pytest.param(b"GIF89a" + b"\0" * 50, "x.gif", id="gif"),
    ],
)
def test_photo_without_a_code_is_refused_in_words(
    cast: Cast, phone: Phone, content: bytes, name: str
) -> None:
    with nothing_written(cast.app):
        refused = phone("feng").submit(SCAN, {"photo": (BytesIO(content), name)})

    assert refused.status_code == 422
    assert refused.page.find(class_="complaint").text.startswith("No visit code can be seen in this photo")


def test_photo_that_is_too_large_is_refused(cast: Cast, phone: Phone) -> None:
    cast.app.config["MAX_CONTENT_LENGTH"] = 5_000

    refused = phone("feng").submit(SCAN, {"photo": (BytesIO(b"\xff" * 6_000), "big.jpg")})

    assert refused.status_code == 413
    assert "That file is too large." in refused.page.text


def test_camera_is_told_the_reason_and_may_go_on(cast: Cast, phone: Phone) -> None:
    client = phone("feng")

    answer = camera_sees(client, "https://elsewhere.example/")

    assert (answer.status_code, answer.json) == (409, {"sentence": UNKNOWN})


def test_camera_of_somebody_who_was_signed_out_is_sent_to_the_door(cast: Cast, phone: Phone) -> None:
    client = phone("feng")
    client.get(SCAN)
    cast.archives("feng")

    answer = client.post(f"{SCAN}/read", headers={"Accept": "application/json"})

    assert answer.status_code in (400, 401)
    assert client.get(SCAN).location == "/m/staff/sign-in?next=/m/gate"


@pytest.mark.parametrize("way", ["camera", "short code", "link"])
def test_code_for_a_held_customer_names_the_holder_to_the_gate_and_is_kept(
    cast: Cast, phone: Phone, way: str
) -> None:
    cast.scans("feng", cast.enters("fang", reports=True))
    rival = cast.enters("qiang", reports=True)
    client = phone("feng")

    if way == "camera":
        answer = camera_sees(client, cast.code_of(rival))
    elif way == "short code":
        answer = client.submit(SCAN, {"code": cast.read(rival, "short_code")}, button="Read")
    else:
        answer = confirm(cast, client, rival)

    shown = answer.json["sentence"] if answer.json else said(answer)
    assert answer.status_code == 409
    assert "Another broker holds this customer (number 1)." in shown
    assert "王芳" in shown
    assert "13500010001" in shown
    assert cast.count(Collision, holding_lead_id=1, challenging_lead_id=rival, state="open") == 1
    assert cast.count(GateScan, lead_id=rival) == 0


def test_second_scan_within_a_minute_asks_and_counts_with_a_yes(
    cast: Cast, clock: StoppedClock, phone: Phone
) -> None:
    lead_id = cast.enters("fang", reports=True)
    client = phone("feng")
    confirm(cast, client, lead_id)
    clock.forward(timedelta(seconds=59))

    with nothing_written(cast.app):
        asked = confirm(cast, client, lead_id)
    counted = client.submit(asked, button="Yes, another visit")

    assert asked.status_code == 409
    assert "scanned less than a minute ago" in asked.page.find(class_="notice_amber").text
    assert counted.page.find(data_result="visit").find("h2").text == "Another visit is recorded"
    assert cast.count(GateScan, lead_id=lead_id) == 2


def test_double_tap_confirms_one_visit(cast: Cast, phone: Phone) -> None:
    lead_id = cast.enters("fang", reports=True)
    client = phone("feng")
    asked = client.get(link_of(cast, lead_id))

    answers = [client.submit(asked, {"consultant_id": cast.ids["xin"]}) for _tap in range(2)]

    assert [answer.request.path for answer in answers] == ["/m/gate/scans/1", "/m/gate/scans/1"]
    assert cast.count(GateScan) == 1


def test_expired_customer_must_be_reported_again(cast: Cast, clock: StoppedClock, phone: Phone) -> None:
    lead_id = cast.enters("fang", reports=True)
    cast.scans("feng", lead_id)
    clock.forward(timedelta(days=30))
    client = phone("feng")

    refused = client.submit(SCAN, {"code": cast.code_of(lead_id)}, button="Read")

    assert refused.status_code == 409
    assert "Ask the broker to report this customer again" in refused.page.find(class_="complaint").text


@pytest.mark.parametrize("consultant", ["999", "abc", "gate"])
def test_consultant_who_cannot_be_chosen_is_refused(cast: Cast, phone: Phone, consultant: str) -> None:
    lead_id = cast.enters("fang", reports=True)
    client = phone("feng")
    given = str(cast.ids["feng"]) if consultant == "gate" else consultant

    with nothing_written(cast.app):
        refused = client.forge(link_of(cast, lead_id), {"consultant_id": given})

    assert refused.status_code == 422
    assert "That consultant cannot be chosen any more." in refused.page.find(class_="complaint").text


def test_consultant_archived_a_second_ago_is_refused(cast: Cast, phone: Phone) -> None:
    lead_id = cast.enters("fang", reports=True)
    client = phone("feng")
    asked = client.get(link_of(cast, lead_id))
    cast.archives("xin")

    refused = client.submit(asked, {"consultant_id": cast.ids["xin"]})

    assert refused.status_code == 422
    assert [radio["value"] for radio in refused.page.find_all("input", type="radio")] == [
        str(cast.ids["ming"])
    ]


@pytest.mark.parametrize("who", ["fang", "qiang", "wei", "director", None])
def test_link_says_nothing_to_anybody_else(
    cast: Cast, phone: Phone, stranger: PageClient, who: str | None
) -> None:
    lead_id = cast.enters("fang", reports=True)
    client = phone(who) if who else stranger

    page = client.get(link_of(cast, lead_id)).page
    unknown = client.get("/m/v/AAAAAAAAAAAAAAAAAAAAAAAA").page

    assert "Show this at the gate" in page.text
    assert page.find("main").text.replace(cast.code_of(lead_id), "") == unknown.find("main").text
    assert not any(word in page.find("main").text for word in ("欧阳", "5678", "王芳"))


@pytest.mark.parametrize("arguments", ["page=-1", "page=abc", "page=2"])
def test_page_of_records_that_does_not_exist_is_a_plain_404(cast: Cast, phone: Phone, arguments: str) -> None:
    assert phone("feng").get(f"/m/gate/scans?{arguments}").status_code == 404


def test_bound_customer_without_a_wish_is_offered_the_consultant_of_last_time(
    cast: Cast, phone: Phone, clock: StoppedClock
) -> None:
    lead_id = cast.enters("fang", reports=True)
    client = phone("feng")
    assert chosen(client.get(link_of(cast, lead_id))) == []
    cast.scans("feng", lead_id, "ming")
    clock.forward(timedelta(days=1))

    assert chosen(client.get(link_of(cast, lead_id))) == [str(cast.ids["ming"])]
    clock.forward(timedelta(days=30))
    assert chosen(client.get(link_of(cast, lead_id))) == []


def test_wish_of_the_broker_comes_before_the_consultant_of_last_time(cast: Cast, phone: Phone) -> None:
    lead_id = cast.enters("fang", reports=True)
    cast.scans("feng", lead_id, "ming")
    cast.reports("fang", lead_id, wished_consultant_id=cast.ids["xin"])

    assert chosen(phone("feng").get(link_of(cast, lead_id))) == [str(cast.ids["xin"])]
