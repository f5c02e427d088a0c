"""Passwords of gate staff and consultants: temporary ones, and changing the own one."""

from collections.abc import Callable

import pytest

from tests.mobile.conftest import speaks_english
from tests.mobile.test_sign_in import sign_in_as_staff
from tests.support.cast import PASSWORD, Cast
from tests.support.client import PageClient, PageResponse
from tests.support.refusals import nothing_written

PASSWORDS = "/m/password"
OWN = "my very own secret"
PEOPLE = [("feng", "gate-feng", "/m/gate"), ("xin", "consultant-xin", "/m/consultant")]

Phone = Callable[[str], PageClient]


def change(client: PageClient, page: str | PageResponse = PASSWORDS, **typed: str) -> PageResponse:
    """Change the present password of the cast into the own one, but for what is typed otherwise."""
    fields = {"current_password": PASSWORD, "new_password": OWN, "repeated": OWN} | typed
    return client.submit(page, fields, button="Change your password")


@pytest.fixture
def temporary(cast: Cast) -> Cast:
    for who, _, _ in PEOPLE:
        cast.change(who, must_change_password=True)
    return cast


@pytest.fixture
def signs_in(new_client: Callable[[], PageClient]) -> Callable[[str, str], PageResponse]:
    """Signs in with account name and password, on a phone of its own."""
    return lambda login, password: sign_in_as_staff(speaks_english(new_client()), login, password)


@pytest.mark.parametrize(
    ("who", "page"),
    [
        ("feng", "/m/gate"), ("feng", "/m/gate/scans"), ("feng", "/m/me"), ("feng", "/m/"),
        ("xin", "/m/consultant"), ("xin", "/m/consultant/viewings"), ("xin", "/m/me"), ("xin", "/m/"),
    ],
)  # fmt: skip
def test_with_a_temporary_password_every_page_leads_to_changing_it(
    phone: Phone, temporary: Cast, who: str, page: str
) -> None:
    answer = phone(who).get(page, follow_redirects=True)

    assert answer.request.path == PASSWORDS
    assert "Your password is a temporary one." in answer.page.find("p", class_="notice").text


@pytest.mark.parametrize(("login", "home"), [(login, home) for _, login, home in PEOPLE])
def test_whoever_signs_in_with_a_temporary_password_lands_there(
    temporary: Cast, stranger: PageClient, login: str, home: str
) -> None:
    landed = sign_in_as_staff(stranger, login)

    assert landed.request.path == PASSWORDS
    assert stranger.get(home).location == PASSWORDS


def test_a_scan_sent_by_the_page_is_refused_in_the_way_that_it_reads(phone: Phone, temporary: Cast) -> None:
    answer = phone("feng").get("/m/gate", headers={"Accept": "application/json"})

    assert answer.status_code == 403
    assert answer.json == {"change_password": PASSWORDS}


@pytest.mark.parametrize("who", ["feng", "xin"])
def test_a_visit_code_shows_nothing_before_the_change(phone: Phone, temporary: Cast, who: str) -> None:
    lead = temporary.enters("fang", reports=True)
    address = f"/m/v/{temporary.code_of(lead)}"
    if who == "xin":
        temporary.scans("lu", lead, "xin")

    answer = phone(who).get(address, follow_redirects=True)

    assert "欧阳" not in answer.text
    assert answer.request.path == PASSWORDS


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("feng", "/m/gate/confirm"),
        ("feng", "/m/gate/read"),
        ("xin", "/m/consultant/viewing"),
        ("xin", "/m/consultant/read"),
    ],
)
def test_a_form_made_by_hand_does_nothing_before_the_change(
    phone: Phone, temporary: Cast, who: str, path: str
) -> None:
    code = temporary.code_of(temporary.enters("fang", reports=True))
    client = phone(who)
    sent = client.get(PASSWORDS).page.forms[0].defaults() | {"code": code, "consultant_id": 6}

    with nothing_written(temporary.app):
        answer = client.post(path, data=sent)

    assert (answer.status_code, answer.location) == (302, PASSWORDS)


@pytest.mark.parametrize("who", ["feng", "xin"])
def test_somebody_with_a_temporary_password_may_leave(phone: Phone, temporary: Cast, who: str) -> None:
    client = phone(who)
    sent = client.get(PASSWORDS).page.forms[0].defaults()

    left = client.post("/m/sign-out", data=sent)

    assert left.location == "/m/staff/sign-in"
    assert client.get(PASSWORDS).location == "/m/staff/sign-in?next=/m/password"


@pytest.mark.parametrize("who", ["feng", "xin"])
def test_the_way_out_is_in_sight_of_a_temporary_password(phone: Phone, temporary: Cast, who: str) -> None:
    client = phone(who)

    left = client.submit(PASSWORDS, {}, action="/m/sign-out")

    assert left.request.path == "/m/staff/sign-in"


@pytest.mark.parametrize("is_temporary", [True, False])
@pytest.mark.parametrize(("who", "login", "home"), PEOPLE)
def test_after_a_change_everything_opens_and_only_the_new_password_signs_in(
    cast: Cast, signs_in: Callable[[str, str], PageResponse], phone: Phone, *,
    who: str, login: str, home: str, is_temporary: bool,
) -> None:  # fmt: skip
    cast.change(who, must_change_password=is_temporary)
    client = phone(who)

    done = change(client)

    assert done.request.path == home
    assert client.get("/m/me").status_code == 200
    assert signs_in(login, PASSWORD).status_code == 422
    assert signs_in(login, OWN).request.path == home


@pytest.mark.parametrize("who", ["feng", "xin"])
def test_the_page_is_reached_from_me(phone: Phone, cast: Cast, who: str) -> None:
    client = phone(who)

    (link,) = [a for a in client.get("/m/me").page.find_all("a") if a.text == "Change your password"]

    assert client.get(link["href"]).page.h1 == "Change your password"


Wrong = tuple[dict[str, str], str, str]
"""What is typed, the field beside which a complaint stands, and what it says."""

WRONG: list[Wrong] = [
    ({"current_password": "not mine at all"}, "current_password", "The present password is wrong."),
    ({"current_password": ""}, "current_password", "The present password is wrong."),
    ({"repeated": "my very own secreT"}, "repeated", "The two passwords differ."),
    ({"repeated": ""}, "repeated", "The two passwords differ."),
    ({"new_password": "elevensigns", "repeated": "elevensigns"}, "new_password", "at least 12 characters."),
    ({"new_password": "", "repeated": ""}, "new_password", "at least 12 characters."),
    ({"new_password": PASSWORD, "repeated": PASSWORD}, "new_password", "That is the present password."),
    ({"new_password": "z" * 12, "repeated": "z" * 12}, "new_password", "too easy to guess."),
]


@pytest.mark.parametrize("who", ["feng", "xin"])
@pytest.mark.parametrize("wrong", WRONG)
def test_a_change_that_cannot_be_is_refused_beside_its_field(
    phone: Phone, temporary: Cast, who: str, wrong: Wrong
) -> None:
    client = phone(who)
    typed, field, sentence = wrong

    with nothing_written(temporary.app):
        answer = change(client, **typed)

    assert answer.status_code == 422
    complaint = answer.page.find(class_="complaint")
    assert sentence in complaint.text
    assert complaint["id"] == f"{field}-complaint"
    shown = [box.get("value") for box in answer.page.find_all("input", type="password")]
    assert shown == ["", "", ""]
    assert client.get("/m/me").location == PASSWORDS


def test_a_refused_change_leaves_the_old_password_and_can_be_sent_again(
    phone: Phone, cast: Cast, signs_in: Callable[[str, str], PageResponse]
) -> None:
    client = phone("feng")
    refused = change(client, current_password="not mine at all")
    assert signs_in("gate-feng", PASSWORD).request.path == "/m/gate"

    done = change(client, refused)

    assert done.request.path == "/m/gate"


def test_sent_twice_a_change_is_answered_the_same(phone: Phone, cast: Cast) -> None:
    client = phone("xin")
    asked = client.get(PASSWORDS)

    answers = [change(client, asked) for _ in range(2)]

    assert [answer.request.path for answer in answers] == ["/m/consultant", "/m/consultant"]
    assert len(cast.history(f"account:{cast.ids['xin']}")) == 1


@pytest.mark.parametrize("who", ["fang", "wei", "director"])
def test_others_change_no_password_here(phone: Phone, cast: Cast, who: str) -> None:
    answer = phone(who).get(PASSWORDS)

    assert answer.status_code == 403


def test_a_form_without_its_token_changes_nothing(phone: Phone, cast: Cast) -> None:
    fields = {"current_password": PASSWORD, "new_password": OWN, "repeated": OWN}

    with nothing_written(cast.app):
        answer = phone("feng").forge(PASSWORDS, fields, without=["csrf_token"])

    assert answer.status_code == 400
