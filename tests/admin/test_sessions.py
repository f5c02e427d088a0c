"""A new password ends every other session of its account at the next click, office and phone alike."""

from collections.abc import Callable

import pytest

from tests.mobile.conftest import speaks_english
from tests.mobile.test_sign_in import sign_in as by_code
from tests.support.cast import PASSWORD, Cast
from tests.support.client import PageClient

OWN = "my very own secret"
CHANGE = {"current_password": PASSWORD, "new_password": OWN, "repeated": OWN}
OFFICE = ("/admin/sign-in", "/admin/password", "/admin/leads/", "/admin/sign-in?next=/admin/leads/")
PHONE = ("/m/staff/sign-in", "/m/password", "/m/me", "/m/staff/sign-in?next=/m/me")
GATE = (*PHONE[:3], "/m/sign-in?next=/m/me")

NewClient = Callable[[], PageClient]


def signs_in(client: PageClient, door: str, login: str, password: str = PASSWORD) -> PageClient:
    speaks_english(client).submit(door, {"login": login, "password": password})
    return client


@pytest.mark.parametrize(
    ("login", "door", "passwords", "page", "shut"),
    [
        pytest.param("admin", *OFFICE, marks=pytest.mark.manual("6.3.j-1"), id="admin"),
        pytest.param("director", *OFFICE, id="director"),
        pytest.param("secretary", *OFFICE, id="secretary"),
        pytest.param("gate-feng", *GATE, id="gate"),
        pytest.param("consultant-xin", *GATE, id="consultant"),
    ],
)
def test_own_new_password_ends_the_other_session_and_not_this_one(
    cast: Cast, new_client: NewClient, *, login: str, door: str, passwords: str, page: str, shut: str
) -> None:
    here, elsewhere = (signs_in(new_client(), door, login) for _ in "12")
    assert [client.get(page).status_code for client in (here, elsewhere)] == [200, 200]

    here.submit(passwords, CHANGE, button="Change your password")

    assert here.get(page).status_code == 200
    assert elsewhere.get(page).location == shut
    assert signs_in(elsewhere, door, login, OWN).get(page).status_code == 200
    assert here.get(page).status_code == 200


@pytest.mark.parametrize(
    ("who", "login", "door", "page", "shut", "kind"),
    [
        ("director", "director", OFFICE[0], OFFICE[2], OFFICE[3], "staff"),
        ("feng", "gate-feng", PHONE[0], PHONE[2], GATE[3], "staff"),
        ("xin", "consultant-xin", PHONE[0], PHONE[2], GATE[3], "consultants"),
    ],
)
def test_temporary_password_from_an_admin_ends_all_sessions_of_that_account(
    cast: Cast, new_client: NewClient, *, who: str, login: str, door: str, page: str, shut: str, kind: str
) -> None:
    theirs = [signs_in(new_client(), door, login) for _ in "12"]
    admin = signs_in(new_client(), OFFICE[0], "admin")
    address = f"/admin/{kind}/change/?id={cast.ids[who]}"

    admin.submit(address, {"password": "a temporary one"}, button="Save")

    assert [client.get(page).location for client in theirs] == [shut, shut]
    assert admin.get(OFFICE[2]).status_code == 200


@pytest.mark.parametrize(
    ("changed", "status"), [({"phone": "13900008888"}, 302), ({"brokerage_id": "2"}, 200)]
)
def test_new_phone_from_the_office_ends_all_sessions_of_a_broker(
    cast: Cast, new_client: NewClient, changed: dict[str, str], status: int
) -> None:
    fang, director = speaks_english(new_client()), signs_in(new_client(), OFFICE[0], "director")
    by_code(fang, "13500010001")

    director.submit(f"/admin/brokers/change/?id={cast.ids['fang']}", changed, button="Save")

    assert fang.get("/m/home").status_code == status
    assert director.get(OFFICE[2]).status_code == 200


def test_other_changes_of_an_account_end_no_session(cast: Cast, new_client: NewClient) -> None:
    director = signs_in(new_client(), OFFICE[0], "director")
    admin = signs_in(new_client(), OFFICE[0], "admin")
    address = f"/admin/staff/change/?id={cast.ids['director']}"

    admin.submit(address, {"phone": "13400029999"}, button="Save")

    assert director.get(OFFICE[2]).status_code == 200


def test_refused_change_ends_no_session(cast: Cast, new_client: NewClient) -> None:
    here, elsewhere = (signs_in(new_client(), OFFICE[0], "admin") for _ in "12")

    here.submit(OFFICE[1], CHANGE | {"current_password": "not mine"}, button="Change your password")

    assert [client.get(OFFICE[2]).status_code for client in (here, elsewhere)] == [200, 200]


def test_nobody_elses_session_ends(cast: Cast, new_client: NewClient) -> None:
    here, other = signs_in(new_client(), OFFICE[0], "admin"), signs_in(new_client(), OFFICE[0], "director")

    here.submit(OFFICE[1], CHANGE, button="Change your password")

    assert other.get(OFFICE[2]).status_code == 200


@pytest.mark.parametrize("remembered", ["{id}", "{id}.1", "{id}.", "", "²", "the seat of nobody", "' OR 1=1"])
def test_session_opens_nothing_by_the_name_of_an_account(
    cast: Cast, client: PageClient, remembered: str
) -> None:
    """Ids and generations can be guessed; sessions from before sign-ins were noted named only these."""
    with client.session_transaction() as session:
        session["_user_id"] = remembered.format(id=cast.ids["admin"])

    assert client.get(OFFICE[2]).location == OFFICE[3]


def test_whose_session_it_is_costs_one_look_into_the_accounts(cast: Cast, new_client: NewClient) -> None:
    client = signs_in(new_client(), PHONE[0], "gate-feng")

    client.get("/m/gate")

    assert len([query for query in client.queries if "FROM accounts" in query]) <= 2
    assert len([query for query in client.queries if "sign_ins" in query]) == 1
