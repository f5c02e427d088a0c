"""Brokers and residents: the list, approvals, what a director changes of them, and the change records."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from lead_system.clock import now
from lead_system.domain.roles import Approval
from tests.admin.conftest import Desk, Room
from tests.admin.reading import DECIDERS, facts, for_each, notes, rows, tab_url, tabs
from tests.admin.test_brokerage_pages import Figure, choices, figures, row_button, stale
from tests.mobile.conftest import speaks_english
from tests.mobile.test_sign_in import sign_in
from tests.support.cast import Cast
from tests.support.client import PageClient, PageResponse
from tests.support.frozen import StoppedClock
from tests.support.html import Page
from tests.support.refusals import nothing_written

LIST = "/admin/brokers/"
RECORDS = "/admin/profile_changes/"
CHAPTERS = [(who, f"{chapter}.c") for who, chapter in DECIDERS]
CHANGED = ("Old phone", "New phone", "Old brokerage", "New brokerage")

pytestmark = pytest.mark.usefixtures("clock")


def names(page: Page) -> list[str]:
    return [row["Name"] for row in rows(page)]


def row_of(page: Page, name: str) -> dict[str, str]:
    (found,) = [row for row in rows(page) if row["Name"] == name]
    return found


def changes(page: Page) -> list[list[str]]:
    """Return what each change record says of phone and brokerage, the newest first."""
    return [[row[heading] for heading in CHANGED] for row in rows(page)]


def save(client: PageClient, name: str, **fields: object) -> PageResponse:
    """Open the change page of a broker from the list, fill these fields, and save."""
    return client.submit(row_button(client.get(LIST).page, f"Change {name}"), fields, button="Save")


def post_by_hand(client: PageClient, address: str, **fields: object) -> PageResponse:
    """Send a form that no page offers, with the token of an honest one."""
    token = client.get("/admin/leads/").page.csrf_token
    sent = {"csrf_token": token, "request_id": "made-by-hand-1"} | fields
    return client.post(address, data=sent)


def waiting_in_menu(page: Page) -> str:
    """Return the number beside the brokers in the menu, blank where it is hidden."""
    badge = page.find("span", data_count_url="/admin/brokers/waiting-count/")
    return "" if badge.has("hidden") else badge.find("span", data_count="").text


@pytest.mark.parametrize(
    ("who", "cell", "name"),
    for_each(
        CHAPTERS,
        (1, ("Employee number", "B00003"), "赵伟"),
        (2, ("Name", "赵伟"), "赵伟"),
        (3, ("Phone", "13500030003"), "赵伟"),
        (4, ("Broker or resident", "Resident"), "赵伟"),
        (5, ("Brokerage", "百川地产"), "李强"),
    ),
)
def test_a_column_shows_the_value_of_its_own_broker(
    desk: Desk, cast: Cast, who: str, cell: tuple[str, str], name: str
) -> None:
    page = desk(who).get(LIST).page

    column, value = cell
    assert [row["Name"] for row in rows(page) if row[column] == value] == [name]
    assert names(page) == ["赵伟", "李强", "王芳"]


@pytest.mark.parametrize("who", for_each(CHAPTERS, (6,)))
def test_the_change_records_of_a_broker_are_those_of_that_broker_only(
    desk: Desk, cast: Cast, clock: StoppedClock, who: str
) -> None:
    client = desk(who)
    save(client, "王芳", phone="13500019999")
    clock.forward(timedelta(minutes=1))
    save(client, "李强", phone="13500029999")
    assert [row["Broker's name"] for row in rows(client.get(RECORDS).page)] == ["李强", "王芳"]

    page = client.get(row_button(client.get(LIST).page, "Change records 王芳")).page

    assert [row["Broker's name"] for row in rows(page)] == ["王芳"]
    assert page.find("p", class_="narrowed").text.startswith("Only 王芳")
    nobodys = client.get(row_button(client.get(LIST).page, "Change records 赵伟")).page
    assert rows(nobodys) == []


@pytest.mark.parametrize("who", for_each(CHAPTERS, (7,)))
def test_a_change_record_says_when_and_from_what_to_what(
    desk: Desk, cast: Cast, clock: StoppedClock, who: str
) -> None:
    client = desk(who)
    save(client, "王芳", phone="13500019999")
    clock.forward(timedelta(minutes=75))

    save(client, "王芳", brokerage_id=cast.account("qiang", "brokerage_id"))

    page = client.get(row_button(client.get(LIST).page, "Change records 王芳")).page
    assert [row["Changed at"] for row in rows(page)] == ["2026-03-02 11:15", "2026-03-02 10:00"]
    assert changes(page) == [["–", "–", "安家置业", "百川地产"], ["13500010001", "13500019999", "–", "–"]]
    assert {row["Changed by"] for row in rows(page)} == {{"director": "秦越", "admin": "穆青"}[who]}


@pytest.mark.parametrize(
    ("who", "field", "typed"),
    for_each(CHAPTERS, (9, "name", "王芳"), (10, "phone", "500010001"), (12, "brokerage", "安家")),
)
def test_a_search_finds_its_broker_and_no_near_miss(
    desk: Desk, cast: Cast, who: str, field: str, typed: str
) -> None:
    cast.archives("wei")
    cast.change("qiang", name="芳王安家", employee_number="B500010001", phone="13500010010")
    cast.change_brokerage_of("qiang", name="王芳家安")
    client = desk(who)
    assert names(client.get(LIST).page) == ["芳王安家", "王芳"]

    page = client.submit(LIST, {field: typed}).page

    assert names(page) == ["王芳"]
    assert tabs(page)["All"] == "1"


@pytest.mark.parametrize("who", for_each(CHAPTERS, (11,)))
def test_brokers_and_residents_are_told_apart_by_a_choice(desk: Desk, cast: Cast, who: str) -> None:
    client = desk(who)
    field = client.get(LIST).page.find("select", name="role")
    assert [option.text for option in field.find_all("option")] == ["All", "Broker", "Resident"]

    found = {role: names(client.submit(LIST, {"role": role}).page) for role in ("broker", "resident", "")}

    assert found == {"broker": ["李强", "王芳"], "resident": ["赵伟"], "": ["赵伟", "李强", "王芳"]}


@pytest.mark.parametrize("label", ["Name", "Phone", "Broker or resident", "Brokerage"])
def test_every_search_field_is_in_sight_with_its_name(desk: Desk, cast: Cast, label: str) -> None:
    page = desk("director").get(LIST).page

    (told,) = [one for one in page.find("form", role="search").find_all("label") if one.text == label]
    assert page.find(id=told["for"]).get("type") != "hidden"


@pytest.mark.parametrize("role", ["gate", "admin", "x", "Broker"])
def test_a_kind_that_is_not_offered_is_refused(desk: Desk, cast: Cast, role: str) -> None:
    answer = desk("director").get(f"{LIST}?role={role}")

    assert answer.status_code == 422
    assert "Choose one of the list." in answer.page.text
    assert rows(answer.page) == []


def test_tabs_show_their_brokers_and_how_many(desk: Desk, cast: Cast) -> None:
    cast.arrives("lan")
    profile = {"name": "兰", "role": "resident", "approval": Approval.REJECTED, "profile_completed_at": now()}
    cast.change("lan", **profile)
    cast.change("wei", approval=Approval.PENDING)
    cast.arrives("new", "13900007777")
    client = desk("director")
    start = client.get(LIST).page

    shown = {tab: names(client.get(tab_url(start, tab)).page) for tab in tabs(start)}

    assert shown == {
        "All": ["兰", "赵伟", "李强", "王芳"],
        "Brokers": ["李强", "王芳"],
        "Residents": ["兰", "赵伟"],
        "Waiting for approval": ["赵伟"],
        "Rejected": ["兰"],
    }
    assert tabs(start) == {tab: str(len(people)) for tab, people in shown.items()}


def test_a_tab_keeps_the_search(desk: Desk, cast: Cast) -> None:
    client = desk("director")

    found = client.submit(LIST, {"brokerage": "安家"}).page

    assert tabs(found)["Residents"] == "1"
    assert names(client.get(tab_url(found, "Brokers")).page) == ["王芳"]


@pytest.mark.parametrize("typed", ["%", "_", "王%", "\\"])
def test_wildcards_are_ordinary_characters(desk: Desk, cast: Cast, typed: str) -> None:
    client = desk("director")

    assert [rows(client.submit(LIST, {field: typed}).page) for field in ("name", "brokerage")] == [[], []]


@pytest.fixture
def waiting(cast: Cast) -> Cast:
    cast.change("wei", approval=Approval.PENDING)
    return cast


@pytest.mark.parametrize("who", for_each(CHAPTERS, (8,)))
def test_an_approval_opens_the_phone_pages_at_once(desk: Desk, waiting: Cast, who: str) -> None:
    client, resident = desk(who), desk("wei")
    assert resident.get("/m/home").location == "/m/profile/standing"
    page = client.get(LIST).page
    assert row_of(page, "赵伟")["Approval"] == "Waiting for approval"

    done = client.submit(row_button(page, "Decide 赵伟"), button="Approve")

    assert notes(done.page) == ["赵伟 is approved, and may work from the next click on."]
    assert resident.get("/m/home").status_code == 200
    assert row_of(client.get(LIST).page, "赵伟")["Approval"] == "Approved"


@pytest.mark.parametrize("who", for_each(CHAPTERS, (8,)))
def test_a_rejected_resident_reads_the_reason_on_the_phone(desk: Desk, waiting: Cast, who: str) -> None:
    client, resident = desk(who), desk("wei")
    asked = client.get(row_button(client.get(LIST).page, "Decide 赵伟"))

    done = client.submit(asked, {"reason": "工牌照片不清楚"}, button="Reject")

    assert notes(done.page) == ["赵伟 is rejected, and reads the reason on the phone."]
    assert resident.get("/m/home").location == "/m/profile/standing"
    assert "工牌照片不清楚" in resident.get("/m/profile/standing").page.text
    assert names(client.get(f"{LIST}?tab=rejected").page) == ["赵伟"]


@pytest.mark.parametrize("who", for_each(CHAPTERS, (8,)))
def test_brokers_are_neither_approved_nor_rejected(desk: Desk, waiting: Cast, who: str) -> None:
    client, address = desk(who), f"{LIST}decide/?id={waiting.ids['fang']}"
    decide = [a.text for a in client.get(LIST).page.find_all("a") if a.text.startswith("Decide")]
    assert decide == ["Decide 赵伟"]

    with nothing_written(waiting.app):
        asked = client.get(address)
        answers = [
            post_by_hand(client, address, decision=decision, reason="不认识")
            for decision in ("approve", "reject")
        ]

    assert asked.status_code == 409
    assert "This person does not wait for an approval." in asked.page.text
    assert [answer.status_code for answer in answers] == [404, 404]


def test_an_approved_resident_is_decided_about_no_more(desk: Desk, cast: Cast) -> None:
    client, address = desk("director"), f"{LIST}decide/?id={cast.ids['wei']}"

    with nothing_written(cast.app):
        answer = post_by_hand(client, address, decision="reject", reason="不认识")

    assert answer.status_code == client.get(address).status_code == 409
    assert "Decide 赵伟" not in client.get(LIST).page.text


@pytest.mark.parametrize("reason", ["", " ", "请拨打13812345678", "x" * 501])
def test_without_a_proper_reason_nobody_is_rejected(desk: Desk, waiting: Cast, reason: str) -> None:
    client = desk("director")
    asked = client.get(row_button(client.get(LIST).page, "Decide 赵伟"))

    with nothing_written(waiting.app):
        answer = client.forge(asked, {"reason": reason, "decision": "reject"})

    assert answer.status_code == 422
    assert answer.page.find("span", class_="field-error").text
    assert names(client.get(f"{LIST}?tab=waiting").page) == ["赵伟"]


@pytest.mark.parametrize("decision", [{}, {"decision": ""}, {"decision": "perhaps"}])
def test_a_form_without_a_decision_decides_nothing(
    desk: Desk, waiting: Cast, decision: dict[str, object]
) -> None:
    client = desk("director")
    asked = client.get(row_button(client.get(LIST).page, "Decide 赵伟"))

    with nothing_written(waiting.app):
        answer = client.forge(asked, decision, action=f"{LIST}decide/")

    assert answer.status_code == 422
    assert notes(answer.page) == ["Press the button that approves, or the one that rejects."]


def test_a_rejected_resident_may_still_be_approved(desk: Desk, cast: Cast) -> None:
    cast.change("wei", approval=Approval.REJECTED, rejection_reason="工牌照片不清楚")
    client = desk("director")
    asked = client.get(row_button(client.get(LIST).page, "Decide 赵伟"))
    assert facts(asked.page)["Rejected because"] == "工牌照片不清楚"
    assert [button.text for button in asked.page.find_all("button", name="decision")] == ["Approve"]

    client.submit(asked, button="Approve")

    assert desk("wei").get("/m/home").status_code == 200


def test_two_who_decide_at_once_are_told_apart(desk: Desk, waiting: Cast) -> None:
    first, second = desk("director"), desk("admin")
    address = row_button(first.get(LIST).page, "Decide 赵伟")
    seen_first, seen_second = first.get(address), second.get(address)
    first.submit(seen_first, button="Approve")

    answer = second.submit(seen_second, {"reason": "不认识"}, button="Reject")

    assert answer.status_code == 409
    assert notes(answer.page) == ["This person does not wait for an approval. Reload the page."]
    assert desk("wei").get("/m/home").status_code == 200


def test_the_number_in_the_menu_is_that_of_the_tab_and_follows_an_approval(desk: Desk, cast: Cast) -> None:
    client = desk("director")
    assert waiting_in_menu(client.get("/admin/leads/").page) == ""
    for who in ("wei", "qiang"):
        cast.change(who, approval=Approval.PENDING, role="resident")

    listed = client.get(f"{LIST}?tab=waiting").page
    assert waiting_in_menu(listed) == tabs(listed)["Waiting for approval"] == str(len(rows(listed))) == "2"
    done = client.submit(row_button(listed, "Decide 赵伟"), button="Approve").page

    assert waiting_in_menu(done) == "1"
    assert names(done) == ["李强"]
    assert client.get("/admin/brokers/waiting-count/").json == {"count": 1}
    cast.archives("qiang")
    assert client.get("/admin/brokers/waiting-count/").json == {"count": 0}


@pytest.mark.parametrize("who", for_each(CHAPTERS, (13,)))
def test_phone_and_brokerage_are_changed_and_nothing_else_is_offered(
    desk: Desk, cast: Cast, who: str
) -> None:
    client = desk(who)
    asked = client.get(row_button(client.get(LIST).page, "Change 王芳"))
    (form,) = [form for form in asked.page.forms if "version" in form.names]
    assert form.names == {"csrf_token", "request_id", "version", "phone", "brokerage_id"}
    moved = {"phone": "13500019999", "brokerage_id": cast.account("qiang", "brokerage_id")}

    done = client.submit(asked, moved, button="Save")

    assert notes(done.page) == ["The changes are saved and stand in the change records."]
    assert changes(done.page) == [["13500010001", "13500019999", "安家置业", "百川地产"]]
    row = row_of(client.get(LIST).page, "王芳")
    assert (row["Phone"], row["Brokerage"]) == ("13500019999", "百川地产")


@pytest.mark.parametrize("who", for_each(CHAPTERS, (13,)))
def test_name_role_and_approval_sent_by_hand_change_nothing(desk: Desk, cast: Cast, who: str) -> None:
    client = desk(who)
    before = client.get(LIST).page
    asked = client.get(row_button(before, "Change 王芳"))
    more = {
        "name": "王小芳",
        "role": "resident",
        "approval": "approved",
        "employee_number": "B9",
        "login": "fang",
        "archived_at": "2026-01-01",
    }

    client.forge(asked, more | {"phone": "13500019999"})

    row = row_of(client.get(LIST).page, "王芳")
    assert row == row_of(before, "王芳") | {"Phone": "13500019999"}
    assert cast.account("fang", "login") is None
    assert cast.account("fang", "approval") is Approval.NOT_NEEDED


def test_the_new_phone_signs_in_and_the_old_one_does_not(desk: Desk, cast: Cast, client: PageClient) -> None:
    save(desk("director"), "王芳", phone="13500019999")
    broker = speaks_english(client)

    landed = sign_in(broker, "13500019999")

    assert landed.request.path == "/m/home"
    assert "王芳" in broker.get("/m/me").page.text
    broker.submit("/m/me", action="/m/sign-out")
    assert sign_in(broker, "13500010001").request.path == "/m/profile"


def test_a_change_of_nothing_leaves_no_record(desk: Desk, cast: Cast) -> None:
    client = desk("director")

    with nothing_written(cast.app):
        save(client, "王芳")

    assert rows(client.get(RECORDS).page) == []


WRONG: list[tuple[dict[str, object], int, str]] = [
    ({"phone": "13500020002"}, 409, "Somebody else signs in with this phone, or did before."),
    ({"phone": "13500077777"}, 409, "Somebody else signs in with this phone, or did before."),
    ({"phone": ""}, 422, "Enter the whole mobile number: eleven digits"),
    ({"phone": "1350001000"}, 422, "Enter the whole mobile number: eleven digits"),
    ({"phone": "135000100011"}, 422, "Enter the whole mobile number: eleven digits"),
    ({"phone": "12500010001"}, 422, "Enter the whole mobile number: eleven digits"),
    ({"phone": "１３５０００１０００９"}, 422, "Enter the whole mobile number: eleven digits"),
    ({"brokerage_id": ""}, 422, "from the list."),
    ({"brokerage_id": "999999"}, 422, "from the list."),
    ({"brokerage_id": "abc"}, 422, "from the list."),
    ({"brokerage_id": "9" * 30}, 422, "from the list."),
]


@pytest.mark.parametrize(("fields", "status", "sentence"), WRONG)
def test_what_cannot_be_is_refused_beside_its_field(
    desk: Desk, cast: Cast, fields: dict[str, object], status: int, sentence: str
) -> None:
    cast.arrives("gone", "13500077777")
    cast.archives("gone")
    client = desk("director")
    asked = client.get(row_button(client.get(LIST).page, "Change 王芳"))

    with nothing_written(cast.app):
        answer = client.forge(asked, fields)

    assert answer.status_code == status
    assert sentence in answer.page.find("span", class_="field-error").text


def test_the_phone_of_a_member_of_staff_is_no_brokers_phone(desk: Desk, cast: Cast) -> None:
    done = save(desk("director"), "王芳", phone="13600010001")

    assert changes(done.page) == [["13500010001", "13600010001", "–", "–"]]


def test_only_the_own_brokerage_is_kept_when_it_is_archived(desk: Desk, cast: Cast) -> None:
    own = cast.account("fang", "brokerage_id")
    cast.change_brokerage_of("fang", archived_at=now())
    client = desk("director")
    start = client.get(LIST).page
    assert choices(client.get(row_button(start, "Change 李强")).page) == ["百川地产"]

    done = save(client, "王芳", phone="13500019999")
    refused = client.forge(row_button(start, "Change 李强"), {"brokerage_id": own})

    assert changes(done.page) == [["13500010001", "13500019999", "–", "–"]]
    assert refused.status_code == 422
    assert row_of(client.get(LIST).page, "李强")["Brokerage"] == "百川地产"


@pytest.mark.parametrize("button", ["Save", "Archive"])
def test_a_form_that_somebody_else_overtook_changes_nothing(desk: Desk, cast: Cast, button: str) -> None:
    client = desk("director")
    page = {"Save": "Change 王芳", "Archive": "Archive 王芳"}[button]
    asked = client.get(row_button(client.get(LIST).page, page))
    save(desk("admin"), "王芳", phone="13500019999")

    with nothing_written(cast.app):
        answer = client.submit(asked, button=button)

    assert stale(answer)
    assert row_of(client.get(LIST).page, "王芳")["Phone"] == "13500019999"


@pytest.mark.parametrize(
    ("page", "button"), [("Change", "Save"), ("Archive", "Archive"), ("Decide", "Approve")]
)
def test_sent_twice_a_form_acts_once_and_is_answered_the_same(
    desk: Desk, waiting: Cast, page: str, button: str
) -> None:
    client = desk("director")
    asked = client.get(row_button(client.get(LIST).page, f"{page} 赵伟"))
    fields = {"phone": "13500039999"} if button == "Save" else {}

    answers = [client.submit(asked, fields, button=button) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert notes(answers[0].page) == notes(answers[1].page) != []
    assert len(waiting.history(f"account:{waiting.ids['wei']}")) == 1


def test_the_page_that_asks_counts_what_a_broker_leaves_and_opens_exactly_that(
    desk: Desk, room: Room
) -> None:
    bound = room.cast.enters("fang", ("孙", "立", "1510005"), reports=True)
    room.cast.scans("lu", bound)
    client = desk("director")

    with nothing_written(room.cast.app):
        page = client.get(row_button(client.get(LIST).page, "Archive 王芳")).page

    assert "王芳 · B00001" in page.text
    assert figures(client, page) == [
        Figure("1 running binding keeps its end and is listed for a rebind.", [bound]),
        Figure("1 customer is entered or reported and not bound yet.", [room.entered]),
    ]


@pytest.mark.parametrize("who", ["director", "admin"])
def test_an_archived_broker_is_signed_out_and_in_no_list_but_the_name_stays(
    desk: Desk, room: Room, who: str
) -> None:
    client, broker = desk(who), desk("fang")
    assert broker.get("/m/home").status_code == 200
    rebind = f"/admin/leads/rebind/?id={room.bound}"
    assert "Choose 王芳" in client.submit(rebind, {"broker": "王"}).page.text

    done = client.submit(row_button(client.get(LIST).page, "Archive 王芳"), button="Archive")

    assert notes(done.page) == ["The broker is archived and signed out."]
    assert names(done.page) == ["赵伟", "李强"]
    assert broker.get("/m/home").location == "/m/sign-in?next=/m/home"
    assert "Choose 王芳" not in client.submit(rebind, {"broker": "王"}).page.text
    details = client.get(f"/admin/leads/details/?id={room.dealt}").page
    assert facts(details)["Broker's name"] == "王芳"


def test_the_phone_of_an_archived_broker_opens_nothing_and_is_given_to_nobody(
    desk: Desk, cast: Cast, client: PageClient
) -> None:
    office = desk("director")
    office.submit(row_button(office.get(LIST).page, "Archive 王芳"), button="Archive")

    refused = sign_in(speaks_english(client), "13500010001")

    assert refused.status_code == 409
    assert "This account was closed. Ask the back office." in refused.page.text
    assert save(office, "李强", phone="13500010001").status_code == 409


def test_running_bindings_of_an_archived_broker_are_listed_for_a_rebind(desk: Desk, room: Room) -> None:
    client = desk("director")

    client.submit(row_button(client.get(LIST).page, "Archive 李强"), button="Archive")

    said = "1 running binding of an archived broker or brokerage waits for a rebind."
    (link,) = [a for a in client.get("/admin/leads/").page.find_all("a") if a.text == said]
    (row,) = rows(client.get(link["href"]).page)
    assert (row["Customer number"], row["Marks"]) == (str(room.bound), "Broker archived")


BROKER_PAGES = [f"{LIST}{page}/?id={{}}" for page in ("change", "archive", "decide")]


@pytest.mark.parametrize("address", [*BROKER_PAGES, RECORDS + "?account_id={}"])
def test_an_archived_broker_has_no_pages(desk: Desk, cast: Cast, address: str) -> None:
    client = desk("director")
    cast.archives("fang")

    answer = client.get(address.format(cast.ids["fang"]))

    assert answer.status_code == 404
    assert "王芳" not in answer.text


@pytest.mark.parametrize("address", [*BROKER_PAGES, RECORDS + "?account_id={}"])
@pytest.mark.parametrize("whose", ["feng", "xin", "director", "admin", "new"])
def test_other_people_are_no_brokers_here(desk: Desk, cast: Cast, address: str, whose: str) -> None:
    cast.arrives("new")

    assert desk("admin").get(address.format(cast.ids[whose])).status_code == 404


@pytest.mark.parametrize("number", ["abc", "-1", "0", "999999", "9" * 30])
@pytest.mark.parametrize("address", [*BROKER_PAGES, RECORDS + "?account_id={}", LIST + "?brokerage_id={}"])
def test_an_address_of_nobody_is_answered_404(desk: Desk, cast: Cast, address: str, number: str) -> None:
    assert desk("director").get(address.format(number)).status_code == 404


@pytest.mark.parametrize("address", [LIST, RECORDS, f"{LIST}waiting-count/", *BROKER_PAGES])
@pytest.mark.parametrize("who", ["secretary", "fang", "feng", "xin"])
def test_the_pages_are_closed_to_everybody_else(desk: Desk, cast: Cast, who: str, address: str) -> None:
    answer = desk(who).get(address.format(cast.ids["qiang"]))

    assert answer.status_code == 403
    assert "李强" not in answer.text


@pytest.mark.parametrize("page", ["change", "archive", "decide"])
def test_the_secretary_changes_nothing_by_hand(desk: Desk, waiting: Cast, page: str) -> None:
    client = desk("secretary")
    sent = {"version": "1", "phone": "13500039999", "brokerage_id": "2", "decision": "approve"}

    with nothing_written(waiting.app):
        answer = post_by_hand(client, f"{LIST}{page}/?id={waiting.ids['wei']}", **sent)

    assert answer.status_code == 403


@pytest.fixture
def three_changes(desk: Desk, cast: Cast, clock: StoppedClock) -> Callable[[dict[str, object]], list[str]]:
    """Tells whose records a search finds, of three brokers' changes, one a day from 2 March on."""
    client = desk("director")
    save(client, "王芳", phone="13500019999")
    clock.forward(timedelta(days=1))
    save(client, "赵伟", brokerage_id=cast.account("qiang", "brokerage_id"))
    clock.at(datetime.fromisoformat("2026-03-04T00:00:00+08:00"))
    save(client, "李强", phone="13500029999")

    def found(search: dict[str, object]) -> list[str]:
        page = client.submit(RECORDS, search, action=RECORDS).page
        return [row["Broker's name"] for row in rows(page)]

    return found


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ({}, ["李强", "赵伟", "王芳"]),
        ({"name": "王芳"}, ["王芳"]),
        ({"name": "芳王"}, []),
        ({"name": "安家"}, []),
        ({"phone": "13500010001"}, ["王芳"]),
        ({"phone": "0019999"}, ["王芳"]),
        ({"phone": "9999"}, ["李强", "王芳"]),
        ({"phone": "00019998"}, []),
        ({"brokerage": "百川", "name": "赵"}, ["赵伟"]),
        ({"brokerage": "安家", "name": "赵"}, ["赵伟"]),
        ({"brokerage": "家安"}, []),
        ({"name": "%"}, []),
        ({"phone": "_"}, []),
        ({"first_day": "2026-03-03"}, ["李强", "赵伟"]),
        ({"last_day": "2026-03-03"}, ["赵伟", "王芳"]),
        ({"first_day": "2026-03-03", "last_day": "2026-03-03"}, ["赵伟"]),
        ({"first_day": "2026-03-05"}, []),
    ],
)
def test_changes_are_found_by_name_and_by_what_was_or_became(
    three_changes: Callable[[dict[str, object]], list[str]], search: dict[str, object], found: list[str]
) -> None:
    assert three_changes(search) == found


@pytest.mark.parametrize(
    ("search", "found"),
    [({"brokerage": "安家"}, ["赵伟"]), ({"brokerage": "百川"}, ["赵伟"]), ({"phone": "13500030003"}, [])],
)
def test_what_was_not_changed_and_is_not_shown_is_not_found_either(
    three_changes: Callable[[dict[str, object]], list[str]], search: dict[str, object], found: list[str]
) -> None:
    assert three_changes(search) == found


@pytest.mark.parametrize(
    ("first_day", "last_day", "sentence"),
    [
        ("2026-03-04", "2026-03-03", "The first day comes after the last one."),
        ("2026-02-30", "", "That date cannot be right."),
        ("0001-01-01", "", "That date cannot be right."),
    ],
)
def test_days_that_cannot_be_are_refused(
    desk: Desk, cast: Cast, first_day: str, last_day: str, sentence: str
) -> None:
    answer = desk("director").get(RECORDS, query_string={"first_day": first_day, "last_day": last_day})

    assert answer.status_code == 422
    assert sentence in answer.page.text


def test_the_change_of_somebody_archived_since_stays_in_the_records(desk: Desk, cast: Cast) -> None:
    client = desk("director")
    save(client, "王芳", phone="13500019999")
    cast.archives("fang")

    assert [row["Broker's name"] for row in rows(client.get(RECORDS).page)] == ["王芳"]


def test_leads_and_bindings_of_a_broker_who_moves_stay_as_they_are(desk: Desk, room: Room) -> None:
    client = desk("director")

    save(client, "李强", brokerage_id=room.cast.account("fang", "brokerage_id"))

    (row,) = rows(client.get("/admin/leads/?status=bound").page)
    assert (row["Bound broker"], row["Protected until"]) == ("李强", "2026-05-02 10:00")
    assert room.cast.status(room.dealt) == "dealt"
