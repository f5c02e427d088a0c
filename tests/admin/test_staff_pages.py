"""Consultants and staff, whose accounts the admin makes, changes and archives."""

from collections.abc import Callable

import pytest

from lead_system.models import Account
from tests.admin.conftest import Desk, Room
from tests.admin.reading import for_each, notes, numbers, rows
from tests.admin.test_brokerage_pages import Figure, figures, row_button, stale
from tests.mobile.conftest import speaks_english
from tests.support.cast import PASSWORD, Cast
from tests.support.client import PageClient, PageResponse
from tests.support.html import Page
from tests.support.refusals import nothing_written
from tests.support.stories import told_once

CONSULTANTS, STAFF = "/admin/consultants/", "/admin/staff/"
LISTS = (CONSULTANTS, STAFF)
PHONE_DOOR, OFFICE_DOOR = "/m/staff/sign-in", "/admin/sign-in"
IN_CONSULTANTS, IN_STAFF = [(CONSULTANTS, "6.3.h")], [(STAFF, "6.3.i")]

TEMPORARY = "ten green bottles"
NEW = {
    "employee_number": "C-0077",
    "name": "方晓晨",
    "phone": "13700077077",
    "login": "fang.xiaochen",
    "password": TEMPORARY,
}
"""Somebody new, as typed into either form; the staff's has the role beside it."""

SignIn = Callable[[str, str, str], PageResponse]


@pytest.fixture
def sign_in(new_client: Callable[[], PageClient]) -> SignIn:
    """Signs in at a door with account name and password, in a browser of its own."""

    def enter(door: str, login: str, password: str) -> PageResponse:
        client = speaks_english(new_client())
        return client.submit(door, {"login": login, "password": password})

    return enter


def names(page: Page) -> list[str]:
    return [row["Name"] for row in rows(page)]


def row_of(page: Page, name: str) -> dict[str, str]:
    """Return the row of one person, without the buttons at its end."""
    (found,) = [row for row in rows(page) if row["Name"] == name]
    return {heading: cell for heading, cell in found.items() if heading != "Actions"}


def add(client: PageClient, path: str, **fields: object) -> PageResponse:
    """Open the page that adds somebody from its list, fill it in, and send it."""
    (button,) = client.get(path).page.find_all("a", class_="button-first")
    return client.submit(button["href"], NEW | fields, button="Add")


def save(client: PageClient, path: str, name: str, **fields: object) -> PageResponse:
    return client.submit(row_button(client.get(path).page, f"Change {name}"), fields, button="Save")


def archive(client: PageClient, path: str, name: str) -> PageResponse:
    return client.submit(row_button(client.get(path).page, f"Archive {name}"), button="Archive")


@told_once
def well_shown(room: Room) -> list[int]:
    """Ming's customers who are bound or dealt now; one of his has expired, and one is Xin's."""
    bound = room.cast.enters("wei", ("孙", "立", "1510005"), reports=True)
    room.cast.scans("lu", bound, "ming")
    return [bound, room.dealt]


@pytest.mark.parametrize(
    ("path", "column", "value"),
    for_each(
        IN_CONSULTANTS,
        (1, "Employee number", "S0004"),
        (2, "Name", "陆明哲"),
        (3, "Phone", "13700020002"),
        (5, "Account name", "consultant-ming"),
    ),
)
def test_a_column_shows_the_value_of_its_own_consultant(
    desk: Desk, cast: Cast, path: str, column: str, value: str
) -> None:
    page = desk("admin").get(path).page

    assert [row["Name"] for row in rows(page) if row[column] == value] == ["陆明哲"]
    assert names(page) == ["陆明哲", "江心怡"]


@pytest.mark.parametrize("path", for_each(IN_CONSULTANTS, (4,)))
def test_the_bound_customers_of_a_consultant_are_counted_and_opened(
    desk: Desk, room: Room, well_shown: list[int], path: str
) -> None:
    client = desk("admin")
    page = client.get(path).page
    assert {row["Name"]: row["Bound customers"] for row in rows(page)} == {"陆明哲": "2", "江心怡": "1"}

    (figure,) = [link for link in page.find("tbody").find_all("a") if link.text == "2"]
    opened = client.get(figure["href"]).page

    assert numbers(opened) == well_shown
    assert room.expired not in numbers(opened)
    assert opened.find("p", class_="narrowed").text.startswith("Only Consultant 陆明哲")


@pytest.mark.parametrize(
    ("path", "column", "value"),
    for_each(
        IN_STAFF,
        (2, "Employee number", "S0002"),
        (3, "Name", "尹露"),
        (4, "Phone", "13600020002"),
        (6, "Account name", "gate-lu"),
    ),
)
def test_a_column_shows_the_value_of_its_own_member_of_staff(
    desk: Desk, cast: Cast, path: str, column: str, value: str
) -> None:
    page = desk("admin").get(path).page

    assert [row["Name"] for row in rows(page) if row[column] == value] == ["尹露"]
    assert names(page) == ["秦越", "苏文", "尹露", "岳峰"]


@pytest.mark.parametrize("path", for_each(IN_STAFF, (5,)))
def test_the_list_says_which_role_each_has(desk: Desk, cast: Cast, path: str) -> None:
    page = desk("admin").get(path).page

    assert {row["Name"]: row["Role"] for row in rows(page)} == {
        "秦越": "Director",
        "苏文": "Secretary",
        "尹露": "Gate staff",
        "岳峰": "Gate staff",
    }


@pytest.mark.parametrize("path", for_each(IN_STAFF, (1,)))
def test_the_roles_offered_are_those_three(desk: Desk, cast: Cast, path: str) -> None:
    page = desk("admin").get(f"{path}add/").page

    offered = [option.text for option in page.find("select", name="role").find_all("option")]
    assert offered == ["Secretary", "Director", "Gate staff"]


@pytest.mark.manual("6.3.i-1")
@pytest.mark.parametrize(
    ("role", "shown", "door"),
    [
        ("secretary", "Secretary", OFFICE_DOOR),
        ("director", "Director", OFFICE_DOOR),
        ("gate", "Gate staff", PHONE_DOOR),
    ],
)
def test_each_role_is_added_and_signs_in_at_its_own_door(
    desk: Desk, sign_in: SignIn, role: str, shown: str, door: str
) -> None:
    done = add(desk("admin"), STAFF, role=role)

    assert row_of(done.page, "方晓晨")["Role"] == shown
    assert sign_in(door, "fang.xiaochen", TEMPORARY).page.h1 == "Change your password"
    (other,) = {PHONE_DOOR, OFFICE_DOOR} - {door}
    assert sign_in(other, "fang.xiaochen", TEMPORARY).status_code == 422


@pytest.mark.parametrize("path", for_each(IN_CONSULTANTS, (6,)))
def test_an_added_consultant_is_listed_and_signs_in(desk: Desk, sign_in: SignIn, path: str) -> None:
    client = desk("admin")

    done = add(client, path)

    said = "The account is made. The temporary password has to be changed at the first sign-in."
    assert notes(done.page) == [said]
    assert row_of(done.page, "方晓晨") == {
        "Employee number": "C-0077",
        "Name": "方晓晨",
        "Phone": "13700077077",
        "Bound customers": "0",
        "Account name": "fang.xiaochen",
    }
    assert sign_in(PHONE_DOOR, "fang.xiaochen", "twelve of them").status_code == 422
    assert sign_in(PHONE_DOOR, "fang.xiaochen", TEMPORARY).page.h1 == "Change your password"


@pytest.mark.manual("4.1-1")
def test_account_and_password_made_here_open_the_consultants_phone(
    desk: Desk, new_client: Callable[[], PageClient]
) -> None:
    add(desk("admin"), CONSULTANTS)
    phone = speaks_english(new_client())

    asked = phone.submit(PHONE_DOOR, {"login": "fang.xiaochen", "password": TEMPORARY})
    own = {
        "current_password": TEMPORARY,
        "new_password": "my very own secret",
        "repeated": "my very own secret",
    }
    landed = phone.submit(asked, own, button="Change your password")

    assert (landed.request.path, landed.page.h1) == ("/m/consultant", "Scan a visit code")
    assert "方晓晨" in phone.get("/m/me").page.text


@pytest.mark.parametrize("path", for_each(IN_STAFF, (7,)))
def test_an_added_member_of_staff_is_listed_and_signs_in(desk: Desk, sign_in: SignIn, path: str) -> None:
    done = add(desk("admin"), path, role="director")

    assert row_of(done.page, "方晓晨") == {
        "Employee number": "C-0077",
        "Name": "方晓晨",
        "Phone": "13700077077",
        "Role": "Director",
        "Account name": "fang.xiaochen",
    }
    assert sign_in(OFFICE_DOOR, "fang.xiaochen", "twelve of them").status_code == 422
    assert sign_in(OFFICE_DOOR, "fang.xiaochen", TEMPORARY).page.h1 == "Change your password"


def test_an_added_consultant_can_be_chosen_at_once(desk: Desk, room: Room) -> None:
    add(desk("admin"), CONSULTANTS)

    page = desk("fang").get("/m/customers/enter").page

    assert "方晓晨" in [option.text for option in page.find_all("option")]


@pytest.mark.parametrize(
    ("path", "whose"),
    [
        pytest.param(CONSULTANTS, "ming", marks=pytest.mark.manual("6.3.h-7")),
        pytest.param(STAFF, "director", marks=pytest.mark.manual("6.3.i-8")),
    ],
)
def test_a_new_phone_and_a_new_password_are_the_ones_that_count(
    desk: Desk, cast: Cast, sign_in: SignIn, path: str, whose: str
) -> None:
    client, door = desk("admin"), PHONE_DOOR if path == CONSULTANTS else OFFICE_DOOR
    name, login = cast.account(whose, "name"), cast.account(whose, "login")
    before = row_of(client.get(path).page, name)
    assert sign_in(door, login, PASSWORD).request.path != door

    done = save(client, path, name, phone="13700099099", password=TEMPORARY)

    assert notes(done.page) == ["The account is saved."]
    assert row_of(done.page, name) == before | {"Phone": "13700099099"}
    assert sign_in(door, login, PASSWORD).status_code == 422
    assert sign_in(door, login, TEMPORARY).page.h1 == "Change your password"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        pytest.param(CONSULTANTS, "陆明哲", marks=pytest.mark.manual("6.3.h-7")),
        pytest.param(STAFF, "秦越", marks=pytest.mark.manual("6.3.i-8")),
    ],
)
def test_name_role_and_account_name_are_not_offered_and_sent_by_hand_change_nothing(
    desk: Desk, cast: Cast, path: str, name: str
) -> None:
    client = desk("admin")
    before = client.get(path).page
    asked = client.get(row_button(before, f"Change {name}"))
    (form,) = [form for form in asked.page.forms if "version" in form.names]
    assert form.names == {"csrf_token", "request_id", "version", "phone", "password"}

    more = {"name": "别人", "role": "admin", "login": "other", "employee_number": "X1", "approval": "pending"}
    client.forge(asked, more | {"phone": "13700099099"})

    assert row_of(client.get(path).page, name) == row_of(before, name) | {"Phone": "13700099099"}
    assert cast.count(Account, role="admin") == 1


@pytest.mark.parametrize(("path", "name"), [(CONSULTANTS, "陆明哲"), (STAFF, "秦越")])
def test_a_blank_password_leaves_the_present_one(desk: Desk, sign_in: SignIn, path: str, name: str) -> None:
    client = desk("admin")
    asked = client.get(row_button(client.get(path).page, f"Change {name}"))
    (field,) = asked.page.find_all("input", name="password")
    assert (field["type"], field.get("value")) == ("password", "")

    client.submit(asked, {"phone": "13700099099"}, button="Save")

    door, login = (PHONE_DOOR, "consultant-ming") if path == CONSULTANTS else (OFFICE_DOOR, "director")
    assert sign_in(door, login, PASSWORD).page.h1 != "Change your password"


DELETED = [
    pytest.param(CONSULTANTS, "ming", marks=pytest.mark.manual("6.3.h-8")),
    pytest.param(STAFF, "director", marks=pytest.mark.manual("6.3.i-9")),
    pytest.param(STAFF, "lu", marks=pytest.mark.manual("6.3.i-9")),
]


@pytest.mark.parametrize(("path", "whose"), DELETED)
def test_somebody_archived_is_gone_from_the_list_and_outside_at_once(
    desk: Desk, cast: Cast, sign_in: SignIn, path: str, whose: str
) -> None:
    client, theirs = desk("admin"), desk(whose)
    name, login = cast.account(whose, "name"), cast.account(whose, "login")
    home = "/admin/leads/" if whose == "director" else "/m/me"
    assert theirs.get(home).status_code == 200

    done = archive(client, path, name)

    assert notes(done.page) == ["The account is archived and signed out."]
    assert name not in names(done.page)
    assert len(names(done.page)) == {CONSULTANTS: 1, STAFF: 3}[path]
    assert theirs.get(home).status_code == 302
    refused = [sign_in(door, login, PASSWORD) for door in (PHONE_DOOR, OFFICE_DOOR)]
    assert [answer.status_code for answer in refused] == [422, 422]


@pytest.mark.parametrize(("path", "whose"), DELETED)
def test_account_name_and_number_of_somebody_archived_are_never_given_again(
    desk: Desk, cast: Cast, path: str, whose: str
) -> None:
    client = desk("admin")
    archive(client, path, cast.account(whose, "name"))
    role: dict[str, object] = {"role": "gate"} if path == STAFF else {}

    with nothing_written(cast.app):
        login = add(client, path, login=cast.account(whose, "login").upper(), **role)
        number = add(client, path, employee_number=cast.account(whose, "employee_number").lower(), **role)

    assert "This account name was used before" in login.page.find("span", class_="field-error").text
    assert "This employee number was used before" in number.page.find("span", class_="field-error").text
    assert [login.status_code, number.status_code] == [409, 409]


def test_a_consultant_leaves_customers_that_the_page_counts_and_opens(
    desk: Desk, room: Room, well_shown: list[int]
) -> None:
    client = desk("admin")

    with nothing_written(room.cast.app):
        page = client.get(row_button(client.get(CONSULTANTS).page, "Archive 陆明哲")).page

    assert "Nobody can choose this consultant for a visit any more." in page.text
    said = "1 bound customer stays with this consultant until the gate names another one."
    assert figures(client, page) == [Figure(said, well_shown[:1])]


def test_an_archived_consultant_stays_on_the_customers_but_cannot_be_chosen(desk: Desk, room: Room) -> None:
    client, broker = desk("admin"), desk("fang")
    wished = [option.text for option in broker.get("/m/customers/enter").page.find_all("option")]
    assert "江心怡" in wished

    archive(client, CONSULTANTS, "江心怡")

    (row,) = rows(client.get("/admin/leads/?status=bound").page)
    assert row["Consultant"] == "江心怡"
    wished = [option.text for option in broker.get("/m/customers/enter").page.find_all("option")]
    assert "江心怡" not in wished


@pytest.mark.parametrize(
    ("path", "field", "typed"),
    [
        *for_each(IN_CONSULTANTS, (9, "name", "明哲"), (10, "phone", "70002000")),
        *for_each(IN_STAFF, (10, "name", "明哲"), (11, "phone", "70002000")),
    ],
)
def test_a_search_finds_its_person_and_no_near_miss(
    desk: Desk, cast: Cast, path: str, field: str, typed: str
) -> None:
    wanted, rival = ("ming", "xin") if path == CONSULTANTS else ("lu", "feng")
    cast.change(wanted, name="陆明哲", phone="13700020002")
    cast.change(rival, name="陆哲明", phone="13700202002", login="明哲-70002000", employee_number="70002000")
    client = desk("admin")
    assert {"陆明哲", "陆哲明"} <= set(names(client.get(path).page))

    page = client.submit(path, {field: typed}).page

    assert names(page) == ["陆明哲"]


def test_staff_are_found_by_role(desk: Desk, cast: Cast) -> None:
    client = desk("admin")

    found = {role: names(client.submit(STAFF, {"role": role}).page) for role in ("gate", "director", "")}

    assert found == {
        "gate": ["尹露", "岳峰"],
        "director": ["秦越"],
        "": ["秦越", "苏文", "尹露", "岳峰"],
    }
    assert client.get(f"{STAFF}?role=consultant").status_code == 422


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("typed", ["%", "_", "\\", "尹%", "陆_哲"])
def test_wildcards_are_ordinary_characters(desk: Desk, cast: Cast, path: str, typed: str) -> None:
    client = desk("admin")

    assert [rows(client.submit(path, {field: typed}).page) for field in ("name", "phone")] == [[], []]


PAGES = ["", "add/", "change/?id={id}", "archive/?id={id}"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("who", ["director", "secretary", "fang", "feng", "xin"])
def test_nobody_but_the_admin_opens_these_pages(
    desk: Desk, cast: Cast, who: str, path: str, page: str
) -> None:
    whose = "ming" if path == CONSULTANTS else "lu"

    answer = desk(who).get(path + page.format(id=cast.ids[whose]))

    assert answer.status_code == 403
    assert cast.account(whose, "name") not in answer.text


@pytest.mark.parametrize("page", [*PAGES[1:], "export/"])
@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("who", ["director", "secretary"])
def test_a_form_made_by_hand_by_others_changes_nothing(
    desk: Desk, cast: Cast, who: str, path: str, page: str
) -> None:
    client = desk(who)
    token = client.get("/admin/leads/").page.csrf_token
    made = {"csrf_token": token, "request_id": "made-by-hand-1", "version": "1", "role": "director"}
    whose = "ming" if path == CONSULTANTS else "lu"

    with nothing_written(cast.app):
        answer = client.post(path + page.format(id=cast.ids[whose]), data=NEW | made)

    assert answer.status_code == 403


Wrong = tuple[dict[str, object], int, str]
"""What is typed beside what would be right, the status of the answer, and what it says beside the field."""

EASY = "That password is too easy to guess."
WRONG: list[Wrong] = [
    ({"login": "Gate-LU"}, 409, "This account name was used before"),
    ({"login": "gate-feng"}, 409, "This account name was used before"),
    ({"employee_number": "s0002"}, 409, "This employee number was used before"),
    ({"employee_number": "B00001"}, 409, "This employee number was used before"),
    ({"employee_number": "B99999"}, 409, "This employee number was used before"),
    ({"employee_number": ""}, 422, "An employee number has 1 to 20 letters"),
    ({"employee_number": "C 7"}, 422, "An employee number has 1 to 20 letters"),
    ({"employee_number": "C" * 21}, 422, "An employee number has 1 to 20 letters"),
    ({"login": "ab"}, 422, "An account name has 3 to 30 small letters"),
    ({"login": "方晓晨"}, 422, "An account name has 3 to 30 small letters"),
    ({"login": "fang xiaochen"}, 422, "An account name has 3 to 30 small letters"),
    ({"login": ".fang"}, 422, "An account name has 3 to 30 small letters"),
    ({"login": "f" * 31}, 422, "An account name has 3 to 30 small letters"),
    ({"name": " "}, 422, "Enter the name."),
    ({"name": "长" * 31}, 422, "at most 30 characters"),
    ({"name": "<b>方"}, 422, "A name has only letters"),
    ({"phone": ""}, 422, "Enter the whole mobile number"),
    ({"phone": "1370007707"}, 422, "Enter the whole mobile number"),
    ({"phone": "021-5555010"}, 422, "Enter the whole mobile number"),
    ({"password": ""}, 422, "The password is too short: at least 12 characters."),
    ({"password": "tengreenbot"}, 422, "The password is too short: at least 12 characters."),
    ({"password": "xy" * 101}, 422, "The text is too long: at most 200 characters."),
    ({"password": "zzzzzzzzzzzz"}, 422, EASY),
    ({"password": "abcdefghijklm"}, 422, EASY),
    ({"password": "987654321098"}, 422, EASY),
    ({"password": "my FANG.xiaochen"}, 422, EASY),
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: next(iter(wrong[0])))
@pytest.mark.parametrize("path", LISTS)
def test_what_cannot_be_is_refused_beside_its_field_and_nothing_is_written(
    desk: Desk, cast: Cast, path: str, wrong: Wrong
) -> None:
    client = desk("admin")
    fields, status, sentence = wrong
    cast.archives("feng")

    with nothing_written(cast.app):
        answer = client.forge(f"{path}add/", NEW | fields | ({"role": "gate"} if path == STAFF else {}))

    assert answer.status_code == status
    assert sentence in answer.page.find("span", class_="field-error").text
    (password,) = answer.page.find_all("input", name="password")
    assert password.get("value") == ""
    assert not fields.get("password") or str(fields["password"]) not in answer.text
    assert TEMPORARY not in answer.text


@pytest.mark.parametrize("role", ["admin", "broker", "resident", "consultant", "", "boss", "Gate"])
def test_a_role_that_is_not_offered_is_refused(desk: Desk, cast: Cast, role: str) -> None:
    client = desk("admin")

    with nothing_written(cast.app):
        answer = client.forge(f"{STAFF}add/", NEW | {"role": role})

    assert answer.status_code == 422
    assert answer.page.find("span", class_="field-error").text
    assert TEMPORARY not in answer.text


def test_a_refused_role_is_explained_in_words_that_fit_staff(desk: Desk, cast: Cast) -> None:
    answer = desk("admin").forge(f"{STAFF}add/", NEW | {"role": "admin"})

    assert "whether you are a broker" not in answer.page.text


def test_a_role_sent_by_hand_makes_a_consultant_nothing_else(desk: Desk, cast: Cast) -> None:
    client = desk("admin")

    client.forge(f"{CONSULTANTS}add/", NEW | {"role": "director"})

    assert "方晓晨" in names(client.get(CONSULTANTS).page)
    assert "方晓晨" not in names(client.get(STAFF).page)


WRONG_CHANGES: list[Wrong] = [
    ({"phone": ""}, 422, "Enter the whole mobile number"),
    ({"phone": "1370007707"}, 422, "Enter the whole mobile number"),
    ({"password": "tengreenbot"}, 422, "The password is too short"),
    ({"password": "zzzzzzzzzzzz"}, 422, EASY),
    ({"password": "abcdefghijklm"}, 422, EASY),
]


@pytest.mark.parametrize("wrong", WRONG_CHANGES, ids=lambda wrong: next(iter(wrong[0])))
@pytest.mark.parametrize(("path", "name"), [(CONSULTANTS, "陆明哲"), (STAFF, "尹露")])
def test_a_change_that_cannot_be_is_refused_beside_its_field(
    desk: Desk, cast: Cast, path: str, name: str, wrong: Wrong
) -> None:
    client = desk("admin")
    fields, status, sentence = wrong
    asked = client.get(row_button(client.get(path).page, f"Change {name}"))

    with nothing_written(cast.app):
        answer = client.forge(asked, fields)

    assert answer.status_code == status
    assert sentence in answer.page.find("span", class_="field-error").text
    assert not fields.get("password") or str(fields["password"]) not in answer.text


@pytest.mark.parametrize("button", ["Save", "Archive"])
@pytest.mark.parametrize(("path", "name"), [(CONSULTANTS, "陆明哲"), (STAFF, "尹露")])
def test_a_form_that_somebody_else_overtook_changes_nothing(
    desk: Desk, cast: Cast, path: str, name: str, button: str
) -> None:
    client = desk("admin")
    page = {"Save": "Change", "Archive": "Archive"}[button]
    asked = client.get(row_button(client.get(path).page, f"{page} {name}"))
    save(client, path, name, phone="13700099099")

    with nothing_written(cast.app):
        answer = client.submit(asked, button=button)

    assert stale(answer)
    assert row_of(client.get(path).page, name)["Phone"] == "13700099099"


@pytest.mark.parametrize("page", ["Change", "Archive"])
@pytest.mark.parametrize(("path", "whose"), [(CONSULTANTS, "ming"), (STAFF, "lu")])
def test_sent_twice_a_form_acts_once_and_is_answered_the_same(
    desk: Desk, cast: Cast, path: str, whose: str, page: str
) -> None:
    client = desk("admin")
    asked = client.get(row_button(client.get(path).page, f"{page} {cast.account(whose, 'name')}"))
    fields, button = ({"phone": "13700099099"}, "Save") if page == "Change" else ({}, "Archive")

    answers = [client.submit(asked, fields, button=button) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert notes(answers[0].page) == notes(answers[1].page) != []
    assert len(cast.history(f"account:{cast.ids[whose]}")) == 1


@pytest.mark.parametrize("path", LISTS)
def test_somebody_new_sent_twice_is_added_once(desk: Desk, cast: Cast, path: str) -> None:
    client = desk("admin")
    asked = client.get(f"{path}add/")

    answers = [client.submit(asked, NEW, button="Add") for _ in range(2)]

    assert notes(answers[0].page) == notes(answers[1].page) != []
    assert cast.count(Account, login="fang.xiaochen") == 1


@pytest.mark.parametrize("page", ["change", "archive"])
@pytest.mark.parametrize(
    ("path", "whose"),
    [
        (CONSULTANTS, "lu"), (CONSULTANTS, "director"), (STAFF, "ming"),
        (STAFF, "admin"), (CONSULTANTS, "admin"), (STAFF, "fang"), (CONSULTANTS, "wei"),
    ],
)  # fmt: skip
def test_people_of_another_list_have_no_page_here(
    desk: Desk, cast: Cast, path: str, whose: str, page: str
) -> None:
    assert desk("admin").get(f"{path}{page}/?id={cast.ids[whose]}").status_code == 404


@pytest.mark.parametrize("page", ["change", "archive"])
@pytest.mark.parametrize(("path", "whose"), [(CONSULTANTS, "ming"), (STAFF, "lu")])
def test_somebody_archived_has_no_pages(desk: Desk, cast: Cast, path: str, whose: str, page: str) -> None:
    cast.archives(whose)

    answer = desk("admin").get(f"{path}{page}/?id={cast.ids[whose]}")

    assert answer.status_code == 404
    assert cast.account(whose, "name") not in answer.text


@pytest.mark.parametrize("number", ["", "abc", "-1", "0", "999999", "9" * 30])
@pytest.mark.parametrize("page", ["change", "archive"])
@pytest.mark.parametrize("path", LISTS)
def test_an_address_of_nobody_is_answered_404(
    desk: Desk, cast: Cast, path: str, page: str, number: str
) -> None:
    assert desk("admin").get(f"{path}{page}/?id={number}").status_code == 404


@pytest.mark.manual("3.1-1")
def test_account_and_password_made_here_open_the_phone_of_gate_staff(
    desk: Desk, new_client: Callable[[], PageClient]
) -> None:
    phone = speaks_english(new_client())
    unknown = phone.submit(PHONE_DOOR, {"login": "fang.xiaochen", "password": TEMPORARY})
    add(desk("admin"), STAFF, role="gate")

    asked = phone.submit(PHONE_DOOR, {"login": "fang.xiaochen", "password": TEMPORARY})
    passwords = {"current_password": TEMPORARY, "new_password": "my own words", "repeated": "my own words"}
    landed = phone.submit(asked, passwords, button="Change your password")

    assert unknown.status_code == 422
    assert (landed.request.path, landed.page.h1) == ("/m/gate", "Scan a visit code")
    assert phone.get("/m/consultant").status_code == 403
