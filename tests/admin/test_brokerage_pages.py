"""Brokerages: what the list shows, adding, changing, and what an archiving leaves behind."""

from dataclasses import dataclass

import pytest

from lead_system.clock import now
from lead_system.extensions import db
from lead_system.models import Brokerage
from tests.admin.conftest import Desk, Room
from tests.admin.reading import DECIDERS, for_each, notes, numbers, rows
from tests.mobile.conftest import speaks_english
from tests.mobile.test_sign_in import sign_in
from tests.support.cast import Cast
from tests.support.client import PageClient, PageResponse
from tests.support.html import Page
from tests.support.refusals import nothing_written
from tests.support.stories import told_once

LIST = "/admin/brokerages/"
CHAPTERS = [(who, f"{chapter}.b") for who, chapter in DECIDERS]
PEACE = {
    "Company name": "安家置业",
    "Contact": "孙经理",
    "Contact's phone": "021-5555 0101",
    "Address": "浦东大道100号",
}
RIVERS = {
    "Company name": "百川地产",
    "Contact": "安家文",
    "Contact's phone": "010-6666 0202",
    "Address": "安家路200号",
}
"""What its name is searched for stands in the rival's contact and address."""

FIELDS = {"Company name": "name", "Contact": "contact", "Contact's phone": "phone", "Address": "address"}


def typed(row: dict[str, str]) -> dict[str, object]:
    """Return a row of the list as one types it into the form."""
    return {FIELDS[heading]: value for heading, value in row.items()}


def listed(page: Page) -> list[dict[str, str]]:
    """Return the rows of the list with the four columns of the manual."""
    return [{heading: row[heading] for heading in FIELDS} for row in rows(page)]


def row_button(page: Page, text: str) -> str:
    """Return where a button at the end of a row leads; its text ends with the name in the row."""
    (button,) = [link for link in page.find_all("a", class_="button-small") if link.text == text]
    return button["href"]


def choices(page: Page) -> list[str]:
    """Return the brokerages that a form offers."""
    return [option.text for option in page.find("select", name="brokerage_id").find_all("option")]


@dataclass
class Figure:
    """A line of a page that asks: what it says, and the customers that it opens."""

    said: str
    opens: list[int]


HANDED_OVER = "Afterwards they go to others in one go, under “Handing over”."


def figures(client: PageClient, page: Page) -> list[Figure]:
    """Return the lines that lead to customers, on the page that asks before an archiving."""
    foresight = page.find("div", class_="foresight")
    links = [link for link in foresight.find_all("a") if link.text != HANDED_OVER]
    return [Figure(link.text, numbers(client.get(link["href"]).page)) for link in links]


@pytest.fixture
def offices(cast: Cast) -> Cast:
    cast.change_brokerage_of("fang", **typed(PEACE))
    cast.change_brokerage_of("qiang", **typed(RIVERS))
    return cast


@pytest.mark.parametrize(
    ("who", "column", "value"),
    for_each(
        CHAPTERS,
        (1, "Company name", "安家置业"),
        (2, "Contact", "孙经理"),
        (3, "Contact's phone", "021-5555 0101"),
        (4, "Address", "浦东大道100号"),
    ),
)
def test_a_column_shows_the_value_of_its_own_brokerage(
    desk: Desk, offices: Cast, who: str, column: str, value: str
) -> None:
    page = desk(who).get(LIST).page

    assert [row["Contact"] for row in rows(page) if row[column] == value] == ["孙经理"]
    assert len(rows(page)) == 2


@pytest.mark.parametrize("who", for_each(CHAPTERS, (5,)))
def test_an_added_brokerage_is_listed_and_can_be_chosen_on_the_phone(
    desk: Desk, offices: Cast, who: str
) -> None:
    client = desk(who)
    wanted = {
        "Company name": "和美房产",
        "Contact": "何美",
        "Contact's phone": "13500090009",
        "Address": "大学路3号",
    }
    asked = client.get(next(a for a in client.get(LIST).page.find_all("a", class_="button-first"))["href"])
    assert asked.page.h1 == "Add a brokerage"

    done = client.submit(asked, typed(wanted), button="Add")

    assert notes(done.page) == ["The brokerage is added. Its brokers can choose it on the phone now."]
    assert sorted(map(str, listed(done.page))) == sorted(map(str, [wanted, PEACE, RIVERS]))
    offices.arrives("new")
    assert "和美房产" in choices(desk("new").get("/m/profile").page)


@pytest.mark.parametrize("who", for_each(CHAPTERS, (6,)))
def test_an_archived_brokerage_is_gone_from_the_list_and_from_every_choice(
    desk: Desk, offices: Cast, who: str
) -> None:
    client = desk(who)
    offices.arrives("new")
    newcomer, broker = desk("new"), f"/admin/brokers/change/?id={offices.ids['qiang']}"
    pages = (newcomer, "/m/profile"), (client, broker)
    assert ["安家置业" in choices(some.get(path).page) for some, path in pages] == [True, True]

    asked = client.get(row_button(client.get(LIST).page, "Archive 安家置业"))
    assert "安家置业" in asked.page.text
    done = client.submit(asked, button="Archive")

    assert notes(done.page) == ["The brokerage is archived."]
    assert listed(done.page) == [RIVERS]
    assert ["安家置业" in choices(some.get(path).page) for some, path in pages] == [False, False]


@pytest.mark.parametrize("who", for_each(CHAPTERS, (7,)))
def test_a_changed_brokerage_is_read_back_everywhere(desk: Desk, offices: Cast, who: str) -> None:
    client = desk(who)
    changed = {
        "Company name": "安居置业",
        "Contact": "吴经理",
        "Contact's phone": "021-5555 0303",
        "Address": "世纪大道7号",
    }
    asked = client.get(row_button(client.get(LIST).page, "Change 安家置业"))

    done = client.submit(asked, typed(changed), button="Save")

    assert notes(done.page) == ["The brokerage is saved."]
    assert sorted(map(str, listed(done.page))) == sorted(map(str, [changed, RIVERS]))
    assert "安居置业" in desk("fang").get("/m/me").page.text


def test_the_change_page_shows_what_is_known(desk: Desk, offices: Cast) -> None:
    client = desk("director")

    page = client.get(row_button(client.get(LIST).page, "Change 安家置业")).page

    assert {name: page.find("input", name=name)["value"] for name in FIELDS.values()} == typed(PEACE)


@pytest.mark.parametrize(("who", "part"), for_each(CHAPTERS, (8, "安家")))
def test_a_search_finds_its_brokerage_and_no_near_miss(
    desk: Desk, offices: Cast, who: str, part: str
) -> None:
    page = desk(who).submit(LIST, {"name": part}).page

    assert listed(page) == [PEACE]


@pytest.mark.parametrize("part", ["家安", "%", "_", "安_置业", "\\"])
def test_a_search_takes_every_character_as_it_is(desk: Desk, offices: Cast, part: str) -> None:
    page = desk("director").submit(LIST, {"name": part}).page

    assert rows(page) == []
    assert "Nothing fits this search." in page.text


def test_the_figure_of_brokers_and_residents_opens_exactly_them(desk: Desk, offices: Cast) -> None:
    offices.change("wei", archived_at=now())
    client = desk("director")
    shown = {row["Company name"]: row["Brokers and residents"] for row in rows(client.get(LIST).page)}
    assert shown == {"安家置业": "1", "百川地产": "1"}
    offices.change("wei", archived_at=None)

    page = client.submit(LIST, {"name": "安家"}).page
    (figure,) = [link for link in page.find("tbody").find_all("a") if link.text == "2"]
    opened = client.get(figure["href"]).page

    assert [row["Name"] for row in rows(opened)] == ["赵伟", "王芳"]
    assert opened.find("p", class_="narrowed").text.startswith("Only 安家置业")


def test_nobody_without_a_profile_is_counted_in_a_brokerage(desk: Desk, offices: Cast) -> None:
    offices.change("qiang", profile_completed_at=None)

    page = desk("director").submit(LIST, {"name": "百川"}).page

    assert [row["Brokers and residents"] for row in rows(page)] == ["0"]


@told_once
def two_bound(room: Room) -> list[int]:
    """Fang holds two customers besides the one whom she sold a home; the newer number comes first."""
    found = []
    for customer in (("孙", "立", "1510005"), ("何", "清", "1520006")):
        found.append(room.cast.enters("fang", customer, reports=True))
        room.cast.scans("lu", found[-1])
    return found[::-1]


def test_the_page_that_asks_counts_who_is_left_behind_and_opens_exactly_those(
    desk: Desk, room: Room, two_bound: list[int]
) -> None:
    client = desk("director")
    with nothing_written(room.cast.app):
        page = client.get(row_button(client.get(LIST).page, "Archive 安家置业")).page

    must_choose = "2 brokers and residents must choose another brokerage before entering or reporting again."
    assert must_choose in page.find("div", class_="foresight").text
    assert figures(client, page) == [
        Figure("2 running bindings keep their end and are listed for a rebind.", two_bound),
        Figure(
            "2 customers are entered or reported and not bound yet.",
            sorted((room.entered, room.reported), reverse=True),
        ),
    ]


def test_a_brokerage_that_leaves_nobody_behind_says_so_without_links(desk: Desk, cast: Cast) -> None:
    client = desk("director")
    cast.archives("qiang")

    page = client.get(row_button(client.get(LIST).page, "Archive 百川地产")).page

    assert figures(client, page) == []
    foresight = page.find("div", class_="foresight").text
    assert "0 brokers and residents" in foresight
    assert "0 running bindings" in foresight
    assert "0 customers are entered or reported" in foresight


def test_running_bindings_of_an_archived_brokerage_are_listed_for_a_rebind(
    desk: Desk, room: Room, two_bound: list[int]
) -> None:
    client = desk("director")
    assert "wait for a rebind" not in client.get("/admin/leads/").page.text

    client.submit(row_button(client.get(LIST).page, "Archive 安家置业"), button="Archive")

    said = "2 running bindings of archived brokers or brokerages wait for a rebind."
    (link,) = [a for a in client.get("/admin/leads/").page.find_all("a") if a.text == said]
    opened = client.get(link["href"]).page
    assert numbers(opened) == two_bound
    assert [room.cast.status(number) for number in two_bound] == ["bound", "bound"]


def test_the_secretary_is_not_told_of_bindings_that_she_cannot_move(
    desk: Desk, room: Room, two_bound: list[int]
) -> None:
    room.cast.change_brokerage_of("fang", archived_at=now())

    assert "wait for a rebind" not in desk("secretary").get("/admin/leads/").page.text
    assert "2 running bindings" in desk("admin").get("/admin/leads/").page.text


def test_brokers_of_an_archived_brokerage_sign_in_and_read_but_enter_and_report_nothing(
    desk: Desk, room: Room, client: PageClient
) -> None:
    office = desk("director")
    office.submit(row_button(office.get(LIST).page, "Archive 安家置业"), button="Archive")
    broker = speaks_english(client)
    entry = {"surname": "郑", "given_name": "好", "phone1_head": "131", "phone1_tail": "0007"}

    assert sign_in(broker, "13500010001").request.path == "/m/home"
    with nothing_written(room.cast.app):
        entered = broker.submit("/m/customers/enter", entry, button="Only enter")
        reported = broker.submit(f"/m/customers/{room.entered}/report", {}, action="")

    assert [entered.status_code, reported.status_code] == [409, 409]
    assert all("A brokerage must be chosen first." in answer.page.text for answer in (entered, reported))
    assert "李阳春" in broker.get("/m/customers").page.text
    assert "Your brokerage no longer works with us." in broker.get("/m/me").page.text


Wrong = tuple[dict[str, object], int, str]
"""What nobody can mean, the status of the answer, and what it says beside the field."""

WRONG: list[Wrong] = [
    ({"name": ""}, 422, "Enter the name."),
    ({"name": " \u3000\u200b"}, 422, "Enter the name."),
    ({"name": "安家置业"}, 409, "A brokerage of this name exists, or existed before."),
    ({"name": " bluesky HOMES "}, 409, "A brokerage of this name exists, or existed before."),
    ({"name": "长" * 61}, 422, "The text is too long: at most 60 characters."),
    ({"contact": "长" * 31}, 422, "The text is too long: at most 30 characters."),
    ({"address": "长" * 121}, 422, "The text is too long: at most 120 characters."),
    ({"phone": "call me"}, 422, "A phone number has 5 to 20 digits"),
    ({"phone": "1234"}, 422, "A phone number has 5 to 20 digits"),
    ({"phone": "1" * 21}, 422, "A phone number has 5 to 20 digits"),
]


@pytest.fixture
def three_offices(offices: Cast) -> Cast:
    """Besides the two there was one that is archived; Qiang's is being changed."""
    with offices.app.app_context():
        db.session.add(Brokerage(name="BlueSky Homes", archived_at=now()))
        db.session.commit()
    return offices


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: next(iter(wrong[0])))
@pytest.mark.parametrize("button", ["Add", "Save"])
def test_what_cannot_be_is_refused_and_nothing_is_written(
    desk: Desk, three_offices: Cast, button: str, wrong: Wrong
) -> None:
    client = desk("director")
    fields, status, sentence = wrong
    change = row_button(client.get(LIST).page, "Change 百川地产")
    page = {"Add": "/admin/brokerages/add/", "Save": change}[button]
    sent = ({"name": "和美房产"} if button == "Add" else {}) | fields

    with nothing_written(three_offices.app):
        answer = client.forge(page, sent)

    assert answer.status_code == status
    assert sentence in answer.page.find("span", class_="field-error").text
    assert listed(client.get(LIST).page) == [PEACE, RIVERS]


@pytest.mark.parametrize("field", ["name", "contact", "address"])
@pytest.mark.parametrize("number", ["13812345678", "138 1234 5678", "１３８１２３４５６７８"])
def test_a_whole_customer_number_is_refused_and_not_shown_again(
    desk: Desk, offices: Cast, field: str, number: str
) -> None:
    client = desk("director")

    with nothing_written(offices.app):
        answer = client.submit("/admin/brokerages/add/", {"name": "和美房产", field: f"找孙 {number}"})

    assert answer.status_code == 422
    assert "The text holds a whole mobile number." in answer.page.find("span", class_="field-error").text
    assert number not in answer.text


def test_a_brokerage_may_keep_its_name_and_a_contact_may_have_a_mobile(desk: Desk, offices: Cast) -> None:
    client = desk("director")
    page = row_button(client.get(LIST).page, "Change 百川地产")

    done = client.submit(page, {"name": "百川地产", "phone": "13500090009"}, button="Save")

    assert listed(done.page) == [PEACE, RIVERS | {"Contact's phone": "13500090009"}]


def stale(answer: PageResponse) -> bool:
    said = "Somebody else has changed this meanwhile. Reload the page and look again."
    return answer.status_code == 409 and said in notes(answer.page)


@pytest.mark.parametrize("button", ["Save", "Archive"])
def test_a_form_that_somebody_else_overtook_changes_nothing(desk: Desk, offices: Cast, button: str) -> None:
    client, other = desk("director"), desk("admin")
    start = client.get(LIST).page
    pages = {"Save": "Change 安家置业", "Archive": "Archive 安家置业"}
    asked = client.get(row_button(start, pages[button]))
    other.submit(row_button(start, "Change 安家置业"), {"contact": "吴经理"}, button="Save")

    with nothing_written(offices.app):
        answer = client.submit(asked, button=button)

    assert stale(answer)
    assert listed(client.get(LIST).page)[0] == PEACE | {"Contact": "吴经理"}


@pytest.mark.parametrize(("page", "button"), [("Change", "Save"), ("Archive", "Archive")])
def test_sent_twice_a_form_acts_once_and_is_answered_the_same(
    desk: Desk, offices: Cast, page: str, button: str
) -> None:
    client = desk("director")
    brokerage = offices.account("fang", "brokerage_id")
    asked = client.get(row_button(client.get(LIST).page, f"{page} 安家置业"))
    fields = {"contact": "吴经理"} if button == "Save" else {}

    answers = [client.submit(asked, fields, button=button) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert notes(answers[0].page) == notes(answers[1].page) != []
    assert len(offices.history(f"brokerage:{brokerage}")) == 1


@pytest.mark.parametrize("path", ["change", "archive"])
def test_an_archived_brokerage_has_no_pages(desk: Desk, offices: Cast, path: str) -> None:
    client = desk("director")
    brokerage = offices.account("fang", "brokerage_id")
    offices.change_brokerage_of("fang", archived_at=now())

    answer = client.get(f"{LIST}{path}/?id={brokerage}")

    assert answer.status_code == 404
    assert "安家置业" not in answer.text


@pytest.mark.parametrize("number", ["", "abc", "-1", "0", "999999", "9" * 30])
@pytest.mark.parametrize("path", ["change", "archive"])
def test_a_brokerage_that_does_not_exist_is_answered_404(
    desk: Desk, cast: Cast, path: str, number: str
) -> None:
    assert desk("director").get(f"{LIST}{path}/?id={number}").status_code == 404


@pytest.mark.parametrize("path", ["", "add/", "change/?id=1", "archive/?id=1"])
@pytest.mark.parametrize("who", ["secretary", "fang", "feng", "xin"])
def test_the_pages_are_closed_to_everybody_else(desk: Desk, offices: Cast, who: str, path: str) -> None:
    answer = desk(who).get(LIST + path)

    assert answer.status_code == 403
    assert "孙经理" not in answer.text


def test_a_brokerage_added_by_hand_by_the_secretary_is_not_added(desk: Desk, offices: Cast) -> None:
    client = desk("secretary")
    token = client.get("/admin/leads/").page.csrf_token
    sent = {"csrf_token": token, "request_id": "made-by-hand-1", "name": "和美房产"}

    with nothing_written(offices.app):
        answer = client.post("/admin/brokerages/add/", data=sent)

    assert answer.status_code == 403
